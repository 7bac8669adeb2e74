"""Where a step stands: its group iteration, the item, and what it can see outwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from gump_action.workflow.model import AgentStep, GateStep, Group, Step, Workflow
from gump_action.workflow.outputs import Item


@dataclass(frozen=True)
class Scope:
    """One iteration of a group, or the root (with an empty prefix).

    `prefix` ends in `/` where it is not empty: `build/red/`.
    """

    prefix: str
    steps: tuple[Step, ...]
    item: Item | None = None
    outer: Scope | None = None

    def path(self, name: str) -> str:
        return self.prefix + name

    def outwards(self) -> Iterator[Scope]:
        """This iteration first, then group by group to the root."""
        scope: Scope | None = self
        while scope:
            yield scope
            scope = scope.outer

    def inner(self, group: Group, item: Item | None = None) -> Scope:
        """One iteration of a group that stands here; a plain group keeps the item around it."""
        prefix = f"{self.prefix}{group.name}/" + (f"{item.path}/" if item else "")
        return Scope(prefix, group.steps, item or self.item, self)


@dataclass(frozen=True)
class Around:
    """What a step asks for besides its own words."""

    agent: str = ""
    foreach: str = ""
    item: Item | None = None


def digest(step: AgentStep | GateStep, workflow: Workflow, around: Around) -> str:
    """What a step asks for, as a digest: equal means that what has passed still counts.

    What it is about belongs to it: an item whose description has changed is another task.  Not in
    it is what only says how often or how long to try, and how to tell people.
    """
    asked: dict[str, object] = {
        "gate": [[str(gate), workflow.gates.get(gate.kind, "")] for gate in step.gate],
        "env": [[v.name, v.value] for v in (*workflow.env, *step.env)],
        "foreach": around.foreach,
    }
    if around.item:
        item = around.item
        asked["item"] = [item.name, item.description, list(item.files)]
    if isinstance(step, AgentStep):
        asked |= {"agent": around.agent, "prompt": step.prompt, "output": step.output}
        asked["session"] = str(step.session)
    text = json.dumps(asked, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
