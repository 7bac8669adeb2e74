"""What an agent does to the machine it runs on, and what the steps after it make of that."""

import json

from .act import Trigger, make_repository
from .conftest import FILES
from .test_pulls import ON_PULL, RIGHT, payload
from .told import KEY

# Writes into what the runner has given to the step: found in /proc, since no agent is told of it.
SPEAKS = """\
for place in /proc/[0-9]*/environ; do
  file=$(tr '\\0' '\\n' < $place 2>/dev/null | sed -n 's/^GITHUB_ENV=//p')
  case $file in BASE*) echo FORGED=1 >> $file; touch BASE/spoke ;; esac
done
"""


def test_an_engine_that_an_agent_has_changed_gets_no_secret(bed, action, github, github_server):
    github.add_pull(7, author="alice")
    github.permissions["alice"] = "write"
    changes = f"echo >> $(ls {bed.base}/attempt-*/cache/*/tmp/gump-action/venv/pyvenv.cfg)"
    files = {
        ".github/workflows/gump.yml": ON_PULL,
        ".gump/scripted.json": json.dumps({"impl": [[{"run": changes}, *RIGHT]]}),
    }
    repository = make_repository(bed.base / "repository", FILES | files)
    how = {"event": "pull_request", "payload": payload(), "ref": "refs/pull/7/merge"}
    run = bed.run(repository, action, Trigger(api_url=github_server.url, env=KEY, **how))
    assert run.code == 1
    assert run.steps["gump.run"] == run.steps["after"] == "success", run.log
    assert run.steps["gump.save"] == run.steps["gump.publish"] == "failure"
    assert not {"gump.artifact", "gump.cached", "gump.report"} & set(run.steps)
    assert len([error for error in run.errors if "engine were changed" in error]) == 2
    assert github.comments == []
    assert bed.storage.asked == []


def test_what_an_agent_tells_the_runner_is_not_heard(bed, action):
    speaks = SPEAKS.replace("BASE", str(bed.base))
    script = {".gump/scripted.json": json.dumps({"impl": [[{"run": speaks}, *RIGHT]]})}
    repository = make_repository(bed.base / "repository", FILES | script)
    how = {"event": "workflow_dispatch", "payload": {"inputs": {"spec": "x"}}}
    run = bed.run(repository, action, Trigger(**how))
    assert (bed.base / "spoke").exists()
    assert run.code == 0, run.log
    assert run.steps["gump.run"] == run.steps["gump.publish"] == "success"
    assert "FORGED" not in (run.kept / "env").read_text()
    assert any("the file of GITHUB_ENV" in note.text for note in run.annotations)
