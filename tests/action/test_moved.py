"""A run that was asked for by comment, on a branch that does not stand still."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from gump_action.host.asking.standing import Standing, line_of

from ..system.served import git
from .test_asking import TRAILER, comment, ledger, reactions
from .test_asking import answers as all_answers
from .test_deliver import comments as all_comments
from .test_deliver import ground

__all__ = ["ground"]

PUBLISH = {"mode": "publish", "publish": "push", "workflow": "", "job": "publish"}
NO_KEY = {"publish": {"ANTHROPIC_API_KEY": ""}}
ASKED = "/gump"
MATE = "u"
"""Who pushes with tests/system/served's `git`."""


@pytest.fixture
def asked(ground):
    """`asked()` is a job for a comment that was written when the branch was as it began."""
    ground.begin()
    ground.github.pulls[0]["base"]["sha"] = ground.head
    first = moment()
    time.sleep(1.1)
    count = iter(range(100))

    def play(text="/gump fix", attempt=1, *, run=100, job="fix", written=first, **inputs):
        event = comment(text, created_at=written)
        if all(each["id"] != event["comment"]["id"] for each in ground.github.comments):
            ground.github.add_comment(7, ASKED, "octocat")["id"] = event["comment"]["id"]
        if run not in [each["id"] for each in ground.github.runs]:
            ground.github.add_run(run)
        variables = {"GITHUB_EVENT_NAME": "issue_comment", "GITHUB_JOB": job}
        variables |= {"GITHUB_RUN_ID": str(run)} | NO_KEY.get(job, {})
        given = {"workflow": "asked", "spec": "", **inputs}
        name = f"m{next(count)}"
        done = ground.play(attempt, environ=variables, event=event, machine=name, **given)
        next(each for each in ground.github.runs if each["id"] == run)["status"] = "completed"
        return done

    return play


def comments(ground):
    """Ours, of runs and answers."""
    return [body for body in all_comments(ground) if body != ASKED]


def answers(github):
    return [body for body in all_answers(github) if body != ASKED]


def moment():
    """Of a comment that is written now: after all that was done before."""
    return (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def theirs(ground, message="a person's"):
    """A push of mate's, which the next checkout has."""
    tree = git(ground.bare, "rev-parse", "topic^{tree}")
    new = git(ground.bare, "commit-tree", tree, "-p", "topic", "-m", message)
    git(ground.bare, "update-ref", "refs/heads/topic", new)
    check_out(ground)
    return new


def check_out(ground):
    """What the branch is on now, as `refs/pull/7/head` is."""
    git(ground.project.repo, "fetch", "-q", str(ground.bare), "topic")
    git(ground.project.repo, "reset", "-q", "--hard", "FETCH_HEAD")


def worked(job):
    """The attempts in which an agent was."""
    events = map(json.loads, (job.state / "ledger.ndjson").read_text().splitlines())
    return [f"{e['step']}#{e['attempt']}" for e in events if e["type"] == "agent_ended"]


# --- the job that publishes -------------------------------------------------------------------


def test_what_came_in_while_agents_worked_leaves_a_patch_and_again_publishes_it(ground, asked):
    """Three jobs each time; the person's commit stays, and no agent works a second time."""
    asked(mode="ask", job="ask")
    ran = asked(mode="run")
    head = theirs(ground)
    left = asked(bundle=ran.result["bundle"], **PUBLISH)
    assert (left.result["published"], left.result["status"]) == ("patch", "blocked"), left.log
    assert left.codes["deliver"] == 4
    assert ground.github.branches["topic"] == head
    (body,) = comments(ground)
    assert "**Not pushed:**" in body
    assert "It begins" not in body
    now = {"run": 101, "written": moment()}
    again = asked("/gump again", mode="run", **now)
    assert again.result["status"] == "passed", again.log
    assert worked(again) == worked(ran) == ["look#1", "impl#1"]
    done = asked("/gump again", bundle=again.result["bundle"], **now, **PUBLISH)
    assert done.result["published"] == "pushed", done.log
    assert git(ground.bare, "show", "-s", "--format=%P", "topic") == head
    assert ground.shown("topic", "done.txt") == "done"
    assert "Pushed" in comments(ground)[0]


def test_rights_that_cannot_be_looked_up_are_red_and_the_next_attempt_publishes(ground, asked):
    asked(mode="ask", job="ask")
    bundle = asked(mode="run").result["bundle"]
    fault = {"path": "/collaborators/", "status": 403, "headers": {"Retry-After": "600"}}
    ground.github.seed({"faults": [fault]})
    first = asked(bundle=bundle, **PUBLISH)
    assert (first.result["published"], first.result["status"]) == ("failed", "blocked"), first.log
    assert first.codes["deliver"] == 4
    (body,) = comments(ground)
    assert "could not be looked up" in body
    assert "Re-run failed jobs" in body
    ground.github.faults.clear()
    second = asked(attempt=2, bundle=bundle, **PUBLISH)
    assert second.result["published"] == "pushed", second.log


def test_somebody_who_is_known_to_have_no_right_has_nothing_published(ground, asked):
    bundle = asked(mode="run").result["bundle"]
    ground.github.permissions["octocat"] = "read"
    done = asked(bundle=bundle, **PUBLISH)
    assert (done.codes["resolve"], done.result["status"]) == (0, "skipped")
    assert "deliver" not in done.codes


@pytest.mark.parametrize("where", ["/collaborators/", "/pulls/7"])
@pytest.mark.parametrize(("fail_on", "code"), [("failed, blocked", 4), ("failed", 0)])
def test_where_the_right_is_not_known_no_agent_runs_and_the_job_is_not_green(
    ground, asked, where, fail_on, code
):
    ground.github.seed({"faults": [{"path": where, "status": 404}]})
    job = asked(fail_on=fail_on)
    assert (job.codes["resolve"], job.result["status"]) == (code, "blocked"), job.log
    assert "run" not in job.codes
    assert "could not be looked up" in job.summary
    assert comments(ground) == []


# --- jobs in which agents work ----------------------------------------------------------------


def test_who_asked_while_our_run_was_under_way_is_served_after_its_push(ground, asked):
    assert asked(publish="push").result["published"] == "pushed"
    check_out(ground)
    second = asked(run=101, publish="push")
    assert second.result["status"] == "nothing-to-do", second.log
    assert worked(second) == ["look#1", "impl#1"]


def test_who_asked_before_somebody_else_pushed_is_told(ground, asked):
    head = theirs(ground)
    job = asked(publish="push")
    assert (job.result["status"], job.codes["resolve"]) == ("skipped", 0), job.log
    assert "run" not in job.codes
    (answer,) = answers(ground.github)
    assert "may have been pushed to after this was written" in answer
    assert "Look at it again, and write a new comment." in answer
    assert reactions(ground.github) == [("issues/comments/55", "confused")]
    assert ground.github.branches["topic"] == head


def test_a_push_of_somebody_else_that_looks_like_ours_is_none_of_ours(ground, asked):
    theirs(ground, TRAILER)
    assert "run" not in asked().codes
    assert len(answers(ground.github)) == 1


def test_where_nobody_can_say_who_pushed_no_agent_works(ground, asked):
    asked(publish="push")
    check_out(ground)
    ground.github.seed({"faults": [{"path": "/activity", "status": 404}]})
    assert "run" not in asked(run=101).codes


def test_a_stop_is_done_whatever_was_pushed(ground, asked):
    asked(mode="ask", job="ask")
    ground.github.runs[0]["status"] = "in_progress"
    theirs(ground)
    job = asked("/gump stop", run=101, mode="ask", job="ask")
    assert "host run 100 is being cancelled" in job.log


def test_an_attempt_after_the_push_says_what_the_one_before_could_not(ground, asked):
    first = asked(publish="push")
    head = ground.github.branches["topic"]
    ground.github.comments.clear()
    check_out(ground)
    second = asked(attempt=2, publish="push")
    assert second.result["published"] in ("pushed", "nothing"), second.log
    assert worked(second) == worked(first) == ["look#1", "impl#1"]
    assert ground.github.branches["topic"] == head
    assert len(comments(ground)) == 1


@pytest.mark.parametrize("right", ["write", "read"])
def test_a_job_that_is_run_again_takes_in_what_was_pushed_by_who_may_write(ground, asked, right):
    """The push of a result was refused; by the second attempt the branch has moved, too."""
    ground.github.permissions[MATE] = right
    ground.server.status = 503
    first = asked(publish="push")
    assert first.result["published"] == "failed", first.log
    ground.server.status = 0
    head = theirs(ground)
    second = asked(attempt=2, publish="push")
    if right == "read":
        assert "run" not in second.codes
        assert len(answers(ground.github)) == 1
        return
    assert second.result["published"] == "pushed", second.log
    assert worked(second) == worked(first) == ["look#1", "impl#1"]
    assert git(ground.bare, "show", "-s", "--format=%P", "topic") == head


# --- where nothing comes of it ----------------------------------------------------------------


def test_who_waited_and_was_overtaken_is_told_by_the_job_that_publishes(ground, asked):
    """The one that would have run may write nowhere."""
    asked(mode="ask", job="ask")
    assert "It begins" in comments(ground)[0]
    theirs(ground)
    ran = asked(mode="run")
    assert (ran.result["status"], ran.result["bundle"]) == ("skipped", "")
    done = asked(reason=ran.result["reason"], **PUBLISH)
    assert (done.result["status"], done.codes["resolve"]) == ("skipped", 0), done.log
    (body,) = comments(ground)
    assert "**What was asked for last was not run:** what was asked for cannot be done" in body
    assert "It begins" not in body
    assert ledger(ground.github).announced == (100,)


def test_what_was_said_of_an_earlier_run_stays(ground, asked):
    asked(publish="none")
    before = comments(ground)[0].split("\n", 2)[2]
    asked(run=101, mode="ask", job="ask")
    done = asked(run=101, reason="cancelled", **PUBLISH)
    assert done.result["status"] == "skipped", done.log
    body = comments(ground)[0].split("\n", 2)[2]
    assert "its job was cancelled" in body
    assert body.endswith(before)
    assert ledger(ground.github).last.host_run == 100
    asked(run=102, mode="ask", job="ask")
    assert comments(ground)[0].split("\n", 2)[2] == before


def test_where_nothing_was_announced_nothing_is_said(ground, asked):
    done = asked(reason="failure", **PUBLISH)
    assert done.result["status"] == "skipped"
    assert comments(ground) == []


def test_what_looks_like_an_announcement_in_another_actions_comment_stays(ground, asked):
    """GitHub's bot speaks for many, and some of them repeat what strangers say."""
    forged = f"Coverage of\n{line_of(Standing(announced=(100,)))}\nText"
    ground.github.add_comment(7, forged)
    asked(reason="failure", **PUBLISH)
    assert comments(ground) == [forged]


@pytest.mark.parametrize("more", [{}, {"mode": "ask", "job": "ask"}])
def test_a_run_on_a_closed_pull_request_is_refused_with_an_answer(ground, asked, more):
    ground.github.pulls[0]["head"]["sha"] = ground.head
    ground.github.pulls[0]["state"] = "closed"
    job = asked(publish="none", **more)
    assert (job.result["status"], job.result["go"]) == ("skipped", "false"), job.log
    assert "run" not in job.codes
    (answer,) = answers(ground.github)
    assert "Pull request 7 is closed" in answer
    assert reactions(ground.github) == [("issues/comments/55", "confused")]
