"""How a task knows its one pull request again: by a hidden mark in its body, and by its branch.

Where there is no pull request yet, by the commit that the branch is on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gump_action.host.answers import Pull
from gump_action.host.event import COMMIT
from gump_action.host.trigger.loops import is_ours

JOBS_BOT = "github-actions[bot]"
"""As whom the token of a job writes, and git's author of what we push (`system.git_commit`)."""
_GITHUB = "GitHub"
"""The committer of what GitHub itself makes and signs, for whoever the author is."""
_READABLE = 40
_COMMIT = f"(?:{COMMIT.pattern})"
_MARK = re.compile(
    rf"<!-- gump:task ([0-9a-f]{{32}}) ({_COMMIT}(?:,{_COMMIT})?) ([0-9a-f]{{64}}) -->"
)


@dataclass(frozen=True)
class Marked:
    """What the body of a pull request of ours says; all empty where it has no mark.

    `heads` are commits that we pushed, the last one the newest; `digest` is that of its patch.
    """

    task: str = ""
    heads: tuple[str, ...] = ()
    digest: str = ""

    def holds(self, head: str, digest: str) -> bool:
        """Whether a branch on this commit holds the result with this digest, and it is told.

        With two heads a push was begun, and nobody has said that it was done.
        """
        return (self.heads, self.digest) == ((head,), digest)


@dataclass(frozen=True)
class Commit:
    """A commit as the server has it; author and committer by their names."""

    message: str
    parents: tuple[str, ...]
    author: str
    committer: str


def is_own(commit: Commit, viewer: str) -> bool:
    """Whether it looks like one that a run of ours has pushed for a task, under this login or the
    job's own.  Whoever may push could make one that does.
    """
    names = {JOBS_BOT, viewer}
    made_by_us = commit.author in names and commit.committer in {*names, _GITHUB}
    return made_by_us and is_ours(commit.message) and len(commit.parents) in (1, 2)


def task_digest(task: str) -> str:
    """Of a task's id, which anybody may have chosen."""
    return hashlib.blake2b(json.dumps(task).encode(), digest_size=16).hexdigest()


def mark_of(task: str, heads: Sequence[str], digest: str) -> str:
    """The hidden first line of the body; `digest` is the sha256 of the patch.

    Before a push it names the old head and the new one, after it the new one alone: killed in
    between, the branch is known again in either state.
    """
    return f"<!-- gump:task {task_digest(task)} {','.join(heads)} {digest} -->"


def read_mark(body: str) -> Marked:
    """Only the first line counts: further down it would be somebody's words."""
    found = _MARK.fullmatch(body.partition("\n")[0].strip())
    return Marked(found[1], tuple(found[2].split(",")), found[3]) if found else Marked()


def of_task(pulls: Collection[Pull], task: str, viewer: str) -> tuple[Pull, ...]:
    """Those that we opened for this task: by author, mark and branch, of this repository.

    Ours are also those of the job's own token: `viewer` may be an app that came later.
    """
    authors = {viewer.lower(), JOBS_BOT}
    return tuple(
        pull
        for pull in pulls
        if pull.author.login.lower() in authors
        and read_mark(pull.body).task == task_digest(task)
        and pull.head.ref == branch_of(task)
        and (not pull.is_foreign or pull.head.repository is None)
    )


def branch_of(task: str) -> str:
    """The task's own branch: readable, and with a digest, so that no two tasks share one."""
    readable = re.sub(r"[^a-z0-9]+", "-", task.lower())[:_READABLE].strip("-")
    return f"gump/{readable or 'task'}-{task_digest(task)[:8]}"
