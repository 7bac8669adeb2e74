"""Which state of earlier attempts a job goes on with, where there are several of them."""

import json

import pytest

from gump_action.action.fetch import MOST
from gump_action.action.restore import ENOUGH

from .conftest import KEY, WORKFLOW
from .job import zipped
from .test_jobs import DONE, LOOKS, launches

NO = [{"say": "no"}]
NOTES = [{"write": "notes.txt", "text": "ours\n"}, *LOOKS["look"][0]]
LISTED = "/actions/runs/100/artifacts"


@pytest.fixture
def stored(jobs, github):
    """`stored(attempt)` plays an attempt of a job whose states are artifacts alone."""
    github.full_name, github.repository_id = "octo/demo", 7
    github.add_run(100)
    github.permissions["octocat"] = "write"

    def play(attempt, **how):
        token = next(iter(github.tokens))
        environ = {**KEY, "GITHUB_API_URL": github.url}
        how = {"environ": environ, "github_token": token, "state": "artifact"} | how
        return jobs(attempt, github=github, **how)

    return play


def events(job):
    return [json.loads(line) for line in (job.state / "ledger.ndjson").read_text().splitlines()]


def test_a_run_that_began_in_place_of_another_is_gone_on_with(stored, project):
    """The one that did not merge has the longer record, and must not come back for ever."""
    workflow = WORKFLOW + "    on_failure: {retry: 1}\n"
    project.commit({".gump/workflows/fix.yaml": workflow, "notes.txt": "as it was\n"})
    project.script({"look": [NOTES], "impl": [NO, NO, DONE]})
    first = stored(1)
    assert launches(first) == ["look#1", "impl#1", "impl#2"]
    project.commit({"notes.txt": "of a person\n"})
    project.script({"look": [NO, LOOKS["look"][0]], "impl": [DONE]})
    second = stored(2)
    assert f"Run {first.result['run-id']} was found, in the artifact" in second.log
    assert "does not merge with" in second.log
    assert "goes on with" not in second.log
    assert second.result["run-id"] != first.result["run-id"]
    assert len(events(second)) < len(events(first))
    third = stored(3)
    assert third.result["run-id"] == second.result["run-id"]
    assert launches(third) == ["look#1", "look#2", "impl#1"]


def test_a_run_that_passed_while_the_stores_were_down_is_gone_on_with(stored, project, github):
    workflow = WORKFLOW + "    on_failure: {retry: 2}\n"
    project.commit({".gump/workflows/fix.yaml": workflow})
    project.script({**LOOKS, "impl": [NO, NO, NO, DONE]})
    first = stored(1)
    project.script({**LOOKS, "impl": [DONE]})
    github.seed({"faults": [{"path": LISTED, "status": 403}]})
    second = stored(2)
    assert second.result["status"] == "passed"
    assert len(events(second)) < len(events(first))
    github.faults.clear()
    third = stored(3)
    assert third.result["run-id"] == second.result["run-id"]
    assert launches(third) == launches(second)


def test_each_start_is_written_down_with_the_attempt_of_its_job(stored):
    stored(1)
    starts = [event for event in events(stored(2)) if "job_attempt" in event]
    assert [(event["type"], event["job_attempt"]) for event in starts] == [
        ("run_started", "100/1"),
        ("run_continued", "100/2"),
    ]


def name_of(attempt, job):
    """Of the artifact with the state of an attempt of this job."""
    return job.outputs["resolve"]["artifact-name"].removesuffix("1") + str(attempt)


@pytest.mark.parametrize(
    ("broken", "said"),
    [(5, "is not gone on with"), (8, "Not tried: 1 older artifact; the last 8 are the limit")],
    ids=["one is older than those that do not open", "there are too many of them"],
)
def test_artifacts_are_tried_until_one_opens_as_far_as_the_limit(
    stored, github, tmp_path, broken, said
):
    first = stored(1)
    (tmp_path / "state.gump").write_text("of another key")
    garbage = zipped(tmp_path / "state.gump")
    last = 2 + broken
    for attempt in range(2, last):
        github.add_artifact(name_of(attempt, first), garbage, run_id=100)
    job = stored(last, only=("resolve", "restore"))
    found = name_of(1, first) if broken < MOST else ""
    assert job.outputs["restore"].get("resumed-from", "").removeprefix("the artifact ") == found
    assert said in job.log


def test_no_more_artifacts_are_fetched_than_are_compared(stored, github):
    first = stored(1)
    whole = next((first.store / "artifact").iterdir())
    for attempt in range(2, 7):
        github.add_artifact(name_of(attempt, first), zipped(whole), run_id=100)
    before = len(github.blob_calls)
    job = stored(7, only=("resolve", "restore"))
    assert job.codes["restore"] == 0, job.log
    assert len(github.blob_calls) - before == ENOUGH
