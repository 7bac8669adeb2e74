"""What the model service refuses: a resume gives way to a fresh launch, a key or a bill blocks."""

import pytest

ONE = {"on": "TASK-ONE", "turns": [{"write": "one.txt", "text": "first\n"}, {"say": "ANSWER-ONE"}]}
TWO = {"on": "TASK-TWO", "turns": [{"say": "ANSWER-TWO"}]}
REUSE = """
name: t
steps:
  - {name: one, agent: AGENT, prompt: "Do TASK-ONE."}
  - {name: two, agent: AGENT, session: reuse, prompt: "Do TASK-TWO."}
"""
SINGLE = """
name: t
steps:
  - {name: one, agent: AGENT, prompt: "Do TASK-ONE.", on_failure: {retry: 2}}
"""


@pytest.mark.parametrize("kind", ["overlong", "history"])
def test_a_resume_that_the_service_refuses_is_made_fresh_in_the_same_attempt(stage, kind):
    refuses = {"on": "TASK-TWO", "knows": "ANSWER-ONE", "turns": [{"fail": kind}] * 20}
    play = stage([ONE, TWO, refuses])
    play.run(REUSE)
    asked = play.all_asked("TASK-TWO")
    asked[0].holds_once("ANSWER-ONE", calls=1)
    assert "ANSWER-ONE" not in asked[-1].said("model")
    assert "two#2" not in play.printed()


@pytest.mark.parametrize("kind", ["billing", "login"])
def test_a_service_that_wants_money_or_a_login_blocks_at_once(stage, kind):
    play = stage([{"on": "TASK-ONE", "turns": [{"fail": kind}] * 20}])
    play.run(SINGLE, expected=4)
    assert "one#2" not in play.printed()


def test_a_bad_key_blocks_at_once(stage):
    play = stage([ONE])
    keys = dict.fromkeys(name for name in play.cli.environ("") if name.endswith("_API_KEY"))
    play.run(SINGLE, expected=4, **{name: "sk-bad" for name in keys})
    assert "one#2" not in play.printed()


def test_usage_is_that_of_the_attempt(stage):
    first = {
        **ONE,
        "turns": [{**turn, "usage": {"in": 1000, "cached": 0}} for turn in ONE["turns"]],
    }
    play = stage([first, TWO])
    play.run(REUSE)
    assert play.used() == [(2000, 0, 100), (1000, 0, 50)]
