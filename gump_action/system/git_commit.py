"""One commit out of a result: the listed paths as the result has them, all else as before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gump_action.errors import InputError
from gump_action.system.git import ALONE, Git, encoded, name_of


@dataclass(frozen=True)
class Who:
    """Author or committer."""

    name: str
    email: str

    def __post_init__(self) -> None:
        for text in (self.name, self.email):
            if not text.strip() or not text.isprintable() or any(sign in text for sign in "<>"):
                raise InputError(
                    f"{text!r} is no name or address for a commit.",
                    hint="It is one line of text without `<` and `>`.",
                )


BOT = Who("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
"""The account whose token a job has."""


@dataclass(frozen=True)
class Wanted:
    """The tree of `base` with `paths` as they are in `result`, as a commit after `parents`.

    Made again it has the same name: its time is that of the result.
    """

    base: str
    result: str
    paths: tuple[str, ...]
    parents: tuple[str, ...]
    message: str
    author: Who = BOT
    committer: Who = BOT


def make_commit(checkout: Path, wanted: Wanted, env: Mapping[str, str]) -> str:
    """Its name.  Only objects are written: no ref, no index, no file of the checkout.

    Nobody's configuration has a say, for an agent could have written it.
    """
    git = Git(checkout, env, settings={"safe.directory": "*"}).with_env(**ALONE)
    date = git.text("show", "-s", "--format=%ct +0000", "--no-show-signature", wanted.result)
    signed = git.with_env(
        GIT_AUTHOR_NAME=wanted.author.name, GIT_AUTHOR_EMAIL=wanted.author.email,
        GIT_COMMITTER_NAME=wanted.committer.name, GIT_COMMITTER_EMAIL=wanted.committer.email,
        GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date,
    )  # fmt: skip
    words = [word for parent in wanted.parents for word in ("-p", parent)]
    return signed.text("commit-tree", _tree(git, wanted), *words, "-m", wanted.message)


def _tree(git: Git, wanted: Wanted) -> str:
    entries = entries_of(git, wanted.result, wanted.paths)
    gone = b"0 " + b"0" * len(wanted.base)
    # What is gone comes first: a folder may have become a file.
    paths = sorted(wanted.paths, key=lambda path: path in entries)
    lines = (entries.get(path, gone) + b"\t" + encoded(path) + b"\0" for path in paths)
    with TemporaryDirectory(prefix="gump-index-") as place:
        own = git.with_env(GIT_INDEX_FILE=str(Path(place) / "index"))
        own.run("read-tree", f"{wanted.base}^{{tree}}")
        own.run("update-index", "-z", "--index-info", stdin=b"".join(lines))
        return own.text("write-tree", "--missing-ok")


def entries_of(git: Git, commit: str, paths: tuple[str, ...]) -> dict[str, bytes]:
    """Mode, kind and object of these paths, as git lists them; those that are not there lack."""
    found, asked = {}, set(paths)
    for entry in git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        words, _, path = entry.partition(b"\t")
        if name_of(path) in asked:
            found[name_of(path)] = words
    return found
