"""The action with GitHub's API at hand: comment, artifacts, rights.  GitHub is a stand-in."""

import base64
import json

import pytest

from .conftest import KEY
from .job import Job
from .test_jobs import launches

OURS = "github-actions[bot]"


@pytest.fixture
def on_pull(jobs, github):
    """An attempt of the job on pull request 7, by somebody who may write."""
    github.full_name, github.repository_id = "octo/demo", 7
    github.add_pull(7, author="octocat")
    github.add_run(100)
    github.permissions["octocat"] = "write"

    def play(attempt=1, *, environ=None, pull=None, **inputs) -> Job:
        event = {"action": "opened", "number": 7, "pull_request": payload() | (pull or {})}
        more = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_API_URL": github.url}
        return jobs(
            attempt,
            environ={**KEY, **more, **(environ or {})},
            event=event,
            github=github,
            **{"github_token": next(iter(github.tokens)), **inputs},
        )

    return play


def payload():
    repo = {"id": 7, "full_name": "octo/demo", "private": False, "default_branch": "main"}
    sides = {"repo": repo, "user": {"login": "octocat", "type": "User"}}
    return {
        "number": 7,
        "title": "A title",
        "body": "A body",
        "user": {"login": "octocat", "type": "User"},
        "author_association": "MEMBER",
        "head": {"sha": "a" * 40, "ref": "topic", **sides},
        "base": {"sha": "b" * 40, "ref": "main", **sides},
    }


def bodies(github):
    return [comment["body"] for comment in github.comments]


def test_one_comment_tells_how_each_attempt_of_the_job_ended(on_pull, github):
    first = on_pull(1)
    (body,) = bodies(github)
    assert "failed" in body
    assert "impl" in body
    assert first.result["comment-url"].startswith("https://")
    on_pull(2)
    (body,) = bodies(github)
    assert "passed" in body
    assert "/actions/runs/100/attempts/2" in body


def test_the_comment_of_another_workflow_or_person_is_left_alone(on_pull, github):
    on_pull(1)
    mark = bodies(github)[0].splitlines()[0]
    github.comments.clear()
    github.add_comment(7, f"{mark}\nforged", author="mallory", times=1)
    github.add_comment(7, "chat", author="alice", times=120)
    github.add_comment(7, f"{mark}\nours", author=OURS)
    on_pull(2)
    assert bodies(github)[0].endswith("forged")
    assert "passed" in bodies(github)[-1]
    assert len(bodies(github)) == 122


def test_without_the_right_to_comment_the_run_is_what_it_was(on_pull, github):
    fault = {"path": "/issues/7/comments", "method": "POST", "status": 403}
    github.seed({"faults": [fault]})
    job = on_pull(1)
    assert job.result["status"] == "failed"
    assert "pull-requests: write" in job.log


def test_nobody_asked_for_a_comment(on_pull, github):
    on_pull(1, comment="never")
    assert github.comments == []


def test_an_artifact_is_enough_to_go_on(on_pull):
    on_pull(1, state="artifact")
    second = on_pull(2, state="artifact")
    assert second.result["resumed-from"].startswith("the artifact gump-state-")
    assert "I remember 1 of our exchanges" in second.log
    assert launches(second) == ["look#1", "impl#1", "impl#2"]


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"status": 403}, {"status": 404}])
def test_artifacts_that_cannot_be_had_cost_a_new_run_and_not_the_job(on_pull, github, fault):
    on_pull(1, state="artifact")
    github.seed({"faults": [{"path": "/actions/runs/100/artifacts", **fault}]})
    second = on_pull(2, state="artifact", environ={"GUMP_TEST": "1"})
    assert launches(second) == ["look#1", "impl#1"]
    assert "could not be looked for" in second.log


def test_an_artifact_of_a_fork_is_not_trusted(on_pull, github):
    on_pull(1, state="artifact")
    github.artifacts[0]["workflow_run"]["head_repository_id"] = 2
    assert on_pull(2, state="artifact").result["resumed-from"] == ""


def test_who_may_not_write_starts_nothing_and_is_told_why(on_pull, github):
    github.permissions["octocat"] = "read"
    job = on_pull(1)
    assert job.result["status"] == "skipped"
    assert "octocat (read)" in job.result["reason"]
    assert "octocat" in job.summary
    assert "run" not in job.codes
    assert github.comments == []


def test_a_fork_starts_nothing(on_pull):
    fork = {"id": 8, "full_name": "mallory/demo", "private": False, "default_branch": "main"}
    head = payload()["head"] | {"repo": fork}
    job = on_pull(1, pull={"head": head})
    assert job.result["status"] == "skipped"
    assert "fork" in job.result["reason"]


def test_no_process_of_the_run_finds_the_token(on_pull, github, project):
    """The agent looks into its own environment, and into that of whoever started it."""
    look = "env; tr '\\0' '\\n' < /proc/$PPID/environ 2>&1; cat /proc/$PPID/fd/3 2>&1"
    acts = [{"run": f"({look}) > seen.txt || true"}, {"write": "done.txt", "text": "x"}]
    project.commit({".gump/scripted.json": json.dumps({"impl": [acts], "look": [LOOKED]})})
    token = next(iter(github.tokens))
    job = on_pull(1)
    assert job.result["status"] == "passed", job.log
    assert token not in (job.repo / "seen.txt").read_text(errors="replace")


LOOKED = [{"write": ".gump/out/artifact.txt", "text": "seen"}]


def test_the_report_artifact_does_not_hold_the_token_in_a_form_of_git(on_pull, github, project):
    """As a checkout leaves it, that keeps its credentials: `AUTHORIZATION: basic …`."""
    token = next(iter(github.tokens))
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    acts = [{"write": "config.txt", "text": f"AUTHORIZATION: basic {basic}\n"}]
    project.commit({".gump/scripted.json": json.dumps({"impl": [acts], "look": [LOOKED]})})
    job = on_pull(1)
    report = job.temp / "gump-action" / job.result["run-key"] / "report"
    patches = [path.read_text() for path in report.rglob("*.patch")]
    assert any("config.txt" in patch for patch in patches)
    assert not [patch for patch in patches if basic in patch]
