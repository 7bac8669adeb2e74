"""What others wrote is read without raising."""

import json

import pytest

from gump_action.providers import lines
from gump_action.providers.base import UUID, Complained, SessionKnown

S = "6bf7eec6-1a7d-4a29-ab4a-2ea8da8c668b"
ODD = {"list": [1, {"a": 2}], "text": "t", "empty": "", "yes": True, "minus": -1, "part": {"b": 1}}


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "null", "7", '"x"', "{", "[" * 100_000, '{"a":' * 9_000, b"\xff{}"]
)
def test_what_is_no_object_is_none(text):
    assert lines.parse_object(text) is None


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (r"\ud83d\ude00", "\U0001f600"),
        (r"a\ud83d", "a\ufffd"),
        (r"\uDE00b", "\ufffdb"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\u00e4\n", "ä\n"),
    ],
)
def test_half_a_character_of_a_stream_becomes_a_whole_one(escaped, text):
    assert lines.parse_event(f'{{"a": "{escaped}"}}') == {"a": text}


def test_what_is_not_as_expected_is_not_there():
    assert lines.part(ODD, "part") == {"b": 1}
    assert lines.part(ODD, "text") == {}
    assert lines.parts(ODD, "list") == [{"a": 2}]
    assert lines.parts(ODD, "text") == []
    assert lines.text(ODD, "list") == ""
    assert lines.first_text(ODD, ("none", "empty", "text")) == "t"
    assert lines.first_text(ODD, ("none", "list")) == ""


@pytest.mark.parametrize(
    ("written", "count", "number"),
    [
        ("0", 0, 0.0),
        ("7", 7, 7.0),
        ("0.5", None, 0.5),
        ("-1", None, None),
        ("true", None, None),
        ('"7"', None, None),
        ("NaN", None, None),
        ("1e999", None, None),
        ("1" + "0" * 400, None, None),
    ],
)
def test_numbers_are_those_that_can_be_added_up(written, count, number):
    record = json.loads(f'{{"n": {written}}}')
    assert lines.count(record, "n") == count
    assert lines.number(record, "n") == number


def test_only_what_looks_like_a_session_is_one():
    assert lines.session({"id": S}, "id", UUID) == (SessionKnown(S),)
    assert lines.session({"id": f"{S}\n"}, "id", UUID) == ()
    assert lines.session({}, "id", UUID) == ()


def test_what_stands_between_events_is_a_complaint():
    assert lines.complaint(" oops\n") == (Complained("oops"),)
    assert lines.complaint("\n") == ()
