"""The files of a state directory as pack finds them, read through no link."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gump_action.errors import InputError
from gump_action.system.store import LEDGER
from gump_action.travel import layout
from gump_action.travel.manifest import DIGEST_SIZE

CHUNK = 1 << 20
DEEPEST = 1024


@dataclass(frozen=True)
class Found:
    """A file that is there: what it is, and what it was when it was found."""

    name: str
    kind: layout.Kind
    attempt: str
    path: Path
    size: int
    stamp: tuple[int, int, int]


def walk(root: Path) -> Iterator[tuple[str, Path, bool]]:
    """Names and places of what is at the top and below the folders that travel; plain or not."""
    with os.scandir(root) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name in layout.FOLDERS and entry.is_dir(follow_symlinks=False):
                yield from _below(entry.name, Path(entry.path))
            elif entry.name in (LEDGER, layout.SNAPSHOTS, *layout.FOLDERS):
                yield entry.name, Path(entry.path), entry.is_file(follow_symlinks=False)


def _below(name: str, folder: Path) -> Iterator[tuple[str, Path, bool]]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        inner = f"{name}/{entry.name}"
        # What is too long to travel is not gone into: somebody could have dug for ever.
        if entry.is_dir(follow_symlinks=False) and len(inner) < DEEPEST:
            yield from _below(inner, Path(entry.path))
        else:
            yield inner, Path(entry.path), entry.is_file(follow_symlinks=False)


def find(name: str, path: Path, kind: layout.Kind, attempt: str) -> Found:
    """The file as it is now; of a ledger only the whole lines count."""
    with open_plain(path) as file:
        found = os.fstat(file.fileno())
        size = _whole_lines(file, found.st_size) if kind == "ledger" else found.st_size
    return Found(name, kind, attempt, path, size, _stamp(found))


def open_plain(path: Path) -> BinaryIO:
    """A regular file and no link; nothing else is ever waited for."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    file = os.fdopen(number, "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        file.close()
        raise InputError(f"{path} is no plain file.")
    return file


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _whole_lines(file: BinaryIO, size: int) -> int:
    while size > 0:
        start = max(0, size - CHUNK)
        file.seek(start)
        newline = file.read(size - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        size = start
    return 0


def chunks(found: Found) -> Iterator[bytes]:
    """The content, all of it and no more.  Raises InputError where the file is another one now."""
    left = found.size
    with open_plain(found.path) as file:
        if _stamp(os.fstat(file.fileno())) != found.stamp:
            raise _changed(found)
        while left:
            chunk = file.read(min(left, CHUNK))
            if not chunk:
                raise _changed(found)
            left -= len(chunk)
            yield chunk


def _changed(found: Found) -> InputError:
    return InputError(
        f"{found.path} was changed while the state was packed.",
        hint="Pack it when nothing works in the state directory.",
    )


def digest(found: Found, look: Callable[[bytes], None] | None = None) -> str:
    """Of the content, on which `look` gets to have a look in passing."""
    made = hashlib.blake2b(digest_size=DIGEST_SIZE)
    for chunk in chunks(found):
        made.update(chunk)
        if look:
            look(chunk)
    return made.hexdigest()
