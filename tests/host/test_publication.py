"""The inputs about publishing, and what became of a result in words and outputs."""

import pytest

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold
from gump_action.errors import InputError
from gump_action.host.answers import Account, Pull, Side
from gump_action.host.publishing import publication
from gump_action.host.publishing.delivery import Delivery, Done, from_json
from gump_action.host.publishing.destination import (
    AsPatch,
    LeavePull,
    Nothing,
    OpenPull,
    PushTo,
    UpdatePull,
    Wish,
)
from gump_action.host.publishing.rules import Reason, Refused, Rule
from gump_action.host.report import report
from gump_action.host.said import carried, comment
from gump_action.host.said.facts import Facts
from gump_action.system.git_push import NotPushed, Why

from .runs import passed_at_once

BUNDLE = "gump-bundle-fix-0-0123456789abcdef-a2@sha256:" + "a" * 64
PUSH = PushTo("topic", "b" * 40, ("b" * 40,))
PULL = Pull(
    9, "t", "", Account("u"), "open", False, (),
    Side("gump/x", "c" * 40, 7, "o/r"), Side("main", "b" * 40, 7, "o/r"), "https://x.test/9",
)  # fmt: skip


def read(**inputs):
    given = {f"GUMP_{name.upper()}": value for name, value in inputs.items()}
    return publication.read(given)


def test_without_a_word_nothing_is_published():
    found = read()
    assert (found.mode, found.wish, found.answers, found.delivers) == (
        "full",
        Wish.NONE,
        True,
        False,
    )
    assert found.cool_down == 14


@pytest.mark.parametrize(
    ("inputs", "needs_workflow", "delivers"),
    [
        ({"publish": "push"}, True, True),
        ({"mode": "run"}, True, False),
        ({"mode": "ask"}, True, False),
        ({"mode": "publish", "bundle": BUNDLE}, False, True),
        ({"mode": "publish", "bundle": BUNDLE, "publish": "patch"}, False, True),
        ({"mode": "publish", "reason": "skipped"}, False, True),
    ],
)
def test_which_part_this_job_does(inputs, needs_workflow, delivers):
    found = read(**inputs)
    assert (found.needs_workflow, found.delivers) == (needs_workflow, delivers)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"mode": "both"}, "`mode` is 'both'"),
        ({"publish": "merge"}, "`publish` is 'merge'"),
        ({"mode": "run", "publish": "push"}, "`publish` belongs to"),
        ({"mode": "ask", "publish": "push"}, "`publish` belongs to"),
        ({"mode": "publish"}, "`bundle` is empty"),
        ({"bundle": BUNDLE}, "`bundle` is for"),
        ({"reason": "skipped"}, "`reason` is for"),
        ({"mode": "publish", "bundle": BUNDLE.upper()}, "`bundle` is 'GUMP"),
        ({"mode": "publish", "bundle": "gump-bundle-../x-a1@sha256:" + "a" * 64}, "as it is"),
        ({"mode": "publish", "bundle": BUNDLE + "\nx"}, "`bundle` is"),
        ({"allow_changes": "everything"}, "`allow-changes` is 'everything'"),
        ({"allow_changes": "secrets"}, "nothing that can be allowed"),
        ({"cool_down_days": "-1"}, "`cool-down-days` is '-1'"),
        ({"sign_commits": "yes"}, "`sign-commits` is 'yes'"),
        ({"task": "a\nb"}, "`task` has several lines"),
    ],
)
def test_what_is_wrong_is_said(inputs, words):
    with pytest.raises(InputError) as why:
        read(**inputs)
    assert words in str(why.value)


def test_a_bundle_is_a_name_and_a_digest():
    bundle = read(mode="publish", bundle=BUNDLE).bundle
    assert str(bundle) == BUNDLE


ALL = [
    carried.nothing(Nothing("x", has_no_change=True)),
    carried.patch(AsPatch("x", is_final=True)),
    carried.patch(AsPatch("x", has_moved=True)),
    carried.left(LeavePull(9, "x"), PULL),
    carried.refused(Refused((Reason(Rule.GITHUB, ".github/x"),))),
    carried.pushed(PUSH, "d" * 40),
    carried.opened(OpenPull(PUSH, "main"), "d" * 40, PULL),
    carried.updated(UpdatePull(9, PUSH), "d" * 40, PULL),
    carried.moved(PUSH, "e" * 40),
    carried.not_pushed(PUSH, NotPushed(Why.NETWORK, "x")),
    carried.failed("x"),
]


@pytest.mark.parametrize("done", ALL, ids=lambda done: str(done.done))
def test_it_comes_through_the_runner_as_it_was(done):
    assert from_json(done.to_json()) == done


def test_every_way_to_end_has_its_word():
    assert {done.done for done in ALL} == set(Done)


@pytest.mark.parametrize("done", ALL, ids=lambda done: str(done.done))
def test_what_became_of_it_is_told_once_in_comment_and_summary(done):
    state = passed_at_once().state
    verdict, why = done.verdict(Verdict.PASSED)
    fold(
        (state.ended.model_copy(update={"verdict": verdict, "why": why, "seq": state.seq}),), state
    )
    facts = Facts(delivery=done)
    for text in (comment.render(state, facts), report(state, None, facts=facts)):
        assert all(line in text for line in done.lines)
        assert text.lower().count("not published") <= 1
        assert ("is the branch" in text or "is on the branch" in text) == (
            not done.lines and not done.has_no_change
        )


VERDICTS = {
    Done.NOTHING: "nothing-to-do", Done.REFUSED: "blocked", Done.FAILED: "blocked",
}  # fmt: skip


@pytest.mark.parametrize("done", ALL, ids=lambda done: str(done.done))
def test_what_did_not_arrive_is_not_green(done):
    patch = "blocked" if done.is_wanting else "passed"
    verdict = patch if done.done is Done.PATCH else VERDICTS.get(done.done, "passed")
    assert done.verdict(Verdict.PASSED)[0] == verdict
    assert done.verdict(Verdict.FAILED) == (Verdict.FAILED, "")


@pytest.mark.parametrize(
    ("why", "done"),
    [
        (Why.NETWORK, Done.FAILED), (Why.NO_RIGHT, Done.FAILED), (Why.REFUSED, Done.FAILED),
        (Why.MOVED, Done.PATCH), (Why.PROTECTED, Done.PATCH), (Why.WORKFLOWS, Done.PATCH),
        (Why.SECRET, Done.PATCH), (Why.NOT_FORWARD, Done.PATCH),
    ],
)  # fmt: skip
def test_what_a_re_run_can_do_is_told_from_what_it_cannot(why, done):
    assert carried.not_pushed(PUSH, NotPushed(why)).done is done


def test_the_operation_is_of_a_pull_request():
    operations = [(done.done, done.outputs["pr-operation"]) for done in ALL]
    assert dict(operations)[Done.OPENED] == "created"
    assert dict(operations)[Done.LEFT] == "unchanged"
    assert dict(operations)[Done.PUSHED] == "none"


def test_words_of_git_are_no_markup():
    said = carried.not_pushed(PUSH, NotPushed(Why.NETWORK, "see https://evil.test @team #1"))
    assert "`https://evil.test @team #1)`" in said.lines[0]


def test_nothing_told_is_nothing():
    assert from_json("") is None
    assert Delivery(Done.NOTHING).outputs["published"] == "nothing"
