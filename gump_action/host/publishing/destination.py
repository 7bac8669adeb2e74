"""Where a result goes: one pure decision for `publish: push | pull-request | patch | none`.

Never onto a default or protected branch, never by force, never a merge or an approval: there is no
word for any of these here.  What may be in a result is `rules`; the doing is `system.git_push`
and `github.pulls`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gump_action.host.answers import Pull
from gump_action.host.publishing.tasks import read_mark

COOL_DOWN = 14
"""Days for which a pull request that was closed without a merge is an answer."""


class Wish(StrEnum):
    """What the user asks for."""

    PUSH = "push"
    PULL_REQUEST = "pull-request"
    PATCH = "patch"
    NONE = "none"


@dataclass(frozen=True)
class PushTo:
    """A branch of this repository, and the commit that it must be on at the last moment.

    `expected` is empty for a branch that must not be there yet.  `parents` are those of the commit
    that is pushed: the expected one is the first, so that it can only go forward.  `is_done`: an
    earlier attempt has pushed it, and the branch is on that commit.
    """

    branch: str
    expected: str
    parents: tuple[str, ...] = ()
    is_done: bool = False


@dataclass(frozen=True)
class OpenPull:
    """A new pull request, of the branch after the push, into `into`."""

    push: PushTo
    into: str


@dataclass(frozen=True)
class UpdatePull:
    """The branch is pushed, then the body of this pull request is written anew."""

    number: int
    push: PushTo


@dataclass(frozen=True)
class LeavePull:
    """This pull request stays as it is; `why` is for people."""

    number: int
    why: str
    holds_result: bool = False


@dataclass(frozen=True)
class AsPatch:
    """It cannot or shall not be pushed; `why` is empty where a patch was asked for.

    `has_moved`: to build it on the new head may help.  `is_final`: it was meant so, or nobody who
    reads it can do anything about it.  `may_need_edit`: of the host workflow.
    """

    why: str = ""
    has_moved: bool = False
    is_final: bool = False
    may_need_edit: bool = False


@dataclass(frozen=True)
class Nothing:
    """Nothing is published; `has_no_change`: because there is nothing."""

    why: str
    has_no_change: bool = False


Destination = PushTo | OpenPull | UpdatePull | LeavePull | AsPatch | Nothing


@dataclass(frozen=True)
class Branch:
    """A branch of this repository as it is now; `head` is empty where there is none.

    `is_protected` is GitHub's hint; None where it does not say, which counts as no: the server
    refuses then.
    """

    name: str
    head: str = ""
    is_protected: bool | None = None


@dataclass(frozen=True)
class Result:
    """What there is to publish.  `base` is the commit that it is built on, `digest` of its patch.

    Without a change `digest` is empty.
    """

    base: str
    digest: str
    has_host_workflows: bool = False


@dataclass(frozen=True)
class Place:
    """What is known of the place, all of it just now.

    `default_branch` is empty where it is not known, and then nothing is pushed.  `pull` is the pull
    request that the run is about, and `branch` its head branch, or the task's own one.  `ours` are
    the pull requests of this task, as `tasks.of_task` tells them.  `pushed` is the commit that this
    run's record says was pushed to `branch`, by an attempt that then could not go on.  `has_base`:
    `into` holds the commit that the result is built on.  `is_own`: `branch` is on a commit of ours,
    made on `into`, though no pull request says so.  `takes_host_workflows`: the token may push
    those, or nobody knows; what else it may not, the server says.  `taken_back`: why the run is not
    asked for any more.
    """

    default_branch: str
    branch: Branch
    is_fork: bool = False
    pull: Pull | None = None
    into: str = ""
    ours: tuple[Pull, ...] = ()
    pushed: str = ""
    has_base: bool = True
    is_own: bool = False
    takes_host_workflows: bool = False
    taken_back: str = ""


def destination(
    wish: Wish, result: Result, place: Place, now: datetime, *, cool_down: int = COOL_DOWN
) -> Destination:
    """What is to be done.  `cool_down` in days, 0: a closed pull request is no answer."""
    if wish is Wish.NONE:
        return Nothing("nothing is to be published (`publish: none`)")
    if not result.digest:
        return Nothing("The result changes nothing, so nothing is published", has_no_change=True)
    if wish is Wish.PATCH:
        return AsPatch(is_final=True)
    if place.taken_back and not place.pushed:
        return AsPatch(place.taken_back, is_final=True)
    if wish is Wish.PUSH:
        return _refusal(result, place) or _push(result, place)
    return _left(result, place, now - timedelta(days=cool_down)) or _pull(result, place)


def _refusal(result: Result, place: Place) -> AsPatch | None:
    """What holds for any branch."""
    branch = place.branch
    if place.is_fork:
        return AsPatch(
            "the branch is in a fork, where this repository's job may not write", is_final=True
        )
    if not place.default_branch:
        return AsPatch("the default branch is not known, and nothing is ever pushed to that")
    if branch.name == place.default_branch:
        return AsPatch(
            f"{branch.name} is the default branch, to which nothing is ever pushed: "
            "`publish: pull-request` opens a pull request instead",
            may_need_edit=True,
        )
    if branch.is_protected:
        return AsPatch(f"the branch {branch.name} is protected")
    if result.has_host_workflows and not place.takes_host_workflows:
        return AsPatch(
            "it changes host workflows, and a job's token may not push those: give the token of an "
            "app that has the permission `workflows`",
            may_need_edit=True,
        )
    return None


def _push(result: Result, place: Place) -> PushTo | AsPatch:
    pull, branch = place.pull, place.branch
    if pull is None:
        return AsPatch(
            "this run is about no pull request, so there is no branch to push to: "
            "`publish: pull-request` opens one",
            may_need_edit=True,
        )
    if pull.is_foreign:
        return AsPatch(
            "the branch is in a fork, where this repository's job may not write", is_final=True
        )
    if pull.state != "open":
        how = "merged" if pull.merged else "closed"
        return AsPatch(f"pull request {pull.number} was {how} meanwhile", is_final=True)
    if branch.name != pull.head.ref or not branch.head:
        return AsPatch(f"the branch of the pull request {pull.number} is gone")
    if branch.head == place.pushed:
        return PushTo(branch.name, branch.head, is_done=True)
    if branch.head != result.base:
        return AsPatch(has_gone_on(branch.name, result.base, branch.head), has_moved=True)
    return PushTo(branch.name, branch.head, (branch.head,))


def has_gone_on(branch: str, old: str, new: str) -> str:
    """Why nothing is pushed to it, for people."""
    return f"somebody has pushed to {branch} meanwhile: it was on {old[:12]}, and is on {new[:12]}"


def _left(result: Result, place: Place, since: datetime) -> LeavePull | None:
    """A pull request that is not to be touched, whatever the token may do."""
    for pull in _newest_first(place.ours):
        marked = read_mark(pull.body)
        if pull.state == "open":
            if pull.head.sha not in {*marked.heads, place.pushed}:
                why = "somebody else has pushed to it, or changed the first line of its description"
                return LeavePull(pull.number, why)
            if marked.holds(pull.head.sha, result.digest):
                why = "it holds this very result already"
                return LeavePull(pull.number, why, holds_result=True)
            return None
    for pull in _newest_first(place.ours)[:1]:
        if not pull.merged and _when(pull.closed) > since:
            why = f"it was closed without a merge on {pull.closed[:10]}; who wants it may reopen it"
            return LeavePull(pull.number, why)
    return None


def _pull(result: Result, place: Place) -> OpenPull | UpdatePull | AsPatch:
    refused = _refusal(result, place)
    if refused:
        return refused
    into = place.into or place.default_branch
    if not place.has_base:
        return AsPatch(f"the run began on {result.base[:12]}, which is not on {into}")
    known = {head for pull in place.ours for head in read_mark(pull.body).heads}
    branch = place.branch
    if branch.head and not place.is_own and branch.head not in {*known, place.pushed}:
        return AsPatch(
            f"the branch {branch.name} is there, on a commit that is none of ours: when nobody "
            "needs it any more, delete that branch, or give another `task`"
        )
    push = _onto(branch, result, place)
    opened = [pull for pull in _newest_first(place.ours) if pull.state == "open"]
    if not opened:
        return OpenPull(push, into)
    if not branch.head:
        return AsPatch(f"the branch of the pull request {opened[0].number} is gone")
    return UpdatePull(opened[0].number, push)


def _onto(branch: Branch, result: Result, place: Place) -> PushTo:
    """The result's tree on top of what was pushed before: the branch goes forward, and against its
    base the pull request shows this result and nothing of the last one."""
    if branch.head and branch.head == place.pushed:
        return PushTo(branch.name, branch.head, is_done=True)
    parents = dict.fromkeys(each for each in (branch.head, result.base) if each)
    return PushTo(branch.name, branch.head, tuple(parents))


def _newest_first(pulls: Collection[Pull]) -> list[Pull]:
    return sorted(pulls, key=lambda pull: pull.number, reverse=True)


def _when(text: str) -> datetime:
    """A time that cannot be read is now: what somebody closed stays closed."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
