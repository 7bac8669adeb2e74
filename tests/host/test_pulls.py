"""Branches and pull requests against the stand-in for GitHub."""

from __future__ import annotations

import pytest

from gump_action.errors import HostError
from gump_action.host.api import Api, Connection
from gump_action.host.github.pulls import NewPull, Pulls
from gump_action.host.publishing.destination import Branch
from gump_action.host.publishing.tasks import branch_of, mark_of

from ..github.state import OUR_BOT, TOKEN, Fault

HEAD, DIGEST = "c" * 40, "1" * 64
OWN = branch_of("nightly")
NEW = NewPull("Nightly", f"{mark_of('nightly', [HEAD], DIGEST)}\nwords", OWN, "main")


@pytest.fixture
def pulls(github):
    connection = Connection(github.url, TOKEN, github.full_name)
    with Api(connection, clock=lambda: 0.0, sleep=lambda seconds: None) as api:
        yield api.part(Pulls)


@pytest.mark.parametrize("name", ["main", OWN, "a/b#c?d%2F", "é"])
def test_a_branch_is_told_with_its_head_whatever_its_name(name, pulls, github):
    github.branches = {name: HEAD}
    assert pulls.branch(name) == Branch(name, HEAD, is_protected=False)


def test_a_protected_branch_is_told_so(pulls, github):
    github.branches, github.protected = {"main": HEAD}, ["main"]
    assert pulls.branch("main") == Branch("main", HEAD, is_protected=True)


def test_a_branch_that_is_not_there_has_no_head(pulls):
    assert pulls.branch("gone") == Branch("gone")


def test_a_branch_that_cannot_be_looked_up_is_an_error(pulls, github):
    github.rights = {"contents": "none"}
    with pytest.raises(HostError, match="may not do this"):
        pulls.branch("main")


def test_a_renamed_branch_is_not_there(pulls, github):
    github.branches = {"new": HEAD}
    body = '{"name": "new", "commit": {"sha": "x"}, "protected": false}'
    github.faults = [Fault("/branches/old", status=200, body=body)]
    assert pulls.branch("old") == Branch("old")


def test_the_pull_requests_of_a_task_are_found_in_any_state_and_no_others(pulls, github):
    known = {"head_ref": OWN, "author": OUR_BOT, "body": NEW.body}
    ours = [
        github.add_pull(**known),
        github.add_pull(**known, state="closed", closed_at="2026-08-01T12:00:00Z"),
    ]
    github.add_pull(**{**known, "author": "mallory"})
    github.add_pull(**{**known, "head_ref": "topic"})
    github.add_pull(**{**known, "body": None})
    github.add_pull(**known, head_repository="mallory/plant")
    found = pulls.of_task("nightly", OUR_BOT)
    assert [pull.number for pull in found] == [pull["number"] for pull in ours]
    assert [pull.closed for pull in found] == ["", "2026-08-01T12:00:00Z"]


def test_a_pull_request_is_opened_and_then_found_and_updated(pulls, github):
    github.branches = {OWN: HEAD}
    opened = pulls.open(NEW)
    assert (opened.head.sha, opened.base.ref) == (HEAD, "main")
    assert pulls.of_task("nightly", OUR_BOT) == (opened,)
    updated = pulls.update(opened.number, "new")
    assert (updated.title, updated.body, updated.state) == (NEW.title, "new", "open")


def test_an_update_leaves_what_a_person_has_edited(pulls, github):
    there = github.add_pull(head_ref=OWN, author=OUR_BOT, body=NEW.body, title="In my words")
    assert pulls.update(there["number"], "new").title == "In my words"


@pytest.mark.parametrize("kind", ["after", "drop"])
def test_one_that_was_opened_behind_an_error_is_not_opened_again(kind, pulls, github):
    github.faults = [Fault("/pulls$", "POST", times=1, kind=kind, status=502)]
    if kind == "drop":
        github.add_pull(head_ref=OWN, author=OUR_BOT, body=NEW.body)
    assert pulls.open(NEW).body == NEW.body
    assert len(github.pulls) == 1


def test_one_that_was_there_all_the_time_is_taken(pulls, github):
    there = github.add_pull(head_ref=OWN, author=OUR_BOT, body=NEW.body)
    assert pulls.open(NEW).number == there["number"]


def test_one_of_others_on_our_branch_is_not_taken(pulls, github):
    github.add_pull(head_ref=OWN, body="mine")
    with pytest.raises(HostError, match="refused"):
        pulls.open(NEW)


def test_the_setting_that_forbids_it_is_named(pulls, github):
    github.may_open_pulls = False
    with pytest.raises(HostError) as caught:
        pulls.open(NEW)
    assert "Allow GitHub Actions to create" in caught.value.hint
