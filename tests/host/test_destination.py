"""Where a result goes, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gump_action.host.answers import Account, Pull, Side
from gump_action.host.publishing.destination import (
    AsPatch,
    Branch,
    LeavePull,
    Nothing,
    OpenPull,
    Place,
    PushTo,
    Result,
    UpdatePull,
    Wish,
    destination,
)
from gump_action.host.publishing.tasks import branch_of, mark_of

BASE, HEAD, OTHER = "b" * 40, "a" * 40, "c" * 40
DIGEST, LAST = "1" * 64, "2" * 64
NOW = datetime(2026, 8, 15, 12, tzinfo=UTC)
US = "github-actions[bot]"
OWN = branch_of("nightly")
RESULT = Result(BASE, DIGEST)


def pull(number=5, *, ref="topic", sha=BASE, body="", author="alice", head=1, **more):
    known = {"state": "open", "merged": False, "labels": ()}
    sides = {"head": Side(ref, sha, head, "o/r"), "base": Side("main", "e" * 40, 1, "o/r")}
    return Pull(
        number, "t", body, Account(author), url="https://github.test", **known | sides | more
    )


def ours(number=7, *, sha=HEAD, digest=LAST, recorded=(HEAD,), **more):
    body = f"{mark_of('nightly', recorded, digest)}\nwords"
    return pull(number, **{"ref": OWN, "sha": sha, "body": body, "author": US} | more)


ON_PULL = Place("main", Branch("topic", BASE), pull=pull())
PUSHED = PushTo("topic", BASE, (BASE,))
MAIN = replace(ON_PULL, branch=Branch("main", BASE), pull=pull(ref="main"))
CLOSED = pull(state="closed")
MERGED = pull(state="closed", merged=True)


@pytest.mark.parametrize(
    ("place", "result", "expected"),
    [
        pytest.param(ON_PULL, RESULT, PUSHED, id="the head is the base of the result"),
        pytest.param(ON_PULL, Result(BASE, ""), Nothing, id="no change"),
        pytest.param(replace(ON_PULL, is_fork=True), RESULT, "fork", id="fork"),
        pytest.param(replace(ON_PULL, pull=pull(head=2)), RESULT, "fork", id="head in a fork"),
        pytest.param(replace(ON_PULL, pull=pull(head=None)), RESULT, "fork", id="fork is gone"),
        pytest.param(replace(ON_PULL, taken_back="the label is off"), RESULT, "label", id="label"),
        pytest.param(
            replace(ON_PULL, branch=Branch("topic", HEAD), pushed=HEAD, taken_back="x"),
            RESULT,
            PushTo("topic", HEAD, is_done=True),
            id="pushed before the label was taken off",
        ),
        pytest.param(replace(ON_PULL, pull=None), RESULT, "no pull request", id="no subject"),
        pytest.param(replace(ON_PULL, pull=CLOSED), RESULT, "closed meanwhile", id="closed"),
        pytest.param(replace(ON_PULL, pull=MERGED), RESULT, "merged meanwhile", id="merged"),
        pytest.param(replace(ON_PULL, branch=Branch("topic")), RESULT, "gone", id="head deleted"),
        pytest.param(replace(ON_PULL, branch=Branch("x", BASE)), RESULT, "gone", id="renamed"),
        pytest.param(
            replace(ON_PULL, branch=Branch("topic", BASE, is_protected=True)),
            RESULT,
            "is protected",
            id="protected",
        ),
        pytest.param(MAIN, RESULT, "default branch", id="default branch"),
        pytest.param(
            replace(ON_PULL, default_branch=""), RESULT, "not known", id="default not known"
        ),
        pytest.param(
            ON_PULL, replace(RESULT, has_host_workflows=True), "host workflows", id="workflow files"
        ),
        pytest.param(
            replace(ON_PULL, takes_host_workflows=True),
            replace(RESULT, has_host_workflows=True),
            PUSHED,
            id="workflow files by an app",
        ),
    ],
)
def test_push(place, result, expected):
    found = destination(Wish.PUSH, result, place, NOW)
    if isinstance(expected, str):
        assert isinstance(found, AsPatch)
        assert expected in found.why
        assert not found.has_moved
    elif isinstance(expected, type):
        assert isinstance(found, expected)
    else:
        assert found == expected


def test_a_branch_that_has_moved_says_so_for_who_can_build_anew():
    found = destination(Wish.PUSH, RESULT, replace(ON_PULL, branch=Branch("topic", HEAD)), NOW)
    assert isinstance(found, AsPatch)
    assert found.has_moved
    assert "it was on bbbbbbbbbbbb, and is on aaaaaaaaaaaa" in found.why


def test_what_an_earlier_attempt_has_pushed_is_not_pushed_again():
    place = replace(ON_PULL, branch=Branch("topic", OTHER), pushed=OTHER)
    assert destination(Wish.PUSH, RESULT, place, NOW) == PushTo("topic", OTHER, is_done=True)


@pytest.mark.parametrize(
    ("wish", "expected"), [(Wish.NONE, Nothing), (Wish.PATCH, AsPatch), (Wish.PUSH, PushTo)]
)
def test_what_is_asked_for_is_what_is_done(wish, expected):
    assert isinstance(destination(wish, RESULT, ON_PULL, NOW), expected)


FRESH = Place("main", Branch(OWN))
THERE = replace(FRESH, branch=Branch(OWN, HEAD), ours=(ours(),))
NEW_PUSH = PushTo(OWN, "", (BASE,))
NEXT_PUSH = PushTo(OWN, HEAD, (HEAD, BASE))


def closed(day, **more):
    return ours(state="closed", closed=f"2026-08-{day:02}T12:00:00Z", **more)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        pytest.param(FRESH, OpenPull(NEW_PUSH, "main"), id="the first night"),
        pytest.param(replace(FRESH, into="next"), OpenPull(NEW_PUSH, "next"), id="into a branch"),
        pytest.param(THERE, UpdatePull(7, NEXT_PUSH), id="the second night"),
        pytest.param(
            replace(THERE, ours=(ours(digest=DIGEST),)), LeavePull, id="the same result again"
        ),
        pytest.param(replace(THERE, ours=(ours(sha=OTHER),)), LeavePull, id="others pushed"),
        pytest.param(
            replace(THERE, branch=Branch(OWN, OTHER)), "delete that", id="others pushed just now"
        ),
        pytest.param(
            replace(THERE, ours=(ours(recorded=(OTHER, HEAD), digest=DIGEST),), pushed=HEAD),
            UpdatePull(7, PushTo(OWN, HEAD, is_done=True)),
            id="killed after the push, the same result: it is told",
        ),
        pytest.param(
            replace(THERE, ours=(ours(recorded=(HEAD, OTHER), digest=DIGEST),)),
            UpdatePull(7, NEXT_PUSH),
            id="killed before the push",
        ),
        pytest.param(
            replace(FRESH, branch=Branch(OWN, HEAD), pushed=HEAD),
            OpenPull(PushTo(OWN, HEAD, is_done=True), "main"),
            id="pushed by an earlier attempt, not opened",
        ),
        pytest.param(
            replace(THERE, ours=(ours(sha=OTHER),), branch=Branch(OWN, OTHER), pushed=OTHER),
            UpdatePull(7, PushTo(OWN, OTHER, is_done=True)),
            id="pushed by an earlier attempt, body not written",
        ),
        pytest.param(
            replace(THERE, ours=(ours(7), ours(9, sha=HEAD))), UpdatePull(9, NEXT_PUSH), id="two"
        ),
        pytest.param(replace(THERE, branch=Branch(OWN)), "is gone", id="branch deleted, pull open"),
        pytest.param(
            replace(FRESH, branch=Branch(OWN, OTHER)), "none of ours", id="a foreign branch"
        ),
        pytest.param(
            replace(FRESH, branch=Branch(OWN, HEAD), is_own=True),
            OpenPull(NEXT_PUSH, "main"),
            id="pushed by an earlier run, not opened",
        ),
        pytest.param(
            replace(THERE, ours=(ours(sha=OTHER),), branch=Branch(OWN, OTHER), is_own=True),
            LeavePull,
            id="a commit like ours does not unsay the mark",
        ),
        pytest.param(replace(FRESH, ours=(closed(2),)), LeavePull, id="closed within the days"),
        pytest.param(
            replace(FRESH, ours=(closed(1),)), OpenPull(NEW_PUSH, "main"), id="closed long ago"
        ),
        pytest.param(
            replace(FRESH, ours=(ours(state="closed", closed="?"),)), LeavePull, id="closed at ?"
        ),
        pytest.param(
            replace(FRESH, ours=(closed(14, merged=True),)), OpenPull(NEW_PUSH, "main"), id="merged"
        ),
        pytest.param(
            replace(THERE, ours=(closed(14, merged=True),)),
            OpenPull(NEXT_PUSH, "main"),
            id="merged, and its branch still there",
        ),
        pytest.param(
            replace(THERE, ours=(closed(14), ours(9))), UpdatePull(9, NEXT_PUSH), id="reopened"
        ),
        pytest.param(
            replace(FRESH, ours=(closed(14), replace(closed(14, merged=True), number=9))),
            OpenPull(NEW_PUSH, "main"),
            id="the last one was merged",
        ),
        pytest.param(replace(FRESH, has_base=False), "not on main", id="built on something else"),
        pytest.param(
            replace(THERE, ours=(closed(14),), has_base=False), LeavePull, id="closed comes first"
        ),
        pytest.param(replace(FRESH, is_fork=True), "fork", id="fork"),
        pytest.param(replace(FRESH, taken_back="label off"), "label off", id="label"),
        pytest.param(
            replace(FRESH, branch=Branch(OWN, is_protected=True)), "protected", id="protected"
        ),
        pytest.param(
            replace(FRESH, default_branch=OWN), "default branch", id="own is the default branch"
        ),
    ],
)
def test_pull_request(place, expected):
    found = destination(Wish.PULL_REQUEST, RESULT, place, NOW)
    if isinstance(expected, str):
        assert isinstance(found, AsPatch)
        assert expected in found.why
    elif isinstance(expected, type):
        assert isinstance(found, expected)
    else:
        assert found == expected


def test_without_a_cool_down_a_closed_pull_request_is_no_answer():
    place = replace(FRESH, ours=(closed(15),))
    found = destination(Wish.PULL_REQUEST, RESULT, place, NOW, cool_down=0)
    assert isinstance(found, OpenPull)


def test_a_result_on_the_head_of_our_own_branch_has_one_parent():
    result = Result(HEAD, DIGEST)
    found = destination(Wish.PULL_REQUEST, result, THERE, NOW)
    assert found == UpdatePull(7, PushTo(OWN, HEAD, (HEAD,)))
