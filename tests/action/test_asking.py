"""Asked by comment, label and dispatch: from the event to the run, the answer and the ledger."""

import json

import pytest

from gump_action.host.asking.standing import Last, Standing, digest_of, line_of, read
from gump_action.host.marks import mark_of

from .conftest import KEY
from .test_github import LOOKED, payload
from .test_jobs import launches

OURS = "github-actions[bot]"
WRITER = {"login": "octocat", "type": "User"}
MEND = """\
name: mend
description: Mends what is broken
inputs: {level: {default: low}, place: {description: Where}}
steps:
  - {name: impl, agent: scripted, prompt: "{spec}", gate: ["bash: test -f done.txt"]}
"""
DONE = {"impl": [[{"write": "done.txt", "text": "x"}]], "look": [LOOKED]}
READS = {"contents": "read", "metadata": "read"}
TRAILER = "Fix\n\nGump-Run: 20261130-abcdef\nGump-Workflow: fix"


@pytest.fixture
def ask(jobs, github, project):
    """A job with `workflow: asked` on pull request 7; `GITHUB_RUN_ID` is `run`."""
    project.commit({".gump/workflows/mend.yaml": MEND})
    github.full_name, github.repository_id = "octo/demo", 7
    github.permissions["octocat"] = "write"
    github.add_pull(7, author="octocat")

    def play(event, *, name="issue_comment", run=100, attempt=1, **inputs):
        head = project.git("rev-parse", "HEAD").strip()
        github.pulls[0]["head"]["sha"] = head
        if not [each for each in github.runs if each["id"] == run]:
            github.add_run(run)
        more = {"GITHUB_EVENT_NAME": name, "GITHUB_API_URL": github.url, "GITHUB_SHA": head}
        given = {"workflow": "asked", "spec": "", "github_token": next(iter(github.tokens))}
        job = jobs(
            attempt,
            environ={**KEY, **more, "GITHUB_RUN_ID": str(run)},
            event=event,
            github=github,
            machine=f"machine-{run}-{attempt}-{inputs.get('mode', 'full')}",
            **{**given, **inputs},
        )
        next(each for each in github.runs if each["id"] == run)["status"] = "completed"
        return job

    return play


@pytest.fixture
def done(project):
    project.commit({".gump/scripted.json": json.dumps(DONE)})


def comment(text, *, by=WRITER, **words):
    issue = {"number": 7, "title": "A title", "body": "A body", "user": WRITER, "pull_request": {}}
    said = {"id": 55, "body": text, "user": by, "created_at": "2026-10-01T00:00:00Z", **words}
    return {"action": "created", "issue": issue, "comment": said, "sender": by}


def on_pull(action, **more):
    return {"action": action, "number": 7, "pull_request": payload(), "sender": WRITER, **more}


def remembered(github, workflow="fix", /, **words):
    """Our comment of earlier runs."""
    mark = mark_of(f".github/workflows/gump.yml {workflow}", "7")
    github.add_comment(7, f"{mark}\n{line_of(Standing(**words))}\nText", OURS)


def ledger(github):
    (body,) = [each["body"] for each in github.comments if "gump:ledger" in each["body"]]
    return read(body)


def answers(github):
    return [each["body"] for each in github.comments if "gump:ledger" not in each["body"]]


def reactions(github):
    return [(each["subject"], each["content"]) for each in github.reactions]


# --- what starts ------------------------------------------------------------------------------


def test_a_comment_chooses_the_workflow_its_values_and_what_is_asked_for(ask, github, done):
    job = ask(comment("/gump mend level=high please\n- the edge"), set="level=mid\nother=1")
    assert job.result["status"] == "passed", job.log
    assert launches(job) == ["impl#1"]
    assert json.loads((job.state / "given/inputs.json").read_text())["level"] == "high"
    spec = (job.state / "given/spec.md").read_text()
    assert "please\n- the edge" in spec
    assert "/gump" not in spec
    assert reactions(github) == [("issues/comments/55", "eyes")]
    known = ledger(github)
    assert (known.runs, known.asked, known.last.verdict) == (1, 1, "passed")
    assert known.last.artifact == job.result["artifact-name"]
    assert answers(github) == []


def test_a_label_chooses_the_workflow(ask, github, done):
    event = on_pull("labeled", label={"name": "gump:mend"})
    job = ask(event, name="pull_request")
    assert (job.result["status"], launches(job)) == ("passed", ["impl#1"]), job.log
    assert ledger(github).asked == 1


def test_a_dispatch_chooses_the_workflow(ask, github, done):
    job = ask({"inputs": {"workflow": "mend"}}, name="workflow_dispatch", set="level=mid")
    assert (job.result["status"], launches(job)) == ("passed", ["impl#1"]), job.log
    assert json.loads((job.state / "given/inputs.json").read_text())["level"] == "mid"
    assert github.comments == []


def test_a_dispatch_of_what_there_is_not_is_wrong_input(ask):
    job = ask({"inputs": {"workflow": "../mend.yaml"}}, name="workflow_dispatch")
    assert job.codes["resolve"] == 2
    assert "There is no workflow `../mend.yaml` to ask for. Workflows: `fix`, `mend`." in job.log


@pytest.mark.parametrize("token", ["", "no token"])
def test_without_a_token_a_dispatch_runs_all_the_same(ask, done, token):
    event = {"inputs": {"workflow": "mend"}}
    job = ask(event, name="workflow_dispatch", github_token=token, spec="Do it")
    assert job.result["status"] == "passed", job.log


def test_a_spec_that_is_given_outranks_the_text_and_it_is_said(ask, done):
    job = ask(comment("/gump mend but gently"), spec="Do it")
    assert (job.state / "given/spec.md").read_text() == "Do it"
    assert "is not used" in job.log


# --- what does not ----------------------------------------------------------------------------


def test_chat_is_left_alone_without_a_look_at_anybody(ask, github):
    job = ask(comment("Nice work!", by={"login": "mallory", "type": "User"}), fail_on="skipped")
    assert (job.codes["resolve"], job.result["status"]) == (0, "skipped")
    assert job.summary == ""
    assert github.calls == []


def test_a_stranger_is_told_in_the_log_and_nowhere_else(ask, github):
    job = ask(comment("/gump mend", by={"login": "mallory", "type": "User"}))
    assert job.result["status"] == "skipped"
    assert "mallory (read)" in job.log
    assert "mallory" in job.summary
    assert (github.comments, github.reactions) == ([], [])


def test_another_workflow_is_left_to_its_own_host_workflow(ask, github):
    job = ask(comment("/gump mend"), workflow="fix")
    assert (job.result["status"], job.summary) == ("skipped", "")
    assert (github.comments, github.reactions) == ([], [])


# --- answers ----------------------------------------------------------------------------------


def test_help_is_one_comment_that_is_edited(ask, github):
    assert ask(comment("/gump help")).result["status"] == "skipped"
    (body,) = answers(github)
    assert "| `mend` | Mends what is broken | `level` (else `low`), `place` |" in body
    assert "#issuecomment-55" in body
    ask(comment("/gump mned", id=56), run=200)
    (body,) = answers(github)
    assert "There is no workflow `mned` to ask for. Did you mean `mend`?" in body
    assert reactions(github) == [("issues/comments/56", "confused")]


def test_where_no_comment_is_wanted_a_fault_is_in_the_log(ask, github):
    job = ask(comment("/gump mned"), comment="never", fail_on="skipped")
    assert job.codes["resolve"] == 1
    assert "mned" in job.result["reason"]
    assert answers(github) == []


def test_without_the_right_to_answer_the_run_is_what_it_was(ask, github, done):
    github.rights = {"pull-requests": "read", "issues": "read", **READS}
    job = ask(comment("/gump mend"))
    assert job.result["status"] == "passed"
    assert "There is no reaction" in job.log


@pytest.mark.parametrize("more", [{"mode": "run"}, {"dry_run": "true"}])
def test_a_job_that_may_not_write_answers_nobody(ask, github, more):
    remembered(github, runs=1, host_runs=(90,))
    github.add_run(90)
    for number, text in enumerate(("/gump help", "/gump mned", "/gump stop"), 200):
        ask(comment(text), run=number, **more)
    assert answers(github) == []
    assert github.reactions == []
    assert github.runs[0]["status"] == "in_progress"


# --- again ------------------------------------------------------------------------------------


def test_again_goes_on_with_the_agents_conversation_on_another_machine(ask, github):
    first = ask(comment("/gump fix"))
    assert first.result["status"] == "failed", first.log
    second = ask(comment("/gump again"), run=200)
    assert second.result["status"] == "passed", second.log
    assert launches(second) == ["look#1", "impl#1", "impl#2"]
    assert "I remember 1 of our exchanges: impl#1" in second.log
    assert second.result["run-id"] == first.result["run-id"]
    assert second.result["resumed-from"].startswith("the artifact gump-state-")
    known = ledger(github)
    assert (known.runs, known.host_runs, known.last.host_run) == (2, (100, 200), 200)
    assert len(github.comments) == 1


@pytest.mark.parametrize("how", ["expired", "none", "fork", "other workflow", "other key"])
def test_where_the_record_is_gone_a_new_run_begins_and_it_is_said(ask, github, how):
    first = ask(comment("/gump fix"))
    match how:
        case "expired":
            github.artifacts[0]["expired"] = True
        case "none":
            github.artifacts.clear()
        case "fork":
            github.artifacts[0]["workflow_run"]["head_repository_id"] = 2
        case "other workflow":
            github.runs[0]["path"] = ".github/workflows/other.yml"
    more = {"state_key": "k" * 40} if how == "other key" else {}
    second = ask(comment("/gump again fix"), run=200, **more)
    assert launches(second) == ["look#1", "impl#1"], second.log
    assert second.result["run-id"] != first.result["run-id"]
    for told in (second.log, second.summary, github.comments[-1]["body"]):
        assert "is gone" in told


def test_again_where_nothing_has_run_is_a_fault_or_a_new_run(ask, github, done):
    job = ask(comment("/gump again"))
    assert "No run is known here" in job.result["reason"]
    job = ask(comment("/gump again mend"), run=200)
    assert job.result["status"] == "passed"
    assert "No earlier run is known here" in job.summary


def test_again_waits_for_nobody_who_is_under_way(ask, github):
    last = Last(host_run=90, attempt=1)
    remembered(github, runs=1, host_runs=(90,), last=last)
    github.add_run(90)
    assert "still under way" in ask(comment("/gump again")).result["reason"]


def test_a_ledger_that_somebody_else_wrote_is_not_gone_by(ask, github, done):
    mark = mark_of(".github/workflows/gump.yml fix", "7")
    forged = Standing(runs=1, host_runs=(90,), last=Last(host_run=90, attempt=1))
    github.add_comment(7, f"{mark}\n{line_of(forged)}\n", "mallory")
    assert "No run is known here" in ask(comment("/gump again")).result["reason"]


# --- stop -------------------------------------------------------------------------------------


def test_stop_cancels_what_is_under_way_and_is_ours(ask, github):
    remembered(github, runs=4, host_runs=(90, 91, 92, 93, 94, 100))
    remembered(github, "mend", runs=1, host_runs=(95,))
    github.add_run(90)
    github.add_run(91, path=".github/workflows/other.yml")
    github.add_run(92, status="completed", conclusion="success")
    github.add_run(93, head_repository="mallory/demo")
    github.add_run(95)
    job = ask(comment("/gump stop"))
    assert job.result["status"] == "skipped"
    assert "host run 90, 95 is being cancelled" in job.result["reason"]
    assert {each["id"] for each in github.runs if each["conclusion"] == "cancelled"} == {90, 95}
    assert reactions(github) == [("issues/comments/55", "+1")]
    assert answers(github) == []


def test_stop_of_one_workflow_leaves_the_others(ask, github):
    remembered(github, runs=1, host_runs=(90,))
    remembered(github, "mend", runs=1, host_runs=(95,))
    github.add_run(90)
    github.add_run(95)
    ask(comment("/gump stop mend"))
    assert {each["id"] for each in github.runs if each["conclusion"] == "cancelled"} == {95}


def test_a_stop_without_the_right_is_answered_with_what_is_missing(ask, github):
    remembered(github, runs=1, host_runs=(90,))
    github.add_run(90)
    github.rights = {"actions": "read", "pull-requests": "write", **READS}
    ask(comment("/gump stop"))
    (body,) = answers(github)
    assert "actions: write" in body
    assert reactions(github) == [("issues/comments/55", "confused")]


# --- how often --------------------------------------------------------------------------------

FULL = {"runs": 3, "asked": 1}
SAME = {
    "runs": 2,
    "before": "a" * 32,
    "last": Last(host_run=90, attempt=1, verdict="failed", signature="a" * 32),
}


@pytest.mark.parametrize(("words", "why"), [(FULL, "max-runs-per-subject"), (SAME, "same way")])
def test_what_nobody_asked_for_ends_somewhere(ask, github, words, why):
    remembered(github, **words)
    event = on_pull("opened")
    job = ask(event, name="pull_request", workflow="fix", max_runs_per_subject="2")
    assert job.result["status"] == "skipped", job.log
    assert why in job.result["reason"]
    assert "/gump again" in job.summary
    assert "run" not in job.codes


def test_who_asks_is_run_and_the_count_begins_anew(ask, github, done):
    remembered(github, "mend", **SAME | {"runs": 30})
    job = ask(comment("/gump mend"), max_runs_per_subject="2")
    assert job.result["status"] == "passed", job.log
    assert (ledger(github).runs, ledger(github).unasked) == (31, 0)


def test_the_same_failure_twice_stops_and_asks(ask, github):
    event = on_pull("opened")
    for run in (100, 200):
        job = ask(event, name="pull_request", workflow="fix", spec="Do it", run=run)
        assert job.result["status"] == "failed", job.log
        is_told = "failed in the same way" in github.comments[0]["body"]
        assert is_told is (run == 200)
    job = ask(event, name="pull_request", workflow="fix", spec="Do it", run=300)
    assert (job.result["status"], "run" in job.codes) == ("skipped", False)
    assert "failed in the same way" in job.result["reason"]
    assert len(github.comments) == 1


def test_where_the_count_cannot_be_read_the_run_begins_and_it_is_said(ask, github, done):
    github.seed({"faults": [{"path": "/issues/7/comments", "status": 403}]})
    job = ask(on_pull("opened"), name="pull_request", workflow="mend", spec="Do it")
    assert job.result["status"] == "passed"
    assert "could not be looked up" in job.log


def test_what_a_run_of_ours_has_pushed_starts_nothing(ask, github):
    github.pulls[0]["head"]["sha"] = "a" * 40
    github.messages["a" * 40] = TRAILER
    event = on_pull("synchronize")
    job = ask(event, name="pull_request", workflow="fix")
    assert job.result["status"] == "skipped", job.log
    assert "pushed by a run of ours" in job.result["reason"]


def after_ours(head):
    repo = {"id": 7, "full_name": "octo/demo"}
    side = {"sha": head, "ref": "topic", "repo": repo}
    pull = {"number": 7, "head": side, "base": {**side, "sha": "b" * 40, "ref": "main"}}
    run = {"id": 5, "event": "push", "head_sha": head, "head_branch": "topic", "path": "ci.yml"}
    run |= {"head_repository": repo, "conclusion": "failure", "pull_requests": [pull]}
    run |= {"actor": WRITER, "triggering_actor": WRITER, "head_commit": {"message": TRAILER}}
    return {"action": "completed", "workflow_run": run, "sender": WRITER}


def failed_on_ours(ask, project, most="10", **more):
    event = after_ours(project.git("rev-parse", "HEAD").strip())
    given = {"workflow": "mend", "spec": "Do it", "max_runs_per_subject": most, **more}
    return ask(event, name="workflow_run", **given)


def elsewhere(github, by=OURS, **words):
    """Our comment of another host workflow's runs."""
    mark = mark_of(".github/workflows/other.yml mend", "7")
    github.add_comment(7, f"{mark}\n{line_of(Standing(**words))}\nText", by)


def own(github):
    """The ledger of `mend` in this host workflow."""
    mark = mark_of(".github/workflows/gump.yml mend", "7")
    (body,) = [each["body"] for each in github.comments if each["body"].startswith(mark)]
    return read(body)


@pytest.mark.parametrize(
    ("most", "runs", "status"), [("10", 1, "passed"), ("0", 1, "skipped"), ("10", 0, "skipped")]
)
def test_a_host_run_that_failed_on_our_push_starts_one_where_they_are_counted(
    ask, github, project, done, most, runs, status
):
    if runs:
        remembered(github, "mend", runs=runs)
    job = failed_on_ours(ask, project, most)
    assert job.result["status"] == status, job.log + job.result["reason"]
    if status == "passed":
        assert own(github).unasked == 2
    else:
        assert "Re-run all jobs of this host run" in job.summary


PUSHED = Last(host_run=90, attempt=1, run="20261130-abcdef")


@pytest.mark.parametrize(("run", "status"), [("20261130-abcdef", "passed"), ("other", "skipped")])
def test_what_another_host_workflow_of_ours_pushed_starts_one_where_its_comment_says_so(
    ask, github, project, done, run, status
):
    elsewhere(github, runs=1, last=PUSHED.model_copy(update={"run": run}))
    assert failed_on_ours(ask, project).result["status"] == status


@pytest.mark.parametrize(
    ("bots", "why"), [("our-app[bot]", "max-runs-per-subject"), ("", "counts")]
)
def test_what_an_app_has_counted_counts_for_the_job_that_only_reads(
    ask, github, project, bots, why
):
    mark = mark_of(".github/workflows/gump.yml mend", "7")
    github.add_comment(7, f"{mark}\n{line_of(Standing(runs=3))}\nText", "our-app[bot]")
    job = failed_on_ours(ask, project, "3", allow_bots=bots, mode="run")
    assert job.result["status"] == "skipped"
    assert why in job.result["reason"]


LOG = (
    "2026-11-30T10:00:00.0000000Z ##[group]Run pytest\n"
    "2026-11-30T10:00:01.0000000Z {passed} passed, 1 failed in {seconds}s\n"
    "2026-11-30T10:00:01.0000000Z /home/runner/{folder}/t.py:{line}: AssertionError: {words}\n"
    "2026-11-30T10:00:02.0000000Z ##[error]Process completed with exit code 1.\n"
)
FIRST = LOG.format(passed=3, seconds="0.10", folder="a", line=7, words="2 is not 3")
SAME_AGAIN = LOG.format(passed=4, seconds="0.22", folder="b/c", line=19, words="2 is not 3")
OTHER = LOG.format(passed=3, seconds="0.10", folder="a", line=7, words="5 is not 3")


@pytest.mark.parametrize(
    ("log", "verdict", "status"),
    [
        (SAME_AGAIN, "passed", "skipped"),
        (OTHER, "passed", "passed"),
        (SAME_AGAIN, "blocked", "passed"),
    ],
)
def test_ci_that_fails_as_before_the_last_run_stops_and_asks(
    ask, github, project, done, log, verdict, status
):
    last = PUSHED.model_copy(update={"verdict": verdict, "upstream": 4, "upstream_attempt": 1})
    remembered(github, "mend", runs=1, last=last)
    github.add_job(4, "test", FIRST)
    github.add_job(5, "test", log)
    job = failed_on_ours(ask, project)
    assert job.result["status"] == status, job.log + job.result["reason"]
    if status == "skipped":
        assert "CI fails in the same way as before" in job.result["reason"]
        assert "re-run all jobs of the host run" in job.summary


CHECKED = {
    "same": [{"path": "a.py", "start_line": 9, "annotation_level": "failure", "message": "boom"}],
    "other": [{"path": "a.py", "start_line": 9, "annotation_level": "failure", "message": "bang"}],
}


def checked_on_ours(ask, project, github, **more):
    """Checks of another CI, on what a run of ours has pushed."""
    head = project.git("rev-parse", "HEAD").strip()
    github.pulls[0]["head"]["sha"] = head
    told = after_ours(head)["workflow_run"]
    suite = {"id": 5, "conclusion": "failure", "app": {"slug": "other-ci"}}
    suite |= {name: told[name] for name in ("head_sha", "pull_requests", "head_commit")}
    suite["pull_requests"][0]["base"]["sha"] = head
    event = {"action": "completed", "check_suite": suite, "sender": WRITER}
    given = {"allow_bots": "other-ci[bot]", "spec": "auto", "workflow": "mend"}
    return ask(event, name="check_suite", **given, **more)


@pytest.mark.parametrize(("now", "status"), [("same", "skipped"), ("other", "passed")])
def test_checks_of_another_ci_start_a_run_and_stop_where_they_fail_as_before(
    ask, github, project, done, now, status
):
    last = PUSHED.model_copy(update={"verdict": "passed", "upstream": 4, "upstream_attempt": 0})
    remembered(github, "mend", runs=1, last=last)
    before = [{"path": "a.py", "start_line": 3, "annotation_level": "failure", "message": "boom"}]
    github.add_check(4, "unit", before, title="1 failed")
    github.add_check(5, "unit", CHECKED[now], title="1 failed")
    job = checked_on_ours(ask, project, github)
    assert job.result["status"] == status, job.log + job.result["reason"]
    if status == "skipped":
        assert "CI fails in the same way as before" in job.result["reason"]
    else:
        assert (own(github).last.upstream, own(github).last.upstream_attempt) == (5, 0)
        assert "a.py:9: failure: bang" in (job.state / "given/spec.md").read_text()


def test_a_second_check_of_the_suite_that_a_run_has_mended_is_not_said_to_fail_as_before(
    ask, github, project, done
):
    last = PUSHED.model_copy(update={"verdict": "passed", "upstream": 5, "upstream_attempt": 0})
    remembered(github, "mend", runs=1, last=last)
    github.add_check(5, "unit", CHECKED["same"])
    job = checked_on_ours(ask, project, github)
    assert job.result["status"] == "skipped"
    assert "a run has followed these checks already" in job.result["reason"]


def test_which_failure_a_run_was_to_mend_is_remembered_and_what_follows_is_said(
    ask, github, project, done
):
    remembered(github, "mend", runs=1)
    failed_on_ours(ask, project)
    assert (own(github).last.upstream, own(github).last.upstream_attempt) == (5, 1)
    assert "somebody has to look then" in github.comments[0]["body"]


@pytest.mark.parametrize(("name", "status"), [("mend", "passed"), ("fix", "skipped")])
def test_who_asks_by_another_host_workflow_begins_the_count_anew(
    ask, github, project, done, name, status
):
    known = {"workflow": digest_of("mend"), "last": PUSHED.model_copy(update={"at": 5})}
    remembered(github, "mend", runs=3, **known)
    elsewhere(github, runs=1, workflow=digest_of(name), asked_at=9)
    job = failed_on_ours(ask, project, "3")
    assert job.result["status"] == status, job.log + job.result["reason"]
    assert own(github).unasked == (0 if status == "passed" else 3)


# --- a job that only answers ------------------------------------------------------------------


def test_a_job_that_answers_lets_the_next_one_run_and_runs_nothing(ask, github):
    job = ask(comment("/gump mend please"), mode="ask")
    assert job.result["go"] == "true", job.log
    assert "run" not in job.codes
    assert reactions(github) == [("issues/comments/55", "eyes")]
    assert "`mend` was asked for" in github.comments[0]["body"]


@pytest.mark.parametrize("text", ["/gump fxi", "/gump help", "just chat"])
def test_a_job_that_answers_lets_nothing_run_that_is_not_asked_for(ask, github, text):
    job = ask(comment(text), mode="ask")
    assert job.result["go"] == "false"
    assert len(github.comments) == (text != "just chat")


def test_a_run_that_was_only_announced_can_be_stopped(ask, github):
    ask(comment("/gump mend please"), mode="ask", run=100)
    github.runs[0]["status"] = "in_progress"
    job = ask(comment("/gump stop"), mode="ask", run=101)
    assert job.result["go"] == "false"
    assert "host run 100 is being cancelled" in job.log


def test_an_announcement_leaves_what_again_goes_by(ask, github):
    ask(comment("/gump fix please"), run=100)
    before = ledger(github)
    body = github.comments[0]["body"].split("\n", 2)[2]
    ask(comment("/gump again fix"), mode="ask", run=101)
    after = ledger(github)
    assert (after.last, after.runs, after.announced) == (before.last, before.runs, (101,))
    assert github.comments[0]["body"].split("\n", 2)[2] == body


def announced_and_stopped(ask, github, text="/gump fix please", run=100):
    """The job that would have told of it was never begun: its host run was cancelled."""
    ask(comment(text), mode="ask", run=run)
    return ask(comment(text), mode="run", run=run)


@pytest.mark.parametrize("text", ["/gump again", "/gump again fix"])
def test_again_goes_on_with_a_run_that_was_stopped_before_it_was_told_of(ask, github, text):
    first = announced_and_stopped(ask, github)
    ask(comment(text), mode="ask", run=101)
    second = ask(comment(text), mode="run", run=101)
    assert launches(second) == ["look#1", "impl#1", "impl#2"], second.log
    assert "I remember 1 of our exchanges" in second.log
    assert (first.codes["run"], second.codes["run"]) == (1, 0)


def test_again_passes_over_what_has_left_nothing(ask, github):
    ask(comment("/gump fix please"), run=100)
    ask(comment("/gump again"), mode="ask", run=101)
    job = ask(comment("/gump again"), run=102)
    assert launches(job) == ["look#1", "impl#1", "impl#2"], job.log


def test_again_waits_for_what_is_only_announced(ask, github):
    ask(comment("/gump fix please"), mode="ask", run=100)
    github.runs[0]["status"] = "in_progress"
    job = ask(comment("/gump again"), mode="ask", run=101)
    assert "still under way" in job.result["reason"]


def test_a_stop_says_so_where_a_run_was_announced(ask, github):
    for run, name in ((98, "mend"), (99, "fix"), (100, "fix")):
        ask(comment(f"/gump {name} please"), mode="ask", run=run)
    github.runs[-1]["status"] = "in_progress"
    ask(comment("/gump stop fix"), mode="ask", run=101)
    mend, fix = [each["body"] for each in github.comments]
    assert "⏳ `mend` was asked for" in mend
    assert "⏭️ `fix` was asked for" in fix
    assert "stopped by `/gump stop`" in fix
    assert "actions/runs/100/attempts/1" in fix
    assert "It begins" not in fix
    ask(comment("/gump fix please"), mode="ask", run=102)
    assert "⏳ `fix` was asked for" in github.comments[1]["body"]
    assert "actions/runs/102/" in github.comments[1]["body"]


def test_a_stop_leaves_what_an_earlier_run_has_told(ask, github):
    ask(comment("/gump fix please"), run=100)
    told = github.comments[0]["body"].split("\n", 2)[2]
    ask(comment("/gump again"), mode="ask", run=101)
    ask(comment("/gump stop"), mode="ask", run=102)
    assert github.comments[0]["body"].split("\n", 2)[2] == told


def test_where_the_job_that_runs_hands_on_nothing_the_next_one_says_so(ask, github):
    said = comment("/gump fix please")
    ask(said, mode="ask", run=100)
    ask(comment("/gump mend please"), mode="ask", run=101)
    how = {"mode": "publish", "publish": "push", "workflow": ""}
    job = ask(said, run=100, reason="failure", **how)
    assert (job.codes["resolve"], job.result["status"]) == (0, "skipped")
    assert "deliver" not in job.codes
    fix, mend = [each["body"] for each in github.comments]
    assert "⏭️ `fix` was asked for" in fix
    assert "its job failed, and its log says why" in fix
    assert read(fix).announced == (100,)
    assert "⏳ `mend` was asked for" in mend


def test_again_goes_on_where_the_branch_has_moved(ask, github, project):
    first = ask(comment("/gump fix please"), run=100)
    assert first.result["status"] == "failed"
    project.commit({"of-a-person.txt": "more\n"})
    second = ask(comment("/gump again"), run=101)
    assert second.result["status"] == "passed", second.log
    assert launches(second) == ["look#1", "impl#1", "impl#2"]
    assert "I remember 1 of our exchanges" in second.log
    assert (second.repo / "of-a-person.txt").read_text() == "more\n"
