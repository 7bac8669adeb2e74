"""Claude Code (`claude -p`).  What is said of it here was seen with 2.1.330, unless it says else;
its streams are in tests/recorded/claude.
"""

from __future__ import annotations

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

NAME = "claude"
PROGRAM = "claude"
KEYS: tuple[str, ...] = (
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "ANTHROPIC_AUTH_TOKEN",
)
# Not CLAUDE_CODE_*: inside another Claude Code that would hand on its session and its tokens.
PASSED: tuple[str, ...] = (
    "ANTHROPIC_*",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_*",
    "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH",
    "CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
    "CLAUDE_CODE_CLIENT_CERT",
    "CLAUDE_CODE_CLIENT_KEY",
    "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
    "CLAUDE_CODE_EFFORT_LEVEL",
    "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
    "CLAUDE_CODE_SUBAGENT_MODEL",
    "MAX_THINKING_TOKENS",
    "API_TIMEOUT_MS",
)
# The CLI knows `opus`, `opusplan`, `sonnet` and `haiku` itself.
ALIASES: Mapping[str, str] = {
    "opus-4-5": "claude-opus-4-5",
    "opus-4-6": "claude-opus-4-6",
    "sonnet-4-5": "claude-sonnet-4-5",
    "sonnet-4-6": "claude-sonnet-4-6",
    "haiku-4-5": "claude-haiku-4-5-20251001",
}
SESSION = base.UUID
INSTALL = "npm install -g @anthropic-ai/claude-code@2.1.330 (Node 22 or newer)"

# A model service that says no is retried 10 times by itself, 184 s for a bad key.  Background tasks
# keep the process up to 600 s after its result.  Auto memory would carry over between attempts what
# only a session may.
SWITCHES: Mapping[str, str] = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_MAX_RETRIES": "5",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",
}
# The login of a cloud is handed on only where the cloud is asked for; names that begin so.
CLOUDS: Mapping[str, tuple[str, ...]] = {
    "CLAUDE_CODE_USE_BEDROCK": ("AWS_",),
    "CLAUDE_CODE_USE_MANTLE": ("AWS_",),
    "CLAUDE_CODE_USE_ANTHROPIC_AWS": ("AWS_",),
    "CLAUDE_CODE_USE_VERTEX": (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_",
        "GCLOUD_PROJECT",
        "CLOUDSDK_",
        "CLOUD_ML_REGION",
        "VERTEX_REGION_",
    ),
    "CLAUDE_CODE_USE_FOUNDRY": (
        "AZURE_CLIENT_",
        "AZURE_TENANT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST",
    ),
}

native = base.as_found


def command(request: Request) -> Command:
    """The prompt goes by stdin.  A resume wants the same options, for a session keeps none.

    What begins with `/word` is a command of its own and never reaches the model, unless something
    stands before it.
    """
    model = base.model(ALIASES, request.model)
    argv = (
        PROGRAM,
        "-p",
        "--dangerously-skip-permissions",
        "--output-format",
        "stream-json",
        "--verbose",
        *(("--model", model) if model else ()),
        *_session_flag(request),
    )
    before = "\n" if request.prompt.startswith("/") else ""
    return Command(argv, stdin=before + request.prompt)


def _session_flag(request: Request) -> tuple[str, str]:
    if request.session is None:
        return ("--session-id", _checked(request.new_session))
    return ("--resume", _checked(request.session))


def _checked(session: str) -> str:
    if not SESSION.fullmatch(session):
        raise ProviderError(f"{session!r} is no session of Claude Code: its ids are UUIDs")
    return session


def parse(line: str) -> Iterable[AgentEvent]:
    """One line of `--output-format stream-json`."""
    event = _opened(line)
    if event is None:
        return (Complained(line.strip()[:500]),) if line.strip() else ()
    match event:
        case {"type": "system"}:
            return _system(event)
        case {"type": "assistant", "error": str(kind), "message": {"content": list(blocks)}}:
            return (Complained(f"{kind}: {_text(blocks)}"),)
        case {
            "type": "assistant",
            "parent_tool_use_id": str(),
            "message": {"content": list(blocks)},
        }:
            return _tools(blocks)
        case {"type": "assistant", "message": {"content": list(blocks)}}:
            return (TurnBegan(), *_said(blocks), *_tools(blocks))
        case {"type": "result"}:
            return _result(event)
    return ()


def _opened(line: str) -> dict[str, object] | None:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _system(event: Mapping[str, object]) -> Iterator[AgentEvent]:
    match event:
        case {"subtype": "init", "session_id": str(session)} if SESSION.fullmatch(session):
            yield SessionKnown(session)
        case {"subtype": "api_retry", "error": str(error), "attempt": attempt}:
            yield Complained(f"the model service says {error}; try {attempt} failed")
        case {"subtype": "permission_denied", "tool_name": tool, "message": text}:
            yield Complained(f"{tool} was denied: {text}")
        case {"subtype": "status", "compact_error": str(text)}:
            yield Complained(f"compaction failed: {text}")


def _said(blocks: list[object]) -> Iterator[Said]:
    text = _text(blocks)
    if text:
        yield Said(text)


def _text(blocks: list[object]) -> str:
    said = []
    for block in blocks:
        match block:
            case {"type": "text", "text": str(text)}:
                said.append(text)
    return "\n".join(said)


def _tools(blocks: list[object]) -> Iterator[ToolUsed]:
    for block in blocks:
        match block:
            case {"type": "tool_use", "name": str(tool), "input": {"file_path": str(path)}}:
                yield ToolUsed(tool, path)
            case {"type": "tool_use", "name": str(tool), "input": {"notebook_path": str(path)}}:
                yield ToolUsed(tool, path)
            case {"type": "tool_use", "name": str(tool)}:
                yield ToolUsed(tool)


def _result(event: Mapping[str, object]) -> Iterator[AgentEvent]:
    """A process can print several results; `subtype` says success for errors of the service too."""
    match event:
        case {"usage": dict(tokens), "num_turns": int(turns)} if turns:
            cost = event.get("total_cost_usd")
            yield UsageSeen(_usage(tokens, cost), of="launch", cost_of="session")
    yield Ended(event.get("is_error") is False, _last_words(event))


def _usage(tokens: Mapping[str, object], cost: object) -> Usage:
    return Usage(
        input=_count(tokens.get("input_tokens")),
        cache_read=_count(tokens.get("cache_read_input_tokens")),
        cache_write=_count(tokens.get("cache_creation_input_tokens")),
        output=_count(tokens.get("output_tokens")),
        cost_usd=float(cost) if isinstance(cost, (int, float)) else None,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _last_words(event: Mapping[str, object]) -> str:
    match event:
        case {"errors": [*errors]} if errors:
            text = "; ".join(str(error) for error in errors)
        case {"result": str(text)}:
            pass
        case _:
            text = str(event.get("subtype", ""))
    match event:
        case {"api_error_status": int(status)}:
            return f"{text} (model service: {status})"
    return text


_UNKNOWN = re.compile(r"No conversation found with session ID")
_STATUS = re.compile(r"\(model service: (\d{3})\)$")
_NOT_ABOUT_THE_SESSION = {"401", "402", "403", "404", "408", "429"}
_ASK_FOR_KEY = (
    "Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN, or use --agent-home user on a machine where "
    "`claude` is logged in."
)
_BLOCKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"credit balance|billing|\(model service: 402\)", re.I),
        "Add credit to the account of the key, or use another key.",
    ),
    (
        re.compile(
            r"(usage|session|weekly|rate) limit|limit reached|quota|\(model service: 429\)", re.I
        ),
        "Wait until the limit is lifted, or use another key, and run again.",
    ),
    (
        re.compile(
            r"not logged in|run /login|invalid api key|failed to authenticate|oauth token"
            r"|\(model service: 40[13]\)",
            re.I,
        ),
        _ASK_FOR_KEY,
    ),
)


def judge(exit: Exit) -> Judged:
    """The last result counts, and the exit code beside it: SIGINT leaves 0 and an error result."""
    words = exit.ended.text if exit.ended else _tail(exit.stderr)
    if exit.asked and (_UNKNOWN.search(words) or exit.session not in (None, exit.asked)):
        return Judged("refused", words or f"the session became {exit.session}")
    if exit.ended and exit.ended.ok and exit.code == 0:
        return Judged("passed")
    for pattern, remedy in _BLOCKS:
        if not (exit.ended and exit.ended.ok) and pattern.search(words):
            return Judged("blocked", f"Claude Code says: {words}\n{remedy}")
    if exit.asked and exit.turns == 0 and _is_refusal(words):
        return Judged("refused", words)
    return Judged("failed", base.last_words(exit))


def _is_refusal(words: str) -> bool:
    """A 4xx on the first call after a resume: `Prompt is too long`, `tool use concurrency`."""
    status = _STATUS.search(words)
    return bool(status and status[1][0] == "4" and status[1] not in _NOT_ABOUT_THE_SESSION)


def _tail(stderr: str) -> str:
    return "\n".join(line for line in stderr.splitlines() if line.strip())[-500:]


def capture(session: str, place: Place, into: Path) -> Capture:
    """`projects/*/S.jsonl`, `projects/*/S/` (sub-agents, large tool results) and `tasks/S/`."""
    transcript = _transcript(_checked(session), place)
    if transcript is None:
        return Capture(())
    return Capture(
        (
            Keep(transcript, f"{session}.jsonl", lines=True),
            *_all_in(transcript.with_suffix(""), session),
            *_all_in(place.home / "tasks" / session, f"tasks/{session}"),
        )
    )


def restore(session: str, names: tuple[str, ...], place: Place, kept: Path) -> Restore:
    """Put under the folder of the present cwd, which wins over all others; paths inside stay."""
    _checked(session)
    targets = {name: _target(session, name, place) for name in names}
    put = tuple(Put(kept / name, target) for name, target in targets.items() if target)
    projects, tasks = place.home / "projects", place.home / "tasks" / session
    clear = (*sorted(projects.glob(f"*/{session}.jsonl")), *sorted(projects.glob(f"*/{session}")))
    return Restore(put, clear=(*clear, tasks) if tasks.exists() else clear)


def _target(session: str, name: str, place: Place) -> Path | None:
    """Where a kept file goes; none for a name that `capture` does not give."""
    if any(part in ("", ".", "..") for part in name.split("/")):
        return None
    if name.startswith(f"tasks/{session}/"):
        return place.home / name
    if name == f"{session}.jsonl" or name.startswith(f"{session}/"):
        return place.home / "projects" / _folder(place.cwd) / name
    return None


def _transcript(session: str, place: Place) -> Path | None:
    own = place.home / "projects" / _folder(place.cwd) / f"{session}.jsonl"
    others = sorted((place.home / "projects").glob(f"*/{session}.jsonl"))
    return next((path for path in (own, *others) if _is_plain(path)), None)


def _folder(cwd: Path) -> str:
    """The real path with `-` for each UTF-16 unit that is no ASCII letter or digit.

    Claude Code adds a hash to what it cuts after 200.  Any folder is searched for a session, so a
    name without the hash does.
    """
    return re.sub(r"[^A-Za-z0-9]", lambda m: "-" * (1 + (m[0] > "\uffff")), str(cwd))[:200]


def _all_in(folder: Path, name: str) -> Iterator[Keep]:
    for root, folders, files in os.walk(folder):
        folders.sort()
        for path in (Path(root, file) for file in sorted(files)):
            if _is_plain(path):
                inside = path.relative_to(folder).as_posix()
                yield Keep(path, f"{name}/{inside}", lines=path.suffix == ".jsonl")


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def settings(place: Place) -> tuple[Put, ...]:
    """`settings.json` alone: `.claude.json` and `.credentials.json` hold logins."""
    source = user_home(place.environ) / "settings.json"
    if not place.own or not source.is_file():
        return ()
    return (Put(source, place.home / "settings.json"),)


def environment(place: Place) -> Mapping[str, str]:
    """CLAUDE_CONFIG_DIR moves all of it, `.claude.json` too; the user's word on a switch holds.

    As root `--dangerously-skip-permissions` is refused unless IS_SANDBOX is exactly 1.
    """
    env = {name: place.environ.get(name, value) for name, value in SWITCHES.items()}
    if place.own:
        env["CLAUDE_CONFIG_DIR"] = str(place.home)
    elif "CLAUDE_CONFIG_DIR" in place.environ:
        env["CLAUDE_CONFIG_DIR"] = place.environ["CLAUDE_CONFIG_DIR"]
    if os.geteuid() == 0:
        env["IS_SANDBOX"] = "1"
    return env | _cloud_login(place.environ)


def _cloud_login(environ: Mapping[str, str]) -> dict[str, str]:
    asked = [starts for cloud, starts in CLOUDS.items() if environ.get(cloud, "0") not in ("", "0")]
    starts = tuple(start for group in asked for start in group)
    return {name: value for name, value in environ.items() if name.startswith(starts)}


def user_home(environ: Mapping[str, str]) -> Path:
    """`~/.claude`, unless CLAUDE_CONFIG_DIR says else."""
    moved = environ.get("CLAUDE_CONFIG_DIR")
    return Path(moved) if moved else Path(environ.get("HOME") or "~").expanduser() / ".claude"
