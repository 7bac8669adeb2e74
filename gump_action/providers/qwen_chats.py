"""Where Qwen Code keeps a session and those of its sub-agents, and how they are moved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from gump_action.providers import files, lines
from gump_action.providers.base import Keep, Place

AGENTS = "subagents"
_AGENT = re.compile(rf"{AGENTS}/agent-[A-Za-z0-9_-]+\.(?:jsonl|meta\.json)")
"""0.24.4, `getAgentJsonlPath` and `getAgentMetaPath`; the CLI itself leads the ids to these
characters.  `….jsonl.stream` beside them is thrown away by it when it goes on."""


def find(session: str, place: Place) -> Iterator[Keep]:
    """The session's file, then what its sub-agents have left; nothing without the first."""
    own, agents = all_of(session, place)
    if files.is_plain(own):
        yield Keep(own, own.name, lines=True)
        yield from (one for one in files.keep_all(agents, AGENTS) if _AGENT.fullmatch(one.name))


def target(session: str, name: str, place: Place) -> Path | None:
    """Where a kept file goes; none for a name that `find` does not give."""
    own, agents = all_of(session, place)
    if name == own.name:
        return own
    return agents / name.removeprefix(f"{AGENTS}/") if _AGENT.fullmatch(name) else None


def all_of(session: str, place: Place) -> tuple[Path, Path]:
    """The session's file, and the folder of its sub-agents."""
    folder = _folder(place)
    return folder / "chats" / f"{session}.jsonl", folder / AGENTS / session


def _folder(place: Place) -> Path:
    """0.24.4, `sanitizeCwd`: all but ASCII letters and digits becomes `-`."""
    return place.home / "projects" / re.sub(r"[^a-zA-Z0-9]", "-", str(place.cwd))


def moved(text: bytes, cwd: str) -> bytes:
    """Lines that say another working directory say this one; all others stay as they are.

    Else the session is not found, and a sub-agent is not gone on with ("working directory does not
    match the restored session").
    """
    return b"".join(_moved_line(line, cwd) for line in text.splitlines(keepends=True))


def _moved_line(line: bytes, cwd: str) -> bytes:
    record = lines.parse_object(line) or {}
    if not lines.text(record, "cwd") or record["cwd"] == cwd:
        return line
    record["cwd"] = cwd
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
