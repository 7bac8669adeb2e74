"""What our own pushes start."""

import pytest

from gump_action.host.publishing.tasks import branch_of
from gump_action.host.said.commit_words import Trailers, message_of
from gump_action.host.trigger.loops import is_ours, needs_message, needs_own, why_not

from .occasion import event_of, user

OURS = message_of("Fix it", Trailers("20261130-abcdef", "fix", ("claude",)), ["impl"])
THEIRS = "Fix it\n\nIt was broken.\n"
APP = "our-app[bot]"
PUSHED = {"sender": user(APP, "Bot")}
MESSAGES = [
    (OURS, True),
    (OURS.replace("\n", "\r\n"), True),
    (f"{THEIRS}\nReviewed-by: A\nGump-Run: 1", True),
    (THEIRS, False),
    ("", False),
    ("About Gump-Run: 1", False),
    ("Revert\n\nGump-Run: 1\n\nIt broke all.", False),
    ("x\n\nGump-Run:", False),
]


@pytest.mark.parametrize(("message", "ours"), MESSAGES)
def test_a_commit_of_ours_is_known_by_its_trailer(message, ours):
    assert is_ours(message) is ours


def push(name, edits=None, **more):
    action = {} if name == "push" else {"action": "synchronize"}
    return event_of(name, {**action, **(edits or {})}, **more)


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "push"])
@pytest.mark.parametrize("is_counted", [True, False])
def test_what_we_push_starts_nothing(name, is_counted):
    assert "pushed by a run of ours" in why_not(push(name), OURS, "", is_counted=is_counted)
    by_app = push(name, PUSHED)
    assert why_not(by_app, THEIRS, APP.upper(), is_counted=is_counted)
    assert why_not(by_app, THEIRS, "other[bot]", is_counted=is_counted) == ""
    assert why_not(push(name), THEIRS, "Codertocat", is_counted=is_counted) == ""


@pytest.mark.parametrize("name", ["pull_request", "push"])
def test_who_we_are_matters_where_a_program_has_pushed(name):
    assert needs_own(push(name, PUSHED))
    assert not needs_own(push(name))
    assert not needs_own(event_of("issues", PUSHED))


def test_other_events_of_a_pull_request_are_no_pushes():
    event = event_of("pull_request", {"action": "labeled"})
    assert why_not(event, OURS, "", is_counted=False) == ""


@pytest.mark.parametrize(
    ("action", "head", "base", "may"),
    [
        ("opened", branch_of("a"), branch_of("b"), False),
        ("edited", branch_of("a"), branch_of("b"), False),
        ("opened", branch_of("fix for pull_request 7"), "topic", True),
        ("opened", "topic", branch_of("b"), True),
        ("opened", branch_of("a"), "gump/mine", True),
        ("synchronize", branch_of("a"), branch_of("b"), True),
    ],
)
@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_a_pull_request_of_ours_onto_one_of_ours_starts_nothing(name, action, head, base, may):
    places = {"action": action, "pull_request.head.ref": head, "pull_request.base.ref": base}
    why = why_not(event_of(name, places), THEIRS, "", is_counted=False)
    assert (why == "") is may


@pytest.mark.parametrize(
    ("message", "is_counted", "may"),
    [(OURS, True, True), (OURS, False, False), (THEIRS, False, True)],
)
def test_a_host_run_after_our_push_starts_one_only_where_runs_are_counted(message, is_counted, may):
    why = why_not(event_of("workflow_run"), message, "", is_counted=is_counted)
    assert (why == "") is may


@pytest.mark.parametrize(
    ("name", "edits", "is_needed"),
    [
        ("check_run", {}, True),
        ("check_suite", {}, False),
        ("check_suite", {"check_suite.head_commit": None}, True),
        ("workflow_run", {"workflow_run.head_commit": None}, True),
        ("workflow_run", {}, False),
    ],
)
def test_the_message_of_what_was_checked_is_looked_up_where_it_is_not_told(name, edits, is_needed):
    assert needs_message(event_of(name, edits)) is is_needed


def test_a_person_may_run_it_again_all_the_same():
    more = {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "someone"}
    assert why_not(push("push", **more), OURS, "", is_counted=False) == ""
