"""What the next start of a run would do: the engine's own decisions, asked beforehand.

Workflow and base are taken to be as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Stop, next_move
from gump_action.engine.sessions import Fresh, Resume, decide_session
from gump_action.engine.state import Attempt, RunState
from gump_action.host.words import all_attempts
from gump_action.workflow.model import AgentStep, Group, OnFailure, Session, Step, Workflow


@dataclass(frozen=True)
class Nothing:
    """The run is at its end."""


@dataclass(frozen=True)
class Begin:
    """There is nothing to go on with."""


@dataclass(frozen=True)
class GoOnAfter:
    """With what comes after this step, which has passed."""

    step: str


@dataclass(frozen=True)
class GoOnAt:
    """With this attempt.  `session` is None where only gates are asked; `agent` empty where
    nobody can say it: the strategy is not known."""

    step: str
    number: int
    agent: str = ""
    session: Fresh | Resume | None = None
    is_retry: bool = False


Next = Nothing | Begin | GoOnAfter | GoOnAt


def next_start(state: RunState, workflow: Workflow | None = None) -> Next:
    """Where the next start goes on; the workflow tells who makes the next attempt."""
    if state.ended and not state.ended.verdict.exit_code:
        return Nothing()
    attempts = all_attempts(state)
    if not attempts:
        return Begin()
    last = attempts[-1]
    counting = state.of(last.step)
    if counting and counting[-1].verdict is Verdict.PASSED:
        return GoOnAfter(last.step)
    number = state.count(last.step) + 1
    if not last.agent:
        return GoOnAt(last.step, number)
    return _attempt(state, last, number, workflow)


def _attempt(state: RunState, last: Attempt, number: int, workflow: Workflow | None) -> GoOnAt:
    counting = state.of(last.step)
    step = _agent_step(workflow, last.step)
    rules = step.on_failure if step else OnFailure()
    move = next_move(_declared(state, last, step), rules, counting, 0)
    if isinstance(move, Stop):
        raise AssertionError("a start that has made no attempt of a step makes one")
    if move.is_after_cut and step is None:
        # What was cut is made again as it was, whatever the strategy says.
        move = replace(move, agent=counting[-1].agent)
    session = decide_session(_mode(last.session.mode), last.step, move, state)
    is_retry = move.kind == "retry"
    is_known = step is not None or not is_retry or move.is_after_cut
    return GoOnAt(last.step, number, move.agent if is_known else "", session, is_retry)


def _declared(state: RunState, last: Attempt, step: AgentStep | None) -> str:
    """Whom the step asks for, who is also who makes its first attempt."""
    if state.started and state.started.agent:
        return state.started.agent
    if step:
        return step.agent
    counting = state.of(last.step)
    return counting[0].agent if counting else last.agent


def _mode(told: str) -> Session:
    """As the ledger tells it: `reuse-on-retry`, `reuse: analyze`."""
    match told.partition(": "):
        case ("reuse", ": ", step):
            return Session(mode="reuse-step", step=step)
        case ("reuse" | "reuse-on-retry" as mode, "", _):
            return Session(mode=mode)
    return Session()


def _agent_step(workflow: Workflow | None, path: str) -> AgentStep | None:
    step = _step_at(workflow.steps, path.split("/")) if workflow else None
    return step if isinstance(step, AgentStep) else None


def _step_at(steps: Sequence[Step], path: Sequence[str]) -> Step | None:
    """The step with this path; a group that repeats has its items there, too."""
    found = next((step for step in steps if step.name == path[0]), None)
    if not isinstance(found, Group):
        return None if path[1:] else found
    inner = path[2:] if found.foreach else path[1:]
    return _step_at(found.steps, inner) if inner else None
