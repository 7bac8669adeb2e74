"""What is asked of GitHub where somebody asks us: our comments, a commit's words, a cancel."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal
from urllib.parse import quote

from gump_action.errors import HostError
from gump_action.host import answers
from gump_action.host.answers import Comment, Json
from gump_action.host.event import COMMIT
from gump_action.host.github.calls import Calls
from gump_action.host.github.patience import Ask
from gump_action.host.marks import begins_as_ours


class Thread:
    """Calls to the repository `owner/name`, made through the connection of an `Api`."""

    def __init__(self, calls: Calls, repository: str) -> None:
        self._calls, self._repository = calls, repository

    def comments_of(self, number: int, authors: Collection[str]) -> tuple[Comment, ...]:
        """All that these accounts have written on an issue or pull request, oldest first."""
        ours = {author.lower() for author in authors}
        ask = Ask("GET", self._at(f"issues/{number}/comments"), "pull-requests: read")
        pages = self._calls.pages(ask, answers.read_comment)
        return tuple(each for each in pages if each.author.login.lower() in ours)

    def ours(self, number: int, authors: Collection[str]) -> tuple[Comment, ...]:
        """Of those the ones with a mark of ours: an account of ours may speak for others, too."""
        said = self.comments_of(number, authors)
        return tuple(each for each in said if begins_as_ours(each.body))

    def message(self, sha: str) -> str:
        """That of a commit."""
        if not COMMIT.fullmatch(sha):
            raise HostError(f"{sha!r} is no commit.")
        ask = Ask("GET", self._at(f"commits/{quote(sha)}"), "contents: read")
        return self._calls.one(ask, _read_message)

    def has_label(self, number: int, label: str) -> bool:
        """Whether it is on the pull request or issue now; GitHub's labels know no case."""
        ask = Ask("GET", self._at(f"issues/{number}/labels"), "pull-requests: read")
        pages = self._calls.pages(ask, _read_name)
        return label.casefold() in {name.casefold() for name in pages}

    def has_comment(self, place: Literal["issues", "pulls"], number: int) -> bool:
        """Whether the comment with this id is there."""
        ask = Ask("GET", self._at(f"{place}/comments/{number}"), "pull-requests: read")
        try:
            self._calls.call(ask)
        except HostError as why:
            if why.status not in (404, 410):
                raise
            return False
        return True

    def cancel(self, host_run: int) -> None:
        """Asks GitHub to end a host run; one that has ended is none (409)."""
        ask = Ask("POST", self._at(f"actions/runs/{host_run}/cancel"), "actions: write")
        try:
            self._calls.call(ask)
        except HostError as why:
            if why.status != 409:
                raise

    def _at(self, path: str) -> str:
        return f"/repos/{self._repository}/{path}"


def _read_name(json: Json) -> str:
    name = json["name"]
    if not isinstance(name, str):
        raise TypeError("no name")
    return name


def _read_message(json: Json) -> str:
    message = json["commit"]["message"]
    if not isinstance(message, str):
        raise TypeError("no message")
    return message
