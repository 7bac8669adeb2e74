"""Which of the kept states a run goes on with: of those that could be opened, the furthest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gump_action.engine.state import RunState


@dataclass(frozen=True)
class Opened:
    """A state that was checked and unpacked into `folder`.

    `seq` is the number of the last event in its ledger; `files` counts what it holds; `stand` see
    `stand_of`.
    """

    name: str
    folder: Path
    seq: int
    files: int
    stand: str = ""


def stand_of(state: RunState) -> str:
    """Which run it is and how far; it differs as soon as a start has written an event."""
    return f"{state.started.run if state.started else ''} {state.seq}"


def is_same_run(stand: str, state: RunState) -> bool:
    """Whether the state is of the run that had come so far: the engine may have begun anew."""
    return stand.partition(" ")[0] == stand_of(state).partition(" ")[0]


def choose(opened: Sequence[Opened]) -> Opened | None:
    """The one whose ledger goes furthest, and of equal ones that which holds most.

    Never by date or id: ids of artifacts are not ordered over the attempts of a job.
    """
    return max(opened, key=lambda one: (one.seq, one.files), default=None)


_READS_ONLY = ("issue_comment", "pull_request_target")


def writes_cache(environ: Mapping[str, str]) -> bool:
    """Whether the platform lets this event write cache entries.

    Since 2026-06-26 it refuses that where strangers can start a job in the default branch's scope
    (GitHub changelog; actions/cache#1768).
    """
    return environ.get("GITHUB_EVENT_NAME") not in _READS_ONLY
