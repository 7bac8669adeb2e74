"""Each kind of gate, asked in a real run."""

import pytest

from gump_action.engine import events as e
from gump_action.engine import gates

CHANGES = {"one": [[
    {"write": "src/a.py", "text": "x\n"}, {"write": "tests/test_a.py", "text": "x\n"},
    {"delete": "a.txt"},
]]}  # fmt: skip

# gate: whether it holds, and a word of its evidence
TOUCHED = {
    "touched: tests/**": (True, ""),
    "touched: a.txt": (True, ""),
    "touched: '*.py'": (True, ""),
    "touched: docs/**": (False, "No changed file matches docs/**; changed: a.txt, src/a.py"),
    "touched: ':!src'": (True, ""),
    "untouched: docs/**": (True, ""),
    "untouched: tests/**": (False, "These must stay as they are: tests/test_a.py."),
    "untouched: a.txt": (False, "a.txt"),
}


@pytest.mark.parametrize(("gate", "expected"), TOUCHED.items(), ids=TOUCHED.keys())
def test_what_was_touched_is_asked_by_gits_own_globs(project, gate, expected):
    project.script(CHANGES)
    done = project.run(f"- name: one\n  agent: scripted\n  gate: [{{{gate}}}]")
    [told] = done.of(e.GateEnded)
    holds, word = expected
    assert told.passed is holds
    assert word in told.evidence


def test_nothing_changed_is_said(project):
    done = project.run("- {name: one, gate: ['touched: a.txt']}")
    assert "changed: nothing" in done.of(e.GateEnded)[0].evidence


def test_touched_is_against_the_steps_start_also_where_an_attempt_goes_on_with_its_session(project):
    project.script({"one": [[{"write": "b.txt", "text": "x"}], []]})
    done = project.run(
        "- {name: one, agent: scripted, session: reuse-on-retry, on_failure: {retry: 1},"
        " gate: ['touched: b.txt', 'bash: test $GUMP_ATTEMPT = 2']}"
    )
    assert (done.verdict, done.launches()) == ("passed", ["one#1", "one#2"])


def test_a_gate_step_asks_what_the_whole_run_has_touched(project):
    project.script(CHANGES)
    done = project.run(
        "- {name: one, agent: scripted}\n- {name: two, agent: scripted}\n"
        "- {name: check, gate: ['touched: src/**', 'untouched: docs/**']}"
    )
    assert done.verdict == "passed"


def test_a_gate_step_that_does_not_hold_ends_the_run_and_names_itself(project):
    done = project.run(
        "- {name: check, gate: ['bash: echo red; exit 4']}\n- {name: one, agent: scripted}"
    )
    assert (done.verdict, done.launches()) == ("failed", ["check#1"])
    assert "check" in done.state.ended.why
    assert done.text("check#1", "gate-1.txt") == "red\n"


def test_what_a_gate_step_writes_is_undone(project):
    done = project.run("- {name: check, gate: ['bash: echo x > junk; rm a.txt']}")
    assert set(done.of(e.GateWrote)[0].files) == {"junk", "a.txt"}
    assert (project.state / "tree/a.txt").exists()
    assert not (project.state / "tree/junk").exists()


# name: (gate, command of the workflow, whether it holds, a word of the evidence)
NAMED = {
    "a command of the workflow": ("test", "echo ran", True, "ran"),
    "one that fails": ("lint", "echo bad; exit 2", False, "bad"),
    "one that does not exist": ("compile", "no-such-tool --all", False, "no-such-tool"),
    "a failure before a pipe": ("test", "false | cat", False, ""),
    "a failure before another command": ("test", "false; true", False, ""),
    "no output at all": ("test", "exit 1", False, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED.values(), ids=NAMED.keys())
def test_a_gate_by_name_runs_the_command_of_the_workflow(project, case):
    gate, command, holds, word = case
    head = f"gates: {{{gate.partition(':')[0]}: '{command}'}}"
    done = project.run(f"- {{name: one, gate: ['{gate}']}}", head)
    [told] = done.of(e.GateEnded)
    assert (told.passed, told.command) == (holds, command)
    assert word in told.evidence


# make target: whether the gate `coverage: 80.5` holds, and a word of its evidence
COVERED = {
    "echo TOTAL 81%": (True, "Coverage is 81 %"),
    "echo TOTAL 80%": (False, "Coverage is 80 %, and 80.5 % is asked for"),
    "echo fine": (False, "printed no percentage"),
    "echo TOTAL 90%; exit 1": (False, "TOTAL 90%"),
}


@pytest.mark.parametrize(("command", "expected"), COVERED.items(), ids=COVERED.keys())
def test_coverage_is_what_the_command_prints(project, command, expected):
    project.commit({"Makefile": f"coverage:\n\t@{command}\n"})
    done = project.run("- {name: one, gate: ['coverage: 80.5']}")
    [told] = done.of(e.GateEnded)
    holds, word = expected
    assert told.passed is holds
    assert word in told.evidence


@pytest.mark.parametrize("gate", ["coverage: 80", "tests_found"])
def test_a_command_that_the_evidence_asks_to_name_can_be_named(project, gate):
    head = f"gates: {{{gate.partition(':')[0]}: 'echo TOTAL 90%'}}"
    assert project.run(f"- {{name: one, gate: ['{gate}']}}", head).verdict == "passed"


def test_each_ecosystem_is_asked_and_the_first_that_fails_is_named(project):
    project.commit({"Makefile": "lint:\n\techo made\n", "go.mod": "module x\n"})
    done = project.run("- {name: one, gate: [lint]}")
    [told] = done.of(e.GateEnded)
    assert (told.command, told.passed) == ("make lint", True)


def test_a_gate_by_name_looks_at_what_the_agent_has_left(project):
    project.script({"one": [[{"write": "Makefile", "text": "test:\n\techo own\n"}]]})
    done = project.run("- {name: one, agent: scripted, gate: [test]}")
    assert "own" in done.of(e.GateEnded)[0].evidence


def test_a_gate_without_bash_says_so(project, tmp_path):
    (tmp_path / "bin").mkdir()
    for tool in ("git", "env", "cat"):
        path = next(p for p in ("/usr/bin", "/bin") if (tmp_path / p / tool).exists())
        (tmp_path / "bin" / tool).symlink_to(f"{path}/{tool}")
    project.environ["PATH"] = str(tmp_path / "bin")
    done = project.run("- {name: one, gate: ['bash: true']}")
    assert "bash is not on PATH" in done.of(e.GateEnded)[0].evidence


def test_the_evidence_in_the_ledger_is_cut_and_the_file_is_whole(project):
    done = project.run("- {name: one, gate: ['bash: seq 5000; false']}")
    [told] = done.of(e.GateEnded)
    assert len(told.evidence) < 2100
    assert "lines left out" in told.evidence
    assert done.text("one#1", "gate-1.txt").split() == [str(n) for n in range(1, 5001)]


def test_stdout_and_stderr_are_in_the_evidence(project):
    done = project.run("- {name: one, gate: ['bash: echo out; echo err >&2; false']}")
    assert set(done.text("one#1", "gate-1.txt").split()) == {"out", "err"}


def test_a_gate_that_prints_without_end_is_kept_at_both_ends(project, monkeypatch):
    monkeypatch.setattr(gates, "KEPT_OUTPUT", 2000)
    done = project.run("- {name: one, gate: ['bash: seq 20000']}")
    text = done.text("one#1", "gate-1.txt")
    assert len(text) < 3100
    assert text.startswith("1\n2\n")
    assert text.endswith("19999\n20000\n")
    assert "bytes left out" in text


def test_a_gate_reads_nothing(project):
    assert project.run("- {name: one, gate: ['bash: test -z \"$(cat)\"']}").verdict == "passed"


def test_gates_run_in_the_tree(project):
    done = project.run("- {name: one, gate: ['bash: pwd; echo $PWD']}")
    assert done.text("one#1", "gate-1.txt").split() == [str(project.state / "tree")] * 2
