"""Where Gemini CLI keeps the sessions of a working directory, and under which name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gump_action.providers import files, lines
from gump_action.providers.base import Keep, Place

FIRST = Path(".gemini")
"""`GEMINI_CLI_HOME` stands for HOME: the CLI still appends `.gemini` (0.61.0, `homedir()`)."""
_AGENT = re.compile(r"[A-Za-z0-9_-]+\.jsonl")
_NAME = re.compile(r"[a-z0-9-]+")


def find_all(session: str, root: Path) -> Iterator[Path]:
    """All files of a session: its first eight characters end the name, the first line has it."""
    for path in root.glob(f"*/chats/session-*-{session[:8]}.jsonl"):
        if files.is_plain(path) and _first_id(path) == session:
            yield path


def with_agents(session: str, path: Path) -> Iterator[Keep]:
    """A file of this session, and those of its sub-agents beside it."""
    yield Keep(path, path.name, lines=True)
    for one in files.keep_all(path.parent / session, session):
        if is_agents(session, one.name):
            yield one


def all_of(session: str, root: Path) -> Iterator[Path]:
    """The same, and the folders of its sub-agents."""
    yield from find_all(session, root)
    yield from root.glob(f"*/chats/{session}")


def is_agents(session: str, name: str) -> bool:
    """Whether a file beside a session's own is one of its sub-agents'.

    The CLI does not read them again: a sub-agent of it cannot be continued (0.61.0).
    """
    folder, _, last = name.partition("/")
    return folder == session and _AGENT.fullmatch(last) is not None


def _first_id(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline(1_000_000).decode(errors="replace")
    return lines.text(lines.parse_object(first) or {}, "sessionId")


def name_of(place: Place) -> str:
    """The CLI's name for a working directory: as listed, else its last part, made simple, and with
    a number where another directory has it (0.61.0, `ProjectRegistry`)."""
    root = place.home / FIRST
    listed = lines.part(lines.parse_object(files.read(root / "projects.json")) or {}, "projects")
    known = lines.text(listed, str(place.cwd))
    if _NAME.fullmatch(known):
        return known
    simple = re.sub(r"[^a-z0-9]+", "-", place.cwd.name.lower())
    simple = re.sub(r"^-|-$", "", simple) or "project"
    number, name = 0, simple
    while name in listed.values() or not _free(root / "tmp" / name, place.cwd):
        number += 1
        name = f"{simple}-{number}"
    return name


def _free(folder: Path, cwd: Path) -> bool:
    """Nobody else's folder: `.project_root` in it says whose it is."""
    return files.read(folder / ".project_root").strip() in ("", str(cwd))
