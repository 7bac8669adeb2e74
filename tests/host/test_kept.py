"""Which kept state a run goes on with, and where one can be kept."""

from pathlib import Path

import pytest

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState
from gump_action.host.kept import Opened, choose, writes_cache
from gump_action.host.run_key import attempt_in, job_attempt

PASSED = e.RunEnded(verdict=Verdict.PASSED)
BLOCKED = e.RunEnded(verdict=Verdict.BLOCKED)


def opened(name, seq, told="", *, files=1, attempts=1, ended=None):
    known = {"impl": []} if attempts else {}
    state = RunState(seq=seq, job_attempt=told, attempts=known, ended=ended)
    return Opened(name, Path(name), files, state)


def each_way(states):
    return [states, states[::-1]]


@pytest.mark.parametrize(
    ("states", "chosen"),
    [
        ([], None),
        ([opened("one", 5)], "one"),
        ([opened("old", 5), opened("new", 9)], "new"),
        ([opened("bare", 9, files=3), opened("whole", 9, files=8)], "whole"),
        ([opened("first", 5, "100/1"), opened("second", 9, "100/2")], "second"),
        ([opened("failed", 30, "100/1"), opened("anew", 9, "100/2")], "anew"),
        ([opened("failed", 30, "100/1"), opened("passed", 9, "100/2", ended=PASSED)], "passed"),
        ([opened("ninth", 30, "100/9"), opened("tenth", 9, "100/10")], "tenth"),
        ([opened("before marks", 30), opened("marked", 9, "100/2")], "marked"),
        ([opened("of before", 30, "99/7"), opened("anew", 9, "100/2")], "anew"),
        ([opened("work", 30, "100/1"), opened("start", 4, "100/2", attempts=0)], "work"),
        (
            [
                opened("work", 30, "100/1"),
                opened("blocked", 4, "100/2", attempts=0, ended=BLOCKED),
            ],
            "work",
        ),
        (
            [opened("work", 30, "100/1"), opened("empty", 4, "100/2", attempts=0, ended=PASSED)],
            "empty",
        ),
    ],
    ids=[
        "none",
        "one",
        "of unknown attempts, the further",
        "equal, but one holds more",
        "one run, the further",
        "a run that began anew",
        "a run that began anew and passed",
        "attempts are numbers",
        "a record of before attempts were written down",
        "another host run",
        "a start that came to nothing",
        "a start that was blocked",
        "nothing was to be attempted",
    ],
)
def test_the_state_of_the_latest_attempt_of_the_job_is_chosen(states, chosen):
    for given in each_way(states):
        found = choose(given, 100)
        assert (found.name if found else None) == chosen


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "100", "GITHUB_RUN_ATTEMPT": "2"}, "100/2"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "100"}, "100/1"),
        ({"GITHUB_RUN_ID": "100", "GITHUB_RUN_ATTEMPT": "2"}, ""),
        ({"GITHUB_ACTIONS": "true"}, ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "::error::"}, ""),
    ],
    ids=["a job", "its first attempt", "no job", "no host run", "no number"],
)
def test_a_record_is_told_the_attempt_of_its_job(environ, told):
    assert job_attempt(environ) == told


@pytest.mark.parametrize(
    ("told", "attempt"),
    [("100/2", 2), ("99/2", 0), ("", 0), ("100/0", 0), ("100/2/3", 0), ("100/9999999", 0)],
)
def test_only_attempts_of_this_host_run_count(told, attempt):
    assert attempt_in(100, told) == attempt


@pytest.mark.parametrize(
    ("event", "writes"),
    [
        ("push", True),
        ("schedule", True),
        ("pull_request", True),
        ("issue_comment", False),
        ("pull_request_target", False),
    ],
)
def test_where_strangers_can_start_a_job_no_cache_is_written(event, writes):
    assert writes_cache({"GITHUB_EVENT_NAME": event}) is writes
