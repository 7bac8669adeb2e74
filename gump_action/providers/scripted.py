"""The shipped stand-in: a real child process that keeps real sessions and plays a script.

For the demo, the examples and the tests; it asks no model.  The program is `gump_action.scripted`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from gump_action.providers import base, endings, files, lines, sessions

NAME = "scripted"
PROGRAM = sys.executable
KEYS: tuple[str, ...] = ()
PASSED: tuple[str, ...] = ()
TELLS_COST = True
ALIASES: Mapping[str, str] = MappingProxyType({})
SESSION: re.Pattern[str] = base.UUID
WHOSE = "the scripted agent: its ids are UUIDs"
IS_ID_OURS = True
INSTALL = "it is part of gump-action"

native = base.as_found
settings = base.no_settings


def command(request: base.Request) -> base.Command:
    """The prompt goes by stdin, as with the real ones."""
    argv = (
        *(PROGRAM, "-I", "-m", "gump_action.scripted"),
        *(("--model", request.model) if request.model else ()),
        *sessions.flags(request, SESSION, WHOSE),
    )
    return base.Command(argv, stdin=request.prompt)


def _checked(session: str) -> str:
    return sessions.checked(session, SESSION, WHOSE)


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of its stream."""
    event = lines.parse_event(line) or {}
    match event:
        case {"type": "session"}:
            return lines.session(event, "id", SESSION)
        case {"type": "say", "text": str(text)}:
            return (base.Said(text), base.TurnBegan())
        case {"type": "tool", "tool": str(tool), "path": str(path)}:
            return (base.ToolUsed(tool, path),)
        case {"type": "usage"}:
            given, taken = lines.count(event, "input"), lines.count(event, "output")
            # It asks no model: nothing is cached, and nothing costs more than its script says.
            usage = base.Usage(given, 0, 0, taken, cost_usd=lines.number(event, "cost"))
            return (base.UsageSeen(usage, of="launch"),)
        case {"type": "end", "ok": bool(ok), "text": str(text)}:
            return (base.Ended(ok, text),)
    return ()


def judge(exit: base.Exit) -> base.Judged:
    """By its last word, as with the real ones."""
    if exit.is_foreign:
        return base.Judged("refused", f"it began the session {exit.session} instead")
    if exit.code == 0 and exit.ended and exit.ended.ok:
        return base.Judged("passed")
    if exit.asked and not exit.session and f"no session {exit.asked}" in exit.stderr:
        return base.Judged("refused", exit.stderr.strip())
    blocked = re.search(r"^blocked: (.*)", exit.stderr, re.MULTILINE | re.DOTALL)
    if blocked and not exit.ended:
        return base.Judged("blocked", blocked[1].strip())
    return base.Judged("failed", endings.last_words(exit))


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """One file of lines."""
    path = _file(_checked(session), place)
    return base.Capture(tuple(files.keep(path, path.name)))


def restore(session: str, names: tuple[str, ...], place: base.Place, kept: Path) -> base.Restore:
    """Put the one file back."""
    path = _file(_checked(session), place)
    return base.Restore((base.Put(kept / path.name, path),) if path.name in names else ())


def environment(place: base.Place) -> Mapping[str, str]:
    """It keeps its sessions below this folder, and is told where its script is."""
    script = place.environ.get("GUMP_SCRIPT")
    return {"GUMP_SCRIPTED_HOME": str(place.home), **({"GUMP_SCRIPT": script} if script else {})}


def user_home(environ: Mapping[str, str]) -> Path:
    """Beside the homes of the real ones."""
    return Path(environ.get("HOME", "/"), ".gump-scripted")


def _file(session: str, place: base.Place) -> Path:
    return place.home / "sessions" / f"{session}.jsonl"
