"""What a pull request says of a result."""

import pytest

from gump_action.host.said import letters
from gump_action.host.said.facts import Facts
from gump_action.host.said.letters import Subject

from .runs import passed_at_once


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("issue 12", Subject("issue", 12)),
        ("pull_request 7", Subject("pull_request", 7)),
        ("", Subject()),
        ("issue 012", Subject()),
        ("schedule 1", Subject()),
        ("issue 1\n2", Subject()),
    ],
)
def test_the_subject_is_what_the_first_step_said(text, subject):
    assert letters.subject_of(text) == subject


def test_a_task_without_a_name_is_the_workflow_and_its_subject():
    state = passed_at_once().state
    plain = letters.task_of(state, Subject())
    assert letters.task_of(state, Subject("issue", 12)) == f"{plain} for issue 12"


@pytest.mark.parametrize(
    "title", ["fixes #1 @team", "[skip ci] see https://evil.test", "a\nb", "x" * 500]
)
def test_a_title_of_others_does_nothing(title):
    said = letters.title_of(title, passed_at_once().state, Subject())
    assert "\n" not in said
    assert len(said) <= 200
    for active in ("#1", "@team", "[skip ci]", "://evil"):
        assert active not in said


def test_an_issue_is_closed_by_its_pull_request_and_nothing_else_is():
    state = passed_at_once().state
    assert letters.body_of(state, Facts(), Subject("issue", 12), 14).startswith("Closes #12.\n")
    other = letters.body_of(state, Facts(), Subject("pull_request", 12), 0)
    assert "Closes" not in other
    assert "not opened again" not in other


def test_a_pull_request_says_nothing_of_the_job_that_is_gone():
    body = letters.body_of(passed_at_once().state, Facts(), Subject(), 14)
    assert "checkout" not in body
    assert "re-run" not in body.lower()


def test_the_mark_of_the_comment_is_not_in_the_body():
    assert "<!--" not in letters.body_of(
        passed_at_once().state, Facts(mark="<!-- gump:x -->"), Subject(), 14
    )
