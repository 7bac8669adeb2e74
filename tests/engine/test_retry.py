"""Who makes the next attempt: a table of what has been, what is asked, and what follows."""

import pytest

from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Again, Stop, next_move
from gump_action.workflow.model import OnFailure, Strategy

SAME = Strategy(kind="same")
P, F, C, B, DEAD = Verdict.PASSED, Verdict.FAILED, Verdict.CANCELLED, Verdict.BLOCKED, None


def to(agent):
    return Strategy(kind="escalate", agent=agent)


# past: (agent, verdict) of the attempts so far; now: how many of them this start has made
AGAIN = {
    "the first attempt is by the declared agent": ([], 0, 2, [SAME], "a", "first"),
    "same stays with the agent": ([("a", F)], 1, 2, [SAME], "a", "retry"),
    "no strategy is same": ([("a", F)], 1, 2, [], "a", "retry"),
    "escalate goes to another": ([("a", F)], 1, 2, [to("b")], "b", "retry"),
    "the second entry is for the second failure": (
        [("a", F), ("a", F)], 2, 3, [SAME, to("b")], "b", "retry"),
    "the last entry repeats": ([("a", F), ("b", F)], 2, 3, [to("b")], "b", "retry"),
    "same after escalate stays with the stronger": (
        [("a", F), ("b", F)], 2, 3, [to("b"), SAME], "b", "retry"),
    "a re-run grants an attempt and goes on in the list": (
        [("a", F), ("b", F)], 0, 0, [to("b"), to("c")], "c", "retry"),
    "a re-run grants the retries anew": (
        [("a", F), ("b", F), ("c", F)], 1, 1, [to("b"), to("c")], "c", "retry"),
    "a cancelled first attempt stays a first one": ([("a", C)], 0, 1, [to("b")], "a", "first"),
    "a blocked first attempt stays a first one": ([("a", B)], 0, 1, [to("b")], "a", "first"),
    "an attempt that died with its engine stays a first one": (
        [("a", DEAD)], 0, 1, [to("b")], "a", "first"),
    "a cancelled retry is made again by the same agent": (
        [("a", F), ("b", C)], 0, 2, [to("b"), to("c")], "b", "retry"),
    "same after a cut escalation looks at the last that failed": (
        [("a", F), ("b", F), ("b", C)], 0, 2, [to("b"), SAME], "b", "retry"),
}  # fmt: skip


@pytest.mark.parametrize("case", AGAIN.values(), ids=AGAIN.keys())
def test_the_next_attempt_is_as_the_rules_say(ledger, case):
    past, now, retry, strategy, agent, kind = case
    for by, verdict in past:
        ledger.attempt("impl", by, verdict)
    rules = OnFailure(retry=retry, strategy=tuple(strategy))
    move = next_move("a", rules, ledger.state.of("impl"), now)
    assert isinstance(move, Again)
    assert (move.agent, move.kind) == (agent, kind)
    assert move.is_after_cut == bool(past and past[-1][1] in (C, B, DEAD))


STOP = {
    "a passed attempt ends the step": ([("a", P)], 1, 2, P),
    "no retries left": ([("a", F), ("a", F)], 2, 1, F),
    "no retry was asked for": ([("a", F)], 1, 0, F),
    "a cancelled attempt is not followed in the same start": ([("a", C)], 1, 5, C),
    "a blocked attempt is not followed in the same start": ([("a", F), ("a", B)], 2, 5, B),
}


@pytest.mark.parametrize("case", STOP.values(), ids=STOP.keys())
def test_nothing_follows_where_the_rules_say_so(ledger, case):
    past, now, retry, verdict = case
    for by, ended in past:
        ledger.attempt("impl", by, ended)
    move = next_move("a", OnFailure(retry=retry), ledger.state.of("impl"), now)
    assert isinstance(move, Stop)
    assert move.verdict is verdict


def test_the_reason_names_the_attempt_and_the_strategy(ledger):
    ledger.attempt("impl", "a", F)
    rules = OnFailure(retry=1, strategy=(to("claude-opus"),))
    move = next_move("a", rules, ledger.state.of("impl"), 1)
    assert move.reason == "impl#1 failed; escalated to claude-opus"
