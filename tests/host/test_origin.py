"""By what a run was asked for: what of it can be taken back, and how it gets to the next step."""

import pytest

from gump_action.host.asking.origin import Labeled, Said, origin_of, read

from .occasion import event_of

CASES = [
    ("pull_request", {"action": "labeled", "label": {"name": "gump:fix"}}, Labeled(2, "gump:fix")),
    ("issues", {"action": "labeled", "label": {"name": "gump:fix"}}, Labeled(1, "gump:fix")),
    ("pull_request", {"action": "unlabeled", "label": {"name": "gump:fix"}}, None),
    ("pull_request", {"action": "opened"}, None),
    ("issue_comment", {"comment.id": 9}, Said("issues", 9)),
    ("pull_request_review_comment", {"comment.id": 9}, Said("pulls", 9)),
    ("pull_request_review", {}, None),
    ("push", {}, None),
]


@pytest.mark.parametrize(("name", "edits", "expected"), CASES)
def test_a_label_and_a_comment_can_be_taken_back(name, edits, expected):
    asked = origin_of(event_of(name, edits))
    assert asked == expected
    assert read(str(asked or "")) == expected


@pytest.mark.parametrize(
    "text", ["", "label 0 x", "label 7", "comment issues", "comment x 9", "label 7 a\nb"]
)
def test_what_says_something_else_is_none(text):
    assert read(text) is None
