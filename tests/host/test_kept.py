"""Which kept state a run goes on with, and where one can be kept."""

from pathlib import Path

import pytest

from gump_action.host.kept import Opened, choose, writes_cache


def opened(name, seq, files=1):
    return Opened(name, Path(name), seq, files)


@pytest.mark.parametrize(
    ("states", "chosen"),
    [
        ([], None),
        ([opened("one", 5)], "one"),
        ([opened("old", 5), opened("new", 9)], "new"),
        ([opened("new", 9), opened("old", 5)], "new"),
        ([opened("bare", 9, 3), opened("whole", 9, 8)], "whole"),
    ],
    ids=["none", "one", "further", "further, in another order", "equal, but one holds more"],
)
def test_the_ledger_that_goes_furthest_is_chosen(states, chosen):
    found = choose(states)
    assert (found.name if found else None) == chosen


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
