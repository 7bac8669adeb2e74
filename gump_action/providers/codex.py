"""Codex CLI (`codex exec`).  What is said of it here was seen with 0.169.0, unless it says else;
its streams are in tests/recorded/codex.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gump_action.clis.locked import CLIS
from gump_action.providers import base, codex_keys, endings, files, lines, services, sessions
from gump_action.providers import codex_rollouts as threads

NAME = "codex"
PROGRAM = "codex"
KEYS: tuple[str, ...] = ("CODEX_API_KEY", "OPENAI_API_KEY")
# OPENAI_API_KEY is not read by `codex exec`: see `environment`.
PASSED: tuple[str, ...] = (
    "CODEX_API_KEY",
    "CODEX_ACCESS_TOKEN",
    "CODEX_CA_CERTIFICATE",
    "OPENAI_ORGANIZATION",
    "OPENAI_PROJECT",
)
TELLS_COST = False
ALIASES: Mapping[str, str] = {
    "gpt54": "gpt-5.4",
    "gpt54-mini": "gpt-5.4-mini",
    "gpt53": "gpt-5.3-codex",
    "gpt53-spark": "gpt-5.3-codex-spark",
    "gpt52": "gpt-5.2-codex",
    "gpt51-max": "gpt-5.1-codex-max",
    "o3": "o3-codex",
}
SESSION = base.UUID
WHOSE = "Codex: its ids are UUIDs"
IS_ID_OURS = False
INSTALL = CLIS["codex"].install

# Without the first, a host that cannot be reached is tried for ever (with it: 31 s, code 1).
# Memories would carry over between attempts what only a session may.
SWITCHES = (
    "features.unbounded_connection_retries=false",
    "features.memories=false",
    "check_for_update_on_startup=false",
    "analytics.enabled=false",
    "feedback.enabled=false",
    'otel.exporter="none"',
    'history.persistence="none"',
)


def command(request: base.Request) -> base.Command:
    """`-` is the prompt by stdin.  `resume` has no `-C`, so both work in the cwd of the process.

    SIGINT leaves no child behind; SIGTERM leaves the grandchildren of a command.
    """
    model = base.model(ALIASES, request.model)
    argv = (
        PROGRAM,
        "exec",
        *(("resume",) if request.session is not None else ()),
        "--json",
        "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox",
        *(word for switch in _switches(request.place) for word in ("-c", switch)),
        *(("-m", model) if model else ()),
        *((_checked(request.session),) if request.session is not None else ()),
        "-",
    )
    return base.Command(argv, stdin=request.prompt, stop="INT")


def _switches(place: base.Place) -> tuple[str, ...]:
    """OPENAI_BASE_URL is not read either; it goes where the OPENAI_API_KEY beside it goes.

    A URL with a password in it is left to config.toml: secrets stay out of command lines.  A home
    of the run's own holds no plugins, but they would be looked for at GitHub at each start.
    """
    own = ("features.plugins=false",) if place.own else ()
    url = place.environ.get("OPENAI_BASE_URL", "")
    if not url or "@" in url or not _lends_key(place):
        return (*SWITCHES, *own)
    return (*SWITCHES, *own, f"openai_base_url={json.dumps(url)}")


def _checked(session: str) -> str:
    """A word that is no UUID is taken for a name, and an unknown name starts a new thread."""
    return sessions.checked(session, SESSION, WHOSE)


def native(found: Path) -> Path:
    """The program itself where npm's wrapper was found, which on older Nodes keeps signals from it.

    The wrapper is `@openai/codex/bin/codex.js`; the program is in a package beside or below it.
    """
    real = found.resolve()
    if real.name != "codex.js":
        return found
    package = real.parent.parent
    for folder in (package / "node_modules" / "@openai", package.parent):
        for program in sorted(folder.glob(f"codex-{_platform()}/vendor/*/bin/codex")):
            if os.access(program, os.X_OK):
                return program
    return found


def _platform() -> str:
    machine = os.uname().machine
    return f"{sys.platform}-{'arm64' if machine in ('arm64', 'aarch64') else 'x64'}"


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of `--json`."""
    event = lines.parse_event(line)
    match event:
        case None:
            return lines.complaint(line)
        case {"type": "thread.started"}:
            return lines.session(event, "thread_id", SESSION)
        case {"type": "item.started", "item": {"type": str(kind), **item}}:
            return _begun(kind, item)
        case {"type": "item.completed", "item": {"type": str(kind), **item}}:
            return _finished(kind, item)
    return _ending(event)


def _ending(event: Mapping[str, object]) -> Iterator[base.AgentEvent]:
    """`error` is what it says of each retry too; `turn.failed` is final."""
    match event:
        case {"type": "turn.completed", **rest}:
            match rest:
                case {"usage": dict(tokens)}:
                    yield base.UsageSeen(_usage(tokens), of="session")
            yield base.Ended(True)
        case {"type": "turn.failed", "error": {"message": str(message)}}:
            yield base.Ended(False, _plain(message))
        case {"type": "error", "message": str(message)}:
            yield base.Complained(_plain(message))


def _begun(kind: str, item: Mapping[object, object]) -> Iterator[base.AgentEvent]:
    """The stream tells nothing of calls of the model: each thing that one asked for counts as a
    turn.  `turn.started` comes before the first call, and says nothing of its success.
    """
    if kind not in ("command_execution", "file_change", "mcp_tool_call", "web_search"):
        return
    yield base.TurnBegan()
    if kind != "file_change":
        tool = item.get("tool")
        yield base.ToolUsed(tool if isinstance(tool, str) else kind)


def _finished(kind: str, item: Mapping[object, object]) -> Iterator[base.AgentEvent]:
    match kind, item:
        case "agent_message", {"text": str(text)}:
            yield base.TurnBegan()
            yield base.Said(text)
        case "file_change", {"changes": list(changes)}:
            yield from _changed(changes)
        case "error", {"message": str(message)}:
            yield base.Complained(message)


def _changed(changes: list[object]) -> Iterator[base.ToolUsed]:
    for change in changes:
        match change:
            case {"path": str(path)}:
                yield base.ToolUsed("file_change", path)


def _usage(tokens: Mapping[str, object]) -> base.Usage:
    """Totals of the thread; `input_tokens` includes what was read from and written to the cache."""
    total, output = lines.count(tokens, "input_tokens"), lines.count(tokens, "output_tokens")
    read = lines.count(tokens, "cached_input_tokens")
    write = lines.count(tokens, "cache_write_input_tokens")
    uncached = None if total is None else max(0, total - (read or 0) - (write or 0))
    return base.Usage(input=uncached, cache_read=read, cache_write=write, output=output)


def _plain(message: str) -> str:
    """A 400 arrives as the service's JSON, without its status."""
    match lines.parse_event(message):
        case {"error": {"message": str(text), "type": str(kind)}}:
            return f"{text} ({kind})"
    return message


_NOT_RESUMED = re.compile(
    r"thread/resume failed|no rollout found for|failed to read session metadata"
    r"|invalid paginated history lineage|which is no longer configured|already has an active writer"
)
_REFUSED_BY_SERVICE = re.compile(
    r"\(invalid_request_error\)|unexpected status 4(?!01|02|03|04|08|29)\d\d"
    r"|ran out of room in the model's context window"
)
_BLOCKS = (
    endings.Block(
        re.compile(
            r"quota exceeded|exceeded your current quota|insufficient_quota|usage limit"
            r"|billing (?:details|hard limit)|status:? 402",
            re.I,
        ),
        "Wait until the limit is lifted, add credit, or use another key, and run again.",
    ),
    endings.Block(
        re.compile(r"status:? 429|rate limit (?:reached|exceeded)", re.I),
        "Wait until the limit is lifted, or use another key, and run again.",
    ),
    endings.Block(
        re.compile(
            r"status:? 40[13]|incorrect api key|missing bearer|missing environment variable"
            r"|log ?in again|not logged in|codex login|refresh token",
            re.I,
        ),
        "Set CODEX_API_KEY or OPENAI_API_KEY (or the one that `env_key` in config.toml names), "
        "or use --agent-home user on a machine where `codex` is logged in.",
    ),
)


def judge(exit: base.Exit) -> base.Judged:
    """Passed is: code 0, `turn.completed`, and the thread that was asked for."""
    if exit.is_foreign:
        return base.Judged("refused", f"Codex began the thread {exit.session} instead")
    if exit.ended and exit.ended.ok and exit.code == 0:
        return base.Judged("passed")
    words, failed = endings.words(exit), base.Judged("failed", endings.last_words(exit))
    if not endings.has_own_words(exit):
        return failed
    if exit.asked and not exit.ended and _NOT_RESUMED.search(words):
        return base.Judged("refused", words)
    blocked = endings.find_blocked("Codex", words, _BLOCKS)
    if not blocked and exit.asked and exit.turns == 0 and _REFUSED_BY_SERVICE.search(words):
        return base.Judged("refused", words)
    return blocked or failed


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """The thread's rollout, those it was forked from, and those of the threads it began.

    Never `shell_snapshots/`, which holds the whole environment.
    """
    there = threads.find_all(place.home)
    if _checked(session) not in there:
        return base.Capture(())
    above, below = threads.ancestors(session, there), threads.descendants(session, there)
    found = sorted(path for thread in {session, *above, *below} for path in there.get(thread, ()))
    names = [(path, path.relative_to(place.home).as_posix()) for path in found]
    return base.Capture(tuple(one for path, name in names for one in files.keep(path, name)))


def restore(session: str, names: tuple[str, ...], place: base.Place, kept: Path) -> base.Restore:
    """The thread and what it began are put back as kept; what it was forked from is another's."""
    there, ours = threads.find_all(place.home), threads.find_all(kept)
    own = {_checked(session)}
    own |= threads.descendants(session, ours) | threads.descendants(session, there)
    put = tuple(
        base.Put(kept / name, place.home / name)
        for name in names
        if (match := threads.KEPT.fullmatch(name)) and (match[3] in own or match[3] not in there)
    )
    return base.Restore(put, clear=tuple(path for thread in own for path in there.get(thread, ())))


def settings(place: base.Place) -> tuple[base.Put, ...]:
    """`config.toml` alone; `auth.json` holds the login."""
    source = user_home(place.environ) / "config.toml"
    if not place.own or not source.is_file():
        return ()
    return (base.Put(source, place.home / "config.toml"),)


def environment(place: base.Place) -> Mapping[str, str]:
    """CODEX_HOME moves all of it; keys are those that its configuration names, or ours."""
    named = codex_keys.named(user_home(place.environ) / "config.toml")
    env = services.given(place.environ, named, ())
    if place.own:
        env["CODEX_HOME"] = str(place.home)
    elif "CODEX_HOME" in place.environ:
        env["CODEX_HOME"] = place.environ["CODEX_HOME"]
    if _lends_key(place):
        env["CODEX_API_KEY"] = place.environ["OPENAI_API_KEY"]
    return env


def _lends_key(place: base.Place) -> bool:
    """`codex exec` heeds CODEX_API_KEY only, and puts it above a login."""
    environ = place.environ
    logged_in = not place.own and (place.home / "auth.json").exists()
    return bool(
        environ.get("OPENAI_API_KEY") and not environ.get("CODEX_API_KEY") and not logged_in
    )


def user_home(environ: Mapping[str, str]) -> Path:
    """`~/.codex`, unless CODEX_HOME says else."""
    moved = environ.get("CODEX_HOME")
    return Path(moved) if moved else Path(environ.get("HOME") or "~").expanduser() / ".codex"
