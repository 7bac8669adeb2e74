"""Qwen Code (@qwen-code/qwen-code), tried with 0.24.4; it needs Node 22 or newer.

A session is one JSONL file in a folder named after the working directory, and each of its lines
says that directory.  What is said here of the CLI was measured offline or read in its bundle, both
at 0.24.4.  (On Node 20 npm silently installs 0.15.10, which is another program.)
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gump_action.errors import ProviderError
from gump_action.providers.base import (
    UUID,
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
    as_found,
)

NAME = "qwen"
PROGRAM = "qwen"
INSTALL = "npm install -g @qwen-code/qwen-code (with Node 22 or newer)"
KEYS = (
    "OPENAI_API_KEY",
    "DASHSCOPE_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
)
PASSED = (
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "OPENAI_API_VERSION",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_MODEL",
    "AZURE_OPENAI_ENDPOINT",
    "DASHSCOPE_PROXY_BASE_URL",
    "GEMINI_MODEL",
    "GOOGLE_MODEL",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "QWEN_MODEL",
    "QWEN_DEFAULT_AUTH_TYPE",
    "QWEN_SYSTEM_MD",
    "QWEN_CODE_MAX_OUTPUT_TOKENS",
    "QWEN_CODE_SYSTEM_SETTINGS_PATH",
    "QWEN_CODE_SYSTEM_DEFAULTS_PATH",
)
"""Endpoints and models.  Keys come from `environment`: it looks which ones the settings name."""
SERVICES = (
    *KEYS,
    "ANTHROPIC_AUTH_TOKEN",
    "AZURE_OPENAI_API_KEY",
    "BAILIAN_CODING_PLAN_API_KEY",
    "BAILIAN_TOKEN_PLAN_API_KEY",
    "DEEPSEEK_API_KEY",
    "MINIMAX_API_KEY",
    "MISTRAL_API_KEY",
    "MODELSCOPE_API_KEY",
    "MOONSHOT_API_KEY",
    "OPENROUTER_API_KEY",
    "QWEN_API_KEY",
    "REQUESTY_API_KEY",
    "XAI_API_KEY",
    "ZAI_API_KEY",
)
ALIASES: Mapping[str, str] = {
    "coder": "qwen3-coder",
    "coder-plus": "qwen3-coder-plus",
    "coder-flash": "qwen3-coder-flash",
    "plus": "qwen3-coder-plus",
    "local": "",
}
SESSION = UUID

native = as_found

REFUSED = re.compile(r"No saved session found|Session .{0,60}(?:not found|could not be loaded)")
BLOCKED = re.compile(
    r"\bapi[ _-]?key\b|auth type|Qwen OAuth|\bauthenticat|unauthorized|\bquota\b|\bbilling\b"
    r"|Arrearage|insufficient[_ ](?:quota|balance|funds|credits?)|credit balance|\blog ?in\b",
    re.IGNORECASE,
)
NOISE = re.compile(r"^(?:Ripgrep not available|YOLO mode|Warning: |\s*$|\s+at )")
QUOTA = re.compile(r"quota|billing|insufficient|Arrearage|credit", re.IGNORECASE)
LOGIN = (
    "Set OPENAI_API_KEY with OPENAI_BASE_URL and OPENAI_MODEL (or the variable that the settings"
    " name), or log in once and use --agent-home user."
)
PAY = "Wait for the quota, pay at the model's service, or give another agent to the step."
ENDINGS = {
    53: "qwen met its own limit of turns",
    55: "qwen met a limit of its own (time or tools)",
    130: "qwen was stopped",
}
HINT = re.compile(r"\n?Possible quota limitations in place.*", re.DOTALL)
"""The CLI says this of every 429, quota or rate."""
HELD = re.compile(r"(?:GITHUB|ACTIONS|RUNNER|GUMP)_")


# --- starting -------------------------------------------------------------------------------------


def command(request: Request) -> Command:
    """Prompt by stdin: taken fresh and resumed.

    One that begins with `/` would be taken for a command of the CLI; a newline before it helps.
    """
    environ = request.place.environ
    argv = [*_program(environ), "--approval-mode", "yolo", "--output-format", "stream-json"]
    name = ALIASES.get(request.model, request.model)
    if name:
        argv += ["--model", name]
    if request.session is None:
        argv += ["--session-id", request.new_session]
    else:
        argv += ["--resume", _checked(request.session)]
    prompt = f"\n{request.prompt}" if request.prompt.startswith("/") else request.prompt
    return Command(tuple(argv), stdin=prompt, env=_chosen(name, environ))


def _program(environ: Mapping[str, str]) -> tuple[str, ...]:
    """npm's `qwen` starts a second Node and does not answer signals; cli.js beside it does, but is
    not executable."""
    found = shutil.which(PROGRAM, path=environ.get("PATH", ""))
    entry = Path(found or PROGRAM).resolve()
    script = entry.with_name("cli.js")
    if entry.name != "cli-entry.js" or not script.is_file():
        return (PROGRAM,)
    return ("node", "--expose-gc", str(script))


def _chosen(name: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Key and endpoint alone are not taken for a login: a model must be named beside them, and the
    flag does not count for that (0.24.4, `getAuthTypeFromEnv`)."""
    given = environ.get("OPENAI_API_KEY") and environ.get("OPENAI_BASE_URL")
    named = environ.get("OPENAI_MODEL") or environ.get("QWEN_MODEL")
    return {"OPENAI_MODEL": name} if name and given and not named else {}


def _checked(session: str) -> str:
    if not SESSION.fullmatch(session):
        raise ProviderError(f"{session!r} is no session of Qwen Code: its ids are UUIDs")
    return session


def environment(place: Place) -> Mapping[str, str]:
    """English texts, one process, no telemetry, no titles made by the model; and the keys.

    Without `QWEN_CODE_NO_RELAUNCH` cli.js starts a second Node where it wants more memory than Node
    takes by default, and signals do not reach that one.

    `QWEN_HOME` moves settings and logins, `QWEN_RUNTIME_DIR` the sessions.  The latter is set in
    the user's own home too, so that `advanced.runtimeOutputDir` does not move them unseen.
    """
    switches = {
        "QWEN_CODE_LANG": "en",
        "QWEN_CODE_NO_RELAUNCH": "true",
        "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
        "QWEN_CODE_UNATTENDED_RETRY": "0",
        "QWEN_DISABLE_AUTO_TITLE": "1",
        "QWEN_TELEMETRY_ENABLED": "0",
        "QWEN_USAGE_STATISTICS_ENABLED": "0",
        "QWEN_RUNTIME_DIR": str(place.home),
    }
    home = str(place.home) if place.own else place.environ.get("QWEN_HOME")
    if home:
        switches["QWEN_HOME"] = home
    return switches | _keys(place.environ)


def _keys(environ: Mapping[str, str]) -> dict[str, str]:
    """Those that the user's settings name as keys (`envKey`), else those of all known services;
    and what the settings use besides (`$NAME`).  Settings inside the tree name nothing: agents and
    strangers write there."""
    text = _read(_configured(environ) / "settings.json")
    keys = re.findall(r'"envKey"\s*:\s*"(\w+)"', text) or SERVICES
    used = re.findall(r"\$\{?(\w+)", text)
    names = [name for name in (*keys, *used) if not HELD.match(name)]
    return {name: environ[name] for name in names if environ.get(name)}


def user_home(environ: Mapping[str, str]) -> Path:
    """The folder with `projects`, where the sessions are."""
    return Path(environ.get("QWEN_RUNTIME_DIR") or _configured(environ))


def _configured(environ: Mapping[str, str]) -> Path:
    """The folder with settings.json."""
    return Path(environ.get("QWEN_HOME") or Path(environ.get("HOME", "/")) / ".qwen")


def settings(place: Place) -> tuple[Put, ...]:
    """The user's settings.json, with what a job needs; `.env` and logins beside it stay there."""
    if not place.own:
        return ()
    theirs = _configured(place.environ) / "settings.json"
    source = theirs if theirs.is_file() else Path("/dev/null")
    keyed = bool(place.environ.get("OPENAI_API_KEY"))
    return (Put(source, place.home / "settings.json", lambda text: _fitted(text, keyed=keyed)),)


def _fitted(text: bytes, *, keyed: bool) -> bytes:
    """Settings without updates, memory and endless retries, with sessions recorded.

    With `maxRetries` 0 a limit of rate still takes 80 seconds of silence, else many minutes.
    Memory costs a second call of the model for each prompt.  The discontinued browser login gives
    way to a key.  What cannot be read stays as it is: the CLI then says what is wrong with it.
    """
    try:
        found = json.loads(_without_comments(text.decode()) or "{}")
    except ValueError:
        return text
    if not isinstance(found, dict):
        return text
    security = _part(found, "security") | {"folderTrust": {"enabled": False}}
    login = _part(security, "auth")
    if keyed and login.get("selectedType") == "qwen-oauth":
        security["auth"] = login | {"selectedType": "openai"}
    found["security"] = security
    recorded = {"enableAutoUpdate": False, "chatRecording": True}
    found["general"] = _part(found, "general") | recorded
    forgetful = {"enableManagedAutoMemory": False, "enableManagedAutoDream": False}
    found["memory"] = _part(found, "memory") | forgetful
    model = _part(found, "model")
    generation = {"maxRetries": 0} | _part(model, "generationConfig")
    found["model"] = model | {"generationConfig": generation}
    return json.dumps(found, indent=2).encode()


def _without_comments(text: str) -> str:
    """The CLI allows `//` and `/* */` in its settings."""
    pattern = r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/'
    return re.sub(pattern, lambda m: m[1] or "", text, flags=re.DOTALL).strip()


# --- the stream -----------------------------------------------------------------------------------


def parse(line: str) -> Iterable[AgentEvent]:
    """One line of `--output-format stream-json`."""
    event = _record(line)
    match event.get("type"):
        case "system" if event.get("subtype") in ("init", "session_start"):
            session = _text(event, "session_id")
            return (SessionKnown(session),) if SESSION.fullmatch(session) else ()
        case "assistant":
            return tuple(_assistant(event))
        case "result":
            return _result(event)
    return ()


def _assistant(event: dict[str, object]) -> Iterator[AgentEvent]:
    """One answer of the model.

    A sub-agent's has `parent_tool_use_id`: its tools count, its words and turns do not.  A call
    that failed comes as an answer too, with the text `[API Error: …]` and no tokens.
    """
    message = _part(event, "message")
    blocks = [block for block in _list(message, "content") if isinstance(block, dict)]
    texts = [_text(block, "text") for block in blocks if block.get("type") == "text"]
    own = not _text(event, "parent_tool_use_id")
    if "".join(texts).startswith("[API Error") and not _count(
        _part(message, "usage"), "output_tokens"
    ):
        yield Complained("".join(texts))
        return
    if own:
        yield TurnBegan()
    for block in blocks:
        if block.get("type") == "tool_use":
            yield ToolUsed(_text(block, "name"), _path(_part(block, "input")))
        elif own and block.get("type") == "text" and _text(block, "text"):
            yield Said(_text(block, "text"))


def _path(given: dict[str, object]) -> str:
    names = ("file_path", "absolute_path", "notebook_path", "path")
    return next((_text(given, name) for name in names if _text(given, name)), "")


def _result(event: dict[str, object]) -> tuple[AgentEvent, ...]:
    """The last line.  Its usage is that of the whole session, also across resumes."""
    ok = event.get("subtype") == "success" and not event.get("is_error")
    said = _text(_part(event, "error"), "message") or _text(event, "result")
    session = _text(event, "session_id")
    known = (SessionKnown(session),) if SESSION.fullmatch(session) else ()
    seen = UsageSeen(_usage(_part(event, "usage")), of="session")
    return (*known, seen, Ended(ok, "" if ok else said))


def _usage(usage: dict[str, object]) -> Usage:
    """`input_tokens` holds the cached ones (it is the API's prompt count)."""
    given, cached = _count(usage, "input_tokens"), _count(usage, "cache_read_input_tokens")
    fresh = None if given is None else max(0, given - (cached or 0))
    return Usage(input=fresh, cache_read=cached, output=_count(usage, "output_tokens"))


def _record(line: str | bytes) -> dict[str, object]:
    """The line as a JSON object; empty for anything else."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(record: Mapping[str, object], name: str) -> dict[str, object]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _list(record: Mapping[str, object], name: str) -> list[object]:
    found = record.get(name)
    return found if isinstance(found, list) else []


def _text(record: Mapping[str, object], name: str) -> str:
    found = record.get(name)
    return found if isinstance(found, str) else ""


def _count(record: Mapping[str, object], name: str) -> int | None:
    found = record.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


# --- the end --------------------------------------------------------------------------------------


def judge(exit: Exit) -> Judged:
    """Only a `result` of success is one: limits and signals end the CLI without any."""
    if exit.asked and exit.session and exit.session != exit.asked:
        return Judged("refused", f"qwen opened another session, {exit.session}")
    if exit.ended and exit.ended.ok:
        return Judged("passed")
    said, status = _said(exit), _status(exit)
    if exit.asked and exit.ended is None and REFUSED.search(exit.stderr):
        return Judged("refused", said)
    if status in (401, 402, 403) or BLOCKED.search(said):
        return Judged("blocked", f"{said}\n{PAY if QUOTA.search(said) else LOGIN}")
    if exit.asked and exit.turns == 0 and 400 <= status < 500 and status != 429:
        return Judged("refused", said)
    return Judged("failed", said)


def _said(exit: Exit) -> str:
    """The CLI's own words on a bad end: of its result, its complaints, else of its stderr."""
    if exit.ended:
        said = exit.ended.text or " ".join(exit.complaints[-1:])
        said = HINT.sub("", said).strip().removeprefix("[API Error: ").removesuffix("]")
        return said or "qwen ended in error and did not say why"
    lines = [line for line in exit.stderr.splitlines() if not NOISE.match(line)]
    code = f"was killed by signal {-exit.code}" if exit.code < 0 else f"ended with code {exit.code}"
    how = ENDINGS.get(exit.code, f"qwen {code} before it had finished")
    said = "\n".join(line.strip()[:500] for line in lines[-3:])
    return f"{how}: {said}" if said else how


def _status(exit: Exit) -> int:
    """The HTTP status of a refused call, which begins its text, else 0."""
    text = exit.ended.text if exit.ended else ""
    found = re.match(r"\[API Error: (?:\w+ )?(4\d\d)\b", text)
    return int(found[1]) if found else 0


# --- sessions -------------------------------------------------------------------------------------


def capture(session: str, place: Place, into: Path) -> Capture:
    """One file of lines."""
    if not SESSION.fullmatch(session):
        return Capture(())
    path = _file(session, place)
    here = path.is_file() and not path.is_symlink()
    return Capture((Keep(path, path.name, lines=True),) if here else ())


def restore(session: str, names: tuple[str, ...], place: Place, kept: Path) -> Restore:
    """The file goes to this directory's folder, and each of its lines must say this directory."""
    name = f"{session}.jsonl"
    if not SESSION.fullmatch(session) or name not in names:
        return Restore(())
    target = _file(session, place)
    moved = Put(kept / name, target, lambda text: _moved(text, str(place.cwd)))
    return Restore((moved,), clear=(target,))


def _file(session: str, place: Place) -> Path:
    """0.24.4, `sanitizeCwd`: all but ASCII letters and digits becomes `-`."""
    folder = re.sub(r"[^a-zA-Z0-9]", "-", str(place.cwd))
    return place.home / "projects" / folder / "chats" / f"{session}.jsonl"


def _moved(text: bytes, cwd: str) -> bytes:
    """Lines that say another working directory say this one; all others stay as they are."""
    return b"".join(_moved_line(line, cwd) for line in text.splitlines(keepends=True))


def _moved_line(line: bytes, cwd: str) -> bytes:
    record = _record(line)
    if not _text(record, "cwd") or record["cwd"] == cwd:
        return line
    record["cwd"] = cwd
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
