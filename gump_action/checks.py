"""What is said of workflow files without running them; starts quickly, for it needs no engine."""

from __future__ import annotations

import json
from pathlib import Path

from gump_action.errors import Fault, InputError, WorkflowError
from gump_action.workflow import loader, schema


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


def json_schema() -> str:
    """The JSON Schema of the language."""
    return json.dumps(schema.schema(), indent=2)
