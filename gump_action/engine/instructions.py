"""Which files agents obey or are configured by, and what is to be done so that a base's count.

Deciding only, over names and modes; the doing is `workspace.swap`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

NO_FILE, LINK, SUBMODULE = "000000", "120000", "160000"

# Compared with each part of a path, in any case of letters, for macOS knows no case.
NAMES = frozenset({
    # what agents obey
    "claude.md", "claude.local.md", "agents.md", "agents.override.md", "gemini.md", "qwen.md",
    "context.md",  # of OpenCode, an old name that it still reads
    # what they are configured by: commands, hooks, servers, skills, permissions
    ".claude", ".codex", ".gemini", ".qwen", ".opencode", ".cursor", ".agents",
    "opencode.json", "opencode.jsonc", ".cursorrules", ".mcp.json",
    # read by Gemini and Qwen as settings: Qwen Code sends its key to the endpoint named there
    ".env",
    # ours
    ".gump",
})  # fmt: skip
# Not seen by macOS in a name, so `.clau<U+200C>de` is `.claude` there (git: core.protectHFS).
_UNSEEN = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
_HOPS = 40


@dataclass(frozen=True)
class Change:
    """A path that differs between two commits, with its modes as git writes them."""

    path: str
    old_mode: str
    new_mode: str


@dataclass(frozen=True)
class Base:
    """The files of the base commit: mode by path, and what its links lead to."""

    modes: Mapping[str, str]
    links: Mapping[str, str]


@dataclass(frozen=True)
class Swap:
    """`remove` comes first, then `take` from the base. Submodules are only named: what is in them
    is another repository's."""

    take: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()


def plan_swap(changes: Collection[Change], base: Base, also: Collection[str] = ()) -> Swap:
    """What is to be done so that the instruction files are the base's.

    `also` are more files and folders that count (the gump workflow, where it lies elsewhere).
    """
    wanted = Instructions(base.links, also)
    ours = [change for change in changes if wanted.has(change.path)]
    # A submodule is not in the base as files, so of two versions neither can be had.
    remove = [change.path for change in ours if change.old_mode in (NO_FILE, SUBMODULE)]
    take = {change.path for change in ours} - set(remove)
    # Where case does not count, what is removed may be what the base has under another spelling.
    gone = {folded(path) for path in remove}
    take |= {path for path in base.modes if gone and folded(path) in gone} - set(remove)
    others = [c.path for c in changes if c.new_mode == SUBMODULE and not wanted.has(c.path)]
    return Swap(tuple(sorted(take)), tuple(sorted(remove)), tuple(sorted(others)))


def folded(path: str) -> str:
    """The same for all spellings that one file system or another takes for one name."""
    seen = unicodedata.normalize("NFKC", path.translate(_UNSEEN)).casefold()
    return unicodedata.normalize("NFKC", seen)


def is_instruction(path: str) -> bool:
    """Whether this is one by its name, or by that of a folder above it."""
    return any(part in NAMES for part in folded(path).split("/"))


class Instructions:
    """The instruction files of one commit: by name, by `also`, and by what its links of these
    lead to.  `links` are all of the commit, by path."""

    def __init__(self, links: Mapping[str, str], also: Collection[str] = ()) -> None:
        self._links = links
        self._more = {folded(str(PurePosixPath(path))) for path in also}
        waiting = [path for path in links if self.has(path)]
        while waiting:
            fresh = {folded(path) for path in self._targets(waiting.pop())} - self._more
            self._more |= fresh
            waiting += [path for path in links if fresh and self._is_below(path, fresh)]

    def has(self, path: str) -> bool:
        return is_instruction(path) or self._is_below(path, self._more)

    @staticmethod
    def _is_below(path: str, places: Collection[str]) -> bool:
        parts = folded(path).split("/")
        return any("/".join(parts[:n]) in places for n in range(1, len(parts) + 1))

    def _targets(self, link: str) -> set[str]:
        """Where a link leads to inside the repository, and each link on the way."""
        passed = set[str]()
        here: str | None = link
        for _ in range(_HOPS):
            place = self._first_link(here) if here else None
            if not place or not here:
                break
            passed.add(place)
            target = self._links[place] + here[len(place) :]
            here = _joined(str(PurePosixPath(place).parent), target)
            passed |= {here} if here else set()
        return passed

    def _first_link(self, path: str) -> str | None:
        above = [str(each) for each in reversed(PurePosixPath(path).parents)][1:]
        return next((place for place in (*above, path) if place in self._links), None)


def _joined(folder: str, target: str) -> str | None:
    """The target as a path from the top; None where it leads out."""
    if target.startswith("/"):
        return None
    parts: list[str] = []
    for part in f"{folder}/{target}".split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or None
