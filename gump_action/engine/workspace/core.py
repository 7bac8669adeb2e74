"""What both workspaces do in the same way, over a tree, the user's repository and the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gump_action.engine.workspace import incoming, output
from gump_action.engine.workspace.names import all_shown, shown
from gump_action.engine.workspace.publish import Branch, keep_result, make_result, publish
from gump_action.engine.workspace.records import Incoming, Opened, Snapshot
from gump_action.engine.workspace.remove import remove
from gump_action.engine.workspace.source import Source
from gump_action.engine.workspace.tree import Tree
from gump_action.errors import LostError
from gump_action.system import git_history
from gump_action.system.git_folder import Folder
from gump_action.system.git_history import Comparison


class Core:
    """A workspace, less what an agent can do to git."""

    def __init__(self, source: Source, held: Tree, opened: Opened, notes: Sequence[str]) -> None:
        self.source, self.held, self.opened = source, held, opened
        self.notes = tuple(notes)
        self.is_new = False
        self.incoming: Incoming | None = None

    @property
    def tree(self) -> Path:
        return self.held.root

    @property
    def folder(self) -> Folder:
        return self.held.folder

    def snapshot(self, parent: str, message: str, ref: str) -> Snapshot:
        self._have_a_folder()
        return self.held.snapshot(parent, message, ref)

    def _have_a_folder(self) -> None:
        """An agent or a gate may have removed the tree as a whole: then all its files are gone.

        What a link leads to is not the tree: it may be anybody's.
        """
        if self.tree.is_symlink() or not self.tree.is_dir():
            remove(self.tree)
            self.tree.mkdir(parents=True)

    def go_back(self, commit: str) -> None:
        self._have_a_folder()
        self.held.go_back(commit)

    def undo(self, commit: str) -> tuple[str, ...]:
        self._have_a_folder()
        return all_shown(self.held.undo(commit))

    def compare(self, old: str, new: str) -> Comparison:
        found = git_history.compare(self.folder.git, old, new)
        files = (name if name.startswith('"') else shown(name) for name in found.files)
        return Comparison(found.patch, tuple(files))

    def changed_files(self, old: str, new: str) -> tuple[str, ...]:
        self._have_a_folder()
        return all_shown(git_history.changed(self.folder.git, old, new))

    def matching(self, old: str, new: str, glob: str) -> tuple[str, ...]:
        """By git's pathspecs: `*` crosses folders, and `**/` also stands for none."""
        self._have_a_folder()
        both = [glob] if glob.startswith(":") else [glob, f":(glob){glob}"]
        return all_shown(git_history.changed(self.folder.git, old, new, both))

    def has(self, commit: str) -> bool:
        self._have_a_folder()
        return git_history.has(self.folder.git, commit)

    def find_lost(self) -> LostError | None:
        """What was taken away from under the run, where something was."""
        if not (self.folder.path / "HEAD").is_file() or not self.folder.is_there:
            return self.lost_folder(self.folder.path)
        return None if self.has(self.opened.base) else self.lost_objects()

    def lost_folder(self, place: Path) -> LostError:
        return LostError(
            f"the engine's own git folder {place} was removed, and what this run kept in it; "
            f"{self.tree} is as it was left.",
            hint="Take from there what you need, and run with --fresh.",
        )

    def lost_objects(self) -> LostError:
        return LostError(
            f"objects in {self.source.objects} were removed, and {self.opened.base[:12]}, which "
            f"the run is built on, is gone with them; the files in {self.tree} are as they were "
            "left.",
            hint="Take from there what you need. Then fetch what is missing (git fetch --refetch "
            "origin) or clone anew, and run with --fresh.",
        )

    def fresh_output_folder(self) -> None:
        output.fresh_output_folder(self.tree)

    def read_output(self, name: str, limit: int) -> bytes | None:
        return output.read_output(self.tree, name, limit)

    def drop_output_folder(self) -> None:
        output.drop_output_folder(self.tree)

    def publish(
        self,
        branch: str,
        commits: Sequence[tuple[str, str]],
        recorded: str = "",
        starts: Mapping[str, str] | None = None,
    ) -> str | None:
        result = make_result(self.folder.git, self.opened, commits, starts or {})
        keep_result(self.folder.git, result.tip, self.opened.base)
        wanted = Branch(branch, result.tip, self.opened.base, recorded)
        left_alone = publish(self.source, self.folder, wanted)
        if left_alone:
            self.notes += (left_alone,)
            return None
        if result.unmerged:
            files = ", ".join(result.unmerged)
            self.notes += (
                f"changed before the run and by it, and not to be told apart: {files}; "
                f"the branch {branch} has them as the run left them",
            )
        return result.tip

    def take_in(self) -> None:
        assert self.incoming, "the workspace was opened on a HEAD that has moved"
        self.opened, self.incoming = self.incoming.opened, None
        incoming.keep_bases(self.folder.git, [self.opened.base, *self.opened.earlier])
        if self.opened.start != self.opened.base:
            git_history.keep(self.folder.git, f"{incoming.TAKEN}/start", self.opened.start)

    def merge_in(self, snapshot: str, start: str) -> str | None:
        return incoming.merge_in(self.folder.git, snapshot, start, self.opened.start)

    def bundle(self, path: Path) -> bool:
        return git_history.bundle(self.folder.git, path, self.opened.base)

    def unbundle(self, path: Path) -> None:
        git_history.unbundle(self.folder.git, path)

    def before_gates(self) -> None:
        """Nothing is guarded: agents and gates have a git folder of their own."""

    def after_setup(self) -> None:
        """Nothing was set up: that is for trees that are new."""

    def close(self) -> None:
        """Nothing is held open between calls."""
