"""Branches and pull requests of one repository, as far as publishing needs them.

There is no call to merge or to approve, none that forces a ref, and none that deletes.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from gump_action.errors import HostError
from gump_action.host import answers
from gump_action.host.answers import Pull
from gump_action.host.github.calls import Calls
from gump_action.host.github.patience import Ask
from gump_action.host.publishing.destination import Branch
from gump_action.host.publishing.tasks import branch_of, of_task

_READ = "pull-requests: read"
_WRITE = "pull-requests: write"
_SETTING = (
    'Switch on the setting "Allow GitHub Actions to create and approve pull requests" (repository '
    "or organization, Settings, Actions, General), or give the token of an app."
)


@dataclass(frozen=True)
class NewPull:
    """A pull request that is to be opened; `head` is a branch of this repository."""

    title: str
    body: str
    head: str
    base: str


class Pulls:
    """Calls to the repository `owner/name`, made through the connection of an `Api`."""

    def __init__(self, calls: Calls, repository: str) -> None:
        self._calls, self._repository = calls, repository

    def branch(self, name: str) -> Branch:
        """As it is now: its head, and whether GitHub calls it protected.  One not there has none.

        GitHub may follow a branch that was renamed: that counts as one that is not there.
        """
        ask = Ask("GET", self._at(f"branches/{quote(name, safe='')}"), "contents: read")
        try:
            found = self._calls.one(ask, answers.read_branch)
        except HostError as why:
            if why.status != 404:
                raise
            return Branch(name)
        return Branch(name, found.head, found.is_protected) if found.name == name else Branch(name)

    def has(self, branch: str, commit: str) -> bool:
        """Whether the branch holds this commit: is on it, or has gone on from it.

        Not where there is no such branch, or the two have no history in common: GitHub's 404.
        """
        place = f"compare/{quote(branch, safe='')}...{commit}"
        ask = Ask("GET", self._at(place), "contents: read")
        try:
            return self._calls.one(ask, lambda json: json["status"] in ("behind", "identical"))
        except HostError as why:
            if why.status != 404:
                raise
            return False

    def of_branch(self, name: str) -> tuple[Pull, ...]:
        """All pull requests, in any state, whose head is this branch of this repository."""
        owner = self._repository.partition("/")[0]
        query = {"state": "all", "head": f"{owner}:{name}"}
        pages = self._calls.pages(Ask("GET", self._at("pulls"), _READ, query), answers.read_pull)
        return tuple(pages)

    def of_task(self, task: str, viewer: str) -> tuple[Pull, ...]:
        """Those that we opened for this task, also closed ones; `viewer` is the token's login."""
        return of_task(self.of_branch(branch_of(task)), task, viewer)

    def open(self, new: NewPull) -> Pull:
        """Opens it, once: where it is not clear whether that was done, it is looked for."""
        body = {"title": new.title, "body": new.body, "head": new.head, "base": new.base}
        # Without maintainers' edits nothing is lost: the branch is in this repository.
        ask = Ask("POST", self._at("pulls"), _WRITE, body=body, once=True)
        try:
            return self._calls.one(ask, answers.read_pull)
        except HostError as why:
            found = self._opened(new) if why.status in (0, 422) or why.status >= 500 else None
            if found:
                return found
            if why.status == 403 and "not permitted to create" in why.message:
                raise HostError(why.message, hint=_SETTING, status=403) from None
            raise

    def update(self, number: int, body: str) -> Pull:
        """Puts a new body into the place of the old one.  Its title and all else stay as they are:
        a person may have changed them."""
        ask = Ask("PATCH", self._at(f"pulls/{number}"), _WRITE, body={"body": body})
        return self._calls.one(ask, answers.read_pull)

    def _opened(self, new: NewPull) -> Pull | None:
        """The open one of the same branches and words."""
        for pull in self.of_branch(new.head):
            is_open = pull.state == "open" and pull.base.ref == new.base
            if is_open and pull.body.splitlines()[:1] == new.body.splitlines()[:1]:
                return pull
        return None

    def _at(self, path: str) -> str:
        return f"/repos/{self._repository}/{path}"
