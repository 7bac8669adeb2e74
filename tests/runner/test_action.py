"""`uses: gump/action@v1` in a host workflow.

A job whose steps did not run is green under act, so each test says which ones ran.
"""

import json
import os
import shutil

from .act import LABELS, ROOT, Trigger, copy_action, make_repository
from .conftest import HOST, WORKFLOW
from .told import events

STEPS = (
    "uv",
    "install",
    "resolve",
    "restore",
    "agents",
    "run",
    "save",
    "artifact",
    "cached",
    "publish",
    "report",
)
RAN_WELL = dict.fromkeys([f"gump.{name}" for name in STEPS], "success")
HOSTILE = """\
Fix it. $(touch pwned) `touch pwned` "; touch pwned; '
::set-output name=status::forged
::error::forged
${{ github.token }} {{ 7 * 7 }} {item.name} %0A \\n EOF
--agent=claude
"""
FIX_WITH_SPEC = """\
          workflow: fix
          spec: ${{ github.event.inputs.spec }}
"""
EACH_INPUT = """\
          workflow: ../fix me.yaml
          spec-file: the spec.md
          set: |
            who=a world = $(round)

            mood=
          agent: scripted
          workspace: checkout
          working-directory: a project
"""


def test_a_passing_workflow_leaves_its_result_in_the_checkout(passed):
    assert passed.code == 0, passed.log
    ran = RAN_WELL | {"after": "success"}
    assert passed.steps.items() >= ran.items()
    assert "gump.setup-uv" not in passed.steps
    assert passed.outputs["gump.status"] == "passed"
    assert passed.outputs["gump.branch"] == "gump/" + passed.outputs["gump.run-id"]
    assert "impl" in passed.summary
    assert (passed.kept / "tree/gump-was-here.txt").is_file()


def test_the_report_is_the_file_that_the_output_names(passed):
    assert passed.outputs["gump.report-path"].endswith("/report.md")
    assert (passed.kept / "report.md").read_text().strip() == passed.summary.strip()


def test_steps_of_the_job_are_given_no_token_of_the_runner(passed):
    names = [line.partition("=")[0] for line in (passed.kept / "env").read_text().splitlines()]
    assert "GITHUB_ACTION" in names
    assert not [name for name in names if name.startswith("ACTIONS_")]


def test_a_red_gate_makes_the_job_red_and_is_still_reported(use_action):
    red = WORKFLOW.replace("test -f gump-was-here.txt", "exit 7")
    run = use_action({".gump/workflows/fix.yaml": red})
    assert run.code == 1, run.log
    assert run.steps["gump.run"] == "failure"
    assert run.steps["gump.publish"] == run.steps["after"] == "success"
    assert run.outputs["gump.status"] == "failed"
    assert "exit 7" in run.summary
    assert not (run.kept / "tree/gump-was-here.txt").exists()


def test_a_hostile_spec_arrives_as_text(use_action):
    run = use_action(spec=HOSTILE)
    assert run.code == 0, run.log
    assert (run.kept / "state/attempts/impl/@1/prompt.md").read_text() == HOSTILE
    assert run.outputs["gump.status"] == "passed"
    assert not [error for error in run.errors if "forged" in error]
    assert not list(run.kept.parent.rglob("pwned"))


def test_modules_of_the_repository_are_not_imported(use_action):
    trap = "raise SystemExit('imported from the repository')\n"
    names = ("yaml.py", "json.py", "click.py", "sitecustomize.py", "gump_action/__init__.py")
    run = use_action(dict.fromkeys(names, trap))
    assert run.code == 0, run.log
    assert run.steps.items() >= RAN_WELL.items()
    assert run.outputs["gump.status"] == "passed"


def test_a_workflow_that_is_not_there_is_wrong_input(use_action):
    host = HOST.replace("workflow: fix", "workflow: fxi")
    run = use_action({".github/workflows/gump.yml": host})
    assert run.code == 1
    assert run.steps["gump.agents"] == "failure"
    assert "gump.run" not in run.steps
    assert run.steps["gump.publish"] == run.steps["after"] == "success"
    assert "exit status 2" in run.log
    assert 'there is no workflow "fxi"' in run.log


def test_a_job_without_uv_gets_it_from_the_pinned_action(use_action):
    path = os.pathsep.join(p for p in ("/usr/bin", "/bin") if not shutil.which("uv", path=p))
    run = use_action(path=path)
    assert run.code == 0, run.log
    assert run.steps["gump.setup-uv"] == "success"
    assert run.outputs["gump.status"] == "passed"


def test_each_input_reaches_the_engine(use_action):
    declared = "inputs: {who: {required: true}, mood: {default: good}}\nsteps:"
    asked = HOST.replace(FIX_WITH_SPEC, EACH_INPUT)
    run = use_action(
        {
            ".github/workflows/gump.yml": asked,
            "fix me.yaml": WORKFLOW.replace("steps:", declared).replace("scripted", "claude"),
            "a project/the spec.md": "Of a file",
        }
    )
    assert run.code == 0, run.log
    assert run.outputs["gump.status"] == "passed"
    given = run.kept / "state/given"
    assert (given / "spec.md").read_text() == "Of a file"
    inputs = json.loads((given / "inputs.json").read_text())
    assert inputs == {"who": "a world = $(round)", "mood": ""}


def test_the_host_workflow_of_this_project_passes(bed, tmp_path):
    workflow = ".github/workflows/action.yml"
    project = copy_action(tmp_path / "project")
    host = {workflow: (ROOT / workflow).read_text(), "README.md": "us\n"}
    make_repository(project, host)
    run = bed.run(project, project, Trigger(workflow=workflow))
    assert run.code == 0, run.log
    legs = [run.of("passes", os=name) for name in LABELS]
    assert [leg.outputs["gump.status"] for leg in legs] == ["passed", "passed"]
    story = run.of("believes-nothing").outputs
    assert (story["first.status"], story["second.status"]) == ("failed", "failed")
    assert story["first.run-id"] != story["second.run-id"]


def test_the_engine_begins_soon_also_where_uv_has_nothing_in_its_cache(
    passed, use_action, tmp_path, record_property
):
    """The seconds are printed at the end, and not judged: they are the machine's."""
    cold = use_action(env={"UV_CACHE_DIR": str(tmp_path / "uv")})
    assert passed.outputs["gump.status"] == cold.outputs["gump.status"] == "passed", cold.log
    for words, run in (("uv's cache warm", passed), ("uv's cache empty", cold)):
        seconds = events(run)[0]["at"] - float((run.kept / "began").read_text())
        record_property("cold start", f"{seconds:.1f} s with {words}")
