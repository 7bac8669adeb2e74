"""A checkout between two starts of a run: what others have changed there since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from gump_action.engine.workspace.names import covers, some
from gump_action.engine.workspace.records import Opened
from gump_action.engine.workspace.tree import LeftOut, Tree
from gump_action.errors import InputError
from gump_action.system import git_history
from gump_action.system.git import listed, names
from gump_action.system.git_folder import Folder


class LeftAlone:
    """Untracked and ignored paths of this machine that the record, made elsewhere, lacks."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def paths(self) -> list[str]:
        return names(self.file.read_bytes()) if self.file.exists() else []

    def add(self, paths: Collection[str]) -> None:
        known = self.paths()
        self.file.write_bytes(listed([*known, *(p for p in paths if p not in known)]))

    def add_unknown(
        self, folder: Folder, status: Sequence[tuple[str, str]], recorded: Opened
    ) -> None:
        """What is ignored on a new machine, unless the run has files of its own there."""
        theirs = {path for letters, path in status if letters == "!!"}
        for commit in git_history.refs(folder.git).values():
            files = git_history.files_of(folder.git, commit)
            theirs = {p for p in theirs if not any(covers({p}, file) for file in files)}
        self.add(sorted(theirs))


def look_at_left(
    held: Tree, opened: Opened, left: str, *, in_job: bool, incoming: Opened | None = None
) -> list[str]:
    """The tree is put to what the run left; what others have changed since is refused, or said.

    Where HEAD has moved the files may be of what is `incoming`, and to its start the tree is put:
    only then does the next start, should this one be killed, find the same differences from HEAD.
    """
    to, more = (incoming.start, {incoming.start, incoming.base}) if incoming else (left, set[str]())
    held.folder.read_tree(left)
    differing = differing_from(held, left)
    if not differing and to == left:
        held.indexed_commit = left
        return []
    known = set[str]()
    for commit in {left, opened.start, opened.base, *more}:
        known |= git_history.files_of(held.folder.git, commit)
    notes = leave_alone(held, sorted(differing - known))
    differing &= known
    for commit in {opened.start, opened.base, *more} - {left}:
        if differing:  # a file as it was before the run holds nobody's work
            differing &= differing_from(held, commit)
    if differing and not in_job:
        raise InputError(
            f"{held.root} was changed since the run left it: {some(sorted(differing))}",
            hint="Commit or undo these changes elsewhere, or run with --fresh to start anew.",
        )
    if differing:
        files = some(sorted(differing))
        notes.append(f"changed since the run left it, and put to the run's record: {files}")
    held.go_back(to)
    return notes


def collapsed(folder: Folder, commit: str, paths: Sequence[str]) -> list[str]:
    """These paths, those in folders without any file of the commit as the folder (`a/b/`)."""
    files = git_history.files_of(folder.git, commit)
    known = {str(above) for file in files for above in Path(file).parents}
    found: dict[str, None] = {}
    for path in paths:
        above = [str(each) for each in reversed(Path(path).parents)]
        outermost = next((each for each in above if each not in known), None)
        found[f"{outermost}/" if outermost else path] = None
    return list(found)


def differing_from(held: Tree, commit: str) -> set[str]:
    held.folder.read_tree(commit)
    known, unknown = held.differing()
    return {*known, *unknown}


def leave_alone(held: Tree, paths: Sequence[str]) -> list[str]:
    """Files that came from elsewhere stay where they are, and out of snapshots."""
    if not paths:
        return []
    LeftAlone(held.folder.path / "left-alone").add(paths)
    held.left_out = LeftOut(held.left_out.paths | set(paths), held.left_out.submodules)
    return [f"untracked files that came since the run's start are left alone: {some(paths)}"]
