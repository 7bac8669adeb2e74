"""Legs of a matrix and uses in one job, each with a run of its own; names with blanks.

act has no `strategy` in an action, so the leg is given by hand; GitHub fills it.
"""

import json

import pytest

from .act import Trigger, make_repository
from .conftest import WORKFLOW
from .join import show_artifacts
from .told import KEY

USE = """\
      - id: NAME
        if: always()
        uses: gump/action@v1
        with:
          workflow: ../fix it.yaml
          spec: Say hello
          working-directory: a project
          matrix-leg: ${{ matrix.leg }}
"""
HOST = f"""\
on: push
jobs:
  fix-it:
    name: Fix "it", leg ${{{{ matrix.leg }}}}
    strategy: {{fail-fast: false, matrix: {{leg: [0, 1]}}}}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
{USE.replace("NAME", "one")}\
{USE.replace("NAME", "two")}\
"""
SCRIPT = {"impl": [[{"say": "not yet"}], [{"write": "gump-was-here.txt", "text": "here\n"}]]}
USES = [(leg, use) for leg in (0, 1) for use in ("one", "two")]
FILES = {
    ".github/workflows/gump.yml": HOST,
    "fix it.yaml": WORKFLOW + "    session: reuse-on-retry\n",
    ".gump/scripted.json": json.dumps(SCRIPT),
    "a project/README.md": "Here agents work\n",
}


@pytest.fixture
def attempt(bed, action, github, github_server):
    """What each use in each leg told, as {(leg, use): {output: value}}."""

    github.add_run(77, event="push")

    def run(number):
        repository = make_repository(bed.make_place() / "repository", FILES)
        show_artifacts(bed.storage, github)
        trigger = Trigger(attempt=number, env=KEY, api_url=github_server.url)
        done = bed.run(repository, action, trigger)
        return done, {each: told_by(done, *each) for each in USES}

    return run


def told_by(run, leg, use):
    outputs = run.of("fix-it", leg=leg).outputs
    inner = [name for name in outputs if name.startswith(f"{use}.") and name.count(".") == 1]
    return {name.partition(".")[2]: outputs[name] for name in inner}


def test_legs_and_uses_in_one_job_do_not_meet(bed, attempt):
    first, began = attempt(1)
    assert first.code == 1, first.log
    assert [began[each]["status"] for each in USES] == ["failed"] * 4, first.log
    assert len({began[each]["run-key"] for each in USES}) == 4
    assert len(set(bed.storage.cache_keys())) == 4
    second, ended = attempt(2)
    assert [ended[each]["status"] for each in USES] == ["passed"] * 4, second.log
    for each in USES:
        assert second.of("fix-it", leg=each[0]).steps[f"{each[1]}.run"] == "success"
        assert ended[each]["resumed-from"] != ""
        assert ended[each]["run-id"] == began[each]["run-id"]
    assert len({ended[each]["run-id"] for each in USES}) == 4
