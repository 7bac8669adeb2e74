"""Examples that a clock starts or that only read, from the event to what stands on the server.

One job runs the agents, another publishes.
"""

import pytest

from ..example_files import output, write
from .recipes import steps_of
from .test_pulls import payload

NIGHT = {"schedule": "0 3 * * *"}
TWO = {"run": "success", "publish": "success"}

ITEM = [{"name": "one", "description": "the first"}]


def test_nightly_deps_opens_one_pull_request_and_the_second_night_updates_it(ground):
    plan = [[output("plan", ITEM)]]
    ground.make("nightly-deps", {"outdated": plan, "bump": [[write("uv.lock", "1\n")]]})
    run = ground.play("schedule", NIGHT)
    assert run.jobs == TWO
    assert not {"agents", "run", "save"} & steps_of(run, "publish")
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
    assert ground.play("schedule", NIGHT).jobs == TWO
    assert (ground.ours, github.comments) == ([], [])


def test_docs_drift_mends_a_page_in_a_pull_request(ground):
    script = {"look": [[output("plan", ITEM)]], "mend": [[write("docs/a.md", "true\n")]]}
    ground.make("docs-drift", script)
    assert ground.play("schedule", NIGHT).jobs == TWO
    (pull,) = ground.ours
    assert ground.changed(pull["head"]["ref"], "main") == ["docs/a.md"]


@pytest.mark.parametrize("passes", [True, False])
def test_review_pr_says_what_it_found_and_changes_nothing(passes, ground, github):
    github.add_pull(7, author="alice")
    review = output("review", {"pass": passes, "comment": "a.py is wrong at line 1"})
    words = {"say": "a.py is wrong at line 1"}
    script = {"read": [[output("artifact", "a.py")]], "verdict": [[review, words]]}
    base = ground.make("review-pr", script)
    run = ground.play("pull_request", payload(sha=base, base=base))
    assert run.jobs == TWO
    assert "deliver" not in steps_of(run, "run")
    (comment,) = github.comments
    assert "a.py is wrong at line 1" in comment["body"]
    assert (ground.head("topic"), ground.ours) == (base, [])


def test_matrix_of_packages_opens_a_pull_request_for_each_package_that_has_news(ground):
    make = "test:\n\ttrue\nlint:\n\ttrue\n"
    files = {f"packages/{name}/Makefile": make for name in ("core", "web", "cli")}
    news = 'test "$PACKAGE" = cli || echo 2 > "packages/$PACKAGE/uv.lock"'
    ground.make("matrix-of-packages", {"update": [[{"run": news}]]}, files)
    run = ground.play("schedule", NIGHT)
    assert run.jobs.items() >= TWO.items()
    assert "deliver" not in steps_of(run, "run")
    told = {each["title"]: ground.changed(each["head"]["ref"], "main") for each in ground.ours}
    assert told == {
        f"Bring the dependencies of {name} up to date": [f"packages/{name}/uv.lock"]
        for name in ("core", "web")
    }
