"""Runs whose result was carried somewhere, or was not: what people read of it is in golden/.

Destinations are decided, files are judged and verdicts are made by the action's own functions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gump_action.engine.state import RunState
from gump_action.host.answers import Account, Pull, Side
from gump_action.host.publishing import destination, rules
from gump_action.host.publishing.delivery import Delivery, judge_again
from gump_action.host.publishing.destination import Branch, Place, Result, Wish
from gump_action.host.publishing.tasks import branch_of, mark_of
from gump_action.host.said import carried
from gump_action.host.said.facts import Facts
from gump_action.system.git_changes import Changed, Finding
from gump_action.system.git_push import NotPushed, Why

from .runs import USUAL, passed_at_once

BASE, HEAD, OTHER = "1a2b3c4d5e6f" + "0" * 28, "c0ffee" + "1" * 34, "feed" + "2" * 36
NOW = datetime(2026, 9, 26, tzinfo=UTC)
OWN = branch_of("fix")
RESULT = Result(BASE, "d" * 64)
PATCH = """\
diff --git a/src/bill.py b/src/bill.py
--- a/src/bill.py
+++ b/src/bill.py
@@ -4,1 +4,1 @@
-    return sum(prices[:-1])
+    return sum(prices)
"""


def pull(number: int, branch: str, *, head: str = BASE, home: int = 7, **more) -> Pull:
    sides = Side(branch, head, home, "octo/bill"), Side("main", OTHER, 7, "octo/bill")
    words = {"body": mark_of("fix", [head], "e" * 64), "state": "open", "merged": False, **more}
    url = f"https://github.example/octo/bill/pull/{number}"
    return Pull(
        number, "t", author=Account("u"), labels=(),
        head=sides[0], base=sides[1], url=url, **words,
    )  # fmt: skip


SUBJECT = pull(12, "topic")
OURS = pull(15, OWN, head=OTHER)
ON_PULL = Place("main", Branch("topic", BASE), pull=SUBJECT)
OWN_PULL = Place("main", Branch(OWN, OTHER), into="main", ours=(OURS,))


def to(wish: Wish, place: Place, result: Result = RESULT) -> destination.Destination:
    return destination.destination(wish, result, place, NOW)


def silent(done: Delivery) -> Delivery:
    """By the job's own token."""
    return replace(done, lines=(*done.lines, carried.SILENT))


def refused(*changes: Changed) -> Delivery:
    return carried.refused(rules.judge(changes, [each.path for each in changes]))


FILE = "100644"
PUSH = to(Wish.PUSH, ON_PULL)
OPEN = to(Wish.PULL_REQUEST, replace(OWN_PULL, branch=Branch(OWN), ours=()))
CLOSED = replace(OURS, state="closed", closed="2026-09-20T08:00:00Z")
HOOK = "remote rejected: cannot lock ref 'refs/heads/topic'"

DELIVERIES = {
    "pushed": silent(carried.pushed(PUSH, HEAD)),
    "opened": silent(carried.opened(OPEN, HEAD, pull(15, OWN))),
    "updated": carried.updated(to(Wish.PULL_REQUEST, OWN_PULL), HEAD, OURS),
    "left": carried.left(to(Wish.PULL_REQUEST, replace(OWN_PULL, ours=(CLOSED,))), CLOSED),
    "refused": refused(
        Changed(".github/workflows/ci.yml", FILE, FILE, 400),
        Changed("src/bill.py", FILE, FILE, 90, finding=Finding.SECRET),
    ),
    "refused-for-now": refused(Changed("uv.lock", FILE, FILE, 400)),
    "moved": carried.patch(to(Wish.PUSH, replace(ON_PULL, branch=Branch("topic", OTHER)))),
    "moved-at-last": carried.not_pushed(PUSH, NotPushed(Why.MOVED, HOOK)),
    "protected": carried.patch(to(Wish.PUSH, replace(ON_PULL, branch=Branch("topic", BASE, True)))),
    "patch": carried.patch(to(Wish.PATCH, ON_PULL)),
    "fork": carried.patch(to(Wish.PUSH, replace(ON_PULL, is_fork=True))),
    "closed": carried.patch(to(Wish.PUSH, replace(ON_PULL, pull=replace(SUBJECT, state="closed")))),
    "no-change": carried.nothing(to(Wish.PUSH, ON_PULL, replace(RESULT, digest=""))),
    "unreachable": carried.failed("GitHub did not answer within 120 s (503)."),
    "no-right": carried.not_pushed(PUSH, NotPushed(Why.NO_RIGHT, "error: 403")),
}


def told(done: Delivery, facts: Facts = USUAL) -> tuple[RunState, Facts]:
    """As the last step tells it."""
    state = passed_at_once().state
    judge_again(state, done)
    is_patch = done.done == "patch"
    changes = () if done.has_no_change else facts.changes
    return state, replace(facts, delivery=done, changes=changes, patch=PATCH if is_patch else "")


UNKEPT = replace(USUAL, kept="nothing")
ELSEWHERE = replace(USUAL, kept="elsewhere")
TOLD = {
    **{f"result-{name}": told(done) for name, done in DELIVERIES.items()},
    "result-unreachable-unkept": told(DELIVERIES["unreachable"], UNKEPT),
    "result-unreachable-elsewhere": told(DELIVERIES["unreachable"], ELSEWHERE),
}
