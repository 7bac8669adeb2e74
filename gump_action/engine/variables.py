"""The values that a prompt may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gump_action import templating
from gump_action.engine import usage
from gump_action.engine.outcome import Verdict
from gump_action.engine.prompts import cut
from gump_action.engine.run import Run
from gump_action.engine.scope import Scope
from gump_action.engine.state import Attempt
from gump_action.system.store import attempt_folder
from gump_action.workflow.model import Group


@dataclass(frozen=True)
class Asking:
    """Who asks for the values: an attempt of a step in its scope; `failed` is what it retries."""

    template: str
    scope: Scope
    attempt: int
    failed: Attempt | None


def values(run: Run, asking: Asking) -> dict[str, object]:
    """All variables; those of other steps only where the template names them."""
    named = templating.names_used(asking.template)
    item = asking.scope.item
    found: dict[str, object] = {
        **run.given.inputs,
        "spec": run.given.spec,
        "attempt": asking.attempt,
        "error": _error(run, asking.failed),
        "diff": _diff(run, asking.failed),
        "run": _run(run),
    }
    if item:
        parts = (item.name, item.description, ", ".join(item.files))
        name, description, files = (run.around.redactor.clean(part) for part in parts)
        found["item"] = {"name": name, "description": description, "files": files}
    if "steps" in named:
        found["steps"] = _steps(run, asking.scope)
    return found


def _error(run: Run, failed: Attempt | None) -> str:
    if failed is None:
        return ""
    text = kept_text(run, failed, "error.txt") or failed.error
    return cut(text, run.workflow.error_context.max_error_chars)


def _diff(run: Run, failed: Attempt | None) -> str:
    if failed is None:
        return ""
    return cut(diff_text(run, failed), run.workflow.error_context.max_diff_chars)


def diff_text(run: Run, attempt: Attempt) -> str:
    """What an attempt changed against its step's start, for reading: masked."""
    return run.around.redactor.clean(kept_text(run, attempt, "diff.patch"))


def kept_text(run: Run, attempt: Attempt, name: str) -> str:
    """A file of an attempt's folder, as text; empty where it is not there."""
    content = run.store.read(f"{attempt_folder(attempt.step, attempt.number)}/{name}")
    return (content or b"").decode("utf-8", "replace")


def _run(run: Run) -> Mapping[str, object]:
    attempts = [a for of_step in run.state.attempts.values() for a in of_step]
    total = usage.add([a.ended.usage for a in attempts if a.ended])
    return {
        "id": run.id,
        "cost": "unknown" if total.cost_usd is None else total.cost_usd,
        "duration": round(sum(a.seconds for a in attempts), 1),
        "tokens_in": total.input or 0,
        "tokens_out": total.output or 0,
        "retries": len(attempts) - len(run.state.attempts),
    }


def _steps(run: Run, scope: Scope) -> dict[str, object]:
    """Of each step that can be seen from here: the nearest one of its name."""
    found: dict[str, object] = {}
    for seen in reversed(list(scope.outwards())):
        for step in seen.steps:
            if not isinstance(step, Group):
                found[step.name] = _step(run, seen.path(step.name))
    return found


def _step(run: Run, path: str) -> Mapping[str, object]:
    attempts = run.state.of(path)
    last = run.state.passes.get(path) or (attempts[-1] if attempts else None)
    if last is None:
        return {"output": "", "diff": "", "files": "", "status": Verdict.SKIPPED.value}
    diff = diff_text(run, last)
    output = run.around.redactor.clean(kept_text(run, last, "output"))
    status = Verdict.PASSED if last.verdict is Verdict.PASSED else Verdict.FAILED
    return {
        "output": output or diff,
        "diff": diff,
        "files": run.around.redactor.clean(", ".join(last.files)),
        "status": status.value,
    }
