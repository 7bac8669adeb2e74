"""A commit made by GitHub itself out of objects that we send, so that GitHub signs it.

It signs what the token of a job or of an app makes, where neither author, committer nor signature
is given (docs.github.com, "Signature verification for bots").  What is asked is decided by pure
functions; `Objects` asks it, and moves a branch forward, never by force.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gump_action.errors import HostError
from gump_action.host.answers import Json
from gump_action.host.github.calls import Calls
from gump_action.host.github.patience import Ask
from gump_action.host.publishing.tasks import Commit
from gump_action.system.git_changes import NO_FILE, SUBMODULE

_NEEDS = "contents: write"
LARGEST = 25 * 1024 * 1024
"""Bytes of one file; what GitHub takes here is not documented, and base64 adds a third."""


@dataclass(frozen=True)
class Entry:
    """A path as it is to be: mode 000000 takes it away, else `content` is what it holds."""

    path: str
    mode: str
    content: bytes = b""


@dataclass(frozen=True)
class Moved:
    """The branch was not on the expected commit any more, so nothing was moved."""

    head: str


def blob_ask(at: str, content: bytes) -> Ask:
    body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
    return Ask("POST", f"{at}/git/blobs", _NEEDS, body=body)


def tree_ask(at: str, base: str, entries: Sequence[Entry], blobs: Mapping[str, str]) -> Ask:
    """Over the tree `base`; `blobs` by path, for all that is not taken away."""
    rows = [_row(entry, blobs.get(entry.path)) for entry in entries]
    return Ask("POST", f"{at}/git/trees", _NEEDS, body={"base_tree": base, "tree": rows})


def _row(entry: Entry, blob: str | None) -> dict[str, Any]:
    if entry.mode == NO_FILE:
        return {"path": entry.path, "mode": "100644", "type": "blob", "sha": None}
    assert blob, "a path that stays has a blob"
    return {"path": entry.path, "mode": entry.mode, "type": "blob", "sha": blob}


def commit_ask(at: str, tree: str, parents: Sequence[str], message: str) -> Ask:
    """Without author, committer and date: with any of them GitHub would not sign."""
    body = {"message": message, "tree": tree, "parents": [*parents]}
    return Ask("POST", f"{at}/git/commits", _NEEDS, body=body)


def ref_ask(at: str, branch: str, commit: str, *, is_new: bool) -> Ask:
    """Forward only: GitHub refuses a commit that does not follow the branch's own (422)."""
    if is_new:
        body: dict[str, Any] = {"ref": f"refs/heads/{branch}", "sha": commit}
        return Ask("POST", f"{at}/git/refs", _NEEDS, body=body, once=True)
    body = {"sha": commit, "force": False}
    return Ask("PATCH", f"{at}/git/refs/heads/{quote(branch)}", _NEEDS, body=body)


class Objects:
    """Makes commits in the repository `owner/name`, through the connection of an `Api`."""

    def __init__(self, calls: Calls, repository: str) -> None:
        self._calls, self._at = calls, f"/repos/{repository}"

    def tree_of(self, commit: str) -> str:
        """The tree of a commit that GitHub has."""
        ask = Ask("GET", f"{self._at}/git/commits/{commit}", "contents: read")
        return self._calls.one(ask, lambda json: _sha(json["tree"]))

    def told(self, commit: str) -> Commit:
        """What a commit that GitHub has says of itself."""
        ask = Ask("GET", f"{self._at}/git/commits/{commit}", "contents: read")
        return self._calls.one(ask, _told)

    def commit(
        self, base: str, entries: Sequence[Entry], parents: Sequence[str], message: str
    ) -> str:
        """The commit's name: the tree of the commit `base` with these entries.

        Raises HostError; what has been made until then is on no branch, and GitHub drops it.
        """
        _check(entries)
        blobs = {
            entry.path: self._calls.one(blob_ask(self._at, entry.content), _sha)
            for entry in entries
            if entry.mode != NO_FILE
        }
        asked = tree_ask(self._at, self.tree_of(base), entries, blobs)
        tree = self._calls.one(asked, _sha)
        return self._calls.one(commit_ask(self._at, tree, parents, message), _sha)

    def move(self, branch: str, commit: str, expected: str) -> Moved | None:
        """Puts the branch on the commit, from `expected` (empty: that is not there yet).

        GitHub has no lease here.  The head is looked up just before, and since the commit's first
        parent is `expected`, whatever was pushed in between makes GitHub refuse.
        """
        head = self.head(branch)
        if head == commit:
            return None
        if head != expected:
            return Moved(head)
        try:
            self._calls.call(ref_ask(self._at, branch, commit, is_new=not expected))
        except HostError as why:
            head = self.head(branch)
            if head == commit:
                return None
            if why.status in (409, 422) and head != expected:
                return Moved(head)
            raise
        return None

    def head(self, branch: str) -> str:
        """What the branch is on; empty where it is not there."""
        ask = Ask("GET", f"{self._at}/git/ref/heads/{quote(branch)}", "contents: read")
        try:
            return self._calls.one(ask, lambda json: _sha(json["object"]))
        except HostError as why:
            if why.status == 404:
                return ""
            raise


def _check(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry.mode == SUBMODULE or len(entry.content) > LARGEST:
            raise HostError(
                f"{entry.path!r} cannot be in a commit that GitHub signs: it is a submodule, or "
                f"larger than {LARGEST} bytes.",
                hint="Publish without `sign-commits`.",
            )
        if not entry.path.isprintable():
            raise HostError(f"{entry.path!r} is no name that GitHub's API takes.")


def _told(json: Json) -> Commit:
    names = [json[who]["name"] for who in ("author", "committer")]
    texts = [json["message"], *names, *(parent["sha"] for parent in json["parents"])]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a commit without its words")
    message, author, committer, *parents = texts
    return Commit(message, tuple(parents), author, committer)


def _sha(json: Json) -> str:
    sha = json["sha"]
    if not isinstance(sha, str) or not sha:
        raise ValueError("no name of an object")
    return sha
