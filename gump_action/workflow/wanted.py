"""What a workflow has to be told at its start, beside its inputs."""

from __future__ import annotations

import re

from gump_action.templating import names_used
from gump_action.workflow.model import AgentStep, Workflow

_COPES = re.compile(r"\{%-?\s*(?:el)?if\b[^%]*\bspec\b")


def unspecified(workflow: Workflow) -> str:
    """What to say where no spec is given; empty where no prompt would miss one."""
    missed = [
        path
        for path, step in workflow.walk()
        if isinstance(step, AgentStep) and _misses_spec(step.prompt)
    ]
    if not missed:
        return ""
    of = f"{missed[0]!r} names" if len(missed) == 1 else f"{missed[0]!r} and others name"
    return (
        f"no spec is given, and the prompt of {of} it: agents read an empty text there. "
        "Say what is wanted with --spec FILE (in a job with `spec` or `spec-file`)"
    )


def _misses_spec(prompt: str) -> bool:
    return "spec" in names_used(prompt) and not _COPES.search(prompt)
