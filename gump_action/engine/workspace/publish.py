"""The result branch: one commit for each step that changed something, on the base of the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gump_action.engine.workspace.lfs import hand_over_lfs
from gump_action.engine.workspace.names import all_shown
from gump_action.engine.workspace.records import Opened
from gump_action.engine.workspace.source import Source
from gump_action.errors import CommandError, InputError
from gump_action.system import git_history
from gump_action.system.git import DURABLE, Git
from gump_action.system.git_folder import WHO, Folder

WRITTEN = "result-tips"
RESULT = "refs/gump/result"
"""In the engine's folder: the result's tip as of the last end, so that it travels with snapshots.

None where nothing was changed: a bundle holds no ref on the base itself.
"""
DURABLY = tuple(word for name, value in DURABLE.items() for word in ("-c", f"{name}={value}"))


@dataclass(frozen=True)
class Result:
    """The tip of the result, nothing where no step has passed; the files that did not merge."""

    tip: str | None
    unmerged: tuple[str, ...] = ()


def make_result(
    git: Git, opened: Opened, commits: Sequence[tuple[str, str]], starts: Mapping[str, str]
) -> Result:
    """The commits of the result, in the engine's folder. Made again, they have the same names.

    A step of before the base has moved (its snapshot is in `starts`) is merged onto the base; where
    it does not merge by itself, it is part of the commit after it.
    """
    asked = [opened.base, opened.start, *starts.values(), *(c for _, c in commits)]
    seen = git_history.details(git, asked)
    tip_tree = seen[opened.base].tree
    wanted = []
    unmerged: dict[str, None] = {}
    for message, snapshot in commits:
        trees = (seen[opened.base].tree, seen[starts.get(snapshot, opened.start)].tree)
        tree, conflicts = without_found_state(git, trees, seen[snapshot].tree)
        if tree == tip_tree or (conflicts and snapshot in starts):
            continue
        unmerged |= dict.fromkeys(conflicts)
        wanted.append(git_history.Wanted(tree, seen[snapshot].date, message))
        tip_tree = tree
    if not commits:
        return Result(None)
    return Result(git_history.chain(git, opened.base, wanted), all_shown(unmerged))


def keep_result(git: Git, tip: str | None, base: str) -> None:
    """The engine's own ref on the result, whatever becomes of the user's branch."""
    if tip and tip != base:
        git_history.keep(git, RESULT, tip)
    else:
        git.run("update-ref", "--no-deref", "-d", RESULT)


def without_found_state(git: Git, trees: tuple[str, str], end: str) -> tuple[str, tuple[str, ...]]:
    """The tree `end` without what the user had changed before the run (`trees`: base, start)."""
    base, start = trees
    if start == base:
        return end, ()
    if start == end:
        return base, ()
    return git_history.merge(git, start, base, end)


@dataclass(frozen=True)
class Branch:
    """The result branch as it is to be: no `tip` where it has to go.

    `recorded` is the tip that the record knows, empty where it knows none.
    """

    name: str
    tip: str | None
    base: str
    recorded: str = ""

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.name}"


def publish(source: Source, folder: Folder, branch: Branch) -> str:
    """Puts the result into the user's repository; the branch is written when all else is there.

    Where it stands on a commit that is none of ours, it is left alone, and the answer says so.
    """
    place = {"GIT_DIR": str(source.own), "GIT_WORK_TREE": str(source.top)}
    user = source.git.with_env(**place, **WHO)
    there = git_history.ref_tip(user, branch.ref)
    if there == (branch.tip or ""):
        return ""
    if there and there not in {branch.recorded, *written(folder)}:
        return not_ours(branch, there)
    if branch.tip is None:
        return drop(user, branch, there)
    refuse_checked_out(user, branch)
    if branch.tip != branch.base:
        git_history.send(folder.git, user, branch.tip, branch.base)
    hand_over_lfs(folder.path / "lfs/objects", source.common / "lfs/objects")
    remember(folder, branch.tip)
    write(user, branch, there)
    return ""


def write(user: Git, branch: Branch, there: str) -> None:
    """Only where the branch still is what we saw: nobody's commit is lost."""
    assert branch.tip, "there is something to write"
    old = there or "0" * len(branch.tip)
    words = ("update-ref", "--no-deref", "-m", "gump-action: result", branch.ref, branch.tip, old)
    try:
        user.run(*DURABLY, *words)
    except CommandError as why:
        raise InputError(
            f"the result branch {branch.name} cannot be written: {why.tail.strip()}",
            hint="A branch that stands in its way (`gump`, say) has to be renamed; then run again.",
        ) from why


def drop(user: Git, branch: Branch, there: str) -> str:
    """The branch holds nothing but steps that no longer count."""
    if branch.ref in heads(user):
        return (
            f"the result branch {branch.name} holds steps that no longer count, and is checked "
            f"out: check out another one, then `git branch -D {branch.name}`"
        )
    user.run(*DURABLY, "update-ref", "--no-deref", "-d", branch.ref, there)
    return ""


def not_ours(branch: Branch, there: str) -> str:
    lost = "holds steps that no longer count" if branch.tip is None else "is not what has passed"
    return (
        f"the result branch {branch.name} stands on {there[:12]}, where this run did not put it; "
        f"it is left alone, and {lost}: rename it (git branch -m {branch.name} NAME), and run again"
    )


def written(folder: Folder) -> list[str]:
    """The tips that this machine has put the result branch on, or was about to."""
    place = folder.path / WRITTEN
    return place.read_text().split() if place.exists() else []


def remember(folder: Folder, tip: str) -> None:
    """Before the branch is written: killed just after, we know it again."""
    with (folder.path / WRITTEN).open("a") as file:
        file.write(f"{tip}\n")


def refuse_checked_out(user: Git, branch: Branch) -> None:
    if branch.ref in heads(user):
        raise InputError(
            f"the result branch {branch.name} is checked out: writing it would change your files",
            hint="Check out another branch, and run again: nothing is lost.",
        )


def heads(user: Git) -> Iterator[str]:
    """The branches that this and other working trees of the repository stand on."""
    for line in user.text("worktree", "list", "--porcelain").splitlines():
        if line.startswith("branch "):
            yield line.removeprefix("branch ")
