"""By what a run was asked for, and whether somebody has taken that back: a label, or a comment.

Who asks may think better of it until the result is pushed.  Taking the label off, or deleting the
comment, is the plain way to say so, and the only one while a job waits for its environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from gump_action.host.event import Event, Kind
from gump_action.host.words import one_line

_LABELED = (Kind.PULL_REQUEST, Kind.PULL_REQUEST_TARGET, Kind.ISSUES)
_PLACES = {Kind.ISSUE_COMMENT: "issues", Kind.REVIEW_COMMENT: "pulls"}
_LABEL = re.compile(r"label ([1-9][0-9]{0,11}) (.+)")
_COMMENT = re.compile(r"comment (issues|pulls) ([1-9][0-9]{0,18})")


@dataclass(frozen=True)
class Labeled:
    """A label that was set on this pull request or issue."""

    number: int
    label: str

    def __str__(self) -> str:
        return f"label {self.number} {self.label}"

    @property
    def taken_back(self) -> str:
        return (
            f"the label {one_line(self.label)}, which has asked for it, has been taken off "
            "meanwhile; set it again to have a new run"
        )


@dataclass(frozen=True)
class Said:
    """A comment: of `issues` (and of pull requests as such), or on a line of a diff (`pulls`)."""

    place: Literal["issues", "pulls"]
    id: int

    def __str__(self) -> str:
        return f"comment {self.place} {self.id}"

    @property
    def taken_back(self) -> str:
        return "the comment that has asked for it has been deleted meanwhile"


Origin = Labeled | Said


def origin_of(event: Event) -> Origin | None:
    """None where nothing was said that can be taken back: a schedule, a dispatch, a review."""
    if event.kind in _LABELED and event.action == "labeled" and event.label:
        return Labeled(event.number, event.label)
    if event.kind in _PLACES and event.text.id:
        return Said(cast(Literal["issues", "pulls"], _PLACES[event.kind]), event.text.id)
    return None


def read(text: str) -> Origin | None:
    """What `str` made of one."""
    if found := _LABEL.fullmatch(text):
        return Labeled(int(found[1]), found[2])
    if found := _COMMENT.fullmatch(text):
        return Said(cast(Literal["issues", "pulls"], found[1]), int(found[2]))
    return None
