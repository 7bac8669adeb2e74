"""Which conversation an attempt goes on with: the one decision, pure.

Contract 2; the seed page is the authority.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gump_action.engine.retry import Again
from gump_action.engine.state import Attempt, RunState
from gump_action.workflow.model import Session


@dataclass(frozen=True)
class Fresh:
    """A new session, because."""

    why: str


@dataclass(frozen=True)
class Resume:
    """The session as it stood at the end of `attempt`, because.

    `is_own` says that it is this step's own: then its changes stay in the tree.
    """

    attempt: Attempt
    why: str
    is_own: bool = False


def decide_session(mode: Session, step: str, move: Again, state: RunState) -> Fresh | Resume:
    """The session of the next attempt `move` of the step with the path `step`."""
    if mode.mode == "reuse-on-retry":
        return _own(step, move, state)
    if move.kind != "first":
        return Fresh("a retry is resumed only with session reuse-on-retry")
    if mode.mode == "fresh":
        return Fresh("the step asks for a fresh session")
    found = _last_in_group(step, move, state) if mode.mode == "reuse" else None
    if mode.mode == "reuse-step":
        found = _named(mode.step, step, move, state)
    return found if found else Fresh("there is no session to resume")


def _own(step: str, move: Again, state: RunState) -> Fresh | Resume:
    attempts = state.of(step)
    if not attempts:
        return Fresh("this is the first attempt, and reuse-on-retry resumes on retries")
    last = last_that_talked(attempts)
    if last is None:
        return Fresh("no attempt of this step has had a session")
    if last.agent != move.agent:
        return Fresh(f"{last.name} was made by {last.agent}, not {move.agent}")
    if not last.snapshot or not last.kept:
        return Fresh(f"the session of {last.name} was not kept")
    if not state.is_current(state.bases.now(last.end)):
        return Fresh(f"the work of {last.name} does not merge with what has come in since")
    return Resume(last, "it is the last session of this step (reuse-on-retry)", is_own=True)


def last_that_talked(attempts: Sequence[Attempt]) -> Attempt | None:
    """The last attempt by an agent; one that was cut before it had a session does not count."""
    for attempt in reversed(attempts):
        if not attempt.agent:  # its gates alone were asked again
            continue
        if not attempt.is_cut or (attempt.known and attempt.kept):
            return attempt
    return None


def _last_in_group(step: str, move: Again, state: RunState) -> Fresh | Resume:
    group = _parent(step)
    for path, attempt in reversed(state.passes.items()):
        if _parent(path) == group and path != step and attempt.agent == move.agent:
            return _checked(
                attempt, f"it is the last session of {move.agent} before this step (reuse)", state
            )
    return Fresh(f"no step by {move.agent} has passed before this one in the same group")


def _named(name: str, step: str, move: Again, state: RunState) -> Fresh | Resume:
    for path in scopes(name, step):
        if path in state.passes:
            attempt = state.passes[path]
            if attempt.agent != move.agent:
                agents = f"{attempt.agent or 'no agent'}, not {move.agent}"
                return Fresh(f'"{name}" was passed by {agents}')
            return _checked(attempt, f'the step goes on with "{name}"', state)
    return Fresh(f'"{name}" has not passed, or not where this step can see it')


def _checked(attempt: Attempt, why: str, state: RunState) -> Fresh | Resume:
    if not attempt.kept:
        return Fresh(f"the session of {attempt.name} was not kept")
    if not state.is_in_history(attempt.end, state.head):
        return Fresh(f"the work of {attempt.name} is no longer in the tree")
    return Resume(attempt, why)


def scopes(name: str, step: str) -> Iterator[str]:
    """Where the step `step` looks for the step `name`: its own iteration, then outwards."""
    group = _parent(step)
    while group:
        yield f"{group}/{name}"
        group = _parent(group)
    yield name


def _parent(path: str) -> str:
    return path.rpartition("/")[0]
