"""Removes and makes files and folders where agents have been: never through a link of theirs."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any


def remove(path: Path) -> None:
    """Whatever is at this path is gone; a link itself, never what it leads to."""
    try:
        is_folder = stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return
    if not is_folder:
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path, onerror=open_up)
    except (OSError, RecursionError) as why:
        if isinstance(why, OSError) and why.errno != errno.ENAMETOOLONG:
            raise
        remove_deep(path)


def remove_deep(path: Path) -> None:
    """A folder in which folders lie deeper than the stack or a path can be: they are brought up."""
    count = 0
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        folder.chmod(0o700)
        with os.scandir(folder) as entries:
            for entry in list(entries):
                if not entry.is_dir(follow_symlinks=False):
                    Path(entry.path).unlink()
                    continue
                count += 1
                waiting.append(path / f".gump-{count}")
                Path(entry.path).rename(waiting[-1])
        if folder != path:
            folder.rmdir()
    path.rmdir()


def open_up(act: Callable[..., Any], path: str, why: tuple[Any, BaseException, Any]) -> None:
    """A folder that an agent has closed is opened and removed; what will not go, is said."""
    if isinstance(why[1], FileNotFoundError):
        return
    if act not in (os.open, os.scandir, os.unlink, os.rmdir, os.lstat):
        raise OSError(f"cannot remove {path}: {why[1]}")
    place = Path(path)
    for folder in (place.parent, place):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o700)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def empty_folder(tree: Path, path: str) -> None:
    """This folder is there, real and empty, whatever was in its place or its way."""
    make_folder(tree, str(Path(path).parent))
    remove(tree / path)
    (tree / path).mkdir()


def remove_all(tree: Path, paths: Collection[str], kept: Collection[str]) -> None:
    """These paths are gone, and the folders that are empty without them, but for those `kept`."""
    for path in paths:
        if leads_through_link(tree, path):
            continue
        remove(tree / path)
        drop_empty(tree, str(Path(path).parent), kept)


def drop_empty(tree: Path, folder: str, kept: Collection[str] = ()) -> None:
    """This folder and those above it, as far as nothing is in them."""
    while folder not in ("", ".", *kept):
        try:
            (tree / folder).rmdir()
        except OSError:
            return
        folder = str(Path(folder).parent)


def leads_through_link(tree: Path, path: str) -> bool:
    return any((tree / above).is_symlink() for above in Path(path).parents)


def make_folder(tree: Path, path: str) -> None:
    """This folder is there, and real: a link or file in its way is gone."""
    here = tree
    for part in Path(path).parts:
        here = here / part
        if here.is_symlink() or (here.exists() and not here.is_dir()):
            here.unlink()
        here.mkdir(exist_ok=True)
