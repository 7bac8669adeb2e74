"""A result on its way to a branch or a pull request: a real git server, and GitHub's stand-in."""

import json

import pytest

from ..github.remote import remote_of
from ..system.served import git
from .conftest import KEY, SCRIPT, WORKFLOW
from .job import Job
from .test_github import LOOKED, payload

DONE = [{"write": "done.txt", "text": "done\n"}]
PASSES = {"look": [LOOKED], "impl": [DONE]}


class Ground:
    """The repository on the server, its stand-in for REST, and attempts of jobs that use both."""

    def __init__(self, jobs, github, project, remote):
        self.jobs, self.github, self.project = jobs, github, project
        self.remote, self.bare, self.server = remote, remote.bare, remote.server
        self.begun = 0

    def begin(self, script=PASSES, **files):
        """Main and the branch of pull request 7 hold this, on the server too."""
        self.begun += 1
        self.project.commit({
            ".gump/workflows/fix.yaml": WORKFLOW, ".gump/scripted.json": json.dumps(script),
            "begun.txt": str(self.begun), **files,
        })  # fmt: skip
        self.head = self.remote.begin("main", "topic")

    def play(self, attempt=1, *, environ=None, event=None, **inputs) -> Job:
        more = {
            "GITHUB_API_URL": self.github.url, "GITHUB_SHA": self.head,
            **self.remote.variables, **KEY, **(environ or {}),
        }  # fmt: skip
        given = {"github_token": next(iter(self.github.tokens)), **inputs}
        return self.jobs(attempt, environ=more, event=event or {}, github=self.github, **given)

    def on_pull(self, attempt=1, *, environ=None, **inputs) -> Job:
        pull = payload()
        pull["head"]["sha"] = self.head
        event = {"action": "opened", "number": 7, "pull_request": pull}
        environ = {"GITHUB_EVENT_NAME": "pull_request", **(environ or {})}
        return self.play(attempt, environ=environ, event=event, **inputs)

    def shown(self, branch, path):
        return self.remote.shown(branch, path)


@pytest.fixture
def ground(jobs, github, project, tmp_path):
    github.full_name, github.repository_id = "octo/demo", 7
    github.add_pull(7, author="octocat")
    github.add_run(100)
    github.permissions["octocat"] = "write"
    with remote_of(project.repo, github, tmp_path / "served") as remote:
        yield Ground(jobs, github, project, remote)


def comments(ground):
    return [each["body"] for each in ground.github.comments]


def test_a_result_is_pushed_to_the_branch_of_its_pull_request(ground):
    ground.begin()
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "pushed", job.log
    assert job.result["status"] == "passed"
    assert ground.shown("topic", "done.txt") == "done"
    said = git(ground.bare, "log", "-1", "--format=%an%n%P%n%B", "topic")
    assert said.splitlines()[:2] == ["github-actions[bot]", ground.head]
    assert "Gump-Workflow: fix" in said
    assert job.result["published-commit"] == ground.github.branches["topic"]
    assert "Pushed" in comments(ground)[0]
    assert "starts no workflows" in comments(ground)[0]


def test_what_was_never_asked_for_is_not_done(ground):
    ground.begin()
    job = ground.on_pull()
    assert "deliver" not in job.codes
    assert ground.github.branches["topic"] == ground.head


def test_a_run_that_fails_pushes_nothing(ground):
    ground.begin(SCRIPT)
    job = ground.on_pull(publish="push", fail_on="never")
    assert job.result["status"] == "failed"
    assert job.result["published"] == "nothing"
    assert ground.github.branches["topic"] == ground.head


def test_a_scheduled_task_has_one_pull_request_however_often_it_runs(ground):
    ground.begin()
    first = ground.play(publish="pull-request", title="Nightly work")
    assert (first.result["published"], first.result["pr-operation"]) == ("opened", "created")
    (pull,) = [each for each in ground.github.pulls if each["number"] != 7]
    assert pull["title"] == "Nightly work"
    assert str(pull["number"]) == first.result["pr-number"]
    branch = pull["head"]["ref"]
    assert ground.shown(branch, "done.txt") == "done"
    again = ground.play(environ={"GITHUB_RUN_ID": "101"}, machine="again", publish="pull-request")
    assert (again.result["published"], again.result["pr-operation"]) == ("left", "unchanged")
    other = {"look": [LOOKED], "impl": [[{"write": "done.txt", "text": "more\n"}]]}
    ground.begin(other)
    pull["title"] = "As a person calls it"
    third = ground.play(environ={"GITHUB_RUN_ID": "102"}, machine="third", publish="pull-request")
    assert (third.result["published"], third.result["pr-operation"]) == ("updated", "updated")
    assert ground.shown(branch, "done.txt") == "more"
    assert pull["title"] == "As a person calls it"
    assert len(ground.github.pulls) == 2


def test_nothing_to_do_is_said_and_posts_nothing(ground):
    ground.begin({"look": [LOOKED], "impl": [DONE]}, **{"done.txt": "done\n"})
    job = ground.play(publish="pull-request", comment="always")
    assert job.result["status"] == "nothing-to-do", job.log
    assert job.result["published"] == "nothing"
    assert len(ground.github.pulls) == 1
    assert comments(ground) == []


def test_what_may_not_be_changed_is_not_published_and_is_red(ground):
    acts = [*DONE, {"write": ".github/workflows/evil.yml", "text": "on: push\n"}]
    ground.begin({"look": [LOOKED], "impl": [acts]})
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "refused"
    assert job.result["status"] == "blocked"
    assert job.codes["deliver"] == 4
    assert ".github/workflows/evil.yml" in comments(ground)[0]
    assert ground.github.branches["topic"] == ground.head


@pytest.mark.parametrize(("sha", "code"), [("", 0), ("a" * 40, 2)])
def test_an_agent_works_on_the_head_and_not_on_the_branch_that_it_targets(ground, sha, code):
    """After this event actions/checkout takes the latter, and a review of that would be green."""
    ground.begin()
    ground.head = sha or ground.head
    job = ground.on_pull(environ={"GITHUB_EVENT_NAME": "pull_request_target"})
    assert job.codes["resolve"] == code, job.log
    assert ("run" in job.codes) is not bool(sha)
    assert ("an agent would work on other code" in job.log) is bool(sha)


def test_an_agent_does_not_say_by_which_way_the_token_goes(ground, tmp_path):
    """A proxy in the user's configuration of git would see it, where git need not trust its key."""
    config = tmp_path / "machine-1" / "home" / ".gitconfig"
    lines = r"[http]\nproxy = http://127.0.0.1:9\n[i18n]\ncommitEncoding = latin1\n"
    ground.begin({"look": [LOOKED], "impl": [[*DONE, {"run": f"printf '{lines}' > {config}"}]]})
    job = ground.on_pull(publish="push")
    assert "127.0.0.1:9" in config.read_text()
    assert job.result["published"] == "pushed", job.log
    assert "encoding" not in git(ground.bare, "cat-file", "-p", "topic").split("\n\n")[0]


def test_a_name_that_is_a_secret_in_some_form_is_shown_nowhere(ground):
    name = f"{KEY['ANTHROPIC_API_KEY'].encode().hex()}.txt"
    ground.begin({"look": [LOOKED], "impl": [[*DONE, {"write": name, "text": "x\n"}]]})
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "refused", job.log
    shown = [job.log, job.summary, json.dumps(job.outputs), *comments(ground)]
    assert not [text for text in shown if name in text]
    assert "holds a secret of this job" in comments(ground)[0]


@pytest.mark.parametrize("path", [".claude/settings.json", "shared/x/SKILL.md"])
def test_what_the_next_run_would_obey_is_published_only_where_that_is_allowed(ground, path):
    (ground.project.repo / ".claude").mkdir(exist_ok=True)
    (ground.project.repo / ".claude" / "skills").symlink_to("../shared")
    acts = [*DONE, {"write": path, "text": "{}"}]
    ground.begin({"look": [LOOKED], "impl": [acts]})
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "refused", job.log
    assert "allow-changes: instructions" in comments(ground)[0]
    assert ground.github.branches["topic"] == ground.head
    job = ground.on_pull(machine="b", publish="push", allow_changes="instructions")
    assert job.result["published"] == "pushed", job.log


def test_what_could_not_be_published_is_published_by_the_next_attempt_without_an_agent(ground):
    ground.begin()
    ground.server.status = 503
    first = ground.on_pull(1, publish="push")
    assert first.result["published"] == "failed", first.log
    assert first.result["status"] == "blocked"
    assert first.codes["deliver"] == 4
    assert "Re-run failed jobs" in comments(ground)[0]
    ground.server.status = 0
    second = ground.on_pull(2, publish="push")
    assert second.result["published"] == "pushed", second.log
    assert second.result["status"] == "passed"
    assert "started" not in second.log.partition("impl")[2]
    assert ground.shown("topic", "done.txt") == "done"


def test_a_push_whose_answer_was_lost_is_not_done_twice(ground):
    ground.begin()
    first = ground.on_pull(1, publish="push")
    head = ground.github.branches["topic"]
    assert first.result["published"] == "pushed"
    second = ground.on_pull(2, publish="push")
    assert second.result["published"] == "pushed"
    assert ground.github.branches["topic"] == head


def test_a_branch_that_has_moved_gets_no_push(ground):
    ground.begin()
    other = ground.project.repo.parent / "other"
    git(other.parent, "clone", "-q", "-b", "topic", str(ground.bare), str(other))
    (other / "more.txt").write_text("of a person")
    git(other, "add", "-A")
    git(other, "commit", "-qm", "more")
    git(other, "push", "-q")
    moved = git(other, "rev-parse", "HEAD")
    job = ground.on_pull(publish="push")
    assert job.result["published"] == "patch", job.log
    assert job.result["status"] == "blocked"
    assert ground.github.branches["topic"] == moved
    assert "somebody has pushed to" in comments(ground)[0]
    assert "+done" in comments(ground)[0]


def test_a_patch_is_asked_for(ground):
    ground.begin()
    job = ground.on_pull(publish="patch")
    assert (job.result["published"], job.result["status"]) == ("patch", "passed")
    assert "+done" in comments(ground)[0]


def test_a_signed_commit_is_made_by_github(ground):
    ground.begin()
    job = ground.on_pull(publish="push", sign_commits="true")
    assert job.result["published"] == "pushed", job.log
    assert job.result["published-commit"] in ground.github.signed
    assert ground.shown("topic", "done.txt") == "done"


def test_no_secret_stands_in_what_a_commit_and_a_pull_request_say(ground):
    ground.begin()
    token = next(iter(ground.github.tokens))
    ground.play(publish="pull-request", title=f"Nightly {token}", task="t")
    pull = ground.github.pulls[-1]
    said = git(ground.bare, "log", "-1", "--format=%B", pull["head"]["ref"])
    assert pull["title"] == "Nightly ***"
    assert said.startswith("Nightly ***\n")
    assert token not in pull["body"]


def test_two_jobs(ground):
    """The one that runs reads; the one that publishes has no checkout, no key and no agent."""
    ground.begin()
    ran = ground.on_pull(mode="run")
    assert ran.result["bundle"].startswith("gump-bundle-"), ran.log
    assert comments(ground) == []
    done = publish_job(ground, ran.result["bundle"])
    assert done.result["published"] == "pushed", done.log
    assert done.result["status"] == "passed"
    assert ground.shown("topic", "done.txt") == "done"
    assert "Pushed" in comments(ground)[0]
    assert "run" not in done.codes


def publish_job(ground, bundle, **inputs):
    return ground.on_pull(
        environ={"GITHUB_JOB": "publish", "ANTHROPIC_API_KEY": ""},
        machine="publisher", mode="publish", publish="push", bundle=bundle, workflow="", spec="",
        **inputs,
    )  # fmt: skip


def test_a_bundle_that_was_swapped_is_not_opened(ground):
    ground.begin()
    ran = ground.on_pull(mode="run")
    name = ran.result["bundle"].partition("@")[0]
    stored = ran.store / "artifact" / name
    whole = stored.read_bytes()
    stored.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    done = publish_job(ground, ran.result["bundle"])
    assert done.codes["deliver"] == 2
    assert "is not the one that the other job has made" in done.log
    assert (done.result["status"], done.result["published"]) == ("blocked", "failed")
    assert ground.github.branches["topic"] == ground.head


@pytest.mark.parametrize("how", [{"state": "off"}, {"workspace": "isolated"}, {"state": "cache"}])
def test_wherever_agents_work_and_state_is_kept_the_result_arrives(ground, how):
    ground.begin()
    job = ground.on_pull(publish="push", **how)
    assert job.result["published"] == "pushed", job.log
    assert ground.shown("topic", "done.txt") == "done"


def test_again_publishes_what_could_not_be_pushed_since_the_branch_had_moved(ground):
    """What came in is merged into the run, its gates are asked again, and no agent is."""
    ground.begin()
    tree = git(ground.bare, "rev-parse", "topic^{tree}")
    theirs = git(ground.bare, "commit-tree", tree, "-p", "topic", "-m", "a person's")
    git(ground.bare, "update-ref", "refs/heads/topic", theirs)
    first = ground.on_pull(1, publish="push")
    assert first.result["status"] == "blocked", first.log
    git(ground.project.repo, "fetch", "-q", str(ground.bare), "topic")
    git(ground.project.repo, "reset", "-q", "--hard", "FETCH_HEAD")
    ground.head = theirs
    second = ground.on_pull(2, publish="push")
    assert second.result["published"] == "pushed", second.log
    assert git(ground.bare, "show", "-s", "--format=%P", "topic") == theirs
    assert second.result["resumed-from"]
    assert "the agent works" not in second.log
