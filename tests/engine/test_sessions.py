"""The one decision: mode x attempt x agent x what is there."""

import pytest

from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Again
from gump_action.engine.sessions import Fresh, Resume, decide_session
from gump_action.workflow.model import Session

FRESH, REUSE = Session(), Session(mode="reuse")
ON_RETRY = Session(mode="reuse-on-retry")
HAIKU, SONNET = "claude-haiku", "claude-sonnet"
F, C, B = Verdict.FAILED, Verdict.CANCELLED, Verdict.BLOCKED


def named(step):
    return Session(mode="reuse-step", step=step)


def first(agent=HAIKU, *, cut=False):
    return Again(agent, "first", "", cut)


def retry(agent=HAIKU, *, cut=False):
    return Again(agent, "retry", "", cut)


# name: (what was before, mode, step, move, the attempt resumed or a word of why it is fresh)
CASES = {
    "fresh first": (lambda w: w.attempt("one"), FRESH, "two", first(), "asks for a fresh"),
    "fresh retry": (lambda w: w.attempt("two", HAIKU, F), FRESH, "two", retry(), "a retry is"),
    "reuse takes the last step": (
        lambda w: w.attempt("one").attempt("two"), REUSE, "three", first(), "two#1"),
    "reuse takes the attempt that passed": (
        lambda w: w.attempt("one", HAIKU, F).attempt("one"), REUSE, "two", first(), "one#2"),
    "reuse skips other agents": (
        lambda w: w.attempt("one").attempt("two", SONNET), REUSE, "three", first(), "one#1"),
    "reuse looks at who passed, not at who was declared": (
        lambda w: w.attempt("one", HAIKU, F).attempt("one", SONNET),
        REUSE, "two", first(), "no step by claude-haiku"),
    "reuse of the escalated agent": (
        lambda w: w.attempt("one", HAIKU, F).attempt("one", SONNET),
        REUSE, "two", first(SONNET), "one#2"),
    "reuse finds nothing in an empty group": (lambda w: w, REUSE, "one", first(), "no step by"),
    "reuse does not look out of its group": (
        lambda w: w.attempt("one"), REUSE, "inner/a", first(), "no step by"),
    "reuse does not look into a group": (
        lambda w: w.attempt("one").attempt("inner/a"), REUSE, "after", first(), "one#1"),
    "reuse does not look into another item": (
        lambda w: w.attempt("build/red/impl"), REUSE, "build/blue/impl", first(), "no step by"),
    "reuse stays in its item": (
        lambda w: w.attempt("build/red/tests").attempt("build/blue/tests"),
        REUSE, "build/blue/impl", first(), "build/blue/tests#1"),
    "reuse passes over a failed step": (
        lambda w: w.attempt("one").attempt("two", HAIKU, F), REUSE, "three", first(), "one#1"),
    "reuse is for the first attempt only": (
        lambda w: w.attempt("one").attempt("two", HAIKU, F), REUSE, "two", retry(), "a retry is"),
    "reuse after a cut first attempt continues what it continued": (
        lambda w: w.attempt("one").attempt("two", HAIKU, C),
        REUSE, "two", first(cut=True), "one#1"),
    "reuse of a gate step is not to be had": (
        lambda w: w.attempt("one").attempt("check", ""), REUSE, "two", first(), "one#1"),
    "reuse without a kept transcript": (
        lambda w: w.attempt("one", has_session=False), REUSE, "two", first(), "was not kept"),
    "a named step": (
        lambda w: w.attempt("one").attempt("two"), named("one"), "three", first(), "one#1"),
    "a named step of another agent": (
        lambda w: w.attempt("one", SONNET), named("one"), "two", first(), "claude-sonnet, not"),
    "a named gate step": (
        lambda w: w.attempt("check", ""), named("check"), "two", first(), "no agent, not"),
    "a named step that has not run": (lambda w: w, named("late"), "early", first(), '"late" has'),
    "a named step that failed": (
        lambda w: w.attempt("one", HAIKU, F), named("one"), "two", first(), '"one" has not'),
    "a named step of the same item comes first": (
        lambda w: w.attempt("a").attempt("build/red/a"),
        named("a"), "build/red/b", first(), "build/red/a#1"),
    "a named step outside of the group": (
        lambda w: w.attempt("a"), named("a"), "build/red/b", first(), "a#1"),
    "a named step of the group around": (
        lambda w: w.attempt("x/a"), named("a"), "x/y/b", first(), "x/a#1"),
    "a named step of another item": (
        lambda w: w.attempt("build/red/a"), named("a"), "build/blue/b", first(), '"a" has not'),
    "a named step on a retry": (
        lambda w: w.attempt("a").attempt("b", HAIKU, F), named("a"), "b", retry(), "a retry is"),
    "reuse-on-retry first": (
        lambda w: w.attempt("one"), ON_RETRY, "two", first(), "first attempt"),
    "reuse-on-retry retry": (
        lambda w: w.attempt("two", HAIKU, F), ON_RETRY, "two", retry(), "two#1"),
    "reuse-on-retry takes the last attempt": (
        lambda w: w.attempt("two", HAIKU, F).attempt("two", HAIKU, F, start="two#1"),
        ON_RETRY, "two", retry(), "two#2"),
    "reuse-on-retry on escalation": (
        lambda w: w.attempt("two", HAIKU, F), ON_RETRY, "two", retry(SONNET), "claude-haiku, not"),
    "reuse-on-retry back to an agent of before": (
        lambda w: w.attempt("two", HAIKU, F).attempt("two", SONNET, F),
        ON_RETRY, "two", retry(), "claude-sonnet, not"),
    "reuse-on-retry without a transcript": (
        lambda w: w.attempt("two", HAIKU, F, has_session=False),
        ON_RETRY, "two", retry(), "was not kept"),
    "reuse-on-retry resumes a cut first attempt": (
        lambda w: w.attempt("two", HAIKU, C), ON_RETRY, "two", first(cut=True), "two#1"),
    "reuse-on-retry resumes an attempt that died with its engine": (
        lambda w: w.attempt("two", HAIKU, None), ON_RETRY, "two", first(cut=True), "two#1"),
    "reuse-on-retry looks past a cut attempt without a session": (
        lambda w: w.attempt("two", HAIKU, F).attempt("two", HAIKU, B, has_session=False),
        ON_RETRY, "two", retry(cut=True), "two#1"),
    "reuse-on-retry when only cut attempts without a session were": (
        lambda w: w.attempt("two", HAIKU, B, has_session=False),
        ON_RETRY, "two", first(cut=True), "no attempt of this step"),
    "a session whose work is no longer in the tree": (
        lambda w: w.attempt("one").attempt("late").reset("one").attempt("one", start="base"),
        named("late"), "early", first(), "no longer in the tree"),
    "a step that starts over has no session of its own": (
        lambda w: w.attempt("two", HAIKU, F).reset("two"),
        ON_RETRY, "two", first(), "first attempt"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_session_is_as_the_seed_page_says(ledger, case):
    before, mode, step, move, expected = case
    decision = decide_session(mode, step, move, before(ledger).state)
    if "#" in expected:
        assert isinstance(decision, Resume), decision
        assert decision.attempt.name == expected
    else:
        assert isinstance(decision, Fresh), decision
        assert expected in decision.why


def test_only_a_step_that_goes_on_with_itself_keeps_its_changes(ledger):
    ledger.attempt("one").attempt("two", HAIKU, F)
    own = decide_session(ON_RETRY, "two", retry(), ledger.state)
    other = decide_session(REUSE, "three", first(), ledger.state)
    assert (own.is_own, other.is_own) == (True, False)
