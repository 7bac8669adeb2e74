"""How a task's pull request is told from others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gump_action.host.answers import Account, Pull, Side
from gump_action.host.publishing.tasks import (
    Commit,
    Marked,
    branch_of,
    is_own,
    mark_of,
    of_task,
    read_mark,
    task_digest,
)

HEAD, LAST, US = "a" * 40, "2" * 64, "github-actions[bot]"
TASK = task_digest("nightly")


OWN = branch_of("nightly")


def ours(author=US, ref=OWN):
    return Pull(
        number=7,
        title="t",
        body=f"{mark_of('nightly', [HEAD], LAST)}\nwords",
        author=Account(author),
        state="open",
        merged=False,
        labels=(),
        head=Side(ref, HEAD, 1, "o/r"),
        base=Side("main", "e" * 40, 1, "o/r"),
        url="",
    )


@pytest.mark.parametrize(
    ("found", "is_ours"),
    [
        (ours(), True),
        (ours(author="mallory"), False),
        (ours(author="other-app[bot]"), False),
        (ours(ref="topic"), False),
        (replace(ours(), head=Side(OWN, HEAD, 2, "m/r")), False),
        (replace(ours(), head=Side(OWN, HEAD, None, "")), True),
        (replace(ours(), body=f"words\n{ours().body}"), False),
        (replace(ours(), body=mark_of("weekly", [HEAD], LAST)), False),
        (replace(ours(), body=""), False),
    ],
)
def test_only_what_we_opened_for_this_task_is_ours(found, is_ours):
    assert (of_task([found], "nightly", US.upper()) == (found,)) is is_ours


@pytest.mark.parametrize("viewer", [US, "our-app[bot]"])
def test_what_the_jobs_own_token_opened_stays_ours_under_another(viewer):
    assert of_task([ours()], "nightly", viewer) == (ours(),)
    assert of_task([ours(author="our-app[bot]")], "nightly", "our-app[bot]")


PUSHED = Commit("Fix\n\nGump-Run: 1", (HEAD,), US, US)


@pytest.mark.parametrize(
    ("commit", "expected"),
    [
        (PUSHED, True),
        (replace(PUSHED, parents=(HEAD, LAST[:40])), True),
        (replace(PUSHED, author="our-app[bot]", committer="GitHub"), True),
        (replace(PUSHED, message="Fix"), False),
        (replace(PUSHED, parents=()), False),
        (replace(PUSHED, parents=(HEAD,) * 3), False),
        (replace(PUSHED, author="alice"), False),
        (replace(PUSHED, author="GitHub"), False),
        (replace(PUSHED, committer="alice"), False),
        (replace(PUSHED, author="other-app[bot]"), False),
    ],
)
def test_a_commit_that_we_pushed_is_known_by_its_trailer_and_its_names(commit, expected):
    assert is_own(commit, "our-app[bot]") is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Marked()),
        ("<!-- gump:task x -->", Marked()),
        (f"<!-- gump:task {TASK} -->", Marked()),
        (f"<!-- gump:task {TASK} {HEAD},{HEAD},{HEAD} {LAST} -->", Marked()),
        (f"  {mark_of('nightly', [HEAD], LAST)}\r\nx", Marked(TASK, (HEAD,), LAST)),
        (mark_of("nightly", [HEAD, "f" * 64], LAST), Marked(TASK, (HEAD, "f" * 64), LAST)),
    ],
)
def test_a_mark_is_read_from_the_first_line_alone(body, expected):
    assert read_mark(body) == expected


@pytest.mark.parametrize(
    "task", ["", "Nightly deps!", "../../main", "a" * 200, "-", "refs/heads/main", "é", "x.lock"]
)
def test_a_branch_name_is_plain_whatever_the_task_is_called(task):
    name = branch_of(task)
    assert name.startswith("gump/")
    assert {*name[5:]} <= {*"abcdefghijklmnopqrstuvwxyz0123456789-"}
    assert len(name) < 60
    assert name != branch_of(f"{task} ")
