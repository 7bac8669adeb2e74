"""What started this job, in frozen words.

`trigger.reading` makes them; whether it may start a run is said in `policy`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

# Names and commits become parts of sentences, addresses and git's arguments.
LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(\[bot\])?")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Kind(StrEnum):
    """The events that we know, by GitHub's names."""

    PULL_REQUEST = "pull_request"
    PULL_REQUEST_TARGET = "pull_request_target"
    ISSUE_COMMENT = "issue_comment"
    REVIEW = "pull_request_review"
    REVIEW_COMMENT = "pull_request_review_comment"
    ISSUES = "issues"
    SCHEDULE = "schedule"
    WORKFLOW_DISPATCH = "workflow_dispatch"
    REPOSITORY_DISPATCH = "repository_dispatch"
    WORKFLOW_RUN = "workflow_run"
    CHECK_SUITE = "check_suite"
    CHECK_RUN = "check_run"
    PUSH = "push"
    MERGE_GROUP = "merge_group"
    UNKNOWN = "unknown event"


@dataclass(frozen=True)
class Person:
    """An account; `type` is GitHub's word, and empty where the payload does not name it."""

    login: str
    type: str = ""

    @property
    def is_bot(self) -> bool:
        # No person can have brackets in a name.
        return self.type == "Bot" or self.login.endswith("[bot]")


@dataclass(frozen=True)
class People:
    """Who had a part in it. `author` wrote the text that starts the run, or set the label;
    `opener` opened the pull request or the issue. None is an account that is gone or not named."""

    actor: Person
    triggering_actor: Person  # who re-ran it; else the same as the actor
    sender: Person | None = None
    author: Person | None = None
    opener: Person | None = None


@dataclass(frozen=True)
class Repository:
    full_name: str
    id: int | None = None
    default_branch: str = ""


@dataclass(frozen=True)
class Subject:
    """What it is about; `number` is of a pull request or issue, `name` a ref or a cron line."""

    kind: Literal["pull_request", "issue", "ref", "schedule", "dispatch"]
    number: int = 0
    name: str = ""


@dataclass(frozen=True)
class Side:
    """A commit with its branch; without `repository_id` its repository is gone, or not known."""

    sha: str
    ref: str
    repository_id: int | None = None
    repository: str = ""
    pushed_at: str = ""  # the last push to that repository, by GitHub's clock
    committed_at: str = ""  # the commit's own time, where it was looked up; its author sets it


@dataclass(frozen=True)
class Spot:
    """Where in the diff a review comment stands; `line` is 0 where the diff has moved on."""

    path: str
    line: int = 0
    hunk: str = ""


@dataclass(frozen=True)
class Text:
    """Written by anybody: to be put into prompts as a value, and nowhere else."""

    title: str = ""
    body: str = ""
    comment: str = ""
    written_at: str = ""  # of comment or review
    id: int = 0  # of comment or review
    spot: Spot | None = None
    changed_at: str = ""  # of the pull request or issue, as of this event


@dataclass(frozen=True)
class Upstream:
    """The host run that a `workflow_run` follows, or the suite of checks that a `check_suite` does.

    A suite is of another CI than GitHub's, and has no attempts: 0.  `check` is the one check of it
    that a `check_run` follows.
    """

    id: int
    event: str
    path: str
    head: Side
    conclusion: str = ""
    attempt: int = 1
    check: int = 0
    triggering_actor: Person | None = None
    pull: int = 0  # the one pull request of this repository that it was about, where it is one

    @property
    def is_suite(self) -> bool:
        return self.attempt == 0


@dataclass(frozen=True)
class Push:
    """One push to a branch, as GitHub has recorded it; `at` by its clock, `by` None where the
    account is gone.

    `is_of_run`: it is one commit on top of `before`, with the trailers of a run of ours. Anybody
    can write those, so it counts only with who has pushed it.
    """

    before: str
    after: str
    at: str
    by: Person | None
    is_of_run: bool = False


@dataclass(frozen=True)
class Job:
    """This host run."""

    run_id: str
    attempt: int
    workflow_path: str
    sha: str
    ref: str


@dataclass(frozen=True)
class Event:
    """All that we know of what started this job.

    `label` is the one that was set or taken, `wanted` the workflow that a dispatch names, `message`
    that of the newest commit where the payload tells it. `is_closed` is the pull request or issue.
    `pushes` are those since the text was written, where that matters; None: they are not known.
    """

    kind: Kind
    name: str
    action: str
    repository: Repository
    people: People
    subject: Subject
    job: Job
    text: Text = Text()
    head: Side | None = None
    base: Side | None = None
    upstream: Upstream | None = None
    label: str = ""
    wanted: str = ""
    message: str = ""
    is_closed: bool = False
    pushes: tuple[Push, ...] | None = None

    @property
    def code(self) -> Side | None:
        """The commit that this is about, also by a host run or checks before it."""
        return self.upstream.head if self.upstream else self.head

    @property
    def is_fork(self) -> bool | None:
        """Whether the code is another repository's; None where that is still to be looked up."""
        if self.code:
            ours = self.repository.id
            return ours is None or self.code.repository_id != ours
        return None if self.needs_pull_request else False

    @property
    def pull_number(self) -> int:
        """The pull request that this is about, also by what came before it; 0 for none."""
        if self.subject.kind == "pull_request":
            return self.subject.number
        return self.upstream.pull if self.upstream else 0

    @property
    def number(self) -> int:
        """The pull request or issue that this is about; 0 for none."""
        return self.pull_number or self.subject.number

    @property
    def needs_pull_request(self) -> bool:
        """The payload names a pull request without its commits, or of checks without who opened
        it: see `with_pull_request`."""
        is_named = self.subject.kind == "pull_request" or self._is_of_checks
        return is_named and self.head is None

    @property
    def _is_of_checks(self) -> bool:
        return bool(self.upstream and self.upstream.is_suite and self.upstream.pull)
