"""The files that differ between two commits, each with what has to be known to publish it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gump_action.system.git import Git, name_of
from gump_action.system.git_trees import contents

NO_FILE, EXECUTABLE, LINK, SUBMODULE = "000000", "100755", "120000", "160000"
LARGEST = 100 * 1024 * 1024
"""Bytes of a file that is read at all; GitHub takes none that is larger."""
BATCH = 32 * 1024 * 1024


class Finding(StrEnum):
    """What stands in a file that must not leave, the worst of it."""

    NOTHING = ""
    SECRET = "secret"
    TOKEN = "token"
    POINTER = "pointer of Git LFS"
    UNREAD = "not read"


@dataclass(frozen=True)
class Changed:
    """A file of the result; `size` in bytes, `target` of a link.  A renamed one is two of these.

    Modes are git's, 000000 where there is no file.  Of what is gone, and of a submodule, there is
    no size and nothing to find.
    """

    path: str
    old_mode: str
    new_mode: str
    size: int = 0
    target: str = ""
    finding: Finding = Finding.NOTHING


Look = Callable[[str, bytes, bytes], Finding]
"""Path, old content and new content of a file."""


@dataclass(frozen=True)
class _Raw:
    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str

    @property
    def objects(self) -> tuple[str, ...]:
        """What holds its contents; a submodule's commit is none of ours."""
        sides = ((self.old_mode, self.old), (self.new_mode, self.new))
        return tuple(name for mode, name in sides if mode not in (NO_FILE, SUBMODULE))


@dataclass(frozen=True)
class Reading:
    """What to look for, and in how much at a time: bytes of one file, and of a batch of them."""

    look: Look
    largest: int = LARGEST
    batch: int = BATCH


def changed_files(git: Git, old: str, new: str, reading: Reading) -> tuple[Changed, ...]:
    """All of them, in git's order; a file above `largest` is not read, and so said."""
    raws = _differences(git, old, new)
    sizes = _sizes(git, {name for raw in raws for name in raw.objects})
    found: list[Changed] = []
    for batch in _batches(raws, sizes, reading.batch):
        small = [n for raw in batch for n in raw.objects if sizes[n] <= reading.largest]
        held = contents(git, small)
        found += [_changed(raw, sizes, held, reading) for raw in batch]
    return tuple(found)


def _differences(git: Git, old: str, new: str) -> list[_Raw]:
    words = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", "--no-abbrev")
    out = git.run(*words, "--ignore-submodules=none", old, new).split(b"\0")[:-1]
    found = []
    for line, path in zip(out[::2], out[1::2], strict=True):
        old_mode, new_mode, was, now = line.decode().removeprefix(":").split(" ")[:4]
        found.append(_Raw(name_of(path), old_mode, new_mode, was, now))
    return found


def _sizes(git: Git, names: set[str]) -> dict[str, int]:
    """Raises CommandError where one is not there: what cannot be read is not published."""
    asked = "".join(f"{name}\n" for name in sorted(names)).encode()
    out = git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)
    lines = (line.split(" ") for line in out.decode().splitlines())
    return {name: int(size) for name, size in lines}


def _batches(raws: Sequence[_Raw], sizes: dict[str, int], most: int) -> Iterator[list[_Raw]]:
    batch: list[_Raw] = []
    total = 0
    for raw in raws:
        batch.append(raw)
        total += sum(sizes[name] for name in raw.objects)
        if total > most:
            yield batch
            batch, total = [], 0
    yield batch


def _changed(raw: _Raw, sizes: dict[str, int], held: dict[str, bytes], reading: Reading) -> Changed:
    bare = Changed(raw.path, raw.old_mode, raw.new_mode)
    if raw.new_mode in (NO_FILE, SUBMODULE):
        return replace(bare, finding=reading.look(raw.path, b"", b""))
    size = sizes[raw.new]
    if size > reading.largest:
        return replace(bare, size=size, finding=Finding.UNREAD)
    new = held[raw.new]
    return replace(
        bare,
        size=size,
        target=name_of(new) if raw.new_mode == LINK else "",
        # An old one that was not there, or too large to be read: then all of the new one is new.
        finding=reading.look(raw.path, held.get(raw.old, b""), new),
    )
