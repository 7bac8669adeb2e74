"""The result of a run as a patch, and taken into the user's present branch, as one commit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gump_action.engine.state import RunState
from gump_action.errors import InputError
from gump_action.system.git import Git


def apply(state: RunState, repo: Path, env: Mapping[str, str]) -> str:
    """Merge the result branch as one commit, and say so; nothing is changed where it is refused.

    Where it does not merge, the conflicts are left in the tree as git leaves them.
    """
    branch = _branch(state)
    git = Git(repo, env, settings={"safe.directory": "*"})
    _check(git, branch)
    code, _, said = git.try_run("merge", "--squash", "--no-commit", branch)
    if code and not git.text("diff", "--name-only", "--diff-filter=U"):
        raise InputError(
            f"git does not merge {branch}: {said.strip()}",
            hint="Put right what it says (its identity, say), then apply again.",
        )
    if code:
        raise InputError(
            f"{branch} does not merge without conflicts:\n{said.strip()}",
            hint="Mend the files that `git status` names, and commit; or `git reset --merge`.",
        )
    if not git.text("diff", "--cached", "--name-only"):
        return f"{branch} brings nothing that is not there already."
    _commit(git, _message(state))
    return f"{branch} is now {_where(git)}, as one commit:\n{git.text('log', '-1', '--stat')}"


def _where(git: Git) -> str:
    code, named, _ = git.try_run("symbolic-ref", "--short", "-q", "HEAD")
    if code:
        return "on HEAD, which is on no branch (`git switch -c NAME` makes one)"
    return f"in your branch {named.decode('utf-8', 'replace').strip()}"


def patch(state: RunState, repo: Path, env: Mapping[str, str]) -> bytes:
    """What the result changes, against what the run was built on; empty where there is none."""
    ended = state.ended
    if state.stands_on is None or ended is None or not ended.commit:
        return b""
    git = Git(repo, env, settings={"safe.directory": "*"})
    return patch_between(git, state.stands_on.base, ended.commit)


def patch_between(git: Git, base: str, tip: str) -> bytes:
    """For `git apply`: whole objects' names, and no program of anybody's has a say."""
    words = ("diff", "--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color")
    return git.run(*words, base, tip)


def _branch(state: RunState) -> str:
    """The result branch; there is none to take while it may hold less, or other things."""
    if state.ended is None:
        raise InputError(
            "this run has not come to its end (it is under way, or its engine was killed), so its "
            "result branch may hold less than has passed, or none of it.",
            hint="Run the workflow again on the same state: it goes on. Then apply.",
        )
    if state.passes and not state.ended.branch:
        raise InputError(
            "the result branch of this run could not be written when it ended.",
            hint="Run the workflow again on the same state: it writes the branch, or says why not.",
        )
    if not state.ended.branch:
        raise InputError("this run has no result branch: no step of it has passed.")
    return state.ended.branch


def _check(git: Git, branch: str) -> None:
    if git.try_run("rev-parse", "--verify", "-q", f"refs/heads/{branch}")[0]:
        raise InputError(
            f"there is no branch {branch} in this repository.",
            hint="Run the workflow again on the same state: it puts a missing branch back.",
        )
    changed = git.text("diff", "HEAD", "--name-only")
    if changed:
        raise InputError(
            f"these files have changes that are not committed: {', '.join(changed.split())}.",
            hint="Commit or stash them, then apply again.",
        )


def _commit(git: Git, message: str) -> None:
    code, out, said = git.try_run("commit", "-q", "-m", message)
    if code:
        git.try_run("reset", "-q", "--merge")
        raise InputError(
            f"git does not commit: {(said or out.decode('utf-8', 'replace')).strip()}",
            hint="Put right what it says (its identity, say), then apply again.",
        )


def _message(state: RunState) -> str:
    assert state.started, "only a run that has begun has a result"
    steps = "\n".join(f"- {path}" for path in state.passes)
    run = state.started.run
    return f"gump: {state.started.workflow}\n\nSteps that passed:\n{steps}\n\nGump-Run: {run}"
