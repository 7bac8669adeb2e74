"""The user's repository: what we have to know of it, and when we have to refuse it."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gump_action.errors import InputError
from gump_action.system import git_history
from gump_action.system.git import Git, names

# Values of the user's configuration that say what a file is for git. Nothing that runs a program.
TAKEN = (
    "core.autocrlf", "core.eol", "core.symlinks", "core.filemode", "core.ignorecase",
    "core.precomposeunicode", "core.checkstat", "core.trustctime", "core.bigfilethreshold",
)  # fmt: skip
FRESH = "run with --fresh to start anew"
UNFINISHED = {
    "MERGE_HEAD": ("merge", "git merge --abort"),
    "rebase-merge": ("rebase", "git rebase --abort"),
    "rebase-apply": ("rebase", "git rebase --abort"),
    "CHERRY_PICK_HEAD": ("cherry-pick", "git cherry-pick --abort"),
    "REVERT_HEAD": ("revert", "git revert --abort"),
    "BISECT_LOG": ("bisect", "git bisect reset"),
}


@dataclass(frozen=True)
class Source:
    """The user's repository, as it is when a workspace is opened."""

    git: Git
    top: Path  # its working tree
    own: Path  # its git folder
    common: Path  # the same, but in a linked worktree: that of the repository
    object_format: str
    head: str
    branch: str  # full name, or empty where HEAD is detached
    config: Mapping[str, tuple[str, ...]]

    @property
    def objects(self) -> Path:
        return self.common / "objects"

    @property
    def settings(self) -> dict[str, str]:
        return {name: self.config[name][-1] for name in TAKEN if name in self.config}

    @property
    def is_partial(self) -> bool:
        return any(
            name.startswith("remote.") and name.endswith((".promisor", ".partialclonefilter"))
            for name in self.config
        )


def find_source(repo: Path, env: Mapping[str, str]) -> Source:
    """What is at `repo`, or an InputError that says why one cannot work there and what to do."""
    if not repo.is_dir():
        raise InputError(f"{repo} is no folder", hint="Name a git repository with --repo.")
    # In a container the checkout often belongs to another user. The path was given on purpose.
    git = Git(repo, env, settings={"safe.directory": "*"})
    code, out, said = git.try_run(
        "rev-parse", "--is-bare-repository", "--show-object-format", "--absolute-git-dir",
        "--path-format=absolute", "--git-common-dir",
    )  # fmt: skip
    if code:
        raise InputError(
            f"{repo} is not a git repository that can be read: {said.strip()}",
            hint="Run `git init` there and commit, or name another with --repo.",
        )
    bare, object_format, own, common = out.decode("utf-8", "surrogateescape").splitlines()[:4]
    if bare == "true":
        raise InputError(
            f"{repo} is a bare repository, which has no files to work on",
            hint="Clone it, and name the clone with --repo.",
        )
    top = Path(git.text("rev-parse", "--path-format=absolute", "--show-toplevel"))
    at_top = Git(top, env, settings={"safe.directory": "*"})
    head, branch = find_head(at_top, top)
    found = Source(
        git=at_top, top=top, own=Path(own), common=Path(common), object_format=object_format,
        head=head, branch=branch, config=configuration(at_top),
    )  # fmt: skip
    refuse_unfinished(found)
    return found


def find_head(git: Git, top: Path) -> tuple[str, str]:
    """HEAD's commit and branch."""
    code, out, _ = git.try_run("rev-parse", "--verify", "-q", "HEAD^{commit}")
    if code and (named := git.text("rev-parse", "--verify", "-q", "HEAD", ok=(0, 1))):
        raise InputError(
            f"{top} lacks the commit {named} that its HEAD names",
            hint="Fetch what is missing (git fetch --refetch origin), or clone anew.",
        )
    if code:
        raise InputError(
            f"{top} has no commit yet, so there is nothing to build on",
            hint='commit something first: git commit --allow-empty -m "start"',
        )
    _, branch, _ = git.try_run("symbolic-ref", "-q", "HEAD")
    return out.decode().strip(), branch.decode("utf-8", "surrogateescape").strip()


def missing_bases(repo: Path, env: Mapping[str, str], commits: Collection[str]) -> tuple[str, ...]:
    """Those of these commits that the repository lacks.

    A run that goes on needs all that it was ever built on (`RunState.built_on`). A shallow clone
    lacks the earlier ones; who may speak to the server can fetch them (`system.git_fetch`).
    """
    source = find_source(repo, env)
    return tuple(c for c in commits if not git_history.has(source.git, c))


def require_bases(source: Source, commits: Collection[str]) -> None:
    for base in commits:
        if not git_history.has(source.git, base):
            raise InputError(
                f"the commit {base} that this run is built on is not in {source.top}",
                hint=f"Fetch it (git fetch origin {base}; in a job, give actions/checkout "
                f"`fetch-depth: 0`), or {FRESH}.",
            )


def is_built_on(repo: Path, env: Mapping[str, str], base: str, *, in_checkout: bool) -> bool:
    """Whether a run over this base can go on here."""
    source = find_source(repo, env)
    if in_checkout:
        return source.head == base
    return source.git.try_run("cat-file", "-e", f"{base}^{{tree}}")[0] == 0


def configuration(git: Git) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for item in names(git.run("config", "--list", "--includes", "-z")):
        name, _, value = item.partition("\n")
        section, dot, key = name.rpartition(".")
        first, _, rest = section.partition(".")
        name = ".".join(filter(None, (first.lower(), rest))) + dot + key.lower()
        found[name] = (*found.get(name, ()), value)
    return found


def refuse_unfinished(source: Source) -> None:
    for name, (what, remedy) in UNFINISHED.items():
        if (source.own / name).exists():
            raise InputError(
                f"{source.top} is in the middle of a {what}",
                hint=f"Finish it, or give it up with `{remedy}`.",
            )


def credentials(source: Source) -> tuple[str, ...]:
    """Names of settings that hold a credential; never their values."""
    found = []
    for name, values in source.config.items():
        is_address = name.startswith(("remote.", "url.")) and not name.endswith(".fetch")
        if name.endswith(".extraheader") and any(values):
            found.append(name)
        elif is_address and any(has_password(text) for text in (name, *values)):
            found.append(without_password(name))
    return tuple(found)


def has_password(text: str) -> bool:
    _, scheme, rest = text.partition("://")
    login, at, _ = rest.partition("/")[0].rpartition("@")
    return bool(scheme and at and (":" in login or len(login) >= 20))


def without_password(text: str) -> str:
    start, scheme, rest = text.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{start}{scheme}…@{place}" if at and login else text


def lfs_settings(env: Mapping[str, str]) -> dict[str, str]:
    """Our own command lines for LFS files, where git-lfs is installed: what is here, no network."""
    if shutil.which("git-lfs", path=env.get("PATH")) is None:
        return {}
    return {
        "filter.lfs.clean": "git-lfs clean -- %f",
        "filter.lfs.smudge": "git-lfs smudge -- %f",
        "filter.lfs.process": "git-lfs filter-process",
        "filter.lfs.required": "true",
        # `--skip` would leave contents out that are here. So: what is not here, is nowhere.
        "lfs.url": "file:///nowhere",
        "lfs.skipdownloaderrors": "true",
        "lfs.transfer.maxretries": "1",
        "lfs.concurrenttransfers": "1",
        "lfs.locksverify": "false",
    }
