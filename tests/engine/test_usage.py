"""One launch's own share, from figures of a call, of the launch or of the session."""

import pytest

from gump_action.engine.events import Usage as Told
from gump_action.engine.usage import Tally, add
from gump_action.providers.base import Usage, UsageSeen

NOTHING = Told()


def call(**figures):
    return UsageSeen(Usage(**figures), of="call")


def launch(**figures):
    return UsageSeen(Usage(**figures), of="launch")


def session(**figures):
    return UsageSeen(Usage(**figures), of="session")


# name: (what the stream says, what the session had used before, this launch, the session after it)
TALLIES = {
    "nothing said is unknown": ([], NOTHING, NOTHING, NOTHING),
    "nothing said leaves what was known of the session": (
        [], Told(input=5), NOTHING, Told(input=5)),
    "calls add up": (
        [call(input=1, output=2), call(input=3)], NOTHING,
        Told(input=4, output=2), Told(input=4, output=2)),
    "of a launch the last word counts": (
        [launch(input=1), launch(input=3)], NOTHING, Told(input=3), Told(input=3)),
    "a launch outranks its calls": (
        [call(input=1), launch(input=9), call(input=1)], NOTHING, Told(input=9), Told(input=9)),
    "a launch of a resumed session adds to it": (
        [launch(input=3)], Told(input=10), Told(input=3), Told(input=13)),
    "of a session only what is new counts": (
        [session(input=30, cost_usd=0.5)], Told(input=10, cost_usd=0.2),
        Told(input=20, cost_usd=0.3), Told(input=30, cost_usd=0.5)),
    "a session that counts anew is not negative": (
        [session(input=3)], Told(input=10), Told(input=0), Told(input=3)),
    "a first launch of a session is all of it": (
        [session(input=3)], NOTHING, Told(input=3), Told(input=3)),
    "field by field": (
        [call(input=1), session(cost_usd=0.4)], Told(cost_usd=0.1),
        Told(input=1, cost_usd=0.3), Told(input=1, cost_usd=0.4)),
    "a cost of the session beside tokens of the launch": (
        [UsageSeen(Usage(input=5, cost_usd=0.4), of="launch", cost_of="session")],
        Told(input=10, cost_usd=0.1), Told(input=5, cost_usd=0.3), Told(input=15, cost_usd=0.4)),
    "zero is known": ([call(input=0)], NOTHING, Told(input=0), Told(input=0)),
}  # fmt: skip


@pytest.mark.parametrize("case", TALLIES.values(), ids=TALLIES.keys())
def test_a_launch_is_given_its_own_share(case):
    said, before, own, total = case
    tally = Tally()
    for event in said:
        tally.add(event)
    assert tally.of_launch(before) == own
    assert tally.of_session(before) == total


SUMS = {
    "of nothing": ([], NOTHING),
    "of the unknown": ([NOTHING, NOTHING], NOTHING),
    "of known and unknown": (
        [Told(input=1), NOTHING, Told(input=2, output=1)],
        Told(input=3, output=1),
    ),
    "of dollars": ([Told(cost_usd=0.1), Told(cost_usd=0.2)], Told(cost_usd=0.3)),
}


@pytest.mark.parametrize("case", SUMS.values(), ids=SUMS.keys())
def test_the_sum(case):
    usages, total = case
    assert add(usages) == total
