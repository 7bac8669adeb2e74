"""The answer to `/gump help` and to what cannot be understood."""

import re

import pytest

from gump_action.host.asking.asked import quiet
from gump_action.host.asking.command import parse_command, speaks_to_us
from gump_action.host.asking.reply import mark_on, reply
from gump_action.host.marks import mark_of
from gump_action.host.said.comment import LIMIT, size
from gump_action.workflow.model import Input, Workflow

from .occasion import event_of
from .runs import EVIL
from .test_comment import TAGS, words_outside_code
from .test_report import HOSTILE, tokens_of

URL = "https://github.example/octo/demo/pull/7#issuecomment-5"


def workflow(about="Mends", **inputs):
    return Workflow(name="x", description=about, inputs=inputs, steps=())


KNOWN = {
    "mend": workflow(
        level=Input(default="low"), place=Input(required=True), note=Input(description="A note")
    ),
    "broken": None,
}


def test_workflows_stand_with_their_inputs():
    text = reply(7, "", KNOWN, URL)
    assert text.splitlines()[0] == mark_on(7)
    assert "| `mend` | Mends | `level` (else `low`), `place` (required), `note` |" in text
    assert "| `broken` | its file has faults" in text
    assert f'<a href="{URL}">' in text
    assert "Nothing was started" not in text


def test_a_fault_stands_above_them():
    text = reply(7, "There is no workflow `x` to ask for.", {}, "")
    assert "There is no workflow `x` to ask for.\n\nNothing was started." in text
    assert "There is no workflow in `.gump/workflows/` to ask for." in text


@pytest.mark.parametrize("link", ["javascript:x", f'{URL}" onclick="x', "https://x/y#<b>"])
def test_a_link_that_is_none_is_left_out(link):
    assert "<a" not in reply(7, "", KNOWN, link)


def test_it_has_a_mark_of_its_own_for_each_subject():
    assert len({mark_on(7), mark_on(8), mark_of("w", "7")}) == 3


def test_no_answer_asks_for_anything():
    """Where a person's token writes it, GitHub tells us of it as of any comment."""
    text = reply(7, "x", KNOWN, URL)
    assert not speaks_to_us(text)
    assert parse_command(text, {"mend": ()}) is None
    assert quiet(event_of("issue_comment", {"comment.body": text}), "mend")


def test_many_workflows_are_counted():
    known = {
        f"w{n}": workflow("x" * 5000, **{f"i{m}": Input() for m in range(99)}) for n in range(99)
    }
    text = reply(7, "", known, URL)
    assert "49 more are left out" in text
    assert "79 more" in text
    assert size(text) < LIMIT


@pytest.mark.parametrize("text", [*HOSTILE, EVIL], ids=range(len(HOSTILE) + 1))
def test_what_a_workflow_says_of_itself_becomes_no_markup(text):
    known = {"w": workflow(text, a=Input(default=text))}
    markdown = reply(7, "", known, URL).removeprefix(mark_on(7))
    html = "".join(t.content for t in tokens_of(markdown) if "html" in t.type)
    assert set(re.findall(r"<[^>]*>", html)) <= TAGS | {f'<a href="{URL}">', "</a>"}
    words = "\n".join(words_outside_code(markdown)).replace(URL, "")
    assert not re.search(r"@\w|#\d|://|!\[|\]\(", words)
