"""GitHub's own record of pushes, against the stand-in over a real repository."""

import base64

import pytest

from gump_action.errors import HostError
from gump_action.host.api import Api, Connection
from gump_action.host.event import Person, Push
from gump_action.host.github.activity import Activity

from ..github.remote import remote_of
from ..github.state import OUR_BOT, TOKEN
from ..system.served import git


@pytest.fixture
def activity(github, tmp_path):
    """Of a repository whose branch `topic` was pushed by us, after what was there."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    git(checkout, "init", "-q")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "first")
    connection = Connection(github.url, TOKEN, github.full_name)
    with (
        remote_of(checkout, github, tmp_path / "served") as remote,
        Api(connection, clock=lambda: 0.0, sleep=lambda seconds: None) as api,
    ):
        made = api.part(Activity)
        made.remote, made.first = remote, remote.begin("topic")
        yield made


def pushed(activity, message, *, many=1):
    """What we push with our token, as git does."""
    checkout, server = activity.remote.checkout, activity.remote.server
    for _ in range(many):
        git(checkout, "commit", "-q", "--allow-empty", "-m", message)
    login = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    header = f"http.extraHeader=Authorization: basic {login}"
    address = f"{server.url}/{activity.remote.github.full_name}"
    git(checkout, "-c", header, "push", "-q", address, "HEAD:topic")
    return activity.remote.head("topic")


def test_a_push_is_told_with_who_and_when_and_what_was_before(activity, github):
    head = pushed(activity, "Mend\n\nGump-Run: 1")
    last, begun = activity.pushes("topic")
    assert (last.before, last.after) == (activity.first, head)
    assert last.by == Person(OUR_BOT, "Bot")
    assert (begun.before, begun.after) == ("0" * 40, activity.first)
    assert last.at.endswith("Z")
    assert github.deviations == []


@pytest.mark.parametrize(
    ("message", "many", "is_of_run"),
    [("Mend\n\nGump-Run: 1", 1, True), ("Mend", 1, False), ("Mend\n\nGump-Run: 1", 2, False)],
)
def test_one_commit_with_the_trailers_is_of_a_run(activity, message, many, is_of_run):
    pushed(activity, message, many=many)
    assert activity.with_commit(activity.pushes("topic")[0]).is_of_run is is_of_run


def test_what_is_gone_or_forbidden_is_an_error(activity, github):
    with pytest.raises(HostError, match="is no commit"):
        activity.with_commit(Push("", "main", "", None))
    github.rights = {"contents": "none"}
    with pytest.raises(HostError, match="contents: read"):
        activity.pushes("topic")
