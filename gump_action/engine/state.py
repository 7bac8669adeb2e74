"""What the ledger says we know now.  `fold` is the only way to make it.

Continuing a run, the report, the live table and the session decision all read this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from gump_action.engine import events as e
from gump_action.engine.bases import Bases
from gump_action.engine.outcome import Verdict


@dataclass(frozen=True)
class Attempt:
    """One try of a step, as far as the ledger tells.  `verdict` is None while it is under way."""

    step: str
    number: int
    agent: str
    reason: str
    kind: str
    digest: str
    base: str
    start: str
    session: e.SessionDecided
    began: float
    known: str = ""
    cost: float | None = None
    """USD so far, as the stream told while it worked."""
    kept: e.TranscriptKept | None = None
    snapshot: str = ""
    files: tuple[str, ...] = ()
    more_files: int = 0
    ended: e.AgentEnded | None = None
    gates: tuple[e.GateEnded, ...] = ()
    verdict: Verdict | None = None
    error: str = ""
    seconds: float = 0.0
    is_forgotten: bool = False
    refused: str = ""
    """Why the resume was wanted that was then refused; the refusal's words are in `session`."""
    lost: str = ""
    """Why its conversation could not be kept."""
    wrote: tuple[str, ...] = ()
    """What its gates changed in the tree, undone."""

    @property
    def name(self) -> str:
        """`build/red/impl#3`."""
        return f"{self.step}#{self.number}"

    @property
    def is_cut(self) -> bool:
        """Cancelled, blocked, or died with its engine: it says nothing about the work."""
        return self.verdict is None or self.verdict.is_cut

    @property
    def cost_usd(self) -> float | None:
        """What it has cost, also where its engine died before its end; None is unknown."""
        return self.ended.usage.cost_usd if self.ended else self.cost

    @property
    def end(self) -> str:
        """What the tree was when it ended; for a gate step what it began with."""
        return self.snapshot or self.start


@dataclass
class RunState:
    """Changed by `fold` alone."""

    started: e.RunStarted | None = None
    starts: int = 0
    seq: int = 0
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    passes: dict[str, Attempt] = field(default_factory=dict)
    """Passed steps in the order in which they passed."""
    parents: dict[str, str] = field(default_factory=dict)
    """Snapshot to the snapshot that it was made on."""
    bases: Bases = field(default_factory=Bases)
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[e.Noted] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Steps that the present start has skipped, since they had passed before."""
    ended: e.RunEnded | None = None
    max_budget: float | None = None
    """USD for the whole run, as the last start has said; None is no limit."""
    job_attempt: str = ""
    """The attempt of the host job that the last start was in; empty outside of jobs."""
    published: str = ""
    """The last tip of the result branch that was written down."""
    left: str = ""
    """The snapshot that the tree held at the last end of a start; empty once work goes on."""

    @property
    def head(self) -> str:
        """The snapshot that the last passed step has left."""
        if self.passes:
            return self.bases.now(next(reversed(self.passes.values())).end)
        return self.stands_on.start if self.stands_on else ""

    @property
    def stands_on(self) -> e.RunStarted | e.BaseTaken | None:
        """The event that says what the run is built on now."""
        return self.bases.taken[-1] if self.bases.taken else self.started

    @property
    def built_on(self) -> tuple[str, ...]:
        """The commits that its snapshots are over: a clone that goes on needs all of them."""
        first = (self.started.base,) if self.started else ()
        return tuple(dict.fromkeys((*first, *(t.base for t in self.bases.taken))))

    def start_of(self, commit: str) -> str:
        """The start that a snapshot was made over."""
        first = self.started.start if self.started else ""
        return self.bases.start_of(commit, self.parents) or first

    def is_current(self, commit: str) -> bool:
        """Whether all that has come in is in this snapshot."""
        taken = self.bases.taken
        return not taken or self.start_of(commit) == taken[-1].start

    def of(self, step: str) -> tuple[Attempt, ...]:
        """The attempts of a step that still count, oldest first."""
        return tuple(a for a in self.attempts.get(step, ()) if not a.is_forgotten)

    def count(self, step: str) -> int:
        """How many attempts the step has had over the life of the run."""
        return len(self.attempts.get(step, ()))

    def is_in_history(self, commit: str, tip: str) -> bool:
        """Whether the tree `tip` was made, snapshot by snapshot, from `commit`."""
        # A record that was forged can have a circle; a true one ends before all are passed.
        for _ in range(len(self.parents) + 1):
            if not tip or tip == commit:
                break
            tip = self.parents.get(tip, "")
        return bool(tip) and tip == commit

    def used_by_session(self, attempt: Attempt) -> e.Usage:
        """What its session had used in all at its end; where it died with its engine, before it."""
        by_name = {a.name: a for of_step in self.attempts.values() for a in of_step}
        while not attempt.ended and attempt.session.resume in by_name:
            attempt = by_name.pop(attempt.session.resume)
        return attempt.ended.total if attempt.ended else e.Usage()

    def unfinished(self) -> tuple[Attempt, ...]:
        """Attempts under way when their engine died."""
        last = (attempts[-1] for attempts in self.attempts.values())
        return tuple(a for a in last if a.verdict is None)


def fold(events: Iterable[e.AnyEvent], state: RunState | None = None) -> RunState:
    """The state after these events, on top of `state` where it is given (which is changed)."""
    state = state or RunState()
    for event in events:
        state.seq = max(state.seq, event.seq)
        change = _CHANGES.get(type(event))
        if change:
            change(state, event)
    return state


def _run_started(state: RunState, event: e.RunStarted) -> None:
    state.started, state.starts = event, 1
    state.max_budget = event.max_budget
    state.job_attempt = event.job_attempt


def _run_continued(state: RunState, event: e.RunContinued) -> None:
    state.starts += 1
    state.max_budget = event.max_budget
    state.job_attempt = event.job_attempt
    state.ended = None
    state.skipped.clear()


def _base_taken(state: RunState, event: e.BaseTaken) -> None:
    before = state.stands_on.start if state.stands_on else ""
    state.bases.take(event, before)
    state.left = event.start if state.left else ""


def _snapshot_merged(state: RunState, event: e.SnapshotMerged) -> None:
    state.bases.merge(event)
    state.parents[event.commit] = event.snapshot


def _run_ended(state: RunState, event: e.RunEnded) -> None:
    state.ended, state.left = event, event.left
    state.published = event.commit or state.published


def _noted(state: RunState, event: e.Noted) -> None:
    state.notes.append(event)


def _items_planned(state: RunState, event: e.ItemsPlanned) -> None:
    state.items[event.step] = event.items


def _step_reset(state: RunState, event: e.StepReset) -> None:
    attempts = state.attempts.get(event.step, [])
    state.attempts[event.step] = [replace(a, is_forgotten=True) for a in attempts]
    state.passes.pop(event.step, None)


def _attempt_started(state: RunState, event: e.AttemptStarted) -> None:
    attempt = Attempt(
        step=event.step,
        number=event.attempt,
        agent=event.agent,
        reason=event.reason,
        kind=event.kind,
        digest=event.digest,
        base=event.base,
        start=event.start,
        session=event.session,
        began=event.at,
    )
    state.attempts.setdefault(event.step, []).append(attempt)
    state.left = ""


def _change(state: RunState, step: str, **changes: object) -> Attempt:
    """The last attempt of a step, made new.  By hand, since `replace` asks for every field again
    and a ledger of thousands of attempts is read in one go."""
    attempts = state.attempts[step]
    changed = object.__new__(Attempt)
    changed.__dict__.update(attempts[-1].__dict__, **changes)
    attempts[-1] = changed
    return changed


def _session_refused(state: RunState, event: e.SessionRefused) -> None:
    wanted = state.attempts[event.step][-1].session.why
    _change(
        state,
        event.step,
        session=event.session,
        start=event.start,
        known="",
        refused=wanted,
    )


def _session_known(state: RunState, event: e.SessionKnown) -> None:
    _change(state, event.step, known=event.session)


def _cost_seen(state: RunState, event: e.CostSeen) -> None:
    _change(state, event.step, cost=event.cost_usd)


def _agent_ended(state: RunState, event: e.AgentEnded) -> None:
    _change(state, event.step, ended=event)


def _transcript_kept(state: RunState, event: e.TranscriptKept) -> None:
    _change(state, event.step, kept=event)


def _transcript_lost(state: RunState, event: e.TranscriptLost) -> None:
    _change(state, event.step, lost=event.why)


def _gate_wrote(state: RunState, event: e.GateWrote) -> None:
    _change(state, event.step, wrote=event.files)


def _step_skipped(state: RunState, event: e.StepSkipped) -> None:
    state.skipped.append(event.step)


def _snapshot_taken(state: RunState, event: e.SnapshotTaken) -> None:
    attempt = _change(
        state,
        event.step,
        snapshot=event.commit,
        files=event.files,
        more_files=event.more_files,
    )
    state.parents[event.commit] = attempt.start


def _gate_ended(state: RunState, event: e.GateEnded) -> None:
    gates = state.attempts[event.step][-1].gates
    _change(state, event.step, gates=(*gates, event))


def _attempt_ended(state: RunState, event: e.AttemptEnded) -> None:
    attempt = _change(
        state, event.step, verdict=event.verdict, error=event.error, seconds=event.seconds
    )
    before = state.passes.get(event.step)
    is_asked_again = before is not None and bool(before.agent) and not attempt.agent
    if event.verdict is Verdict.PASSED and not is_asked_again:
        state.passes[event.step] = attempt
    elif event.verdict is Verdict.FAILED:
        state.passes.pop(event.step, None)


# Each function takes just the event of its key, which a dict's type cannot say.
_CHANGES: dict[type, Callable[[RunState, Any], None]] = {
    e.RunStarted: _run_started,
    e.RunContinued: _run_continued,
    e.BaseTaken: _base_taken,
    e.SnapshotMerged: _snapshot_merged,
    e.RunEnded: _run_ended,
    e.Noted: _noted,
    e.ItemsPlanned: _items_planned,
    e.StepReset: _step_reset,
    e.AttemptStarted: _attempt_started,
    e.SessionRefused: _session_refused,
    e.SessionKnown: _session_known,
    e.CostSeen: _cost_seen,
    e.AgentEnded: _agent_ended,
    e.TranscriptKept: _transcript_kept,
    e.SnapshotTaken: _snapshot_taken,
    e.TranscriptLost: _transcript_lost,
    e.GateEnded: _gate_ended,
    e.GateWrote: _gate_wrote,
    e.StepSkipped: _step_skipped,
    e.AttemptEnded: _attempt_ended,
}
