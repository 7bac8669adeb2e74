"""A budget and the real programs that tell a cost: how they are stopped, and how they go on."""

import json
from itertools import pairwise

import pytest
from models import talk_of
from stage import CLIS, Stage, model_server

TELL = [cli for cli in CLIS if cli.name in ("claude", "opencode")]
CALLS = [{"shell": f"echo {n} >> one.txt"} for n in range(6)]
LONG = {"on": "TASK-ONE", "turns": [*CALLS, {"say": "ANSWER-ONE"}]}
STEPS = """
name: t
max_budget: 0.000001
steps:
  - name: one
    agent: AGENT
    session: reuse-on-retry
    prompt: "Do TASK-ONE."
    on_failure: {retry: 2}
"""


def ended(play):
    """Verdict and cost of each launch."""
    lines = (play.state / "ledger.ndjson").read_text().splitlines()
    found = [event for event in map(json.loads, lines) if event["type"] == "agent_ended"]
    return [(event["verdict"], event["usage"]["cost_usd"]) for event in found]


@pytest.mark.parametrize("cli", TELL, ids=lambda cli: cli.name)
def test_a_spent_budget_ends_the_program_and_a_higher_one_goes_on(cli, tmp_path):
    with model_server([LONG], tmp_path) as models:
        play = Stage(cli, tmp_path / "stage", models)
        play.run(STEPS, expected=4)
        ((verdict, cost),) = ended(play)
        assert verdict == "blocked"
        assert cost > 0
        play.run(STEPS, "--max-budget", "5")
        assert [v for v, _ in ended(play)] == ["blocked", "passed"]


SHORT = {"on": "TASK-TWO", "turns": [CALLS[0], {"say": "ANSWER-TWO"}]}
RESUMED = """
name: t
max_budget: 0.0012
steps:
  - {name: one, agent: AGENT, prompt: "Do TASK-ONE."}
  - {name: two, agent: AGENT, session: reuse, prompt: "Do TASK-TWO."}
"""


def test_what_a_resumed_session_had_cost_before_is_not_taken_from_what_is_left(tmp_path):
    """Seven calls, then two in the same session, of $0.000125 each; what is left is $0.000325."""
    (claude,) = (cli for cli in TELL if cli.name == "claude")
    with model_server([LONG, SHORT], tmp_path) as models:
        play = Stage(claude, tmp_path / "stage", models)
        play.run(RESUMED)
        assert ended(play) == [("passed", 0.000875), ("passed", 0.00025)]
        talks = [talk_of(row) for row in models.requests()]
    assert any("USD budget" in text for _, text in talks[-1])
    for talk, later in pairwise(talks):
        assert later[: len(talk)] == talk, "what was said before has changed: no prompt cache"
