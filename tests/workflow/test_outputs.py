"""What agents leave in `.gump/out`: plans with readable, unique, path-safe names; reviews."""

import json

import pytest

from gump_action.workflow.outputs import Item, Review, parse_plan, parse_review, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("add a thing", "add-a-thing"),
        ("Add-Login_2", "Add-Login_2"),
        ("v1.2", "v1.2"),
        ("Größe ändern", "Größe-ändern"),
        ("🎉", "item"),
        ("🎉 party", "party"),
        ("..", "item"),
        (".", "item"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c"),
        ("a . b", "a-b"),
        ("-rf", "rf"),
        (".git", "git"),
        ("a\nb\tc", "a-b-c"),
        ("branch.lock", "branch-lock"),
        ("\u202ereversed", "reversed"),
        ("word " * 60, "-".join(["word"] * 12)),
        ("x" * 300, "x" * 60),
        ("日" * 300, "日" * 40),
        ("a-" + "x" * 300, "a-" + "x" * 58),
    ],
)
def test_safe_names_stay_readable(name, safe):
    assert safe_name(name) == safe


def test_a_plan_keeps_names_as_given_and_makes_paths_unique():
    entries = [
        {"name": "add a thing", "description": "one", "files": ["a.py"]},
        {"name": "add a thing", "description": "two", "files": None},
        {"name": "Add/a/thing", "description": "three", "priority": 1},
        {"name": "add-a-thing-2", "description": "four", "files": []},
    ]
    assert parse_plan(json.dumps(entries)) == (
        Item("add a thing", "add-a-thing", "one", ("a.py",)),
        Item("add a thing", "add-a-thing-2", "two"),
        Item("Add/a/thing", "Add-a-thing-3", "three"),
        Item("add-a-thing-2", "add-a-thing-2-2", "four"),
    )


def test_an_empty_plan_is_a_plan():
    assert parse_plan("[]") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the plan is an empty file"),
        ("nope", "the plan is not JSON: Expecting value at line 1, column 1"),
        ("[\n{]", "at line 2, column 2"),
        ("\ufeff[]", "begins with a byte order mark"),
        ("```json\n[]\n```", "stands in a code fence"),
        ("[" * 100_000, "nests too deep"),
        ("[" + "9" * 5000 + "]", "is not JSON that can be read"),
        ("{}", "the plan is an object, but it has to be a JSON array"),
        ("null", "the plan is missing, but it has to be a JSON array"),
        ("[1]", "item 1 of the plan is a number, but it has to be an object"),
        ('["a"]', "item 1 of the plan is a text"),
        ("[[]]", "item 1 of the plan is an array"),
        ('[{"description": "d"}]', "`name` of item 1 of the plan is missing"),
        ('[{"name": " ", "description": "d"}]', "`name` of item 1 of the plan is blank"),
        ('[{"name": "n", "description": ""}]', "`description` of item 1 of the plan is blank"),
        ('[{"name": true, "description": "d"}]', "`name` of item 1 of the plan is true"),
        ('[{"name": "n", "description": "d", "files": "a"}]', "`files` of item 1"),
        ('[{"name": "n", "description": "d", "files": ""}]', "`files` of item 1"),
        ('[{"name": "n", "description": "d", "files": [""]}]', "`files` of item 1"),
        (r'[{"name": "\ud800", "description": "d"}]', "half a character"),
        (json.dumps([{"name": "n", "description": "d"}] * 1001), "1001 items, more than 1000"),
    ],
)
def test_a_bad_plan_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError) as failure:  # noqa: PT011 - the message is looked at below
        parse_plan(text)
    assert reason in str(failure.value)


@pytest.mark.parametrize(
    ("text", "review"),
    [
        ('{"pass": true, "comment": ""}', Review(True, "")),
        ('{"pass": false, "comment": "no", "score": 3}', Review(False, "no")),
    ],
)
def test_a_review(text, review):
    assert parse_review(text) == review


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "the review is an array, but it has to be a JSON object"),
        ('{"comment": "x"}', "`pass` of the review is missing, but it has to be true or false"),
        ('{"pass": "yes", "comment": "x"}', "`pass` of the review is a text"),
        ('{"pass": false}', "`comment` of the review is missing"),
        ('{"pass": false, "comment": false}', "`comment` of the review is false"),
        ('{"pass": false, "comment": " "}', "its `comment` is blank"),
    ],
)
def test_a_bad_review_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError) as failure:  # noqa: PT011 - the message is looked at below
        parse_review(text)
    assert reason in str(failure.value)
