"""A stage for each file of attacks, and at the end the count: tried, proved elsewhere, open."""

from __future__ import annotations

import os
import shutil
import signal
import sys

import pytest

from ..conftest import Project
from ..github.fixtures import github_server
from .proofs import ELSEWHERE
from .stage import Stage

__all__ = ["github_server"]
ON_LINUX = (
    "test_agent_reads.py",
    "test_agent_writes.py",
    "test_agent_plants.py",
    "test_publishing.py",
)
HERE = "tests/hostile/test_"
# These ask /proc; what differs on macOS stands in docs/security.md.
collect_ignore = [] if sys.platform == "linux" else [*ON_LINUX]


@pytest.fixture(scope="module")
def stage(tmp_path_factory, first_commit, github_server):
    """One for all tests of a file: an agent makes many attacks in one job."""
    root = tmp_path_factory.mktemp("stage")
    shutil.copytree(first_commit, root / "repo")
    project = Project(root, {"PATH": os.environ["PATH"], "HOME": str(root)})
    stage = Stage(root, project, github_server.renew())
    yield stage
    assert stage.github.deviations == [], "\n".join(stage.github.deviations)


def pytest_collection_modifyitems(items):
    for item in items:
        for mark in item.iter_markers("open"):
            item.user_properties.append(("open", mark.args[0]))


def pytest_terminal_summary(terminalreporter):
    """Counted from the reports, so that it is true also over several processes."""
    passed = [each for each in terminalreporter.stats.get("passed", []) if each.when == "call"]
    tried = [each for each in passed if each.nodeid.startswith(HERE)]
    attacks = [each for each in tried if "test_proofs" not in each.nodeid]
    if not attacks:
        return
    names = sorted(
        {name for each in attacks for key, name in each.user_properties if key == "open"}
    )
    is_open = [each for each in attacks if ("open" in dict(each.user_properties))]
    terminalreporter.section("attacks")
    terminalreporter.write_line(
        f"{len(attacks)} attacks were tried here, and {len(is_open)} of them get through; "
        f"{sum(map(len, ELSEWHERE.values()))} more are proved elsewhere."
    )
    for name in names:
        terminalreporter.write_line(f"open: {name}")


@pytest.fixture
def alarm():
    """Ends the test where something that an agent has left would hold it up."""

    def ring(number, frame):
        raise TimeoutError("a step waits for something that an agent has left")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
