"""Wrong input: exit 2 (4 where a CLI is missing), a message that says where, what, why and what to
do, and nothing run and nothing changed."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gump_action import main
from gump_action.errors import InputError

GOOD = "- {name: one, agent: scripted, prompt: p}"
FAILS = "- {name: one, agent: scripted, prompt: p, gate: ['bash: false']}"


@pytest.fixture
def cli(project, monkeypatch, capsys):
    """The whole command line, in this process: half a second less than a process of its own."""
    kept = {number: signal.getsignal(number) for number in (2, 15, 1)}

    def call(*words):
        with monkeypatch.context() as patch:
            patch.chdir(project.repo)
            patch.setattr(sys, "argv", project.argv(*words))
            patch.setattr(os, "environ", dict(project.environ))
            with pytest.raises(SystemExit) as end:
                main.main()
        out, err = capsys.readouterr()
        return SimpleNamespace(returncode=end.value.code or 0, stdout=out, stderr=err)

    yield call
    for number, before in kept.items():
        signal.signal(number, before)


@pytest.fixture
def refused(project, cli):
    """Starts a run; it is refused with these words, and nothing has changed."""

    def call(*words, says=(), code=2):
        before = seen(project)
        done = cli(*words)
        assert done.returncode == code, done.stdout + done.stderr
        for word in says:
            assert word in done.stderr, f"{word!r} is not in:\n{done.stderr}"
        assert "Traceback" not in done.stderr
        assert seen(project) == before
        assert not (project.state / "attempts").exists()
        return done.stderr

    return call


def seen(project):
    """All that a refused start must leave as it was."""
    state = {
        str(path.relative_to(project.repo)): path.read_bytes()
        for path in project.repo.rglob("*")
        if path.is_file() and not path.is_relative_to(project.repo / ".gump/state")
    }
    return state


def test_the_next_start_is_not_blocked_by_a_refused_one(project, refused, cli):
    path = project.workflow(GOOD)
    project.write({"a.txt": "changed\n"})
    refused(path, says=["a.txt"])
    project.git("checkout", "-q", "a.txt")
    assert cli(path).returncode == 0


# --- the workflow file: its faults are in the loader's tests; here is how they reach a person -----

FILES = {
    "a YAML fault": ("name: t\nsteps: [\n", "w.yaml:3", "YAML"),
    "an unknown key near a known one": (
        "name: t\nsteps:\n  - name: one\n    agent: scripted\n    promt: x\n",
        "w.yaml:5", "prompt"),
    "a double step": (
        "name: t\nsteps:\n  - {name: one, agent: scripted}\n  - {name: one, agent: scripted}\n",
        "w.yaml:4", '"one"'),
    "reuse of an unknown step": (
        "name: t\nsteps:\n  - {name: analyze, agent: scripted}\n"
        "  - {name: one, agent: scripted, session: 'reuse: analyse'}\n", "w.yaml:4", "analyze"),
    "an unquoted reuse": (
        "name: t\nsteps:\n  - name: one\n    agent: scripted\n    session: reuse: two\n",
        "w.yaml:5", '"reuse: '),
    "an unknown provider": (
        "name: t\nsteps:\n  - {name: one, agent: cluade-haiku}\n", "w.yaml:3", "claude"),
    "a negative retry": (
        "name: t\nsteps:\n  - {name: one, agent: scripted, on_failure: {retry: -1}}\n",
        "w.yaml:3", "retry"),
    "a retry in words": (
        "name: t\nsteps:\n  - {name: one, agent: scripted, on_failure: {retry: many}}\n",
        "w.yaml:3", "many"),
    "an unknown gate": (
        "name: t\nsteps:\n  - {name: one, agent: scripted, gate: [tset]}\n", "w.yaml:3", "test"),
    "foreach over no plan": (
        "name: t\nsteps:\n  - {name: one, agent: scripted}\n"
        "  - {name: g, foreach: one, steps: [{name: two, agent: scripted}]}\n", "w.yaml:4", "plan"),
    "an unknown Jinja name": (
        "name: t\nsteps:\n  - {name: one, agent: scripted, prompt: '{{ sepc }}'}\n",
        "w.yaml:3", "spec"),
    "a missing prompt file": (
        "name: t\nsteps:\n  - {name: one, agent: scripted, prompt: {file: no.md}}\n",
        "w.yaml:3", "no.md"),
    "a later part of the language": (
        "name: t\nsteps:\n  - {name: one, agent: scripted, max_budget: 5}\n",
        "w.yaml:3", "not yet supported"),
    "a budget of nothing": (
        "name: t\nmax_budget: 0\nsteps:\n  - {name: one, agent: scripted}\n",
        "w.yaml:2", "greater than 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES.values(), ids=FILES.keys())
def test_a_fault_in_the_workflow_is_named_with_its_line_and_what_to_do(project, case, refused):
    text, place, word = case
    path = project.root / "w.yaml"
    path.write_text(text)
    refused(path, says=[place, word])
    assert not project.state.exists()


def test_all_faults_of_a_file_are_said_in_one_go(project, refused):
    path = project.root / "w.yaml"
    path.write_text("name: t\nsteps:\n  - {name: one, agent: x}\n  - {name: one, gate: [y]}\n")
    message = refused(path, says=["w.yaml:3", "w.yaml:4"])
    assert message.count("w.yaml:") >= 3


@pytest.mark.parametrize("name", ["no-such", "no/such.yaml", "n" * 300], ids=len)
def test_a_workflow_that_is_not_there_is_named(project, name, refused):
    refused(name, says=[name])
    assert not project.state.exists()


# --- options --------------------------------------------------------------------------------------

OPTIONS = {
    "a missing spec": (["--spec", "no.md"], ["--spec no.md", "no such file"]),
    "a spec that is a folder": (["--spec", "."], ["--spec .", "no plain file"]),
    "an undeclared input": (["--set", "colour=red"], ['--set "colour"', "declares no such input"]),
    "an input near a declared one": (["--set", "whoo=x"], ['"whoo"', 'Did you mean "who"?']),
    "an input without =": (["--set", "who"], ['--set "who"', "NAME=VALUE"]),
    "a required input": ([], ["requires the input who", "--set who=VALUE"]),
    "an unknown agent": (
        ["--agent", "cluade-haiku", "--set", "who=x"], ['--agent "cluade-haiku"', "claude"]),
    "a budget in words": (["--max-budget", "much"], ['--max-budget is "much"', "such as 2.50"]),
    "a budget of nothing": (["--max-budget", "0"], ['--max-budget is "0"', "greater than 0"]),
    "a budget below nothing": (["--max-budget=-1"], ['--max-budget is "-1"']),
    "an unknown workspace": (["--workspace", "here"], ["--workspace", "isolated"]),
    "an unknown option": (["--speck", "x"], ["--speck"]),
}  # fmt: skip


@pytest.mark.parametrize("case", OPTIONS.values(), ids=OPTIONS.keys())
def test_a_wrong_option_is_named_with_what_to_do(project, case, refused):
    words, says = case
    path = project.workflow(GOOD, "inputs: {who: {required: true}}")
    refused(path, *words, says=says)
    assert not project.state.exists()


def test_a_repository_that_is_no_folder_is_named(project):
    (project.root / "repo").rename(project.root / "moved")
    argv = project.argv(project.workflow(GOOD))
    done = subprocess.run(argv, env=project.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{project.repo} is no folder" in done.stderr
    assert "--repo" in done.stderr


# --- repositories ---------------------------------------------------------------------------------


def no_repository(project):
    subprocess.run(["rm", "-rf", ".git"], cwd=project.repo, check=True)


def no_commit(project):
    no_repository(project)
    project.git("init", "-q")


def bare(project):
    project.git("clone", "-q", "--bare", ".", "../bare")
    subprocess.run("rm -rf repo && mv bare repo", shell=True, cwd=project.root, check=True)


def in_a_merge(project):
    project.git("checkout", "-qb", "other")
    project.commit({"a.txt": "theirs\n"})
    project.git("checkout", "-q", "-")
    project.commit({"a.txt": "ours\n"})
    subprocess.run(
        ["git", "merge", "-q", "other"], cwd=project.repo, check=False, capture_output=True
    )


def changed_files(project):
    project.write({"a.txt": "changed\n"})


def staged_files(project):
    project.write({"new.txt": "new\n"})
    project.git("add", "new.txt")


REPOSITORIES = {
    "no repository": (no_repository, ["not a git repository", "git init"]),
    "no commit": (no_commit, ["no commit yet", "commit something first"]),
    "bare": (bare, ["bare", "clone"]),
    "in a merge": (in_a_merge, ["in the middle of a merge", "git merge --abort"]),
    "changed files": (changed_files, ["a.txt", "Commit or stash", "--workspace checkout"]),
    "staged files": (staged_files, ["new.txt", "Commit or stash"]),
}


@pytest.mark.parametrize("case", REPOSITORIES.values(), ids=REPOSITORIES.keys())
def test_a_repository_that_cannot_be_built_on_is_refused_with_what_to_do(project, case, refused):
    spoil, says = case
    spoil(project)
    refused(project.workflow(GOOD), says=says)
    assert project.read().started is None


@pytest.mark.parametrize("workspace", ["isolated", "checkout"])
@pytest.mark.parametrize("case", [no_repository, no_commit, bare], ids=lambda case: case.__name__)
def test_where_nothing_can_be_built_on_not_even_a_state_directory_is_left(
    project, case, workspace, refused
):
    case(project)
    refused(project.workflow(GOOD), "--workspace", workspace)
    assert not project.state.exists()


@pytest.mark.parametrize("case", [no_commit, bare, in_a_merge], ids=lambda case: case.__name__)
def test_a_checkout_that_cannot_be_built_on_is_refused_too(project, case, refused):
    case(project)
    refused(project.workflow(GOOD), "--workspace", "checkout")


def test_a_state_directory_inside_of_the_checkout_is_refused(project):
    argv = project.argv(project.workflow(GOOD), "--workspace", "checkout")
    done = subprocess.run(
        [*argv[:-1], project.repo / ".gump/state"],
        env=project.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "inside" in done.stderr
    assert "--state" in done.stderr


# --- the state directory --------------------------------------------------------------------------


def test_a_state_directory_with_other_things_is_refused_and_left_alone(project, refused):
    project.state.mkdir()
    (project.state / "thesis.tex").write_text("dear")
    refused(project.workflow(GOOD), says=["thesis.tex", "ledger.ndjson", "--state"])
    assert [path.name for path in project.state.iterdir()] == ["thesis.tex"]


def test_a_state_directory_with_other_things_is_not_moved_by_starting_anew(project, refused):
    project.state.mkdir()
    (project.state / "thesis.tex").write_text("dear")
    refused(project.workflow(GOOD), "--fresh", says=["thesis.tex"])
    assert (project.state / "thesis.tex").read_text() == "dear"


def test_a_state_directory_that_is_a_file_is_refused(project, refused):
    project.state.write_text("mine")
    refused(project.workflow(GOOD), says=["is a file"])
    assert project.state.read_text() == "mine"


def spoil_ledger(project, change):
    """A run that has failed, and its ledger with this change."""
    project.run(FAILS)
    path = project.state / "ledger.ndjson"
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("\n".join(lines) + "\n")
    return path.read_bytes()


def first_of_format(number):
    def change(lines):
        lines[0] = json.dumps({**json.loads(lines[0]), "format": number})

    return change


def first_of_another_time(lines):
    lines[0] = json.dumps({**json.loads(lines[0]), "format": 3, "colour": "red"})


def garbage(lines):
    lines[3] = "{}garbage"


def unknown_event(lines):
    lines[3] = '{"type": "tea_break", "seq": 4, "at": 0.0}'


LEDGERS = {
    "a newer format with new words": (first_of_another_time, ["ledger.ndjson:1", "format 3"]),
    "a spoilt line in the middle": (garbage, ["ledger.ndjson:4", "this line", "--fresh"]),
    "an event that is not known": (unknown_event, ["ledger.ndjson:4", "--fresh"]),
}


@pytest.mark.parametrize("case", LEDGERS.values(), ids=LEDGERS.keys())
def test_a_record_that_cannot_be_trusted_is_refused_with_its_line_and_left_alone(
    project, case, cli
):
    change, says = case
    spoilt = spoil_ledger(project, change)
    done = cli(project.workflow(FAILS))
    assert done.returncode == 2, done.stderr
    for word in says:
        assert word in done.stderr
    assert (project.state / "ledger.ndjson").read_bytes() == spoilt


@pytest.mark.parametrize("number", [1, 3])
def test_another_format_is_refused_where_its_words_are_known(project, cli, number):
    spoil_ledger(project, first_of_format(number))
    done = cli(project.workflow(FAILS))
    assert done.returncode == 2
    assert f"format {number}" in done.stderr


@pytest.mark.parametrize("number", [2, 4])
def test_a_record_that_has_lost_a_line_is_refused_with_its_place(project, cli, number):
    spoil_ledger(project, lambda lines: lines.pop(number - 1))
    done = cli(project.workflow(FAILS))
    assert done.returncode == 2
    assert f"ledger.ndjson:{number}" in done.stderr


def test_a_torn_last_line_is_no_fault(project):
    project.run(FAILS)
    with (project.state / "ledger.ndjson").open("a") as file:
        file.write('{"type": "run_con')
    assert project.run(FAILS).launches() == ["one#2"]


def test_two_runs_at_once_are_refused(project):
    project.state.mkdir()
    path = project.workflow(GOOD)
    with (project.state / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = project.cli(path)
    assert done.returncode == 2
    assert "another run works in this state directory" in done.stderr
    assert "--state" in done.stderr
    assert {entry.name for entry in project.state.iterdir()} == {"lock"}
    assert project.run(GOOD).verdict == "passed"


@pytest.mark.parametrize(
    ("words", "says"), [(["--spec", "s.md"], "spec"), (["--agent", "scripted-x"], "--agent")]
)
def test_a_run_that_goes_on_with_other_words_is_refused(project, cli, words, says):
    project.run(FAILS)
    (project.repo / "s.md").write_text("another")
    done = cli(project.workflow(FAILS), *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "--fresh" in done.stderr


# --- what is seen when it is run ------------------------------------------------------------------


def test_a_cli_that_is_missing_blocks_with_how_to_install_it(project, cli):
    project.environ["PATH"] = "/usr/bin:/bin"
    done = cli(project.workflow("- {name: one, agent: claude-haiku}"))
    assert done.returncode == 4
    assert "claude is not on PATH. Install it:" in done.stdout + done.stderr
    assert project.read().attempts == {}
    assert project.branches() in ("main", "master")


def test_a_gate_command_that_does_not_exist_fails_and_is_named(project, cli):
    done = cli(project.workflow("- {name: one, agent: scripted, gate: ['bash: no-such-tool']}"))
    assert done.returncode == 1
    assert "no-such-tool" in project.read().attempts["one"][0].error
    assert project.read().attempts["one"][0].gates[0].exit_code == 127


@pytest.mark.parametrize("gate", ["test", "compile", "lint", "tests_found", "coverage: 80"])
def test_a_gate_that_finds_nothing_to_run_fails_and_says_how_to_name_a_command(project, gate):
    done = project.run(f"- {{name: one, agent: scripted, gate: ['{gate}']}}")
    assert done.verdict == "failed"
    name = gate.partition(":")[0]
    assert f"Nothing was found to run for the gate `{name}`" in done.state.attempts["one"][0].error
    assert f"gates: {{{name}: COMMAND}}" in done.state.attempts["one"][0].error


@pytest.mark.parametrize("plan", ["not json", '[{"name": " ", "description": "d"}]'])
def test_a_plan_that_cannot_be_read_fails_its_attempt(project, plan, cli):
    project.script({"one": [[{"write": ".gump/out/plan.json", "text": plan}]]})
    done = cli(project.workflow("- {name: one, agent: scripted, output: plan}"))
    assert done.returncode == 1
    assert ".gump/out/plan.json" in project.read().attempts["one"][0].error


SETUP = "workspace: {setup: ['echo no wheel >&2; exit 3']}"


def test_a_setup_that_fails_is_wrong_input_and_its_words_are_shown(project, refused):
    says = ["workspace.setup", "exit 3", "ended with 3", "no wheel", "No step was run"]
    refused(project.workflow(GOOD, SETUP), says=says)
    assert project.branches() in ("main", "master")


def test_a_setup_that_failed_is_run_again_by_the_next_start(project):
    flag = project.root / "flag"
    head = (
        f"workspace: {{setup: ['echo x >> {flag}; test $(wc -l < {flag}) -gt 1; touch ready.log']}}"
    )
    steps = "- {name: one, agent: scripted, gate: ['bash: test -e ready.log']}"
    with pytest.raises(InputError):
        project.run(steps, head)
    assert project.run(steps, head).verdict == "passed"


def test_a_setup_is_not_run_again_in_a_tree_that_is_ready(project):
    flag = project.root / "flag"
    head = f"workspace: {{setup: ['echo x >> {flag}']}}"
    project.run(FAILS, head)
    project.run(FAILS, head)
    assert flag.read_text() == "x\n"


def test_a_setup_gets_no_secrets(project):
    project.environ["MY_TOKEN"] = "0123456789abcdef"
    project.run(GOOD, f"workspace: {{setup: ['env > {project.root}/seen']}}")
    assert "0123456789abcdef" not in (project.root / "seen").read_text()


@pytest.mark.parametrize("name", ["win32", "cygwin", "freebsd14"])
def test_another_system_is_refused_by_name(monkeypatch, name):
    monkeypatch.setattr(sys, "platform", name)
    with pytest.raises(InputError, match=name) as failure:
        main._check_platform()
    assert "On Windows, use WSL" in failure.value.hint


@pytest.mark.parametrize("words", [["report"], ["apply"]])
def test_a_record_that_is_not_there_is_named(project, words):
    argv = [*project.argv()[:1], *words, "--state", str(project.root / "none")]
    done = subprocess.run(
        argv, cwd=project.repo, env=project.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert str(project.root / "none") in done.stderr
