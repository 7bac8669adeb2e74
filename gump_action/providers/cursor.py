"""Cursor CLI (`cursor-agent -p`).  Nothing here was run: it is from its documentation, at
cursor.com/docs/cli, and from other projects' code, versions 2026.02 to 2026.09.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gump_action.providers import base, endings, files, lines, sessions

NAME = "cursor"
PROGRAM = "cursor-agent"  # not `agent`, which another CLI installs too
KEYS: tuple[str, ...] = ("CURSOR_API_KEY", "CURSOR_AUTH_TOKEN")
PASSED: tuple[str, ...] = KEYS
TELLS_COST = False
ALIASES: Mapping[str, str] = {
    "sonnet": "claude-4.6-sonnet-medium",
    "sonnet-thinking": "claude-4.6-sonnet-medium-thinking",
    "opus": "claude-4.6-opus-high",
    "opus-thinking": "claude-4.6-opus-high-thinking",
    "gpt5": "gpt-5.4-medium",
    "gemini": "gemini-3.1-pro",
}
SESSION = base.UUID
WHOSE = "Cursor: its ids are UUIDs"
IS_ID_OURS = False
INSTALL = "curl https://cursor.com/install -fsS | bash"

native = base.as_found


def command(request: base.Request) -> base.Command:
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
        *(("--resume", _checked(request.session)) if request.session is not None else ()),
    )
    return base.Command(argv, stdin=request.prompt)


def _checked(session: str) -> str:
    return sessions.checked(session, SESSION, WHOSE)


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of `--output-format stream-json`."""
    event = lines.parse_event(line)
    match event:
        case None:
            return lines.complaint(line)
        case {"type": "system", "subtype": "init"}:
            return lines.session(event, "session_id", SESSION)
        case {"type": "assistant", "message": {"content": list(blocks)}}:
            return (base.TurnBegan(), *_said(blocks))
        case {"type": "tool_call", "subtype": "started", "tool_call": dict(call)}:
            return _tools(call)
        case {"type": "result"}:
            return _result(event)
    return ()


def _said(blocks: list[object]) -> Iterator[base.Said]:
    for block in blocks:
        match block:
            case {"type": "text", "text": str(text)}:
                yield base.Said(text)


def _tools(call: Mapping[str, object]) -> Iterator[base.ToolUsed]:
    """The tool is a key: `{"editToolCall": {"args": {"path": …}}}`."""
    for name, value in call.items():
        if not name.endswith("ToolCall"):
            continue
        match value:
            case {"args": {"path": str(path)}}:
                yield base.ToolUsed(name.removesuffix("ToolCall"), path)
            case _:
                yield base.ToolUsed(name.removesuffix("ToolCall"))


def _result(event: Mapping[str, object]) -> Iterator[base.AgentEvent]:
    match event:
        case {"usage": dict(tokens)}:
            yield base.UsageSeen(_usage(tokens), of="launch")
    ok = event.get("is_error") is False and event.get("subtype") == "success"
    yield base.Ended(ok, lines.text(event, "result"))


def _usage(tokens: Mapping[str, object]) -> base.Usage:
    """No page says whether `inputTokens` holds cached ones; it stands beside them, as Claude's."""
    return base.Usage(
        input=lines.count(tokens, "inputTokens"),
        cache_read=lines.count(tokens, "cacheReadTokens"),
        cache_write=lines.count(tokens, "cacheWriteTokens"),
        output=lines.count(tokens, "outputTokens"),
    )


_NOT_RESUMED = re.compile(r"(chat|session|conversation)\b.{0,60}\bnot found", re.I)
_BLOCKS = (
    endings.Block(
        re.compile(r"usage limit|spend limit|quota|billing|rate limit|too many requests", re.I),
        "Wait until the limit is lifted, or raise it in Cursor's settings, and run again.",
    ),
    endings.Block(
        re.compile(
            r"authentication required|not (authenticated|logged in)|invalid api key|unauthorized"
            r"|agent login",
            re.I,
        ),
        "Set CURSOR_API_KEY, or use --agent-home user on a machine where `cursor-agent` is logged "
        "in.  (It says `invalid API key` also where it cannot reach its servers.)",
    ),
)


def judge(exit: base.Exit) -> base.Judged:
    """A failure has no result, a code that is not 0 and its text on stderr.  An unknown chat is no
    failure: another one begins, in silence.
    """
    if exit.is_foreign:
        return base.Judged("refused", f"Cursor began the chat {exit.session} instead")
    if exit.ended and exit.ended.ok and exit.code == 0:
        return base.Judged("passed")
    words, failed = endings.words(exit), base.Judged("failed", endings.last_words(exit))
    if not endings.has_own_words(exit):
        return failed
    if exit.asked and exit.turns == 0 and _NOT_RESUMED.search(words):
        return base.Judged("refused", words)
    return endings.find_blocked("Cursor", words, _BLOCKS) or failed


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """`chats/<md5 of the cwd>/ID/` (the memory) and `projects/*/agent-transcripts/ID*` (a copy).

    `ID.jsonl` is the plain form of a chat.
    """
    root = _root(place)
    chats = root / "chats" / _folder(place.cwd)
    keep = [
        *_of_a_chat(chats / _checked(session), f"chats/{session}"),
        *_of_a_chat(chats / f"{session}.jsonl", f"chats/{session}.jsonl"),
    ]
    for copy in _copies(session, root):
        keep += _of_a_chat(copy, copy.relative_to(root).as_posix())
    return base.Capture(tuple(keep))


def _copies(session: str, root: Path) -> list[Path]:
    """It occurs both as `ID.jsonl` and as `ID/ID.jsonl`."""
    folders = sorted(root.glob("projects/*/agent-transcripts"))
    named = (folder / name for folder in folders for name in (session, f"{session}.jsonl"))
    return [path for path in named if path.exists()]


def _of_a_chat(path: Path, name: str) -> Iterator[base.Keep]:
    """A file, or all files of a folder, but for `store.db-shm`, which SQLite makes anew."""
    for keep in (*files.keep(path, name), *files.keep_all(path, name)):
        if not keep.name.endswith("-shm"):
            yield keep


def restore(session: str, names: tuple[str, ...], place: base.Place, kept: Path) -> base.Restore:
    """For the present cwd.  That a chat remembers on another machine is not proved."""
    _checked(session)
    root = _root(place)
    chats = root / "chats" / _folder(place.cwd)
    targets = {name: _target(session, name, place) for name in names}
    own = (chats / session, chats / f"{session}.jsonl")
    return base.Restore(
        tuple(base.Put(kept / name, target) for name, target in targets.items() if target),
        clear=(*(path for path in own if path.exists()), *_copies(session, root)),
    )


def _target(session: str, name: str, place: base.Place) -> Path | None:
    """Where a kept file goes; none for a name that `capture` does not give."""
    own = (session, f"{session}.jsonl")
    match name.split("/") if files.is_below(name) else []:
        case ["chats", chat, *inside] if chat in own:
            return _root(place).joinpath("chats", _folder(place.cwd), chat, *inside)
        case ["projects", _, "agent-transcripts", chat, *_] if chat in own:
            return _root(place) / name
    return None


def _root(place: base.Place) -> Path:
    return place.home / ".cursor" if place.own else place.home


def _folder(cwd: Path) -> str:
    return hashlib.md5(str(cwd).encode(), usedforsecurity=False).hexdigest()


def settings(place: base.Place) -> tuple[base.Put, ...]:
    """`cli-config.json` without the account, or an empty one: two programs that make it race."""
    if not place.own:
        return ()
    source = _configuration(place.environ) / "cli-config.json"
    target = _root(place) / "cli-config.json"
    if source.is_file():
        return (base.Put(source, target, _without_account),)
    return (base.made(b"{}\n", target),)


def _without_account(config: bytes) -> bytes:
    value = lines.parse_object(config.decode(errors="replace")) or {}
    return json.dumps({key: value[key] for key in value if key != "authInfo"}, indent=2).encode()


def environment(place: base.Place) -> Mapping[str, str]:
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
