"""Whatever strangers write, reading twice of it costs about twice as much."""

import itertools
import random

import pytest

from gump_action.host.asking.command import parse_command
from gump_action.host.asking.sameness import _settled
from gump_action.host.outside.cleaning import markdown
from gump_action.host.words import prose
from gump_action.redaction import Redactor

from .growth import MOST, growth

SIGNS = [
    *("<", "!", "a", " ", "[", "]", "(", ")", '"', "`", "\n", ">", "=", "(image)"),
    *(
        "'",
        "\\",
        "-",
        "/",
        "{",
        "}",
        "&",
        "^",
        ":",
        "~",
        "<!--",
        "?",
        "\t",
        "![",
        "](",
        "<a ",
        "</",
    ),
    *("[^a]:", "[x]:", '[x]: y "', '](x "', "<p hidden>", "<!A", "<?", "```", "- ", "1. ", "%%"),
    *("\\phantom{", "\\color", "&#1;", "\u0301", "\x1b[", "\x1b]", "\r", "1", "::", "##[", "%5c"),
    *("eyJ", "sk-ant-", "-----BEGIN PRIVATE KEY-----", "hunter2-hunter", "hunter2 hunter2"),
]
FEW = SIGNS[:14]
READERS = {
    "markdown": lambda text: markdown(text, 10_000),
    "command": lambda text: parse_command(f"{text}\n/gump fix {text}", {"fix": ["a"]}),
    "redactor": Redactor(["hunter2 hunter2", "a\\\\b-hunter2-hunter2\\n"]).clean,
    "prose": prose,
    "sameness": _settled,
}


@pytest.mark.parametrize("first", FEW)
def test_what_is_repeated_without_end_is_read_in_one_go(first):
    periods = [first, *(first + second for second in FEW)]
    costs = {period: growth(READERS["markdown"], "", period) for period in periods}
    assert {period: cost for period, cost in costs.items() if cost >= MOST} == {}


def mixtures(seed):
    """Each a beginning, what is repeated behind it, and an end."""
    chance = random.Random(seed)
    while True:
        yield tuple(
            "".join(chance.choices(SIGNS, k=chance.randint(*k))) for k in [(0, 3), (1, 3), (0, 2)]
        )


@pytest.mark.parametrize("name", READERS)
def test_what_is_put_together_from_signs_is_read_in_one_go(name):
    tried = itertools.islice(mixtures(name), 60)
    costs = {each: growth(READERS[name], *each) for each in tried}
    assert {each: cost for each, cost in costs.items() if cost >= MOST} == {}


OPENED = [
    *("<!--", "<a ", '<a "', "![", "[](", "](x ", "[x]: y\n", "<b hidden>", "<b hidden></b>", "&#"),
    *("e\u0301", "\\phantom{", "> ", '[x](y "', "](x", "<p hidden><p>", "a=", "[^a]: x\n"),
    *("[a]: x\n\t", "```", '[x]: y "', "\\", "<?", "<![CDATA["),
]


@pytest.mark.parametrize("period", OPENED)
@pytest.mark.parametrize("before", ["", "![", "<x "])
def test_what_is_opened_again_and_again_is_read_in_one_go(before, period):
    assert growth(READERS["markdown"], before, period) < MOST


FOUND = {
    "blanks behind a definition's colon": ("markdown", "[x]:", " ", "\n\n"),
    "blanks behind a definition": ("markdown", "[x]: y", " ", "z"),
    "blanks behind a fence": ("markdown", "```", " ", "`"),
    "definitions that nothing names": ("markdown", "", "[x]: y\n[[[[", ""),
    "hidden elements": ("markdown", "", "<b hidden></b>", ""),
    "declarations that nothing closes": ("markdown", "", "<!a ", ""),
    "images in brackets": ("markdown", "", "![=]", ""),
    "images that nothing closes": ("markdown", "", "](![", ""),
    "images behind one another": ("markdown", "", "(image)", ""),
    "digits": ("sameness", "g", "1", ""),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_to_be_read_again_and_again_is_not(what):
    name, *text = FOUND[what]
    assert growth(READERS[name], *text) < MOST
