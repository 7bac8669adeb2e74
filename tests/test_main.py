"""The command line as a whole: what it answers, and what it ends with."""

import json
import subprocess
import sys

import pytest

from .conftest import GUMP

GOOD = "- {name: one, agent: scripted, prompt: p}"


def call(*words, **how):
    argv = [str(GUMP), *(str(word) for word in words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, **how)


def test_the_version_is_said_without_loading_what_is_dear():
    script = (
        "import sys; sys.argv = ['gump-action', '--version']\n"
        "from gump_action.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('pydantic', 'git', 'yaml', 'jinja2', 'rich', 'github', 'nacl')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    version, loaded = done.stdout.splitlines()
    assert version.startswith("gump-action, version ")
    assert loaded == "[]"


def test_help_names_the_commands():
    done = call("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("run", "validate", "schema", "report", "apply"))


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_an_output_without_room_is_said_in_one_sentence():
    with open("/dev/full", "w") as full:  # noqa: PTH123  (a device, not a file)
        argv = [str(GUMP), "schema"]
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 4
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_output_is_no_fault(project):
    argv = ["sh", "-c", 'exec "$@" <&- >&-', "sh", str(GUMP), "run", project.workflow(GOOD)]
    argv += ["--state", project.state]
    done = subprocess.run(
        argv, cwd=project.repo, env=project.environ, stderr=subprocess.PIPE, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (project.state / "ledger.ndjson").is_file()


def test_a_command_that_is_not_known_is_wrong_input():
    done = call("rum")
    assert done.returncode == 2
    assert "rum" in done.stderr


def test_a_module_is_the_same_program():
    argv = [sys.executable, "-m", "gump_action", "--version"]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 0


def test_the_schema_is_json():
    assert "properties" in json.loads(call("schema").stdout)


def test_validate_says_ok_or_all_faults_of_all_files(project):
    good = project.workflow(GOOD)
    bad = project.root / "bad.yaml"
    bad.write_text("name: t\nsteps:\n  - {name: one, agent: x}\n  - {name: two, gate: [y]}\n")
    fine = call("validate", good, cwd=project.repo, env=project.environ)
    assert (fine.returncode, "w.yaml: ok" in fine.stdout) == (0, True)
    both = call("validate", good, bad, cwd=project.repo, env=project.environ)
    assert both.returncode == 2
    assert "bad.yaml:3" in both.stderr
    assert "bad.yaml:4" in both.stderr


def test_validate_without_a_name_looks_at_all_workflows_of_the_project_from_any_folder(project):
    own = project.repo / ".gump/workflows"
    own.mkdir(parents=True)
    (own / "good.yaml").write_text("name: good\nsteps:\n  - {name: one, agent: scripted}\n")
    (own / "bad.yml").write_text("name: bad\nsteps:\n  - {name: one, agent: x}\n")
    below = project.repo / "below"
    below.mkdir()
    done = call("validate", cwd=below, env=project.environ)
    assert (done.returncode, done.stdout) == (2, "good: ok\n")
    assert "bad.yml:3: " in done.stderr


def test_validate_names_files_as_one_sees_them_from_the_top(project):
    own = project.repo / ".gump/workflows"
    own.mkdir(parents=True)
    (own / "bad.yml").write_text("name: bad\nsteps:\n  - {name: one, agent: x}\n")
    done = call("validate", cwd=project.repo, env=project.environ)
    assert done.stderr.startswith("gump-action: .gump/workflows/bad.yml:3: ")


def test_validate_without_any_workflow_says_how_to_begin(project):
    done = call("validate", cwd=project.repo, env=project.environ)
    assert done.returncode == 2
    assert "has no workflow in .gump/workflows/" in done.stderr
    assert "gump-action init" in done.stderr


def test_validate_says_of_a_name_that_is_not_there_what_is_near(project):
    done = call("validate", "bugfx", cwd=project.repo, env=project.environ)
    assert done.returncode == 2
    assert 'there is no workflow "bugfx"' in done.stderr
    assert 'Did you mean "bugfix"?' in done.stderr
    assert ":1:" not in done.stderr


VERDICTS = {
    "passed": ([], 0),
    "failed": ([{"fail": "no"}], 1),
    "blocked": ([{"block": "no credit"}], 4),
}


@pytest.mark.parametrize("case", VERDICTS.values(), ids=VERDICTS.keys())
def test_the_exit_code_is_that_of_the_verdict(project, case):
    actions, code = case
    project.script({"one": [actions]})
    assert project.cli(project.workflow(GOOD)).returncode == code


def test_each_event_is_a_line_of_json(project):
    done = project.cli(project.workflow(GOOD), "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["type"] == "run_started"
    assert events[-1]["type"] == "run_ended"


def test_a_dry_run_runs_nothing_and_changes_nothing(project):
    done = project.cli(project.workflow(GOOD), "--dry-run")
    assert done.returncode == 0
    assert not project.state.exists()
    assert "one" in done.stdout


def test_a_dry_run_looks_at_the_record_of_the_run_that_would_go_on(project):
    path = project.workflow(f"{GOOD}\n- {{name: two, gate: ['bash: false']}}")
    project.cli(path)
    before = (project.state / "ledger.ndjson").read_bytes()
    done, anew = project.cli(path, "--dry-run"), project.cli(path, "--dry-run", "--fresh")
    assert f"in {project.state} would go on; passed before: one\n" in done.stdout
    assert "passed before" not in anew.stdout
    assert (project.state / "ledger.ndjson").read_bytes() == before


def test_a_dry_run_is_refused_where_the_run_would_be(project):
    project.cli(project.workflow(GOOD))
    done = project.cli(project.workflow(GOOD), "--dry-run", "--agent", "scripted-x")
    assert done.returncode == 2
    assert "--fresh" in done.stderr


def test_a_dry_run_has_no_events_to_tell_as_json(project):
    done = project.cli(project.workflow(GOOD), "--dry-run", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--json" in done.stderr


def test_a_run_without_the_spec_that_its_prompts_name_says_so_once(project):
    path = project.workflow("- {name: one, agent: scripted, gate: ['bash: false']}")
    dry, first, again = project.cli(path, "--dry-run"), project.cli(path), project.cli(path)
    assert [("no spec is given" in done.stdout) for done in (dry, first, again)] == [
        True,
        True,
        False,
    ]


def test_a_workflow_by_its_name_with_the_usual_places_and_a_spec(project):
    text = "name: fix\nsteps:\n  - {name: one, agent: scripted}\n"
    project.commit({".gump/workflows/fix.yml": text, "spec.md": "Make it.\n"})
    done = call("run", "fix", "--spec", "spec.md", cwd=project.repo, env=project.environ)
    assert done.returncode == 0, done.stderr
    state = project.repo / ".gump/state"
    assert (state / "attempts/one/@1/prompt.md").read_text() == "Make it.\n"
    assert project.git("status", "--porcelain") == ""
    report = call("report", cwd=project.repo, env=project.environ)
    assert "one#1" in report.stdout


def test_the_result_is_applied_as_one_commit(project):
    project.script({"one": [[{"write": "b.txt", "text": "x\n"}]]})
    project.run(GOOD)
    project.git("config", "user.name", "u")
    project.git("config", "user.email", "u@localhost")
    done = call("apply", "--state", project.state, cwd=project.repo, env=project.environ)
    assert done.returncode == 0, done.stderr
    assert (project.repo / "b.txt").read_text() == "x\n"
    branch = project.git("symbolic-ref", "--short", "HEAD")
    assert f" is now in your branch {branch}, as one commit:\n" in done.stdout


def test_a_result_that_is_applied_to_a_detached_head_is_said_to_be_on_no_branch(project):
    project.script({"one": [[{"write": "b.txt", "text": "x\n"}]]})
    project.run(GOOD)
    project.git("config", "user.name", "u")
    project.git("config", "user.email", "u@localhost")
    project.git("checkout", "-q", "--detach")
    done = call("apply", "--state", project.state, cwd=project.repo, env=project.environ)
    assert done.returncode == 0, done.stderr
    assert "is now on HEAD, which is on no branch (`git switch -c NAME` makes one)" in done.stdout


def test_a_run_that_goes_on_and_was_killed_is_not_applied_and_says_why(project):
    project.run(GOOD)
    ledger = project.state / "ledger.ndjson"
    lines = ledger.read_text().splitlines(keepends=True)
    number, event = len(lines) + 1, json.loads(lines[0])
    more = {"seq": number, "type": "run_continued", "engine": "0", "workspace": event["workspace"]}
    ledger.write_text("".join([*lines, json.dumps(more) + "\n"]))
    done = call("apply", "--state", project.state, cwd=project.repo, env=project.environ)
    assert done.returncode == 2
    assert "has not come to its end" in done.stderr
    assert "no step" not in done.stderr


def test_a_result_that_git_does_not_commit_leaves_the_branch_as_it_was(project):
    project.script({"one": [[{"write": "b.txt", "text": "x\n"}]]})
    project.run(GOOD)
    project.git("config", "user.useConfigOnly", "true")
    before = project.git("rev-parse", "HEAD")
    done = call("apply", "--state", project.state, cwd=project.repo, env=project.environ)
    assert done.returncode == 2
    assert project.git("rev-parse", "HEAD") == before
    assert project.git("status", "--porcelain") == ""


def test_a_merge_that_git_refuses_is_not_called_a_conflict(project):
    project.script({"one": [[{"write": "b.txt", "text": "x\n"}]]})
    project.run(GOOD)
    project.commit({"other.txt": "x\n"})
    project.git("config", "user.useConfigOnly", "true")
    done = call("apply", "--state", project.state, cwd=project.repo, env=project.environ)
    assert done.returncode == 2
    assert "Put right what it says (its identity, say)" in done.stderr
    assert "conflict" not in done.stderr
    assert project.git("status", "--porcelain") == ""


def test_another_agent_runs_the_same_workflow(project):
    done = project.cli(
        project.workflow("- {name: one, agent: claude-haiku}"), "--agent", "scripted"
    )
    assert done.returncode == 0
    assert project.read().attempts["one"][0].agent == "scripted"
