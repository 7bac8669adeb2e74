"""What a commit of ours says: a subject and trailers, in which nobody's text does anything.

GitHub reads messages for closing keywords, mentions, references and words that skip CI.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from gump_action.host.words import one_line

_SUBJECT = 72
_TRAILER = 200
# docs.github.com, "Skipping workflow runs"; the trailer form is `skip-checks: true`.
_SKIPS = re.compile(r"\[\s*(skip ci|ci skip|no ci|skip actions|actions skip)\s*\]", re.IGNORECASE)
_SKIP_CHECKS = re.compile(r"(skip|request)-checks(?=\s*:)", re.IGNORECASE)
_REFERENCE = re.compile(r"#(?=\d)|\bGH-(?=\d)|@(?=\w)", re.IGNORECASE)
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)


@dataclass(frozen=True)
class Trailers:
    """Where a commit comes from; `agents` by their full names."""

    run: str
    workflow: str
    agents: tuple[str, ...] = ()


def message_of(subject: str, trailers: Trailers, steps: Collection[str] = ()) -> str:
    """The whole message; `steps` are the paths of those that passed.

    Nothing is masked here: the texts are those of the ledger, which holds no secret.
    """
    listed = "\n".join(f"- {_harmless(step)[:_TRAILER]}" for step in steps)
    parts = [
        subject_of(subject) or "gump-action",
        f"Steps that passed:\n{listed}" if listed else "",
    ]
    return "\n\n".join([*filter(None, parts), "\n".join(_lines(trailers))])


def _lines(trailers: Trailers) -> list[str]:
    named = [("Gump-Run", trailers.run), ("Gump-Workflow", trailers.workflow)]
    named += [("Gump-Agent", agent) for agent in dict.fromkeys(trailers.agents)]
    return [f"{name}: {_harmless(value)[:_TRAILER]}" for name, value in named if value]


def subject_of(text: str, longest: int = _SUBJECT) -> str:
    """One line of at most so many characters, in which nothing does anything."""
    line = _harmless(text)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _harmless(text: str) -> str:
    """One line, in which nothing is a command, a mention, a reference or a link."""
    line = _SKIPS.sub(lambda found: found[1].replace(" ", "-"), one_line(text))
    line = _SKIP_CHECKS.sub(lambda found: found[0].replace("-", " "), line)
    line = _REFERENCE.sub(lambda found: f"{found[0]} ", line)
    return _LINK.sub(lambda found: f"{found[0]} ", line)
