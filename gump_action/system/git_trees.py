"""Commits as lists of files: what is in one, what differs between two, and what files hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gump_action.system.git import Git, name_of


@dataclass(frozen=True)
class File:
    """A file of a commit; of a submodule, `id` is a commit of another repository."""

    path: str
    mode: str
    id: str


@dataclass(frozen=True)
class Difference:
    """A path that is not the same in two commits; mode 000000 where one of them lacks it."""

    path: str
    old_mode: str
    new_mode: str


def files(git: Git, commit: str) -> tuple[File, ...]:
    found = []
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
        words, _, path = line.partition(b"\t")
        mode, _, identity = words.decode().split(" ")
        found.append(File(name_of(path), mode, identity))
    return tuple(found)


def differences(git: Git, old: str, new: str) -> tuple[Difference, ...]:
    out = git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", old, new).split(b"\0")[:-1]
    found = []
    for words, path in zip(out[::2], out[1::2], strict=True):
        old_mode, new_mode = words.decode().removeprefix(":").split(" ")[:2]
        found.append(Difference(name_of(path), old_mode, new_mode))
    return tuple(found)


def contents(git: Git, identities: Collection[str]) -> dict[str, bytes]:
    """What these objects hold; in a partial clone, where one is missing, others may lack too."""
    asked = "".join(f"{each}\n" for each in dict.fromkeys(identities)).encode()
    # In a partial clone git gives up at the first that is missing.
    _, out, _ = git.try_run("cat-file", "--batch", stdin=asked) if asked else (0, b"", "")
    found = {}
    at = 0
    while at < len(out):
        end = out.index(b"\n", at)
        words = out[at:end].decode().split(" ")
        at = end + 1
        if words[-1] != "missing":
            size = int(words[2])
            found[words[0]] = out[at : at + size]
            at += size + 1
    return found
