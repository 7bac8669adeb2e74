"""Commits that GitHub makes, against the stand-in."""

from __future__ import annotations

import pytest

from gump_action.errors import HostError
from gump_action.host.api import Api, Connection
from gump_action.host.github.signing import Entry, Moved, Objects, commit_ask, ref_ask

from ..github.objects import add_commit, files_of
from ..github.state import TOKEN, Fault

BRANCH = "gump/deps-0a1b2c3d"


@pytest.fixture
def objects(github):
    connection = Connection(github.url, TOKEN, github.full_name)
    with Api(connection, clock=lambda: 0.0, sleep=lambda seconds: None) as api:
        yield api.part(Objects)


@pytest.fixture
def base(github):
    known = {"kept": ("100644", b"k"), "gone": ("100644", b"g"), "edited": ("100644", b"e")}
    return add_commit(github, known)


ENTRIES = [
    Entry("edited", "100755", b"\xff\0new"),
    Entry("gone", "000000"),
    Entry("d/new", "100644", b""),
    Entry("link", "120000", b"kept"),
]


def test_a_commit_is_the_base_with_these_entries_and_signed(objects, github, base):
    commit = objects.commit(base, ENTRIES, [base], "subject\n\nGump-Run: r1")
    assert files_of(github, commit) == {
        "kept": ("100644", b"k"),
        "edited": ("100755", b"\xff\0new"),
        "d/new": ("100644", b""),
        "link": ("120000", b"kept"),
    }
    told = github.objects[commit]
    assert (told["parents"], told["is_signed"]) == ([base], True)
    assert told["message"].endswith("Gump-Run: r1")


def test_a_branch_is_made_and_then_moved_forward(objects, github, base):
    first = objects.commit(base, ENTRIES[:1], [base], "one")
    assert objects.move(BRANCH, first, "") is None
    second = objects.commit(base, ENTRIES[:2], [first, base], "two")
    assert objects.move(BRANCH, second, first) is None
    assert github.branches == {BRANCH: second}


def test_a_branch_is_called_as_it_was_asked_for(objects, github, base):
    commit = objects.commit(base, ENTRIES[:1], [base], "one")
    assert objects.move("fix/größe-100%", commit, "") is None
    assert github.branches == {"fix/größe-100%": commit}


def test_what_is_done_is_not_done_again(objects, github, base):
    github.branches = {BRANCH: base}
    assert objects.move(BRANCH, base, "") is None
    assert [call.split()[0] for call in github.calls] == ["GET"]


@pytest.mark.parametrize("expected", ["", "f" * 40])
def test_a_branch_that_has_moved_stays(expected, objects, github, base):
    other = add_commit(github, {}, [base])
    github.branches = {BRANCH: other}
    commit = objects.commit(base, ENTRIES, [base], "x")
    assert objects.move(BRANCH, commit, expected) == Moved(other)
    assert github.branches == {BRANCH: other}


def test_a_branch_that_is_gone_is_not_made_again(objects, github, base):
    assert objects.move(BRANCH, objects.commit(base, ENTRIES, [base], "x"), base) == Moved("")
    assert github.branches == {}


def test_a_move_whose_answer_was_lost_is_asked_for_again(objects, github, base):
    github.branches = {BRANCH: base}
    commit = objects.commit(base, ENTRIES, [base], "x")
    github.faults = [Fault("/git/refs/", "PATCH", kind="after", status=403)]
    assert objects.move(BRANCH, commit, base) is None
    assert github.branches == {BRANCH: commit}


def test_a_refusal_that_is_no_move_is_an_error(objects, github, base):
    github.branches = {BRANCH: base}
    commit = objects.commit(base, ENTRIES, [base], "x")
    github.faults = [Fault("/git/refs/", "PATCH", status=422, message="protected branch")]
    with pytest.raises(HostError, match="protected branch"):
        objects.move(BRANCH, commit, base)


def test_a_branch_that_moves_at_the_last_moment_is_told_by_githubs_refusal(objects, github, base):
    other = add_commit(github, {}, [base])
    github.branches = {BRANCH: other}
    commit = objects.commit(base, ENTRIES, [base], "x")
    seen = f'{{"object": {{"sha": "{base}"}}}}'
    github.faults = [Fault("/git/ref/", times=1, status=200, body=seen)]
    assert objects.move(BRANCH, commit, base) == Moved(other)
    assert github.branches == {BRANCH: other}


def test_a_branch_that_cannot_be_looked_up_is_an_error(objects, github):
    github.faults = [Fault("/git/ref/", status=403)]
    with pytest.raises(HostError):
        objects.move(BRANCH, "c" * 40, "")


def test_an_answer_without_a_name_is_an_error(objects, github, base):
    github.faults = [Fault("/git/blobs", status=200, body='{"sha": null}')]
    with pytest.raises(HostError, match="cannot read"):
        objects.commit(base, ENTRIES, [base], "x")


def test_a_token_without_the_right_is_told_which(objects, github, base):
    github.rights = {"contents": "read"}
    with pytest.raises(HostError) as caught:
        objects.commit(base, ENTRIES, [base], "x")
    assert "contents: write" in caught.value.hint


@pytest.mark.parametrize(
    "entry",
    [Entry("sub", "160000"), Entry("a\n", "100644"), Entry("\udcff", "100644")],
)
def test_what_the_api_cannot_take_is_refused_before_anything_is_sent(entry, objects, github, base):
    with pytest.raises(HostError):
        objects.commit(base, [*ENTRIES, entry], [base], "x")
    assert github.calls == []


def test_nothing_is_asked_that_would_force_or_hinder_signing():
    assert ref_ask("", BRANCH, "c", is_new=False).body == {"sha": "c", "force": False}
    assert {*(commit_ask("", "t", ["p"], "m").body or {})} == {"message", "tree", "parents"}
