"""GitHub's REST API, and the only user of PyGithub.

PyGithub brings address, token and connection; what is asked and read is written out here, so that
no call is made that is not meant.  It is imported with the first call: that costs 0.3 s.
Every failure is a HostError whose words hold no token.  Nothing here prints.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar
from urllib.parse import quote

from gump_action.errors import HostError
from gump_action.host import answers
from gump_action.host.answers import (
    Artifact,
    Comment,
    HostRun,
    Json,
    Permission,
    Pull,
    Repository,
)
from gump_action.host.event import LOGIN
from gump_action.host.github import blob
from gump_action.host.github.calls import Calls, Door
from gump_action.host.github.patience import Ask
from gump_action.host.github.sources import Asked
from gump_action.host.marks import has_mark

Subject = Literal["issues", "issues/comments", "pulls/comments"]
"""What a reaction can be given to: an issue or pull request, a comment, a review comment."""
Reaction = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]

_Part = TypeVar("_Part")
_PATIENCE = 30.0
_ZIP_MARGIN = 64 * 1024
_ACTIONS = "actions: read"
_COMMENTS = "pull-requests: write"


@dataclass(frozen=True)
class Connection:
    """Where GitHub's API is (`GITHUB_API_URL`, so GHES works), as whom, and which repository."""

    api_url: str
    token: str = field(repr=False)
    repository: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", self.api_url):
            raise HostError(f"{self.api_url!r} is no address of GitHub's API.")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository, re.ASCII):
            raise HostError(f"{self.repository!r} names no repository: it is `owner/name`.")
        if not re.fullmatch(r"[!-~]+", self.token):
            raise HostError(
                "The token is empty, or holds blanks or signs that no token has.",
                hint="Give `github-token: ${{ github.token }}`.",
            )


def connection(environ: Mapping[str, str], token: str) -> Connection:
    """That of this job, as this token.  Raises HostError where the job does not say."""
    return Connection(
        environ.get("GITHUB_API_URL") or "https://api.github.com",
        token,
        environ.get("GITHUB_REPOSITORY", ""),
    )


class Api:
    """Calls to one repository, which lose at most about `patience` seconds to failures in all.

    Lost are failed tries and the waits between them, over all calls; those that go well are free,
    so a store that is down costs that once, not once for each thing that is looked for.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._connection = connection
        self._calls = Calls(
            lambda seconds: _door(connection, seconds), patience=patience, clock=clock, sleep=sleep
        )
        self._viewer = ""

    def part(self, make: Callable[[Calls, str], _Part]) -> _Part:
        """Calls of another kind (`Pulls`, `Objects`), with the same connection and patience."""
        return make(self._calls, self._connection.repository)

    def close(self) -> None:
        """Closes its connections."""
        self._calls.close()

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def viewer(self) -> str:
        """The login that the token writes as: `github-actions[bot]`, `NAME[bot]` of an app, a user.

        Asked of GraphQL, which tells it to every kind of token; `GET /user` refuses those of jobs
        and apps.
        """
        if not self._viewer:
            query = {"query": "query { viewer { login } }"}
            ask = Ask("POST", self._calls.door().graphql_url, body=query)
            self._viewer = self._calls.one(ask, _read_viewer)
        return self._viewer

    def repository(self) -> Repository:
        """The repository of the connection."""
        return self._calls.one(Ask("GET", self._at()), answers.read_repository)

    def permission(self, login: str) -> Permission:
        """What this account may do here.  A look-up that fails raises, and is a no for callers."""
        if not LOGIN.fullmatch(login):
            raise HostError(f"{login!r} is no login of GitHub.")
        ask = Ask("GET", self._at(f"collaborators/{quote(login)}/permission"), needs="")
        return self._calls.one(ask, answers.read_permission)

    def pull(self, number: int) -> Pull:
        """The pull request of this number."""
        ask = Ask("GET", self._at(f"pulls/{number}"), "pull-requests: read")
        return self._calls.one(ask, answers.read_pull)

    def committed_at(self, sha: str) -> str:
        """The time of a commit (ISO 8601), as its committer set it."""
        ask = Ask("GET", self._at(f"commits/{quote(sha)}"), "contents: read")
        return self._calls.one(ask, answers.read_committed_at)

    def run(self, run_id: int) -> HostRun:
        """A run of a host workflow, as of its last attempt."""
        ask = Ask("GET", self._at(f"actions/runs/{run_id}"), _ACTIONS)
        return self._calls.one(ask, answers.read_run)

    def find_comment(self, number: int, mark: str, authors: Collection[str] = ()) -> Comment | None:
        """The oldest comment that is ours: by one of these authors, and marked; over all pages.

        The mark is the first line, where nobody's text stands.  Ours means the login that the token
        writes as, unless authors are named: a login with `[bot]` is an app's, no person can have
        one.  All jobs of a repository write as `github-actions[bot]`, so what such a comment says
        is still to be checked before it is believed.
        """
        ours = {author.lower() for author in authors or (self.viewer(),)}
        ask = Ask("GET", self._at(f"issues/{number}/comments"), _COMMENTS)
        for comment in self._calls.pages(ask, answers.read_comment):
            if has_mark(comment.body, mark) and comment.author.login.lower() in ours:
                return comment
        return None

    def keep_comment(self, number: int, mark: str, body: str) -> Comment:
        """The one comment that we keep: edited where it is there, else made.

        Where it is not clear whether it was made, it is looked for before it is made again.
        """
        there = self.find_comment(number, mark)
        if there:
            return self.edit_comment(there.id, body)
        try:
            return self.create_comment(number, body)
        except HostError as why:
            if 0 < why.status < 500:
                raise
        there = self.find_comment(number, mark)
        return self.edit_comment(there.id, body) if there else self.create_comment(number, body)

    def create_comment(self, number: int, body: str) -> Comment:
        """A new comment on an issue or pull request."""
        path = self._at(f"issues/{number}/comments")
        ask = Ask("POST", path, _COMMENTS, body={"body": body}, once=True)
        return self._calls.one(ask, answers.read_comment)

    def edit_comment(self, comment_id: int, body: str) -> Comment:
        """Puts a new body in the place of the old one."""
        path = self._at(f"issues/comments/{comment_id}")
        return self._calls.one(
            Ask("PATCH", path, _COMMENTS, body={"body": body}), answers.read_comment
        )

    def add_reaction(self, subject: Subject, number: int, content: Reaction) -> None:
        """Ours to an issue, pull request or comment; one that is there already stays the one."""
        path = self._at(f"{subject}/{number}/reactions")
        self._calls.call(Ask("POST", path, _COMMENTS, body={"content": content}))

    def sources(self) -> Asked:
        """What specs are made of, looked up within the same patience."""
        return Asked(self._calls, self._at, self.permission, needs_https=self._needs_https)

    def artifacts(self, run_id: int, prefix: str = "") -> tuple[Artifact, ...]:
        """Those of a run whose names begin so; GitHub shows what its attempts have left."""
        ask = Ask("GET", self._at(f"actions/runs/{run_id}/artifacts"), _ACTIONS)
        pages = self._calls.pages(ask, answers.read_artifact, "artifacts")
        return tuple(artifact for artifact in pages if artifact.name.startswith(prefix))

    def download(self, artifact: Artifact, name: str, target: Path, *, limit: int) -> None:
        """Writes the one file of an artifact, which has this name, to a path.

        GitHub redirects to a store, which never gets the token.  Raises HostError, and leaves
        nothing behind, where the zip's digest is not that of the artifact, where the file is not
        alone or has another name, and where it has more bytes than the limit.
        """
        if artifact.expired:
            raise HostError(f"The artifact {artifact.name} has expired.", status=410)
        if artifact.size > limit + _ZIP_MARGIN:
            raise HostError(f"The artifact {artifact.name} is larger than {limit} bytes.")
        try:
            with TemporaryDirectory(dir=target.parent, prefix=".artifact-") as folder:
                self._download(artifact, name, target, Path(folder), limit=limit)
        except OSError as why:
            raise HostError(
                f"The artifact {artifact.name} cannot be written: {why.strerror}."
            ) from None

    def _download(
        self, artifact: Artifact, name: str, target: Path, folder: Path, *, limit: int
    ) -> None:
        archive, file = folder / "zip", folder / "file"
        ask = Ask("GET", self._at(f"actions/artifacts/{artifact.id}/zip"), _ACTIONS)
        most = limit + _ZIP_MARGIN
        got = self._calls.fetch(ask, archive, limit=most, needs_https=self._needs_https)
        digest = f"sha256:{got}"
        if artifact.digest not in ("", digest):
            raise HostError(
                f"The artifact {artifact.name} is not what was stored: its digest is "
                f"{digest}, and GitHub has {artifact.digest}."
            )
        blob.take(archive, name, file, limit=limit)
        file.chmod(0o600)
        file.replace(target)

    @property
    def _needs_https(self) -> bool:
        return self._connection.api_url.startswith("https:")

    def _at(self, path: str = "") -> str:
        return f"/repos/{self._connection.repository}/{path}".rstrip("/")


def _door(connection: Connection, seconds: int) -> Door:
    from github import Auth, Github

    # It brings a log to stderr.
    logging.getLogger("github").setLevel(logging.CRITICAL)
    return Github(
        base_url=connection.api_url.rstrip("/"),
        auth=Auth.Token(connection.token),
        user_agent="gump-action",
        timeout=seconds,
        # `calls` waits and tries again: it knows how much patience there is.
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ).requester


def _read_viewer(json: Json) -> str:
    login = json["data"]["viewer"]["login"]
    if not isinstance(login, str) or not login:
        raise ValueError("no login")
    return login
