"""Text that strangers wrote, made fit for a prompt: what people cannot see is taken out, and said.

A reader of GitHub's page and an agent then read the same.  Text in, text out; how it is set apart
from our own words is `fence`'s.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from gump_action.engine.prompts import cut
from gump_action.host.outside.hidden import without_hidden
from gump_action.host.words import clean, number

LONGEST_LINE = 1000
"""Characters; a diff or a log can hold a minified file."""

_MOST = 100_000
"""Characters that are read of a text; GitHub takes 65,536 for a body."""


@dataclass(frozen=True)
class Cleaned:
    """`left_out` says what was taken out of it, each in a few words: `2 HTML comments`."""

    text: str
    left_out: tuple[str, ...] = ()


def plain(text: str, limit: int) -> Cleaned:
    """Of text that people see as it is (diff, log, name): characters and lengths only."""
    return _Cleaning(text).characters().lengths(limit).done()


def markdown(text: str, limit: int) -> Cleaned:
    """Of text that GitHub renders (title, body, comment): also what is not shown of it.

    That goes for code in it too: what we take for code, GitHub might not.
    """
    return _Cleaning(text).characters().markup().characters().lengths(limit).done()


# --- characters -----------------------------------------------------------------------------------

# Beside the categories below: blank to the eye, or carriers of hidden bits.  Variation selectors
# (all of them: two are enough to write in), fillers, joiners, the blank of Braille.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2028\u2029\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\ufffc\U0001d159\U000e0000-\U000e0fff]"
)
_HIDDEN_KINDS = frozenset({"Cc", "Cf", "Co", "Cs"})
_MARKS = re.compile(r"[^\W\d_]?(?P<kept>[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff]{3})"
                    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff]+")  # fmt: skip


def is_seen(char: str) -> bool:
    """Whether a reader would see that this character is there; line feed and tab count as seen."""
    if char in "\n\t" or " " <= char <= "~":
        return True
    return unicodedata.category(char) not in _HIDDEN_KINDS and not _BLANK.match(char)


class _Cleaning:
    """One text on its way, with the count of what went."""

    def __init__(self, text: str) -> None:
        self._text = text[:_MOST]
        self._counts: dict[str, int] = {}
        if len(text) > _MOST:
            self._count("character", len(text) - _MOST)

    def done(self) -> Cleaned:
        told = tuple(number(many, noun) for noun, many in self._counts.items())
        return Cleaned(self._text, told)

    def characters(self) -> _Cleaning:
        text = clean(re.sub("\r\n?", "\n", self._text))
        if not text.isascii():
            text = "".join(filter(is_seen, text))
            text = _MARKS.sub(
                lambda found: found[0][: found.start("kept") - found.start() + 3], text
            )
        kept = len(text) + self._text.count("\r\n")
        self._count("hidden character", len(self._text) - kept)
        self._text = text
        return self

    def markup(self) -> _Cleaning:
        self._text, counts = without_hidden(self._text)
        for noun, many in counts.items():
            self._count(noun, many)
        return self

    def lengths(self, limit: int) -> _Cleaning:
        lines = self._text.strip("\n").split("\n")
        self._text = cut("\n".join(map(_short, lines)), limit)
        return self

    def _count(self, noun: str, many: int) -> None:
        if many > 0:
            self._counts[noun] = self._counts.get(noun, 0) + many


def _short(line: str) -> str:
    more = len(line) - LONGEST_LINE
    return f"{line[:LONGEST_LINE]} … {more} more characters of this line" if more > 0 else line
