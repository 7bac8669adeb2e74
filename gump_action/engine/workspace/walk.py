"""Looks through a working tree before git does: for what git must not be let into."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import _ScandirIterator as ScandirIterator

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(frozen=True)
class Seen:
    """Paths as git writes them, folders without the last slash."""

    nested: tuple[str, ...] = ()  # folders with a `.git` of their own
    special: tuple[str, ...] = ()  # neither file, folder nor link: pipes, sockets, devices
    empty: tuple[str, ...] = ()  # folders with nothing in them
    deep: tuple[str, ...] = ()  # folders whose path is too long for the system, and so for git


def walk(tree: Path, skip: Collection[str]) -> Seen:
    """All of the tree, but not these folders (`a/b/`), through no link, and into nothing nested."""
    skip = frozenset(skip)
    nested: list[str] = []
    special: list[str] = []
    empty: list[str] = []
    deep: list[str] = []
    waiting = [""]
    while waiting:
        here = waiting.pop()
        entries = opened(tree, here)
        if entries is None:  # gone, or not for us to read: git will say so, but not of the last
            deep += [here[:-1]] if is_too_long(tree, here) else []
            continue
        below, strange, is_repository, is_empty = scan(entries, here)
        if is_repository and here:
            nested.append(here[:-1])
            continue
        special += strange
        if is_empty and here:
            empty.append(here[:-1])
        waiting += [folder for folder in below if folder not in skip] if skip else below
    found = (nested, special, empty, deep)
    return Seen(*(tuple(sorted(paths)) for paths in found))


def scan(entries: ScandirIterator[str], here: str) -> tuple[list[str], list[str], bool, bool]:
    """One folder: folders in it, special files in it, whether it holds `.git`, whether nothing."""
    below: list[str] = []
    strange: list[str] = []
    is_repository, is_empty = False, True
    with entries:
        for entry in entries:
            is_empty = False
            name = entry.name
            if len(name) == 4 and name.lower() == ".git":
                is_repository = True
            elif entry.is_dir(follow_symlinks=False):
                below.append(f"{here}{name}/")
            elif not entry.is_file(follow_symlinks=False) and not entry.is_symlink():
                strange.append(here + name)
    return below, strange, is_repository, is_empty


def opened(tree: Path, here: str) -> ScandirIterator[str] | None:
    """What is in this folder; one that an agent has closed is opened, or it could not go either."""
    folder = f"{tree}/{here}"
    for _ in range(2):
        try:
            return os.scandir(folder)
        except PermissionError:
            try:
                Path(folder).chmod(0o700)
            except OSError:
                return None
        except OSError as why:
            return opened_from(tree, here) if why.errno == errno.ENAMETOOLONG else None
    return None


def opened_from(tree: Path, here: str) -> ScandirIterator[str] | None:
    """The same for a path that is too long only with the tree's own before it."""
    with folder_of(tree) as root:
        try:
            place = os.open(here, FOLDER, dir_fd=root)
        except OSError:
            return None
        try:
            return os.scandir(place)
        finally:
            os.close(place)


def is_too_long(tree: Path, here: str) -> bool:
    """Whether the system, and so git, refuses this path below the tree for its length."""
    try:
        with folder_of(tree) as root:
            os.stat(here, dir_fd=root)
    except OSError as why:
        return why.errno == errno.ENAMETOOLONG
    return False


@contextmanager
def folder_of(tree: Path) -> Iterator[int]:
    number = os.open(tree, FOLDER)
    try:
        yield number
    finally:
        os.close(number)


def files_below(tree: Path, folders: Collection[str]) -> list[str]:
    """Every plain file and link below these folders, except what lies in a `.git`."""
    found: list[str] = []
    waiting = list(folders)
    while waiting:
        here = waiting.pop()
        entries = opened(tree, here)
        if entries is None:
            continue
        with entries:
            for entry in entries:
                if entry.name.lower() == ".git":
                    continue
                path = f"{here}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                    found.append(path)
    return sorted(found)
