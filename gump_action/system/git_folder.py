"""A git folder of our own over somebody's working tree: its index, and what the tree differs in.

Objects are borrowed from other folders. The index is ours, so that nobody else's is ever written.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gump_action.system.git import ALONE, DURABLE, Git, listed, name_of, names

# The names under which what we write is signed: never the user's.
WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "gump-action"), ("EMAIL", "gump-action@localhost"))
}
TRIES = 4
AS_THEY_ARE = "* -text -eol -ident -filter -working-tree-encoding\n"


@dataclass(frozen=True)
class Entry:
    """One line of an index."""

    path: str
    mode: str
    tag: str  # git's letter: S for skip-worktree, small for assume-unchanged

    @property
    def is_submodule(self) -> bool:
        return self.mode == "160000"


class Folder:
    """The engine's git folder at `path`, looking at `tree`."""

    def __init__(self, path: Path, tree: Path, env: Mapping[str, str]) -> None:
        self.path, self.tree = path, tree
        own = {"GIT_DIR": str(path), "GIT_WORK_TREE": str(tree), **ALONE, **WHO}
        # HOME too: an ignore file that an agent writes into the real one must not reach us.
        home = {"HOME": str(path), "XDG_CONFIG_HOME": str(path / "none")}
        self.git = Git(tree, {**env, **home}).with_env(**own)
        self.index = path / "index"

    @property
    def is_there(self) -> bool:
        return (self.path / "whole").is_file()

    @property
    def is_sparse(self) -> bool:
        return (self.path / "sparse").exists()

    def make(
        self, objects: Sequence[Path], object_format: str, settings: Mapping[str, str]
    ) -> None:
        """A new folder, not whole before `finish_making`."""
        shutil.rmtree(self.path, ignore_errors=True)
        for part in ("objects/info", "objects/pack", "refs/gump", "info"):
            (self.path / part).mkdir(parents=True)
        self.borrow(objects)
        (self.path / "config").write_text(configuration(object_format, {**settings, **DURABLE}))
        (self.path / "HEAD").write_text("ref: refs/heads/none\n")

    def borrow(self, objects: Sequence[Path]) -> None:
        """Whose objects are used too; said anew at each start, for repositories are moved."""
        text = "".join(f"{folder}\n" for folder in objects)
        place = self.path / "objects/info/alternates"
        if place.parent.is_dir():
            place.write_text(text)

    def clear_locks(self) -> None:
        """Locks that a killed git left here; nobody else works in this folder."""
        for lock in (*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")):
            lock.unlink(missing_ok=True)

    def finish_making(self) -> None:
        (self.path / "whole").touch()

    # --- the index ---------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        out = self.git.run("ls-files", "-s", "-v", "-z")
        found = []
        for line in out.split(b"\0")[:-1]:
            words, _, path = line.partition(b"\t")
            tag, mode = words.decode().split(" ")[:2]
            found.append(Entry(name_of(path), mode, tag))
        return found

    def read_tree(self, commit: str) -> None:
        """The index becomes this commit; what is known of unchanged files is kept."""
        self.git.run("read-tree", "--reset", commit)

    def write_tree(self) -> str:
        return self.git.text("write-tree", "--missing-ok")

    def add_all(self, left_out: Collection[str], *, known_only: bool = False) -> list[str]:
        """All of the tree into the index, except these paths; complaints about some files."""
        words = [*self._sparse(), "add", "-u" if known_only else "-A", "--ignore-errors"]
        words += ["--sparse"] if self.is_sparse else []
        words += ["--", ".", *excluded(left_out)]
        said = self._try_adding(words)
        if said is None:
            said = self._add_as_they_are(words)
        return [line for line in said.splitlines() if line.startswith(("error: ", "warning: "))]

    def _try_adding(self, words: Sequence[str]) -> str | None:
        """What git said; nothing where it gave up. It does when a file vanishes before its eyes."""
        for _ in range(TRIES):
            code, _, said = self.git.try_run(*words)
            if code in (0, 1):
                return said if code else ""
        return None

    def _add_as_they_are(self, words: Sequence[str]) -> str:
        # An attribute that an agent wrote (`working-tree-encoding`, say) cannot be obeyed.
        attributes = self.path / "info/attributes"
        before = attributes.read_bytes() if attributes.exists() else b""
        attributes.write_bytes(before + b"\n" + AS_THEY_ARE.encode())
        try:
            said = self._try_adding(words) or self.git.try_run(*words, ok=(0, 1))[2]
        finally:
            attributes.write_bytes(before)
        return f"warning: files were taken as they are, since attributes failed\n{said}"

    def add_files(self, paths: Collection[str]) -> list[str]:
        """These files into the index, wherever they lie; complaints about some of them."""
        refused: list[str] = []
        for last in (*range(2 * TRIES), None):
            if not paths:
                break
            words = ("update-index", "--add", "--replace", "-z", "--stdin")
            ok = (0,) if last is None else None
            code, _, _ = self.git.try_run(*words, stdin=listed(paths), ok=ok)
            if code == 0:
                break
            good = [path for path in paths if is_readable(self.tree / path)]
            refused += [path for path in paths if path not in set(good)]
            paths = good
        return [f"error: {path} is gone or cannot be read" for path in refused]

    def drop(self, paths: Collection[str]) -> None:
        """These paths out of the index; the tree keeps them."""
        if paths:
            self.git.run("update-index", "--force-remove", "-z", "--stdin", stdin=listed(paths))

    def indexed(self, under: Collection[str]) -> list[str]:
        """What the index holds below these folders."""
        if not under:
            return []
        return names(self.git.run("ls-files", "-z", "--", *(f":(literal){p}" for p in under)))

    def see_unchanged(self) -> None:
        """The tree was just looked at and nobody works in it: files as old as the index are known.

        Without this, git reads each file again that is as young as the index (in seconds).
        """
        os.utime(self.index)

    # --- the tree ----------------------------------------------------------------------------

    def differing(self, left_out: Collection[str]) -> tuple[list[str], list[str]]:
        """Files that differ from the index, and those that it lacks and that are not ignored."""
        out = self.git.run(
            *self._sparse(), "ls-files", "-z", "-t", "-m", "-o", "--exclude-standard",
            "--", ".", *excluded(left_out),
        )  # fmt: skip
        lines = [name_of(raw) for raw in out.split(b"\0") if raw]
        known = dict.fromkeys(line[2:] for line in lines if not line.startswith("? "))
        return list(known), [line[2:] for line in lines if line.startswith("? ")]

    def differing_known(self, under: Collection[str]) -> list[str]:
        """Files of the index below these folders that differ; no folder is looked into."""
        if not under:
            return []
        out = self.git.run("ls-files", "-z", "-m", "--", *(f":(literal){p}" for p in under))
        return list(dict.fromkeys(names(out)))

    def ignored(self, paths: Collection[str]) -> set[str]:
        """Those of these paths that the tree's ignore files leave out and the index lacks."""
        if not paths:
            return set()
        words = ("check-ignore", "-z", "--stdin")
        return set(names(self.git.run(*words, stdin=listed(paths), ok=(0, 1))))

    def write_files(self, paths: Collection[str]) -> str:
        """These files of the index into the tree, over whatever is there; why some would not go."""
        if not paths:
            return ""
        words = ("checkout-index", "-f", "-u", "-q", "-z", "--stdin")
        code, _, said = self.git.try_run(*words, stdin=listed(paths))
        return said or str(code) if code else ""

    def write_all(self) -> None:
        """All files of the index into the tree, except those that a sparse checkout lacks."""
        self.git.run("checkout-index", "-a", "-f", "-u", "-q")

    def status(self) -> list[tuple[str, str]]:
        """(two letters, path) for all that differs from HEAD, is unknown, or is ignored."""
        out = self.git.run(
            *self._sparse(), "status", "--porcelain=v1", "-z", "--untracked-files=all",
            "--ignored=matching", "--ignore-submodules=all", "--no-renames",
        )  # fmt: skip
        return [(line[:2], line[3:]) for line in names(out)]

    def _sparse(self) -> tuple[str, ...]:
        # With this git sees a file that appears where a sparse checkout has none.
        return ("-c", "core.sparseCheckout=true") if self.is_sparse else ()


def is_readable(path: Path) -> bool:
    if path.is_symlink():
        return True
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def excluded(paths: Collection[str]) -> list[str]:
    return [f":(exclude,literal){path.rstrip('/')}" for path in paths]


def configuration(object_format: str, settings: Mapping[str, str]) -> str:
    """The text of a `config` file."""
    version = 1 if object_format != "sha1" else 0
    lines = ["[core]", f"\trepositoryformatversion = {version}", "\tbare = false"]
    if version:
        lines += ["[extensions]", f"\tobjectFormat = {object_format}"]
    for name, value in settings.items():
        section, _, key = name.rpartition(".")
        first, _, second = section.partition(".")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines += [f'[{first} "{second}"]' if second else f"[{first}]", f'\t{key} = "{quoted}"']
    return "\n".join(lines) + "\n"
