"""What our comment remembers: its line, how it goes on, and what follows from it."""

import json
from dataclasses import replace

import pytest

from gump_action.host.asking import standing as s
from gump_action.host.asking.standing import (
    Last,
    Standing,
    Turn,
    advanced,
    line_of,
    newest,
    read,
    why_not,
)

from .runs import Teller

FULL = Standing(
    runs=2**53,
    asked=2**53,
    spent=2**53,
    before="f" * 32,
    host_runs=tuple(range(2**53 - 10, 2**53)),
    announced=tuple(range(2**53 - 10, 2**53)),
    announced_at=2**53,
    workflow="f" * 16,
    asked_at=2**53,
    last=Last(
        host_run=2**53,
        attempt=99_999,
        run="2" * 200,
        artifact="a" * 200,
        verdict="nothing-to-do",
        signature="f" * 32,
        cost=2**53,
        at=2**53,
        upstream=2**53,
        upstream_attempt=2**53,
    ),
)
TURN = Turn(host_run=100, attempt=1, artifact="gump-state-fix-a1", at=5)


def body(line):
    return f"<!-- gump:x -->\n{line}\nText"


def run(verdict="failed", evidence="boom", gate="test", name="r1", cost=None):
    teller = Teller()
    teller.begin("fix", run=name)
    teller.attempt("impl")
    teller.agent(cost=cost)
    teller.gate(gate, passed=verdict == "passed", evidence=evidence)
    teller.end(verdict)
    teller.done(verdict)
    return teller.state


def failed(standing, host_run, evidence="boom", **more):
    return advanced(standing, run(evidence=evidence), replace(TURN, host_run=host_run, **more))


@pytest.mark.parametrize("standing", [Standing(), FULL])
def test_what_was_written_is_read(standing):
    line = line_of(standing)
    assert len(line.encode()) < s.LARGEST / 4
    assert "--" not in line.removeprefix("<!--").removesuffix("-->")
    assert read(body(line)) == standing
    assert read(body(f"{line}\r")) == standing


ODD = {
    "no line": "",
    "another line": "<!-- gump:other {} -->",
    "no JSON": "<!-- gump:ledger {x} -->",
    "no object": "<!-- gump:ledger [] -->",
    "another version": '<!-- gump:ledger {"version":2} -->',
    "more than we know": '<!-- gump:ledger {"version":1,"x":1} -->',
    "text for a number": '<!-- gump:ledger {"runs":"1"} -->',
    "below zero": '<!-- gump:ledger {"runs":-1} -->',
    "more than a number": '<!-- gump:ledger {"runs":1e400} -->',
    "an odd artifact": '<!-- gump:ledger {"last":{"host_run":1,"attempt":1,"artifact":"../x"}} -->',
    "an odd signature": '<!-- gump:ledger {"before":"xyz"} -->',
    "too many runs": f'<!-- gump:ledger {{"host_runs":{[*range(11)]}}} -->',
    "deep": f"<!-- gump:ledger {'[' * 3000} -->",
    "too long": f'<!-- gump:ledger {{"runs":1{" " * s.LARGEST}}} -->',
    "followed": '<!-- gump:ledger {"runs":1} --> x',
}


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
def test_what_is_not_ours_to_the_letter_is_not_believed(line):
    assert read(body(line)) == Standing()


def test_only_the_second_line_is_read():
    line = line_of(FULL)
    assert read(line) == read(f"x\ny\n{line}") == read("") == Standing()


def test_a_host_run_counts_once_however_often_it_is_told():
    one = failed(Standing(), 100, is_running=True)
    assert (one.runs, one.host_runs, one.last.verdict, one.last.signature) == (1, (100,), "", "")
    one = failed(one, 100)
    assert (one.runs, one.host_runs, one.last.verdict) == (1, (100,), "failed")
    two = failed(one, 200)
    assert (two.runs, two.host_runs, two.before) == (2, (100, 200), one.last.signature)


def test_what_counts_only_rises():
    old = replace_all(FULL, runs=50, asked=40, spent=7, host_runs=(1, 2))
    new = advanced(old, run(), TURN)
    assert (new.runs, new.asked, new.spent) == (51, 40, 2**53)
    assert len(advanced(FULL, run(), TURN).host_runs) == len(FULL.host_runs)


@pytest.mark.parametrize("cost", [float("inf"), float("nan"), -1.0, 1e300])
def test_a_record_that_an_agent_has_spoilt_is_remembered_all_the_same(cost):
    standing = advanced(FULL, run(cost=cost, name="<!-- x"), TURN)
    assert standing.last.run == ""
    assert read(body(line_of(standing))) == standing


def replace_all(standing, **changes):
    return standing.model_copy(update=changes)


def test_the_cost_of_a_run_that_goes_on_counts_once():
    one = advanced(Standing(), run(cost=0.5), TURN)
    assert (one.spent, one.last.cost) == (0, 500_000)
    again = advanced(one, run(cost=0.75), replace(TURN, host_run=200))
    assert (again.spent, again.last.cost) == (0, 750_000)
    less = advanced(again, run(cost=0.1), replace(TURN, host_run=200))
    assert less.last.cost == 750_000
    other = advanced(again, run(name="r2", cost=1), replace(TURN, host_run=300))
    assert (other.spent, other.last.cost) == (750_000, 1_000_000)


def test_the_limit_is_for_what_begins_by_itself():
    standing = Standing()
    for number in range(1, 4):
        assert why_not(standing, 3, number) == ""
        standing = failed(standing, number, evidence="a" * number)
    assert "max-runs-per-subject" in why_not(standing, 3, 4)
    assert "/gump again" in why_not(standing, 3, 4)
    assert why_not(standing, 3, 3) == "", "it is under way already"
    assert why_not(standing, 0, 4) == ""
    asked = failed(standing, 4, evidence="other", is_asked=True)
    assert (asked.unasked, why_not(asked, 3, 5)) == (0, "")


def test_a_forged_count_does_not_lift_the_limit_for_good():
    forged = Standing(runs=1, asked=2**53)
    for number in (1, 2):
        forged = failed(forged, number, evidence="a" * number)
    assert why_not(forged, 1, 3)


@pytest.mark.parametrize(
    ("evidences", "is_same"),
    [
        (["boom"], False),
        (["boom", "boom"], True),
        (["boom", "other"], False),
        (["boom", "other", "boom"], False),
        (["other", "boom", "boom"], True),
        (["in 0.13s at x.py:3", "in 0.42s at x.py:17"], True),
    ],
)
def test_the_same_failure_twice_in_a_row_stops(evidences, is_same):
    standing = Standing()
    for number, evidence in enumerate(evidences, 1):
        standing = failed(standing, number, evidence=evidence)
    assert standing.is_same_again is is_same
    assert ("same way" in why_not(standing, 0, 99)) is is_same


@pytest.mark.parametrize("verdict", ["passed", "blocked", "cancelled"])
def test_only_failures_are_the_same(verdict):
    standing = Standing()
    for number in (1, 2):
        state = run(verdict)
        standing = advanced(standing, state, replace(TURN, host_run=number))
    assert not standing.is_same_again


def test_a_failure_between_two_that_passed_is_no_repetition():
    standing = failed(Standing(), 1)
    standing = advanced(standing, run("passed"), replace(TURN, host_run=2))
    assert not failed(standing, 3).is_same_again


def test_whose_last_run_is_the_newest():
    old, new = (failed(Standing(), 1, at=at) for at in (1, 2))
    assert newest({"a": old, "b": new, "c": Standing()}) == "b"
    assert newest({"c": Standing()}) == ""
    later = s.announcing(old, 300, at=3)
    assert newest({"a": later, "b": new}) == "a"
    assert newest({"a": s.announcing(Standing(), 300, at=1), "b": new}) == "b"


def test_what_was_announced_after_the_last_run_may_have_left_something():
    known = Standing(announced=(90, 101, 103, 200), last=Last(host_run=100, attempt=1))
    assert s.announced_since(known, 110) == (103, 101)
    assert s.announced_since(Standing(), 110) == ()


def test_a_comment_waits_where_it_tells_of_nothing_but_an_announcement():
    known = Standing(announced=(90, 101))
    assert s.waits_for(known) == 101
    assert s.waits_for(known.model_copy(update={"last": Last(host_run=90, attempt=1)})) == 0
    assert s.waits_for(Standing()) == 0


def test_who_asks_by_another_host_workflow_lifts_the_limit_of_this_one():
    ours = failed(failed(Standing(), 1, at=5), 2, evidence="other", at=6)
    assert ours.workflow == s.digest_of("fix")
    asked = failed(Standing(), 3, is_asked=True, at=7)
    assert s.is_asked_elsewhere(ours, [Standing(), ours, asked])
    assert not s.is_asked_elsewhere(failed(ours, 4, at=8), [asked]), "that was begun since"
    other = asked.model_copy(update={"workflow": s.digest_of("mend")})
    assert not s.is_asked_elsewhere(ours, [ours, other])
    assert not s.is_asked_elsewhere(Standing(), [Standing(asked_at=9)])
    later = failed(asked, 5, at=9)
    assert (later.asked_at, later.asked) == (7, 1)


def test_what_two_accounts_remember_is_one_ledger():
    app = failed(failed(Standing(), 1, at=5), 3, at=6)
    job = s.announcing(failed(Standing(), 2, at=4), 4, at=7)
    for both in (s.joined(app, job), s.joined(job, app)):
        assert (both.runs, both.last) == (2, app.last)
        assert (both.host_runs, both.announced, both.announced_at) == ((1, 2, 3), (4,), 7)
    assert s.joined(Standing(), app) == s.joined(app, Standing()) == app


@pytest.mark.parametrize(
    ("verdict", "upstream", "expected"),
    [("passed", (8, 2), (8, 2)), ("failed", (8, 2), None), ("passed", (0, 0), None)],
)
def test_a_run_that_passed_was_to_mend_the_host_run_before_it(verdict, upstream, expected):
    known = advanced(Standing(), run(verdict), replace(TURN, upstream=upstream))
    assert s.was_to_mend(known) == expected
    assert s.was_to_mend(Standing()) is None


def test_the_line_is_plain_json():
    text = line_of(FULL).removeprefix("<!-- gump:ledger ").removesuffix(" -->")
    assert json.loads(text)["last"]["host_run"] == 2**53
