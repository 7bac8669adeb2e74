"""When a call is made again, after how long, and what is said of one that is not."""

from __future__ import annotations

import json

import pytest

from gump_action.host.github.patience import Ask, Reply, failure, permission_of, wait_after

READ = Ask("GET", "/x", "actions: read")
NEW = Ask("POST", "/x", "pull-requests: write", once=True)
DATE = "Sat, 01 Aug 2026 12:00:00 GMT"
RESET = "1785585642"  # 42 seconds later
SECONDARY = json.dumps({"message": "You have exceeded a secondary rate limit."})


def spent(**headers):
    return {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET, "date": DATE} | headers


@pytest.mark.parametrize(
    ("ask", "reply", "tries", "wait"),
    [
        (READ, Reply(500), 1, 1),
        (READ, Reply(502), 2, 2),
        (READ, Reply(503), 9, 8),
        (READ, Reply(0, text="no answer"), 1, 1),
        (NEW, Reply(502), 1, None),
        (NEW, Reply(0), 1, None),
        (NEW, Reply(0, did_nothing=True), 1, 1),
        (NEW, Reply(429, {"retry-after": "5"}), 1, 5),
        (NEW, Reply(403, {}, SECONDARY), 1, 60),
        (READ, Reply(403, {"retry-after": "0"}), 2, 2),
        (READ, Reply(403, {"retry-after": "soon"}, SECONDARY), 1, 60),
        (READ, Reply(403, spent()), 1, 43),
        (READ, Reply(429, spent(date="no date")), 1, 60),
        (READ, Reply(429, spent(**{"x-ratelimit-reset": "?"})), 1, 60),
        (READ, Reply(429), 1, 60),
        (READ, Reply(403), 1, None),
        (READ, Reply(403, {}, json.dumps({"message": "Must have admin rights"})), 1, None),
        (READ, Reply(401), 1, None),
        (READ, Reply(404), 1, None),
        (READ, Reply(422), 1, None),
        (READ, Reply(302), 1, None),
    ],
)
def test_how_long_to_wait(ask, reply, tries, wait):
    assert wait_after(ask, reply, tries) == wait


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("", "`actions: read`"),
        ("metadata=read", "`actions: read`"),
        ("pull_requests=write", "`pull-requests: write`"),
        ("issues=write; pull_requests=write", "`issues: write` or `pull-requests: write`"),
        ("contents=write,workflows=write", "`contents: write` and `workflows: write`"),
    ],
)
def test_what_a_token_lacks_is_said_as_a_host_workflow_writes_it(told, words):
    assert permission_of(READ, Reply(403, {"x-accepted-github-permissions": told})) == words


@pytest.mark.parametrize(
    ("reply", "wait", "words"),
    [
        (Reply(401), None, "the token is not accepted (401)"),
        (Reply(403), None, "`actions: read`"),
        (Reply(404), None, "If it is there, give the job `permissions:` with `actions: read`"),
        (Reply(429), 60.0, "a rate limit, to be waited for 1 min 00 s (429)"),
        (Reply(307), None, "a redirect that is not followed (307)"),
        (Reply(422, {}, '{"message": "Validation Failed"}'), None, "(422) (Validation Failed)"),
        (Reply(504), None, "GitHub is in trouble (504)"),
        (Reply(0, text="no answer in time"), None, "GET /x: no answer in time."),
    ],
)
def test_a_failure_says_where_what_and_what_to_do(reply, wait, words):
    assert words in str(failure(READ, reply, wait))
    assert failure(READ, reply, wait).status == reply.status


def test_what_the_server_says_is_one_short_clean_line():
    text = json.dumps({"message": "a\n::error::b \x1b[31m" + "c" * 1000})
    said = Reply(422, {}, text).said
    assert "\n" not in said
    assert "\x1b" not in said
    assert len(said) <= 300


@pytest.mark.parametrize("text", ["", "<html>", "[" * 100_000, "[]", '{"message": null}'])
def test_an_odd_body_of_a_failure_says_nothing(text):
    assert Reply(500, {}, text).said in ("", "None")
