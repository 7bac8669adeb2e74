"""Looks for this job's secrets in what would travel unsealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gump_action.redaction import Redactor
from gump_action.system import git_history
from gump_action.system.git import ALONE, Git

OVERLAP = 64 * 1024
"""Bytes of the chunk before that are looked at again, for a secret that lies over the border."""
BATCH = 16 << 20


class Search:
    """Gets a text in chunks; `hit` says whether there was a secret in it."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.before = b""
        self.hit = False

    def look(self, chunk: bytes) -> None:
        if self.hit:
            return
        self.hit = self.redactor.holds_secret(self.before + chunk)
        self.before = (self.before + chunk)[-OVERLAP:]


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
