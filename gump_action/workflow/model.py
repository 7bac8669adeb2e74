"""The language as frozen records: what a workflow file says, once it has been read.

Reading (spellings, defaults, lines of faults) is `loader`'s; what holds between steps is
`validate`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PROVIDERS = ("claude", "codex", "gemini", "qwen", "opencode", "cursor", "scripted")
GateKind = Literal[
    "compile", "test", "lint", "schema", "bash", "touched", "untouched", "tests_found", "coverage"
]
OutputKind = Literal["diff", "plan", "artifact", "review"]
DEFAULT_TIMEOUT = 3600.0
DEFAULT_IDLE_TIMEOUT = 900.0


class Record(BaseModel):
    """Never changes, and takes no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Session(Record):
    """Which conversation an attempt goes on with; `step` only with the mode `reuse-step`."""

    mode: Literal["fresh", "reuse", "reuse-on-retry", "reuse-step"] = "fresh"
    step: str = ""

    def __str__(self) -> str:
        return f"reuse: {self.step}" if self.mode == "reuse-step" else self.mode


class Gate(Record):
    """One check after the agent; `argument` is a command, a glob or a number, as text."""

    kind: GateKind
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.argument}" if self.argument else self.kind


class Strategy(Record):
    """Who makes the next attempt; `same: 3` is three of these."""

    kind: Literal["same", "escalate"]
    agent: str = ""

    def __str__(self) -> str:
        return f"escalate: {self.agent}" if self.kind == "escalate" else "same"


class OnFailure(Record):
    """`retry` attempts are granted after the first; the last strategy repeats."""

    retry: int = 0
    strategy: tuple[Strategy, ...] = (Strategy(kind="same"),)


class Variable(Record):
    """An environment variable for agents and gates; without a value it is passed through."""

    name: str
    value: str | None = None


class AgentStep(Record):
    """Runs one agent.  `prompt` is a template; `prompt_file` names where it was read from."""

    name: str
    agent: str
    prompt: str = "{spec}"
    prompt_file: str = ""
    output: OutputKind = "diff"
    session: Session = Session()
    gate: tuple[Gate, ...] = ()
    on_failure: OnFailure = OnFailure()
    timeout: float = DEFAULT_TIMEOUT
    idle_timeout: float = DEFAULT_IDLE_TIMEOUT
    env: tuple[Variable, ...] = ()


class GateStep(Record):
    """Asks gates, without an agent."""

    name: str
    gate: tuple[Gate, ...]
    timeout: float = DEFAULT_TIMEOUT
    env: tuple[Variable, ...] = ()


class Group(Record):
    """Steps that belong together: once, or for each item of the plan of the step `foreach`."""

    name: str
    steps: tuple[Step, ...]
    foreach: str = ""


Step = AgentStep | GateStep | Group


class Input(Record):
    """A value that `--set NAME=VALUE` gives."""

    description: str = ""
    default: str | None = None
    required: bool = False


class WorkspaceRules(Record):
    """What an isolated tree gets from the checkout: linked paths, and commands run once in it."""

    share: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()


class ErrorContext(Record):
    """How much of error and diff a retry is told, in characters."""

    max_error_chars: int = 2000
    max_diff_chars: int = 3000


class Workflow(Record):
    """A whole file.  `max_budget` is in USD; `path` is where it was read from."""

    name: str
    description: str = ""
    inputs: Mapping[str, Input] = Field(default_factory=lambda: MappingProxyType({}))
    env: tuple[Variable, ...] = ()
    workspace: WorkspaceRules = WorkspaceRules()
    gates: Mapping[str, str] = Field(default_factory=lambda: MappingProxyType({}))
    error_context: ErrorContext = ErrorContext()
    max_budget: float | None = None
    steps: tuple[Step, ...]
    path: Path = Path()

    def walk(self) -> Iterator[tuple[str, Step]]:
        """Each step and group with its path as written (`build/impl`), in order."""
        yield from _walk(self.steps, "")


def _walk(steps: tuple[Step, ...], prefix: str) -> Iterator[tuple[str, Step]]:
    for step in steps:
        yield prefix + step.name, step
        if isinstance(step, Group):
            yield from _walk(step.steps, f"{prefix}{step.name}/")


def provider_of(agent: str) -> str:
    """`claude` of `claude-haiku`."""
    return agent.split("-", 1)[0]


def model_of(agent: str) -> str:
    """`haiku` of `claude-haiku`; empty where the CLI's own default is wanted."""
    return agent.partition("-")[2]
