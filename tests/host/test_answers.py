"""What is read of GitHub's JSON where it says less than usual: never more trust than there was."""

from __future__ import annotations

import pytest

from gump_action.host import answers
from gump_action.host.answers import Account

SIDE = {"ref": "x", "sha": "a" * 40, "repo": {"id": 1, "full_name": "o/r"}}
ARTIFACT = {"id": 1, "name": "state", "size_in_bytes": 3, "expired": False}


def test_the_author_of_a_comment_may_have_been_deleted():
    comment = answers.read_comment({"id": 1, "user": None, "body": None})
    assert (comment.author, comment.body) == (Account("", "User"), "")


@pytest.mark.parametrize(
    ("run", "is_foreign"),
    [
        ({"repository_id": 1, "head_repository_id": 1}, False),
        ({"repository_id": 1, "head_repository_id": 2}, True),
        ({"repository_id": 1, "head_repository_id": None}, True),
        ({"repository_id": None, "head_repository_id": None}, True),
        ({"repository_id": "1", "head_repository_id": "1"}, True),
        ({}, True),
        (None, True),
    ],
)
def test_an_artifact_is_ours_only_where_github_says_so(run, is_foreign):
    assert answers.read_artifact(ARTIFACT | {"workflow_run": run}).is_foreign is is_foreign


def test_an_artifact_that_does_not_say_whether_it_is_there_is_not():
    assert answers.read_artifact({**ARTIFACT, "expired": None}).expired


def test_a_run_without_repositories_is_foreign():
    assert answers.read_run({"id": 1}).is_foreign


@pytest.mark.parametrize(
    ("head", "is_foreign"),
    [(SIDE, False), (SIDE | {"repo": None}, True), (SIDE | {"repo": {"id": 2}}, True)],
)
def test_a_pull_request_is_ours_only_where_its_head_is(head, is_foreign):
    pull = answers.read_pull({"number": 5, "head": head, "base": SIDE})
    assert pull.is_foreign is is_foreign


def test_a_pull_request_whose_repositories_are_unknown_is_foreign():
    side = SIDE | {"repo": None}
    assert answers.read_pull({"number": 5, "head": side, "base": side}).is_foreign


@pytest.mark.parametrize(
    ("read", "json"),
    [
        (answers.read_permission, {}),
        (answers.read_permission, {"permission": None}),
        (answers.read_comment, {"id": "1"}),
        (answers.read_artifact, {"id": 1}),
        (answers.read_pull, {"number": 5, "head": SIDE | {"sha": ""}, "base": SIDE}),
        (answers.read_repository, []),
    ],
)
def test_an_answer_without_what_matters_is_refused(read, json):
    with pytest.raises(ValueError, match="no "):
        read(json)
