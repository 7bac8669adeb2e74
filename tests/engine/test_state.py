"""The state is what the ledger says: event by event."""

from dataclasses import replace

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState, fold

F = Verdict.FAILED
WHERE = {"step": "one", "attempt": 1}


def test_nothing_is_known_of_an_empty_ledger():
    state = fold([])
    assert (state.started, state.head, state.passes, state.unfinished()) == (None, "", {}, ())


def test_the_head_is_the_end_of_the_last_passed_step(ledger):
    assert ledger.state.head == "base"
    ledger.attempt("one").attempt("two", verdict=F)
    assert ledger.state.head == "one#1"
    assert ledger.attempt("two").state.head == "two#2"


def test_passes_stand_in_the_order_in_which_they_passed(ledger):
    ledger.attempt("one").attempt("two").reset("one").attempt("one")
    assert list(ledger.state.passes) == ["two", "one"]


def test_a_gate_step_has_no_snapshot_and_leaves_the_tree_as_it_found_it(ledger):
    ledger.attempt("one")
    decided = e.SessionDecided(mode="fresh", why="")
    at = {"step": "check", "attempt": 1}
    fold(
        [
            e.AttemptStarted(
                **at, agent="", reason="", kind="first", digest="d", base="one#1", start="one#1",
                session=decided,
            ),
            e.AttemptEnded(**at, verdict=Verdict.PASSED),
        ],
        ledger.state,
    )  # fmt: skip
    assert ledger.state.head == "one#1"


def test_an_attempt_that_did_not_end_is_unfinished_and_counts_as_cut(ledger):
    ledger.attempt("one").attempt("two", verdict=None)
    [left] = ledger.state.unfinished()
    assert (left.name, left.is_cut, left.verdict) == ("two#1", True, None)


def test_a_reset_step_keeps_its_count_and_loses_its_attempts(ledger):
    ledger.attempt("one", verdict=F).attempt("one").reset("one")
    assert (ledger.state.count("one"), ledger.state.of("one")) == (2, ())
    assert ledger.state.passes == {}
    assert [a.number for a in ledger.attempt("one").state.of("one")] == [3]


def test_history_goes_from_snapshot_to_snapshot(ledger):
    ledger.attempt("one").attempt("two", verdict=F).attempt("two", start="two#1")
    state = ledger.state
    assert state.is_in_history("one#1", "two#2")
    assert state.is_in_history("two#1", "two#2")
    assert state.is_in_history("base", "base")
    assert not state.is_in_history("two#2", "one#1")
    assert not state.is_in_history("other", "two#2")


def test_a_refused_session_is_replaced_and_why_it_was_wanted_is_kept(ledger):
    ledger.attempt("one", verdict=None)
    fresh = e.SessionDecided(mode="reuse", why="it was refused")
    fold([e.SessionRefused(**WHERE, start="base", session=fresh)], ledger.state)
    attempt = ledger.state.attempts["one"][0]
    assert (attempt.session.why, attempt.known, attempt.start) == ("it was refused", "", "base")


def test_a_run_that_goes_on_has_not_ended(ledger):
    fold([e.RunEnded(verdict=F, left="base")], ledger.state)
    assert ledger.state.ended
    fold([e.RunContinued(engine="0", workspace="isolated")], ledger.state)
    assert (ledger.state.ended, ledger.state.starts, ledger.state.left) == (None, 2, "base")


def test_what_only_concerns_those_who_watch_changes_nothing():
    before = RunState()
    event = e.AgentActed(**WHERE, what="said", text="hello")
    assert fold([event]) == before


def test_gates_notes_items_and_usage_are_remembered(ledger):
    ledger.attempt("one", verdict=None)
    fold(
        [
            e.AgentEnded(**WHERE, verdict=F, usage=e.Usage(input=3)),
            e.GateEnded(**WHERE, index=1, gate="test", passed=True),
            e.GateEnded(**WHERE, index=2, gate="lint", passed=False),
            e.Noted(level="info", text="hello"),
            e.ItemsPlanned(step="build", items=("red", "blue")),
        ],
        ledger.state,
    )
    attempt = ledger.state.attempts["one"][0]
    assert attempt.ended.usage.input == 3
    assert [gate.passed for gate in attempt.gates] == [True, False]
    assert ledger.state.notes[0].text == "hello"
    assert ledger.state.items == {"build": ("red", "blue")}


def test_an_event_survives_the_ledger_as_it_was():
    event = e.SnapshotTaken(**WHERE, seq=4, at=1.5, commit="c", tree="t", files=("a\nb", "ü"))
    assert e.parse_event(event.model_dump_json()) == event


def test_what_a_session_had_used_is_that_of_its_last_launch_that_told(ledger):
    """Else a session that is resumed after a death would pay for its beginning twice."""
    used = e.Usage(cost_usd=1.5)
    ledger.attempt("one", verdict=F)
    fold([e.AgentEnded(**WHERE, verdict=F, total=used)], ledger.state)
    first = ledger.state.attempts["one"][0]
    for resume in ("one#1", "one#2"):
        ledger.attempt("one", verdict=Verdict.CANCELLED)
        last = ledger.state.attempts["one"][-1]
        decided = e.SessionDecided(mode="reuse-on-retry", resume=resume, why="")
        ledger.state.attempts["one"][-1] = replace(last, session=decided)
    _, second, third = ledger.state.attempts["one"]
    assert [ledger.state.used_by_session(a) for a in (first, second, third)] == [used] * 3


def test_a_session_that_goes_on_with_itself_or_with_nothing_had_used_nothing_that_is_known(ledger):
    ledger.attempt("one", verdict=Verdict.CANCELLED)
    attempt = ledger.state.attempts["one"][0]
    for resume in ("one#1", "one#9", "x", ""):
        decided = e.SessionDecided(mode="reuse-on-retry", resume=resume, why="")
        known = replace(attempt, session=decided)
        ledger.state.attempts["one"][0] = known
        assert ledger.state.used_by_session(known) == e.Usage()


def test_a_ledger_of_before_with_a_strategy_in_its_attempts_can_be_read():
    line = (
        b'{"type":"attempt_started","step":"a","attempt":1,"agent":"x","reason":"","kind":"first",'
        b'"strategy":0,"digest":"","base":"b","start":"b","session":{"mode":"fresh","why":""}}'
    )
    assert e.parse_event(line).agent == "x"


def test_a_forged_circle_of_snapshots_comes_to_an_end():
    state = RunState(parents={"a": "b", "b": "a"})
    assert not state.is_in_history("c", "a")
    assert state.is_in_history("b", "a")
