"""Text that strangers wrote, made fit for a prompt: what people cannot see is taken out, and said.

A reader of GitHub's page and an agent then read the same.  Text in, text out; how it is set apart
from our own words is `fence`'s.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from gump_action.engine.prompts import cut
from gump_action.host.words import clean, number

LONGEST_LINE = 1000
"""Characters; a diff or a log can hold a minified file."""

_MOST = 100_000
"""Characters that are read of a text; GitHub takes 65,536 for a body."""
_KEPT_VALUE = 200


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


# --- markup ---------------------------------------------------------------------------------------

# To the end where it is not closed, as GitHub has it.
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_DECLARED = re.compile(
    r"<(?:\?.*?(?:\?>|\Z)|!\[CDATA\[.*?(?:\]\]>|\Z)|![A-Za-z][^>]*+>)", re.DOTALL
)
_TAG = re.compile(
    r"<(?P<name>[A-Za-z][A-Za-z0-9-]{0,40})"
    r"(?P<rest>[\s/](?:\"[^\"]{0,9000}+\"|'[^']{0,9000}+'|[^<>\"'])*+)>"
)
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*(?:\"(?P<twice>[^\"]*)\"|'(?P<once>[^']*)'|(?P<bare>[^\s\"'<>`]+)))?"
)
_SHOWN = frozenset(
    {"class", "id", "href", "name", "type", "width", "height", "align", "rel", "lang", "colspan"}
    | {"rowspan", "open", "start"}
)
_UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|font-size\s*:\s*0(?![.\d]*[1-9])|color\s*:\s*transparent",
    re.IGNORECASE,
)
# What stands behind an image whose words hold brackets in a code span, which bind tighter.
_REST_OF_IMAGE = re.compile(r"(?P<image>\(image\))[^\[\]\n]{0,2000}\](?:\([^()\n]{0,2000}\)|\[\])")
_LINK_TITLE = re.compile(
    r"(?P<start>\]\(\s*(?:<[^<>\n]{0,2000}>|[^\s<>\"']{1,2000}+))\s+(?:\"[^\"]{0,5000}\"|'[^']{0,5000}'|\([^()]{0,5000}\))\s*\)"
)
_EMPTY_LINK = re.compile(r"(?<!!)\[\s*\]\([^()]{0,5000}\)")
_DEFINITION = re.compile(
    r"^[ >]{0,12}\[(?P<label>[^\]\n]{1,999})\]:[ \t]*\n?[ \t]*(?P<url><[^<>\n]*>|\S+)"
    r"(?:[ \t]*\n?[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*$",
    re.MULTILINE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PHANTOM = re.compile(r"\\[hv]?phantom\s*\{[^{}]*\}|\\color\s*\{\s*(?:white|transparent)\s*\}")


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
        for _ in range(3):  # what is left when something went can be markup again
            before = self._text
            self._strike(_COMMENT, "HTML comment")
            self._strike(_DECLARED, "HTML declaration")
            self._hidden_elements()
            if self._text == before:
                break
        self._text = self._text.replace("<!--", "<! --")
        self._replace(_TAG, _bare_tag, "attribute of HTML")
        text = _without_images(self._text)
        self._count("image", self._text.count("![") - text.count("!["))
        self._text = _REST_OF_IMAGE.sub("(image)", text)
        self._strike(_EMPTY_LINK, "link without words")
        self._replace(_LINK_TITLE, lambda found: found["start"] + ")", "title of a link")
        self._definitions()
        self._strike(_PHANTOM, "invisible formula")
        self._text = _ENTITY.sub(lambda found: html.unescape(found[0]), self._text)
        return self

    def lengths(self, limit: int) -> _Cleaning:
        lines = self._text.strip("\n").split("\n")
        self._text = cut("\n".join(map(_short, lines)), limit)
        return self

    def _hidden_elements(self) -> None:
        found = next(filter(_hides, _TAG.finditer(self._text)), None)
        while found:
            closing = re.compile(rf"</{re.escape(found['name'])}\s*>", re.IGNORECASE)
            end = closing.search(self._text, found.end())
            self._text = self._text[: found.start()] + (self._text[end.end() :] if end else "")
            self._count("hidden element", 1)
            found = next(filter(_hides, _TAG.finditer(self._text, found.start())), None)

    def _definitions(self) -> None:
        """`[label]: address "title"` is never shown itself; those that a link uses stay."""
        bodies = _DEFINITION.sub("", self._text).casefold()

        def kept(found: re.Match[str]) -> str:
            is_used = f"[{found['label'].casefold()}]" in bodies
            return f"[{found['label']}]: {found['url']}" if is_used else ""

        self._replace(_DEFINITION, kept, "hidden definition")

    def _strike(self, pattern: re.Pattern[str], noun: str) -> None:
        self._replace(pattern, lambda _: "", noun)

    def _replace(
        self, pattern: re.Pattern[str], make: Callable[[re.Match[str]], str], noun: str
    ) -> None:
        many = 0

        def counted(found: re.Match[str]) -> str:
            nonlocal many
            made = make(found)
            many += made != found[0]
            return made

        self._text = pattern.sub(counted, self._text)
        self._count(noun, many)

    def _count(self, noun: str, many: int) -> None:
        if many > 0:
            self._counts[noun] = self._counts.get(noun, 0) + many


def _hides(tag: re.Match[str]) -> bool:
    return any(
        name == "hidden" or (name == "style" and _UNSEEN_STYLE.search(value))
        for name, value in _attributes(tag["rest"])
    )


def _attributes(rest: str) -> list[tuple[str, str]]:
    return [
        (each["name"].lower(), each["twice"] or each["once"] or each["bare"] or "")
        for each in _ATTRIBUTE.finditer(rest)
    ]


def _bare_tag(tag: re.Match[str]) -> str:
    """With those attributes only that lay out or lead somewhere, and are short."""
    shown = [
        f' {name}="{value}"' if value else f" {name}"
        for name, value in _attributes(tag["rest"])
        if name in _SHOWN and len(value) <= _KEPT_VALUE
    ]
    closed = " /" if tag["rest"].rstrip().endswith("/") else ""
    is_same = len(shown) == len(_attributes(tag["rest"]))
    return tag[0] if is_same else f"<{tag['name']}{''.join(shown)}{closed}>"


def _without_images(text: str) -> str:
    """`(image)` for `![words](address "title")`, and for `![words][label]`.

    Brackets in the words are matched, as Markdown does; what matches nothing is plain text.
    """
    ends = _matches(text)
    pieces, at = [], 0
    for found in re.finditer(r"!\[", text):
        end = ends.get(found.start() + 1)
        if end is None or found.start() < at:
            continue
        pieces += [text[at : found.start()], "(image)"]
        at = ends.get(end + 1, end) + 1
    return "".join([*pieces, text[at:]])


def _matches(text: str) -> dict[int, int]:
    """Where the bracket or parenthesis that opens here is closed."""
    ends: dict[int, int] = {}
    opened: dict[str, list[int]] = {"[": [], "(": []}
    for found in re.finditer(r"\\.|[\[\]()]", text, re.DOTALL):
        match found[0]:
            case "[" | "(":
                opened[found[0]].append(found.start())
            case "]" if opened["["]:
                ends[opened["["].pop()] = found.start()
            case ")" if opened["("]:
                ends[opened["("].pop()] = found.start()
    return ends


def _short(line: str) -> str:
    more = len(line) - LONGEST_LINE
    return f"{line[:LONGEST_LINE]} … {more} more characters of this line" if more > 0 else line
