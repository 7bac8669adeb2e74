"""A run goes on on another machine; what the model is asked there tells what came along.

A machine here is a path with a HOME, a clone and a state directory; the one that is left is
deleted whole, and `state pack` makes the one file that goes from it to the next.
"""

import signal

import pytest
from stage import CLIS

FLOW = """
name: t
steps:
  - name: one
    agent: AGENT
    session: reuse-on-retry
    prompt: "Do TASK-ONE."
    gate: ['bash: grep -q good one.txt || { echo GATE-SAYS-$(cat one.txt); exit 1; }']
"""
ASKED, AGAIN, MOVED = "Do TASK-ONE.", "Your last attempt failed", "The working directory is now "
CUT = "Your last attempt was cut off"
WRITES_ONE = {
    "on": "TASK-ONE",
    "turns": [{"write": "one.txt", "text": "first\n"}, {"say": "ANSWER-ONE"}],
}


def repairs(heard, machine, result):
    """Uses the program's own tools for files and for commands, and leaves what it has met there."""
    command = f"cat one.txt > found-{machine}.txt; pwd -P > where-{machine}.txt; "
    command += f"echo {result} > one.txt; echo ${{GUMP_STATE_KEY-none}} > key-{machine}.txt"
    turns = [{"write": f"made-{machine}.txt", "text": f"{machine}\n"}, {"shell": command}]
    return {"on": heard, "turns": [*turns, {"say": f"ANSWER-{machine.upper()}"}]}


GOOD_ON_B = repairs("GATE-SAYS-first", "b", "good")
BAD_ON_B = repairs("GATE-SAYS-first", "b", "second")
GOOD_ON_C = repairs("GATE-SAYS-second", "c", "good")
FIRST_TALK = [("user", ASKED), ("model", "ANSWER-ONE")]


@pytest.mark.parametrize("home", ["run", "user"])
def test_a_failed_attempt_is_resumed_on_another_machine(stage, home):
    play = stage([WRITES_ONE, GOOD_ON_B])
    play.run(FLOW, "--agent-home", home, expected=1)
    play.move("b")
    play.run(FLOW, "--agent-home", home)
    went_on(play, FIRST_TALK, AGAIN)
    play.asked_here()[0].holds_once("ANSWER-ONE", calls=1)
    worked_in(play, "b", found="first")


def test_a_run_travels_twice(stage):
    play = stage([WRITES_ONE, BAD_ON_B, GOOD_ON_C])
    play.run(FLOW, expected=1)
    play.move("b")
    play.run(FLOW, expected=1)
    on_b = went_on(play, FIRST_TALK, AGAIN)
    play.move("c")
    play.run(FLOW)
    went_on(play, [*on_b, ("model", "ANSWER-B")], AGAIN)
    play.asked_here()[0].holds_calls(3)
    worked_in(play, "b", found="first", tree=on_b[-1][1].removeprefix(MOVED))
    worked_in(play, "c", found="second")


SLOW = {
    "on": "TASK-ONE",
    "turns": [
        {"shell": "setsid tail -f /dev/null >/dev/null 2>&1 & echo first > one.txt"},
        {"say": "ANSWER-HALF and the rest", "stall": 60},
    ],
}


def test_an_agent_killed_in_mid_turn_is_resumed_on_another_machine(stage):
    play = stage([SLOW, repairs(AGAIN, "b", "good")])
    engine = play.start(FLOW)
    play.wait_for_request(2)
    play.kill_agent()
    play.ends(engine, expected=1)
    play.move("b")
    play.run(FLOW)
    went_on_from_a_cut(play, AGAIN)
    worked_in(play, "b", found="first")


def test_an_attempt_killed_with_its_engine_is_resumed_on_another_machine(stage):
    play = stage([SLOW, repairs(CUT, "b", "good")])
    engine = play.start(FLOW)
    play.wait_for_request(2)
    engine.send_signal(signal.SIGKILL)
    play.ends(engine, expected=-9)
    play.move("b")
    play.run(FLOW)
    went_on_from_a_cut(play, CUT)
    worked_in(play, "b", found="first")


def only(name):
    chosen = [cli for cli in CLIS if cli.name == name]
    return pytest.mark.parametrize("stage", chosen, indirect=True, ids=lambda cli: cli.name)


DIG = {"description": "dig", "prompt": "Do DIG-ONE.", "subagent_type": "general-purpose"}
SENDS_ONE = {
    "on": "TASK-ONE",
    "turns": [{"tool": "agent", "input": DIG}, {"say": "ANSWER-ONE"}],
}
DIGS_ON_B = {
    "on": "DIG-TWO",
    "turns": [
        {"shell": "cat one.txt > found-b.txt; pwd -P > where-b.txt; echo good > one.txt"},
        {"say": "FOUND-TWO"},
    ],
}
TOLD = {"on": "<task-notification>", "turns": [{"say": "ANSWER-TOLD"}]}


@only("qwen")
@pytest.mark.parametrize("home", ["run", "user"])
def test_a_sub_agent_that_was_done_is_gone_on_with_on_another_machine(stage, home):
    digs = {"on": "DIG-ONE", "turns": [{"shell": "echo first > one.txt"}, {"say": "FOUND-ONE"}]}
    play = stage([SENDS_ONE, digs, TOLD, DIGS_ON_B])
    play.run(FLOW, "--agent-home", home, expected=1)
    play.move("b")
    play.models.script.append(sends_again("GATE-SAYS-first", play))
    play.run(FLOW, "--agent-home", home)
    dug_on(play, [("user", "DIG-ONE"), ("model", "FOUND-ONE"), ("user", "DIG-TWO")])


@only("qwen")
def test_a_sub_agent_that_was_killed_is_gone_on_with_on_another_machine(stage):
    turns = [{"shell": "echo first > one.txt"}, {"say": "FOUND-HALF of it", "stall": 60}]
    play = stage([SENDS_ONE, {"on": "DIG-ONE", "turns": turns}, TOLD, DIGS_ON_B])
    engine = play.start(FLOW)
    play.wait_for("FOUND-HALF")
    engine.send_signal(signal.SIGKILL)
    play.ends(engine, expected=-9)
    play.move("b")
    play.models.script.append(sends_again(CUT, play))
    play.run(FLOW)
    dug_on(play, [("user", "DIG-ONE"), ("user", "DIG-TWO")])


@only("gemini")
def test_the_files_of_a_sub_agent_are_on_the_other_machine(stage):
    """This program does not read them again, and does without them."""
    sends = {"tool": "invoke_agent", "input": {"agent_name": "generalist", "prompt": "Do DIG-ONE."}}
    digs = {"on": "DIG-ONE", "turns": [{"shell": "echo first > one.txt"}, {"say": "FOUND-ONE"}]}
    play = stage([{"on": "TASK-ONE", "turns": [sends, WRITES_ONE["turns"][1]]}, digs, GOOD_ON_B])
    play.run(FLOW, expected=1)
    kept = [path.relative_to(play.state / "attempts/one/@1") for path in play.transcripts("one/@1")]
    assert len(kept) == 2
    play.move("b")
    play.run(FLOW)
    went_on(play, FIRST_TALK, AGAIN)
    there = {
        path.relative_to(play.state / "attempts/one/@2") for path in play.transcripts("one/@2")
    }
    assert there >= set(kept), "what was put back was there to be kept again"


def sends_again(heard, play):
    """The model continues the sub-agent of before by its id, which the program has made."""
    (kept,) = [path for path in play.transcripts("one/@1") if path.match("agent-*.jsonl")]
    given = {"task_id": kept.stem.removeprefix("agent-"), "message": "Do DIG-TWO."}
    return {"on": heard, "turns": [{"tool": "send_message", "input": given}, {"say": "SENT"}]}


def dug_on(play, talk):
    """The program says what it has of sub-agents; that one knew its own talk, in the new folder."""
    assert "1 background agent was restored" in play.asked_here()[0].said("user")
    again = play.asked("DIG-TWO")
    assert again.order(["DIG-ONE", "FOUND-ONE", "DIG-TWO"]) == talk, again
    again.holds_calls(1)
    assert play.result("found-b.txt") == "first\n"
    assert play.result("where-b.txt") == f"{play.tree}\n"
    assert not play.agents(), "an agent outlived the run"


STARTS_OVER = {
    "on": "GATE-SAYS-first",
    "turns": [
        {"shell": "cat one.txt > found.txt || echo nothing > found.txt; echo good > one.txt"}
    ],
}


def remove(path):
    path.unlink()


def shorten(path):
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(("harm", "why"), [(remove, "is gone"), (shorten, "was altered")])
def test_a_harmed_transcript_gives_a_fresh_session_in_the_same_attempt(stage, harm, why):
    play = stage([WRITES_ONE, STARTS_OVER])
    play.run(FLOW, expected=1)
    play.move("b")
    harm(play.transcripts("one/@1")[0])
    play.run(FLOW)
    asked = play.asked_here()
    asked[0].is_new()
    assert "+first" in asked[0].said("user"), "a fresh retry is told what the failed one changed"
    for request in asked:
        assert request.order([ASKED, MOVED, "ANSWER-ONE"]) == [("user", ASKED)]
    assert play.result("found.txt") == "nothing\n"
    assert f"one#1 cannot be resumed: its transcript {why}" in play.printed()
    assert "one#3" not in play.printed()


@pytest.mark.parametrize("stage", CLIS[:1], indirect=True, ids=lambda cli: cli.name)
def test_a_sealed_run_travels_and_opens_with_its_key_only(stage):
    play, key = stage([WRITES_ONE, GOOD_ON_B]), {"GUMP_STATE_KEY": "k" * 40}
    play.run(FLOW, expected=1, **key)
    play.move("b", **key)
    assert b"ANSWER-ONE" not in play.packed.read_bytes()
    for other in ({}, {"GUMP_STATE_KEY": "o" * 40}):
        play.state_command("unpack", play.packed, play.folder / "no", expected=2, **other)
    assert not (play.folder / "no").exists()
    play.run(FLOW, **key)
    went_on(play, FIRST_TALK, AGAIN)
    worked_in(play, "b", found="first")


def went_on(play, before, told):
    """The model is asked with the old talk, then the new prompt, each once; gives the whole talk.

    That is so in the first request and in the last, where this machine's own calls are done.
    """
    asked = play.asked_here()
    new = [ASKED, told, f"{MOVED}{play.tree}"]
    whole = [*before, *(("user", words) for words in new)]
    marks = [ASKED, AGAIN, CUT, MOVED + str(play.tree), *(words for _, words in before)]
    for request in (asked[0], asked[-1]):
        assert request.order(dict.fromkeys(marks)) == whole, f"{request}\n{play.printed()}"
    assert asked[-1].calls() == asked[0].calls() + 2, asked[-1]
    return whole


def went_on_from_a_cut(play, told):
    """What was said when it was cut may be lost or half there, as the program has it."""
    went_on(play, [("user", ASKED)], told)
    first = play.asked_here()[0]
    first.holds_calls(1)
    assert first.said("model").count("ANSWER-HALF") <= 1, first


def worked_in(play, machine, found, tree=None):
    """The work of the attempt before was there; the agent's tools worked in the new folder."""
    assert play.result(f"found-{machine}.txt") == f"{found}\n"
    assert play.result(f"where-{machine}.txt") == f"{tree or play.tree}\n"
    assert play.result(f"made-{machine}.txt") == f"{machine}\n"
    assert play.result(f"key-{machine}.txt") == "none\n"
    assert play.result("one.txt") == "good\n"
    assert not play.agents(), "an agent outlived the run"
    assert not [path for path in play.left if path.exists()], "a tool worked in a path that is gone"
