"""What holds between the steps of a workflow: references to steps, plans and names in prompts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gump_action.errors import Fault
from gump_action.templating import (
    ITEM_PARTS,
    NAMES,
    RUN_PARTS,
    STEP_PARTS,
    Reference,
    TemplateError,
    references,
)
from gump_action.workflow.model import AgentStep, GateStep, Group, Step, Workflow
from gump_action.workflow.tree import Marks, Position, Span, listed, near, suggest

_PARTS = {"item": ITEM_PARTS, "run": RUN_PARTS}


@dataclass(frozen=True)
class Findings:
    """What must be put right, and what may be meant as it stands."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class _Place:
    """One step and what can be seen from it: earlier steps, the nearest first."""

    step: Step
    position: Position
    label: str
    seen: tuple[Step, ...]
    has_item: bool

    def find_seen(self, name: str) -> Step | None:
        return next((step for step in self.seen if step.name == name), None)


@dataclass(frozen=True)
class _Case:
    """What one check of one step works with."""

    place: _Place
    workflow: Workflow
    steps: dict[str, Step]
    marks: Marks
    findings: Findings

    def fault(self, key: str, message: str) -> None:
        line = self.marks.line(self.place.position, key)
        self.findings.faults.append(Fault(self.marks.file, line, message))

    def warn(self, key: str, message: str) -> None:
        line = self.marks.line(self.place.position, key)
        self.findings.warnings.append(Fault(self.marks.file, line, message))


def check(workflow: Workflow, marks: Marks) -> Findings:
    """Every fault and warning; `marks` says at which lines the steps stand."""
    findings = Findings()
    steps: dict[str, Step] = {}
    for _, step in workflow.walk():
        # Of steps with one name the first stands for all: what can be seen is asked of the place.
        steps.setdefault(step.name, step)
    for place in _places(workflow.steps, (), (), has_item=False):
        case = _Case(place, workflow, steps, marks, findings)
        match place.step:
            case Group(foreach=plan) if plan:
                _check_foreach(case, plan)
            case AgentStep() as agent_step:
                _check_agent_step(case, agent_step)
    return findings


def _check_agent_step(case: _Case, step: AgentStep) -> None:
    _check_session(case, step)
    _check_schema(case, step)
    _check_strategies(case, step)
    _check_prompt(case, step)


def _places(
    steps: tuple[Step, ...], above: Position, outer: tuple[Step, ...], *, has_item: bool
) -> Iterator[_Place]:
    for index, step in enumerate(steps):
        position = (*above, index)
        seen = (*reversed(steps[:index]), *outer)
        numbers = ".".join(str(each + 1) for each in position)
        label = f'step "{step.name}"' if step.name else f"step {numbers}"
        yield _Place(step, position, label, seen, has_item)
        if isinstance(step, Group):
            inside = has_item or bool(step.foreach)
            yield from _places(step.steps, position, seen, has_item=inside)


def _check_foreach(case: _Case, plan: str) -> None:
    place = case.place
    found = place.find_seen(plan)
    if isinstance(found, AgentStep) and found.output == "plan":
        return
    target = found or case.steps.get(plan)
    if target is None:
        plans = [name for name, step in case.steps.items() if _is_plan(step)]
        problem = f'{place.label} repeats for the plan of "{plan}", which is no step of this'
        remedy = f"{suggest(plan, plans)} Steps with a plan: {listed(plans) or 'none'}."
        case.fault("foreach", f"{problem} workflow, so there are no items.{remedy}")
    elif not _is_plan(target):
        problem = f'{place.label} repeats for the plan of "{plan}", which makes no plan'
        case.fault("foreach", f"{problem}. Give that step `output: plan`, or name another one.")
    else:
        problem = f'{place.label} repeats for the plan of "{plan}", which runs later or in another'
        case.fault("foreach", f"{problem} group, so its items are not known. Move it before this.")


def _is_plan(step: Step) -> bool:
    return isinstance(step, AgentStep) and step.output == "plan"


def _check_session(case: _Case, step: AgentStep) -> None:
    if step.session.mode != "reuse-step":
        return
    wanted = step.session.step
    says = f'{case.place.label} continues the session of "{wanted}"'
    if wanted not in case.steps:
        names = [name for name, each in case.steps.items() if isinstance(each, AgentStep)]
        remedy = f"{suggest(wanted, names)} Steps: {listed(names)}."
        problem = "which is not a step of this workflow, so there is nothing to continue"
        case.fault("session", f"{says}, {problem}.{remedy}")
        return
    target = case.place.find_seen(wanted)
    if target is None:
        why = "which runs later or in another group"
        case.warn("session", f"{says}, {why}; it will start fresh. Name a step before this one.")
    elif not isinstance(target, AgentStep):
        case.warn("session", f"{says}, which runs no agent; it will start fresh. Name another.")
    elif step.agent not in _agents_of(target):
        why = f"which {target.agent} runs, while this step is run by {step.agent}"
        case.warn("session", f"{says}, {why}; it will start fresh. Give both the same agent.")


def _agents_of(step: AgentStep) -> set[str]:
    return {step.agent, *(each.agent for each in step.on_failure.strategy)}


def _check_schema(case: _Case, step: AgentStep) -> None:
    if step.output not in ("plan", "review") and any(gate.kind == "schema" for gate in step.gate):
        problem = f"{case.place.label} has the gate schema, but its output is {step.output}"
        case.warn("gate", f"{problem}, so there is nothing to check. Take one of them out.")


def _check_strategies(case: _Case, step: AgentStep) -> None:
    if not step.on_failure.retry and any(each.agent for each in step.on_failure.strategy):
        problem = f"{case.place.label} has a strategy, but `retry` is 0, so it is never used"
        case.warn("on_failure", f"{problem}. Write for instance retry: 2.")


def _check_prompt(case: _Case, step: AgentStep) -> None:
    key = case.marks.line(case.place.position, "prompt")
    span = case.marks.prompts.get(case.place.position, Span(case.marks.file, key, literal=False))
    try:
        found = references(step.prompt)
    except TemplateError as failure:
        message = f"{case.place.label}: the prompt is not a template: {failure.reason}"
        fault = Fault(span.file, span.line_of(failure.line), f"{message}. {failure.hint}".rstrip())
        case.findings.faults.append(fault)
        return
    for reference in found:
        faulty = reference.form != "brace"
        message = _jinja_problem(case, reference) if faulty else _brace_problem(case, reference)
        if message:
            fault = Fault(span.file, span.line_of(reference.line), f"{case.place.label}: {message}")
            (case.findings.faults if faulty else case.findings.warnings).append(fault)


def _known_names(case: _Case) -> tuple[str, ...]:
    hidden = () if case.place.has_item else ("item",)
    return (*(name for name in NAMES if name not in hidden), *case.workflow.inputs)


def _jinja_problem(case: _Case, reference: Reference) -> str:
    root, *rest = reference.parts
    if reference.form == "dashed":
        step, *parts = rest
        written = f'steps["{step}"]' + "".join(f".{part}" for part in parts)
        return f"Jinja takes the `-` in `{reference.dotted}` for minus. Write {written}."
    known = _known_names(case)
    if root not in known:
        if root == "item":
            return "`item` is only known inside of a group with `foreach`. Take it out."
        remedy = f"{suggest(root, known)} Names: {listed(known)}."
        escape = "Text that is to stay goes between {% raw %} and {% endraw %}."
        return f'the name "{root}" is not known, so it has no value.{remedy} {escape}'
    if root == "steps" and rest:
        return _step_problem(case, rest[0], rest[1:])
    if rest and rest[0] not in _PARTS.get(root, rest):
        remedy = f"{suggest(rest[0], _PARTS[root])} Parts: {listed(_PARTS[root])}."
        return f'`{root}` has no part "{rest[0]}".{remedy}'
    return ""


def _step_problem(case: _Case, name: str, parts: list[str]) -> str:
    visible = [step.name for step in case.place.seen if not isinstance(step, Group)]
    if name not in visible:
        known = isinstance(case.steps.get(name), AgentStep | GateStep)
        why = "runs later or in another group" if known else "is not a step of this workflow"
        remedy = f"{suggest(name, visible)} Steps before this one: {listed(visible) or 'none'}."
        return f'the step "{name}" {why}, so it has no value here.{remedy}'
    if parts and parts[0] not in STEP_PARTS:
        remedy = f"{suggest(parts[0], STEP_PARTS)} Parts: {listed(STEP_PARTS)}."
        return f'a step has no part "{parts[0]}".{remedy}'
    return ""


def _brace_problem(case: _Case, reference: Reference) -> str:
    """Single braces that are near to a known name, but stay as they are."""
    root, *rest = reference.parts
    stays = f"`{{{reference.dotted}}}` stays as it is"
    if not rest:
        scalars = [name for name in _known_names(case) if name not in ("item", "steps", "run")]
        close = "" if root in scalars else near(root, scalars)
        return f"{stays}: it is near to a known name. Did you mean `{{{close}}}`?" if close else ""
    if root not in ("item", "steps", "run"):
        close = near(root, ("item", "steps"))
        dotted = ".".join((close, *rest))
        return f"{stays}. Did you mean `{{{dotted}}}`?" if close else ""
    if root == "steps" and len(rest) == 1:
        return f"{stays}: it names no part of a step. Parts: {listed(STEP_PARTS)}."
    why = _jinja_problem(case, reference)
    return f"{stays}: {why}" if why else ""
