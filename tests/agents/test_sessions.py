"""Each session mode with each real program; what the model was asked tells what it remembered."""

import signal

import pytest

WRITES_ONE = {
    "on": "TASK-ONE",
    "turns": [{"write": "one.txt", "text": "first\n"}, {"say": "ANSWER-ONE"}],
}
ANSWERS_TWO = {"on": "TASK-TWO", "turns": [{"say": "ANSWER-TWO"}]}
ANSWERS_THREE = {"on": "TASK-THREE", "turns": [{"say": "ANSWER-THREE"}]}
REPAIRS = {
    "on": "GATE-SAYS-NO",
    "turns": [{"shell": "echo good > one.txt"}, {"say": "ANSWER-REPAIRED"}],
}
WANTS_GOOD = '["bash: grep -q good one.txt || { echo GATE-SAYS-NO; exit 1; }"]'


def test_a_step_with_reuse_resumes_the_step_before(stage):
    play = stage([WRITES_ONE, ANSWERS_TWO])
    play.run("""
name: t
steps:
  - {name: one, agent: AGENT, prompt: "Do TASK-ONE."}
  - {name: two, agent: AGENT, session: reuse, prompt: "Do TASK-TWO."}
""")
    play.asked("TASK-ONE").is_new()
    second = play.asked("TASK-TWO")
    second.holds_once("ANSWER-ONE", calls=1)
    assert second.said("user").count("Do TASK-ONE.") == 1
    assert play.result("one.txt") == "first\n"


def test_steps_are_fresh_by_default(stage):
    play = stage([WRITES_ONE, ANSWERS_TWO])
    play.run("""
name: t
steps:
  - {name: one, agent: AGENT, prompt: "Do TASK-ONE."}
  - {name: two, agent: AGENT, prompt: "Do TASK-TWO."}
""")
    second = play.asked("TASK-TWO")
    second.is_new()
    assert "TASK-ONE" not in second.said("user")


def test_reuse_on_retry_resumes_the_attempt_that_failed(stage):
    play = stage([WRITES_ONE, REPAIRS])
    play.run(f"""
name: t
steps:
  - name: one
    agent: AGENT
    session: reuse-on-retry
    prompt: "Do TASK-ONE."
    gate: {WANTS_GOOD}
    on_failure: {{retry: 1}}
""")
    play.asked("TASK-ONE").is_new()
    play.asked("GATE-SAYS-NO").holds_once("ANSWER-ONE", calls=1)
    assert play.result("one.txt") == "good\n"


def test_a_retry_is_fresh_by_default(stage):
    play = stage([WRITES_ONE, REPAIRS])
    play.run(f"""
name: t
steps:
  - name: one
    agent: AGENT
    prompt: "Do TASK-ONE."
    gate: {WANTS_GOOD}
    on_failure: {{retry: 1}}
""")
    retry = play.asked("GATE-SAYS-NO")
    retry.is_new()
    assert retry.said("user").count("Do TASK-ONE.") == 1
    assert play.result("one.txt") == "good\n"


@pytest.mark.parametrize("home", ["run", "user"])
def test_two_steps_continue_one_step_as_it_ended(stage, home):
    play = stage([WRITES_ONE, ANSWERS_TWO, ANSWERS_THREE])
    flow = """
name: t
steps:
  - {name: one, agent: AGENT, prompt: "Do TASK-ONE."}
  - {name: two, agent: AGENT, session: "reuse: one", prompt: "Do TASK-TWO."}
  - {name: three, agent: AGENT, session: "reuse: one", prompt: "Do TASK-THREE."}
"""
    play.run(flow, "--agent-home", home)
    play.asked("TASK-TWO").holds_once("ANSWER-ONE", calls=1)
    third = play.asked("TASK-THREE")
    third.holds_once("ANSWER-ONE", calls=1)
    assert "TASK-TWO" not in third.said("user", "model")


LEAVES_A_DAEMON = "setsid tail -f /dev/null >/dev/null 2>&1 & echo seen > one.txt"
SLOW = {
    "on": "TASK-SLOW",
    "turns": [{"shell": LEAVES_A_DAEMON}, {"say": "half of it and the rest", "stall": 60}],
}
SLOW_FLOW = """
name: t
steps:
  - name: one
    agent: AGENT
    session: reuse-on-retry
    prompt: "Do TASK-SLOW."
    on_failure: {retry: 1}
"""


def test_a_killed_agent_is_resumed_by_its_retry(stage):
    play = stage([SLOW, {"on": "<error>", "turns": [{"say": "ANSWER-AGAIN"}]}])
    engine = play.start(SLOW_FLOW)
    play.wait_for_request(2)
    play.kill_agent()
    play.ends(engine)
    went_on(play, "<error>")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_an_attempt_cut_with_its_engine_is_resumed_by_the_next_run(stage, how, code):
    play = stage([SLOW, {"on": "cut off before it was done", "turns": [{"say": "ANSWER-AGAIN"}]}])
    engine = play.start(SLOW_FLOW)
    play.wait_for_request(2)
    engine.send_signal(how)
    play.ends(engine, expected=code)
    play.run(SLOW_FLOW)
    went_on(play, "cut off before it was done")


def went_on(play, words):
    """The second launch knew the first one's work, and nothing of either is left running."""
    again = play.asked(words)
    assert again.calls() == 1, again
    # Once in the first conversation, once more in the retry's own prompt.
    assert again.said("user").count("Do TASK-SLOW.") == 2, again
    assert play.result("one.txt") == "seen\n"
    assert not play.agents(), "a daemon outlived the run"
