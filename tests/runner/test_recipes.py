"""Examples in a real runner, from the event to what stands on the server: the files as they are.

Only the agents' names are others: `claude-haiku` is `scripted-haiku`, which plays a script.
"""

import json

import pytest

from ..example_files import EXAMPLES, FILES, GATES, NO_GATES, output, write
from ..github.remote import remote_of
from .act import Trigger, make_repository
from .test_pulls import payload
from .told import KEY

CODE = {
    "answer.py": "ANSWER = 42\n",
    "test_answer.py": "from answer import ANSWER\nassert ANSWER\n",
}
NIGHT = {"schedule": "0 3 * * *"}


def files_of(name, script):
    found = [path for path in (EXAMPLES / name).rglob("*.y*ml")]
    texts = {path.relative_to(EXAMPLES / name).as_posix(): path.read_text() for path in found}
    workflow = f".gump/workflows/{FILES[name].name}"
    texts[workflow] = texts[workflow].replace("claude-", "scripted-").replace(NO_GATES, GATES)
    return texts | {".gump/scripted.json": json.dumps(script)}


@pytest.fixture
def ground(bed, action, github, github_server, tmp_path):
    """`make(name, script)` puts an example on both sides; `play(event, told)` is a host run."""
    github.permissions |= {"alice": "write"}
    with remote_of(tmp_path / "repository", github, tmp_path / "served") as remote:

        def make(name, script, files=CODE):
            make_repository(remote.checkout, files | files_of(name, script))
            remote.workflow = f".github/workflows/{name}.yml"
            return remote.begin("main", "topic")

        def play(event, told, **how):
            variables = {**remote.variables, **KEY, "SHA_REF": remote.head("main")}
            run = bed.run(
                remote.checkout,
                action,
                Trigger(
                    event=event,
                    payload=told,
                    ref="refs/pull/7/merge" if event == "pull_request" else "refs/heads/main",
                    workflow=remote.workflow,
                    api_url=github_server.url,
                    env=variables,
                    **how,
                ),
            )
            assert run.code == 0, run.log
            return run

        remote.make, remote.play = make, play
        yield remote


ITEM = [{"name": "one", "description": "the first"}]


def test_nightly_deps_opens_one_pull_request_and_the_second_night_updates_it(ground):
    plan = [[output("plan", ITEM)]]
    ground.make("nightly-deps", {"outdated": plan, "bump": [[write("uv.lock", "1\n")]]})
    ground.play("schedule", NIGHT)
    (pull,) = ground.ours
    assert pull["title"] == "Bring dependencies up to date"
    assert ground.changed(pull["head"]["ref"], "main") == ["uv.lock"]
    ground.make("nightly-deps", {"outdated": plan, "bump": [[write("uv.lock", "2\n")]]})
    ground.play("schedule", NIGHT, run_id=78)
    assert [each["number"] for each in ground.ours] == [pull["number"]]
    assert ground.shown(pull["head"]["ref"], "uv.lock") == "2"


@pytest.mark.parametrize(("name", "step"), [("nightly-deps", "outdated"), ("docs-drift", "look")])
def test_where_nothing_is_to_be_done_nothing_is_posted(name, step, ground, github):
    ground.make(name, {step: [[output("plan", [])]]})
    ground.play("schedule", NIGHT)
    assert (ground.ours, github.comments) == ([], [])


def test_docs_drift_mends_a_page_in_a_pull_request(ground):
    script = {"look": [[output("plan", ITEM)]], "mend": [[write("docs/a.md", "true\n")]]}
    ground.make("docs-drift", script)
    ground.play("schedule", NIGHT)
    (pull,) = ground.ours
    assert ground.changed(pull["head"]["ref"], "main") == ["docs/a.md"]


@pytest.mark.parametrize("passes", [True, False])
def test_review_pr_says_what_it_found_and_changes_nothing(passes, ground, github):
    github.add_pull(7, author="alice")
    review = output("review", {"pass": passes, "comment": "a.py is wrong at line 1"})
    words = {"say": "a.py is wrong at line 1"}
    script = {"read": [[output("artifact", "a.py")]], "verdict": [[review, words]]}
    base = ground.make("review-pr", script)
    ground.play("pull_request", payload(sha=base, base=base))
    (comment,) = github.comments
    assert "a.py is wrong at line 1" in comment["body"]
    assert (ground.head("topic"), ground.ours) == (base, [])


def test_matrix_of_packages_opens_a_pull_request_for_each_package_that_has_news(ground):
    make = "test:\n\ttrue\nlint:\n\ttrue\n"
    files = {f"packages/{name}/Makefile": make for name in ("core", "web", "cli")}
    news = 'test "$PACKAGE" = cli || echo 2 > "packages/$PACKAGE/uv.lock"'
    ground.make("matrix-of-packages", {"update": [[{"run": news}]]}, files)
    ground.play("schedule", NIGHT)
    told = {each["title"]: ground.changed(each["head"]["ref"], "main") for each in ground.ours}
    assert told == {
        f"Bring the dependencies of {name} up to date": [f"packages/{name}/uv.lock"]
        for name in ("core", "web")
    }
