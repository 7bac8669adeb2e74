"""Codex CLI (`codex exec`).  What is said of it here was seen with 0.169.0, unless it says else;
its streams are in tests/recorded/codex.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

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
INSTALL = "npm install -g @openai/codex@0.169.0"

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


def command(request: Request) -> Command:
    """`-` is the prompt by stdin.  `resume` has no `-C`, so both work in the cwd of the process.

    SIGINT leaves no child behind; SIGTERM leaves the grandchildren of a command.
    """
    model = base.model(ALIASES, request.model)
    argv = (
        PROGRAM,
        "exec",
        *(("resume",) if request.session else ()),
        "--json",
        "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox",
        *(word for switch in _switches(request.place) for word in ("-c", switch)),
        *(("-m", model) if model else ()),
        *((_checked(request.session),) if request.session else ()),
        "-",
    )
    return Command(argv, stdin=request.prompt, stop="INT")


def _switches(place: Place) -> tuple[str, ...]:
    """OPENAI_BASE_URL is not read either; it goes where the OPENAI_API_KEY beside it goes.

    A URL with a password in it is left to config.toml: secrets stay out of command lines.  A home
    of the run's own holds no plugins, but they would be looked for at GitHub at each start.
    """
    own = ("features.plugins=false",) if place.own else ()
    url = place.environ.get("OPENAI_BASE_URL", "")
    if not url or urlsplit(url).password or not _lends_key(place):
        return (*SWITCHES, *own)
    return (*SWITCHES, *own, f"openai_base_url={json.dumps(url)}")


def _checked(session: str) -> str:
    """A word that is no UUID is taken for a name, and an unknown name starts a new thread."""
    if not SESSION.fullmatch(session):
        raise ProviderError(f"{session!r} is no session of Codex: its ids are UUIDs")
    return session


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


def parse(line: str) -> Iterable[AgentEvent]:
    """One line of `--json`."""
    event = _opened(line)
    match event:
        case None:
            return (Complained(line.strip()[:500]),) if line.strip() else ()
        case {"type": "thread.started", "thread_id": str(thread)} if SESSION.fullmatch(thread):
            return (SessionKnown(thread),)
        case {"type": "item.started", "item": {"type": str(kind), **item}}:
            return _begun(kind, item)
        case {"type": "item.completed", "item": {"type": str(kind), **item}}:
            return _finished(kind, item)
    return _ending(event)


def _ending(event: Mapping[str, object]) -> Iterator[AgentEvent]:
    """`error` is what it says of each retry too; `turn.failed` is final."""
    match event:
        case {"type": "turn.completed", **rest}:
            match rest:
                case {"usage": dict(tokens)}:
                    yield UsageSeen(_usage(tokens), of="session")
            yield Ended(True)
        case {"type": "turn.failed", "error": {"message": str(message)}}:
            yield Ended(False, _plain(message))
        case {"type": "error", "message": str(message)}:
            yield Complained(_plain(message))


def _opened(line: str) -> dict[str, object] | None:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _begun(kind: str, item: Mapping[object, object]) -> Iterator[AgentEvent]:
    """The stream tells nothing of calls of the model: each thing that one asked for counts as a
    turn.  `turn.started` comes before the first call, and says nothing of its success.
    """
    if kind not in ("command_execution", "file_change", "mcp_tool_call", "web_search"):
        return
    yield TurnBegan()
    if kind != "file_change":
        yield ToolUsed(str(item.get("tool", kind)))


def _finished(kind: str, item: Mapping[object, object]) -> Iterator[AgentEvent]:
    match kind, item:
        case "agent_message", {"text": str(text)}:
            yield TurnBegan()
            yield Said(text)
        case "file_change", {"changes": list(changes)}:
            yield from _changed(changes)
        case "error", {"message": str(message)}:
            yield Complained(message)


def _changed(changes: list[object]) -> Iterator[ToolUsed]:
    for change in changes:
        match change:
            case {"path": str(path)}:
                yield ToolUsed("file_change", path)


def _usage(tokens: Mapping[str, object]) -> Usage:
    """Totals of the thread; `input_tokens` includes what was read from and written to the cache."""
    total, output = _count(tokens.get("input_tokens")), _count(tokens.get("output_tokens"))
    read = _count(tokens.get("cached_input_tokens"))
    write = _count(tokens.get("cache_write_input_tokens"))
    uncached = None if total is None else max(0, total - (read or 0) - (write or 0))
    return Usage(input=uncached, cache_read=read, cache_write=write, output=output)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _plain(message: str) -> str:
    """A 400 arrives as the service's JSON, without its status."""
    match _opened(message):
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
_BLOCKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"quota|billing|usage limit|status:? 402", re.I),
        "Wait until the limit is lifted, add credit, or use another key, and run again.",
    ),
    (
        re.compile(r"status:? 429|rate limit", re.I),
        "Wait until the limit is lifted, or use another key, and run again.",
    ),
    (
        re.compile(
            r"status:? 40[13]|incorrect api key|missing bearer|missing environment variable"
            r"|log ?in again|not logged in|codex login|refresh token",
            re.I,
        ),
        "Set CODEX_API_KEY or OPENAI_API_KEY (or the one that `env_key` in config.toml names), "
        "or use --agent-home user on a machine where `codex` is logged in.",
    ),
)


def judge(exit: Exit) -> Judged:
    """Passed is: code 0, `turn.completed`, and the thread that was asked for."""
    words = exit.ended.text if exit.ended else _tail(exit.stderr)
    if exit.asked and exit.session not in (None, exit.asked):
        return Judged("refused", f"Codex began the thread {exit.session} instead")
    if exit.ended and exit.ended.ok and exit.code == 0:
        return Judged("passed")
    if exit.asked and not exit.ended and _NOT_RESUMED.search(words):
        return Judged("refused", words)
    for pattern, remedy in _BLOCKS:
        if pattern.search(words):
            return Judged("blocked", f"Codex says: {words}\n{remedy}")
    if exit.asked and exit.turns == 0 and _REFUSED_BY_SERVICE.search(words):
        return Judged("refused", words)
    return Judged("failed", base.last_words(exit))


def _tail(stderr: str) -> str:
    return "\n".join(line for line in stderr.splitlines() if line.strip())[-500:]


# `.zst` is how it packs rollouts that it has not used for long.
_ROLLOUT = re.compile(rf"rollout-[0-9T-]+-({base.UUID.pattern})\.jsonl(\.zst)?")
_KEPT = re.compile(rf"(archived_)?sessions/(\d+/)*{_ROLLOUT.pattern}")
_PARENT = re.compile(rf'"(?:forked_from_id|parent_thread_id)"\s*:\s*"({base.UUID.pattern})"')


def capture(session: str, place: Place, into: Path) -> Capture:
    """The thread's rollout, those it was forked from, and those of the threads it began.

    Never `shell_snapshots/`, which holds the whole environment.
    """
    rollouts = _rollouts(place.home)
    if _checked(session) not in rollouts:
        return Capture(())
    family = {session, *_ancestors(session, rollouts), *_descendants(session, rollouts)}
    found = sorted(path for thread in family for path in rollouts.get(thread, ()))
    return Capture(tuple(_keep(path, place.home) for path in found))


def _keep(path: Path, home: Path) -> Keep:
    return Keep(path, path.relative_to(home).as_posix(), lines=path.suffix == ".jsonl")


def restore(session: str, names: tuple[str, ...], place: Place, kept: Path) -> Restore:
    """The thread and what it began are put back as kept; what it was forked from is another's."""
    there, ours = _rollouts(place.home), _rollouts(kept)
    own = {_checked(session), *_descendants(session, ours), *_descendants(session, there)}
    put = tuple(
        Put(kept / name, place.home / name)
        for name in names
        if (match := _KEPT.fullmatch(name)) and (match[3] in own or match[3] not in there)
    )
    return Restore(put, clear=tuple(path for thread in own for path in there.get(thread, ())))


def _rollouts(home: Path) -> dict[str, list[Path]]:
    """All rollouts by thread.  The id in the name is the one that counts."""
    rollouts: dict[str, list[Path]] = {}
    for folder in ("sessions", "archived_sessions"):
        for path in sorted((home / folder).rglob("rollout-*")):
            match = _ROLLOUT.fullmatch(path.name)
            if match and path.is_file() and not path.is_symlink():
                rollouts.setdefault(match[1], []).append(path)
    return rollouts


def _ancestors(session: str, rollouts: Mapping[str, list[Path]]) -> set[str]:
    found: set[str] = set()
    new = _parents(rollouts.get(session, []))
    while new:
        found |= new
        new = {grand for thread in new for grand in _parents(rollouts.get(thread, []))} - found
    return found


def _descendants(session: str, rollouts: Mapping[str, list[Path]]) -> set[str]:
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


def settings(place: Place) -> tuple[Put, ...]:
    """`config.toml` alone; `auth.json` holds the login."""
    source = user_home(place.environ) / "config.toml"
    if not place.own or not source.is_file():
        return ()
    return (Put(source, place.home / "config.toml"),)


def environment(place: Place) -> Mapping[str, str]:
    """CODEX_HOME moves all of it; keys are those that its configuration names, or ours."""
    env = {name: place.environ[name] for name in _named_keys(place) if name in place.environ}
    if place.own:
        env["CODEX_HOME"] = str(place.home)
    elif "CODEX_HOME" in place.environ:
        env["CODEX_HOME"] = place.environ["CODEX_HOME"]
    if _lends_key(place):
        env["CODEX_API_KEY"] = place.environ["OPENAI_API_KEY"]
    return env


def _lends_key(place: Place) -> bool:
    """`codex exec` heeds CODEX_API_KEY only, and puts it above a login."""
    environ = place.environ
    logged_in = (place.home / "auth.json").exists()
    return bool(
        environ.get("OPENAI_API_KEY") and not environ.get("CODEX_API_KEY") and not logged_in
    )


def _named_keys(place: Place) -> set[str]:
    """The variables that the user's own model providers take their keys and headers from."""
    try:
        text = (user_home(place.environ) / "config.toml").read_text()
        config: dict[str, object] = tomllib.loads(text)
    except (OSError, ValueError):
        return set()
    match config:
        case {"model_providers": dict(services)}:
            return {name for service in services.values() for name in _variables(service)}
    return set()


def _variables(service: object) -> Iterator[str]:
    match service:
        case {"env_key": str(name)}:
            yield name
    match service:
        case {"env_http_headers": dict(headers)}:
            yield from (str(name) for name in headers.values())


def user_home(environ: Mapping[str, str]) -> Path:
    """`~/.codex`, unless CODEX_HOME says else."""
    moved = environ.get("CODEX_HOME")
    return Path(moved) if moved else Path(environ.get("HOME") or "~").expanduser() / ".codex"
