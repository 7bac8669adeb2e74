"""The rollouts of Codex: one file of lines for each thread, and how threads descend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gump_action.providers import base, files

# `.zst` is how it packs rollouts that it has not used for long.
_ROLLOUT = re.compile(rf"rollout-[0-9T-]+-({base.UUID.pattern})\.jsonl(\.zst)?")
KEPT = re.compile(rf"(archived_)?sessions/(\d+/)*{_ROLLOUT.pattern}")
_PARENT = re.compile(rf'"(?:forked_from_id|parent_thread_id)"\s*:\s*"({base.UUID.pattern})"')


def find_all(home: Path) -> dict[str, list[Path]]:
    """All rollouts by thread.  The id in the name is the one that counts."""
    rollouts: dict[str, list[Path]] = {}
    for folder in ("sessions", "archived_sessions"):
        for path in sorted((home / folder).rglob("rollout-*")):
            match = _ROLLOUT.fullmatch(path.name)
            if match and files.is_plain(path):
                rollouts.setdefault(match[1], []).append(path)
    return rollouts


def ancestors(session: str, rollouts: Mapping[str, list[Path]]) -> set[str]:
    """What a thread was forked from, up to the first."""
    found: set[str] = set()
    new = _parents(rollouts.get(session, []))
    while new:
        found |= new
        new = {grand for thread in new for grand in _parents(rollouts.get(thread, []))} - found
    return found


def descendants(session: str, rollouts: Mapping[str, list[Path]]) -> set[str]:
    """The threads that a thread began, and theirs."""
    parents = {thread: _parents(paths) for thread, paths in rollouts.items()}
    found, new = set[str](), {session}
    while new:
        new = {thread for thread, above in parents.items() if above & new} - found - {session}
        found |= new
    return found


def _parents(paths: list[Path]) -> set[str]:
    """The ids in line 1, which is `session_meta`; texts in it have their quotes escaped."""
    found: set[str] = set()
    for path in paths:
        if path.suffix == ".jsonl":
            with path.open("rb") as file:
                found |= set(_PARENT.findall(file.readline(1 << 20).decode(errors="replace")))
    return found
