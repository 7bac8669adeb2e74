"""What is said of workflow files without running them; starts quickly, for it needs no engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gump_action.errors import Fault, InputError, WorkflowError
from gump_action.host import places, plan
from gump_action.workflow import given, loader, schema


def validate(names: tuple[str, ...], repo: Path) -> tuple[list[str], InputError | None]:
    """A line for each warning and each sound file; and all faults, where there are any."""
    faults: list[Fault] = []
    lines: list[str] = []
    for name in names:
        try:
            loaded = loader.load(loader.find_workflow(name, repo))
        except WorkflowError as error:
            faults += error.faults
        except InputError as error:
            faults.append(Fault(name, 1, error.message))
        else:
            lines += [f"{warning} (warning)" for warning in loaded.warnings]
            lines.append(f"{name}: ok")
    return lines, WorkflowError(faults) if faults else None


@dataclass(frozen=True)
class Asked:
    """What `run --dry-run` was asked."""

    workflow: str
    repo: Path
    spec: Path | None
    inputs: tuple[str, ...]
    agent: str
    max_budget: float | None = None


def describe(asked: Asked) -> list[str]:
    """What a run would do, as lines.  Raises InputError where the run itself would be refused."""
    top = places.repository(asked.repo)
    loaded = loader.load(loader.find_workflow(asked.workflow, top))
    declared = loaded.workflow.inputs
    given.inputs(given.chosen(asked.inputs, declared), declared)
    if asked.agent:
        given.check_agent(asked.agent)
    if asked.spec:
        places.read_spec(asked.spec)
    workflow = loaded.workflow
    if asked.max_budget:
        workflow = workflow.model_copy(update={"max_budget": asked.max_budget})
    return [*map(str, loaded.warnings), *plan.lines(workflow, asked.agent)]


def json_schema() -> str:
    """The JSON Schema of the language."""
    return json.dumps(schema.schema(), indent=2)
