"""What a run is built on where that has moved, and which snapshot now stands for which.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gump_action.engine import events as e


@dataclass
class Bases:
    """Changed by `fold` alone."""

    taken: list[e.BaseTaken] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    """Snapshot to the same one with what came in."""
    over: dict[str, str] = field(default_factory=dict)
    """Start, or merged snapshot, to the start that it and all that is made from it is over."""

    def take(self, event: e.BaseTaken, before: str) -> None:
        """The run stands on another base; `before` is the start that it has had."""
        self.taken.append(event)
        self.over[event.start] = event.start
        self._stands_for(before, event.start)

    def merge(self, event: e.SnapshotMerged) -> None:
        self.over[event.commit] = self.taken[-1].start if self.taken else ""
        self._stands_for(event.snapshot, event.commit)

    def _stands_for(self, old: str, new: str) -> None:
        # A base can go back to what it was; so there is never a circle.
        self.merged.pop(new, None)
        if old != new:
            self.merged[old] = new

    def now(self, commit: str) -> str:
        """What stands for this snapshot: itself, where nothing has come in since."""
        while commit in self.merged:
            commit = self.merged[commit]
        return commit

    def start_of(self, commit: str, parents: Mapping[str, str]) -> str:
        """The start that a snapshot was made over; empty is the run's first."""
        for _ in range(len(parents) + 1):
            if commit in self.over or commit not in parents:
                break
            commit = parents[commit]
        return self.over.get(commit, "")
