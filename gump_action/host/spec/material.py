"""What GitHub tells of a pull request's change, of its talk, and of jobs that failed.

The form is read here; what of it makes a spec is `occasion`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gump_action.host.answers import Comment
from gump_action.host.trigger.payload import Part, User
from gump_action.host.trigger.rights import Right, Unknown


class ChangedFile(Part):
    """One file of a comparison; `patch` is empty where it is binary or too large for GitHub."""

    filename: str
    status: str
    additions: int = 0
    deletions: int = 0
    patch: str = ""
    previous_filename: str = ""


class Remark(Part):
    """One comment of a review; `line` is None where the diff has moved on."""

    id: int
    body: str = ""
    user: User | None = None
    path: str = ""
    line: int | None = None
    diff_hunk: str = ""
    created_at: str = ""
    updated_at: str = ""


class RunJob(Part):
    """A job of a host run, as of one attempt."""

    id: int
    name: str
    conclusion: str | None = None


class Output(Part):
    """What a check says for itself, in Markdown."""

    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


class Check(Part):
    """One check of a suite, as it was run last."""

    id: int
    name: str
    conclusion: str | None = None
    output: Output = Output()


class Finding(Part):
    """What a check says of lines of a file."""

    path: str
    start_line: int = 0
    annotation_level: str | None = None
    title: str | None = None
    message: str | None = None


class Sources(Protocol):
    """What has to be looked up.  Each raises HostError."""

    def changed_files(self, base: str, head: str) -> Sequence[ChangedFile]:
        """What `head` has changed since it left `base`, both commits; GitHub tells of 300 files."""

    def comments(self, number: int) -> Sequence[Comment]:
        """All comments of a pull request or issue, oldest first."""

    def remarks(self, number: int, review: int) -> Sequence[Remark]:
        """The comments of one review."""

    def jobs(self, run: int, attempt: int) -> Sequence[RunJob]:
        """All jobs of one attempt of a host run."""

    def log(self, job: int) -> str:
        """The whole log of a job."""

    def checks(self, suite: int) -> Sequence[Check]:
        """All checks of a suite."""

    def findings(self, check: Check) -> Sequence[Finding]:
        """What a check says of lines; nothing is asked where it says of none."""

    def right(self, login: str) -> Right | Unknown:
        """What this account may do here now; does not raise."""
