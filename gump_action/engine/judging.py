"""Asks gates again where what they have judged is now built on something else.

What they were asked about a step alone (its output, the files that it touched) has not changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gump_action.engine import events as e
from gump_action.engine import gates, step, taking
from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Stop
from gump_action.engine.run import Run
from gump_action.engine.state import Attempt, RunState
from gump_action.system.store import attempt_folder
from gump_action.workflow.model import AgentStep, Gate, GateStep

ABOUT_THE_STEP = frozenset({"schema", "touched", "untouched"})


@dataclass(frozen=True)
class Met:
    """A step that a walk has come by."""

    path: str
    step: AgentStep | GateStep
    digest: str

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Those that look at the whole tree."""
        return tuple(gate for gate in self.step.gate if gate.kind not in ABOUT_THE_STEP)

    def has_retries(self, state: RunState) -> bool:
        """Whether an agent can mend what its gates complain of."""
        last = state.of(self.path)[-1:]
        return isinstance(self.step, AgentStep) and bool(last) and not last[0].agent


def find_open(state: RunState, met: Sequence[Met]) -> Met | None:
    """The last step with gates, where none was asked since something came in.  Pure."""
    if not state.bases.taken:
        return None
    of_steps = {each.path: each for each in met if each.gates}
    attempts = (a for path in of_steps for a in state.of(path))
    if any(a.verdict is Verdict.PASSED and state.is_current(a.start) for a in attempts):
        return None
    return next(reversed(of_steps.values()), None)


def ask_again(run: Run, asked: Met) -> Stop:
    """An attempt of gates alone, on the end of the run; where it fails, the step has not passed."""
    began = run.around.clock()
    passed = run.state.passes[asked.path]
    head, base = taking.current(run, run.state.head), taking.current(run, passed.base)
    if not head or not base:
        return taking.NO_MERGE
    attempt = _begin(run, asked, base, head)
    changes = run.workspace.compare(base, taking.current(run, passed.end) or head)
    folder = attempt_folder(asked.path, attempt.number)
    run.store.write(f"{folder}/diff.patch", changes.patch)
    run.put_tree_at(head)
    question = gates.Asked(
        step=asked.path,
        attempt=attempt.number,
        gates=asked.gates,
        env=asked.step.env,
        seconds=asked.step.timeout,
        old=base,
        new=head,
    )
    ending = step.ask_and_undo(run, question, attempt)
    seconds = run.around.clock() - began
    ended = step.Ending(ending.verdict, ending.error, seconds)
    step.end_attempt(run, asked.path, attempt.number, ended)
    return Stop(ending.verdict, ending.error.partition("\n")[0])


def _begin(run: Run, asked: Met, base: str, head: str) -> Attempt:
    session = e.SessionDecided(mode="fresh", why="gates alone have no agent")
    run.emit(
        e.AttemptStarted(
            step=asked.path,
            attempt=run.state.count(asked.path) + 1,
            agent="",
            reason="its gates again, on what came in",
            kind="first",
            digest=asked.digest,
            base=base,
            start=head,
            session=session,
        )
    )
    return run.state.attempts[asked.path][-1]
