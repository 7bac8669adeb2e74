"""A working tree with the engine's git folder beside it: snapshots of it, and the way back to them.

Git looks at the tree once for a snapshot and once after gates. What it must not see is found by our
own walk before, and left out by pathspecs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from gump_action.engine.workspace.names import covers, shown
from gump_action.engine.workspace.output import OUT
from gump_action.engine.workspace.records import Snapshot
from gump_action.engine.workspace.remove import drop_empty, remove_all
from gump_action.engine.workspace.walk import Seen, files_below, walk
from gump_action.errors import CommandError
from gump_action.system import git_history
from gump_action.system.git_folder import Folder

READ_BY_GIT = frozenset({".gitignore", ".gitattributes", ".gitmodules"})
FEW = 40  # so many pathspecs cost git nothing; each of them is compared with each file
TOP = 100  # characters that name a folder whose whole path is thousands long
ROUNDS = 5  # an ignore file that is put back brings files to light, and so on


@dataclass(frozen=True)
class LeftOut:
    """What stays out of snapshots and is never touched: files, and folders with a last slash."""

    paths: frozenset[str]
    submodules: tuple[str, ...] = ()

    @classmethod
    def of(cls, *lists: Collection[str], submodules: Collection[str] = ()) -> LeftOut:
        paths = frozenset(path for some in lists for path in some) | {f"{OUT}/"}
        return cls(paths, tuple(submodules))

    @property
    def folders(self) -> set[str]:
        folders = {path for path in self.paths if path.endswith("/")}
        return folders | {f"{path}/" for path in self.submodules}


class Tree:
    """Takes snapshots of `folder.tree`, and puts them back."""

    def __init__(self, folder: Folder, left_out: LeftOut) -> None:
        self.folder, self.left_out = folder, left_out
        self.root = folder.tree
        self.indexed_commit = ""  # what the index is known to hold
        self.empty: frozenset[str] | None = None  # folders that were empty before any agent came
        self.nested: frozenset[str] = frozenset()  # repositories of agents, by the last snapshot

    # --- snapshots ---------------------------------------------------------------------------

    def snapshot(self, parent: str, message: str, ref: str) -> Snapshot:
        complaints = self.take_in()
        git = self.folder.git
        tree = self.folder.write_tree()
        made = git_history.commit(git, tree, [parent], message)
        git_history.keep(git, f"refs/gump/{git_history.ref_name(ref)}", made)
        self.indexed_commit = made
        return Snapshot(made, tree, tuple(complaints))

    def take_in(self) -> list[str]:
        """The tree as it is into the index; what git says of files that would not go in."""
        seen = self.walk()
        hidden = [*self.left_out.submodules, *seen.nested, *seen.special]
        complaints = self.take_in_seen(hidden)
        self.folder.drop(seen.special)
        complaints += self.take_in_nested(seen.nested)
        self.nested = frozenset(seen.nested)
        return complaints + self.too_deep(seen)

    def too_deep(self, seen: Seen) -> list[str]:
        """Lines on folders that git leaves out without a word; an ignored one is no loss."""
        tops = {path[:TOP].rpartition("/")[0] for path in self.ours(seen.deep, ())}
        ignored = self.folder.ignored([f"{top}/" for top in tops])
        left_out = [top for top in sorted(tops) if f"{top}/" not in ignored]
        return [f"{shown(top)}/… leads deeper than paths can be long" for top in left_out]

    def take_in_seen(self, hidden: Collection[str]) -> list[str]:
        """What git may look at itself."""
        if len(self.left_out.paths) + len(hidden) <= FEW:
            try:
                return self.folder.add_all([*self.left_out.paths, *hidden])
            except CommandError:  # somebody is at work in the tree; file by file it can be done
                pass
        complaints = self.folder.add_all(hidden, known_only=True)
        _, unknown = self.folder.differing(hidden)
        return complaints + self.folder.add_files(self.ours(unknown, hidden))

    def take_in_nested(self, nested: Collection[str]) -> list[str]:
        """Files of repositories that agents made, as plain files."""
        if not nested:
            return []
        present = self.ours(files_below(self.root, nested), self.left_out.submodules)
        kept = set(present) - self.folder.ignored(present)
        gone = set(self.folder.indexed(nested)) - set(present)
        self.folder.drop(sorted(gone))
        return self.folder.add_files(sorted(kept))

    def walk(self) -> Seen:
        seen = walk(self.root, self.left_out.folders)
        for path in seen.special:
            if (
                path.rpartition("/")[2] in READ_BY_GIT
            ):  # git would wait for a pipe's writer for ever
                (self.root / path).unlink(missing_ok=True)
        if not seen.special:
            return seen
        return replace(seen, special=tuple(self.ours(seen.special, ())))

    def ours(self, paths: Collection[str], hidden: Collection[str]) -> list[str]:
        """Those paths that belong into a snapshot."""
        out = self.left_out.paths | {f"{path}/" for path in hidden}
        return [path for path in paths if not covers(out, path)]

    # --- going back --------------------------------------------------------------------------

    def go_back(self, commit: str) -> tuple[str, ...]:
        """The tree is exactly this commit, ignored files aside; the paths that were not."""
        self.folder.read_tree(commit)
        self.indexed_commit = commit
        self.nested = frozenset()
        changed = self.settle()
        self.drop_empty_folders()
        return changed

    def undo(self, commit: str) -> tuple[str, ...]:
        """As `go_back`, but repositories that agents made before the last snapshot stay."""
        if self.indexed_commit != commit:
            return self.go_back(commit)
        return self.settle()

    def know_empty_folders(self) -> None:
        if self.empty is None:
            self.empty = frozenset(self.walk().empty)

    def drop_empty_folders(self) -> None:
        """Git knows no empty folders; those that agents made go, unless they are ignored."""
        if self.empty is None:
            return
        fresh = [path for path in self.walk().empty if path not in self.empty]
        ignored = self.folder.ignored([f"{path}/" for path in fresh])
        for path in fresh:
            if f"{path}/" not in ignored:
                drop_empty(self.root, path, self.empty)

    def settle(self) -> tuple[str, ...]:
        """Puts back what the index holds, until nothing differs."""
        changed: dict[str, None] = {}
        said = ""
        for _ in range(ROUNDS):
            known, unknown = self.differing()
            if not known and not unknown:
                return tuple(sorted(changed))
            changed |= dict.fromkeys([*unknown, *known])
            remove_all(self.root, unknown, self.empty or ())
            said = self.folder.write_files(known)
        if said:
            raise CommandError(["git", "checkout-index"], 1, said)
        return tuple(sorted(changed))  # somebody keeps writing there, faster than we can undo it

    def differing(self) -> tuple[list[str], list[str]]:
        """Known files that differ, and paths that the index does not know."""
        seen = self.walk()
        hidden = [*self.left_out.submodules, *seen.nested]
        few = [*hidden, *self.left_out.paths]
        known, unknown = self.folder.differing(few if len(few) <= FEW else hidden)
        known += self.folder.differing_known(seen.nested)
        unknown = [path for path in self.ours(unknown, hidden) if not path.endswith("/")]
        return known, unknown + self.unknown_beside_git(seen)

    def unknown_beside_git(self, seen: Seen) -> list[str]:
        """What only our own walk sees: nested repositories, special files."""
        if not seen.nested and not seen.special:
            return []
        fresh = [path for path in seen.nested if path not in self.nested]
        files = self.ours(files_below(self.root, seen.nested), self.left_out.submodules)
        strange = [*files, *seen.special, *fresh]
        indexed = set(self.folder.indexed(seen.nested))
        unknown = set(strange) - indexed - self.folder.ignored(strange)
        return sorted(self.spare(unknown, indexed, fresh))

    def spare(
        self, unknown: Collection[str], indexed: Collection[str], fresh: Collection[str]
    ) -> set[str]:
        """As `unknown`, but of a repository that holds files of the index only its `.git` goes."""
        holding = [f for f in fresh if any(path.startswith(f"{f}/") for path in indexed)]
        spared = set(unknown) - set(holding)
        return spared | {f"{path}/.git" for path in holding if path in unknown}
