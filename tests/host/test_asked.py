"""Which workflow an event asks for, by tables of events."""

import pytest

from gump_action.host.asking.asked import (
    Again,
    Help,
    Quiet,
    Start,
    Stop,
    comment_on,
    declared,
    is_by_person,
    merged,
    name_of,
    names_one,
    quiet,
    wish_of,
    with_request,
)
from gump_action.host.asking.reply import mark_on
from gump_action.host.marks import mark_of

from .occasion import event_of, own_pulls, user

KNOWN = {"fix": ("level",), "docs": (), "path": ()}
COMMENTS = {
    "issue_comment": "comment.body",
    "pull_request_review_comment": "comment.body",
    "pull_request_review": "review.body",
}
NAMED = ("fix", "fix.yaml", ".gump/workflows/fix.yaml", "ci/fix.yml")


def said(text, name="issue_comment", **edits):
    return event_of(name, {COMMENTS[name]: text, **edits})


def labeled(label, name="pull_request", action="labeled", **edits):
    return event_of(name, {"action": action, "label": {"name": label}, **edits})


def dispatched(name):
    return event_of("workflow_dispatch", {"inputs": {"workflow": name}})


def wish(event, workflow="asked"):
    return wish_of(event, workflow, KNOWN)


def fault(event, workflow="asked"):
    found = wish(event, workflow)
    assert isinstance(found, Help)
    return found.fault


WISHES = {
    "/gump fix": Start("fix"),
    "/gump fix level=2 now\nand more": Start("fix", ("level=2",), "now\nand more"),
    "Well.\n\n/gump docs": Start("docs"),
    "/gump again": Again(""),
    "/gump again docs": Again("docs"),
    "/gump stop": Stop(""),
    "/gump stop docs": Stop("docs"),
    "/gump help": Help(),
    "/gump": Help(),
}


@pytest.mark.parametrize("name", COMMENTS)
@pytest.mark.parametrize("text", WISHES)
def test_a_comment_says_which_one(name, text):
    assert wish(said(text, name)) == WISHES[text]


@pytest.mark.parametrize("text", ["/gump fxi", "/gump fix levle=1", "/gump fix\n/gump docs"])
@pytest.mark.parametrize("workflow", ["asked", "fix"])
def test_what_cannot_be_understood_is_answered_with_help(text, workflow):
    assert fault(said(text), workflow)


@pytest.mark.parametrize("name", COMMENTS)
@pytest.mark.parametrize("text", ["Nice", "> /gump fix", "Try `/gump fix`", "", "see /gump fix"])
def test_a_comment_that_does_not_speak_to_us_is_nothing(name, text):
    assert isinstance(quiet(said(text, name), "asked"), Quiet)


@pytest.mark.parametrize("name", ["issue_comment", "pull_request_review_comment"])
@pytest.mark.parametrize("workflow", NAMED)
def test_chat_starts_nothing_also_where_the_workflow_is_named(name, workflow):
    assert isinstance(wish(said("Please fix it", name), workflow), Quiet)


def test_a_review_starts_a_named_workflow_without_a_command():
    event = said("Please fix it", "pull_request_review")
    assert wish(event, "fix") == Start("fix", is_asked=False)


@pytest.mark.parametrize("mark", [mark_of("w", "7"), mark_on(7)])
def test_what_we_wrote_asks_for_nothing_whoever_posted_it(mark):
    assert isinstance(quiet(said(f"{mark}\n/gump fix"), "asked"), Quiet)


@pytest.mark.parametrize("workflow", NAMED)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/gump fix", Start("fix")),
        ("/gump again", Again("fix")),
        ("/gump again fix", Again("fix")),
        ("/gump stop", Stop("fix")),
        ("/gump help", Help()),
    ],
)
def test_a_named_workflow_answers_to_its_name(workflow, text, expected):
    assert wish(said(text), workflow) == expected


@pytest.mark.parametrize("text", ["/gump docs", "/gump again docs", "/gump stop docs"])
def test_a_named_workflow_leaves_others_to_their_own_host_workflow(text):
    assert isinstance(wish(said(text), "fix"), Quiet)


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "issues"])
def test_a_label_says_which_one(name):
    assert wish(labeled("gump:docs", name)) == Start("docs")
    assert wish(labeled("gump:docs", name), "docs") == Start("docs")
    assert isinstance(quiet(labeled("gump:docs", name), "fix"), Quiet)


@pytest.mark.parametrize(
    ("label", "action"),
    [
        ("bug", "labeled"),
        ("gump:fix", "unlabeled"),
        ("gump:fix", "opened"),
        ("Gump:fix", "labeled"),
    ],
)
def test_other_labels_and_other_things_done_with_them_ask_for_nothing(label, action):
    event = labeled(label, action=action)
    assert isinstance(quiet(event, "asked"), Quiet)
    assert wish(event, "fix") == Start("fix", is_asked=False)


def test_a_label_of_no_workflow_is_a_fault():
    assert "`nope`" in fault(labeled("gump:nope"))
    assert "`../x`" in fault(labeled("gump:../x"))


def test_a_dispatch_says_which_one():
    assert wish(dispatched("docs")) == Start("docs")
    assert wish(dispatched("docs"), "fix") == Start("fix", is_asked=False)
    assert "`.gump/workflows/docs.yaml`" in fault(dispatched(".gump/workflows/docs.yaml"))
    assert "No workflow is named" in fault(event_of("workflow_dispatch"))


@pytest.mark.parametrize("name", ["push", "workflow_run", "pull_request", "merge_group", "issues"])
def test_an_event_that_names_none_starts_only_a_named_one(name):
    assert isinstance(quiet(event_of(name), "asked"), Quiet)
    assert wish(event_of(name), "fix") == Start("fix", is_asked=False)
    assert not names_one(event_of(name), "fix")


@pytest.mark.parametrize(
    ("workflow", "name"), [("asked", ""), *((each, "fix") for each in NAMED), ("v1.2", "v1.2")]
)
def test_the_name_of_what_the_input_names(workflow, name):
    assert name_of(workflow) == name


@pytest.mark.parametrize(
    ("event", "wanted", "number"),
    [
        (said("x"), "auto", 0),
        (said("/gump fix"), "auto", 1),
        (said("/gump fix"), "never", 0),
        (said("x"), "always", 1),
        (said("x", **{"issue.pull_request": {}}), "auto", 1),
        (labeled("gump:fix", "issues"), "auto", 1),
        (labeled("bug", "issues"), "auto", 0),
        (labeled("bug"), "auto", 2),
        (event_of("workflow_run", own_pulls()), "auto", 2),
        (event_of("workflow_run"), "always", 0),
        (event_of("push"), "always", 0),
    ],
    ids=str,
)
def test_where_the_comment_stands(event, wanted, number):
    assert comment_on(event, wanted) == number


def test_the_free_text_is_what_is_asked_for():
    event = said("/gump fix now")
    assert with_request(event, "now").text.comment == "now"
    assert with_request(event, "") == event


BOT = {"sender": user("x[bot]", "Bot")}
AGAIN = {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "someone"}
AGAIN_BY_BOT = {**AGAIN, "GITHUB_TRIGGERING_ACTOR": "x[bot]"}


@pytest.mark.parametrize(
    ("event", "is_asked"),
    [
        (said("/gump fix"), True),
        (said("/gump fix", **BOT), False),
        (said("x", "pull_request_review"), True),
        (labeled("gump:fix"), True),
        (labeled("gump:fix", **BOT), False),
        (dispatched("fix"), True),
        (event_of("workflow_dispatch", BOT), False),
        (event_of("pull_request", {"action": "review_requested"}), True),
        (event_of("pull_request", {"action": "opened"}), False),
        (event_of("pull_request", {"action": "synchronize"}), False),
        (event_of("push"), False),
        (event_of("workflow_run"), False),
        (event_of("workflow_run", **AGAIN), True),
        (event_of("workflow_run", **AGAIN_BY_BOT), False),
        (event_of("schedule"), False),
    ],
    ids=range(15),
)
def test_who_asks_for_just_this(event, is_asked):
    assert is_by_person(event) is is_asked


def test_what_is_asked_for_stands_in_the_place_of_the_host_workflows_values():
    assert merged(("a=1", "b=2"), ("b=3", "c=4")) == ("a=1", "b=3", "c=4")
    assert merged(("a=x=y",), ()) == ("a=x=y",)
    assert declared(("a=1", "b=2=3"), ("b",)) == ("b=2=3",)


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\r"])
def test_no_value_makes_two_lines(sign):
    """They are handed on one in a line."""
    found = wish(said(f"/gump fix level=a{sign}other=b"))
    assert isinstance(found, Help) or all(len(line.splitlines()) == 1 for line in found.sets)
