"""The outputs of the action: what a later step of the host workflow can read.

Each stands on one line and keeps well below GitHub's 1 MB for the outputs of a job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState
from gump_action.engine.usage import add
from gump_action.host import words

_REASON = 1000
_ROOM = 100_000
"""Characters of `steps` and of `session-ids`; where there are more, the last steps are told."""

NAMES = (
    "status",
    "reason",
    "run-id",
    "run-key",
    "resumed-from",
    "branch",
    "commit",
    "diff-path",
    "patch-sha256",
    "steps",
    "session-ids",
    "cost-usd",
    "tokens",
    "comment-url",
    "artifact-name",
    "report-path",
    "go",
    "bundle",
    "published",
    "published-commit",
    "pr-number",
    "pr-url",
    "pr-operation",
)


def of_run(state: RunState) -> dict[str, str]:
    """What the ledger says.  A run without an end was cut: the verdict is cancelled."""
    ended = state.ended
    verdict = ended.verdict if ended else Verdict.CANCELLED
    last = [attempts[-1] for attempts in state.attempts.values() if attempts]
    attempts = words.all_attempts(state)
    usage = add([attempt.ended.usage for attempt in attempts if attempt.ended])
    costs = [attempt.cost_usd for attempt in attempts if attempt.cost_usd is not None]
    tokens = [n for n in (usage.input, usage.cache_read, usage.cache_write, usage.output) if n]
    return {
        "status": str(verdict),
        "reason": words.one_line(ended.why)[:_REASON] if ended else "its engine was killed",
        "run-id": words.one_line(state.started.run) if state.started else "",
        "branch": words.one_line(ended.branch) if ended else "",
        "commit": ended.commit if ended else "",
        "steps": _fitted([_step(state, attempt) for attempt in last]),
        "session-ids": _fitted([{a.step: a.known} for a in last if a.known], is_map=True),
        "cost-usd": f"{sum(costs):.6f}" if costs else "",
        "tokens": str(sum(tokens)) if tokens else "",
    }


def of_nothing(verdict: Verdict, reason: str) -> dict[str, str]:
    """Where no run was begun."""
    return {"status": str(verdict), "reason": words.one_line(reason)[:_REASON]}


def _step(state: RunState, attempt: Attempt) -> dict[str, object]:
    verdict = "skipped" if attempt.step in state.skipped else str(attempt.verdict or "cancelled")
    return {
        "step": attempt.step,
        "verdict": verdict,
        "agent": attempt.agent,
        "attempts": attempt.number,
        "session": attempt.known,
    }


def _fitted(entries: Sequence[Mapping[str, object]], *, is_map: bool = False) -> str:
    """As JSON, without the first entries where all are too many."""
    while True:
        whole = {k: v for entry in entries for k, v in entry.items()} if is_map else list(entries)
        text = json.dumps(whole, separators=(",", ":"))
        if len(text) <= _ROOM:
            return text
        entries = entries[len(entries) // 4 + 1 :]
