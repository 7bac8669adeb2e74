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

_ATTEMPT = r"(attempts/(?:[^@/][^/]*/)+@[1-9][0-9]{0,8})"
_RECORDS = (
    r"(?:prompt\.md|agent\.(?:ndjson|stderr)|diff\.patch|error\.txt|output|gate-\d{1,6}\.txt)"
)
# In this order: what could be a transcript is treated as one.
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("transcript", re.compile(rf"{_ATTEMPT}/transcript/.+")),
    ("record", re.compile(rf"{_ATTEMPT}/{_RECORDS}")),
)
_OTHERS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("ledger", re.compile(re.escape(LEDGER))),
    ("snapshots", re.compile(re.escape(SNAPSHOTS))),
    ("given", re.compile(r"given/[a-z0-9_-]+\.[a-z]+")),
    ("lfs", re.compile(r"lfs/([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}")),
)
_PLAIN = re.compile(rf"(?!\.\.?\Z)[A-Za-z0-9._@+=,~-]{{1,{LONGEST_PART}}}")
_IN_TRANSCRIPT = re.compile(rf"{_ATTEMPT}/transcript(?:/.*)?", re.DOTALL)
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def find_kind(name: str) -> tuple[Kind, str] | None:
    """What this file is, and the folder of its attempt where it belongs to one."""
    for kind, pattern in _PATTERNS if name.startswith("attempts/") else _OTHERS:
        match = pattern.fullmatch(name)
        if match:
            return kind, match[1] if kind in ("record", "transcript") else ""
    return None


def find_transcript(name: str) -> str | None:
    """The folder of the attempt whose transcript this is of, whether it may travel or not."""
    match = _IN_TRANSCRIPT.fullmatch(name)
    return match[1] if match else None


def attempt_name(folder: str) -> str:
    """`attempts/build/red/impl/@3` → `build/red/impl#3`."""
    step, _, number = folder.removeprefix("attempts/").rpartition("/@")
    return f"{step}#{number}"


@dataclass
class Names:
    """Takes names one by one, and says what is wrong with one, also beside those before it."""

    longest: int
    folders: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def complaint(self, name: str) -> str:
        """Empty where the name is good, which is then one of those that others are held against."""
        if name.startswith("/"):
            return "it is an absolute path"
        folder, _, last = name.rpartition("/")
        wrong = self._enter(folder) or _wrong_part(last) or self._clash(name)
        if not wrong and (len(name) > self.longest or len(name.encode()) > self.longest):
            wrong = "it is too long"
        if not wrong and find_kind(name) is None:
            wrong = "it is no file of a state that travels"
        if not wrong:
            self.files.add(_folded(name))
        return wrong

    def _enter(self, folder: str) -> str:
        """A folder is looked at once, however many files it has."""
        if not folder or self.folders.get(key := _folded(folder)) == folder:
            return ""
        above, _, last = folder.rpartition("/")
        wrong = ("it is too long" if len(folder) > self.longest else "") or self._enter(above)
        if wrong := wrong or _wrong_part(last):
            return wrong
        if key in self.files:
            return "its folder is also a file"
        if key in self.folders:
            return "its folder differs from another one in upper and lower case only"
        self.folders[key] = folder
        return ""

    def _clash(self, name: str) -> str:
        key = _folded(name)
        if key in self.folders:
            return "it is also a folder"
        if key in self.files:
            return "it is there twice, or differs from another one in upper and lower case only"
        return ""


def _wrong_part(part: str) -> str:
    if _PLAIN.fullmatch(part):
        return ""
    if part in ("", ".", ".."):
        return "a part of it is empty, `.` or `..`"
    if "\\" in part or any(unicodedata.category(c) in _UNSEEN for c in part):
        return "it has characters that cannot be seen, or a backslash"
    return "it is too long" if len(part.encode()) > LONGEST_PART else ""


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
