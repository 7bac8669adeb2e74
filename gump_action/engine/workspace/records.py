"""What is remembered of a workspace: what it was opened on, and the snapshots taken of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gump_action.errors import LostError
from gump_action.system.git_history import Comparison


@dataclass(frozen=True)
class Opened:
    """What was there at the run's first start; recorded once, in the ledger.

    Names that are no UTF-8 are written as git quotes them, so that all of this fits into JSON.
    """

    base: str  # the commit that the run is built on
    start: str  # the commit that the first step starts from: base, or the found state on top of it
    found: tuple[str, ...] = ()  # tracked files that differed from HEAD (checkout only)
    untracked: tuple[str, ...] = ()  # not ignored, in no snapshot, left alone (checkout only)
    ignored: tuple[str, ...] = ()  # stay out even if an agent's .gitignore brings them back
    earlier: tuple[str, ...] = ()  # the commits that it was built on before, if base has moved


@dataclass(frozen=True)
class Incoming:
    """What HEAD has moved to: `opened` is what the run is to stand on from then on.

    `why` says why the run's head does not merge with it, empty where it does.
    """

    opened: Opened
    why: str = ""


@dataclass(frozen=True)
class Onto:
    """That HEAD may have moved, and what then has to merge with it: `head`, made over `start`."""

    head: str
    start: str


@dataclass(frozen=True)
class Snapshot:
    """The tree as it was at one moment."""

    commit: str
    tree: str
    left_out: tuple[str, ...] = ()  # why some files are not in it, in git's words


class Workspace(Protocol):
    """Where agents and gates run, and what is kept of what they do."""

    @property
    def tree(self) -> Path:
        """Where agents and gates run."""
        ...

    @property
    def opened(self) -> Opened: ...
    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the person, of opening."""
        ...

    @property
    def incoming(self) -> Incoming | None:
        """What HEAD has moved to, where the workspace was opened to take that in."""
        ...

    def take_in(self) -> None:
        """From here on the workspace is opened on what is incoming; the tree is not touched."""
        ...

    def merge_in(self, snapshot: str, start: str) -> str | None:
        """A snapshot that was made over `start`, with what came in since; None is no clean merge.

        It is a commit of its own on both, and kept.
        """
        ...

    @property
    def is_new(self) -> bool:
        """The tree was just made: setup commands have to run, and then `after_setup`."""
        ...

    def after_setup(self) -> None:
        """To be called after setup commands: what they added stays, and is in no snapshot."""
        ...

    def snapshot(self, parent: str, message: str, ref: str) -> Snapshot:
        """The tree as it is now, as a commit on `parent` that is kept under refs/gump/<ref>."""
        ...

    def go_back(self, commit: str) -> None:
        """The tree is exactly that snapshot; ignored files stay."""
        ...

    def undo(self, commit: str) -> tuple[str, ...]:
        """As `go_back`, after gates: the tree was that snapshot before them. What they changed."""
        ...

    def compare(self, old: str, new: str) -> Comparison:
        """What differs between two snapshots: as a patch, and by name."""
        ...

    def changed_files(self, old: str, new: str) -> tuple[str, ...]: ...
    def matching(self, old: str, new: str, glob: str) -> tuple[str, ...]: ...
    def has(self, commit: str) -> bool: ...
    def find_lost(self) -> LostError | None:
        """What an agent or a gate has removed of what the run stands on."""
        ...

    def before_attempt(self) -> None: ...
    def before_gates(self) -> None:
        """From here on git may have to be put back, also where no agent has been."""
        ...

    def after_attempt(self) -> tuple[str, ...]:
        """Puts back what an agent, or a gate, did to git; lines that say what."""
        ...

    def fresh_output_folder(self) -> None: ...
    def read_output(self, name: str, limit: int) -> bytes | None:
        """At most limit + 1 bytes of this file in .gump/out; None where there is no such file."""
        ...

    def drop_output_folder(self) -> None: ...

    def publish(
        self,
        branch: str,
        commits: Sequence[tuple[str, str]],
        recorded: str = "",
        starts: Mapping[str, str] | None = None,
    ) -> str | None:
        """The result branch, from (message, snapshot) of the passed steps; its tip.

        `starts` names what a snapshot was made over where that is not what is opened now.

        None where no step has passed, and where it stands on somebody's commit: neither on the
        tip that is `recorded` nor on another one of ours.  It is left alone then, with a note.
        """
        ...

    def bundle(self, path: Path) -> bool: ...
    def unbundle(self, path: Path) -> None: ...
    def finish(self, commit: str | None) -> None:
        """A checkout holds this snapshot, or the run's start, and no `.gump/out`."""
        ...

    def close(self) -> None: ...
