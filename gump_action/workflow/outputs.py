"""What an agent leaves in `.gump/out`: the items of a plan, the verdict of a review.

Raises ValueError with a plain reason, which the next attempt gets to read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_ITEMS = 1000
_MAX_SAFE = 60
_MAX_SAFE_BYTES = 120


@dataclass(frozen=True)
class Item:
    """One item of a plan; `path` is the name as a part of a step path, unique in its plan."""

    name: str
    path: str
    description: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Review:
    """What a reviewing agent decided, and why."""

    passed: bool
    comment: str


def parse_plan(text: str) -> tuple[Item, ...]:
    """The items of a plan, in its order."""
    entries = _parse(text, "the plan")
    if not isinstance(entries, list):
        raise ValueError(f"the plan is {_shown(entries)}, but it has to be a JSON array of items")
    if len(entries) > MAX_ITEMS:
        raise ValueError(f"the plan has {len(entries)} items, more than {MAX_ITEMS}")
    items = [_item(entry, number) for number, entry in enumerate(entries, 1)]
    paths = _unique(safe_name(name) for name, _, _ in items)
    return tuple(
        Item(name, path, description, files)
        for (name, description, files), path in zip(items, paths, strict=True)
    )


def parse_review(text: str) -> Review:
    """The verdict of a review."""
    entry = _parse(text, "the review")
    if not isinstance(entry, dict):
        raise ValueError(f"the review is {_shown(entry)}, but it has to be a JSON object")
    passed, comment = entry.get("pass"), entry.get("comment")
    if not isinstance(passed, bool):
        raise ValueError(
            f"`pass` of the review is {_shown(passed)}, but it has to be true or false"
        )
    if not isinstance(comment, str):
        raise ValueError(f"`comment` of the review is {_shown(comment)}, but it has to be text")
    if not passed and not comment.strip():
        raise ValueError("the review says no, but its `comment` is blank: say what has to change")
    return Review(passed, _sound(comment, "`comment` of the review"))


def safe_name(name: str) -> str:
    """A readable part of a path: `add a thing` → `add-a-thing`."""
    composed = unicodedata.normalize("NFC", name)
    words = re.sub(r"[^\w.-]+", "-", composed)
    words = re.sub(r"\.{2,}|-{2,}|-?\.-|-\.", "-", words)
    words = _cut(words).strip("._-")
    words = re.sub(r"\.lock$", "-lock", words, flags=re.IGNORECASE)
    return words or "item"


def _cut(words: str) -> str:
    """At most so much as a part of a path may have, whole words where they can be kept."""
    encoded = words.encode()[:_MAX_SAFE_BYTES].decode(errors="ignore")[:_MAX_SAFE]
    if encoded == words:
        return words
    whole, dash, _ = encoded.rpartition("-")
    return whole if dash and len(whole) > _MAX_SAFE // 2 else encoded


def _unique(names: Iterator[str]) -> list[str]:
    """Doubles get `-2`, `-3`; upper and lower case count as the same, for some disks say so."""
    taken: set[str] = set()
    found = []
    for name in names:
        candidate, count = name, 1
        while candidate.casefold() in taken:
            count += 1
            candidate = f"{name}-{count}"
        taken.add(candidate.casefold())
        found.append(candidate)
    return found


def _item(entry: object, number: int) -> tuple[str, str, tuple[str, ...]]:
    if not isinstance(entry, dict):
        raise ValueError(
            f"item {number} of the plan is {_shown(entry)}, but it has to be an object"
        )
    name, description = (_text(entry, key, number) for key in ("name", "description"))
    files = [] if entry.get("files") is None else entry["files"]
    if not isinstance(files, list) or not all(isinstance(f, str) and f.strip() for f in files):
        raise ValueError(f"`files` of item {number} of the plan has to be a list of paths")
    return name, description, tuple(_sound(path, f"`files` of item {number}") for path in files)


def _text(entry: Mapping[str, Any], key: str, number: int) -> str:
    value = entry.get(key)
    if isinstance(value, str) and value.strip():
        return _sound(value, f"`{key}` of item {number}")
    shown = "blank" if isinstance(value, str) else _shown(value)
    raise ValueError(f"`{key}` of item {number} of the plan is {shown}, but it has to be a text")


def _sound(text: str, what: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} holds half a character (a lone surrogate)") from None
    return text


def _parse(text: str, what: str) -> object:
    if text.startswith("\ufeff"):
        raise ValueError(f"{what} begins with a byte order mark: write plain UTF-8")
    if text.lstrip().startswith("```"):
        raise ValueError(f"{what} stands in a code fence: write the JSON alone")
    if not text.strip():
        raise ValueError(f"{what} is an empty file")
    try:
        parsed: object = json.loads(text)
    except json.JSONDecodeError as failure:
        place = f"line {failure.lineno}, column {failure.colno}"
        raise ValueError(f"{what} is not JSON: {failure.msg} at {place}") from None
    except (RecursionError, ValueError):
        raise ValueError(f"{what} is not JSON that can be read: it nests too deep") from None
    return parsed


def _shown(value: object) -> str:
    match value:
        case None:
            return "missing"
        case bool():
            return "true" if value else "false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "an array"
    return "an object"
