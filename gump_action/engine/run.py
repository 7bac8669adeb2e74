"""What the phases of a run share: its parts, and `emit`, the engine's only way to speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gump_action.engine import events as e
from gump_action.engine.homes import Found
from gump_action.engine.state import RunState, fold
from gump_action.engine.workspace.records import Workspace
from gump_action.errors import Stopped
from gump_action.providers.base import Provider
from gump_action.redaction import Redactor
from gump_action.system import git
from gump_action.system.process import Stop
from gump_action.system.store import Store
from gump_action.workflow.model import Workflow

# What is text for people; ids, paths of the run and digests are not.
_FREE_TEXT = frozenset({"why", "error", "evidence", "text", "answer", "command"})


@dataclass(frozen=True)
class Given:
    """What the person gave: kept for the life of the run, and then with the defaults of inputs."""

    spec: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""
    yields: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What the engine is given from outside.  `is_own_home` is `--agent-home run`.

    `templates` are the project's own, as they were before any agent ran; `listen` gets each event
    after it is on disk; `clock` gives UTC seconds.  `job_attempt` is written down at each start:
    it tells those who keep records of one job which of them is the later one.
    """

    providers: Mapping[str, Provider]
    environ: Mapping[str, str]
    redactor: Redactor
    stop: Stop
    listen: Callable[[e.AnyEvent], None]
    clock: Callable[[], float]
    templates: Mapping[str, str] = field(default_factory=dict)
    is_own_home: bool = True
    is_job: bool = False
    job_attempt: str = ""


@dataclass(frozen=True)
class Wish:
    """Which run is wanted, and how.  `run` is the id of a new one; `engine` our version.

    `max_budget` is for this start, in the place of the workflow's.  With `takes_in` what HEAD has
    moved to since is merged into the run.
    """

    workflow: Workflow
    given: Given
    repo: Path
    workspace: Literal["isolated", "checkout"]
    run: str
    engine: str
    is_fresh: bool = False
    takes_in: bool = False
    max_budget: float | None = None

    @property
    def limit(self) -> float | None:
        return self.max_budget or self.workflow.max_budget


@dataclass
class Run:
    """A run under way.  Owns the store and the workspace."""

    workflow: Workflow
    given: Given
    around: Surroundings
    store: Store
    workspace: Workspace
    state: RunState
    mark: str
    """By which all that this engine starts can be found when it has died."""
    tree_at: str = ""
    """The snapshot that the tree holds; empty while an agent or a gate may have changed it."""
    homes: Mapping[str, Found] = field(default_factory=dict)
    """By provider, what the user's home said before any agent ran."""

    @property
    def id(self) -> str:
        assert self.state.started, "a run has an id from its first event on"
        return self.state.started.run

    def emit(self, event: e.AnyEvent) -> None:
        """Write down what happened, then let the state and those who watch know."""
        update: dict[str, object] = {"seq": self.state.seq + 1, "at": self.around.clock()}
        for name in _FREE_TEXT & type(event).model_fields.keys():
            update[name] = self.around.redactor.clean(getattr(event, name))
        if isinstance(event, e.SnapshotTaken | e.GateWrote | e.BaseTaken):
            update["files"] = tuple(map(self.around.redactor.clean, event.files))
        if isinstance(event, e.RunStarted | e.RunContinued):
            update["job_attempt"] = self.around.job_attempt
        event = event.model_copy(update=update)
        self.store.append(event.model_dump_json().encode())
        fold((event,), self.state)
        self.around.listen(event)

    def tell_act(self, step: str, attempt: int, what: e.Act, text: str) -> None:
        """What an agent does while it works, masked; it is seen, and not written down."""
        act = e.AgentActed.model_construct(
            seq=self.state.seq,
            at=self.around.clock(),
            step=step,
            attempt=attempt,
            what=what,
            text=text,
        )
        self.around.listen(act)

    def note(self, text: str, *, step: str = "", is_warning: bool = False) -> None:
        """Something a person should know."""
        level = "warning" if is_warning else "info"
        self.emit(e.Noted(level=level, text=text, step=step))

    def put_tree_at(self, commit: str) -> None:
        """The tree holds this snapshot, and it costs nothing where it does so already."""
        if self.tree_at != commit:
            self.workspace.go_back(commit)
            self.tree_at = commit

    def close(self) -> None:
        try:
            with suppress(Stopped):  # what it had no time to put back, the next start puts back
                self.workspace.close()
        finally:
            git.ignore(self.around.stop)
            self.store.close()
