"""Examples that act on what others wrote, from the event to what stands on the server.

One job runs the agents, another publishes. Who may ask is alice; mallory may read.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ..example_files import output, write
from .recipes import CODE, steps_of
from .test_pulls import FORK, commit, git, payload

WRONG, RIGHT = (write("answer.py", f"ANSWER = {value}\n") for value in (0, 42))
FOUND = output("artifact", "ANSWER in answer.py is wrong.")


def push(ground, files):
    """A commit of alice's on the pull request's branch; its id."""
    git(ground.checkout, "checkout", "-qB", "topic")
    commit(ground.checkout, files)
    head = ground.begin("topic")
    git(ground.checkout, "checkout", "-q", "main")
    return head


def open_pull(ground, github, files):
    """Pull request 7 of alice, with these files changed; the commits of its head and base."""
    base = ground.head("main")
    head = push(ground, files)
    pull = github.add_pull(7, author="alice", head_sha=head)
    pull["base"]["sha"] = base
    git(ground.bare, "update-ref", "refs/pull/7/head", head)
    return head, base


AGENTS = {"agents", "run", "save"}
"""Steps of action.yml where agents work, or what they have done is packed."""


def check_published(run, words, github):
    """Two jobs: where agents ran nothing was published, and where that was no agent ran."""
    ran, published = steps_of(run, "run"), steps_of(run, "publish")
    assert ran > AGENTS | {"bundle"}
    assert published > {"fetched", "deliver"}
    assert "deliver" not in ran
    assert not AGENTS & published
    (comment,) = [each for each in github.comments if each["user"]["login"].endswith("[bot]")]
    assert words in comment["body"]


@pytest.fixture
def told(tmp_path):
    """`told()` is the last thing that the agent was told which played `told.kept`."""

    def last():
        lines = (tmp_path / "told").read_text().splitlines()
        return json.loads(lines[-1])["prompt"]

    last.kept = {"run": f'cat "$GUMP_SCRIPTED_HOME"/sessions/*.jsonl > {tmp_path}/told'}
    return last


def check_not_run(ground, head, github, event, told, **how):
    """No agent runs, and nobody hears of it; the jobs that did run.

    act 0.2.87 takes a skipped job's outputs for the text of their expressions, where GitHub has
    them empty. So it would begin the job that publishes, and is not let come to it.
    """
    run = ground.play(event, told, job="run", **how)
    assert run.of("run").steps == {}
    assert (ground.head("topic"), ground.ours) == (head, [])
    assert (github.comments, github.reactions) == ([], [])
    return {job for job in ("ask", "run", "publish") if run.of(job).steps}


def label(name, head, base, **more):
    return payload(action="labeled", sha=head, base=base, **more) | {"label": {"name": name}}


GAP = {
    "gaps": [[output("plan", [{"name": "double", "description": "test double()"}])]],
    "fill/double/write": [[write("test_double.py", "from double import double\nassert double\n")]],
}
DOUBLE = {"double.py": "def double(a):\n    return 2 * a\n"}


def test_two_jobs_bring_the_tests_that_a_label_asks_for_onto_the_branch(ground, github):
    ground.make("two-jobs", GAP)
    head, base = open_pull(ground, github, DOUBLE)
    github.pulls[0]["labels"] = [github.label("gump:add-tests")]
    run = ground.play("pull_request", label("gump:add-tests", head, base))
    assert run.jobs == {"run": "success", "publish": "success"}
    check_published(run, "**Pushed**", github)
    assert ground.changed("topic", head) == ["test_double.py"]
    assert git(ground.bare, "rev-parse", "topic^") == head
    assert ground.head("main") == base


def test_two_jobs_start_nothing_for_a_label_of_somebody_elses(ground, github):
    ground.make("two-jobs", GAP)
    head, base = open_pull(ground, github, DOUBLE)
    for told in (label("bug", head, base), label("gump:add-tests", head, base, repo=FORK)):
        assert check_not_run(ground, head, github, "pull_request", told) == set()


BROKEN = {"answer.py": "ANSWER = 0\n"}
LOG = """\
2026-11-25T00:00:00.0000000Z ##[group]Run make check
2026-11-25T00:00:01.0000000Z test_answer.py:2: AssertionError
2026-11-25T00:00:02.0000000Z ##[error]Process completed with exit code 1.
"""
REPAIRED = {"diagnose": [[FOUND]], "repair": [[RIGHT]]}


def ended(head, base, conclusion="failure", event="pull_request", full_name="octo/plant"):
    """Host run 55, of the CI of pull request 7."""
    ours = {"id": 1, "full_name": "octo/plant", "private": False, "default_branch": "main"}
    alice = {"login": "alice", "type": "User"}
    sides = {
        "head": {"sha": head, "ref": "topic", "repo": ours},
        "base": {"sha": base, "ref": "main", "repo": ours},
    }
    run = {
        "id": 55,
        "name": "CI",
        "path": ".github/workflows/ci.yml",
        "event": event,
        "conclusion": conclusion,
        "run_attempt": 1,
        "head_sha": head,
        "head_branch": "topic",
        "head_repository": ours | {"full_name": full_name},
        "actor": alice,
        "triggering_actor": alice,
        "pull_requests": [{"number": 7, **sides}],
    }
    return {"action": "completed", "workflow_run": run}


def test_fix_failing_ci_reads_the_log_and_puts_the_repair_onto_the_branch(ground, github, told):
    ground.make("fix-failing-ci", {**REPAIRED, "diagnose": [[told.kept, FOUND]]})
    head, base = open_pull(ground, github, BROKEN)
    github.add_job(55, "unit tests", LOG)
    run = ground.play("workflow_run", ended(head, base))
    assert run.jobs == {"run": "success", "publish": "success"}
    check_published(run, "**Pushed**", github)
    assert "unit tests" in told()
    assert "test_answer.py:2: AssertionError" in told()
    assert ground.shown("topic", "answer.py") == "ANSWER = 42"
    assert git(ground.bare, "rev-parse", "topic^") == head


@pytest.mark.parametrize(
    "how",
    [{"conclusion": "success"}, {"event": "push"}, {"full_name": "mallory/plant"}],
)
def test_fix_failing_ci_starts_for_failures_of_own_pull_requests_only(how, ground, github):
    ground.make("fix-failing-ci", REPAIRED)
    head, base = open_pull(ground, github, BROKEN)
    told = ended(head, base, **how)
    assert check_not_run(ground, head, github, "workflow_run", told) == set()


FIXED = {"analyze": [[FOUND]], "fix": [[WRONG], [RIGHT]]}
LATER = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
"""After the pull request's newest commit, which is made while these tests run."""


def said(body, by="alice", **on):
    """A comment on what is opened here: an issue of mallory's where nothing else is told."""
    who = {"login": by, "type": "User"}
    comment = {"id": 9, "body": body, "user": who, "author_association": "NONE"}
    return {"action": "created", "comment": comment | {"created_at": LATER}, "sender": who, **on}


def issue(number, opener, **more):
    who = {"login": opener, "type": "User"}
    known = {"number": number, "title": "Say 42", "body": "answer.py has to say 42.", "user": who}
    return {"issue": known | {"author_association": "NONE", **more}}


PULL = issue(7, "alice", pull_request={"url": "https://example.test/pulls/7"})


def check_asked(run, words, github):
    """A job before the two reacts at once."""
    assert run.jobs == {"ask": "success", "run": "success", "publish": "success"}
    assert not AGENTS & steps_of(run, "ask")
    check_published(run, words, github)


def check_fixed(ground, head, run, github):
    check_asked(run, "**Pushed**", github)
    assert ground.changed("topic", head) == ["answer.py"]
    assert ground.shown("topic", "answer.py") == "ANSWER = 42"
    assert git(ground.bare, "rev-parse", "topic^") == head


def test_fix_pr_does_what_a_comment_asks_for_on_the_branch(ground, github, told):
    ground.make("fix-pr-on-comment", {**FIXED, "analyze": [[told.kept, FOUND]]})
    head, _ = open_pull(ground, github, BROKEN)
    github.add_comment(7, "/gump fix Say 42 again", "alice")["id"] = 9
    run = ground.play("issue_comment", said("/gump fix Say 42 again", **PULL))
    check_fixed(ground, head, run, github)
    assert "Say 42 again" in told()
    assert [each["content"] for each in github.reactions] == ["eyes"]


def test_fix_pr_does_what_a_review_asks_for_on_the_branch(ground, github, told):
    ground.make("fix-pr-on-comment", {**FIXED, "analyze": [[told.kept, FOUND]]})
    head, base = open_pull(ground, github, BROKEN)
    github.add_remark(9, "This has to be 42", "alice", path="answer.py")
    review = said("/gump fix")["comment"] | {"submitted_at": LATER, "state": "changes_requested"}
    event = payload(action="submitted", sha=head, base=base) | {"review": review}
    run = ground.play("pull_request_review", event)
    check_fixed(ground, head, run, github)
    assert "This has to be 42" in told()


def test_fix_pr_runs_and_says_nothing_where_a_stranger_asks(ground, github):
    github.permissions["mallory"] = "read"
    ground.make("fix-pr-on-comment", FIXED)
    head, _ = open_pull(ground, github, BROKEN)
    event, who = said("/gump fix", "mallory", **PULL), {"actor": "mallory"}
    assert check_not_run(ground, head, github, "issue_comment", event, **who) == {"ask"}


def built(*actions):
    asked = [write("test_said.py", "from answer import ANSWER\nassert ANSWER == 42\n")]
    return {"understand": [[FOUND]], "tests": [asked], "build": [[*actions]]}


def test_issue_to_pr_opens_one_pull_request_and_the_next_label_updates_it(ground, github):
    labeled = {"action": "labeled", "label": {"name": "gump:implement"}, **issue(12, "mallory")}
    github.issues = [{"number": 12, "labels": [github.label("gump:implement")]}]
    files = CODE | BROKEN | {"test_answer.py": "import answer\n"}
    ground.make("issue-to-pr", built(RIGHT), files)
    check_asked(ground.play("issues", labeled), "**Opened**", github)
    (pull,) = ground.ours
    assert pull["title"] == "Build what issue 12 asks for"
    assert ground.changed(pull["head"]["ref"], "main") == ["answer.py", "test_said.py"]
    ground.make("issue-to-pr", built(RIGHT, write("more.py", "MORE = 1\n")), files)
    second = ground.play("issues", labeled, run_id=78)
    check_asked(second, "**Updated**", github)
    assert [each["number"] for each in ground.ours] == [pull["number"]]
    changed = ["answer.py", "more.py", "test_said.py"]
    assert ground.changed(pull["head"]["ref"], "main") == changed


def test_issue_to_pr_does_nothing_where_a_stranger_asks(ground, github):
    github.permissions["mallory"] = "read"
    head = ground.make("issue-to-pr", built(RIGHT))
    event = said("/gump implement", "mallory", **issue(12, "mallory"))
    who = {"actor": "mallory"}
    assert check_not_run(ground, head, github, "issue_comment", event, **who) == {"ask"}
