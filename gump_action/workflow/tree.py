"""What stands in a file before it is understood: plain values, each with its line.

How YAML becomes such a tree is `loader`'s, what the values mean is `forms`' and `steps`'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

Say = Callable[[int, str], None]
Position = tuple[int, ...]
_SHOWN = 60


@dataclass(frozen=True)
class Node:
    """One value; `raw` is a scalar as it was written, `line` that of its key or its list entry."""

    value: str | int | float | bool | tuple[Node, ...] | Mapping[str, Node] | None
    line: int
    raw: str = ""
    text_line: int = 0
    literal: bool = False

    @property
    def entries(self) -> Mapping[str, Node]:
        """The entries of a map; empty for all else."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def is_scalar(self) -> bool:
        return not isinstance(self.value, tuple | Mapping | None)

    @property
    def shown(self) -> str:
        """The value as a message shows it."""
        match self.value:
            case None:
                return "empty"
            case str(text):
                return f'"{shorten(text)}"'
            case tuple():
                return "a list"
            case bool() | int() | float():
                return self.raw
        return "a map"


@dataclass(frozen=True)
class Span:
    """Where a prompt stands, and whether its lines are those of the file one to one."""

    file: str
    line: int
    literal: bool

    def line_of(self, line: int) -> int:
        """The line in the file for line `line` (from 1) of the text."""
        return self.line + line - 1 if self.literal else self.line


@dataclass(frozen=True)
class Marks:
    """Lines of steps by their position: (2, 0) is the first step of the third one."""

    file: str
    keys: dict[Position, dict[str, int]] = field(default_factory=dict)
    prompts: dict[Position, Span] = field(default_factory=dict)

    def line(self, position: Position, key: str) -> int:
        lines = self.keys.get(position, {})
        return lines.get(key, lines.get("", 1))


def shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def near(given: str, known: Iterable[str]) -> str:
    """The known name that `given` was probably meant to be, or nothing."""
    by_fold = {name.casefold(): name for name in known}
    close = get_close_matches(given.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else ""


def suggest(given: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?`, or nothing."""
    close = near(given, known)
    return f' Did you mean "{close}"?' if close else ""


def listed(names: Iterable[str]) -> str:
    return ", ".join(names)
