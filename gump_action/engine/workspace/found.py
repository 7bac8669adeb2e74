"""What differs from HEAD in a checkout when a run begins, or when it takes in another HEAD."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gump_action.engine.workspace.folder import Taken, move_on, take_over_index
from gump_action.engine.workspace.incoming import without_files_of
from gump_action.engine.workspace.left import differing_from
from gump_action.engine.workspace.names import all_paths, all_shown
from gump_action.engine.workspace.output import OUT
from gump_action.engine.workspace.records import Opened
from gump_action.engine.workspace.source import Source
from gump_action.engine.workspace.tree import Tree
from gump_action.system import git_history
from gump_action.system.git_folder import Folder


def look_at_found(
    source: Source, folder: Folder, status: Sequence[tuple[str, str]], taken: Taken
) -> Opened:
    """What is there before the first step: found state as a snapshot, and what stays out of all."""
    untracked = [path for letters, path in status if letters == "??"]
    ignored = [path for letters, path in status if letters == "!!"]
    found = [path for letters, path in status if letters not in ("??", "!!")]
    start = source.head
    if found:
        folder.add_all(taken.submodules, known_only=True)
        tree = folder.write_tree()
        start = git_history.commit(folder.git, tree, [source.head], "found state")
        git_history.keep(folder.git, "refs/gump/found", start)
    return Opened(
        source.head, start, all_shown(found),
        all_shown([p for p in untracked if not is_output(p)]),
        all_shown([p for p in ignored if not is_output(p)]),
    )  # fmt: skip


def moved_to(source: Source, held: Tree, before: Opened, left: str | None) -> Opened:
    """What the run would stand on if it took in HEAD, with what differs from HEAD as found state.

    What the run itself has left in the tree is its work, and no found state.
    """
    folder = held.folder
    own = set[str]()
    if left:
        own = {*git_history.changed(folder.git, before.start, left)} - differing_from(held, left)
    move_on(source, folder)
    take_over_index(source, folder)
    status = [path for letters, path in folder.status() if letters not in ("??", "!!")]
    found = [path for path in status if path not in own]
    folder.read_tree(source.head)
    held.indexed_commit = ""
    start = make_found(folder, source.head, found) if found else source.head
    untracked, ignored = (
        all_shown(without_files_of(all_paths(paths), folder, source.head))
        for paths in (before.untracked, before.ignored)
    )
    earlier = (*before.earlier, before.base)
    return Opened(source.head, start, all_shown(found), untracked, ignored, earlier)


def make_found(folder: Folder, base: str, paths: Sequence[str]) -> str:
    """A snapshot of the base with these paths as they are in the tree."""
    there = [path for path in paths if is_there(folder.tree / path)]
    folder.drop([path for path in paths if path not in there])
    folder.add_files(there)
    return git_history.commit(folder.git, folder.write_tree(), [base], "found state")


def is_there(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def is_output(path: str) -> bool:
    return path.startswith(f"{OUT}/") or path == OUT
