"""Whether an agent may work on code that came after what was asked: by who has pushed it."""

from dataclasses import replace

import pytest

from gump_action.host.event import Person, Push
from gump_action.host.policy import MayRun, Skip, decide, logins_to_ask
from gump_action.host.trigger.code import needs_pushes, since
from gump_action.host.trigger.rights import Allowed, Right, Unknown

from .occasion import event_of
from .test_policy import BASE, EARLIER, FORK, HEAD, LATER, NOON, OTHERS_RUN, WRITER, on_pull

OLD, NEW = "1" * 40, "2" * 40
BOT, APP = Person("github-actions[bot]", "Bot"), Person("our-app[bot]", "Bot")
MATE, STRANGER = Person("mate"), Person("stranger")
RIGHTS = {**WRITER, "other": Right.WRITE, "mate": Right.WRITE, "stranger": Right.READ}
NAMED = Allowed(frozenset({"our-app[bot]"}))


def push(by, *, is_of_run=False, after=HEAD, before=OLD, at=LATER):
    return Push(before, after, at, by, is_of_run)


def decided(*pushes, attempt=1, allowed=None, rights=RIGHTS, known=True):
    event = on_pull(committed_at=LATER)
    event = replace(event, pushes=pushes if known else None)
    event = replace(event, job=replace(event.job, attempt=attempt))
    return decide(event, rights, allowed or Allowed())


OURS = push(BOT, is_of_run=True)
CASES = {
    "ours": ((OURS,), {}, True),
    "two of ours": ((OURS, push(BOT, is_of_run=True, after=OLD, before=NEW)), {}, True),
    "nothing was pushed, whatever the commit's time": ((), {}, True),
    "not known": ((), {"known": False}, False),
    "not known, run again": ((), {"known": False, "attempt": 2}, False),
    "of a person": ((push(MATE),), {}, False),
    "of a person, with our trailers": ((push(MATE, is_of_run=True),), {}, False),
    "of a workflow of theirs, as us": ((push(BOT),), {}, False),
    "ours, and below it one of a person": ((OURS, push(MATE)), {}, False),
    "of our app, which nobody named": ((push(APP, is_of_run=True),), {}, False),
    "of our app": ((push(APP, is_of_run=True),), {"allowed": NAMED}, True),
    "of an account that is gone": ((push(None, is_of_run=True),), {}, False),
    "run again, of who may write": ((push(MATE),), {"attempt": 2}, True),
    "run again, of who may not": ((push(STRANGER),), {"attempt": 2}, False),
    "run again, of nobody known": ((push(Person("who")),), {"attempt": 2}, False),
    "run again, of an account that is gone": ((push(None),), {"attempt": 2}, False),
    "run again, of a bot": ((push(APP),), {"attempt": 2}, False),
    "run again, of a bot by name": ((push(APP),), {"attempt": 2, "allowed": NAMED}, True),
    "run again, ours and a person's": ((OURS, push(MATE)), {"attempt": 2}, True),
    "run again, one of two may not": ((push(MATE), push(STRANGER)), {"attempt": 2}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_what_came_in_is_taken_in_by_who_pushed_it(case):
    pushes, how, runs = CASES[case]
    assert isinstance(decided(*pushes, **how), MayRun) is runs


def test_who_is_refused_for_the_code_alone_may_be_answered():
    told = decided(push(MATE))
    assert isinstance(told, Skip)
    assert told.answered == MayRun(HEAD)
    assert "may have been pushed to" in told.why
    assert not told.is_unknown


def test_whoever_may_not_ask_is_not_answered_whatever_the_code():
    told = decided(OURS, rights={"Codertocat": Right.READ})
    assert isinstance(told, Skip)
    assert told.answered is None


def test_a_push_to_a_fork_is_never_taken_in():
    head = {"sha": HEAD, "ref": "x", "repo": {**FORK, "pushed_at": LATER}}
    event = replace(on_pull(None, {"head": head}), pushes=(OURS,))
    assert not needs_pushes(event)
    assert isinstance(decide(event, RIGHTS, Allowed(forks=True)), Skip)


def test_who_pushed_is_looked_up_only_where_it_decides():
    assert needs_pushes(on_pull(committed_at=LATER))
    assert not needs_pushes(on_pull(committed_at=EARLIER))
    assert not needs_pushes(event_of("push"))
    event = replace(on_pull(committed_at=LATER), pushes=(push(MATE), push(BOT)))
    assert "mate" not in logins_to_ask(event)
    again = replace(event, job=replace(event.job, attempt=2))
    assert {*logins_to_ask(again)} == {"Codertocat", "mate"}


def test_a_job_that_only_publishes_is_not_kept_from_it():
    event = on_pull(committed_at=LATER)
    assert isinstance(decide(event, RIGHTS, Allowed()), Skip)
    assert decide(event, RIGHTS, Allowed(), runs_agents=False) == MayRun(HEAD)
    nobody = decide(event, {"Codertocat": Right.READ}, Allowed(), runs_agents=False)
    assert isinstance(nobody, Skip)


# --- the record of pushes ---------------------------------------------------------------------

A, B, C = (push(MATE, after=x, before=y, at=LATER) for x, y in (("c", "b"), ("b", "a"), ("a", "0")))
OLDER = replace(C, at=EARLIER)
SINCE = {
    "none since": ("a", [OLDER], ()),
    "two since": ("c", [A, B, OLDER], (A, B)),
    "one at that very second": ("b", [replace(B, at=NOON), OLDER], (replace(B, at=NOON),)),
    "the head is not there yet": ("d", [A, B, OLDER], None),
    "one is missing in between": ("c", [A, OLDER], None),
    "it does not go back far enough": ("c", [A, B], None),
    "there is none": ("c", [], None),
    "a time that cannot be read": ("b", [replace(B, at="soon"), OLDER], (replace(B, at="soon"),)),
}  # fmt: skip


@pytest.mark.parametrize("case", SINCE)
def test_pushes_since_are_all_of_them_or_not_known(case):
    head, told, found = SINCE[case]
    assert since(head, told, NOON) == found


# --- closed -----------------------------------------------------------------------------------

CLOSED = {"pull_request.state": "closed"}


@pytest.mark.parametrize(
    ("event", "runs"),
    [
        (on_pull(None, {"state": "closed"}), False),
        (on_pull(None, {"state": "open"}), True),
        (event_of("pull_request_review", CLOSED), False),
        (event_of("pull_request", {**CLOSED, "action": "labeled"}), False),
        (event_of("pull_request", {**CLOSED, "action": "closed"}), True),
        (event_of("issue_comment", {"issue.state": "closed"}), True),
        (event_of("issues", {"issue.state": "closed", "action": "labeled"}), True),
    ],
)
def test_nobody_asks_for_a_run_on_a_closed_pull_request(event, runs):
    told = decide(event, RIGHTS, Allowed())
    assert isinstance(told, MayRun) is runs
    if isinstance(told, Skip):
        assert "is closed" in told.why
        assert told.answered
        assert isinstance(decide(event, RIGHTS, Allowed(), runs_agents=False), MayRun)


# --- what is not known ------------------------------------------------------------------------

DOWN = Unknown("HTTP 502")


@pytest.mark.parametrize(
    ("rights", "is_unknown"),
    [
        ({"Codertocat": DOWN}, True),
        ({}, True),
        ({"Codertocat": Right.READ}, False),
        ({"Codertocat": DOWN, "other": Right.READ}, False),
        ({"Codertocat": Right.READ, "other": DOWN}, False),
        ({"Codertocat": Right.WRITE, "other": DOWN}, True),
    ],
)
def test_a_no_that_is_known_outranks_one_that_is_not(rights, is_unknown):
    event = event_of("pull_request", {}, **OTHERS_RUN)
    told = decide(event, {"other": Right.WRITE, **rights}, Allowed())
    assert isinstance(told, Skip)
    assert told.is_unknown is is_unknown


def test_a_pull_request_that_cannot_be_looked_up_is_not_known():
    event = event_of("issue_comment", {"issue.pull_request": {}, "issue.number": 2})
    told = decide(event, WRITER, Allowed())
    assert isinstance(told, Skip)
    assert told.is_unknown
    assert BASE not in told.why
