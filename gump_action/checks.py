"""What is said of workflow files without running them; starts quickly, for it needs no engine."""

from __future__ import annotations

import json
from pathlib import Path

from gump_action.errors import Fault, InputError, WorkflowError
from gump_action.host import places
from gump_action.workflow import loader, schema


def validate(names: tuple[str, ...], repo: Path) -> tuple[list[str], InputError | None]:
    """A line for each warning and each sound file; and all faults, where there are any.

    Without names all workflows of the project are looked at.
    """
    found = places.repository(repo)
    top = repo if repo.resolve() == found else found  # as it was named, so that lines stay short
    faults: list[Fault] = []
    missing: list[InputError] = []
    lines: list[str] = []
    for name in names or _all(top):
        try:
            loaded = loader.load(loader.find_workflow(name, top))
        except WorkflowError as error:
            faults += error.faults
        except InputError as error:
            missing.append(error)
        else:
            lines += [f"{warning} (warning)" for warning in loaded.warnings]
            lines.append(f"{name}: ok")
    return lines, _told(faults, missing)


def _all(repo: Path) -> tuple[str, ...]:
    names = tuple(loader.named(repo))
    if names:
        return names
    raise InputError(
        f"{repo} has no workflow in .gump/workflows/, and none was named.",
        hint="Name a file or a built-in one, or write a workflow: `gump-action init` has examples.",
    )


def _told(faults: list[Fault], missing: list[InputError]) -> InputError | None:
    if missing:
        return InputError("\n".join(str(each) for each in (*faults, *missing)))
    return WorkflowError(faults) if faults else None


def json_schema() -> str:
    """The JSON Schema of the language."""
    return json.dumps(schema.schema(), indent=2)
