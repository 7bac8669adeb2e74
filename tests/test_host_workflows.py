"""Our action, our host workflows, those of the examples and those on the pages: no linter needed.

tests/runner/bad holds a fault of each kind, for a check that never finds anything checks nothing.
"""

import re
from pathlib import Path

import pytest
import yaml

from .host_files import BLOCK, FILES, OURS, ROOT, SHOWN, faults_of

SAMPLE = ROOT / "tests/runner/sample"
GOOD = {
    "action.yml": (SAMPLE / "action.yml").read_text(),
    "host.yml": (SAMPLE / ".github/workflows/host.yml").read_text(),
}
SAMPLES = OURS | {"gump/sample": yaml.safe_load(GOOD["action.yml"])}
BAD = {
    f"{name}: {entry['fault']}": (
        GOOD[name].replace(entry["old"], entry["new"], 1),
        entry["by"]["own"],
    )
    for name, entries in yaml.safe_load((ROOT / "tests/runner/bad/faults.yaml").read_text()).items()
    for entry in entries
    if "own" in entry["by"]
}
HOST_WORKFLOWS = {name: text for name, text in FILES.items() if name != "action.yml"}
JOBS = {
    f"{name}:{key}": job
    for name, text in HOST_WORKFLOWS.items()
    for key, job in yaml.safe_load(text)["jobs"].items()
    if "uses" not in job
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_file_has_no_fault(text):
    assert faults_of(text, is_pinned=True) == []


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_what_a_page_shows_has_no_fault(text):
    assert faults_of(text, is_pinned=False) == []


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_sample_has_no_fault(text):
    assert faults_of(text, is_pinned=True, ours=SAMPLES) == []


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_a_fault_is_found(text, words):
    assert text not in GOOD.values()
    found = faults_of(text, is_pinned=True, ours=SAMPLES)
    assert [fault for fault in found if words in fault]


def test_there_is_something_to_look_at():
    assert {"action.yml", ".github/workflows/ci.yml"} <= set(FILES)
    assert any(name.startswith("README.md:") for name in SHOWN)
    assert len(BAD) > 5


def test_an_action_has_the_same_pin_everywhere():
    pins = {pin for text in FILES.values() for pin in re.findall(r"\buses: *(\S+@\S+)", text)}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_has_a_limit(job):
    assert "timeout-minutes" in job


def test_no_yaml_below_github_is_left_out():
    seen = {Path(name).name for name in FILES}
    assert {path.name for path in (ROOT / ".github/workflows").iterdir()} <= seen


def test_the_page_shows_a_host_workflow_for_checks_in_which_both_jobs_name_the_app():
    """The job that publishes is judged by the same table."""
    page = (ROOT / "docs/recipes.md").read_text()
    (shown,) = [each for each in BLOCK.findall(page) if "check_suite:" in each]
    jobs = yaml.safe_load(shown)["jobs"]
    named = [jobs[name]["steps"][-1]["with"]["allow-bots"] for name in ("run", "publish")]
    assert named == ["circleci-checks[bot]"] * 2
