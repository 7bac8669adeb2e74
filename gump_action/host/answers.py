"""What GitHub's REST API answers, as frozen records; `read_` functions make them of its JSON.

What GitHub leaves out or gives as null is empty or None here, never an error.  A repository that is
not known is never taken for ours: the properties that compare say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
"""What a JSON text says: checked by the `read_` functions, and used nowhere else."""


@dataclass(frozen=True)
class Account:
    """Who wrote or did something; login is empty for an account that was deleted.

    `kind` is `User`, `Bot`, `Organization` or `Mannequin`.
    """

    login: str
    kind: str = "User"


@dataclass(frozen=True)
class Permission:
    """What an account may do here: `level` admin, write, read or none; `role` is finer.

    `role` is admin, maintain, write, triage, read, none, or the name of an organization's own role.
    """

    level: str
    role: str


@dataclass(frozen=True)
class Repository:
    """The repository of the connection."""

    id: int
    full_name: str
    default_branch: str


@dataclass(frozen=True)
class Head:
    """A branch and the commit that it is on; `is_protected` is None where GitHub does not say."""

    name: str
    head: str
    is_protected: bool | None


@dataclass(frozen=True)
class Comment:
    """A comment of an issue or a pull request; `url` is for people."""

    id: int
    body: str
    author: Account
    url: str
    created: str
    updated: str


@dataclass(frozen=True)
class Artifact:
    """What a host run has stored; `size` in bytes, `digest` of the zip (`sha256:…`) or empty."""

    id: int
    name: str
    size: int
    expired: bool
    digest: str
    created: str
    run: int | None
    repository: int | None
    head_repository: int | None
    head_branch: str
    head_sha: str

    @property
    def is_foreign(self) -> bool:
        """Whether a fork's code may have made it; also where GitHub does not say."""
        return self.head_repository is None or self.head_repository != self.repository


@dataclass(frozen=True)
class HostRun:
    """A run of a host workflow; `path` is its file, as `.github/workflows/ci.yml`."""

    id: int
    attempt: int
    path: str
    event: str
    head_sha: str
    head_branch: str
    repository: int | None
    head_repository: int | None
    actor: Account
    triggering_actor: Account
    status: str
    conclusion: str

    @property
    def is_foreign(self) -> bool:
        """Whether a fork's code may have run in it; also where GitHub does not say."""
        return self.head_repository is None or self.head_repository != self.repository


@dataclass(frozen=True)
class Side:
    """One side of a pull request; the repository is None and nameless where it was deleted.

    `pushed` is when that repository was last pushed to, to any of its branches.
    """

    ref: str
    sha: str
    repository: int | None
    full_name: str
    pushed: str = ""


@dataclass(frozen=True)
class Pull:
    """A pull request; `closed` is when (ISO 8601), empty while it is open."""

    number: int
    title: str
    body: str
    author: Account
    state: str
    merged: bool
    labels: tuple[str, ...]
    head: Side
    base: Side
    url: str
    closed: str = ""

    @property
    def is_foreign(self) -> bool:
        """Whether its head is in another repository; also where that was deleted."""
        return self.head.repository is None or self.head.repository != self.base.repository


def read_permission(json: Json) -> Permission:
    level = _required_text(json, "permission")
    return Permission(level, _text(json, "role_name") or level)


def read_repository(json: Json) -> Repository:
    return Repository(
        id=_required(json, "id"),
        full_name=_required_text(json, "full_name"),
        default_branch=_text(json, "default_branch"),
    )


def read_branch(json: Json) -> Head:
    told = _at(json, "protected")
    return Head(
        name=_required_text(json, "name"),
        head=_required_text(_at(json, "commit"), "sha"),
        is_protected=told if isinstance(told, bool) else None,
    )


def read_comment(json: Json) -> Comment:
    return Comment(
        id=_required(json, "id"),
        body=_text(json, "body"),
        author=_account(json, "user"),
        url=_text(json, "html_url"),
        created=_text(json, "created_at"),
        updated=_text(json, "updated_at"),
    )


def read_artifact(json: Json) -> Artifact:
    return Artifact(
        id=_required(json, "id"),
        name=_required_text(json, "name"),
        size=_required(json, "size_in_bytes"),
        expired=_at(json, "expired") is not False,
        digest=_text(json, "digest"),
        created=_text(json, "created_at"),
        run=_number(json, "workflow_run", "id"),
        repository=_number(json, "workflow_run", "repository_id"),
        head_repository=_number(json, "workflow_run", "head_repository_id"),
        head_branch=_text(json, "workflow_run", "head_branch"),
        head_sha=_text(json, "workflow_run", "head_sha"),
    )


def read_run(json: Json) -> HostRun:
    return HostRun(
        id=_required(json, "id"),
        attempt=_number(json, "run_attempt") or 1,
        # The path may have the branch behind it: `.github/workflows/ci.yml@main`.
        path=_text(json, "path").partition("@")[0],
        event=_text(json, "event"),
        head_sha=_text(json, "head_sha"),
        head_branch=_text(json, "head_branch"),
        repository=_number(json, "repository", "id"),
        head_repository=_number(json, "head_repository", "id"),
        actor=_account(json, "actor"),
        triggering_actor=_account(json, "triggering_actor"),
        status=_text(json, "status"),
        conclusion=_text(json, "conclusion"),
    )


def read_committed_at(json: Json) -> str:
    return _text(json, "commit", "committer", "date")


def read_pull(json: Json) -> Pull:
    return Pull(
        number=_required(json, "number"),
        title=_text(json, "title"),
        body=_text(json, "body"),
        author=_account(json, "user"),
        state=_text(json, "state"),
        merged=bool(_text(json, "merged_at")),
        labels=tuple(_text(label, "name") for label in _at(json, "labels") or ()),
        head=_side(json, "head"),
        base=_side(json, "base"),
        url=_text(json, "html_url"),
        closed=_text(json, "closed_at"),
    )


def _side(json: Json, name: str) -> Side:
    return Side(
        ref=_text(json, name, "ref"),
        sha=_required_text(json[name], "sha"),
        repository=_number(json, name, "repo", "id"),
        full_name=_text(json, name, "repo", "full_name"),
        pushed=_text(json, name, "repo", "pushed_at"),
    )


def _account(json: Json, name: str) -> Account:
    return Account(_text(json, name, "login"), _text(json, name, "type") or "User")


def _at(json: Json, *keys: str) -> Json:
    """What is there, None where one of the keys or its value is missing."""
    for key in keys:
        json = json.get(key) if isinstance(json, Mapping) else None
    return json


def _text(json: Json, *keys: str) -> str:
    found = _at(json, *keys)
    return found if isinstance(found, str) else ""


def _number(json: Json, *keys: str) -> int | None:
    found = _at(json, *keys)
    return found if isinstance(found, int) else None


def _required(json: Json, key: str) -> int:
    found = _number(json, key)
    if found is None:
        raise ValueError(f"no number `{key}`")
    return found


def _required_text(json: Json, key: str) -> str:
    found = _text(json, key)
    if not found:
        raise ValueError(f"no text `{key}`")
    return found
