"""A run over several attempts of its job, in a real runner with the real clients of its storage."""

import json

import pytest

from .act import Trigger, copy_action, make_repository
from .cancel import cancel_as_github, make_cancellable
from .conftest import HOST, WORKFLOW
from .join import show_artifacts
from .storage.server import DOWN, SILENT, storage_at
from .told import KEY, launches

# All attempts of a job have one commit, so what differs between them comes with the event.
CHOOSING = HOST.replace(
    "workflow: fix\n", "workflow: fix\n          state: ${{ github.event.inputs.state }}\n"
)
# act goes on inside of a composite after a cancel only where the host step has always().
CANCELLED = CHOOSING.replace("      - id: gump\n", "      - id: gump\n        if: always()\n")
KEPT = {"gump.save": "success", "gump.artifact": "success", "gump.cached": "success"}
TELLS = KEPT | {"gump.report": "success", "gump.publish": "success", "after": "success"}
RAN = TELLS | {"gump.restore": "success", "gump.run": "success"}
HALF = [{"write": "half.txt", "text": "half\n"}]
RIGHT = [{"write": "gump-was-here.txt", "text": "here\n"}]


def start(bed, action, number, launches, *, host=CHOOSING, state="auto", **how):
    """An attempt, with the launches of the one step."""
    files = {
        ".github/workflows/gump.yml": host,
        ".gump/workflows/fix.yaml": WORKFLOW + "    session: reuse-on-retry\n",
        ".gump/scripted.json": json.dumps({"impl": launches}),
    }
    repository = make_repository(bed.make_place() / "repository", files)
    payload = {"inputs": {"spec": "Say hello", "state": state}}
    how = {"event": "workflow_dispatch", "payload": payload, "env": KEY} | how
    return bed.start(repository, action, Trigger(attempt=number, **how))


@pytest.fixture(scope="module")
def failed(make_bed, action, tmp_path_factory):
    """(The bed, the first attempt of its job, which failed at the gate.)"""
    with storage_at(tmp_path_factory.mktemp("storage")) as storage:
        bed = make_bed(storage)
        yield bed, start(bed, action, 1, [HALF, RIGHT]).finish()
        bed.end()


@pytest.fixture
def again(failed, action, github, github_server):
    """Makes the second attempt of that job, of which the first one is known to all stores."""
    bed, _ = failed
    kept = bed.storage.kept
    known = len(kept.artifacts), len(kept.caches)
    github.add_run(77, event="workflow_dispatch", run_attempt=2)
    how = {"api_url": github_server.url}

    def run(state="auto", *, is_rerun_all=False):
        if is_rerun_all:
            bed.storage.rerun_all(77)
        show_artifacts(bed.storage, github)
        return start(bed, action, 2, [HALF, RIGHT], state=state, **how).finish()

    yield run
    bed.storage.forget_after(*known)


def goes_on(first, second):
    """The same run, at its failed step, with the agent's conversation."""
    assert second.code == 0, second.log
    assert second.steps["gump.run"] == second.steps["gump.publish"] == "success"
    assert second.outputs["gump.status"] == "passed"
    assert second.outputs["gump.run-id"] == first.outputs["gump.run-id"]
    assert launches(second) == ["impl#1", "impl#2"]
    assert "I remember 1 of our exchanges: impl#1" in second.log


def test_the_first_attempt_fails_and_is_kept_in_both_stores(failed):
    bed, first = failed
    assert first.code == 1
    assert first.steps.items() >= (RAN | {"gump.run": "failure"}).items(), first.log
    assert first.outputs["gump.status"] == "failed"
    name = first.outputs["gump.artifact-name"]
    assert bed.storage.cache_keys() == [name]
    stored = [artifact.name for artifact in bed.storage.artifacts(77)]
    assert stored == [name, name.replace("gump-state", "gump-report")]


def test_the_cache_alone_is_enough_to_go_on(failed, again, github):
    second = again("cache")
    goes_on(failed[1], second)
    assert second.steps["gump.cache"] == second.steps["gump.cached"] == "success"
    assert "gump.artifact" not in second.steps
    assert second.outputs["gump.resumed-from"] == "the cache"
    assert github.calls == []


def test_an_artifact_alone_is_enough_to_go_on(failed, again):
    second = again("artifact")
    goes_on(failed[1], second)
    assert "gump.cache" not in second.steps
    assert "gump.cached" not in second.steps
    assert second.steps["gump.artifact"] == "success"
    name = failed[1].outputs["gump.artifact-name"]
    assert second.outputs["gump.resumed-from"] == f"the artifact {name}"


def test_both_stores_are_looked_into(failed, again, github):
    second = again()
    goes_on(failed[1], second)
    assert second.steps.items() >= (RAN | {"gump.cache": "success"}).items()
    assert second.outputs["gump.resumed-from"] in (
        "the cache",
        f"the artifact {failed[1].outputs['gump.artifact-name']}",
    )
    assert len(github.blob_calls) == 1


def test_after_rerun_all_the_cache_is_gone_on_with(failed, again, github):
    second = again(is_rerun_all=True)
    goes_on(failed[1], second)
    assert second.outputs["gump.resumed-from"] == "the cache"
    assert any("/actions/runs/77/artifacts" in call for call in github.calls)


def test_with_state_off_the_next_attempt_starts_anew(failed, again, github):
    second = again("off")
    assert second.steps["gump.run"] == "failure"
    assert second.outputs["gump.resumed-from"] == ""
    assert second.outputs["gump.run-id"] != failed[1].outputs["gump.run-id"]
    assert launches(second) == ["impl#1"]
    assert not {"gump.cache", "gump.artifact", "gump.cached"} & set(second.steps)
    assert github.calls == []


def tries(bed, method):
    """When the clients asked for this, in seconds."""
    return [at for request, at in bed.storage.came if request.endswith(f"/{method}")]


def test_a_store_that_is_down_costs_a_warning_and_a_bounded_time(bed, action, github_server):
    bed.storage.faults.append(DOWN)
    github_server.renew()
    run = start(bed, action, 2, [RIGHT], api_url=github_server.url).finish()
    asked = ("GetCacheEntryDownloadURL", "CreateArtifact", "CreateCacheEntry")
    assert [len(tries(bed, each)) for each in asked] == [5, 5, 5]
    ran = RAN | {"gump.cache": "success", "gump.artifact": "failure"}
    del ran["gump.report"]
    assert run.steps.items() >= ran.items(), run.log
    assert "gump.report" not in run.steps
    assert run.code == 0, run.log
    assert run.outputs["gump.status"] == "passed"
    assert run.outputs["gump.artifact-name"] == ""
    warned = [note.text for note in run.annotations if note.level == "warning"]
    assert [text for text in warned if "Failed to restore" in text], warned
    assert [text for text in warned if "Failed to save" in text], warned


def test_one_step_waits_for_a_store_that_is_down_as_long_as_the_page_says(bed, action):
    bed.storage.faults.append(DOWN)
    run = start(bed, action, 1, [HALF], state="artifact", patience=1).finish()
    assert run.steps["gump.artifact"] == "failure", run.log
    assert "gump.report" not in run.steps
    asked = tries(bed, "CreateArtifact")
    assert len(asked) == 5
    assert 24 <= asked[-1] - asked[0] <= 36 + 10  # what a busy machine takes
    assert "begins anew, since no state was kept." in run.summary


def test_a_store_that_never_answers_is_given_up_and_the_run_tells_what_is_known(bed, action):
    """Five tries of three minutes for each step, here of a second or so."""
    bed.storage.faults.append(SILENT)
    run = start(bed, action, 1, [HALF], patience=0.006).finish()
    ran = RAN | {"gump.run": "failure", "gump.artifact": "failure"}
    del ran["gump.report"]
    assert run.steps.items() >= ran.items(), run.log
    assert "gump.report" not in run.steps
    assert [len(tries(bed, each)) for each in ("CreateArtifact", "CreateCacheEntry")] == [5, 5]
    assert run.outputs["gump.status"] == "failed"
    assert "if the cache has kept the state, for no artifact has it." in run.summary


def test_what_was_cancelled_goes_on_in_the_next_attempt(bed, action, tmp_path):
    cancellable = copy_action(tmp_path / "cancellable")
    make_cancellable(cancellable, "run")
    waiting = bed.base / "waiting"
    launched = [[{"run": f"touch {waiting}"}, {"sleep": 60}], RIGHT]
    started = start(bed, cancellable, 1, launched, host=CANCELLED)
    assert cancel_as_github(started, waiting) == "SIGINT"
    first = started.finish()
    assert first.steps.items() >= (TELLS | {"gump.run": "failure"}).items(), first.log
    assert first.outputs["gump.status"] == "cancelled"
    second = start(bed, action, 2, launched, host=CANCELLED, state="cache").finish()
    assert second.outputs["gump.resumed-from"] == "the cache"
    goes_on(first, second)
