"""A patch of git, read for its files and how many lines came and went."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from gump_action.host.said.facts import Change

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
_LETTERS = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r", strict=True))


def changes_in(patch: bytes, clean: Callable[[str], str]) -> tuple[Change, ...]:
    """The files in their order.  A name that is no UTF-8 comes with replacement characters.

    A patch is kept as it is, so `clean` has to be the redactor's.
    """
    found = map(_change, _files(patch.split(b"\n")))
    return tuple(replace(change, name=clean(change.name)) for change in found)


def _files(lines: list[bytes]) -> Iterator[list[bytes]]:
    """The lines of each file; lines of a hunk are counted, whatever they look like."""
    part: list[bytes] = []
    old = new = 0
    for line in lines:
        if old > 0 or new > 0:
            old -= line[:1] in (b" ", b"-", b"")
            new -= line[:1] in (b" ", b"+", b"")
        elif hunk := _HUNK.match(line):
            old, new = (int(many) if many is not None else 1 for many in hunk.groups())
        elif line.startswith(b"diff --git ") and part:
            yield part
            part = []
        part.append(line)
    if part and part[0].startswith(b"diff --git "):
        yield part


def _change(part: list[bytes]) -> Change:
    at = next((n for n, line in enumerate(part) if _HUNK.match(line)), len(part))
    name = _name(part[:at])
    if any(line.startswith((b"Binary files ", b"GIT binary patch")) for line in part[:at]):
        return Change(name)
    signs = [line[:1] for line in part[at:]]
    return Change(name, signs.count(b"+"), signs.count(b"-"))


def _name(head: list[bytes]) -> str:
    """As it is after the change; of a file that has gone, as it was."""
    for start in (b"+++ ", b"rename to ", b"copy to ", b"--- "):
        for line in head[1:]:
            named = _plain(line.removeprefix(start)) if line.startswith(start) else b"/dev/null"
            if named != b"/dev/null":
                return _text(named if start.endswith(b"to ") else named[2:])
    both = head[0].removeprefix(b"diff --git ")
    half = both[(len(both) + 1) // 2 :]
    return _text(_plain(half)[2:])


def _plain(name: bytes) -> bytes:
    """Without the quotes and escapes of git; a tab ends a name that has blanks."""
    if not name.startswith(b'"'):
        return name.partition(b"\t")[0]
    return _ESCAPE.sub(_unescaped, name.rpartition(b'"')[0][1:])


def _unescaped(match: re.Match[bytes]) -> bytes:
    said = match[1]
    if len(said) == 3:
        return bytes([int(said, 8) & 255])
    return bytes([_LETTERS.get(said[0], said[0])])


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
