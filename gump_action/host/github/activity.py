"""Who has pushed what to a branch, and when, by GitHub's own record.

docs.github.com, "List repository activities" (`GET /repos/{owner}/{repo}/activity`, octokit/openapi
23.0.2).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gump_action.errors import HostError
from gump_action.host.answers import Json
from gump_action.host.event import COMMIT, LOGIN, Person, Push
from gump_action.host.github.calls import Calls
from gump_action.host.github.patience import Ask
from gump_action.host.trigger.loops import is_ours

NEWEST = 100
"""Pushes that are looked at."""
_NEEDS = "contents: read"


class Activity:
    """Calls to the repository `owner/name`, made through the connection of an `Api`."""

    def __init__(self, calls: Calls, repository: str) -> None:
        self._calls, self._repository = calls, repository

    def pushes(self, branch: str) -> tuple[Push, ...]:
        """The newest ones to this branch, the last first."""
        query: dict[str, str | int] = {"ref": f"refs/heads/{branch}", "per_page": NEWEST}
        ask = Ask("GET", f"/repos/{self._repository}/activity", _NEEDS, query=query)
        return self._calls.one(ask, lambda json: tuple(map(_read_push, json)))

    def with_commit(self, push: Push) -> Push:
        """It says whether what was pushed is one commit, which a run of ours says it has made."""
        if not COMMIT.fullmatch(push.after):
            raise HostError(f"{push.after!r} is no commit.")
        ask = Ask("GET", f"/repos/{self._repository}/commits/{push.after}", _NEEDS)
        parents, message = self._calls.one(ask, _read_commit)
        return replace(push, is_of_run=parents == (push.before,) and is_ours(message))


def _read_push(json: Json) -> Push:
    told = json["actor"] or {}
    login = told.get("login", "")
    by = Person(login, told.get("type", "")) if LOGIN.fullmatch(login) else None
    datetime.fromisoformat(json["timestamp"])
    return Push(str(json["before"]), str(json["after"]), json["timestamp"], by)


def _read_commit(json: Json) -> tuple[tuple[str, ...], str]:
    parents = tuple(str(each["sha"]) for each in json["parents"])
    return parents, str(json["commit"]["message"])
