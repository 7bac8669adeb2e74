"""The isolated workspace: a tree of the run's own in the state directory.

Agents have a git folder of their own there. It is made before each attempt and never read.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gump_action.engine.workspace.core import Core
from gump_action.engine.workspace.folder import (
    Taken,
    look_at_index,
    make_folder,
    move_on,
    take_over_index,
)
from gump_action.engine.workspace.incoming import look_at
from gump_action.engine.workspace.left import LeftAlone, collapsed, leave_alone
from gump_action.engine.workspace.names import all_shown, some
from gump_action.engine.workspace.records import Onto, Opened
from gump_action.engine.workspace.remove import empty_folder, remove
from gump_action.engine.workspace.share import link_shared, shared_paths, warn_of_environments
from gump_action.engine.workspace.source import Source, find_source, require_bases
from gump_action.engine.workspace.tree import LeftOut, Tree
from gump_action.errors import InputError
from gump_action.system import git_history
from gump_action.system.git_folder import Folder, configuration

AGENTS_GIT = "agents-git"  # what the `.git` of the tree is made from before each attempt


class Isolated(Core):
    """A tree of the run's own."""

    def __init__(self, source: Source, held: Tree, opened: Opened, shared: Sequence[str]) -> None:
        super().__init__(source, held, opened, ())
        self.pristine = held.folder.path.parent / AGENTS_GIT
        self.shared = tuple(shared)
        self.used = held.folder.path / "tree-used"
        self.is_new = not self.used.exists()

    def after_setup(self) -> None:
        """Files that setup commands added stay, and out of snapshots; the rest is put back."""
        _, added = self.held.differing()
        leave_alone(self.held, collapsed(self.folder, self.opened.start, added))
        self.held.undo(self.opened.start)

    def before_attempt(self) -> None:
        self.used.touch()
        self.lay_out()
        self.held.know_empty_folders()
        self.folder.see_unchanged()

    def lay_out(self) -> list[str]:
        """The agents' git folder is as on the first day, and so are the links to shared paths."""
        if not self.pristine.is_dir():  # the first time, or an agent has removed it
            make_agents_git(self.source, self.held, self.pristine, self.opened.base)
            lend_objects(self.source, self.folder, self.pristine)
        place = self.tree / ".git"
        remove(place)
        shutil.copytree(self.pristine, place, symlinks=True)
        return link_shared(self.source, self.tree, self.shared)

    def take_in(self) -> None:
        """Agents get the new base's history, with the run's work as changes to it."""
        super().take_in()
        self.folder.read_tree(self.opened.start)
        self.held.indexed_commit = ""
        submodules = look_at_index(self.folder).submodules
        self.held.left_out = replace(self.held.left_out, submodules=submodules)
        remove(self.pristine)
        self.lay_out()

    def after_attempt(self) -> tuple[str, ...]:
        """What agents left in folders of submodules, which are empty here, is gone."""
        self._have_a_folder()
        put_back = []
        for path in self.held.left_out.submodules:
            folder = self.tree / path
            if folder.is_symlink() or not folder.is_dir() or any(folder.iterdir()):
                empty_folder(self.tree, path)
                put_back.append(path)
        return tuple(f"submodule {path}: changes are not kept" for path in all_shown(put_back))

    def finish(self, commit: str | None) -> None:
        """The user's own files were never touched."""


def open_isolated(
    repo: Path,
    state: Path,
    recorded: Opened | None,
    onto: Onto | None = None,
    *,
    share: Sequence[str],
    env: Mapping[str, str],
) -> Isolated:
    """Refuses what one cannot build on, and makes the tree where it is missing."""
    source = find_source(repo, env)
    if source.is_partial:
        raise InputError(
            f"{source.top} is a partial clone: files that it lacks could not be had for a new tree",
            hint="Fetch all of it (git fetch --refetch --no-filter), or use --workspace checkout.",
        )
    state = state.resolve()
    shared = shared_paths(source, share)
    folder, notes = ready_folder(source, state, recorded, env)
    taken = look_at_index(folder)
    alone = LeftAlone(folder.path / "left-alone").paths()
    held = Tree(folder, LeftOut.of(shared, alone, submodules=taken.submodules))
    opened = recorded or Opened(base=source.head, start=source.head)
    made = Isolated(source, held, opened, shared)
    if onto and opened.base != source.head:
        made.incoming = look_at(folder.git, onto, moved_to(source, folder, opened))
    elif opened.base != source.head:
        notes.append(
            f"HEAD is {source.head[:12]} now; the run stays on {opened.base[:12]} "
            "(--take-in merges what came in)"
        )
    if made.is_new:
        make_tree(held, opened)
    if made.pristine.is_dir():
        lend_objects(source, folder, made.pristine)
    notes += made.lay_out() + warn_of_environments(source, shared, env)
    made.notes = (*notes, *submodule_notes(taken))
    return made


def ready_folder(
    source: Source, state: Path, recorded: Opened | None, env: Mapping[str, str]
) -> tuple[Folder, list[str]]:
    """The engine's git folder, made if need be; what the user should know."""
    folder, notes = Folder(state / "git", state / "tree", env), []
    folder.clear_locks()
    folder.borrow([source.objects])
    if recorded is not None:
        require_bases(source, [recorded.base, *recorded.earlier])
    if recorded is None or not folder.is_there or not git_history.has(folder.git, recorded.start):
        (state / "tree").mkdir(parents=True, exist_ok=True)
        folder = make_folder(source, state, state / "tree", env, recorded=recorded)
        notes += look_at_user(source, state, folder, env, is_first=recorded is None)
        remove(state / "tree")
        remove(state / AGENTS_GIT)
        (state / "tree").mkdir()
        folder.finish_making()
    return folder, notes


def moved_to(source: Source, folder: Folder, before: Opened) -> Opened:
    """What the run would stand on if it took in HEAD."""
    move_on(source, folder)
    return Opened(source.head, source.head, earlier=(*before.earlier, before.base))


def look_at_user(
    source: Source, state: Path, folder: Folder, env: Mapping[str, str], *, is_first: bool
) -> list[str]:
    """Takes the user's index over; refuses changed files, and says which ones are not seen."""
    users = Folder(folder.path, source.top, env)
    take_over_index(source, users)
    changed, untracked = [], []
    for letters, path in users.status() if is_first else ():
        if letters == "??" and not inside(source.top / path, state):
            untracked.append(path)
        elif letters not in ("??", "!!") and not path.startswith(".gump/"):
            changed.append(path)
    if changed:
        raise InputError(
            f"{source.top} has changed files, which the run would not see: {some(changed)}",
            hint="Commit or stash them, or work in the checkout itself (--workspace checkout).",
        )
    seen = [path for path in untracked if not path.startswith(".gump/")]
    return [f"untracked files are not seen by the run: {some(seen)}"] if seen else []


def inside(path: Path, folder: Path) -> bool:
    return folder == path or folder in path.parents or path in folder.parents


def submodule_notes(taken: Taken) -> list[str]:
    return [f"submodule {path} is empty in the isolated tree" for path in taken.submodules]


def make_tree(held: Tree, opened: Opened) -> None:
    """All files of the start, in an empty folder."""
    remove(held.root)
    held.root.mkdir(parents=True)
    held.folder.read_tree(opened.start)
    held.folder.write_all()
    held.indexed_commit = opened.start


def make_agents_git(source: Source, held: Tree, place: Path, base: str) -> None:
    """The git folder that agents get: history, branches and tags to read; no remote, no hooks."""
    folder, fresh = held.folder, place.with_name(place.name + ".new")
    remove(fresh)
    for part in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (fresh / part).mkdir(parents=True)
    (fresh / "config").write_text(configuration(source.object_format, agents_settings(source)))
    hidden = "".join(f"/{path.rstrip('/')}\n" for path in sorted(held.left_out.paths))
    old = folder.path / "info/exclude"
    (fresh / "info/exclude").write_text((old.read_text() if old.exists() else "") + hidden)
    for name in ("shallow", "index"):
        if (folder.path / name).exists():
            shutil.copy2(folder.path / name, fresh / name)
    refs = source.git.text("for-each-ref", "--format=%(objectname) %(refname)",
                           "refs/heads", "refs/remotes", "refs/tags")  # fmt: skip
    mine = [line for line in refs.splitlines() if not line.endswith(f" {source.branch}")]
    (fresh / "packed-refs").write_text("".join(f"{line}\n" for line in mine))
    head = base
    if source.branch:
        (fresh / source.branch).parent.mkdir(parents=True, exist_ok=True)
        (fresh / source.branch).write_text(f"{base}\n")
        head = f"ref: {source.branch}"
    (fresh / "HEAD").write_text(f"{head}\n")
    fresh.rename(place)


def lend_objects(source: Source, folder: Folder, place: Path) -> None:
    """Agents see the history; where it lies is said anew at each start."""
    text = f"{source.objects}\n{folder.path / 'objects'}\n"
    (place / "objects/info/alternates").write_text(text)


def agents_settings(source: Source) -> dict[str, str]:
    names = ("user.name", "user.email")
    who = {name: source.config[name][-1] for name in names if name in source.config}
    return {**source.settings, **who, "gc.auto": "0"}
