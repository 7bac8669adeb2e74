"""What can happen in a run.  An event is a fact with a time; it is never changed.

The ledger is these records as JSON lines.  `step` is always a step path (`build/red/impl`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from gump_action.engine.outcome import Verdict

FORMAT = 2
"""Version of the ledger and of the state directory; any other one is refused."""


class Event(BaseModel):
    """`seq` counts from 1 without a gap, over all jobs of the run; `at` is UTC seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int = 0
    at: float = 0.0


class Usage(BaseModel):
    """Tokens and dollars; None is unknown.  `input` is uncached input only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None
    cost_usd: float | None = None


class RunStarted(Event):
    """The first line of a ledger.  Spec and inputs lie beside it, under `given/`.

    `max_budget` is in USD, and that of each start counts from then on; None is no limit.
    `job_attempt` names the attempt of the host job that this start is in, where it is in one.
    """

    type: Literal["run_started"] = "run_started"
    format: int = FORMAT
    run: str
    workflow: str
    engine: str
    workspace: Literal["isolated", "checkout"]
    agent: str = ""
    base: str
    start: str
    found: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    spec_digest: str = ""
    inputs_digest: str = ""
    max_budget: float | None = None
    job_attempt: str = ""


class RunContinued(Event):
    """Another start on the same ledger, in the same job or in a later one."""

    type: Literal["run_continued"] = "run_continued"
    engine: str
    workspace: Literal["isolated", "checkout"]
    max_budget: float | None = None
    job_attempt: str = ""


class BaseTaken(Event):
    """From here on the run is built on `base`, and its steps start from `start`.

    `before` is what it was built on; the files are those that differ between the two starts.
    """

    type: Literal["base_taken"] = "base_taken"
    before: str
    base: str
    start: str
    found: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    more_files: int = 0


class SnapshotMerged(Event):
    """`commit` is that snapshot with all that has come in since it was made."""

    type: Literal["snapshot_merged"] = "snapshot_merged"
    snapshot: str
    commit: str


class StepReset(Event):
    """The step starts over: its next attempt is a first one; what it passed no longer counts."""

    type: Literal["step_reset"] = "step_reset"
    step: str
    why: str


class ItemsPlanned(Event):
    """The items of a `foreach`, by their path names; an empty plan runs none."""

    type: Literal["items_planned"] = "items_planned"
    step: str
    items: tuple[str, ...]


class SessionDecided(BaseModel):
    """What was decided on the session of a launch: `resume` is an attempt (`impl#1`), or empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: str
    resume: str = ""
    session: str = ""
    why: str


class AttemptStarted(Event):
    """`start` is the snapshot that the tree held, `reason` why this attempt is made."""

    # Ledgers of before 2026-11-25 have a `strategy` here that was never read.
    model_config = ConfigDict(frozen=True, extra="ignore")

    type: Literal["attempt_started"] = "attempt_started"
    step: str
    attempt: int
    agent: str
    reason: str
    kind: Literal["first", "retry"]
    digest: str
    base: str
    start: str
    session: SessionDecided


class SessionRefused(Event):
    """The resume was refused; the attempt goes on with a fresh launch from `start`."""

    type: Literal["session_refused"] = "session_refused"
    step: str
    attempt: int
    start: str
    session: SessionDecided


class SessionKnown(Event):
    """The id of the attempt's conversation: as soon as it shows, or before, where it is ours."""

    type: Literal["session_known"] = "session_known"
    step: str
    attempt: int
    session: str


Act = Literal["said", "tool", "turn", "complained"]


class AgentActed(Event):
    """What an agent does while it works; for those who watch, not for the ledger."""

    type: Literal["agent_acted"] = "agent_acted"
    step: str
    attempt: int
    what: Act
    text: str = ""


class CostSeen(Event):
    """What the launch under way has cost so far, as soon as its stream tells."""

    type: Literal["cost_seen"] = "cost_seen"
    step: str
    attempt: int
    cost_usd: float


class AgentEnded(Event):
    """The launch is over, and how the provider judges it.  `total` is the session's, where told."""

    type: Literal["agent_ended"] = "agent_ended"
    step: str
    attempt: int
    verdict: Verdict
    why: str = ""
    exit_code: int | None = None
    seconds: float = 0.0
    turns: int = 0
    usage: Usage = Usage()
    total: Usage = Usage()
    answer: str = ""


class TranscriptKept(Event):
    """The conversation as it stands now is in the attempt's folder; `files` name to digest.

    `cli` is the package that wrote it, where that is known; `cwd` the folder it knows.
    """

    type: Literal["transcript_kept"] = "transcript_kept"
    step: str
    attempt: int
    session: str
    files: dict[str, str]
    cwd: str = ""
    cli: str = ""


class TranscriptLost(Event):
    """The conversation could not be kept, and why: nothing can resume it."""

    type: Literal["transcript_lost"] = "transcript_lost"
    step: str
    attempt: int
    why: str


class SnapshotTaken(Event):
    """The tree after the agent, before the gates."""

    type: Literal["snapshot_taken"] = "snapshot_taken"
    step: str
    attempt: int
    commit: str
    tree: str
    files: tuple[str, ...] = ()
    more_files: int = 0


class GateEnded(Event):
    """One gate; its full output lies in the attempt's folder, `evidence` is the cut text."""

    type: Literal["gate_ended"] = "gate_ended"
    step: str
    attempt: int
    index: int
    gate: str
    passed: bool
    command: str = ""
    exit_code: int | None = None
    seconds: float = 0.0
    evidence: str = ""


class GateWrote(Event):
    """What gates changed in the tree, undone."""

    type: Literal["gate_wrote"] = "gate_wrote"
    step: str
    attempt: int
    files: tuple[str, ...]


class AttemptEnded(Event):
    """`error` is what the next attempt is told (cut for the ledger; whole in the folder)."""

    type: Literal["attempt_ended"] = "attempt_ended"
    step: str
    attempt: int
    verdict: Verdict
    error: str = ""
    seconds: float = 0.0


class StepSkipped(Event):
    """What passed before, in an earlier job, is skipped; said once for each start."""

    type: Literal["step_skipped"] = "step_skipped"
    step: str
    why: str


class Noted(Event):
    """Something a person should know."""

    type: Literal["noted"] = "noted"
    level: Literal["info", "warning"]
    text: str
    step: str = ""


class RunEnded(Event):
    """`commit` is the tip of the result branch; `left` the snapshot that the tree holds now."""

    type: Literal["run_ended"] = "run_ended"
    verdict: Verdict
    why: str = ""
    branch: str = ""
    commit: str = ""
    left: str = ""


AnyEvent = Annotated[
    RunStarted
    | RunContinued
    | BaseTaken
    | SnapshotMerged
    | StepReset
    | ItemsPlanned
    | AttemptStarted
    | SessionRefused
    | SessionKnown
    | AgentActed
    | CostSeen
    | AgentEnded
    | TranscriptKept
    | TranscriptLost
    | SnapshotTaken
    | GateEnded
    | GateWrote
    | AttemptEnded
    | StepSkipped
    | Noted
    | RunEnded,
    Field(discriminator="type"),
]

parse_event = TypeAdapter[AnyEvent](AnyEvent).validate_json
"""One ledger line to its event; raises pydantic's ValidationError."""
