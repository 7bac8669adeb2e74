"""A run with a limit of dollars: what stops, what is kept, how it goes on, and what is said."""

import time

import pytest

from gump_action.engine import events as e

ONE = "- {name: one, agent: scripted, on_failure: {retry: 3}}"
TWO = f"{ONE}\n- {{name: two, agent: scripted}}"
LIMIT = "max_budget: 2.50"
WORKS_ON = [{"write": "b.txt", "text": "x"}, {"spend": 2.53}, {"sleep": 60}]
SPENT = "budget spent: $2.53 of $2.50"


def test_an_agent_that_has_spent_the_budget_is_ended_while_it_works(project):
    project.script({"one": [WORKS_ON, []]})
    began = time.monotonic()
    done = project.run(ONE, LIMIT)
    assert time.monotonic() - began < 30
    assert (done.verdict, done.launches()) == ("blocked", ["one#1"])
    assert done.state.ended.why.startswith(f"one: {SPENT}. To go on, give a higher one")


def test_what_it_had_done_is_kept_with_its_session(project):
    project.script({"one": [WORKS_ON]})
    done = project.run(ONE, LIMIT)
    attempt = done.state.attempts["one"][0]
    assert (attempt.verdict.value, attempt.files) == ("blocked", ("b.txt",))
    assert attempt.kept
    assert done.file("one#1", "diff.patch").read_text()
    assert SPENT in done.text("one#1", "error.txt")


def test_a_run_that_goes_on_with_a_spent_budget_launches_nothing(project):
    project.script({"one": [WORKS_ON, []]})
    project.run(ONE, LIMIT)
    again = project.run(ONE, LIMIT)
    assert (again.verdict, again.launches()) == ("blocked", [])
    assert SPENT in again.state.ended.why
    assert "--max-budget" in again.state.ended.why


@pytest.mark.parametrize("how", [{}, {"max_budget": 5.0}], ids=["the workflow's", "the override"])
def test_a_higher_budget_goes_on_with_the_session_that_was_cut(project, how):
    project.script({"one": [WORKS_ON, [{"spend": 0.1}]]})
    steps = "- {name: one, agent: scripted, session: reuse-on-retry}"
    project.run(steps, LIMIT)
    done = project.run(steps, LIMIT if how else "max_budget: 5", **how)
    assert (done.verdict, done.launches()) == ("passed", ["one#2"])
    assert done.of(e.AttemptStarted)[0].session.resume == "one#1"


def test_another_budget_starts_no_step_over(project):
    project.script({"one": [[{"spend": 1}]], "two": [[{"fail": "no"}], []]})
    assert project.run(TWO, LIMIT).verdict == "failed"
    done = project.run(TWO, "max_budget: 100")
    assert (done.verdict, done.launches()) == ("passed", ["two#2"])
    assert done.of(e.StepReset) == []


def test_without_a_budget_a_run_goes_on_without_a_limit(project):
    project.script({"one": [WORKS_ON, [{"spend": 50}]]})
    project.run(ONE, LIMIT)
    assert project.run(ONE).verdict == "passed"


def test_the_attempts_of_all_jobs_count_together(project):
    project.script({"one": [[{"spend": 1.53}, {"fail": "no"}], [{"spend": 1}, {"sleep": 60}]]})
    steps = "- {name: one, agent: scripted}"
    assert project.run(steps, LIMIT).verdict == "failed"
    done = project.run(steps, LIMIT)
    assert (done.verdict, done.launches()) == ("blocked", ["one#2"])
    assert SPENT in done.state.ended.why


def test_a_retry_is_not_begun_with_a_spent_budget(project):
    costs = [{"spend": 2.53}, {"print": '{"type": "end", "ok": false, "text": "no"}'}, {"exit": 1}]
    project.script({"one": [costs, []]})
    done = project.run(ONE, LIMIT)
    assert (done.verdict, done.launches()) == ("blocked", ["one#1"])


def cli_that_ends(project, cost, ending='"is_error": false, "result": "ok"', code=0):
    """A `claude` that works for so many dollars, and says so at its end."""
    result = f'{{"type":"result","num_turns":1,"usage":{{}},"total_cost_usd":{cost},{ending}}}'
    path = project.root / "bin" / "claude"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'#!/bin/sh\necho "$@" >> {project.root}/argv\ncat > /dev/null\n'
        f"echo work >> done.txt\necho '{result}'\nsleep 0.3\nexit {code}\n"
    )
    path.chmod(0o755)
    project.environ["PATH"] = f"{path.parent}:{project.environ['PATH']}"
    return project.root / "argv"


CLAUDE = "- {name: one, agent: claude}\n- {name: two, agent: claude}"


def test_work_that_is_done_is_judged_by_its_gates_and_nothing_more_is_begun(project):
    cli_that_ends(project, 3)
    done = project.run(CLAUDE, LIMIT)
    assert done.state.attempts["one"][0].verdict.value == "passed"
    assert (done.verdict, done.launches()) == ("blocked", ["one#1"])
    assert done.state.ended.why.startswith("two: budget spent: $3.00 of $2.50")
    assert done.branch


def test_a_run_whose_last_step_has_spent_the_budget_has_passed(project):
    cli_that_ends(project, 3)
    assert project.run("- {name: one, agent: claude}", LIMIT).verdict == "passed"


def test_a_cli_that_can_hold_a_budget_is_told_what_is_left(project):
    argv = cli_that_ends(project, 1)
    assert project.run(CLAUDE, LIMIT).verdict == "passed"
    first, second = argv.read_text().splitlines()
    assert "--max-budget-usd 2.500000" in first
    assert "--max-budget-usd 1.500000" in second


def test_without_a_budget_a_cli_is_told_of_none(project):
    argv = cli_that_ends(project, 1)
    project.run(CLAUDE)
    assert "budget" not in argv.read_text()


def test_a_cli_that_ends_at_its_budget_blocks_and_is_not_retried(project):
    ending = '"is_error": true, "subtype": "error_max_budget_usd", "errors": ["so much"]'
    cli_that_ends(project, 2.6, ending, 1)
    done = project.run("- {name: one, agent: claude, on_failure: {retry: 2}}", LIMIT)
    assert (done.verdict, done.launches()) == ("blocked", ["one#1"])
    assert "one: budget spent: $2.60 of $2.50" in done.state.ended.why


def test_an_unknown_cost_is_said_once_for_an_agent(project):
    project.script({"*": [[{"spend": None}]]})
    done = project.run(TWO, LIMIT)
    assert done.verdict == "passed"
    assert [n.text for n in done.of(e.Noted) if "cost" in n.text] == [
        "scripted told no cost of one#1, so it is unknown and not counted: the budget cannot be "
        "held for such attempts"
    ]


def test_of_a_cli_that_never_tells_its_cost_it_is_said_before_it_runs_and_once(project):
    project.environ["PATH"] = "/usr/bin:/bin"
    escalates = (
        "- {name: one, agent: scripted, on_failure: {retry: 1, strategy: ['escalate: codex']}}"
    )
    done = project.run(escalates, LIMIT)
    assert "the budget cannot be held for codex: its CLI tells no cost" in done.notes()
    assert "cannot be held" not in project.run(escalates, LIMIT).notes()


def test_without_a_budget_nothing_is_said_of_costs(project):
    project.script({"*": [[{"spend": None}]]})
    assert "cost" not in project.run(TWO).notes()


def test_what_an_engine_had_paid_when_it_was_killed_counts(project):
    project.script({"one": [[{"spend": 2}, {"sleep": 60}], [{"spend": 1}, {"sleep": 60}]]})
    child = project.begin(project.workflow(ONE, LIMIT))
    until = time.monotonic() + 20
    ledger = project.state / "ledger.ndjson"
    while not (ledger.exists() and b"cost_seen" in ledger.read_bytes()):
        assert time.monotonic() < until, "the cost was not written down"
        time.sleep(0.05)
    child.kill()
    child.communicate(timeout=10)
    done = project.run(ONE, LIMIT)
    assert (done.verdict, done.launches()) == ("blocked", ["one#2"])
    assert "$3.00 of $2.50" in done.state.ended.why


def test_the_command_line_has_the_last_word_on_the_budget(project):
    project.script({"one": [WORKS_ON, [{"spend": 0.1}]]})
    path = project.workflow(ONE, "max_budget: 100")
    cut = project.cli(path, "--max-budget", "2.50")
    assert (cut.returncode, SPENT in cut.stdout) == (4, True)
    assert project.cli(path, "--max-budget", "2.50").returncode == 4
    assert project.cli(path).returncode == 0
