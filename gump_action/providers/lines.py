"""Reads JSON that others wrote.  Nothing here raises: what is not as expected is not there."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping

from gump_action.providers.base import Complained, SessionKnown

_HALF = re.compile(
    r'(\\["\\/bfnrt]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})'
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def parse_event(line: str) -> dict[str, object] | None:
    """One line of a stream.  Half a character, which JavaScript may cut, becomes a whole one."""
    whole = _HALF.sub(lambda m: m[1] or r"\ufffd", line) if r"\ud" in line.lower() else line
    return parse_object(whole)


def parse_object(text: str | bytes) -> dict[str, object] | None:
    """The JSON object that a text is; None for anything else."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def complaint(line: str) -> tuple[Complained, ...]:
    """What a program prints between its events is a complaint."""
    said = line.strip()[:500]
    return (Complained(said),) if said else ()


def session(
    record: Mapping[str, object], name: str, pattern: re.Pattern[str]
) -> tuple[SessionKnown, ...]:
    """The session that a record tells of, if it looks like one."""
    found = text(record, name)
    return (SessionKnown(found),) if pattern.fullmatch(found) else ()


def part(record: Mapping[str, object], name: str) -> dict[str, object]:
    """The object under a name, else an empty one."""
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def parts(record: Mapping[str, object], name: str) -> list[dict[str, object]]:
    """The objects in the list under a name."""
    found = record.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(record: Mapping[str, object], name: str) -> str:
    """The text under a name, else an empty one."""
    found = record.get(name)
    return found if isinstance(found, str) else ""


def first_text(record: Mapping[str, object], names: Iterable[str]) -> str:
    """The first text that is not empty under one of the names."""
    return next((text(record, name) for name in names if text(record, name)), "")


def count(record: Mapping[str, object], name: str) -> int | None:
    """The whole number under a name, from 0."""
    found = record.get(name)
    if isinstance(found, bool) or not isinstance(found, int):
        return None
    return found if 0 <= found < 1 << 53 else None


def number(record: Mapping[str, object], name: str) -> float | None:
    """The finite number under a name, from 0."""
    found = record.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if 0 <= found < 1e15 and math.isfinite(found) else None
