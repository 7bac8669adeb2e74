"""What the runs share: the action as it ships, and a repository that uses it."""

import os

import pytest

from .act import copy_action, make_repository, run_host_workflow

# The last host step leaves what it saw: environment, tree and state.
HOST = """\
on: issues
jobs:
  fix:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - id: gump
        uses: gump/action@v1
        with:
          workflow: fix
          spec: ${{ github.event.issue.body }}
      - id: after
        if: always()
        env:
          KEEP: ${{ vars.KEEP }}
        run: |
          env > "$KEEP/env"
          cp -R . "$KEEP/tree"
          cp -R "$RUNNER_TEMP/gump" "$KEEP" || echo "there is no state"
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
def action(tmp_path_factory):
    assert "GUMP_TEST_ACT" in os.environ, "no runner is named: start these tests by scripts/runner"
    return copy_action(tmp_path_factory.mktemp("action") / "gump")


@pytest.fixture(scope="session")
def use_action(tmp_path_factory, action):
    """Runs FILES with some of them changed, and the spec as the issue's text."""

    def use(files=None, *, spec="Say hello", path=os.environ["PATH"]):
        base = tmp_path_factory.mktemp("run")
        repository = make_repository(base / "repository", FILES | (files or {}))
        event = {"name": "issues", "action": "opened", "issue": {"number": 1, "body": spec}}
        return run_host_workflow(base, repository, event, action=action, path=path)

    return use


@pytest.fixture(scope="session")
def passed(use_action):
    """The run of FILES as they are, which several tests look at."""
    return use_action()
