"""What came into the base of a run, and which agent has to be told of it.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Again
from gump_action.engine.sessions import Fresh, Resume
from gump_action.engine.state import Attempt, RunState


@dataclass(frozen=True)
class News:
    """What came in that an agent has not been told of: between which two starts."""

    old: str
    new: str


def find_news(state: RunState, path: str, move: Again, decision: Fresh | Resume) -> News | None:
    """What the agent of the next attempt has to be told of.  Pure.

    Who goes on with a session knows what that knows; a retry has the error and the diff of an
    attempt over the base as it was then; and of the others the first one after it is told.
    """
    if not state.bases.taken:
        return None
    known = state.start_of(_source(state, path, move, decision))
    now = state.bases.taken[-1].start
    return News(known, now) if known != now else None


def _source(state: RunState, path: str, move: Again, decision: Fresh | Resume) -> str:
    """The snapshot that what the agent is given has come from."""
    if isinstance(decision, Resume) and (heard := _last_heard(state, decision.attempt)):
        return heard.base
    failed = [a for a in state.of(path) if a.verdict is Verdict.FAILED]
    if move.kind == "retry" and failed and not isinstance(decision, Resume):
        return _last_of_agent(state.of(path), failed[-1]).base
    made = [a for of_step in state.attempts.values() for a in of_step if _has_said(a)]
    last = max(made, key=lambda a: (state.is_current(a.base), a.began), default=None)
    return last.base if last else ""


def _last_heard(state: RunState, attempt: Attempt) -> Attempt | None:
    """Of a conversation the last attempt that was not cut, perhaps before it heard anything."""
    by_name = {a.name: a for of_step in state.attempts.values() for a in of_step}
    found: Attempt | None = attempt
    while found and found.is_cut:
        found = by_name.pop(found.session.resume, None)
    return found


def _last_of_agent(attempts: tuple[Attempt, ...], failed: Attempt) -> Attempt:
    """Where gates alone have failed, the attempt whose work they were asked about."""
    before = attempts[: attempts.index(failed) + 1]
    return next((a for a in reversed(before) if a.agent), failed)


def _has_said(attempt: Attempt) -> bool:
    return bool(attempt.agent) and not attempt.is_cut
