"""What a run would do, as lines of text: for `--dry-run`."""

from __future__ import annotations

from collections.abc import Iterator

from gump_action.workflow.model import AgentStep, GateStep, Group, Step, Workflow


def lines(workflow: Workflow, agent: str) -> Iterator[str]:
    """The steps as a tree; `agent` is what `--agent` puts in the place of all."""
    yield f"{workflow.name}: {workflow.description}".rstrip(": ")
    for name, one in workflow.inputs.items():
        need = "required" if one.required else f"default {one.default!r}"
        yield f"  input {name} ({need}) {one.description}".rstrip()
    for step in workflow.steps:
        yield from _step(step, agent, "  ")


def _step(step: Step, agent: str, indent: str) -> Iterator[str]:
    match step:
        case Group():
            each = f", for each item of {step.foreach}" if step.foreach else ""
            yield f"{indent}{step.name}: group{each}"
            for inner in step.steps:
                yield from _step(inner, agent, indent + "  ")
        case GateStep():
            yield f"{indent}{step.name}: gates {', '.join(map(str, step.gate))}"
        case AgentStep():
            yield f"{indent}{step.name}: {agent or step.agent}, session {step.session}"
            yield from (f"{indent}  {line}" for line in _details(step))


def _details(step: AgentStep) -> Iterator[str]:
    if step.output != "diff":
        yield f"output {step.output}"
    if step.gate:
        yield f"gates {', '.join(map(str, step.gate))}"
    rules = step.on_failure
    if rules.retry:
        strategies = ", ".join(map(str, rules.strategy)) or "same"
        yield f"up to {rules.retry} retries: {strategies}"
