"""A base that has moved: what came in is merged into snapshots, three ways, in objects alone."""

from __future__ import annotations

from collections.abc import Collection

from gump_action.engine.workspace.names import some
from gump_action.engine.workspace.records import Incoming, Onto, Opened
from gump_action.errors import CommandError
from gump_action.system import git_history
from gump_action.system.git import Git
from gump_action.system.git_folder import Folder

BASES = "refs/bases"
"""In the engine's folder: the commits of others that snapshots are over, so in no bundle."""
TAKEN = "refs/gump/taken"


def keep_bases(git: Git, commits: Collection[str]) -> None:
    """What a bundle of snapshots asks for, and leaves out."""
    for commit in commits:
        git_history.keep(git, f"{BASES}/{commit}", commit)


def look_at(git: Git, onto: Onto, opened: Opened) -> Incoming:
    """Whether the run's head merges with what is to be taken in."""
    if onto.head == onto.start:
        return Incoming(opened)
    try:
        _, clash = merged(git, onto.head, onto.start, opened.start)
    except CommandError as why:
        return Incoming(opened, why.tail.strip() or str(why))
    return Incoming(opened, f"conflicts in {some(clash)}" if clash else "")


def merged(git: Git, snapshot: str, start: str, onto: str) -> tuple[str, tuple[str, ...]]:
    """The tree of a snapshot over `start` with what `onto` has instead; what does not merge."""
    seen = git_history.details(git, [start, snapshot, onto])
    return git_history.merge(git, *(seen[each].tree for each in (start, snapshot, onto)))


def merge_in(git: Git, snapshot: str, start: str, onto: str) -> str | None:
    """As a commit on both, which is kept; None where they do not merge cleanly."""
    try:
        tree, clash = merged(git, snapshot, start, onto)
    except CommandError:  # a partial clone lacks what it would have to look into
        return None
    if clash:
        return None
    made = git_history.commit(git, tree, [snapshot, onto], "gump: what came in")
    git_history.keep(git, f"{TAKEN}/{snapshot}", made)
    return made


def without_files_of(paths: Collection[str], folder: Folder, base: str) -> tuple[str, ...]:
    """Those of these paths (`a`, `b/`) that hold no file of the commit: what it brings is ours."""
    files = git_history.files_of(folder.git, base)
    above = {file[: n + 1] for file in files for n, sign in enumerate(file) if sign == "/"}
    return tuple(path for path in paths if path not in files and path not in above)
