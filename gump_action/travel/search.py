"""Looks for this job's secrets in what would travel unsealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gump_action.redaction import Redactor
from gump_action.system import git_history
from gump_action.system.git import ALONE, Git

BATCH = 16 << 20
_HELD = 32
"""Chunks of the file before that are held in memory, to be compared with."""


class Search:
    """Gets files in chunks; `hit` says whether there was a secret in the present one.

    What a file begins with in common with the one before it is not searched again: a session's
    transcript goes on with that of the attempt before.
    """

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.reach = redactor.reach
        self.hit = False
        self._known: list[bytes] = []
        self._chunks: list[bytes] = []
        self._before = b""

    def begin(self) -> None:
        """The next file."""
        # Behind a hit nothing was searched, and what was found is to be found again.
        self._known = [] if self.hit else self._chunks
        self._chunks, self._before, self.hit = [], b"", False

    def look(self, chunk: bytes) -> None:
        if self.hit:
            return
        common = self._common(chunk)
        if common < len(chunk):
            start = max(0, len(self._before) + common - self.reach)
            self.hit = self.redactor.holds_secret((self._before + chunk)[start:])
        self._before = (self._before + chunk)[-self.reach :]
        self._chunks += [chunk] if len(self._chunks) < _HELD else []

    def _common(self, chunk: bytes) -> int:
        """Bytes at its beginning that were searched, with all before them, in the last file."""
        known = self._known.pop(0) if self._known else b""
        if chunk != known:
            self._known = []
        return len(known) if chunk.startswith(known) else 0


def is_in_snapshots(redactor: Redactor, git: Git, base: str) -> bool:
    """Whether a file, a name or a message of the snapshots over the base holds a secret.

    A bundle is compressed, so what it was made from is looked at.
    """
    return any(redactor.holds_secret(part) for part in _objects(git, base))


def _objects(git: Git, base: str) -> Iterator[bytes]:
    words = ("--objects", "--no-object-names", *git_history.over(base))
    sizes = git.run(
        "cat-file",
        "--batch-check=%(objectname) %(objectsize)",
        stdin=git.run("rev-list", *words),
    )
    for batch in _batches(sizes.decode().splitlines()):
        yield git.run("cat-file", "--batch", stdin=batch)


def _batches(lines: list[str]) -> Iterator[bytes]:
    batch, size = [], 0
    for line in lines:
        name, _, bytes_of = line.partition(" ")
        batch.append(name)
        size += int(bytes_of)
        if size > BATCH:
            yield "\n".join([*batch, ""]).encode()
            batch, size = [], 0
    if batch:
        yield "\n".join([*batch, ""]).encode()


def engines_git(root: Path, env: Mapping[str, str]) -> Git | None:
    """The folder of the run's snapshots in this state directory, where there is one."""
    folder = root / "git"
    if not (folder / "objects").is_dir():
        return None
    return Git(root, env).with_env(GIT_DIR=str(folder), **ALONE)
