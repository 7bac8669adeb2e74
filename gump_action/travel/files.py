"""The files of a state directory as pack finds them, read through no link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gump_action.errors import InputError
from gump_action.system.store import LEDGER
from gump_action.travel import layout

CHUNK = 1 << 20
DEEPEST = 1024


@dataclass(frozen=True)
class Found:
    """A file that is there: what it is, and what it was when it was found."""

    name: str
    kind: layout.Kind
    attempt: str
    path: str
    size: int
    stamp: tuple[int, int, int]


Place = tuple[str, "os.DirEntry[str]"]


def walk(root: Path) -> Iterator[Place]:
    """What is at the top and below the folders that travel, by name; folders only if linked."""
    with os.scandir(root) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name in layout.FOLDERS and entry.is_dir(follow_symlinks=False):
                yield from _below(entry.name, entry.path)
            elif entry.name in (LEDGER, layout.SNAPSHOTS, *layout.FOLDERS):
                yield entry.name, entry


def _below(name: str, folder: str) -> Iterator[Place]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        inner = f"{name}/{entry.name}"
        # What is too long to travel is not gone into: somebody could have dug for ever.
        if entry.is_dir(follow_symlinks=False) and len(inner) < DEEPEST:
            yield from _below(inner, entry.path)
        else:
            yield inner, entry


def find(name: str, entry: os.DirEntry[str], kind: layout.Kind, attempt: str) -> Found:
    """The file as it is now; of a ledger only the whole lines count."""
    stamp = _stamp(entry.stat(follow_symlinks=False))
    size = _whole_lines(entry.path, stamp[1]) if kind == "ledger" else stamp[1]
    return Found(name, kind, attempt, entry.path, size, stamp)


def open_plain(path: str | Path) -> BinaryIO:
    """A regular file and no link; nothing else is ever waited for."""
    return os.fdopen(_open_plain(path)[0], "rb")


def _open_plain(path: str | Path) -> tuple[int, os.stat_result]:
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        os.close(number)
        raise InputError(f"{path} is no plain file.")
    return number, found


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _whole_lines(path: str, size: int) -> int:
    with open_plain(path) as file:
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
    number, now = _open_plain(found.path)
    try:
        if _stamp(now) != found.stamp:
            raise _changed(found)
        while left:
            chunk = os.read(number, min(left, CHUNK))
            if not chunk:
                raise _changed(found)
            left -= len(chunk)
            yield chunk
    finally:
        os.close(number)


def _changed(found: Found) -> InputError:
    return InputError(
        f"{found.path} was changed while the state was packed.",
        hint="Pack it when nothing works in the state directory.",
    )
