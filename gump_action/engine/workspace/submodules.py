"""Submodules of a checkout: what agents change in them is put back; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gump_action.engine.workspace.folder import copy_if_there, look_at_index, submodules_of
from gump_action.engine.workspace.remove import empty_folder
from gump_action.engine.workspace.source import Source, lfs_settings
from gump_action.engine.workspace.tree import LeftOut, Tree
from gump_action.system import git_history
from gump_action.system.git import encoded, name_of
from gump_action.system.git_folder import Folder


class Submodule:
    """One submodule that is checked out, with a snapshot of it as this start found it."""

    def __init__(self, path: str, held: Tree, commit: str) -> None:
        self.path, self.held, self.commit = path, held, commit

    @classmethod
    def find(cls, place: Path, top: Path, env: Mapping[str, str]) -> Submodule | None:
        """What an earlier start kept in this place."""
        kept = place / "kept"
        if not kept.exists():
            return None
        commit, _, path = name_of(kept.read_bytes()).partition(" ")
        folder = Folder(place, top / path, env)
        folder.tree.mkdir(parents=True, exist_ok=True)
        inner = submodules_of(folder.entries())
        return cls(path, Tree(folder, LeftOut.of(submodules=inner)), commit)

    def keep(self) -> None:
        """For the next start, should this one be killed while an agent works."""
        (self.held.folder.path / "kept").write_bytes(encoded(f"{self.commit} {self.path}"))

    def put_back(self) -> bool:
        """Whether an agent had changed something in it."""
        root = self.held.root
        if root.is_symlink() or not root.is_dir():
            empty_folder(root.parents[len(Path(self.path).parts) - 1], self.path)
        return bool(self.held.undo(self.commit))


def git_folder_of(tree: Path) -> Path | None:
    """The git folder of a submodule, where it is checked out."""
    link = tree / ".git"
    if link.is_symlink():
        return None
    if link.is_file():
        place = (tree / link.read_text().removeprefix("gitdir:").strip()).resolve()
        return place if place.is_dir() else None
    return link if link.is_dir() else None


def find_submodules(
    source: Source, state: Path, paths: tuple[str, ...], env: Mapping[str, str]
) -> list[Submodule]:
    """All that are checked out, also those of submodules."""
    found: list[Submodule] = []
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        own = git_folder_of(source.top / path)
        if own is None:
            continue
        held = hold(source, state / str(len(found)), own, path, env=env)
        waiting += [f"{path}/{below}" for below in held.left_out.submodules]
        held.take_in()
        tree = held.folder.write_tree()
        held.indexed_commit = git_history.commit(held.folder.git, tree, [], "as it was found")
        found.append(Submodule(path, held, held.indexed_commit))
        found[-1].keep()
    return found


def hold(source: Source, place: Path, own: Path, path: str, *, env: Mapping[str, str]) -> Tree:
    """A git folder of ours over the submodule's tree; its own is only read."""
    folder = Folder(place, source.top / path, env)
    settings = {**source.settings, **lfs_settings(env)}
    folder.make([own / "objects"], source.object_format, settings)
    copy_if_there(own / "info/exclude", place / "info/exclude")
    copy_if_there(own / "index", folder.index)
    taken = look_at_index(folder)
    return Tree(folder, LeftOut.of(submodules=taken.submodules))
