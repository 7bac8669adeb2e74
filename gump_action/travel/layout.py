"""What of a state directory travels, by name: the one list that pack and unpack both go by.

A new kind of file enters `_PATTERNS`, or it stays behind.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from gump_action.system.store import LEDGER

SNAPSHOTS = "snapshots.bundle"
FOLDERS = ("given", "lfs", "attempts")
LONGEST_PART = 255

Kind = Literal["ledger", "snapshots", "given", "lfs", "record", "transcript"]

_ATTEMPT = r"(attempts/(?:[^/]+/)+?[1-9][0-9]{0,8})"
_RECORDS = (
    r"(?:prompt\.md|agent\.(?:ndjson|stderr)|diff\.patch|error\.txt|output|gate-\d{1,6}\.txt)"
)
# In this order: what could be a transcript is treated as one.
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("ledger", re.compile(re.escape(LEDGER))),
    ("snapshots", re.compile(re.escape(SNAPSHOTS))),
    ("given", re.compile(r"given/[a-z0-9_-]+\.[a-z]+")),
    ("lfs", re.compile(r"lfs/([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}")),
    ("transcript", re.compile(rf"{_ATTEMPT}/transcript/.+")),
    ("record", re.compile(rf"{_ATTEMPT}/{_RECORDS}")),
)
_PLAIN = re.compile(r"[A-Za-z0-9._/@+=,~-]*")
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def find_kind(name: str) -> tuple[Kind, str] | None:
    """What this file is, and the folder of its attempt where it belongs to one."""
    for kind, pattern in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            return kind, match[1] if kind in ("record", "transcript") else ""
    return None


def attempt_name(folder: str) -> str:
    """`attempts/build/red/impl/3` → `build/red/impl#3`."""
    step, _, number = folder.removeprefix("attempts/").rpartition("/")
    return f"{step}#{number}"


@dataclass
class Names:
    """Takes names one by one, and says what is wrong with one, also beside those before it."""

    longest: int
    folders: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def complaint(self, name: str) -> str:
        """Empty where the name is good, which is then one of those that others are held against."""
        return _complaint(name, self.longest) or self._clash(name)

    def _clash(self, name: str) -> str:
        parts = name.split("/")
        folders = ["/".join(parts[:end]) for end in range(1, len(parts))]
        if any(_folded(folder) in self.files for folder in folders):
            return "its folder is also a file"
        if any(self.folders.get(_folded(folder), folder) != folder for folder in folders):
            return "its folder differs from another one in upper and lower case only"
        if _folded(name) in self.folders:
            return "it is also a folder"
        if _folded(name) in self.files:
            return "it is there twice, or differs from another one in upper and lower case only"
        self.files[_folded(name)] = name
        self.folders.update((_folded(folder), folder) for folder in folders)
        return ""


def _complaint(name: str, longest: int) -> str:
    parts = name.split("/")
    if not _PLAIN.fullmatch(name) and not _is_sound(name):
        return "it has characters that cannot be seen, or a backslash"
    if name.startswith("/"):
        return "it is an absolute path"
    if any(part in ("", ".", "..") for part in parts):
        return "a part of it is empty, `.` or `..`"
    sizes = [len(part.encode()) for part in parts]
    if max(sizes) > LONGEST_PART or sum(sizes) + len(parts) - 1 > longest:
        return "it is too long"
    if find_kind(name) is None:
        return "it is no file of a state that travels"
    return ""


def _is_sound(name: str) -> bool:
    return "\\" not in name and not any(unicodedata.category(c) in _UNSEEN for c in name)


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
