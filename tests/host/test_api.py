"""The API against a stand-in for GitHub that checks both sides against GitHub's description."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gump_action.errors import HostError
from gump_action.host.api import Api, Connection, connection
from gump_action.host.trigger.rights import right_of

from ..github.state import OUR_BOT, TOKEN, Fault

MARK = "<!-- gump: fix -->"
COMMENTS = r"/issues/5/comments"


class Clock:
    """Time that passes only where someone sleeps."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.slept.append(seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def api(github, clock):
    connection = Connection(github.url, TOKEN, github.full_name)
    with Api(connection, clock=clock, sleep=clock.sleep) as api:
        yield api


# Comments


def test_our_comment_is_found_on_the_third_page(api, github):
    github.add_comment(5, "hello", "alice", times=230)
    ours = github.add_comment(5, f"{MARK}\nthe run passed")
    assert api.find_comment(5, MARK).id == ours["id"]


@pytest.mark.parametrize(
    ("author", "body"),
    [
        ("mallory", f"{MARK}\nmine"),
        ("github-actions", f"{MARK}\nmine"),
        ("other[bot]", f"{MARK}\nmine"),
        (OUR_BOT, f"> {MARK}\nquoted by another workflow"),
        (OUR_BOT, "<!-- gump: other -->\nof another workflow"),
    ],
)
def test_a_comment_of_others_is_not_ours(author, body, api, github):
    github.add_comment(5, body, author)
    assert api.find_comment(5, MARK) is None


@pytest.mark.parametrize("body", [f"{MARK}\ntext", f"{MARK}\r\ntext", MARK])
def test_a_mark_as_the_first_line_makes_it_ours(body, api, github):
    github.add_comment(5, body, OUR_BOT)
    assert api.find_comment(5, MARK).body == body


def test_a_token_of_an_app_has_its_own_comments(github, clock):
    github.tokens = {"ghs_of-an-app": "gump-app[bot]"}
    github.add_comment(5, MARK, OUR_BOT)
    ours = github.add_comment(5, MARK, "gump-app[bot]")
    api = Api(Connection(github.url, "ghs_of-an-app", github.full_name), sleep=clock.sleep)
    assert api.find_comment(5, MARK).id == ours["id"]


def test_the_oldest_of_several_is_kept(api, github):
    first = github.add_comment(5, MARK)
    github.add_comment(5, MARK)
    assert api.keep_comment(5, MARK, f"{MARK} new").id == first["id"]
    assert [comment["body"] for comment in github.comments] == [f"{MARK} new", MARK]


def test_a_comment_is_made_once_and_then_edited(api, github):
    api.keep_comment(5, MARK, f"{MARK}\none")
    api.keep_comment(5, MARK, f"{MARK}\ntwo")
    assert [comment["body"] for comment in github.comments] == [f"{MARK}\ntwo"]


def test_a_comment_that_was_made_behind_an_error_is_not_made_again(api, github):
    github.faults = [Fault(COMMENTS, "POST", times=1, kind="after", status=502)]
    api.keep_comment(5, MARK, f"{MARK}\ntext")
    assert [comment["body"] for comment in github.comments] == [f"{MARK}\ntext"]


def test_a_new_comment_is_not_asked_for_twice_where_the_first_may_have_been_made(api, github):
    github.faults = [Fault(COMMENTS, "POST", kind="after", status=502)]
    with pytest.raises(HostError, match="in trouble"):
        api.create_comment(5, "text")
    assert len(github.comments) == 1


def test_a_refused_comment_is_not_looked_for(api, github):
    github.rights = {"pull-requests": "read"}
    with pytest.raises(HostError, match="may not do this"):
        api.keep_comment(5, MARK, MARK)
    assert len(github.calls) == 3


def test_a_reaction_that_is_there_stays_the_one(api, github):
    comment = github.add_comment(5, "/gump fix", "alice")
    for _ in range(2):
        api.add_reaction("issues/comments", comment["id"], "eyes")
    assert [each["content"] for each in github.reactions] == ["eyes"]


# Who, and where


@pytest.mark.parametrize(
    ("role", "level", "may_write"),
    [
        ("admin", "admin", True),
        ("maintain", "write", True),
        ("write", "write", True),
        ("triage", "read", False),
        ("none", "none", False),
    ],
)
def test_a_permission_has_a_level_and_a_role(role, level, may_write, api, github):
    github.permissions = {"alice": role}
    permission = api.permission("alice")
    assert (permission.level, permission.role) == (level, role)
    assert right_of(permission).may_write is may_write


def test_a_permission_that_cannot_be_looked_up_is_an_error(api, github):
    github.faults = [Fault("/collaborators/", status=404)]
    with pytest.raises(HostError):
        api.permission("alice")


@pytest.mark.parametrize("login", ["..", "alice/../../x", "a?b", ""])
def test_a_login_cannot_lead_to_another_call(login, api, github):
    with pytest.raises(HostError, match="no login"):
        api.permission(login)
    assert github.calls == []


@pytest.mark.parametrize(
    ("repository", "is_foreign"), [("", False), ("mallory/plant", True), (None, True)]
)
def test_a_head_elsewhere_or_deleted_is_foreign(repository, is_foreign, api, github):
    github.add_pull(5, head_repository=repository)
    github.add_run(9, head_repository=repository)
    assert (api.pull(5).is_foreign, api.run(9).is_foreign) == (is_foreign, is_foreign)


def test_a_pull_request_is_read_whole(api, github):
    github.add_pull(5, head_repository="bob/plant", author="bob", labels=["gump:fix"])
    pull = api.pull(5)
    assert (pull.author.login, pull.labels) == ("bob", ("gump:fix",))
    assert (pull.head.full_name, pull.base.ref, pull.base.sha) == ("bob/plant", "main", "b" * 40)


def test_a_run_names_its_host_workflow_without_the_branch(api, github):
    github.add_run(9, path=".github/workflows/gump.yml@main", run_attempt=3)
    run = api.run(9)
    assert (run.path, run.attempt) == (".github/workflows/gump.yml", 3)


@pytest.mark.parametrize(
    ("url", "token", "repository"),
    [
        ("ftp://github.test", TOKEN, "o/r"),
        ("https://user:word@github.test", TOKEN, "o/r"),
        ("https://github.test", "", "o/r"),
        ("https://github.test", "ghs_a\nX-Evil: 1", "o/r"),
        ("https://github.test", TOKEN, "o/r/../x"),
    ],
)
def test_a_connection_that_cannot_be_is_refused_without_the_token(url, token, repository):
    with pytest.raises(HostError) as caught:
        Connection(url, token, repository)
    assert "ghs_" not in str(caught.value)


def test_a_job_says_where_its_api_is():
    environ = {"GITHUB_API_URL": "https://github.test/api/v3", "GITHUB_REPOSITORY": "o/r"}
    assert connection(environ, TOKEN) == Connection("https://github.test/api/v3", TOKEN, "o/r")


def test_outside_a_job_there_is_no_connection():
    with pytest.raises(HostError, match="names no repository"):
        connection({}, TOKEN)


def test_the_token_is_in_no_picture_of_the_connection():
    assert TOKEN not in repr(Connection("https://github.test", TOKEN, "o/r"))


def test_an_enterprise_server_has_its_api_below_a_path(github, clock):
    github.add_comment(5, "hello", "alice", times=120)
    ours = github.add_comment(5, MARK)
    api = Api(Connection(f"{github.url}/api/v3/", TOKEN, github.full_name), sleep=clock.sleep)
    assert api.find_comment(5, MARK).id == ours["id"]
    paths = [call.split()[1].partition("?")[0] for call in github.calls]
    assert paths == ["/api/graphql", *["/api/v3/repos/octo/plant/issues/5/comments"] * 2]


# Trouble


def test_trouble_at_github_is_waited_out(api, github, clock):
    github.add_pull(5)
    github.faults = [Fault("/pulls/", times=3)]
    assert api.pull(5).number == 5
    assert clock.slept == [1, 2, 4]


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [
        (429, {"Retry-After": 7}, [7]),
        (403, {"Retry-After": 7}, [7]),
        (503, {}, [1]),
    ],
)
def test_the_server_says_how_long_to_wait(status, headers, waits, api, github, clock):
    github.faults = [Fault(COMMENTS, "POST" if status != 503 else "GET", 1, "answer", status)]
    github.faults[0].headers = headers
    api.keep_comment(5, MARK, MARK)
    assert (clock.slept, len(github.comments)) == (waits, 1)


def test_a_wait_longer_than_the_patience_is_not_begun(api, github, clock):
    github.faults = [Fault("/pulls/", status=429, headers={"Retry-After": 3600})]
    with pytest.raises(HostError, match="waited for 1 h 00 min"):
        api.pull(5)
    assert clock.slept == []


def test_a_service_that_is_down_costs_the_patience_once(api, github, clock):
    github.faults = [Fault("/actions/")]
    for _ in range(5):
        with pytest.raises(HostError, match="in trouble"):
            api.artifacts(9)
    assert clock.now <= 30


def test_a_service_that_hangs_costs_little_more_than_the_patience(github):
    github.faults = [Fault("/actions/", kind="hang")]
    with (
        Api(Connection(github.url, TOKEN, github.full_name), patience=1.5) as api,
        pytest.raises(HostError, match="no answer in time"),
    ):
        api.artifacts(9)
    assert len(github.calls) == 1


def test_a_dropped_connection_is_made_again(api, github, clock):
    github.add_pull(5)
    github.faults = [Fault("/pulls/", times=1, kind="drop")]
    assert api.pull(5).number == 5
    assert clock.slept == [1]


def test_a_server_that_is_not_there_is_asked_for_a_new_comment_again(clock):
    connection = Connection("http://127.0.0.1:9", TOKEN, "o/r")
    with pytest.raises(HostError, match="no connection"):
        Api(connection, clock=clock, sleep=clock.sleep).create_comment(5, "text")
    assert len(clock.slept) > 2


@pytest.mark.parametrize(
    ("rights", "words"),
    [
        ({"contents": "read"}, "`issues: write` or `pull-requests: write`"),
        ({"issues": "write"}, None),
    ],
)
def test_a_refusal_names_the_permission(rights, words, api, github):
    github.rights = rights
    if words is None:
        assert api.create_comment(5, "text").body == "text"
        return
    with pytest.raises(HostError) as caught:
        api.create_comment(5, "text")
    assert words in str(caught.value)
    assert caught.value.status == 403


def test_a_token_that_is_not_accepted_is_said_and_not_shown(github, clock):
    api = Api(Connection(github.url, "ghs_expired-1234", github.full_name), sleep=clock.sleep)
    with pytest.raises(HostError, match="not accepted") as caught:
        api.repository()
    assert "ghs_" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_follows_no_redirect_to_another_host(status, api, github, clock, capfd):
    elsewhere = {"Location": f"{github.blob_url.replace('127.0.0.1', 'localhost')}/1.zip"}
    github.faults = [Fault("/pulls/", status=status, headers=elsewhere)]
    with pytest.raises(HostError, match="redirect that is not followed"):
        api.pull(5)
    assert github.blob_calls == []
    assert capfd.readouterr() == ("", "")


def test_an_answer_that_is_no_json_is_an_error(api, github):
    github.faults = [Fault("/pulls/", status=200, body="<html>")]
    with pytest.raises(HostError, match="cannot read"):
        api.pull(5)


@pytest.mark.parametrize(
    ("path", "body", "ask"),
    [
        ("/graphql", '{"data": null, "errors": [{"message": "no"}]}', lambda api: api.viewer()),
        ("/graphql", '{"data": {"viewer": {"login": ""}}}', lambda api: api.viewer()),
        ("/artifacts", '{"artifacts": null}', lambda api: api.artifacts(9)),
        ("/issues/5/comments", "{}", lambda api: api.find_comment(5, MARK)),
    ],
)
def test_an_answer_of_another_kind_is_an_error(path, body, ask, api, github):
    github.faults = [Fault(path, status=200, body=body)]
    with pytest.raises(HostError, match="cannot read"):
        ask(api)


def test_pages_that_do_not_follow_one_another_are_an_error(api, github):
    link = f'<{github.at("/actions/runs/9/artifacts")}?page=1>; rel="next"'
    github.add_artifact("state", b"x", run_id=9)
    github.faults = [
        Fault(
            "/actions/runs/9/artifacts",
            status=200,
            headers={"Link": link},
            body="""
        {"total_count": 0, "artifacts": []}""",
        )
    ]
    with pytest.raises(HostError, match="do not follow"):
        api.artifacts(9)


def test_pygithub_is_not_imported_before_the_first_call():
    code = (
        "import gump_action.host.api, sys; sys.exit(bool({'github','requests'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_an_answer_with_odd_headers_is_tried_again(api, github, clock):
    github.add_pull(5)
    odd = {"X-RateLimit-Remaining": "many", "X-RateLimit-Limit": "x"}
    github.faults = [Fault("/pulls/", times=1, status=200, headers=odd)]
    assert api.pull(5).number == 5
    assert clock.slept == [1]


def test_a_permission_needs_nothing_that_a_job_can_be_given(api, github):
    github.faults = [Fault("/collaborators/", status=404)]
    with pytest.raises(HostError) as caught:
        api.permission("alice")
    assert "permissions:" not in str(caught.value)
