"""Commits of a git folder of ours: making, keeping, comparing and sending them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gump_action.errors import CommandError
from gump_action.system.git import Git, encoded, name_of, names

FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\%]|(?<![^/])\.|\.\.|@\{|\.(?=lock(/|$))|\.(?=/|$)")
PATCH = (
    "diff-tree", "-r", "-p", "--binary", "--full-index", "-M", "--no-color", "--no-ext-diff",
    "--no-textconv", "--ignore-submodules=none", "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip


def commit(git: Git, tree: str, parents: Sequence[str], message: str) -> str:
    words = [word for parent in parents for word in ("-p", parent)]
    return git.text("commit-tree", tree, *words, "-m", message)


@dataclass(frozen=True)
class Wanted:
    """A commit that is to be made; `date` as git takes it."""

    tree: str
    date: str
    message: str


def chain(git: Git, base: str, wanted: Sequence[Wanted]) -> str:
    """The tip of these commits, one on the other; they have the names that `commit` gives.

    One process however many there are, and no ref: `reset` lets go of the one that it asks for.
    """
    who = f"{git.env['GIT_COMMITTER_NAME']} <{git.env['GIT_COMMITTER_EMAIL']}>"
    parts, start = [], f"from {base}\n"
    for one in wanted:
        message = encoded(one.message.rstrip("\n") + "\n")
        head = f"commit refs/result\nmark :1\ncommitter {who} {one.date}\ndata {len(message)}\n"
        parts += [head.encode(), message, f'{start}M 040000 {one.tree} ""\n'.encode()]
        start = ""
    if not parts:
        return base
    script = b"".join([*parts, b"get-mark :1\nreset refs/result\n\n"])
    return name_of(git.run("fast-import", "--quiet", stdin=script)).rstrip("\n")


def ref_name(name: str) -> str:
    """The name as git allows it; what it forbids is written as %xx."""
    return FORBIDDEN.sub(lambda m: "".join(f"%{ord(c):02x}" for c in m[0]), name)


def keep(git: Git, ref: str, tip: str) -> None:
    """Points this ref at the commit, and so keeps it."""
    git.run("update-ref", "--no-deref", ref, tip)


def has(git: Git, wanted: str) -> bool:
    """Whether this commit is there, with its tree."""
    code, _, _ = git.try_run("cat-file", "-e", f"{wanted}^{{tree}}")
    return code == 0


@dataclass(frozen=True)
class Details:
    """What a commit holds: its tree, and its time as git takes it."""

    tree: str
    date: str


def details(git: Git, commits: Collection[str]) -> Mapping[str, Details]:
    """Of all these commits, asked in one go."""
    asked = "\n".join(dict.fromkeys(commits)).encode() + b"\n"
    out = git.run("log", "--no-walk=unsorted", "--stdin", "--format=%H %T %ct", stdin=asked)
    lines = (line.split() for line in out.decode().splitlines())
    return {commit: Details(tree, f"{seconds} +0000") for commit, tree, seconds in lines}


def files_of(git: Git, tip: str) -> set[str]:
    return set(names(git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tip)))


@dataclass(frozen=True)
class Comparison:
    """`patch` is what `git apply` needs to make the second tree out of the first; the `files` are
    those that differ, both names of a renamed one, odd names as git quotes them."""

    patch: bytes
    files: tuple[str, ...]


def compare(git: Git, old: str, new: str) -> Comparison:
    """Patch and names in one go; nobody's own diff program has a say."""
    out = git.run(*PATCH, "--raw", old, new)
    raw, separator, patch = out.partition(b"\n\n")
    if not raw.startswith(b":"):
        return Comparison(b"", ())
    records = (line.partition(b"\t")[2] for line in raw.rstrip(b"\n").split(b"\n"))
    files = sorted({name_of(name) for record in records for name in record.split(b"\t")})
    return Comparison(patch if separator else b"", tuple(files))


def changed(git: Git, old: str, new: str, pathspecs: Collection[str] = ()) -> tuple[str, ...]:
    """The paths that differ, or those of them that match git's pathspecs."""
    words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames")
    return tuple(names(git.run(*words, old, new, "--", *pathspecs)))


def merge(git: Git, ancestor: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """Three trees merged into one; the paths that do not merge are as in theirs, and named."""
    root = commit(git, ancestor, [], "ancestor")
    sides = [commit(git, tree, [root], "side") for tree in (ours, theirs)]
    words = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages")
    code, out, said = git.try_run(*words, *sides)
    if code not in (0, 1):
        raise CommandError(["git", *words], code, said)
    tree, *conflicts = names(out)
    if code == 0:
        return tree, ()
    conflicts = list(dict.fromkeys(conflicts))
    return with_paths_of(git, tree, theirs, conflicts), tuple(conflicts)


def with_paths_of(git: Git, tree: str, theirs: str, paths: Collection[str]) -> str:
    """The tree with these paths as `theirs` has them."""
    index = Path(git.env["GIT_DIR"]) / "merge-index"
    own = git.with_env(GIT_INDEX_FILE=str(index))
    own.run("read-tree", tree)
    lines = [b"0 " + b"0" * len(tree) + b"\t" + encoded(path) + b"\0" for path in paths]
    for entry in git.run("ls-tree", "-r", "-z", "--full-tree", theirs).split(b"\0"):
        if entry and name_of(entry.partition(b"\t")[2]) in paths:
            lines.append(entry + b"\0")
    own.run("update-index", "--replace", "-z", "--index-info", stdin=b"".join(lines))
    merged = own.text("write-tree", "--missing-ok")
    index.unlink()
    return merged


def send(git: Git, to: Git, tip: str, base: str) -> None:
    """The objects of `tip` that `base` lacks, into another folder; that folder's refs stay."""
    pack = Path(git.env["GIT_DIR"]) / "result.pack"
    revisions = f"{tip}\n^{base}\n".encode()
    pack.write_bytes(git.run("pack-objects", "--revs", "--stdout", "-q", stdin=revisions))
    to.run("index-pack", "--stdin", stdin=pack)
    pack.unlink()


def over(base: str) -> tuple[str, ...]:
    """Git's words for all snapshots, less what is the user's: this base, and later ones."""
    return ("--glob=refs/gump/*", "--not", base, "--glob=refs/bases/*", "--not")


def bundle(git: Git, path: Path, base: str) -> bool:
    """All snapshots over the base into one file; false where there are none."""
    if not refs(git):
        return False
    git.run("bundle", "create", "-q", str(path), *over(base))
    return True


def unbundle(git: Git, path: Path) -> None:
    words = ("fetch", "-q", "--no-write-fetch-head", "--no-tags", "--no-recurse-submodules")
    git.run(*words, str(path), "+refs/gump/*:refs/gump/*")


def refs(git: Git) -> Mapping[str, str]:
    out = git.text("for-each-ref", "--format=%(refname) %(objectname)", "refs/gump")
    return dict((name, tip) for name, tip in map(str.split, out.splitlines()))


def ref_tip(git: Git, ref: str) -> str:
    """The commit that this ref is on; empty where there is none."""
    return git.text("rev-parse", "--verify", "-q", ref, ok=(0, 1))
