"""Results that are published by the action in a real runner, to a real git server."""

import json

import pytest

from ..github.remote import remote_of
from .act import Trigger, make_repository
from .conftest import FILES
from .test_pulls import RIGHT, payload
from .told import KEY

PUSHES = """\
on: {pull_request: {}}
jobs:
  fix:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - id: gump
        uses: gump/action@v1
        with: {workflow: fix, spec: Say hello, publish: push}
"""
TWO_JOBS = """\
on: {pull_request: {}}
jobs:
  run:
    runs-on: ubuntu-latest
    outputs: {bundle: "${{ steps.gump.outputs.bundle }}"}
    steps:
      - uses: actions/checkout@v7
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - id: gump
        uses: gump/action@v1
        with: {workflow: fix, spec: Say hello, mode: run}
        env: {ANTHROPIC_API_KEY: sk-ant-only-where-agents-run-0123456789abcdef}
  publish:
    needs: run
    if: ${{ !cancelled() && needs.run.outputs.bundle != '' }}
    runs-on: ubuntu-latest
    steps:
      - id: gump
        uses: gump/action@v1
        with: {mode: publish, publish: push, bundle: "${{ needs.run.outputs.bundle }}"}
"""
NIGHTLY = """\
on: {schedule: [{cron: "0 3 * * *"}]}
jobs:
  fix:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - id: gump
        uses: gump/action@v1
        with: {workflow: fix, spec: Say hello, publish: pull-request, task: nightly}
"""


@pytest.fixture
def ground(bed, action, github, github_server, tmp_path):
    """`make(host, launch)` makes the repository on both sides; `play(event, told)` an attempt."""
    github.add_pull(7, author="alice")
    github.permissions |= {"alice": "write"}
    with remote_of(tmp_path / "repository", github, tmp_path / "served") as remote:

        def make(host, launch=RIGHT):
            script = {".gump/scripted.json": json.dumps({"impl": [launch]})}
            make_repository(remote.checkout, FILES | {".github/workflows/gump.yml": host} | script)
            return remote.begin("main", "topic")

        def play(event, told, **how):
            variables = {**remote.variables, **KEY, "SHA_REF": remote.head("main")}
            ref = "refs/pull/7/merge" if event == "pull_request" else "refs/heads/main"
            trigger = Trigger(
                event=event, payload=told, ref=ref, api_url=github_server.url, env=variables, **how
            )
            return bed.run(remote.checkout, action, trigger)

        remote.make, remote.play = make, play
        yield remote


def test_a_pull_request_gets_its_commit(ground, github):
    base = ground.make(PUSHES)
    run = ground.play("pull_request", payload(sha=base))
    assert run.code == 0, run.log
    assert run.steps["gump.deliver"] == run.steps["gump.publish"] == "success"
    assert run.outputs["gump.published"] == "pushed"
    assert ground.changed("topic", base) == ["gump-was-here.txt"]
    assert ground.head("topic") == run.outputs["gump.published-commit"]
    assert "**Pushed**" in github.comments[0]["body"]


def test_one_job_runs_and_another_publishes(ground, github):
    base = ground.make(TWO_JOBS)
    run = ground.play("pull_request", payload(sha=base))
    assert run.code == 0, run.log
    ran, published = run.of("run"), run.of("publish")
    assert "gump.deliver" not in ran.steps
    assert not {"gump.run", "gump.save", "gump.agents"} & set(published.steps)
    assert published.steps["gump.fetched"] == published.steps["gump.deliver"] == "success"
    assert ground.changed("topic", base) == ["gump-was-here.txt"]
    assert len(github.comments) == 1
    assert "**Pushed**" in github.comments[0]["body"]


def test_what_the_server_refused_is_published_by_the_next_attempt(ground, github):
    base = ground.make(PUSHES)
    ground.server.status = 503
    first = ground.play("pull_request", payload(sha=base))
    assert first.code == 1
    assert first.outputs.get("gump.published") == "failed", first.log
    assert ground.head("topic") == base
    ground.server.status = 0
    second = ground.play("pull_request", payload(sha=base), attempt=2)
    assert second.code == 0, second.log
    assert second.outputs["gump.published"] == "pushed"
    assert second.outputs["gump.resumed-from"] == "the cache"
    assert "has passed already" in second.log or "passed" in second.outputs["gump.status"]


def test_the_second_night_updates_the_pull_request_of_the_first(ground):
    ground.make(NIGHTLY)
    first = ground.play("schedule", {"schedule": "0 3 * * *"})
    assert first.code == 0, first.log
    assert first.outputs["gump.pr-operation"] == "created"
    same = ground.play("schedule", {"schedule": "0 3 * * *"}, run_id=78)
    assert same.outputs["gump.pr-operation"] == "unchanged"
    ground.make(NIGHTLY, [*RIGHT, {"write": "more.txt", "text": "more\n"}])
    third = ground.play("schedule", {"schedule": "0 3 * * *"}, run_id=79)
    assert third.outputs["gump.pr-operation"] == "updated", third.log
    (pull,) = ground.ours
    assert ground.changed(pull["head"]["ref"], "main") == ["gump-was-here.txt", "more.txt"]
