"""How launches end: by themselves, by a limit, by a signal, with their engine; nothing lives on."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from gump_action.engine import events as e
from gump_action.system.process import Stop


def living(mark):
    """Processes whose command line holds the mark, in no state that is dead."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if mark.encode() in words and state not in "ZX":
                found.append(int(entry.name))
    return found


@pytest.fixture
def mark():
    """A sleep of so many seconds that no other test has it."""
    return f"9{os.getpid()}.{time.monotonic_ns() % 10**9}"


def wait_for(condition, seconds=10.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.02)


def test_an_agent_that_takes_too_long_is_ended_and_its_work_kept(project):
    project.script({"one": [[{"write": "b.txt", "text": "x"}, {"sleep": 60}]]})
    done = project.run("- {name: one, agent: scripted, timeout: 1}")
    attempt = done.state.attempts["one"][0]
    assert (done.verdict, attempt.files) == ("failed", ("b.txt",))
    assert attempt.kept
    assert "it was not done after 1 s" in done.text("one#1", "error.txt")


def test_an_agent_that_says_nothing_is_ended_and_its_last_words_are_the_error(project):
    project.script({"one": [[{"run": "echo retrying in 5 s >&2"}, {"sleep": 60}]]})
    done = project.run("- {name: one, agent: scripted, idle_timeout: 1}")
    error = done.text("one#1", "error.txt")
    assert "it said nothing for 1 s" in error
    assert "retrying in 5 s" in error


def test_an_agent_that_keeps_talking_is_not_idle(project):
    project.script({"one": [[{"say": str(n)} if n % 2 else {"sleep": 0.3} for n in range(8)]]})
    done = project.run("- {name: one, agent: scripted, idle_timeout: 1}")
    assert done.verdict == "passed"


def test_a_timeout_is_a_failure_like_any_other_and_is_retried(project):
    project.script({"one": [[{"sleep": 60}], []]})
    done = project.run("- {name: one, agent: scripted, timeout: 1, on_failure: {retry: 1}}")
    assert (done.verdict, done.launches()) == ("passed", ["one#1", "one#2"])
    assert "was not done after" in done.prompt("one#2")


def test_the_gates_together_have_the_time_of_the_step_once_more(project):
    done = project.run(
        "- {name: one, agent: scripted, timeout: 1,"
        " gate: ['bash: echo on; sleep 60', 'bash: true']}"
    )
    gates = done.of(e.GateEnded)
    assert (done.verdict, gates[0].passed, len(gates)) == ("failed", False, 2)
    assert "not done after 1 s" in gates[0].evidence
    assert gates[0].evidence.startswith("on\n")


DAEMONS = {
    "a session of its own": "setsid sleep {} &",
    "a double fork": "(setsid sh -c 'sleep {} & exit' &) ; sleep 0.1",
    "no environment": "env -i setsid /bin/sleep {} &",
    "nohup": "nohup sleep {} >/dev/null 2>&1 &",
    "no streams": "setsid sleep {} </dev/null >/dev/null 2>&1 &",
    "ignores signals": "trap '' TERM INT HUP; setsid sleep {} &",
}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux finds all of them")
@pytest.mark.parametrize("command", DAEMONS.values(), ids=DAEMONS.keys())
@pytest.mark.parametrize("who", ["agent", "gate"])
def test_nothing_that_an_agent_or_a_gate_has_started_lives_on(project, mark, command, who):
    line = command.format(mark)
    gate = ""
    if who == "agent":
        project.script({"one": [[{"run": line}]]})
    else:
        (project.root / "gate.sh").write_text(line)
        gate = f", gate: ['bash: sh {project.root}/gate.sh']"
    done = project.run(f"- {{name: one, agent: scripted{gate}}}")
    assert done.verdict == "passed"
    assert living(mark) == []


def test_a_line_of_ten_megabytes_is_no_fault(project):
    make = "head -c 10000000 /dev/zero | tr '\\0' x; echo"
    project.script({"one": [[{"run": make}, {"say": "after it"}]]})
    done = project.run("- {name: one, agent: scripted}")
    assert done.verdict == "passed"
    assert done.of(e.AgentEnded)[0].answer == "after it"
    assert done.file("one#1", "agent.ndjson").stat().st_size > 10_000_000


def test_bytes_that_are_no_text_are_no_fault(project):
    project.script({"one": [[{"run": r"printf '\377\376\000{\n'"}, {"run": r"printf '\377' >&2"}]]})
    assert project.run("- {name: one, agent: scripted}").verdict == "passed"


def cli_named(project, name, text):
    """A program of ours under the name of a CLI, first on PATH."""
    path = project.root / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    project.environ["PATH"] = f"{path.parent}:{project.environ['PATH']}"


def test_an_agent_that_does_not_read_its_prompt_is_judged_by_what_it_says(project):
    result = '{"type": "result", "subtype": "success", "is_error": false, "result": "ok"}'
    cli_named(project, "claude", f"#!/bin/sh\nexec <&-\nsleep 0.2\necho '{result}'\n")
    done = project.run("- {name: one, agent: claude}", spec="x" * 1_000_000)
    assert done.of(e.AgentEnded)[0].exit_code == 0
    assert done.of(e.AgentEnded)[0].answer in ("ok", "")


def test_a_cli_that_cannot_be_started_blocks(project):
    cli_named(project, "claude", "#!/no/such/interpreter\n")
    done = project.run("- {name: one, agent: claude}")
    assert done.verdict == "blocked"
    assert "claude" in done.state.ended.why


def test_a_missing_cli_blocks_before_the_first_step(project):
    project.environ["PATH"] = "/usr/bin:/bin"
    done = project.run("- {name: one, agent: scripted}\n- {name: two, agent: claude}")
    assert (done.verdict, done.launches()) == ("blocked", [])
    assert "claude is not on PATH. Install it: `npm install -g @" in done.state.ended.why
    assert done.state.ended.why.endswith("`")


def test_what_is_to_be_known_of_an_installation_is_no_part_of_the_command(project):
    project.environ["PATH"] = "/usr/bin:/bin"
    done = project.run("- {name: one, agent: qwen}")
    assert done.state.ended.why.endswith("` (Node 22 or newer)")


def test_a_missing_cli_of_an_escalation_is_warned_about(project):
    project.environ["PATH"] = "/usr/bin:/bin"
    done = project.run(
        "- {name: one, agent: scripted, on_failure: {retry: 1, strategy: ['escalate: codex']}}"
    )
    assert done.verdict == "passed"
    assert "codex is not on PATH" in done.notes()


def test_an_agent_that_removes_its_whole_tree_fails_and_the_retry_has_it_again(project):
    tree = project.state / "tree"
    project.script({"one": [[{"run": f"rm -rf {tree}"}], []]})
    done = project.run(
        "- {name: one, agent: scripted, gate: ['bash: test -e a.txt'], on_failure: {retry: 1}}"
    )
    assert (done.verdict, done.launches()) == ("passed", ["one#1", "one#2"])


def test_a_gate_that_removes_the_tree_fails_or_passes_and_the_tree_is_there_again(project):
    steps = (
        "- {name: one, agent: scripted, gate: ['bash: rm -rf \"$PWD\"', 'bash: true']}\n"
        "- {name: two, agent: scripted, gate: ['bash: test -e a.txt']}"
    )
    assert project.run(steps).verdict in ("passed", "failed")
    assert (project.state / "tree/a.txt").exists()


# --- signals --------------------------------------------------------------------------------------


def stopping_at(stop, wanted):
    def listen(event):
        if wanted(event):
            stop.request(signal.SIGTERM)

    return listen


def test_a_run_that_is_stopped_between_two_steps_starts_no_other(project):
    stop = Stop()
    listen = stopping_at(stop, lambda event: isinstance(event, e.AttemptEnded))
    steps = "- {name: one, agent: scripted}\n- {name: two, agent: scripted}"
    done = project.run(steps, stop=stop, listen=listen)
    assert (done.verdict, done.launches()) == ("cancelled", ["one#1"])
    assert done.branch
    again = project.run(steps)
    assert (again.verdict, again.launches()) == ("passed", ["two#1"])


def test_a_stopped_gate_cancels_its_attempt_and_says_nothing_about_the_work(project):
    stop = Stop()
    (project.root / "go").write_text("")
    steps = (
        f"- {{name: one, agent: scripted, gate: ['bash: test ! -e {project.root}/go || sleep 60']}}"
    )
    listen = stopping_at(stop, lambda event: isinstance(event, e.SnapshotTaken))
    done = project.run(steps, stop=stop, listen=listen)
    assert done.verdict == "cancelled"
    assert done.state.attempts["one"][0].kept
    (project.root / "go").unlink()
    again = project.run(steps)
    assert (again.verdict, again.of(e.AttemptStarted)[0].kind) == ("passed", "first")


def test_a_gate_step_that_is_stopped_is_asked_again(project):
    stop = Stop()
    listen = stopping_at(stop, lambda event: isinstance(event, e.AttemptStarted))
    (project.root / "go").write_text("")
    steps = f"- {{name: one, gate: ['bash: test ! -e {project.root}/go || sleep 60']}}"
    assert project.run(steps, stop=stop, listen=listen).verdict == "cancelled"
    (project.root / "go").unlink()
    assert project.run(steps).verdict == "passed"


def test_a_setup_that_is_stopped_cancels_the_run(project, mark):
    head = f"workspace: {{setup: ['sleep {mark}']}}"
    child = project.begin(project.workflow("- {name: one, agent: scripted}", head))
    wait_for(lambda: living(f"sleep\0{mark}"))
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=10)
    assert child.returncode == 130
    assert living(mark) == []
    assert project.run("- {name: one, agent: scripted}").verdict == "passed"


SLEEPY = "- {name: one, agent: scripted, session: reuse-on-retry}"


def sleepy_agent(project, mark):
    run = f"test $GUMP_ATTEMPT -gt 1 || (setsid sleep {mark} & exec sleep {mark})"
    project.script({"one": [[{"write": "b.txt", "text": "x"}, {"run": run}], []]})
    return project.workflow(SLEEPY)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_agent_and_all_it_started_and_the_run_goes_on_later(
    project, mark, number
):
    path = sleepy_agent(project, mark)
    child = project.begin(path)
    wait_for(lambda: len(living(f"sleep\0{mark}")) >= 2)
    began = time.monotonic()
    child.send_signal(number)
    child.communicate(timeout=10)
    assert (child.returncode, time.monotonic() - began < 5) == (130, True)
    assert living(mark) == []
    attempt = project.read().attempts["one"][0]
    assert (attempt.verdict.value, attempt.files) == ("cancelled", ("b.txt",))
    assert attempt.kept
    done = project.run(SLEEPY)
    assert (done.verdict, done.of(e.AttemptStarted)[0].session.resume) == ("passed", "one#1")


def test_a_second_signal_does_not_break_the_record(project, mark):
    path = sleepy_agent(project, mark)
    child = project.begin(path)
    wait_for(lambda: len(living(f"sleep\0{mark}")) >= 2)
    for _ in range(5):
        child.send_signal(signal.SIGINT)
        time.sleep(0.05)
    child.communicate(timeout=10)
    assert child.returncode == 130
    assert project.read().attempts["one"][0].verdict.value == "cancelled"


def killed_while_it_sleeps(project, mark, path):
    child = project.begin(path)
    wait_for(lambda: living(f"sleep\0{mark}"))
    child.kill()
    child.communicate(timeout=10)


def test_an_engine_that_was_killed_settles_its_attempt_and_ends_its_agent_at_the_next_start(
    project, mark
):
    path = sleepy_agent(project, mark)
    killed_while_it_sleeps(project, mark, path)
    assert living(mark)
    done = project.run(SLEEPY)
    assert living(mark) == []
    cut, passed = done.state.attempts["one"]
    assert (cut.verdict.value, cut.files, passed.session.resume) == (
        "cancelled", ("b.txt",), "one#1",
    )  # fmt: skip
    assert done.verdict == "passed"


def test_a_gate_of_an_engine_that_was_killed_is_ended_at_the_next_start(project, mark):
    (project.root / "go").write_text("")
    gate = f"bash: test ! -e {project.root}/go || sleep {mark}"
    steps = f"- {{name: one, agent: scripted, gate: ['{gate}']}}"
    killed_while_it_sleeps(project, mark, project.workflow(steps))
    (project.root / "go").unlink()
    try:
        assert project.run(steps).verdict == "passed"
        assert living(mark) == []
    finally:
        for pid in living(mark):
            os.kill(pid, signal.SIGKILL)


def test_what_an_agent_left_in_the_checkout_of_a_killed_engine_is_settled(project, mark):
    path = sleepy_agent(project, mark)
    state = ("--workspace", "checkout")
    child = project.begin(path, *state)
    wait_for(lambda: len(living(f"sleep\0{mark}")) >= 2)
    child.kill()
    child.communicate(timeout=10)
    done = project.run(SLEEPY, workspace="checkout")
    assert living(mark) == []
    assert (done.verdict, done.state.attempts["one"][0].files) == ("passed", ("b.txt",))
    assert (project.repo / "b.txt").read_text() == "x"


def slow_git(project, words, seconds):
    """A git that waits so long before it does these words, as one does in a large tree."""
    git = shutil.which("git")
    path = project.root / "slow" / "git"
    path.parent.mkdir(exist_ok=True)
    began = project.root / "began"
    slow = f"touch {began}; sleep {seconds};;"
    path.write_text(f'#!/bin/sh\ncase "$*" in {words}) {slow} esac\nexec {git} "$@"\n')
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:{project.environ['PATH']}"}, began


def test_git_of_an_engine_that_was_killed_writes_nothing_into_the_next_ones_tree(project):
    fails = [{"run": "echo bad > a.txt"}, {"fail": "no"}]
    project.script({"one": [fails, [{"run": "echo good > a.txt; sleep 2"}]]})
    steps = "- {name: one, agent: scripted, on_failure: {retry: 1}}"
    path, usual = project.workflow(steps), project.environ
    slow, began = slow_git(project, "*checkout-index*--stdin*", 1.5)
    project.environ = usual | slow
    child = project.begin(path)
    wait_for(began.exists)
    child.kill()
    child.communicate()
    project.environ = usual
    done = project.run(steps)
    assert done.verdict == "passed"
    assert project.git("show", f"{done.branch}:a.txt") == "good"


def stopped(child):
    """How it ended, and after how many seconds, with what is alive of it."""
    began = time.monotonic()
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    return child.returncode, time.monotonic() - began


@pytest.mark.parametrize("workspace", ["isolated", "checkout"])
def test_a_snapshot_that_takes_too_long_after_a_signal_is_taken_at_the_next_start(
    project, workspace
):
    project.script({"one": [[{"write": "b.txt", "text": "x"}], []]})
    path, usual = project.workflow(SLEEPY), project.environ
    slow, began = slow_git(project, '*" add -A"*', 60)
    project.environ = usual | slow
    child = project.begin(path, "--workspace", workspace)
    wait_for(began.exists)
    code, seconds = stopped(child)
    assert (code, seconds < 5) == (130, True)
    assert project.read().ended.verdict.value == "cancelled"
    project.environ = usual
    done = project.run(SLEEPY, workspace=workspace)
    cut, passed = done.state.attempts["one"]
    assert (cut.verdict.value, cut.files, passed.session.resume) == (
        "cancelled", ("b.txt",), "one#1",
    )  # fmt: skip
    assert done.verdict == "passed"


def test_a_start_that_is_stopped_while_git_makes_the_tree_ends_in_time(project):
    slow, began = slow_git(project, "*checkout-index*-a*", 60)
    usual, project.environ = project.environ, project.environ | slow
    child = project.begin(project.workflow("- {name: one, agent: scripted}"))
    wait_for(began.exists)
    code, seconds = stopped(child)
    assert (code, seconds < 5) == (130, True)
    project.environ = usual
    assert project.run("- {name: one, agent: scripted}").verdict == "passed"


def test_an_export_that_hangs_at_a_signal_is_made_by_the_next_start(project, mark, tmp_path):
    session = '"sessionID": "ses_01234567890123456789"'
    begun = f'{{"type": "step_start", {session}}}'
    ended = f'{{"type": "step_finish", {session}, "part": {{"reason": "stop"}}}}'
    quick = f'[ -e {tmp_path}/quick ] && {{ echo "{{}}"; exit; }}'
    export = f"case $1 in export) {quick}; exec sleep {mark};; esac"
    text = f"#!/bin/sh\n{export}\ncat >/dev/null\necho '{begun}'\necho '{ended}'\n"
    cli_named(project, "opencode", text)
    steps = "- {name: one, agent: opencode, prompt: p, session: reuse-on-retry}"
    child = project.begin(project.workflow(steps))
    wait_for(lambda: living(f"sleep\0{mark}"))
    code, seconds = stopped(child)
    assert (code, seconds < 5) == (130, True)
    assert living(mark) == []
    left = project.read()
    attempt = left.attempts["one"][0]
    assert (bool(attempt.snapshot), attempt.verdict, attempt.lost) == (True, None, "")
    assert (left.ended.verdict, "was not done in the time left" in left.ended.why) == (
        "cancelled",
        True,
    )
    assert left.ended.left == attempt.snapshot
    assert left.ended.why.startswith("the run was stopped: ")
    (tmp_path / "quick").touch()
    cut, passed = project.run(steps).state.attempts["one"]
    assert (cut.verdict, bool(cut.kept)) == ("cancelled", True)
    assert (passed.verdict, passed.session.resume) == ("passed", "one#1")


def test_a_run_that_was_stopped_before_its_end_does_not_say_that_it_has_passed(project):
    stop = Stop()
    listen = stopping_at(stop, lambda event: isinstance(event, e.SnapshotTaken))
    steps = "- {name: one, agent: scripted}"
    done = project.run(steps, stop=stop, listen=listen)
    assert (done.verdict, done.state.passes["one"].name) == ("cancelled", "one#1")
    again = project.run(steps)
    assert (again.verdict, again.launches()) == ("passed", [])
