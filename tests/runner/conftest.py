"""What the runs share: the runner's parts, the action as it ships, a repository that uses it."""

import os
import subprocess
from pathlib import Path

import pytest

from ..github.fixtures import github, github_server
from .act import Bed, Trigger, copy_action, make_repository
from .recipes import ground
from .storage.server import storage_at

__all__ = ["github", "github_server", "ground"]
HERE = Path(__file__).parent
MISSING = "these tests are started by scripts/runner, which makes what they need"

COLD = "cold start"

# The last host step leaves what it saw: environment, tree, state and report.
HOST = """\
on: {workflow_dispatch: {inputs: {spec: {required: true}}}}
jobs:
  fix:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - run: date +%s.%N > "${{ vars.KEEP }}/began"
      - id: gump
        uses: gump/action@v1
        with:
          workflow: fix
          spec: ${{ github.event.inputs.spec }}
      - id: after
        if: always()
        env:
          KEEP: ${{ vars.KEEP }}
          REPORT: ${{ steps.gump.outputs.report-path }}
          PATCH: ${{ steps.gump.outputs.diff-path }}
        run: |
          env > "$KEEP/env"
          cp -R . "$KEEP/tree"
          cp -R "$RUNNER_TEMP"/gump/*/. "$KEEP/state" || echo "there is no state"
          cp "$REPORT" "$KEEP/report.md" || echo "there is no report"
          cp "$PATCH" "$KEEP/result.patch" || echo "there is no patch"
"""
WORKFLOW = """\
name: fix
steps:
  - name: impl
    agent: scripted
    prompt: "{spec}"
    gate: ["bash: test -f gump-was-here.txt"]
"""
FILES = {
    "README.md": "A small project\n",
    ".github/workflows/gump.yml": HOST,
    ".gump/workflows/fix.yaml": WORKFLOW,
}


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The stand-ins and the tools that need npm, each as one file."""
    assert "GUMP_TEST_NODE_MODULES" in os.environ, MISSING
    target = tmp_path_factory.mktemp("built")
    modules = os.environ["GUMP_TEST_NODE_MODULES"]
    subprocess.run(["node", HERE / "actions/build.mjs", modules, target], check=True)
    return target


@pytest.fixture(scope="session")
def make_bed(tmp_path_factory, built):
    """A bed with an empty storage, also for what lives longer than one test."""
    assert "GUMP_TEST_ACT" in os.environ, MISSING
    act = Path(os.environ["GUMP_TEST_ACT"])

    def make(storage):
        return Bed(act, built / "actions", storage, tmp_path_factory.mktemp("bed"))

    return make


@pytest.fixture
def bed(make_bed, tmp_path):
    with storage_at(tmp_path / "storage") as storage:
        bed = make_bed(storage)
        yield bed
        bed.end()


@pytest.fixture(scope="session")
def action(tmp_path_factory):
    return copy_action(tmp_path_factory.mktemp("action") / "gump")


@pytest.fixture(scope="session")
def use_action(tmp_path_factory, make_bed, action):
    """Runs FILES with some of them changed, and the spec as the one who starts it gives it."""

    def use(files=None, *, spec="Say hello", **how):
        base = tmp_path_factory.mktemp("run")
        repository = make_repository(base / "repository", FILES | (files or {}))
        with storage_at(base / "storage") as storage:
            payload = {"inputs": {"spec": spec}}
            trigger = Trigger(event="workflow_dispatch", payload=payload, **how)
            return make_bed(storage).run(repository, action, trigger)

    return use


@pytest.fixture(scope="session")
def passed(use_action):
    """The run of FILES as they are, which several tests look at."""
    return use_action()


def pytest_terminal_summary(terminalreporter):
    """How long a job waits for the engine: from the first step to the first event of the ledger."""
    passed = terminalreporter.getreports("passed")
    told = [words for report in passed for name, words in report.user_properties if name == COLD]
    for words in told:
        terminalreporter.write_line(f"{COLD}: {words}")
