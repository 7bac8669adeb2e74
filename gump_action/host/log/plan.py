"""What a run would do, as lines of text: for `--dry-run`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gump_action.engine.state import RunState
from gump_action.host.words import cost
from gump_action.workflow.model import (
    DEFAULT_TIMEOUT,
    AgentStep,
    GateStep,
    Group,
    Input,
    OnFailure,
    Step,
    Workflow,
)


def lines(workflow: Workflow, agent: str) -> Iterator[str]:
    """The steps as a tree; `agent` is what `--agent` puts in the place of all."""
    about = f": {workflow.description}" if workflow.description.strip() else ""
    yield _one_line(f"{workflow.name}{about}")
    for name, one in workflow.inputs.items():
        yield _input(name, one)
    if workflow.max_budget:
        yield f"  budget: {cost(workflow.max_budget)} USD for the whole run"
    for command in workflow.workspace.setup:
        yield _one_line(f"set-up of an isolated tree: {command}", indent="  ")
    for step in workflow.steps:
        yield from _step(step, agent, "  ")


def known(state: RunState, root: Path) -> Iterator[str]:
    """The run that would go on, by the record in `root`, and what of it has passed."""
    if state.started and state.attempts:
        passed = ", ".join(state.passes) or "nothing"
        yield f"run {state.started.run} in {root} would go on; passed before: {passed}"


def _input(name: str, one: Input) -> str:
    need = f"{one.default!r} if it is not set"
    if one.default is None:
        need = "has to be set" if one.required else "empty if it is not set"
    about = f": {one.description}" if one.description.strip() else ""
    return _one_line(f"input {name}, {need}{about}", indent="  ")


def _step(step: Step, agent: str, indent: str) -> Iterator[str]:
    match step:
        case Group():
            each = f' for each item of the plan of "{step.foreach}"' if step.foreach else ""
            yield f"{indent}{step.name}: these steps{each or ', once'}"
            for inner in step.steps:
                yield from _step(inner, agent, indent + "  ")
        case GateStep():
            yield f"{indent}{step.name}: gates alone"
            yield from _details(step, indent + "  ")
        case AgentStep():
            yield f"{indent}{step.name}: {agent or step.agent}, session {step.session}"
            yield from _details(step, indent + "  ")


def _details(step: AgentStep | GateStep, indent: str) -> Iterator[str]:
    if isinstance(step, AgentStep) and step.output != "diff":
        yield f"{indent}output: {step.output}"
    for gate in step.gate:
        yield _one_line(f"gate {gate}", indent=indent)
    if isinstance(step, AgentStep) and step.on_failure.retry:
        yield f"{indent}{_retries(step.on_failure)}"
    if step.timeout != DEFAULT_TIMEOUT:
        yield f"{indent}timeout: {step.timeout:g} s"


def _retries(rules: OnFailure) -> str:
    """How often, and by which strategies; what stands several times in a row is counted."""
    told: list[list[str]] = []
    for word in [str(strategy) for strategy in rules.strategy][: rules.retry] or ["same"]:
        if told and told[-1][0] == word:
            told[-1].append(word)
        else:
            told.append([word])
    strategies = [f"{same[0]} ({len(same)} times)" if same[1:] else same[0] for same in told]
    times = "1 retry" if rules.retry == 1 else f"{rules.retry} retries"
    return f"up to {times}: {', then '.join(strategies)}"


def _one_line(text: str, *, indent: str = "") -> str:
    """A text of the workflow without line ends and control characters."""
    return indent + " ".join("".join(c if c.isprintable() else " " for c in text).split())
