"""Carries a result that may be published to where it goes: a branch, a pull request, or no further.

What may be in it was judged, and where it goes was decided, before anything here is done.  Every
way ends in a `Delivery`; what is done when GitHub refuses is found again by the next attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gump_action import environment
from gump_action.action.job.remote import Remote
from gump_action.action.publishing.result import Result
from gump_action.errors import HostError
from gump_action.host.api import Api
from gump_action.host.github.pulls import NewPull, Pulls
from gump_action.host.github.signing import Entry, Objects
from gump_action.host.publishing.delivery import Delivery
from gump_action.host.publishing.destination import (
    AsPatch,
    Destination,
    LeavePull,
    Nothing,
    OpenPull,
    PushTo,
    UpdatePull,
)
from gump_action.host.publishing.tasks import mark_of
from gump_action.host.said import carried
from gump_action.system.git_changes import NO_FILE, Changed
from gump_action.system.git_commit import Wanted, entries_of, make_commit
from gump_action.system.git_push import NotPushed, Push
from gump_action.system.git_trees import contents


@dataclass(frozen=True)
class Letter:
    """What is said of the result: to git as `message`, in a pull request as title and body."""

    task: str
    message: str
    title: str
    body: str


@dataclass(frozen=True)
class Courier:
    """`changes` are the files that may be published.

    With `signs` GitHub makes the commits and signs them; else git does.
    """

    github: Api
    remote: Remote
    result: Result
    changes: Sequence[Changed]
    letter: Letter
    signs: bool

    def carry(self, to: Destination) -> Delivery:
        """Raises HostError and CommandError."""
        match to:
            case Nothing():
                return carried.nothing(to)
            case AsPatch():
                return carried.patch(to)
            case LeavePull():
                return carried.left(to, self.github.pull(to.number))
            case PushTo():
                commit = self._commit_for(to)
                return self._send(to, commit) or carried.pushed(to, commit)
            case OpenPull():
                commit = self._commit_for(to.push)
                return self._send(to.push, commit) or self._open(to, commit)
            case UpdatePull():
                return self._update(to)

    def tree(self) -> str:
        """What a branch holds that has this result, and nothing else, on its base."""
        return self.result.git.text("rev-parse", f"{self._make(self.result.base)}^{{tree}}")

    def _commit_for(self, to: PushTo) -> str:
        if to.is_done:
            return to.expected
        for parent in {*to.parents} - {self.result.base}:
            # What was pushed before, and what this goes on from: git wants to see it.
            why = self.remote.fetch(self.result.folder, parent, is_alone=True)
            if why:
                raise HostError(f"The commit {parent[:12]} cannot be fetched: {why}")
        if not self.signs:
            return self._make(*to.parents)
        base, message = self.result.base, self.letter.message
        return self.github.part(Objects).commit(base, self._entries(), to.parents, message)

    def _make(self, *parents: str) -> str:
        paths = tuple(change.path for change in self.changes)
        wanted = Wanted(self.result.base, self.result.tip, paths, parents, self.letter.message)
        return make_commit(self.result.folder, wanted, environment.for_git(self.remote.environ))

    def _entries(self) -> list[Entry]:
        """The same files, as GitHub is given them."""
        git, kept = self.result.git, [each for each in self.changes if each.new_mode != NO_FILE]
        lines = entries_of(git, self.result.tip, tuple(each.path for each in kept))
        objects = {path: line.split(b" ")[-1].decode() for path, line in lines.items()}
        held = contents(git, objects.values())
        gone = [Entry(each.path, NO_FILE) for each in self.changes if each.new_mode == NO_FILE]
        return [*gone, *(Entry(c.path, c.new_mode, held[objects[c.path]]) for c in kept)]

    def _send(self, to: PushTo, commit: str) -> Delivery | None:
        """Why the branch is not on the commit; None where it is."""
        if to.is_done:
            return None
        if self.signs:
            moved = self.github.part(Objects).move(to.branch, commit, to.expected)
            return carried.moved(to, moved.head) if moved else None
        done = self.remote.push(self.result.folder, Push(commit, to.branch, to.expected))
        return carried.not_pushed(to, done) if isinstance(done, NotPushed) else None

    def _open(self, to: OpenPull, commit: str) -> Delivery:
        body = self._body([commit], self.letter.body)
        new = NewPull(self.letter.title, body, to.push.branch, to.into)
        return carried.opened(to, commit, self.github.part(Pulls).open(new))

    def _update(self, to: UpdatePull) -> Delivery:
        """The mark names both heads before the push: cut off in between, it is known again.

        What it tells is still true then, and what is new is told when it is there.
        """
        commit, pulls = self._commit_for(to.push), self.github.part(Pulls)
        before = self.github.pull(to.number)
        heads = list(dict.fromkeys([to.push.expected, commit]))
        told = before.body.partition("\n")[2]
        pulls.update(to.number, self._body(heads, told))
        refused = self._send(to.push, commit)
        if refused:
            return refused
        body = self._body([commit], self.letter.body)
        return carried.updated(to, commit, pulls.update(to.number, body))

    def _body(self, heads: Sequence[str], told: str) -> str:
        return f"{mark_of(self.letter.task, heads, self.result.digest)}\n{told}"
