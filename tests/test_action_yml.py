"""What can be said of action.yml without a runner; test_host_workflows says more."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gump_action.action import agents
from gump_action.errors import InputError
from gump_action.host import inputs, outputs
from gump_action.host.publishing import publication

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "action.yml").read_text()
ACTION = yaml.safe_load(TEXT)
STEPS = {step["id"]: step for step in ACTION["runs"]["steps"]}
RUNS = {name: step for name, step in STEPS.items() if "run" in step}
NOT_FOR_AGENTS = {"GUMP_STATE_KEY", "GUMP_TOKEN_FD"}
each_run = pytest.mark.parametrize("step", RUNS.values(), ids=RUNS)


@each_run
def test_a_step_names_the_variables_that_its_lines_read(step):
    """act hands a composite's inputs to its steps unasked, GitHub does not."""
    assert set(re.findall(r"\bGUMP_\w+", step["run"])) <= set(step.get("env", {})) | NOT_FOR_AGENTS


class Asked(dict):
    """Remembers which variables were asked for."""

    def __init__(self):
        super().__init__(GUMP_WORKFLOW="w")
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


PUBLICATION = {
    *("GUMP_MODE", "GUMP_PUBLISH", "GUMP_BUNDLE", "GUMP_ALLOW_CHANGES", "GUMP_SIGN_COMMITS"),
    *("GUMP_TASK", "GUMP_TITLE", "GUMP_COOL_DOWN_DAYS", "GUMP_REASON"),
}
OF_OTHER_STEPS = {
    *("GUMP_GITHUB_TOKEN", "GUMP_AGENTS_PATH", "GUMP_FROM_BASE", "GUMP_COMMENT_ON"),
    *("GUMP_SPEC_DIGEST", "GUMP_ASKED", "GUMP_UPSTREAM"),
}


@pytest.mark.parametrize("step", ["resolve", "run"])
def test_each_input_that_the_engine_reads_is_set(step):
    asked = Asked()
    inputs.read(asked)
    if step == "resolve":
        assert set(STEPS[step]["env"]) >= PUBLICATION
    assert asked.names == set(STEPS[step]["env"]) - OF_OTHER_STEPS - PUBLICATION


def test_the_step_that_installs_is_given_what_it_asks_for(tmp_path, monkeypatch):
    asked = Asked()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match='no workflow "w"'):
        agents.install(asked, None)
    assert {name for name in asked.names if name.startswith("GUMP_")} == set(STEPS["agents"]["env"])


def test_each_input_about_publishing_is_set():
    asked = Asked()
    publication.read(asked)
    inputs.read_fail_on(asked)
    assert asked.names == PUBLICATION | {"GUMP_FAIL_ON"}
    assert asked.names <= set(STEPS["deliver"]["env"])


def test_inputs_and_variables_have_the_same_names():
    for name in ACTION["inputs"]:
        lines = [line for line in TEXT.splitlines() if f"inputs.{name} " in line]
        words = {line.split()[0].rstrip(":") for line in lines}
        assert words <= {inputs.variable(name), "working-directory", "retention-days"}


def test_the_outputs_are_those_that_the_last_step_makes():
    assert list(ACTION["outputs"]) == list(outputs.NAMES)


def test_agents_do_not_get_what_seals_the_state():
    assert " env -u GUMP_STATE_KEY " in STEPS["run"]["run"]
    assert "GUMP_STATE_KEY" not in STEPS["run"]["env"]


def test_each_input_reaches_a_step():
    used = re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", TEXT)
    with_default = re.findall(r"\$\{\{ inputs\.([\w-]+) \|\| ", TEXT)
    assert {*used, *with_default} == set(ACTION["inputs"])


def test_each_output_is_of_a_step_that_there_is():
    named = [re.findall(r"steps\.([\w-]+)\.", out["value"]) for out in ACTION["outputs"].values()]
    assert {name for names in named for name in names} <= set(STEPS)


def test_the_engine_takes_the_place_of_its_shell():
    """The runner's signals go to one process, and bash would keep them to itself."""
    lines = STEPS["run"]["run"].replace("\\\n", "").splitlines()
    assert lines[-1].startswith("exec ")
    assert " -I -B -m gump_action action run " in lines[-1]
    assert len(lines) == 1


@each_run
def test_python_never_looks_into_the_checkout_for_modules(step):
    calls = [line for line in step["run"].splitlines() if re.search(" -[mc] ", line)]
    assert not [line for line in calls if 'python" -I -' not in line]


def test_only_what_keeps_and_tells_outlives_a_cancel():
    """A step with always() is not signalled when the job is cancelled."""
    outlives = {
        name for name, step in STEPS.items() if re.search("always|cancelled", step.get("if", ""))
    }
    assert outlives == {"save", "artifact", "cached", "report", "bundle", "publish"}


@pytest.fixture
def compared(tmp_path):
    """Runs the lines of the last step over an engine whose Python only says that it runs."""
    venv = tmp_path / "gump-action" / "venv"
    packages = venv / "lib" / "site-packages"
    (packages / "gump_action").mkdir(parents=True)
    (packages / "gump_action" / "main.py").write_text("main")
    (tmp_path / "python").write_text("#!/bin/sh\necho the engine runs\n")
    (tmp_path / "python").chmod(0o755)
    (venv / "bin").mkdir()
    (venv / "bin" / "python").symlink_to(tmp_path / "python")
    (venv / "lib64").symlink_to("lib")

    def run(digest):
        env = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "GUMP_ENGINE": digest}
        lines = f"{STEPS['publish']['run']}"
        if not digest:
            lines = lines.partition("if [")[0] + 'echo "${digest%% *}"'
        bash = ["bash", "-e", "-o", "pipefail", "-c", lines]
        done = subprocess.run(bash, env=env, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    run.packages, run.venv, run.root = packages, venv, tmp_path
    run.digest = run("")[1]
    return run


def test_an_engine_that_nobody_has_touched_is_run(compared):
    assert compared(compared.digest) == (0, "the engine runs")


@pytest.mark.parametrize("what", ["module", "link to what is imported", "python", "new file"])
def test_an_engine_that_an_agent_has_changed_is_not_run_beside_secrets(compared, what):
    evil = compared.root / "evil"
    evil.write_text("#!/bin/sh\necho evil runs\n")
    evil.chmod(0o755)
    match what:
        case "module":
            (compared.packages / "gump_action" / "main.py").write_text("evil")
        case "link to what is imported":
            (compared.packages / "evil.pth").symlink_to(evil)
        case "python":
            (compared.venv / "bin" / "python").unlink()
            (compared.venv / "bin" / "python").symlink_to(evil)
        case _:
            (compared.packages / "sitecustomize.py").write_text("evil")
    code, said = compared(compared.digest)
    assert code == 3
    assert "were changed" in said


def test_nothing_is_imported_but_what_is_compared():
    """A folder on the module path brings all that an agent puts beside the engine."""
    assert ".pth" not in STEPS["install"]["run"]
    compare = [
        re.findall(r"^(?:sum|digest)=\$\(.*", STEPS[name]["run"], re.MULTILINE)
        for name in ("install", "save", "deliver", "publish")
    ]
    assert len(compare[0]) == 2
    assert compare[1:] == compare[:1] * 3


@pytest.mark.parametrize("step", ["save", "publish"])
def test_what_keeps_and_tells_starts_also_where_an_agent_has_removed_its_folder(step):
    assert "working-directory" not in STEPS[step]
    assert "GUMP_WORKING_DIRECTORY" in STEPS[step]["env"]


def test_there_is_always_a_status():
    assert ACTION["outputs"]["status"]["value"].endswith("|| 'failed' }}")


def test_what_is_not_compiled_is_not_loaded_by_a_step():
    """Without its bytecode it would cost each step a second."""
    names = re.search(r"-x '/\((.*?)\)/'", STEPS["install"]["run"])[1].split("|")
    steps = "agents, deliver, publish, resolve, restore, run, save"
    script = f"import sys\nfrom gump_action.action import {steps}\n"
    script += f"print(set({names}) & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("step", ["save", "deliver"])
def test_steps_with_secrets_compare_the_engine_alike(step):
    """No file could hold these lines once: agents could change it, and it says what is changed."""
    lines = STEPS[step]["run"].replace(f" action {step}", " action publish")
    assert lines == STEPS["publish"]["run"]
