"""The door to the state directory: the ledger, files by attempt, the lock.

What is announced is on disk before it counts: an event is flushed before `append` returns, a file
before the event that names it.  `hook` is called around each write, so that tests can stop the
world there.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Literal

from gump_action.errors import InputError, LostError

LEDGER = "ledger.ndjson"
OLD = "old"
ASIDE = "aside"
"""Names the folder of `old/` to which the record is just being moved."""
KEPT_IN_PLACE = {OLD, ASIDE, "lock", ".gitignore", "guard", "submodules", "live"}
# What can lie there while the ledger has no line: at a first start, or when a record is set aside.
MADE_BY_US = KEPT_IN_PLACE | {
    "agents-git", "agents-git.new", "attempts", "git", "given", "home", "lfs", "place.json",
    "report.md", "set-aside", "set-up", "snapshots.bundle", "staged", "tree",
}  # fmt: skip
Moment = Literal["before", "half", "after"]
Hook = Callable[[Moment, str], None]


class Store:
    """Owns a state directory for as long as a run works in it.

    Raises InputError where the directory is not ours, or another run works in it.
    """

    def __init__(self, root: Path, hook: Hook | None = None) -> None:
        self.root = root
        self.hook = hook
        self._lock: BinaryIO | None = None
        self._ledger: BinaryIO | None = None
        self._changed: set[Path] = set()  # folders with entries that are not on disk yet

    @property
    def ledger(self) -> Path:
        return self.root / LEDGER

    def open(self) -> None:
        """Make the directory where it is missing, and lock it."""
        check_is_ours(self.root)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (self.root / "lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise InputError(
                f"{self.root}: another run works in this state directory, and two at once would "
                "spoil its record.",
                hint="Wait for it to end, or give this run another one with --state.",
            ) from None
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        self._finish_setting_aside()

    def close(self) -> None:
        for file in (self._ledger, self._lock):
            if file:
                file.close()
        self._ledger = self._lock = None

    def append(self, line: bytes) -> None:
        """One more line of the ledger; on disk when this returns.  LostError where it is gone."""
        if self._ledger is None:
            _drop_torn_line(self.ledger)
            self._changed.add(self.root)
            self._ledger = self.ledger.open("ab", buffering=0)
        if os.fstat(self._ledger.fileno()).st_nlink == 0:
            raise LostError(
                f"{self.ledger} was removed or replaced while the run wrote it: the record of what "
                "was done is lost.",
                hint="Agents and gates must leave the state directory alone. Start anew.",
            )
        self._flush_folders()
        self._write(self._ledger, line + b"\n", LEDGER)
        os.fsync(self._ledger.fileno())
        self._tell("after", LEDGER)

    def write(self, name: str, content: bytes) -> Path:
        """A file of the state directory, whole or not at all, and on disk before the next line."""
        path = self.root / name
        self._make_folder(path.parent)
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(part, flags, 0o600), "wb", buffering=0) as file:
            self._write(file, content, name)
            os.fsync(file.fileno())
        part.replace(path)
        self._tell("after", name)
        return path

    def read(self, name: str) -> bytes | None:
        """A file of the state directory; None where it is missing."""
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def remove(self, name: str) -> None:
        """A file that is no longer true."""
        self._tell("before", name)
        (self.root / name).unlink(missing_ok=True)
        self._tell("after", name)

    def set_aside(self, name: str) -> Path:
        """Move the whole record to `old/NAME`, for a run that starts anew."""
        self.write(ASIDE, name.encode())
        return self._move_aside(name)

    def _move_aside(self, name: str) -> Path:
        target = self.root / OLD / name
        target.mkdir(parents=True, exist_ok=True)
        self._flush_folders()
        # The ledger goes first: without it nothing that is left counts as the record of a run.
        for path in sorted(self.root.iterdir(), key=lambda p: p.name != LEDGER):
            if path.name not in KEPT_IN_PLACE:
                self._tell("before", f"{OLD}/{path.name}")
                path.rename(target / path.name)
        self._changed |= {target, target.parent, self.root}
        self._flush_folders()
        self.remove(ASIDE)
        return target

    def _finish_setting_aside(self) -> None:
        """What a killed engine had begun is done to its end, or is as if it had not begun."""
        name = self.read(ASIDE)
        if name is not None and self.ledger.exists():
            self.remove(ASIDE)
        elif name is not None:
            self._move_aside(Path(name.decode()).name)

    def _make_folder(self, folder: Path) -> None:
        self._changed.add(folder)
        for made in (folder, *folder.parents):
            if made == self.root or made.exists():
                break
            self._changed.add(made.parent)
        folder.mkdir(parents=True, exist_ok=True)

    def _flush_folders(self) -> None:
        """A new name is on disk when its folder is."""
        for folder in self._changed:
            with suppress(FileNotFoundError):  # who works here may have taken it away
                flush(folder)
        self._changed.clear()

    def _write(self, file: BinaryIO, content: bytes, name: str) -> None:
        self._tell("before", name)
        if self.hook:
            half = len(content) // 2
            _write_all(file, content[:half])
            self._tell("half", name)
            content = content[half:]
        _write_all(file, content)

    def _tell(self, moment: Moment, name: str) -> None:
        if self.hook:
            self.hook(moment, name)


def flush(folder: Path) -> None:
    """Put the names in this folder on disk."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def attempt_folder(step: str, attempt: int) -> str:
    """Where what belongs to an attempt lies, relative to the state directory."""
    return f"attempts/{attempt_part(step, attempt)}"


def attempt_part(step: str, attempt: int) -> str:
    """The attempt as a path: `build/red/impl/@3`, of folders and of refs.

    No step and no item has an `@` in its name, so it is never the path of another step.
    """
    return f"{step}/@{attempt}"


def ledger_lines(root: Path) -> Iterator[bytes]:
    """The whole lines of a ledger, without a torn last one; none where there is no ledger."""
    path = root / LEDGER
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def check_is_ours(root: Path) -> None:
    """Raises InputError where there is something else under this name."""
    if not root.exists():
        return
    if not root.is_dir():
        raise InputError(f"{root} is a file, and the state of a run is kept in a directory.")
    names = {path.name.removesuffix(".part") for path in root.iterdir()}
    if names and not names & {LEDGER, ASIDE} and not names <= MADE_BY_US:
        raise InputError(
            f"{root} holds other things ({', '.join(sorted(names)[:3])}, …) and no {LEDGER}: it is "
            "not the state directory of a run.",
            hint="Name an empty directory, or one that does not exist yet, with --state.",
        )


def _drop_torn_line(path: Path) -> None:
    """What was being written when a machine died is no line, and the next one must not join it."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        while size > 0:
            start = max(0, size - 4096)
            file.seek(start)
            newline = file.read(size - start).rfind(b"\n")
            if newline >= 0:
                size = start + newline + 1
                break
            size = start
        file.truncate(size)


def _write_all(file: BinaryIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]
