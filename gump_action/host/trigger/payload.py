"""What we read of GitHub's event payloads, and nothing else of them: form only, no meaning.

Fields are as GitHub's REST description and webhook pages name them.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gump_action.host.event import COMMIT, LOGIN

# All else is text.
Login = Annotated[str, Field(pattern=f"^{LOGIN.pattern}$")]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,94}$")]
Sha = Annotated[str, Field(pattern=f"^({COMMIT.pattern})$")]


class Part(BaseModel):
    """Types are not converted: `"7"` is no number."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class User(Part):
    login: Login
    type: str = "User"


class Repo(Part):
    id: int
    full_name: str = ""
    default_branch: str = ""
    pushed_at: str | int | None = None  # a number in payloads of `push`


class Branch(Part):
    """`head` or `base` of a pull request; `repo` is null where the repository was deleted."""

    sha: Sha
    ref: str
    repo: Repo | None = None


class Written(Part):
    """A pull request, an issue, a comment or a review; `user` is null where the account is gone."""

    user: User | None = None
    title: str = ""
    state: str | None = None
    body: str | None = None
    id: int | None = None
    created_at: str | None = None
    submitted_at: str | None = None
    updated_at: str | None = None
    path: str | None = None
    line: int | None = None
    diff_hunk: str | None = None


class Pull(Written):
    number: int
    head: Branch
    base: Branch


class Issue(Written):
    number: int
    pull_request: dict[str, object] | None = None


class ShortPull(Part):
    """A pull request as a `workflow_run` or a check names it."""

    number: int
    head: Branch
    base: Branch


class Commit(Part):
    """The newest commit of a push, or of what a host run was about."""

    message: str = ""


class Label(Part):
    name: str


class HostRun(Part):
    """The host run that a `workflow_run` is about."""

    id: int
    event: str
    head_sha: Sha
    head_branch: str | None = None
    head_repository: Repo | None = None
    conclusion: str | None = None
    run_attempt: int = 1
    path: str = ""
    actor: User | None = None
    triggering_actor: User | None = None
    head_commit: Commit | None = None
    pull_requests: tuple[ShortPull, ...] = ()


class App(Part):
    """Who made a check; its account is `SLUG[bot]`."""

    slug: Slug | None = None


class Suite(Part):
    """All checks of one app on one commit.

    GitHub names no pull request of a fork here, and others by their branch: their heads can be
    newer than what was checked (docs.github.com, "Webhook events and payloads").
    """

    id: int
    head_sha: Sha
    head_branch: str | None = None
    conclusion: str | None = None
    app: App | None = None
    head_commit: Commit | None = None
    pull_requests: tuple[ShortPull, ...] = ()


class Check(Part):
    """One check of a suite."""

    id: int
    conclusion: str | None = None
    check_suite: Suite


class MergeGroup(Part):
    head_sha: Sha
    head_ref: str
    base_sha: Sha
    base_ref: str


class Payload(Part):
    action: str | None = None
    sender: User | None = None
    repository: Repo | None = None
    pull_request: Pull | None = None
    issue: Issue | None = None
    comment: Written | None = None
    review: Written | None = None
    workflow_run: HostRun | None = None
    check_suite: Suite | None = None
    check_run: Check | None = None
    merge_group: MergeGroup | None = None
    schedule: str | None = None
    label: Label | None = None
    inputs: dict[str, object] | None = None
    head_commit: Commit | None = None
