"""Puts a packed state down, after checking it whole; what is refused leaves nothing behind.

First the whole file is proved (seal or digests), then the list of its files is judged, then they
are written beside the target, then the ledger is read there; only then the target is made.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gump_action.errors import InputError
from gump_action.system.store import LEDGER, flush
from gump_action.travel.content import ContentReader
from gump_action.travel.files import open_plain
from gump_action.travel.frames import FrameReader, make_seal, read_header
from gump_action.travel.layout import find_kind
from gump_action.travel.ledger import read_checked
from gump_action.travel.manifest import DIGEST_SIZE, Entry, Limits, parse
from gump_action.travel.seal import Key

LEFT_OVER = {"lock", ".gitignore"}
"""What an empty state directory may hold."""
FLUSHED = ("ledger", "snapshots", "given")
"""Without these a run cannot go on; the others are missed, or have digests that are looked at."""


@dataclass(frozen=True)
class Unpacked:
    """What was put down."""

    run: str
    target: Path
    files: int
    content_bytes: int
    is_sealed: bool


def unpack(
    file: Path, target: Path, *, run_key: str, key: Key | None, limits: Limits | None = None
) -> Unpacked:
    """Make `target` out of `file`, whole or not at all.  Raises InputError with the reason."""
    try:
        _check_target(target)
        with open_plain(file.resolve()) as packed:
            return _Unpacking(file, target, limits or Limits()).run(packed, run_key, key)
    except OSError as why:
        where = why.filename or target
        raise InputError(f"{where}: the state cannot be unpacked: {why.strerror}.") from None


@dataclass(frozen=True)
class _Unpacking:
    file: Path
    target: Path
    limits: Limits

    def run(self, packed: BinaryIO, run_key: str, key: Key | None) -> Unpacked:
        with self._named():
            header, raw = read_header(packed)
            seal = make_seal(header, raw, key, run_key)
            FrameReader(packed, seal).check()
            size = packed.tell()
            packed.seek(len(raw))
            content = ContentReader(FrameReader(packed, seal))
            entries = parse(content.manifest(self.limits), size, self.limits)
            with _stage_beside(self.target) as stage:
                _write_all(content, entries, stage)
                started = read_checked(stage).started
                _put_in_place(stage, self.target)
        assert started, "a ledger that was checked has a start"
        total = sum(entry.size for entry in entries)
        return Unpacked(started.run, self.target, len(entries), total, header.is_sealed)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Say in which file the fault is."""
        try:
            yield
        except InputError as why:
            if str(self.target) in why.message:
                raise
            raise InputError(f"{self.file}: {why.message}", hint=why.hint) from None


def _check_target(target: Path) -> None:
    if target.is_symlink():
        raise InputError(f"{target} is a link, and a state is not unpacked through one.")
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{target} is a file, and the state of a run is kept in a directory.")
    names = {path.name for path in target.iterdir()}
    if LEDGER in names:
        raise InputError(
            f"{target} holds a run already, and it would be lost.",
            hint="Unpack into another directory, or move that one away.",
        )
    if names - LEFT_OVER:
        shown = ", ".join(sorted(names - LEFT_OVER)[:3])
        raise InputError(
            f"{target} is not empty ({shown!a}), and a state is only unpacked into an empty "
            "directory or one that does not exist yet."
        )


@contextlib.contextmanager
def _stage_beside(target: Path) -> Iterator[Path]:
    """A folder on the same disk, that is gone at the end unless it became the target."""
    above = target.absolute().parent
    while not above.exists():
        above = above.parent
    room = Path(tempfile.mkdtemp(prefix=".gump-unpack-", dir=above))
    try:
        stage = room / "state"
        stage.mkdir(mode=0o700)
        yield stage
    finally:
        shutil.rmtree(room)


def _write_all(content: ContentReader, entries: Sequence[Entry], stage: Path) -> None:
    made = {str(stage)}
    digests = []
    for entry in entries:
        path = f"{stage}/{entry.name}"
        _make_folder(path.rpartition("/")[0], made)
        digests.append(_write_one(content, entry, path))
    _check_digests(content, entries, digests)
    content.check_end()
    _put_aside_from_git(stage)
    flush(stage)


def _put_aside_from_git(stage: Path) -> None:
    path = stage / ".gitignore"
    path.touch(mode=0o600)
    path.write_text("*\n")


def _make_folder(path: str, made: set[str]) -> None:
    if path not in made:
        _make_folder(path.rpartition("/")[0], made)
        os.mkdir(path, 0o700)  # noqa: PTH102 - of thousands; a Path costs more than the folder
        made.add(path)


def _write_one(content: ContentReader, entry: Entry, path: str) -> bytes:
    kind = find_kind(entry.name)
    digest = hashlib.blake2b(digest_size=DIGEST_SIZE)
    own = hashlib.sha256() if kind and kind[0] == "lfs" else None
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        for chunk in content.take(entry.size):
            digest.update(chunk)
            if own:
                own.update(chunk)
            _put(number, chunk)
        if kind and kind[0] in FLUSHED:
            os.fsync(number)
    finally:
        os.close(number)
    if own and own.hexdigest() != entry.name.rpartition("/")[2]:
        raise InputError(f"its file {entry.name!a} is not what its name says.")
    return digest.digest()


def _check_digests(
    content: ContentReader, entries: Sequence[Entry], digests: Sequence[bytes]
) -> None:
    for entry, digest in zip(entries, digests, strict=True):
        if b"".join(content.take(DIGEST_SIZE)) != digest:
            raise InputError(f"its file {entry.name!a} is not the one that was packed.")


def _put(number: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(number, view) :]


def _put_in_place(stage: Path, target: Path) -> None:
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    with _emptied(target):
        stage.rename(target)
    flush(target.absolute().parent)


@contextlib.contextmanager
def _emptied(target: Path) -> Iterator[None]:
    """An empty state directory gives way, unless a run has come to work in it."""
    if not target.exists():
        yield
        return
    with (target / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{target}: a run works in this state directory.") from None
        _check_target(target)
        for name in LEFT_OVER:
            (target / name).unlink(missing_ok=True)
        yield
