"""What is made of the newest CLIs: their locks, the report, and the issue that tells of it."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gump_action.clis.locked import CLIS

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("programs", ROOT / "tests/agents/programs.py")
programs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(programs)

JOBS = yaml.safe_load((ROOT / ".github/workflows/agents.yml").read_text())["jobs"]
GH = f"""#!{sys.executable}
import json, sys
from pathlib import Path
here = Path(__file__).parent
words = sys.argv[1:]
body = [Path(words[i + 1]).read_text() for i, word in enumerate(words) if word == "--body-file"]
with (here / "calls").open("a") as file:
    file.write(json.dumps([words, *body]) + "\\n")
if words[:2] == ["issue", "list"]:
    print((here / "open").read_text())
"""


def entry(**more):
    return {"version": "1.0.0", "integrity": "sha512-x", **more}


def test_a_lock_gets_what_the_registry_lacks_and_loses_addresses():
    optional = {"p-darwin-arm64": "1.0.0", "p-linux-x64-musl": "1.0.0", "p-windows-x64": "1.0.0"}
    optional |= {"p-linux-x64": "1.0.0", "fsevents": "2.0.0"}
    made = programs.completed(
        {
            "": {"dependencies": {"p": "1.0.0"}},
            "node_modules/p": entry(resolved="x", optionalDependencies=optional),
            "node_modules/p/node_modules/p-linux-x64": entry(funding={"url": "y"}),
        }
    )
    here = {"version": "1.0.0", "optional": True}
    assert made == {
        "": {"dependencies": {"p": "1.0.0"}},
        "node_modules/p": entry(optionalDependencies=optional),
        "node_modules/p-darwin-arm64": here | {"cpu": ["arm64"], "os": ["darwin"]},
        "node_modules/p-linux-x64-musl": here | {"cpu": ["x64"], "os": ["linux"], "libc": ["musl"]},
        "node_modules/p-windows-x64": here | {"cpu": ["x64"], "os": ["win32"]},
        "node_modules/p/node_modules/p-linux-x64": entry(),
    }


@pytest.fixture
def told(tmp_path, capsys):
    """`told(log, codex="1.2.3")`: the report on these newest versions."""

    def report(log, **newer):
        (tmp_path / "log").write_text(log)
        for name, cli in CLIS.items():
            (tmp_path / name).mkdir()
            wanted = {cli.package: newer.get(name, cli.version)}
            (tmp_path / name / "package.json").write_text(json.dumps({"dependencies": wanted}))
        programs.report(tmp_path, tmp_path / "log")
        return capsys.readouterr().out

    return report


def test_nothing_is_told_where_nothing_is_new_and_all_holds(told):
    assert told("...\n===== 75 passed in 840 s =====\n") == ""


def test_a_new_version_is_told_though_all_holds(told):
    text = told("75 passed in 840 s\n", codex="0.170.0")
    assert "| codex | 0.169.0 | **0.170.0** |" in text
    assert f"| qwen | {CLIS['qwen'].version} | {CLIS['qwen'].version} |" in text
    assert "`scripts/agents --newest`: 75 passed in 840 s" in text


def test_tests_that_fail_are_told_alone_and_in_a_fence_they_cannot_leave(told):
    text = told("a\nFAILED tests/x.py::y - ``` @someone\n1 failed, 74 passed in 1 s\n")
    assert "```text\nFAILED tests/x.py::y - ''' @someone\n```\n" in text


def test_an_installation_that_fails_is_told(told):
    text = told("codex: codex 0.170.0 could not be installed\n", codex="0.170.0")
    assert "```text\ncodex: codex 0.170.0 could not be installed\n```" in text


def test_no_tests_at_all_is_told(told):
    assert "the tests did not run" in told("")


@pytest.mark.parametrize(
    ("number", "call"),
    [("", ["issue", "create", "--title", "Newest agent CLIs"]), ("7", ["issue", "edit", "7"])],
)
def test_the_issue_is_opened_once_and_then_brought_up_to_date(number, call, tmp_path):
    (step,) = JOBS["tell"]["steps"]
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "open").write_text(number)
    words = {"TITLE": step["env"]["TITLE"], "REPORT": "| a |\n$(touch x)", "RUN": "link"}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        env={"PATH": path, "RUNNER_TEMP": str(tmp_path), **words},
        cwd=tmp_path,
        check=True,
    )
    _, (argv, body) = map(json.loads, (tmp_path / "calls").read_text().splitlines())
    assert argv[: len(call)] == call
    assert body == "| a |\n$(touch x)\n\nSeen in link\n"
    assert not (tmp_path / "x").exists()


def test_what_runs_new_programs_may_write_nothing():
    assert JOBS["newest"]["permissions"] == {"contents": "read"}
    assert JOBS["tell"]["permissions"] == {"issues": "write"}
    assert not [step for step in JOBS["tell"]["steps"] if "uses" in step]
