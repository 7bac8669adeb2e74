"""Which lines of a comment its writer says in his own words: no quotes, no code, nothing folded.

Markdown is not parsed as GitHub does it: where a line could be read in two ways, it does not count.
So nothing that somebody pasted is ever taken for a command; what stands first always counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)")
# In a list, or indented like code: a fence or not, which depends on much.
_DOUBTFUL_FENCE = re.compile(r"(?:[ \t]|(?:[-*+]|\d{1,9}[.)])[ \t])+(?:`{3,}|~{3,}).*")
_QUOTE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*>")
# Of a link or a footnote: what follows may be its title, or stands at another place.
_DEFINITION = re.compile(r"[ \t]*\[[^\[\]]+\]:")
# Whatever stands in one of these is not said: it is shown as code, as a quote, folded, or nowhere.
_BLOCKS = (
    ("<!--", "-->"),
    (r"<\?", r"\?>"),
    (r"<!(?=[A-Za-z\[])", ">"),
    (r"<[A-Za-z][^<>\n]*\n", ">"),  # attributes
    (r"<[A-Za-z][^<>]*\s(?:hidden|style)\b", r"</[A-Za-z]"),
    (r"\]\([^()\n]*\n", r"\)"),  # the title of a link
    *(
        (rf"<{name}\b", rf"</{name}\b")
        for name in ("pre", "code", "blockquote", "details", "script", "style", "textarea", "samp")
    ),
)


def spoken_lines(comment: str) -> list[str | None]:
    """Each line of the comment, None where it is a quote, code or hidden."""
    lines = re.sub("\r\n?", "\n", comment).split("\n")
    spoken: list[str | None] = list(lines)
    for at in {*_unspoken(lines), *_in_blocks("\n".join(lines))}:
        spoken[at] = None
    return spoken


def _unspoken(lines: Sequence[str]) -> Iterator[int]:
    """Of fences, quotes (which go on until a line is blank) and code spans (likewise)."""
    marks, is_quote, has_ticks = "", False, False
    for at, line in enumerate(lines):
        found = _FENCE.fullmatch(line)
        if marks:
            yield at
            is_end = found and not found["info"].strip() and found["marks"].startswith(marks)
            marks = "" if is_end else marks
            is_quote = has_ticks = False
            continue
        is_aside = bool(_QUOTE.match(line) or _DEFINITION.match(line))
        is_quote = is_aside or (is_quote and bool(line.strip()))
        if _DOUBTFUL_FENCE.fullmatch(line) and not is_quote and not _FENCE.fullmatch(line):
            yield from range(at, len(lines))
            return
        if found and not ("`" in found["info"] and found["marks"][0] == "`"):
            marks = found["marks"]
        has_ticks = has_ticks and bool(line.strip())
        if marks or is_quote or has_ticks:
            yield at
        has_ticks = has_ticks or "`" in line


def _in_blocks(text: str) -> Iterator[int]:
    """From the first that is opened to the last that is closed, or to the end."""
    for opening, closing in _BLOCKS:
        opened = [found.start() for found in re.finditer(opening, text, re.IGNORECASE)]
        if not opened:
            continue
        closed = [found.end() for found in re.finditer(closing, text, re.IGNORECASE)]
        is_closed = closed and closed[-1] > opened[-1]
        stop = closed[-1] if is_closed else len(text)
        yield from range(text.count("\n", 0, opened[0]), text.count("\n", 0, stop) + 1)
