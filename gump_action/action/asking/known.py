"""The workflows that can be asked for in a working directory, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gump_action.errors import GumpError
from gump_action.host import places
from gump_action.host.asking.asked import name_of
from gump_action.host.asking.command import WORKFLOW
from gump_action.workflow import loader
from gump_action.workflow.model import Workflow


@dataclass
class Known:
    """`given` is the input `workflow`: the one that it names is known too, wherever it lies.

    `folder` is the working directory, where a path in it begins.
    """

    folder: Path
    given: str

    @cached_property
    def all(self) -> dict[str, Workflow | None]:
        """None is one with faults.  Those with odd names cannot be asked for."""
        project = loader.named(places.repository(self.folder))
        names = [name for name in project if WORKFLOW.fullmatch(name)]
        found = {name: self._load(name) for name in names if name != name_of(self.given)}
        return found | self._own

    @cached_property
    def _own(self) -> dict[str, Workflow | None]:
        name = name_of(self.given)
        return {name: self._load(self.given)} if name else {}

    def find(self, name: str) -> Workflow | None:
        return self._own[name] if name in self._own else self.all.get(name)

    def inputs_of(self, name: str) -> tuple[str, ...]:
        """The names of its inputs."""
        workflow = self.find(name)
        return tuple(workflow.inputs) if workflow else ()

    def title_of(self, name: str) -> str:
        """As the workflow calls itself, which is what its runs go by."""
        workflow = self.find(name)
        return workflow.name if workflow else name

    def _load(self, workflow: str) -> Workflow | None:
        is_path = name_of(workflow) != workflow
        where = str(self.folder / workflow) if is_path else workflow
        try:
            repository = places.repository(self.folder)
            return loader.load(loader.find_workflow(where, repository)).workflow
        except GumpError:
            return None
