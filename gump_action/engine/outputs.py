"""Takes what an agent left in `.gump/out`, and says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from gump_action.engine.run import Run
from gump_action.system.store import attempt_folder
from gump_action.workflow.model import OutputKind
from gump_action.workflow.outputs import parse_plan, parse_review

NAMES = {"plan": "plan.json", "artifact": "artifact.txt", "review": "review.json"}
LIMIT = 4 * 1024 * 1024
"""Bytes that an output may have."""


@dataclass(frozen=True)
class Taken:
    """`complaint` fails the attempt; `schema_complaint` only the gate `schema`."""

    complaint: str = ""
    schema_complaint: str = ""


def take_output(run: Run, step: str, attempt: int, kind: OutputKind) -> Taken:
    """Keep the output file in the attempt's folder, checked; the folder `.gump/out` goes."""
    if kind == "diff":
        run.workspace.drop_output_folder()
        return Taken()
    content = run.workspace.read_output(NAMES[kind], LIMIT)
    run.workspace.drop_output_folder()
    if content is None or len(content) > LIMIT:
        return Taken(
            f"The step has to write its {kind} to .gump/out/{NAMES[kind]}, and there is no such "
            f"file (or it is no plain file of at most {LIMIT // 1024 // 1024} MiB)."
        )
    run.store.write(f"{attempt_folder(step, attempt)}/output", content)
    try:
        return _checked(content.decode(), kind)
    except UnicodeDecodeError:
        return Taken(f".gump/out/{NAMES[kind]} is not UTF-8 text.")
    except ValueError as why:
        return Taken(f".gump/out/{NAMES[kind]}: {why}.")


def _checked(text: str, kind: OutputKind) -> Taken:
    if kind == "plan" and not parse_plan(text):
        return Taken(schema_complaint="The plan is empty: it has no item.")
    if kind == "review":
        review = parse_review(text)
        if not review.passed:
            return Taken(f"The review did not pass: {review.comment}")
    return Taken()
