"""The shipped stand-in: a real child process that keeps real sessions and plays a script.

For the demo, the examples and the tests; it asks no model.  The program is `gump_action.scripted`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from gump_action.providers import base

NAME = "scripted"
PROGRAM = sys.executable
KEYS: tuple[str, ...] = ()
PASSED = ("GUMP_SCRIPT",)
ALIASES: Mapping[str, str] = MappingProxyType({})
SESSION: re.Pattern[str] = base.UUID
INSTALL = "it is part of gump-action"

native = base.as_found
settings = base.no_settings


def command(request: base.Request) -> base.Command:
    """The prompt goes by stdin, as with the real ones."""
    model = ("--model", request.model) if request.model else ()
    session = (
        ("--resume", request.session) if request.session else ("--session-id", request.new_session)
    )
    argv = (PROGRAM, "-I", "-m", "gump_action.scripted", *model, *session)
    return base.Command(argv, stdin=request.prompt)


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of its stream."""
    try:
        said = json.loads(line)
    except ValueError:
        return ()
    match said:
        case {"type": "session", "id": str(session)}:
            return (base.SessionKnown(session),)
        case {"type": "say", "text": str(text)}:
            return (base.Said(text), base.TurnBegan())
        case {"type": "tool", "tool": str(tool), "path": str(path)}:
            return (base.ToolUsed(tool, path),)
        case {"type": "usage", "input": int(given), "output": int(taken)}:
            usage = base.Usage(input=given, output=taken)
            return (base.UsageSeen(usage, of="launch"),)
        case {"type": "end", "ok": bool(ok), "text": str(text)}:
            return (base.Ended(ok, text),)
    return ()


def judge(exit: base.Exit) -> base.Judged:
    """By its last word, as with the real ones."""
    if exit.asked and f"no session {exit.asked}" in exit.stderr:
        return base.Judged("refused", exit.stderr.strip())
    if "blocked:" in exit.stderr:
        return base.Judged("blocked", exit.stderr.partition("blocked:")[2].strip())
    if exit.code == 0 and exit.ended and exit.ended.ok:
        return base.Judged("passed")
    return base.Judged("failed", base.last_words(exit))


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """One file of lines."""
    path = _file(session, place)
    return base.Capture((base.Keep(path, path.name, lines=True),))


def restore(
    session: str, names: tuple[str, ...], place: base.Place, kept: Path
) -> base.Restore:
    """Put the one file back."""
    path = _file(session, place)
    return base.Restore((base.Put(kept / path.name, path),))


def environment(place: base.Place) -> Mapping[str, str]:
    """It keeps its sessions below this folder."""
    return {"GUMP_SCRIPTED_HOME": str(place.home)}


def user_home(environ: Mapping[str, str]) -> Path:
    """Beside the homes of the real ones."""
    return Path(environ.get("HOME", "/"), ".gump-scripted")


def _file(session: str, place: base.Place) -> Path:
    return place.home / "sessions" / f"{session}.jsonl"
