"""Which of the kept states a run goes on with: that of the job attempt that was the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState
from gump_action.host.run_key import attempt_in


@dataclass(frozen=True)
class Opened:
    """A state that was checked and unpacked into `folder`, and what its ledger tells.

    `files` counts what it holds.
    """

    name: str
    folder: Path
    files: int
    state: RunState


def stand_of(state: RunState) -> str:
    """Which run it is and how far; it differs as soon as a start has written an event."""
    return f"{state.started.run if state.started else ''} {state.seq}"


def is_same_run(stand: str, state: RunState) -> bool:
    """Whether the state is of the run that had come so far: the engine may have begun anew."""
    return stand.partition(" ")[0] == stand_of(state).partition(" ")[0]


def choose(opened: Sequence[Opened], host_run: int) -> Opened | None:
    """The one that was worked on in the latest attempt of the job, as its own record says.

    One run has the most events then.  A run that began in place of another has fewer, and is the
    later one all the same; but not before anything was attempted in it.  Records that say no
    attempt of this host run go by their number of events, and equal ones by what they hold.
    Never by date or id: ids of artifacts are not ordered over the attempts of a job.
    """

    def rank(one: Opened) -> tuple[bool, int, int, int]:
        attempt = attempt_in(host_run, one.state.job_attempt)
        return _has_begun(one.state), attempt, one.state.seq, one.files

    return max(opened, key=rank, default=None)


def _has_begun(state: RunState) -> bool:
    """Whether there is more to it than a start that came to nothing."""
    has_passed = state.ended is not None and state.ended.verdict is Verdict.PASSED
    return has_passed or bool(state.attempts)


_READS_ONLY = ("issue_comment", "pull_request_target")


def writes_cache(environ: Mapping[str, str]) -> bool:
    """Whether the platform lets this event write cache entries.

    Since 2026-06-26 it refuses that where strangers can start a job in the default branch's scope
    (GitHub changelog; actions/cache#1768).
    """
    return environ.get("GITHUB_EVENT_NAME") not in _READS_ONLY
