"""What is asked of GitHub where somebody asks us, against the stand-in."""

import pytest

from gump_action.errors import HostError
from gump_action.host.api import Api, Connection
from gump_action.host.github.thread import Thread
from gump_action.host.marks import mark_of

from ..github.state import OUR_BOT, TOKEN, Fault

HEAD = "a" * 40


@pytest.fixture
def thread(github):
    connection = Connection(github.url, TOKEN, github.full_name)
    with Api(connection, clock=lambda: 0.0, sleep=lambda seconds: None) as api:
        yield api.part(Thread)


def test_all_that_an_account_has_written_is_found_over_all_pages(thread, github):
    first = github.add_comment(7, "first")
    github.add_comment(7, "chat", "alice", times=120)
    github.add_comment(8, "elsewhere")
    last = github.add_comment(7, "last")
    found = thread.comments_of(7, [OUR_BOT.upper()])
    assert [each.id for each in found] == [first["id"], last["id"]]


def test_what_an_account_of_ours_says_for_others_is_none_of_ours(thread, github):
    mark = mark_of("fix", "7")
    ours = github.add_comment(7, f"{mark}\nText")
    github.add_comment(7, f"Another action says\n{mark}")
    assert [each.id for each in thread.ours(7, [OUR_BOT])] == [ours["id"]]


def test_the_message_of_a_commit_is_told(thread, github):
    github.messages[HEAD] = "Fix it\n\nGump-Run: 1"
    assert thread.message(HEAD).endswith("Gump-Run: 1")
    with pytest.raises(HostError, match="is no commit"):
        thread.message("main")
    with pytest.raises(HostError, match="not found"):
        thread.message("b" * 40)


def test_a_label_is_on_or_not_whatever_the_case_of_its_letters(thread, github):
    github.add_pull(7, labels=["bug", "Gump:Fix"])
    assert thread.has_label(7, "gump:fix")
    assert not thread.has_label(7, "gump:fi")


@pytest.mark.parametrize("place", ["issues", "pulls"])
def test_a_comment_is_there_or_deleted_and_a_refusal_is_neither(thread, github, place):
    there = github.add_comment(7, "/gump fix")["id"]
    assert thread.has_comment("issues", there)
    assert not thread.has_comment(place, there + 1)
    github.faults = [Fault("/comments/", status=403)]
    with pytest.raises(HostError):
        thread.has_comment(place, there)


def test_a_host_run_is_cancelled_and_one_that_has_ended_is_none(thread, github):
    github.add_run(90)
    thread.cancel(90)
    thread.cancel(90)
    assert github.runs[0]["conclusion"] == "cancelled"
    github.rights = {"actions": "read"}
    with pytest.raises(HostError) as failure:
        thread.cancel(90)
    assert "`actions: write`" in failure.value.hint
