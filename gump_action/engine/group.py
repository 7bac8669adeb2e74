"""Walks the steps of a workflow in order: skips what has passed, stops at what has not."""

from __future__ import annotations

from dataclasses import dataclass, field

from gump_action.engine import events as e
from gump_action.engine import gates, judging, step, taking, variables
from gump_action.engine.judging import Met
from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Stop
from gump_action.engine.run import Run
from gump_action.engine.scope import Around, Scope, digest
from gump_action.workflow.model import AgentStep, GateStep, Group
from gump_action.workflow.outputs import Item, parse_plan

PASSED = Stop(Verdict.PASSED, "")


@dataclass
class Walk:
    """One way through the workflow.  `waiting` are passed steps not met yet, in their order."""

    run: Run
    waiting: list[str] = field(default_factory=list)
    is_anew: bool = False
    """A step before has started over, or is new: nothing that comes after it counts."""
    met: list[Met] = field(default_factory=list)
    """The steps in the order in which they were met; those of groups by iteration."""

    def __post_init__(self) -> None:
        self.waiting = list(self.run.state.passes)

    def workflow(self) -> Stop:
        """The whole workflow; what was passed and is no longer asked for is forgotten."""
        end = self.steps(Scope("", self.run.workflow.steps))
        if end.verdict is Verdict.PASSED and (asked := judging.find_open(self.run.state, self.met)):
            end = _named(asked.path, judging.ask_again(self.run, asked))
            if end.verdict is Verdict.FAILED and asked.has_retries(self.run.state):
                return Walk(self.run).workflow()
        if end.verdict is Verdict.PASSED:
            for path in self.waiting:
                self._forget(path, "it is no longer in the workflow")
        if end.verdict is Verdict.PASSED and self.run.around.stop.is_wanted:
            return Stop(Verdict.CANCELLED, "the run was stopped when all its steps had passed")
        return end

    def steps(self, scope: Scope, foreach: str = "") -> Stop:
        """The steps of one iteration; the first that does not pass ends it."""
        for one in scope.steps:
            if self.run.around.stop.is_wanted:
                return Stop(Verdict.CANCELLED, self.run.around.stop.why)
            if isinstance(one, Group):
                end = self._group(one, scope, foreach)
            else:
                end = _named(scope.path(one.name), self._step(one, scope, foreach))
            if end.verdict is not Verdict.PASSED:
                return end
        return PASSED

    def _group(self, group: Group, scope: Scope, foreach: str) -> Stop:
        if not group.foreach:
            return self.steps(scope.inner(group), foreach)
        items = self._items(group, scope)
        path = scope.path(group.name)
        names = tuple(item.path for item in items)
        if self.run.state.items.get(path) != names:
            self.run.emit(e.ItemsPlanned(step=path, items=names))
        for item in items:
            end = self.steps(scope.inner(group, item), group.foreach)
            if end.verdict is not Verdict.PASSED:
                return end
        return PASSED

    def _items(self, group: Group, scope: Scope) -> tuple[Item, ...]:
        """The plan that the named step left, nearest first; it was checked when it was taken."""
        for seen in scope.outwards():
            planned = self.run.state.passes.get(seen.path(group.foreach))
            if planned:
                text = variables.kept_text(self.run, planned, "output")
                return parse_plan(self.run.around.redactor.mask(text))
        raise AssertionError("validate has seen that the plan's step comes before its group")

    def _step(self, one: AgentStep | GateStep, scope: Scope, foreach: str) -> Stop:
        path = scope.path(one.name)
        agent = (self.run.given.agent or one.agent) if isinstance(one, AgentStep) else ""
        asked = digest(one, self.run.workflow, Around(agent, foreach, scope.item))
        self.met.append(Met(path, one, asked))
        if self._has_passed(path, asked):
            self.waiting.pop(0)
            if path not in self.run.state.skipped:
                self.run.emit(e.StepSkipped(step=path, why="it has passed before"))
            return PASSED
        self._start_over(path, asked)
        if isinstance(one, AgentStep):
            return step.run_step(self.run, one, scope, asked)
        return self._gate_step(one, path, asked)

    def _has_passed(self, path: str, asked: str) -> bool:
        """Whether it asks for what it asked for when it passed, and so does all before it."""
        return self._is_same(path, asked) and self.waiting[:1] == [path]

    def _is_same(self, path: str, asked: str) -> bool:
        attempts = self.run.state.of(path)
        return bool(attempts) and attempts[-1].digest == asked

    def _start_over(self, path: str, asked: str) -> None:
        """Forget of this step what no longer counts, and all that has passed after it."""
        attempts = self.run.state.of(path)
        is_same = self._is_same(path, asked)
        if not is_same:
            self._forget(path, "what it asks for has changed")
        elif self.is_anew:
            self._forget(path, "a step before it starts over")
        self.is_anew |= not is_same
        stale, self.waiting = self.waiting, []
        for old in stale:
            self._forget(old, f'"{path}", which comes before it, runs again')
        head = taking.current(self.run, self.run.state.head)
        if attempts and taking.current(self.run, attempts[-1].base) != head:
            self._forget(path, "what it began with has changed")

    def _forget(self, path: str, why: str) -> None:
        if self.run.state.of(path):
            self.run.emit(e.StepReset(step=path, why=why))

    def _gate_step(self, one: GateStep, path: str, asked: str) -> Stop:
        """Gates on the tree as it is; asked once for each start of the engine."""
        run = self.run
        number, head = run.state.count(path) + 1, taking.current(run, run.state.head)
        if not head:
            return taking.NO_MERGE
        began = run.around.clock()
        session = e.SessionDecided(mode="fresh", why="a gate step has no agent")
        run.emit(
            e.AttemptStarted(
                step=path,
                attempt=number,
                agent="",
                reason="gates alone",
                kind="first",
                digest=asked,
                base=head,
                start=head,
                session=session,
            )
        )
        run.put_tree_at(head)
        attempt = run.state.attempts[path][-1]
        assert run.state.stands_on, "a run that walks has begun"
        question = gates.Asked(
            step=path,
            attempt=number,
            gates=one.gate,
            env=one.env,
            seconds=one.timeout,
            old=run.state.stands_on.start,
            new=head,
        )
        ending = step.ask_and_undo(run, question, attempt)
        seconds = run.around.clock() - began
        step.end_attempt(run, path, number, step.Ending(ending.verdict, ending.error, seconds))
        return Stop(ending.verdict, ending.error.partition("\n")[0])


def _named(path: str, end: Stop) -> Stop:
    """How the step ended, for the run: with its name."""
    if end.verdict is Verdict.PASSED:
        return PASSED
    return Stop(end.verdict, f"{path}: {end.why}" if end.why else path)
