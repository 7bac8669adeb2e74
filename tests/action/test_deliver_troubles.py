"""What goes wrong on the way: each ends in a clear status, nothing is lost or done twice."""

import json
from datetime import UTC, datetime

import pytest

from gump_action.action import deliver

from ..system.served import git
from .conftest import SCRIPT
from .job import CALLS
from .test_asking import OURS, after_ours, ledger, remembered
from .test_deliver import PASSES, comments, ground
from .test_github import payload

__all__ = ["ground"]
PULLS = "/pulls"
LATER = "2030-01-01T00:00:00Z"


def fault(path, status, **how):
    return {"path": path, "status": status, **how}


def bundle_of(job):
    """Where the result still is: the state that a re-run goes on with."""
    return list((job.store / "artifact").glob("gump-state-*"))


@pytest.mark.parametrize(
    ("what", "status"),
    [*(("/pulls/7", status) for status in (403, 404, 409, 422, 429, 503)), ("/branches/", 403)],
)
def test_an_answer_that_does_not_help_is_said_and_the_next_attempt_publishes(
    ground, github, monkeypatch, what, status
):
    monkeypatch.setattr(deliver, "PATIENCE", 2.0)
    ground.begin()
    # Every attempt of ours to get on is met by it, for longer than it is waited.
    github.seed({"faults": [fault(what, status, headers={"Retry-After": "600"})]})
    first = ground.on_pull(1, publish="push")
    assert first.result["published"] == "failed", first.log
    assert first.result["status"] == "blocked"
    assert first.result["reason"].startswith("not published: ")
    assert bundle_of(first)
    github.faults.clear()
    second = ground.on_pull(2, publish="push")
    assert second.result["published"] == "pushed", second.log
    assert ground.shown("topic", "done.txt") == "done"


def test_a_step_that_was_cut_off_is_not_taken_for_one_that_was_not_there(ground, monkeypatch):
    """The job is cancelled, or its time is over, while the result is on its way."""
    ground.begin()
    with monkeypatch.context() as cut:
        cut.setitem(CALLS, "deliver", lambda environ, log: 130)
        first = ground.on_pull(1, publish="push")
    assert (first.result["status"], first.result["published"]) == ("blocked", "failed"), first.log
    assert "was cut off" in first.result["reason"]
    assert "publishes the result, and no agent is run again" in comments(ground)[0]
    second = ground.on_pull(2, publish="push")
    assert (second.result["status"], second.result["published"]) == ("passed", "pushed"), second.log


def opened_by_us(ground, number):
    """The event of a pull request that an app of ours has opened, whose token starts host runs.

    Its head is checked out.
    """
    (pull,) = [each for each in ground.github.pulls if each["number"] == number]
    user, told = {"login": OURS, "type": "Bot"}, payload()
    ref, head = pull["head"]["ref"], ground.remote.head(pull["head"]["ref"])
    ground.project.git("fetch", "-q", str(ground.bare), ref)
    ground.project.git("checkout", "-q", head)
    told["head"] |= {"sha": head, "ref": ref}
    told["base"] |= {"sha": ground.head, "ref": pull["base"]["ref"]}
    told |= {"number": number, "user": user}
    return {"action": "opened", "number": number, "pull_request": told, "sender": user}


def test_pull_requests_that_runs_open_for_each_other_come_to_an_end(ground):
    ground.begin({**PASSES, "impl": [[{"run": "echo more >> done.txt"}]]})
    given = {"publish": "pull-request", "allow_bots": OURS}
    job = ground.on_pull(**given)
    seen = [job.result["published"]]
    while seen[-1] == "opened" and len(seen) < 4:
        number = int(job.result["pr-number"])
        environ = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_RUN_ID": str(number)}
        event = opened_by_us(ground, number)
        job = ground.play(environ=environ, event=event, machine=f"on-{number}", **given)
        seen.append(job.result.get("published", job.result["status"]))
    assert seen == ["opened", "opened", "skipped"], job.log
    assert "might never end" in job.result["reason"]


def test_a_run_that_failed_has_nothing_to_be_cut_off(ground):
    ground.begin(SCRIPT)
    job = ground.on_pull(1, publish="push")
    assert (job.result["status"], "published" in job.result) == ("failed", False), job.log
    assert "was cut off" not in comments(ground)[0]


# Where a commit is made by GitHub, each of these calls can fail.
OBJECTS = ["/git/blobs", "/git/trees", "/git/commits$", "/git/refs/heads/"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *((path, 403) for path in OBJECTS),
        *(("/git/refs/heads/", status) for status in (409, 422, 503)),
        *(("/git/trees", status) for status in (404, 422, 429)),
    ],
)
def test_a_commit_that_github_could_not_make_is_made_by_the_next_attempt_and_once(
    ground, github, monkeypatch, path, status
):
    monkeypatch.setattr(deliver, "PATIENCE", 2.0)
    ground.begin()
    github.seed({"faults": [fault(path, status, headers={"Retry-After": "600"})]})
    first = ground.on_pull(1, publish="push", sign_commits="true")
    assert (first.result["published"], first.result["status"]) == ("failed", "blocked"), first.log
    assert ground.remote.head("topic") == ground.head
    assert bundle_of(first)
    github.faults.clear()
    second = ground.on_pull(2, publish="push", sign_commits="true")
    assert second.result["published"] == "pushed", second.log
    assert ground.remote.head("topic") in github.signed
    assert git(ground.bare, "rev-list", "--count", f"{ground.head}..topic") == "1"


@pytest.mark.parametrize("kind", ["after", "drop"])
@pytest.mark.parametrize("path", OBJECTS)
def test_a_signed_push_whose_answer_is_lost_is_done_once(ground, github, path, kind):
    ground.begin()
    github.seed({"faults": [fault(path, 502, kind=kind, times=1)]})
    job = ground.on_pull(1, publish="push", sign_commits="true")
    assert job.result["published"] == "pushed", job.log
    assert git(ground.bare, "rev-list", "--count", f"{ground.head}..topic") == "1"


def test_a_signed_commit_goes_onto_no_branch_that_has_moved_at_the_last_moment(ground, github):
    """The branch is looked at twice before GitHub is asked to move it; between, somebody pushes."""
    ground.begin()
    tree = git(ground.bare, "rev-parse", "topic^{tree}")
    theirs = git(ground.bare, "commit-tree", tree, "-p", "topic", "-m", "a person's")
    seen = {"body": json.dumps({"object": {"sha": ground.head}}), "times": 1}
    git(ground.bare, "update-ref", "refs/heads/topic", theirs)
    branch = {"name": "topic", "commit": {"sha": ground.head}, "protected": False}
    github.seed({"faults": [
        fault("/branches/topic", 200, body=json.dumps(branch), times=1),
        fault("/git/ref/heads/topic", 200, **seen),
    ]})  # fmt: skip
    job = ground.on_pull(publish="push", sign_commits="true")
    assert (job.result["published"], job.result["status"]) == ("patch", "blocked"), job.log
    assert ground.remote.head("topic") == theirs
    assert f"and is on {theirs[:12]}" in job.result["reason"]


def test_a_token_that_may_not_push_is_said_with_the_right_that_it_lacks(ground):
    ground.begin()
    ground.server.status = 403
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "failed"
    assert "contents: write" in comments(ground)[0]
    assert "Re-run failed jobs" in comments(ground)[0]


WITHOUT_AGENTS = "publishes the result, and no agent is run again"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, f"{WITHOUT_AGENTS}."),
        ({"down": ("artifact",)}, f"{WITHOUT_AGENTS}, if the cache has kept the state"),
        (
            {"down": ("artifact",), "state": "artifact"},
            "anew, agents and all, since no state was kept.",
        ),
        ({"state": "off"}, "anew, agents and all, since no state was kept; what this one has made"),
    ],
)
def test_what_was_not_pushed_is_promised_to_the_next_attempt_only_where_it_was_kept(
    how, words, ground
):
    ground.begin()
    ground.server.status = 403
    assert ground.on_pull(publish="push", **how).result["published"] == "failed"
    (said,) = comments(ground)
    assert words in said
    assert (WITHOUT_AGENTS in said) is (WITHOUT_AGENTS in words)


def test_a_bundle_is_there_for_the_next_attempt_of_the_job_that_publishes(ground):
    ground.begin()
    ran = ground.on_pull(mode="run", state="off")
    ground.server.status = 403
    ground.on_pull(
        environ={"GITHUB_JOB": "publish"}, machine="b", mode="publish", publish="push",
        bundle=ran.result["bundle"], workflow="", spec="", state="off",
    )  # fmt: skip
    assert f"{WITHOUT_AGENTS}." in comments(ground)[0]


def test_actions_may_not_open_pull_requests(ground, github):
    """The push was done; when the setting is on, the next attempt opens it and pushes nothing."""
    ground.begin()
    github.may_open_pulls = False
    first = ground.play(1, publish="pull-request")
    assert first.result["published"] == "failed", first.log
    assert "Allow GitHub Actions to create" in first.log
    (branch,) = set(github.branches) - {"main", "topic"}
    head = github.branches[branch]
    github.may_open_pulls = True
    second = ground.play(2, publish="pull-request")
    assert second.result["published"] == "opened", second.log
    assert github.branches[branch] == head
    assert len(github.pulls) == 2


def after_ci(ground, attempt=1, **inputs):
    return ground.play(
        attempt, environ={"GITHUB_EVENT_NAME": "workflow_run"}, event=after_ours(ground.head),
        publish="push", **inputs,
    )  # fmt: skip


def test_what_ci_started_is_pushed_only_where_it_is_counted(ground, github):
    """Else a push, and the CI after it, could go on for ever."""
    ground.begin()
    remembered(github, runs=1)
    github.seed({"faults": [fault("/issues/comments/", 403, method="PATCH")]})
    first = after_ci(ground)
    assert first.result["status"] == "blocked", first.log
    assert "cannot be counted" in first.result["reason"]
    assert github.branches["topic"] == ground.head
    github.faults.clear()
    second = after_ci(ground, 2)
    assert second.result["published"] == "pushed", second.log
    assert ledger(github).runs == 2


def next_night(ground, **more):
    """Another result, by another host run."""
    ground.begin({**PASSES, "impl": [[{"write": "done.txt", "text": "more\n"}]]})
    return ground.play(
        environ={"GITHUB_RUN_ID": "101"}, machine="b", publish="pull-request", task="t", **more
    )


@pytest.mark.parametrize("signs", ["false", "true"])
def test_what_was_pushed_and_not_opened_is_ours_the_next_night(ground, github, signs):
    ground.begin()
    github.may_open_pulls = False
    ground.play(publish="pull-request", task="t", sign_commits=signs)
    (branch,) = set(github.branches) - {"main", "topic"}
    head, github.may_open_pulls = github.branches[branch], True
    second = next_night(ground, sign_commits=signs)
    assert second.result["published"] == "opened", second.log
    assert ground.shown(branch, "done.txt") == "more"
    assert git(ground.bare, "rev-parse", f"{branch}^1") == head


def test_what_a_person_put_on_the_tasks_branch_is_not_pushed_over(ground, github):
    ground.begin()
    github.may_open_pulls = False
    ground.play(publish="pull-request", task="t")
    (branch,) = set(github.branches) - {"main", "topic"}
    said = git(ground.bare, "show", "-s", "--format=%B", branch)
    tree = git(ground.bare, "rev-parse", f"{branch}^{{tree}}")
    theirs = git(ground.bare, "commit-tree", tree, "-p", branch, "-m", said)
    git(ground.bare, "update-ref", f"refs/heads/{branch}", theirs)
    github.may_open_pulls = True
    second = next_night(ground)
    assert second.result["status"] == "blocked", second.log
    assert "delete that branch" in second.result["reason"]
    assert github.branches[branch] == theirs


@pytest.mark.parametrize("was_closed", [False, True])
def test_an_app_goes_on_with_what_the_jobs_own_token_has_opened(ground, github, was_closed):
    ground.begin()
    ground.play(publish="pull-request", task="t")
    if was_closed:
        now = datetime.now(UTC).isoformat()
        github.pulls[-1] |= {"state": "closed", "closed_at": now}
    github.tokens = dict.fromkeys(github.tokens, "our-app[bot]")
    second = next_night(ground)
    assert second.result["published"] == ("left" if was_closed else "updated"), second.log
    assert len(github.pulls) == 2


def test_the_answer_of_an_opened_pull_request_was_lost(ground, github):
    ground.begin()
    github.seed({"faults": [fault("/pulls", 502, method="POST", kind="after", times=1)]})
    job = ground.play(1, publish="pull-request")
    assert job.result["published"] == "opened", job.log
    assert len(github.pulls) == 2


def test_a_push_whose_answer_is_lost_is_found(ground):
    ground.begin()
    ground.server.cut = True
    first = ground.on_pull(1, publish="push")
    assert first.result["published"] == "pushed", first.log


@pytest.mark.parametrize("merged", [True, False])
def test_a_pull_request_that_was_closed_meanwhile_gets_a_patch_and_is_not_red(
    ground, github, merged
):
    ground.begin()
    github.pulls[0] |= {"state": "closed", "merged_at": "2026-11-30T00:00:00Z" if merged else None}
    job = ground.on_pull(publish="push")
    assert (job.result["published"], job.result["status"]) == ("patch", "passed")
    assert ("merged" if merged else "closed") in comments(ground)[0]
    assert ground.remote.head("topic") == ground.head


def test_a_branch_that_was_deleted_meanwhile_is_not_made_anew(ground, github):
    ground.begin()
    git(ground.bare, "update-ref", "-d", "refs/heads/topic")
    job = ground.on_pull(publish="push")
    assert (job.result["published"], job.result["status"]) == ("patch", "blocked")
    assert "is gone" in comments(ground)[0]
    assert "topic" not in github.branches


def test_a_protected_branch_is_left_alone(ground, github):
    ground.begin()
    github.protected = ["topic"]
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "patch"
    assert "is protected" in job.result["reason"]


def test_the_default_branch_is_never_pushed_to(ground, github):
    ground.begin()
    github.pulls[0]["head"]["ref"] = "main"
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "patch"
    assert "default branch" in job.result["reason"]
    assert ground.remote.head("main") == ground.head


def test_a_comment_that_was_deleted_is_written_anew_and_the_push_is_not_done_twice(ground, github):
    ground.begin()
    ground.on_pull(1, publish="push")
    head = ground.remote.head("topic")
    github.comments.clear()
    second = ground.on_pull(2, publish="push")
    assert second.result["published"] == "pushed"
    assert ground.remote.head("topic") == head
    assert len(comments(ground)) == 1


WRITER = {"login": "octocat", "type": "User"}
ON_ISSUE = {"number": 7, "user": WRITER, "pull_request": {}}
COMMENT = {"id": 9, "body": "/gump fix", "user": WRITER, "created_at": LATER}
LABELED = {"action": "labeled", "label": {"name": "gump:fix"}}
COMMENTED = {"action": "created", "comment": COMMENT, "issue": ON_ISSUE}


def on_pull_asked(ground, asked, attempt=1, **inputs):
    """Pull request 7 is asked about, by a label or by a comment of who may write."""
    pull = payload() | {"head": payload()["head"] | {"sha": ground.head}}
    name, on = ("issue_comment", {}) if asked is COMMENTED else ("pull_request", pull)
    event = {**asked, "sender": WRITER, **({"pull_request": on} if on else {})}
    ground.github.pulls[0]["head"]["sha"] = ground.head
    return ground.play(attempt, environ={"GITHUB_EVENT_NAME": name}, event=event, **inputs)


@pytest.mark.parametrize("asked", [LABELED, COMMENTED], ids=["label", "comment"])
def test_what_asked_is_taken_back_before_the_push_and_the_result_stays_a_patch(
    ground, github, asked
):
    ground.begin()
    job = on_pull_asked(ground, asked, publish="push")
    assert (job.result["published"], job.result["status"]) == ("patch", "passed"), job.log
    assert "meanwhile" in comments(ground)[-1]
    assert "+done" in comments(ground)[-1]
    assert ground.remote.head("topic") == ground.head
    github.pulls[0]["labels"] = [github.label("gump:fix")]
    github.add_comment(7, "/gump fix", "octocat")["id"] = 9
    job = on_pull_asked(ground, asked, machine="b", publish="push")
    assert job.result["published"] == "pushed", job.log


def test_what_was_pushed_stays_pushed_when_the_label_is_taken_off(ground, github):
    ground.begin()
    github.pulls[0]["labels"] = [github.label("gump:fix")]
    assert on_pull_asked(ground, LABELED, 1, publish="push").result["published"] == "pushed"
    github.pulls[0]["labels"] = []
    assert on_pull_asked(ground, LABELED, 2, publish="push").result["published"] == "pushed"


def test_a_label_that_is_taken_off_while_the_second_job_waits_stops_its_push(ground, github):
    ground.begin()
    github.pulls[0]["labels"] = [github.label("gump:fix")]
    ran = on_pull_asked(ground, LABELED, mode="run")
    github.pulls[0]["labels"] = []
    done = on_pull_asked(
        ground, LABELED, machine="b", mode="publish", publish="push", workflow="", spec="",
        bundle=ran.result["bundle"],
    )  # fmt: skip
    assert (done.result["published"], done.result["status"]) == ("patch", "passed"), done.log
    assert ground.remote.head("topic") == ground.head


def test_without_a_token_nothing_is_pushed_and_it_is_said(ground):
    ground.begin()
    job = ground.play(publish="pull-request", github_token="")
    assert job.result["published"] == "failed"
    assert "token is empty" in job.log


def test_a_base_that_is_not_on_the_branch_opens_no_pull_request(ground, github):
    """As a forged record could name a commit of a fork, to bring in more than its own patch."""
    ground.begin()
    git(ground.bare, "update-ref", "refs/heads/main", orphan(ground))
    job = ground.play(publish="pull-request")
    assert (job.result["published"], job.result["status"]) == ("patch", "blocked")
    assert "is not on main" in job.result["reason"]
    assert len(github.pulls) == 1


def orphan(ground):
    tree = git(ground.bare, "rev-parse", "main^{tree}")
    return git(ground.bare, "commit-tree", tree, "-m", "another history")


def test_what_was_pushed_by_others_onto_the_tasks_branch_stays(ground, github):
    ground.begin()
    first = ground.play(publish="pull-request")
    (pull,) = [each for each in github.pulls if each["number"] != 7]
    branch = pull["head"]["ref"]
    tree = git(ground.bare, "rev-parse", f"{branch}^{{tree}}")
    theirs = git(ground.bare, "commit-tree", tree, "-p", branch, "-m", "a person's")
    git(ground.bare, "update-ref", f"refs/heads/{branch}", theirs)
    other = {**PASSES, "impl": [[{"write": "done.txt", "text": "more\n"}]]}
    ground.begin(other)
    second = ground.play(environ={"GITHUB_RUN_ID": "101"}, machine="b", publish="pull-request")
    assert first.result["published"] == "opened"
    assert second.result["published"] == "left", second.log
    assert ground.remote.head(branch) == theirs


def test_another_server_than_github_com_is_asked_and_no_other(ground, github):
    """All addresses come from the job's variables: there is no network here but loopback."""
    ground.begin()
    job = ground.on_pull(publish="push", environ={"GITHUB_API_URL": f"{github.url}/api/v3"})
    assert job.result["published"] == "pushed", job.log


def test_no_other_job_of_the_host_run_can_open_what_is_sealed_with_a_key_it_lacks(ground):
    ground.begin()
    key = "k" * 64
    ran = ground.on_pull(mode="run", state_key=key)
    asked = {"mode": "publish", "publish": "push", "workflow": "", "spec": ""}
    here = {"GITHUB_JOB": "publish", "ANTHROPIC_API_KEY": ""}
    bundle = ran.result["bundle"]
    without = ground.on_pull(environ=here, machine="b", bundle=bundle, **asked)
    assert without.codes["deliver"] == 2
    assert "GUMP_STATE_KEY" in without.log
    done = ground.on_pull(environ=here, machine="c", bundle=bundle, state_key=key, **asked)
    assert done.result["published"] == "pushed", done.log


def test_a_bundle_of_another_host_run_is_refused(ground):
    ground.begin()
    ran = ground.on_pull(mode="run")
    done = ground.on_pull(
        environ={"GITHUB_JOB": "publish", "ANTHROPIC_API_KEY": "", "GITHUB_RUN_ID": "101"},
        machine="b", mode="publish", publish="push", bundle=ran.result["bundle"], workflow="",
        spec="",
    )  # fmt: skip
    assert done.codes["deliver"] == 2, done.log
    assert ground.remote.head("topic") == ground.head


@pytest.mark.parametrize("key", ["", "k" * 64], ids=["open", "sealed"])
def test_a_result_with_a_secret_of_its_job_is_handed_to_no_other_and_is_red(ground, key):
    """The job that publishes could not tell it from any other text, nor would it begin."""
    secret = "of-the-database-of-this-job"
    ground.begin({**PASSES, "impl": [[{"write": "done.txt", "text": f"{secret}\n"}]]})
    ran = ground.on_pull(mode="run", state_key=key, environ={"DATABASE_PASSWORD": secret})
    assert "a secret of this job is in what the run has written" in ran.log
    assert (ran.codes["run"], ran.codes["save"], ran.result["bundle"]) == (0, 1, "")


def test_host_workflows_are_pushed_by_an_app_alone(ground, github):
    acts = [*PASSES["impl"][0], {"write": ".github/workflows/ci.yml", "text": "on: push\n"}]
    ground.begin({**PASSES, "impl": [acts]})
    job = ground.on_pull(publish="push", allow_changes="github")
    assert (job.result["published"], job.result["status"]) == ("patch", "blocked")
    github.tokens = dict.fromkeys(github.tokens, "our-app[bot]")
    job = ground.on_pull(machine="b", publish="push", allow_changes="github")
    assert job.result["published"] == "pushed", job.log


def told(github):
    """What our pull requests say below their marks."""
    return [pull["body"].partition("\n")[2] for pull in github.pulls if pull["number"] != 7]


def test_a_pull_request_tells_of_a_result_when_it_is_there(ground, github):
    """A push that is refused leaves what is told of the one before, and is made good later."""
    ground.begin()
    opened = ground.play(1, publish="pull-request", task="night")
    assert opened.result["published"] == "opened", opened.log
    (before,) = told(github)
    ground.begin({**PASSES, "impl": [[{"write": "done.txt", "text": "1\n2\n3\n"}]]})
    ground.server.status = 403
    environ = {"GITHUB_RUN_ID": "101"}
    refused = ground.play(1, environ=environ, machine="b", publish="pull-request", task="night")
    assert refused.result["published"] == "failed", refused.log
    assert told(github) == [before]
    ground.server.status = 0
    mended = ground.play(2, environ=environ, machine="c", publish="pull-request", task="night")
    assert mended.result["published"] == "updated", mended.log
    (after,) = told(github)
    assert "1 file changed, +3" in after
    assert "1 file changed, +3" not in before


def test_a_pull_request_into_a_branch_that_is_gone_becomes_a_patch(ground):
    ground.begin()
    git(ground.bare, "update-ref", "-d", "refs/heads/topic")
    job = ground.on_pull(publish="pull-request")
    assert (job.result["published"], job.result["status"]) == ("patch", "blocked")
    assert "is not on topic" in job.result["reason"]


def test_a_bundle_that_is_gone_is_said(ground):
    ground.begin()
    ran = ground.on_pull(mode="run")
    (ran.store / "artifact" / ran.result["bundle"].partition("@")[0]).unlink()
    done = ground.on_pull(
        environ={"GITHUB_JOB": "publish"}, machine="b", mode="publish", publish="push",
        bundle=ran.result["bundle"], workflow="", spec="",
    )  # fmt: skip
    assert done.codes["deliver"] == 2
    assert "is not there" in done.log
    assert (done.result["published"], done.result["status"]) == ("failed", "blocked")
    assert "is not there, so there is nothing to publish" in done.result["reason"]


def test_a_run_that_failed_is_told_by_the_job_that_publishes(ground):
    look = [*PASSES["look"][0], {"write": "first.txt", "text": "x\n"}]
    ground.begin({"look": [look], "impl": [[{"say": "no"}]]})
    ran = ground.on_pull(mode="run")
    assert ran.result["status"] == "failed"
    done = ground.on_pull(
        environ={"GITHUB_JOB": "publish"}, machine="b", mode="publish", publish="push",
        bundle=ran.result["bundle"], workflow="", spec="",
    )  # fmt: skip
    assert (done.result["published"], done.result["status"]) == ("nothing", "failed")
    (said,) = comments(ground)
    assert "`fix` failed" in said
    # Its state and its checkout are those of the other job.
    assert "goes on at `impl`, attempt 2" in said
    assert "checkout" not in said
    assert "There is no patch" not in done.log
