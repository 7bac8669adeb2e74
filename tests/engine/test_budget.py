"""What is left of a budget, and what is said of it: a table of what attempts have cost."""

import pytest

from gump_action.engine import budget
from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold

HERE = {"engine": "0", "workspace": "isolated"}


def limited(ledger, usd):
    fold([e.RunContinued(**HERE, max_budget=usd)], ledger.state)
    return ledger


def spend(ledger, step, usd, *, agent="claude-haiku", code=0):
    """An attempt that was launched and has ended; `usd` None is an unknown cost."""
    ledger.attempt(step, agent, Verdict.FAILED)
    where = {"step": step, "attempt": ledger.state.count(step)}
    used = e.Usage(cost_usd=usd)
    ended = e.AgentEnded(**where, verdict=Verdict.FAILED, exit_code=code, usage=used)
    fold([ended], ledger.state)
    return ledger.state.attempts[step][-1]


GO_ON = "To go on, give a higher one: `max_budget` in the workflow, or --max-budget."
# limit, what each attempt has cost, what is left, why it is spent
CASES = {
    "no limit": (None, [5.0], None, ""),
    "nothing was spent": (2.5, [], 2.5, ""),
    "some is left": (2.5, [1.0, 0.25], 1.25, ""),
    "a cent is left": (2.5, [2.49], 0.01, ""),
    "spent to the last cent": (2.5, [2.0, 0.5], 0.0, f"budget spent: $2.50 of $2.50. {GO_ON}"),
    "cents add up": (0.3, [0.1, 0.2], 0.0, f"budget spent: $0.30 of $0.30. {GO_ON}"),
    "more than was there": (2.5, [2.53], 0.0, f"budget spent: $2.53 of $2.50. {GO_ON}"),
    "fractions of a cent": (0.01, [0.0125], 0.0, f"budget spent: $0.0125 of $0.01. {GO_ON}"),
    "next to nothing": (
        0.000001, [0.000125], 0.0, f"budget spent: $0.000125 of $0.000001. {GO_ON}"),
    "the unknown is not counted": (2.5, [None, 1.0], 1.5, ""),
    "the unknown is said": (
        2.5, [None, 3.0], 0.0,
        f"budget spent: $3.00 of $2.50 (and 1 attempt of unknown cost). {GO_ON}",
    ),
    "how many are unknown": (
        1, [None, 1.0, None], 0.0,
        f"budget spent: $1.00 of $1.00 (and 2 attempts of unknown cost). {GO_ON}",
    ),
    "all is unknown": (2.5, [None, None], 2.5, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_left_and_why_it_is_spent(ledger, case):
    limit, costs, left, why = case
    limited(ledger, limit)
    for number, usd in enumerate(costs):
        spend(ledger, f"s{number}", usd)
    assert budget.left(ledger.state) == left
    assert budget.why_spent(ledger.state) == why


def test_attempts_that_no_longer_count_are_paid_all_the_same(ledger):
    limited(ledger, 2.0)
    spend(ledger, "one", 1.5)
    ledger.reset("one")
    assert budget.left(ledger.state) == 0.5


def test_the_last_start_says_how_much_there_is(ledger):
    limited(ledger, 1.0)
    spend(ledger, "one", 1.5)
    assert budget.why_spent(ledger.state)
    assert budget.left(limited(ledger, 2.0).state) == 0.5
    assert budget.left(limited(ledger, None).state) is None


def test_what_a_stream_told_counts_while_the_agent_works_and_when_its_engine_has_died(ledger):
    limited(ledger, 2.0)
    ledger.attempt("one", verdict=None)
    fold([e.CostSeen(step="one", attempt=1, cost_usd=0.5)], ledger.state)
    assert budget.left(ledger.state) == 1.5
    fold([e.CostSeen(step="one", attempt=1, cost_usd=0.75)], ledger.state)
    fold([e.AttemptEnded(step="one", attempt=1, verdict=Verdict.CANCELLED)], ledger.state)
    assert budget.left(ledger.state) == 1.25


def test_an_unknown_cost_is_said_once_for_each_agent(ledger):
    limited(ledger, 2.0)
    said = budget.unknown_cost(ledger.state, spend(ledger, "one", None))
    assert said.startswith("claude-haiku told no cost of one#1, so it is unknown")
    assert budget.unknown_cost(ledger.state, spend(ledger, "one", None)) == ""
    assert "qwen" in budget.unknown_cost(ledger.state, spend(ledger, "two", None, agent="qwen"))


def test_nothing_is_said_of_what_is_known_or_was_never_launched_or_has_no_limit(ledger):
    unlimited = spend(ledger, "none", None)
    assert budget.unknown_cost(ledger.state, unlimited) == ""
    ledger.reset("none")
    limited(ledger, 2.0)
    assert budget.unknown_cost(ledger.state, spend(ledger, "zero", 0.0)) == ""
    assert budget.unknown_cost(ledger.state, spend(ledger, "cli", None, agent="x", code=None)) == ""
    ledger.attempt("gates", "")
    assert budget.unknown_cost(ledger.state, ledger.state.attempts["gates"][-1]) == ""
