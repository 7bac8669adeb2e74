"""What specs are made of, looked up: the diff of two commits, reviews, jobs and their logs."""

import pytest

from gump_action.errors import HostError
from gump_action.host.api import Api, Connection
from gump_action.host.trigger.rights import Right, Unknown

from ..github.state import TOKEN, Fault

A, B = "a" * 40, "b" * 40


@pytest.fixture
def api(github):
    with Api(Connection(github.url, TOKEN, github.full_name), sleep=lambda _: None) as api:
        yield api


@pytest.fixture
def sources(api):
    return api.sources()


def test_the_diff_is_that_of_two_commits(sources, github):
    github.comparisons[f"{B}...{A}"] = [
        {"filename": "a.py", "patch": "@@ -1 +1 @@\n-a\n+b"},
        {"filename": "b.png", "patch": None, "status": "added"},
    ]
    files = sources.changed_files(B, A)
    assert [(each.filename, each.status, each.patch[:2]) for each in files] == [
        ("a.py", "modified", "@@"),
        ("b.png", "added", ""),
    ]


@pytest.mark.parametrize("sha", ["main", "", "a" * 39, "../x", "a" * 40 + "?x"])
def test_the_diff_of_a_branch_is_not_asked_for(sources, github, sha):
    with pytest.raises(HostError, match="no commit"):
        sources.changed_files(B, sha)
    assert github.calls == []


def test_comments_come_over_all_pages(sources, github):
    github.add_comment(7, "x", "alice", times=230)
    github.add_comment(8, "of another", "alice")
    assert len(sources.comments(7)) == 230


def test_the_comments_of_one_review_are_told_with_their_places(sources, github):
    github.add_remark(5, "why?", "alice", path="src/a.py", line=3)
    github.add_remark(6, "of another", "bob")
    (remark,) = sources.remarks(7, 5)
    assert (remark.body, remark.user.login, remark.path, remark.line) == (
        "why?",
        "alice",
        "src/a.py",
        3,
    )


def test_jobs_are_those_of_one_attempt(sources, github):
    github.add_job(9, "build")
    github.add_job(9, "build", run_attempt=2, conclusion="success")
    assert [each.conclusion for each in sources.jobs(9, 2)] == ["success"]


def test_checks_are_those_of_one_suite_with_what_they_say(sources, github):
    line = {"path": "a.py", "start_line": 3, "annotation_level": "failure", "message": "boom"}
    mine = github.add_check(4, "unit", [line], title="1 failed", summary="**boom**")
    github.add_check(5, "unit")
    (check,) = sources.checks(4)
    assert (check.id, check.name, check.conclusion) == (mine["id"], "unit", "failure")
    assert (check.output.title, check.output.text) == ("1 failed", None)
    (found,) = sources.findings(check)
    assert (found.path, found.start_line, found.message) == ("a.py", 3, "boom")


def test_all_pages_of_what_a_check_says_are_read(sources, github):
    line = {"path": "a.py", "start_line": 3, "message": "boom"}
    for many in (130, 330, 0):
        github.add_check(4, f"finds {many}", [line] * many)
    assert [len(sources.findings(check)) for check in sources.checks(4)] == [130, 200, 0]


def test_a_log_is_fetched_without_the_token(sources, github):
    job = github.add_job(9, "build", "it broke \u2717\n")
    assert sources.log(job["id"]) == "it broke \u2717\n"
    # That no Authorization came with it, the stand-in itself sees to.
    assert github.blob_calls == [f"/{job['id']}.txt"]


def test_a_log_that_is_gone_is_an_error_that_shows_no_address(sources, github):
    job = github.add_job(9, "build", "x")
    github.faults = [Fault(r"\.txt$", status=404)]
    with pytest.raises(HostError) as caught:
        sources.log(job["id"])
    assert "sig=" not in str(caught.value)


def test_a_right_that_cannot_be_looked_up_is_unknown(sources, github):
    github.permissions["alice"] = "write"
    assert sources.right("alice") is Right.WRITE
    github.faults = [Fault("/permission", status=404)]
    assert isinstance(sources.right("bob"), Unknown)
