"""Puts the instruction files of a checkout to a base commit's, in the working tree alone.

HEAD and index stay, so that a run which is opened after this takes the difference for its found
state: agents see it, and no diff and no result has it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gump_action.engine.instructions import LINK, Base, Change, Swap, plan_swap
from gump_action.engine.workspace.names import some
from gump_action.engine.workspace.remove import drop_empty, leads_through_link, make_folder, remove
from gump_action.engine.workspace.source import find_source
from gump_action.errors import InputError
from gump_action.system import git_history, git_trees
from gump_action.system.git import Git


@dataclass(frozen=True)
class Swapped:
    """What was done, by path. `submodules` differ from the base, and were not looked into."""

    taken: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()

    def lines(self, base: str) -> tuple[str, ...]:
        """For the log: what agents get to see of another commit than the one that runs."""
        parts = (
            (self.taken, f"instruction files as in the base {base[:12]}"),
            (self.removed, f"instruction files that the base {base[:12]} lacks, taken away"),
            (self.submodules, "submodules that differ from the base, not looked into"),
        )
        return tuple(f"{said}: {some(paths)}" for paths, said in parts if paths)


@dataclass(frozen=True)
class BaseMissing:
    """Nothing was done: this commit, or files of it, are not here. `git_fetch` brings them."""

    commit: str


def swap_instructions(
    checkout: Path, base: str, env: Mapping[str, str], *, also: Collection[str] = ()
) -> Swapped | BaseMissing:
    """The instruction files are those of the commit `base`; what the checkout has besides is gone.

    `also` are further files and folders that count, from the top. Done again, it does the same.
    """
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", base):
        raise InputError(f"{base!r} is no commit, so no instruction files can be taken from it.")
    source = find_source(checkout, env)
    if not git_history.has(source.git, base):
        return BaseMissing(base)
    files = {file.path: file for file in git_trees.files(source.git, base)}
    links = _held(source.git, [file for file in files.values() if file.mode == LINK])
    if links is None:
        return BaseMissing(base)
    swap = _plan(source.git, source.head, files, links, base=base, also=also)
    held = _held(source.git, [files[path] for path in swap.take])
    if held is None:
        return BaseMissing(base)
    for path in swap.remove:
        _remove(source.top, path)
    for path in swap.take:
        _write(source.top / path, source.top, files[path].mode, held[path])
    return Swapped(swap.take, swap.remove, swap.submodules)


def _held(git: Git, files: Collection[git_trees.File]) -> dict[str, bytes] | None:
    """What these files hold, by path; None where something is not here."""
    found = git_trees.contents(git, [file.id for file in files])
    if any(file.id not in found for file in files):
        return None
    return {file.path: found[file.id] for file in files}


def _plan(
    git: Git,
    head: str,
    files: Mapping[str, git_trees.File],
    links: Mapping[str, bytes],
    *,
    base: str,
    also: Collection[str],
) -> Swap:
    differing = git_trees.differences(git, base, head)
    changes = [Change(each.path, each.old_mode, each.new_mode) for each in differing]
    leading = {path: os.fsdecode(target) for path, target in links.items()}
    modes = {path: file.mode for path, file in files.items()}
    return plan_swap(changes, Base(modes, leading), also)


def _remove(top: Path, path: str) -> None:
    if leads_through_link(top, path):  # it is not there, but at another place
        return
    remove(top / path)
    drop_empty(top, str(Path(path).parent))


def _write(path: Path, top: Path, mode: str, content: bytes) -> None:
    """The file as the base has it, through no link: one that is in the way is gone."""
    make_folder(top, str(path.parent.relative_to(top)))
    remove(path)
    if mode == LINK:
        path.symlink_to(os.fsdecode(content))
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o777 if mode == "100755" else 0o666), "wb") as file:
        file.write(content)
