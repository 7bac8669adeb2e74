"""Cursor CLI (`cursor-agent -p`).  Nothing here was run: it is from its documentation, at
cursor.com/docs/cli, and from other projects' code, versions 2026.02 to 2026.09.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gump_action.errors import ProviderError
from gump_action.providers import base
from gump_action.providers.base import (
    AgentEvent,
    Capture,
    Command,
    Complained,
    Ended,
    Exit,
    Judged,
    Keep,
    Place,
    Put,
    Request,
    Restore,
    Said,
    SessionKnown,
    ToolUsed,
    TurnBegan,
    Usage,
    UsageSeen,
)

NAME = "cursor"
PROGRAM = "cursor-agent"  # not `agent`, which another CLI installs too
KEYS: tuple[str, ...] = ("CURSOR_API_KEY", "CURSOR_AUTH_TOKEN")
PASSED: tuple[str, ...] = KEYS
ALIASES: Mapping[str, str] = {
    "sonnet": "claude-4.6-sonnet-medium",
    "sonnet-thinking": "claude-4.6-sonnet-medium-thinking",
    "opus": "claude-4.6-opus-high",
    "opus-thinking": "claude-4.6-opus-high-thinking",
    "gpt5": "gpt-5.4-medium",
    "gemini": "gemini-3.1-pro",
}
SESSION = base.UUID
INSTALL = "curl https://cursor.com/install -fsS | bash"

native = base.as_found


def command(request: Request) -> Command:
    """Without `--force` what needs approval is rejected; without `--trust` it does not begin."""
    model = base.model(ALIASES, request.model)
    argv = (
        PROGRAM,
        "-p",
        "--output-format",
        "stream-json",
        "--force",
        "--trust",
        "--workspace",
        str(request.place.cwd),
        *(("--model", model) if model else ()),
        *(("--resume", _checked(request.session)) if request.session else ()),
    )
    return Command(argv, stdin=request.prompt)


def _checked(session: str) -> str:
    if not SESSION.fullmatch(session):
        raise ProviderError(f"{session!r} is no chat of Cursor: its ids are UUIDs")
    return session


def parse(line: str) -> Iterable[AgentEvent]:
    """One line of `--output-format stream-json`."""
    event = _opened(line)
    match event:
        case None:
            return (Complained(line.strip()[:500]),) if line.strip() else ()
        case {"type": "system", "subtype": "init", "session_id": str(chat)}:
            return (SessionKnown(chat),) if SESSION.fullmatch(chat) else ()
        case {"type": "assistant", "message": {"content": list(blocks)}}:
            return (TurnBegan(), *_said(blocks))
        case {"type": "tool_call", "subtype": "started", "tool_call": dict(call)}:
            return _tools(call)
        case {"type": "result"}:
            return _result(event)
    return ()


def _opened(line: str) -> dict[str, object] | None:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _said(blocks: list[object]) -> Iterator[Said]:
    for block in blocks:
        match block:
            case {"type": "text", "text": str(text)}:
                yield Said(text)


def _tools(call: Mapping[str, object]) -> Iterator[ToolUsed]:
    """The tool is a key: `{"editToolCall": {"args": {"path": …}}}`."""
    for name, value in call.items():
        if not name.endswith("ToolCall"):
            continue
        match value:
            case {"args": {"path": str(path)}}:
                yield ToolUsed(name.removesuffix("ToolCall"), path)
            case _:
                yield ToolUsed(name.removesuffix("ToolCall"))


def _result(event: Mapping[str, object]) -> Iterator[AgentEvent]:
    match event:
        case {"usage": dict(tokens)}:
            yield UsageSeen(_usage(tokens), of="launch")
    ok = event.get("is_error") is False and event.get("subtype") == "success"
    yield Ended(ok, str(event.get("result", "")))


def _usage(tokens: Mapping[str, object]) -> Usage:
    """No page says whether `inputTokens` holds cached ones; it stands beside them, as Claude's."""
    return Usage(
        input=_count(tokens.get("inputTokens")),
        cache_read=_count(tokens.get("cacheReadTokens")),
        cache_write=_count(tokens.get("cacheWriteTokens")),
        output=_count(tokens.get("outputTokens")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


_NOT_RESUMED = re.compile(r"(chat|session|conversation)\b.{0,60}\bnot found", re.I)
_BLOCKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"usage limit|spend limit|quota|billing|rate limit|too many requests", re.I),
        "Wait until the limit is lifted, or raise it in Cursor's settings, and run again.",
    ),
    (
        re.compile(
            r"authentication required|not (authenticated|logged in)|invalid api key|unauthorized"
            r"|agent login",
            re.I,
        ),
        "Set CURSOR_API_KEY, or use --agent-home user on a machine where `cursor-agent` is logged "
        "in.  (It says `invalid API key` also where it cannot reach its servers.)",
    ),
)


def judge(exit: Exit) -> Judged:
    """A failure has no result, a code that is not 0 and its text on stderr.  An unknown chat is no
    failure: another one begins, in silence.
    """
    words = exit.ended.text if exit.ended else _tail(exit.stderr)
    if exit.asked and exit.session not in (None, exit.asked):
        return Judged("refused", f"Cursor began the chat {exit.session} instead")
    if exit.ended and exit.ended.ok and exit.code == 0:
        return Judged("passed")
    if exit.asked and exit.turns == 0 and _NOT_RESUMED.search(words):
        return Judged("refused", words)
    for pattern, remedy in _BLOCKS:
        if not (exit.ended and exit.ended.ok) and pattern.search(words):
            return Judged("blocked", f"Cursor says: {words}\n{remedy}")
    return Judged("failed", base.last_words(exit))


def _tail(stderr: str) -> str:
    return "\n".join(line for line in stderr.splitlines() if line.strip())[-500:]


def capture(session: str, place: Place, into: Path) -> Capture:
    """`chats/<md5 of the cwd>/ID/` (the memory) and `projects/*/agent-transcripts/ID*` (a copy).

    `ID.jsonl` is the plain form of a chat.
    """
    root = _root(place)
    chats = root / "chats" / _folder(place.cwd)
    keep = [
        *_all_in(chats / _checked(session), f"chats/{session}"),
        *_one(chats / f"{session}.jsonl", f"chats/{session}.jsonl"),
    ]
    for copy in _copies(session, root):
        name = copy.relative_to(root).as_posix()
        keep += [*_all_in(copy, name), *_one(copy, name)]
    return Capture(tuple(keep))


def _copies(session: str, root: Path) -> list[Path]:
    """It occurs both as `ID.jsonl` and as `ID/ID.jsonl`."""
    folders = sorted(root.glob("projects/*/agent-transcripts"))
    named = (folder / name for folder in folders for name in (session, f"{session}.jsonl"))
    return [path for path in named if path.exists()]


def _all_in(folder: Path, name: str) -> Iterator[Keep]:
    for root, folders, files in os.walk(folder):
        folders.sort()
        for path in (Path(root, file) for file in sorted(files)):
            yield from _one(path, f"{name}/{path.relative_to(folder).as_posix()}")


def _one(path: Path, name: str) -> Iterator[Keep]:
    """A plain file; not `store.db-shm`, an index that SQLite makes anew."""
    if path.is_file() and not path.is_symlink() and not name.endswith("-shm"):
        yield Keep(path, name, lines=path.suffix == ".jsonl")


def restore(session: str, names: tuple[str, ...], place: Place, kept: Path) -> Restore:
    """For the present cwd.  That a chat remembers on another machine is not proved."""
    root = _root(place)
    chats = root / "chats" / _folder(place.cwd)
    targets = {name: _target(_checked(session), name, place) for name in names}
    own = (chats / session, chats / f"{session}.jsonl")
    return Restore(
        tuple(Put(kept / name, target) for name, target in targets.items() if target),
        clear=(*(path for path in own if path.exists()), *_copies(session, root)),
    )


def _target(session: str, name: str, place: Place) -> Path | None:
    """Where a kept file goes; none for a name that `capture` does not give."""
    own = (session, f"{session}.jsonl")
    match name.split("/"):
        case [*parts] if {"", ".", ".."} & set(parts):
            return None
        case ["chats", chat, *inside] if chat in own:
            return _root(place).joinpath("chats", _folder(place.cwd), chat, *inside)
        case ["projects", _, "agent-transcripts", chat, *_] if chat in own:
            return _root(place) / name
    return None


def _root(place: Place) -> Path:
    return place.home / ".cursor" if place.own else place.home


def _folder(cwd: Path) -> str:
    return hashlib.md5(str(cwd).encode(), usedforsecurity=False).hexdigest()


def settings(place: Place) -> tuple[Put, ...]:
    """`cli-config.json` without the account, or an empty one: two programs that make it race."""
    if not place.own:
        return ()
    source = _configuration(place.environ) / "cli-config.json"
    target = _root(place) / "cli-config.json"
    if source.is_file():
        return (Put(source, target, _without_account),)
    return (Put(Path(os.devnull), target, lambda _: b"{}\n"),)


def _without_account(config: bytes) -> bytes:
    value = _opened(config.decode(errors="replace")) or {}
    return json.dumps({key: value[key] for key in value if key != "authInfo"}, indent=2).encode()


def environment(place: Place) -> Mapping[str, str]:
    """CURSOR_CONFIG_DIR moves the configuration alone: the chats go where HOME is.

    So this one CLI gets another HOME, and CURSOR_CONFIG_DIR points into it.
    """
    env = {"NO_OPEN_BROWSER": "1"}
    if place.own:
        env |= {"HOME": str(place.home), "CURSOR_CONFIG_DIR": str(_root(place))}
    elif "CURSOR_CONFIG_DIR" in place.environ:
        env["CURSOR_CONFIG_DIR"] = place.environ["CURSOR_CONFIG_DIR"]
    return env


def _configuration(environ: Mapping[str, str]) -> Path:
    if environ.get("CURSOR_CONFIG_DIR"):
        return Path(environ["CURSOR_CONFIG_DIR"])
    if environ.get("XDG_CONFIG_HOME"):
        return Path(environ["XDG_CONFIG_HOME"]) / "cursor"
    return user_home(environ)


def user_home(environ: Mapping[str, str]) -> Path:
    """`~/.cursor`; no variable is said to move the chats that are in it."""
    return Path(environ.get("HOME") or "~").expanduser() / ".cursor"
