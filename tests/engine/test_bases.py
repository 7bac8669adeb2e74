"""A base that has moved: which snapshot stands for which, and what it was made over."""

import pytest

from gump_action.engine import events as e
from gump_action.engine.news import News, find_news
from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Again, next_move
from gump_action.engine.sessions import Fresh, Resume, decide_session
from gump_action.engine.state import fold
from gump_action.workflow.model import OnFailure, Session, Strategy

F, C = Verdict.FAILED, Verdict.CANCELLED
FIRST, RETRY = Again("claude-haiku", "first", ""), Again("claude-haiku", "retry", "")


def test_before_anything_is_taken_in_all_is_as_it_was(ledger):
    state = ledger.attempt("one").state
    assert (state.head, state.built_on, state.is_current("one#1")) == ("one#1", ("base",), True)


def test_the_head_is_what_the_last_passed_step_left_with_what_came_in(ledger):
    state = ledger.attempt("one").take("b1", "one#1").state
    assert state.head == "one#1+b1"
    assert state.is_in_history("one#1", state.head)
    assert (state.stands_on.base, state.built_on) == ("b1", ("base", "b1"))


def test_where_nothing_has_passed_the_head_is_the_new_start(ledger):
    assert ledger.attempt("one", verdict=F).take("b1").state.head == "b1"


OVER = {
    "a snapshot of before": ("one#1", "base", False),
    "the merged one": ("one#1+b1", "b1", True),
    "what was made on that": ("two#1", "b1", True),
    "the start": ("b1", "b1", True),
    "a failed attempt of before": ("bad#1", "base", False),
}


@pytest.mark.parametrize("case", OVER.values(), ids=OVER.keys())
def test_a_snapshot_is_over_the_start_that_its_history_goes_back_to(ledger, case):
    commit, start, is_current = case
    ledger.attempt("one").attempt("bad", verdict=F).take("b1", "one#1").attempt("two")
    state = ledger.state
    assert (state.start_of(commit), state.is_current(commit)) == (start, is_current)


def test_what_came_in_twice_is_followed_to_its_end(ledger):
    state = ledger.attempt("one").take("b1", "one#1").take("b2", "one#1+b1").state
    assert state.bases.now("one#1") == "one#1+b1+b2"
    assert state.start_of(state.head) == "b2"


def test_a_base_that_goes_back_makes_no_circle(ledger):
    state = ledger.take("b1").take("base").take("b1").state
    assert [state.bases.now(each) for each in ("base", "b1")] == ["b1", "b1"]
    assert (state.head, state.is_current("b1")) == ("b1", True)


def test_a_forged_circle_has_an_end(ledger):
    told = [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")]
    state = fold([e.SnapshotMerged(snapshot=old, commit=new) for old, new in told], ledger.state)
    assert {state.bases.now(each) for each in "abc"} == {"a"}
    assert state.start_of("a") == "base"


def gates_alone(ledger, verdict, start):
    at = {"step": "one", "attempt": ledger.state.count("one") + 1}
    decided = e.SessionDecided(mode="fresh", why="")
    told = [
        e.AttemptStarted(
            **at, agent="", reason="", kind="first", digest="d", base="b1", start=start,
            session=decided,
        ),
        e.AttemptEnded(**at, verdict=verdict),
    ]  # fmt: skip
    fold(told, ledger.state)


def test_gates_that_hold_again_leave_the_pass_as_it_was(ledger):
    ledger.attempt("one").take("b1", "one#1")
    gates_alone(ledger, Verdict.PASSED, "one#1+b1")
    assert ledger.state.passes["one"].name == "one#1"
    assert ledger.state.head == "one#1+b1"


def test_gates_that_no_longer_hold_take_the_pass_away(ledger):
    ledger.attempt("one").take("b1", "one#1")
    gates_alone(ledger, F, "one#1+b1")
    assert ledger.state.passes == {}


def test_gates_that_were_cut_say_nothing(ledger):
    ledger.attempt("one").take("b1", "one#1")
    gates_alone(ledger, C, "one#1+b1")
    assert list(ledger.state.passes) == ["one"]


@pytest.mark.parametrize(
    ("strategy", "agent"),
    [((), "a"), (("same",), "a"), (("escalate", "b"), "b")],
    ids=["no strategy", "same", "escalate"],
)
def test_after_gates_alone_the_agent_is_the_one_that_had_passed(ledger, strategy, agent):
    ledger.attempt("one", "a").take("b1", "one#1")
    gates_alone(ledger, F, "one#1+b1")
    kinds = [Strategy(kind=strategy[0], agent="".join(strategy[1:]))] if strategy else []
    move = next_move("a", OnFailure(retry=1, strategy=kinds), ledger.state.of("one"), 0)
    assert (move.agent, move.kind) == (agent, "retry")


def test_after_gates_alone_the_session_of_the_pass_is_resumed(ledger):
    ledger.attempt("one").take("b1", "one#1")
    gates_alone(ledger, F, "one#1+b1")
    decision = decide_session(Session(mode="reuse-on-retry"), "one", RETRY, ledger.state)
    assert isinstance(decision, Resume)
    assert (decision.attempt.name, decision.is_own) == ("one#1", True)


@pytest.mark.parametrize(("merged", "is_resumed"), [(["one#1"], True), ([], False)])
def test_a_session_is_resumed_where_its_tree_merges(ledger, merged, is_resumed):
    ledger.attempt("one", verdict=F).take("b1", *merged)
    decision = decide_session(Session(mode="reuse-on-retry"), "one", RETRY, ledger.state)
    assert isinstance(decision, Resume) == is_resumed
    assert is_resumed or "does not merge" in decision.why


def resume(state, step):
    return Resume(state.attempts[step][-1], "", is_own=True)


def test_without_a_new_base_there_is_no_news(ledger):
    ledger.attempt("one", verdict=F)
    assert find_news(ledger.state, "one", RETRY, Fresh("")) is None


def test_a_resumed_session_of_before_is_told(ledger):
    ledger.attempt("one", verdict=F).take("b1", "one#1")
    news = find_news(ledger.state, "one", RETRY, resume(ledger.state, "one"))
    assert news == News("base", "b1")


TOLD = {
    "a retry of an attempt of before": (["one F", "take"], "one", RETRY, "", True),
    "a retry of an attempt that was told": (["one F", "take", "one F"], "one", RETRY, "", False),
    "a session that was told": (["one F", "take", "one F"], "one", RETRY, "one", False),
    "the first attempt since": (["one P", "take"], "two", FIRST, "", True),
    "the second one knows nothing of before": (
        ["one P", "take", "two P"], "three", FIRST, "", False),
    "but a session of before does": (["one P", "take", "two P"], "three", FIRST, "one", True),
    "who was told and cut may not have heard it": (
        ["one P", "take", "two C"], "two", FIRST, "", True),
    "nor its session": (["one F", "take", "one C"], "one", RETRY, "one", True),
}  # fmt: skip


@pytest.mark.parametrize("case", TOLD.values(), ids=TOLD.keys())
def test_who_has_to_be_told_what_came_in(ledger, case):
    past, step, move, resumed, is_told = case
    for words in past:
        name, _, how = words.partition(" ")
        verdict = {"P": Verdict.PASSED, "F": F, "C": C}.get(how)
        ledger.take("b1", ledger.state.head) if name == "take" else ledger.attempt(
            name, verdict=verdict
        )
    decision = resume(ledger.state, resumed) if resumed else Fresh("")
    news = find_news(ledger.state, step, move, decision)
    assert news == (News("base", "b1") if is_told else None)
