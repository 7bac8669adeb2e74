"""Opens the workspace that a run works in, new or as its record has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from gump_action.engine.state import RunState
from gump_action.engine.workspace.checkout import open_checkout
from gump_action.engine.workspace.isolated import open_isolated
from gump_action.engine.workspace.records import Onto, Opened, Workspace
from gump_action.engine.workspace.source import FRESH
from gump_action.errors import InputError
from gump_action.system.git import Git


class Place(BaseModel):
    """Where a run works on this machine; kept beside the record, for who finds its engine dead."""

    model_config = ConfigDict(frozen=True)

    repo: Path
    kind: Literal["isolated", "checkout"]
    share: tuple[str, ...] = ()
    is_own_home: bool = True
    is_job: bool = False

    def is_same(self, other: Place) -> bool:
        """Whether agents of both work in the same tree and the same home."""
        mine, theirs = (
            (each.repo.resolve(), each.kind, each.is_own_home) for each in (self, other)
        )
        return mine == theirs


def open_workspace(
    place: Place,
    root: Path,
    state: RunState,
    env: Mapping[str, str],
    *,
    has_tree: bool,
    takes_in: bool = False,
) -> Workspace:
    """The workspace of the run whose state directory is `root`; `env` is what git is given.

    `has_tree` says that the last engine of the run worked in this tree; in another one nothing is
    taken for its work.  With `takes_in` HEAD may have moved: what it has moved to is `incoming`.
    """
    _refuse_committed(place.repo, root, env)
    recorded = _opened(state)
    onto = Onto(state.head, state.start_of(state.head)) if takes_in and recorded else None
    if place.kind == "isolated":
        made: Workspace = open_isolated(
            place.repo, root, recorded, onto, share=place.share, env=env
        )
    else:
        left, in_job = state.left or (None if has_tree else state.head) or None, place.is_job
        made = open_checkout(place.repo, root, recorded, onto, left=left, in_job=in_job, env=env)
    _refuse_lost(made, state)
    return made


def _refuse_lost(made: Workspace, state: RunState) -> None:
    """Snapshots can be gone with a git folder that somebody has removed, and was made anew."""
    attempts = [attempts[-1] for attempts in state.attempts.values()]
    last = max(attempts, key=lambda attempt: attempt.began, default=None)
    for commit in {state.head, last.end} if last else ():
        if not made.has(commit):
            made.close()
            raise InputError(
                f"the snapshot {commit} of this run is no longer there, so it cannot go on",
                hint=f"Unpack the run's state again, or {FRESH}.",
            )


def _refuse_committed(repo: Path, root: Path, env: Mapping[str, str]) -> None:
    """A state directory that came with the repository would be what a stranger says of a run."""
    top = repo.resolve()
    if not root.is_relative_to(top):
        return
    name = root.relative_to(top).as_posix()
    git = Git(top, env, settings={"safe.directory": "*"})
    code, out, _ = git.try_run("ls-files", "-z", "--", f":(literal){name}")
    if code == 0 and out:
        raise InputError(
            f"{root}: git tracks files in here, so the record may be anybody's.",
            hint=f"Take it out of the repository (git rm -r --cached {name}; then remove it), or "
            "name another one with --state.",
        )


def _opened(state: RunState) -> Opened | None:
    on = state.stands_on
    if on is None:
        return None
    earlier = tuple(base for base in state.built_on if base != on.base)
    return Opened(on.base, on.start, on.found, on.untracked, on.ignored, earlier)
