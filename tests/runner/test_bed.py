"""The bed itself, with a composite of the kind that gump-action is (sample/).

What is proved here of restore, save, upload, cancel and outage need not be asked again of the
action's own scenarios.
"""

import json
import shutil
import zipfile
from urllib.request import Request, urlopen

import pytest

from ..github.state import TOKEN
from .act import Trigger, make_repository
from .cancel import cancel_as_github, make_cancellable
from .conftest import HERE
from .join import show_artifacts
from .pins import map_actions
from .storage.server import CUT, DOWN, NO_SAVING, Fault, refusing_url, slow

HOST = """\
on: push
jobs:
  try:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - id: gump
        if: always()
        uses: gump/action@v1
        with:
          mode: ok
  after:
    needs: try
    if: always()
    runs-on: ubuntu-latest
    steps:
      - id: got
        uses: actions/download-artifact@cccccccccccccccccccccccccccccccccccccccc
        with:
          path: got
      - id: seen
        run: echo "count=$(cat got/*/count)" >> "$GITHUB_OUTPUT"
"""
LEGS = HOST.replace("    runs-on", "    strategy: {matrix: {leg: [0, 1]}}\n    runs-on", 1).replace(
    "mode: ok", "mode: ok\n          leg: ${{ matrix.leg }}"
)
BOTH = {"gump.restore": "success", "gump.save": "success", "gump.upload": "success"}
RAN_WELL = BOTH | {"gump.engine": "success", "got": "success", "seen": "success"}
DONE_WITHOUT_STORAGE = {
    "gump.restore": "success",
    "gump.engine": "success",
    "gump.save": "success",
    "gump.upload": "failure",
}
FAILED = RAN_WELL | {"gump.engine": "failure"}


@pytest.fixture
def attempt(bed, tmp_path):
    """Runs an attempt of the sample, in a repository made anew, as on another machine."""

    def run(number=1, mode="ok", host=HOST, **how):
        repository = tmp_path / f"repository-{number}-{mode}"
        files = {".github/workflows/gump.yml": host.replace("mode: ok", f"mode: {mode}")}
        make_repository(repository, files)
        return bed.run(repository, HERE / "sample", Trigger(attempt=number, **how))

    return run


def test_a_second_attempt_goes_on_with_what_the_first_one_saved(bed, attempt):
    first, second = attempt(1, "fail"), attempt(2)
    assert (first.code, second.code) == (1, 0), second.log
    assert first.steps.items() >= FAILED.items()
    assert second.steps.items() >= RAN_WELL.items()
    assert "gump.restore.cache-hit" not in first.outputs
    assert second.outputs["gump.restored"] == "sample-77-0-1"
    assert second.outputs["gump.hit"] == "false"
    assert (first.outputs["gump.count"], second.outputs["gump.count"]) == ("1", "2")
    assert bed.storage.cache_keys() == ["sample-77-0-1", "sample-77-0-2"]


def test_the_same_attempt_again_is_a_hit_and_keeps_what_was_saved(bed, attempt):
    attempt(1)
    again = attempt(1, "fail")
    assert again.outputs["gump.hit"] == "true"
    assert bed.storage.cache_keys() == ["sample-77-0-1"]
    assert any("Cache save failed" in note.text for note in again.annotations)


def test_a_cancelled_step_gets_the_signals_of_github_and_the_steps_after_it_run(bed, tmp_path):
    action = tmp_path / "cancellable"
    shutil.copytree(HERE / "sample", action)
    make_cancellable(action, "engine")
    files = {".github/workflows/gump.yml": HOST.replace("mode: ok", "mode: wait")}
    repository = make_repository(tmp_path / "repository", files)
    started = bed.start(repository, action, Trigger(attempt=3))
    assert cancel_as_github(started, started.kept / "waiting") == "SIGINT"
    run = started.finish()
    assert run.code == 1
    assert run.steps.items() >= (BOTH | {"gump.engine": "failure"}).items()
    assert "stopped by SIGINT" in run.log
    assert bed.storage.cache_keys() == ["sample-77-0-3"]
    assert contents(bed.storage.artifacts(77)) == {"sample-0-3": "stopped"}


def test_after_rerun_all_the_cache_is_seen_and_the_artifacts_are_not(bed, attempt):
    attempt(1, "fail")
    bed.storage.rerun_all(77)
    second = attempt(2)
    assert second.outputs["gump.count"] == "2"
    assert contents(bed.storage.artifacts(77)) == {"sample-0-2": "2"}


def test_artifacts_of_all_attempts_are_listed_for_rest_and_one_job_reads_its_own_attempt(
    bed, attempt
):
    first, second = attempt(1), attempt(2)
    assert contents(bed.storage.artifacts(77)) == {"sample-0-1": "1", "sample-0-2": "2"}
    assert (first.outputs["seen.count"], second.outputs["seen.count"]) == ("1", "2")
    listed = bed.storage.artifacts(77)[1]
    assert listed.digest == "sha256:" + second.outputs["gump.digest"]
    assert bed.storage.artifacts(78) == []


def test_rest_lists_what_was_uploaded_and_leads_to_it(bed, attempt, github, github_server):
    attempt(1)
    show_artifacts(bed.storage, github)
    head = {"Authorization": f"Bearer {TOKEN}"}
    place = f"{github_server.url}/repos/octo/plant/actions/runs/77/artifacts"
    with urlopen(Request(place, headers=head)) as answer:
        (listed,) = json.load(answer)["artifacts"]
    assert listed["name"] == "sample-0-1"
    assert listed["digest"] == bed.storage.artifacts(77)[0].digest
    bed.storage.rerun_all(77)
    show_artifacts(bed.storage, github)
    with urlopen(Request(place, headers=head)) as answer:
        assert json.load(answer)["total_count"] == 0


def test_two_legs_keep_their_state_apart(bed, attempt):
    run = attempt(host=LEGS)
    assert run.code == 0, run.log
    for leg in (0, 1):
        assert run.of("try", leg=leg).steps.items() >= BOTH.items()
        assert run.of("try", leg=leg).outputs["gump.count"] == "1"
    assert sorted(bed.storage.cache_keys()) == ["sample-77-0-1", "sample-77-1-1"]
    again = attempt(2, host=LEGS)
    restored = {leg: again.of("try", leg=leg).outputs["gump.restored"] for leg in (0, 1)}
    assert restored == {0: "sample-77-0-1", 1: "sample-77-1-1"}


def test_an_entry_of_another_branch_is_not_seen_and_one_of_the_default_branch_is(attempt):
    attempt(1, ref="refs/heads/one")
    assert attempt(2, ref="refs/heads/two").outputs["gump.count"] == "1"
    attempt(3, "fail")
    assert attempt(4, ref="refs/heads/three").outputs["gump.restored"] == "sample-77-0-3"


@pytest.mark.parametrize("fault", [DOWN, CUT, NO_SAVING], ids=["500", "cut", "403 on save"])
def test_a_storage_that_fails_makes_no_step_red_but_the_upload(bed, attempt, fault):
    bed.storage.faults.append(fault)
    run = attempt()
    assert run.steps.items() >= DONE_WITHOUT_STORAGE.items()
    assert bed.storage.cache_keys() == []
    assert bed.storage.artifacts(77) == []


def test_a_storage_that_nobody_listens_for_makes_no_step_red_but_the_upload(bed, attempt):
    run = attempt(storage_url=refusing_url())
    assert run.steps.items() >= DONE_WITHOUT_STORAGE.items()
    assert bed.storage.asked == []


def test_a_slow_storage_and_one_that_is_down_for_a_moment_serve_in_the_end(bed, attempt):
    bed.storage.faults += [Fault("/CreateCacheEntry", status=503, times=2), slow(0.3)]
    assert attempt().steps.items() >= RAN_WELL.items()
    assert bed.storage.cache_keys() == ["sample-77-0-1"]


def test_annotations_and_summary_are_read(attempt):
    run = attempt()
    note = next(note for note in run.annotations if note.level == "warning")
    assert note.text == "one\ntwo"
    assert note.places == {"file": "a.py", "line": "3", "title": "Oh"}
    assert run.summary == "start 1\n"
    assert run.jobs == {"try": "success", "after": "success"}


def test_an_action_without_a_stand_in_is_told_before_the_runner_starts(built, tmp_path):
    with pytest.raises(AssertionError, match=r"stands in for someone/thing@v3"):
        map_actions(["- uses: someone/thing/below@v3"], built / "actions", tmp_path, {})


def contents(artifacts):
    """Name of each artifact, and the count that is in it."""
    return {each.name: zipfile.ZipFile(each.path).read("count").decode() for each in artifacts}
