"""The result branch: one commit for each step that changed something, on the base of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gump_action.engine.workspace.lfs import hand_over_lfs
from gump_action.engine.workspace.names import all_shown
from gump_action.engine.workspace.records import Opened
from gump_action.engine.workspace.source import Source
from gump_action.errors import CommandError, InputError
from gump_action.system import git_history
from gump_action.system.git import Git
from gump_action.system.git_folder import WHO, Folder


@dataclass(frozen=True)
class Result:
    """The tip of the result, nothing where no step has passed; the files that did not merge."""

    tip: str | None
    unmerged: tuple[str, ...] = ()


def make_result(git: Git, opened: Opened, commits: Sequence[tuple[str, str]]) -> Result:
    """The commits of the result, in the engine's folder. Made again, they have the same names."""
    seen = git_history.details(git, [opened.base, opened.start, *(c for _, c in commits)])
    tip, tip_tree = opened.base, seen[opened.base].tree
    unmerged: dict[str, None] = {}
    for message, snapshot in commits:
        trees = (seen[opened.base].tree, seen[opened.start].tree)
        tree, conflicts = without_found_state(git, trees, seen[snapshot].tree)
        unmerged |= dict.fromkeys(conflicts)
        if tree == tip_tree:
            continue
        date = seen[snapshot].date
        dated = git.with_env(GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        tip, tip_tree = git_history.commit(dated, tree, [tip], message), tree
    return Result(tip if commits else None, all_shown(unmerged))


def without_found_state(git: Git, trees: tuple[str, str], end: str) -> tuple[str, tuple[str, ...]]:
    """The tree `end` without what the user had changed before the run (`trees`: base, start)."""
    base, start = trees
    if start == base:
        return end, ()
    if start == end:
        return base, ()
    return git_history.merge(git, start, base, end)


def publish(source: Source, folder: Folder, branch: str, *, tip: str, base: str) -> None:
    """Puts the result into the user's repository; the branch is written when all else is there."""
    ref = f"refs/heads/{branch}"
    user = source.git.with_env(GIT_DIR=str(source.own), GIT_WORK_TREE=str(source.top), **WHO)
    if git_history.ref_tip(user, ref) == tip:
        return
    refuse_checked_out(user, branch, ref)
    if tip != base:
        git_history.send(folder.git, user, tip, base)
    hand_over_lfs(folder.path / "lfs/objects", source.common / "lfs/objects")
    try:
        user.run("update-ref", "--no-deref", "-m", "gump-action: result", ref, tip)
    except CommandError as why:
        raise InputError(
            f"the result branch {branch} cannot be written: {why.tail.strip()}",
            hint="a branch that stands in its way (`gump`, say) has to be renamed; then run again",
        ) from why


def refuse_checked_out(user: Git, branch: str, ref: str) -> None:
    for head in heads(user):
        if head == ref:
            raise InputError(
                f"the result branch {branch} is checked out: writing it would change your files",
                hint="check out another branch, and run again: nothing is lost",
            )


def heads(user: Git) -> Iterator[str]:
    """The branches that this and other working trees of the repository stand on."""
    for line in user.text("worktree", "list", "--porcelain").splitlines():
        if line.startswith("branch "):
            yield line.removeprefix("branch ")
