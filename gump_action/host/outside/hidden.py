"""What GitHub does not show of the Markdown that people write: found, and taken out.

Not a parser: what could be hidden in one reading of the text is taken for hidden.

Strangers choose what is searched here, so each search is linear in the text: where something opens
again and again and is never closed, no place is gone over more than a few times.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

_ROUNDS = 3
_KEPT_NAME, _KEPT_ADDRESS = 40, 200
_STRING = r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'"

# To the end where it is not closed, as GitHub has it.
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))", re.DOTALL)
_DECLARED = re.compile(
    r"<(?:\?.*?(?:\?>|\Z)|!\[CDATA\[.*?(?:\]\]>|\Z)|![A-Za-z][^>]*+(?:>|\Z))", re.DOTALL
)
_TAG = re.compile(
    r"<(?P<name>[A-Za-z][A-Za-z0-9-]*+)(?P<rest>[\s/](?:\"[^\"]*+\"|'[^']*+'|[^<>\"'])*+)?+>"
)
_END = re.compile(r"</(?P<name>[A-Za-z][A-Za-z0-9-]*+)\s[^<>]*+>")
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*"
    r"(?:\"(?P<twice>[^\"]*)\"|'(?P<once>[^']*)'|(?P<bare>[^\s\"'<>`]+)))?"
)
_SHOWN = frozenset(
    {"class", "id", "href", "name", "type", "width", "height", "align", "rel", "lang", "colspan"}
    | {"rowspan", "open", "start"}
)
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])"
    r"|font-size\s*:\s*0(?![.\d]*[1-9])|color\s*:\s*transparent",
    re.IGNORECASE,
)
_IMAGE = "(image)"
# All that stands between two brackets is taken at once, whether or not an address follows.
_BEFORE_ADDRESS = re.compile(r"(?P<words>[^\[\]\n]++)(?P<address>\](?:\([^()\n]*+\)|\[\]))?")
_LINK_TITLE = re.compile(
    r"(?P<start>\]\(\s*+(?:<[^<>\n]*+>|(?:[^\s<>\"'\]]|\](?!\())++))"
    rf"\s+(?:{_STRING}|\((?:[^()\\]|\\.)*+\))\s*\)",
    re.DOTALL,
)
_EMPTY_LINK = re.compile(r"(?<!!)\[\s*+\]\((?:[^()]|\([^()]*+\))*+\)")
_DEFINITION = re.compile(
    r"^[ >]{0,12}\[(?P<label>(?!\^)[^\[\]]{1,999})\]:[ \t]*+\n?[ \t]*+(?P<url><[^<>\n]*+>|\S++)"
    rf"(?:[ \t]*+(?:\n[ \t]++|(?<=[ \t]))(?:{_STRING}|\((?:[^()\\]|\\.)*+\)))?+[ \t]*+$",
    re.MULTILINE | re.DOTALL,
)
_FOOTNOTE = re.compile(
    r"^[ >]{0,12}\[(?P<label>\^[^\[\]\s]{1,999})\]:[^\n]*(?:\n(?: {4}|\t)[^\n]*)*", re.MULTILINE
)
_FENCE_WORDS = re.compile(
    r"^(?P<start>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?:`{3,}+|~{3,}+)[ \t]*+[\w+#.-]{0,30}+)"
    r"(?P<more>[^`\n]++)$",
    re.MULTILINE,
)
_OF_A_DIAGRAM = re.compile(r"^[ \t>]*%%[^\n]*$", re.MULTILINE)
_PHANTOM = re.compile(r"\\[hv]?phantom\s*\{[^{}]*\}|\\color\s*\{\s*(?:white|transparent)\s*\}")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

Kept = Callable[[re.Match[str]], str]


def without_hidden(text: str) -> tuple[str, Mapping[str, int]]:
    """The text as a reader of the page has it, and how much of what was taken out."""
    counts: Counter[str] = Counter()

    def strike(pattern: re.Pattern[str], noun: str, kept: Kept = lambda _: "") -> None:
        nonlocal text
        before = text
        text = pattern.sub(kept, before)
        counts[noun] += sum(kept(found) != found[0] for found in pattern.finditer(before))

    for _ in range(_ROUNDS):  # what is left when something went can be markup again
        before = text
        strike(_COMMENT, "HTML comment")
        strike(_DECLARED, "HTML declaration")
        text, many = _without_hidden_elements(text)
        counts["hidden element"] += many
        if text == before:
            break
    text = text.replace("<!--", "<! --")
    strike(_TAG, "attribute of HTML", _bare_tag)
    strike(_END, "attribute of HTML", lambda found: f"</{found['name']}>")
    shown = _without_images(text)
    counts["image"] += text.count("![") - shown.count("![")
    text = _BEFORE_ADDRESS.sub(_rest_of_image, shown)
    strike(_LINK_TITLE, "title of a link", lambda found: found["start"] + ")")
    strike(_EMPTY_LINK, "link without words")
    strike(_FOOTNOTE, "hidden footnote", _if_used(_FOOTNOTE, text, lambda found: found[0]))
    strike(_DEFINITION, "hidden definition", _if_used(_DEFINITION, text, _untitled))
    strike(_FENCE_WORDS, "word behind a fence", lambda found: found["start"])
    if "mermaid" in text:
        strike(_OF_A_DIAGRAM, "comment of a diagram")
    strike(_PHANTOM, "invisible formula")
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text, {noun: many for noun, many in counts.items() if many > 0}


def _if_used(pattern: re.Pattern[str], text: str, made: Kept) -> Kept:
    """What is defined is shown only where something outside of definitions names it."""
    bodies = pattern.sub("", text).casefold()
    named = set(re.findall(r"\[([^\[\]]++)\]", bodies))

    def kept(found: re.Match[str]) -> str:
        return made(found) if found["label"].casefold() in named else ""

    return kept


def _untitled(found: re.Match[str]) -> str:
    return f"[{found['label']}]: {found['url']}"


def _without_hidden_elements(text: str) -> tuple[str, int]:
    """Without elements that say of themselves that they are not to be seen, with all in them."""
    pieces, at, many = [], 0, 0
    for tag in _TAG.finditer(text):
        if tag.start() >= at and _hides(tag):
            pieces.append(text[at : tag.start()])
            at, many = _end_of(tag, text), many + 1
    return "".join([*pieces, text[at:]]), many


def _end_of(tag: re.Match[str], text: str) -> int:
    """Where the element ends, others of its name in it counted; the end where nothing closes it."""
    name = tag["name"].lower()
    if name in _VOID:
        return tag.end()
    depth = 1
    same = re.compile(rf"<(?P<end>/?){re.escape(name)}\b[^<>]*+>", re.IGNORECASE)
    for found in same.finditer(text, tag.end()):
        depth += -1 if found["end"] else 1
        if not depth:
            return found.end()
    return len(text)


def _hides(tag: re.Match[str]) -> bool:
    return any(
        name == "hidden" or (name == "style" and _UNSEEN_STYLE.search(value))
        for name, value in _attributes(tag)
    )


def _attributes(tag: re.Match[str]) -> Iterator[tuple[str, str]]:
    for each in _ATTRIBUTE.finditer(tag["rest"] or ""):
        yield each["name"].lower(), each["twice"] or each["once"] or each["bare"] or ""


def _bare_tag(tag: re.Match[str]) -> str:
    """With those attributes only that lay out or lead somewhere, and hold no sentence."""
    if len(tag["name"]) > _KEPT_NAME:
        return ""
    attributes = list(_attributes(tag))
    shown = [(name, value) for name, value in attributes if _is_shown(name, value)]
    if len(shown) == len(attributes):
        return tag[0]
    told = "".join(f' {name}="{value}"' if value else f" {name}" for name, value in shown)
    return f"<{tag['name']}{told}{' /' if (tag['rest'] or '').rstrip().endswith('/') else ''}>"


def _is_shown(name: str, value: str) -> bool:
    longest = _KEPT_ADDRESS if name == "href" else _KEPT_NAME
    return name in _SHOWN and len(value) <= longest and not re.search(r"\s", value)


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
        pieces += [text[at : found.start()], _IMAGE]
        at = ends.get(end + 1, end) + 1
    return "".join([*pieces, text[at:]])


def _rest_of_image(found: re.Match[str]) -> str:
    """Without what stands behind an image whose words hold brackets in a code span, which bind
    tighter."""
    before, image, _ = found["words"].partition(_IMAGE)
    return before + image if image and found["address"] else found[0]


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
