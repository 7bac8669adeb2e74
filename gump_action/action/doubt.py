"""Whether a record is believed that says how its run ended: agents can write to it, too."""

from __future__ import annotations

from collections.abc import Mapping

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState

UNSURE = "its record says that it has passed, but its step failed; the log of this action says why"


def is_doubtful(state: RunState, environ: Mapping[str, str]) -> bool:
    """An agent that has forged the end of its run kills the engine, which would write another."""
    has_passed = state.ended is not None and state.ended.verdict is Verdict.PASSED
    return has_passed and environ.get("GUMP_RAN") in ("failure", "cancelled")
