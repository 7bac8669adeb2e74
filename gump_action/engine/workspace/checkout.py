"""The checkout workspace: agents work in the user's checkout itself.

Only the tree counts. What an agent does to the repository's own files is put back from copies.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from gump_action.engine.workspace.core import Core
from gump_action.engine.workspace.folder import Taken, look_at_index, make_folder, take_over_index
from gump_action.engine.workspace.found import look_at_found, moved_to
from gump_action.engine.workspace.guard import Guard, Place, inode_of
from gump_action.engine.workspace.incoming import look_at
from gump_action.engine.workspace.left import LeftAlone, look_at_left
from gump_action.engine.workspace.names import all_paths, all_shown, some
from gump_action.engine.workspace.records import Onto, Opened
from gump_action.engine.workspace.said import what_was_put_back
from gump_action.engine.workspace.source import (
    FRESH,
    Source,
    credentials,
    find_source,
    require_bases,
)
from gump_action.engine.workspace.submodules import Submodule, find_submodules
from gump_action.engine.workspace.tree import LeftOut, Tree
from gump_action.errors import InputError, LostError
from gump_action.system import git_history
from gump_action.system.git_folder import Folder


class Checkout(Core):
    """The user's checkout, with a guard on its git folder."""

    guard: Guard
    submodules: Sequence[Submodule] = ()
    is_touched = False  # an agent may have been at work, and nothing was put back since
    inode = 0  # of the folder of objects, which nobody has removed while it stays the same

    def before_attempt(self) -> None:
        self.before_gates()
        self.held.know_empty_folders()
        self.folder.see_unchanged()

    def before_gates(self) -> None:
        self.guard.arm()
        self.is_touched = True

    def take_in(self) -> None:
        super().take_in()
        alone = LeftAlone(self.folder.path / "left-alone")
        self.folder.read_tree(self.opened.start)
        self.held.indexed_commit = ""
        self.held.left_out = left_out(self.opened, look_at_index(self.folder), alone)

    def after_attempt(self) -> tuple[str, ...]:
        self._have_a_folder()
        self.is_touched = False
        changed = self.guard.put_back()
        self._refuse_lost()
        hurt = [each.path for each in self.submodules if each.put_back()]
        lines = [f"submodule {path}: changes are not kept" for path in all_shown(hurt)]
        return (*what_was_put_back(changed), *lines)

    def _refuse_lost(self) -> None:
        if inode_of(self.source.objects) == self.inode:
            return
        for part in ("info", "pack"):  # without them it is no repository, and nothing helps it
            (self.source.objects / part).mkdir(parents=True, exist_ok=True)
        if not self.has(self.opened.base):
            raise self.lost_objects()

    def find_lost(self) -> LostError | None:
        places = [each.held.folder.path for each in self.submodules]
        gone = [place for place in places if not (place / "HEAD").is_file()]
        lost = self.lost_folder(gone[0]) if gone else None
        return super().find_lost() or self.guard.find_lost() or lost

    def publish(
        self,
        branch: str,
        commits: Sequence[tuple[str, str]],
        recorded: str = "",
        starts: Mapping[str, str] | None = None,
    ) -> str | None:
        self._calm()
        tip = super().publish(branch, commits, recorded, starts)
        self.guard.make()
        return tip

    def finish(self, commit: str | None) -> None:
        self._calm()
        self.go_back(commit or self.opened.start)
        self.drop_output_folder()

    def close(self) -> None:
        self._calm()

    def _calm(self) -> None:
        if self.is_touched and not self.guard.find_lost():
            self.after_attempt()
        self.guard.disarm()


def open_checkout(
    repo: Path,
    state: Path,
    recorded: Opened | None,
    onto: Onto | None = None,
    *,
    left: str | None,
    in_job: bool,
    env: Mapping[str, str],
) -> Checkout:
    """Looks at what is there, and compares it with what the run left."""
    state = state.resolve()
    notes = put_back_cut(repo, state, env)
    source = find_source(repo, env)
    refuse_place(source, state)
    if recorded is not None and recorded.base != source.head:
        refuse_moved(source, state, recorded, can_take=onto is not None, left=left)
    if recorded is not None:
        require_bases(source, {recorded.base, *recorded.earlier} - {source.head})
    held, opened = ready_tree(source, state, recorded, env)
    incoming = None
    if onto and opened.base != source.head:
        incoming = look_at(held.folder.git, onto, moved_to(source, held, opened, left))
    notes += first_notes(source, opened, is_first=recorded is None)
    if recorded is not None and left is not None and not (incoming and incoming.why):
        require(held.folder, left)
        new = incoming.opened if incoming else None
        notes += look_at_left(held, opened, left, in_job=in_job, incoming=new)
    made = Checkout(source, held, opened, notes)
    made.incoming = incoming
    places = guarded(source)
    made.guard = Guard(state / "guard", source.top, places)
    made.inode = inode_of(source.objects)
    submodules = state / "submodules"
    shutil.rmtree(submodules, ignore_errors=True)
    made.submodules = find_submodules(source, submodules, held.left_out.submodules, env)
    made.guard.make()
    return made


def refuse_moved(
    source: Source, state: Path, recorded: Opened, *, can_take: bool, left: str | None
) -> None:
    """A tree that is still as a killed agent left it cannot be told from what came in."""
    is_as_left = Folder(state / "git", source.top, {}).is_there and left is None
    if can_take and not is_as_left:
        return
    take = "" if can_take else "take the new one in with --take-in, "
    raise InputError(
        f"this run is built on {recorded.base}, but HEAD of {source.top} is {source.head}",
        hint=f"Check out {recorded.base[:12]}, {take}or {FRESH}.",
    )


def put_back_cut(repo: Path, state: Path, env: Mapping[str, str]) -> list[str]:
    """Puts back what an agent did whose engine was killed, before git is asked anything."""
    guard = Guard.find(state / "guard")
    here = repo.resolve()
    if guard is None or not guard.is_armed or guard.top not in (here, *here.parents):
        return []
    aside = state / "set-aside"
    shutil.rmtree(aside, ignore_errors=True)
    said = what_was_put_back(guard.put_back(aside))
    for place in sorted((state / "submodules").glob("*")):
        kept = Submodule.find(place, guard.top, env)
        if kept is not None and kept.put_back():
            said = (*said, f"submodule {kept.path}: changes are not kept")
    guard.disarm()
    return [f"the last attempt was cut: {line} (what was there is in {aside})" for line in said]


def refuse_place(source: Source, state: Path) -> None:
    if state == source.top or source.top in state.parents:
        raise InputError(
            f"the state directory {state} lies inside the checkout {source.top}, where an agent's "
            "`git clean -fdx` would take it along",
            hint="Name a place outside with --state, or leave it out.",
        )


def ready_tree(
    source: Source, state: Path, recorded: Opened | None, env: Mapping[str, str]
) -> tuple[Tree, Opened]:
    """The engine's git folder over the checkout, and what the run was opened on."""
    folder = Folder(state / "git", source.top, env)
    folder.clear_locks()
    folder.borrow([source.objects])
    alone = LeftAlone(folder.path / "left-alone")
    if recorded is not None and folder.is_there and git_history.has(folder.git, recorded.start):
        return Tree(folder, left_out(recorded, look_at_index(folder), alone)), recorded
    folder = make_folder(source, state, source.top, env, recorded=recorded)
    taken = take_over_index(source, folder)
    status = folder.status()
    if recorded is None:
        opened = look_at_found(source, folder, status, taken)
    else:
        opened = recorded
        require(folder, recorded.start)
        alone.add_unknown(folder, status, recorded)
    folder.finish_making()
    return Tree(folder, left_out(opened, taken, alone)), opened


def require(folder: Folder, snapshot: str) -> None:
    if not git_history.has(folder.git, snapshot):
        raise InputError(
            f"the snapshot {snapshot} of this run is no longer there, so it cannot go on",
            hint=f"Unpack the run's state again, or {FRESH}.",
        )


def left_out(opened: Opened, taken: Taken, alone: LeftAlone) -> LeftOut:
    lists = (all_paths(opened.untracked), all_paths(opened.ignored), alone.paths())
    return LeftOut.of(*lists, submodules=taken.submodules)


def first_notes(source: Source, opened: Opened, *, is_first: bool) -> list[str]:
    notes = []
    if is_first and opened.found:
        notes.append(f"changed before the run, and so in no diff of it: {some(opened.found)}")
    names = credentials(source)
    if names:
        notes.append(
            f"git's configuration here hands credentials to agents ({', '.join(names)}): "
            "use `persist-credentials: false` with actions/checkout, or take them out"
        )
    return notes


def guarded(source: Source) -> list[Place]:
    """All places whose content is put back after an agent."""
    places = [Place(source.own, "git")]
    if source.common != source.own:
        places.append(Place(source.common, "common"))
    places.append(Place(source.objects / "info/alternates", "alternates"))
    if (source.top / ".git").is_file():
        places.append(Place(source.top / ".git", "link"))
    return places
