"""Gemini CLI (@google/gemini-cli), tried with 0.61.0.

A session is one JSONL file under a name that the CLI gives to the working directory.  What is said
here of the CLI was measured offline or read in its bundle, both at 0.61.0.
"""

from __future__ import annotations

import json
import re
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

NAME = "gemini"
PROGRAM = "gemini"
INSTALL = "npm install -g @google/gemini-cli"
KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
PASSED = (
    "GEMINI_API_KEY",
    "GEMINI_API_KEY_AUTH_MECHANISM",
    "GEMINI_MODEL",
    "GEMINI_SYSTEM_MD",
    "GEMINI_CLI_CUSTOM_HEADERS",
    "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
    "GEMINI_CLI_SYSTEM_DEFAULTS_PATH",
    "GEMINI_CLI_USE_COMPUTE_ADC",
    "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_*",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_GENAI_*",
    "GOOGLE_VERTEX_BASE_URL",
    "CLOUDSDK_CONFIG",
    "CODE_ASSIST_ENDPOINT",
    "GCLOUD_PROJECT",
)
ALIASES: Mapping[str, str] = {
    "25-pro": "gemini-2.5-pro",
    "25-flash": "gemini-2.5-flash",
    "25-flash-lite": "gemini-2.5-flash-lite",
    "2.5-pro": "gemini-2.5-pro",
    "2.5-flash": "gemini-2.5-flash",
    "2.5-flash-lite": "gemini-2.5-flash-lite",
}
"""`auto`, `pro`, `flash` and `flash-lite` are the CLI's own words for its newest models (0.61.0):
they go to the flag as they are, and stay right when the CLI is updated."""
SESSION = UUID

native = as_found

FIRST = Path(".gemini")
"""`GEMINI_CLI_HOME` stands for HOME: the CLI still appends `.gemini` (0.61.0, `homedir()`)."""
FOLDER = re.compile(r"[a-z0-9-]+")
FILE = re.compile(r"session-[0-9A-Za-z-]+\.jsonl")

REFUSED = re.compile(
    r"Error resuming session|Invalid session identifier|No previous sessions found"
    r"|Failed to (?:find|load) session"
)
BLOCKED = re.compile(
    r"api[ _]key not (?:valid|found)|API_KEY_INVALID|api key expired|reported as leaked"
    r"|you must specify|set an Auth method|Invalid auth method|UNAUTHENTICATED|PERMISSION_DENIED"
    r"|(?<!check )quota|billing|\blog ?in\b|credentials|FatalAuthenticationError",
    re.IGNORECASE,
)
"""`Resource has been exhausted (e.g. check quota).` is said of the rate, and a retry may help."""
QUOTA = re.compile(r"quota|billing", re.IGNORECASE)
ADVICE = re.compile(r"\]?\s*Please wait and try again later\..*", re.DOTALL)
"""The CLI says this of every 429, quota or rate."""
NOISE = re.compile(
    r"^(?:Warning: |\[STARTUP\]|YOLO mode|Ripgrep is not|Loaded cached|\s+at |[{}\]]|\s*$|\s+\w+: )"
)
LOGIN = (
    "Set GEMINI_API_KEY (or GOOGLE_GENAI_USE_VERTEXAI with its Google Cloud variables), or log in"
    " once and use --agent-home user."
)
WAY = (
    "With GOOGLE_GEMINI_BASE_URL set, the user's own settings.json must say"
    ' {"security": {"auth": {"selectedType": "gemini-api-key"}}}.'
)
PAY = "Wait for the quota, raise it at Google, or give another agent to the step."
ENDINGS = {
    42: "gemini did not accept what it was given",
    53: "gemini met its own limit of turns",
    55: "gemini does not trust this folder",
}


# --- starting -------------------------------------------------------------------------------------


def command(request: Request) -> Command:
    """Prompt by stdin, without `-p`: taken fresh and resumed (run with 0.61.0)."""
    argv = [PROGRAM, "--approval-mode", "yolo", "--output-format", "stream-json"]
    name = ALIASES.get(request.model, request.model)
    if name:
        argv += ["--model", name]
    if request.session is None:
        argv += ["--session-id", request.new_session]
    else:
        argv += ["--resume", _checked(request.session)]
    return Command(tuple(argv), stdin=request.prompt)


def _checked(session: str) -> str:
    if not SESSION.fullmatch(session):
        raise ProviderError(f"{session!r} is no session of Gemini CLI: its ids are UUIDs")
    return session


def environment(place: Place) -> Mapping[str, str]:
    """One process (no relaunch), a trusted folder, no telemetry; the home where `place` says."""
    switches = {
        "GEMINI_CLI_NO_RELAUNCH": "1",
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        "GEMINI_TELEMETRY_ENABLED": "false",
    }
    if place.own or place.environ.get("GEMINI_CLI_HOME"):
        switches["GEMINI_CLI_HOME"] = str(place.home)
    return switches


def user_home(environ: Mapping[str, str]) -> Path:
    """The folder that holds `.gemini`."""
    return Path(environ.get("GEMINI_CLI_HOME") or environ.get("HOME", "/"))


def settings(place: Place) -> tuple[Put, ...]:
    """The user's settings.json, with what a job needs; `.env` and logins beside it stay there."""
    if not place.own:
        return ()
    theirs = user_home(place.environ) / FIRST / "settings.json"
    source = theirs if theirs.is_file() else Path("/dev/null")
    kind = _login(place.environ)
    return (Put(source, place.home / FIRST / "settings.json", lambda text: _fitted(text, kind)),)


def _login(environ: Mapping[str, str]) -> str:
    """How to log in: with `GOOGLE_GEMINI_BASE_URL` set the CLI chooses a way that it then refuses
    (`Invalid auth method selected.`, exit code 41), so it is told."""
    if environ.get("GOOGLE_GENAI_USE_VERTEXAI") == "true":
        return "vertex-ai"
    return "gemini-api-key" if environ.get("GEMINI_API_KEY") else ""


def _fitted(text: bytes, kind: str) -> bytes:
    """Settings without updates, statistics, the removal of old sessions and minutes of retries.

    (`maxAttempts` is ten by default, in silence.)  The user's way to log in is kept, unless it is
    the browser's, whose tokens are not here.  What cannot be read stays as it is: the CLI then says
    what is wrong with it.
    """
    try:
        found = json.loads(_without_comments(text.decode()) or "{}")
    except ValueError:
        return text
    if not isinstance(found, dict):
        return text
    security = _part(found, "security")
    login = _part(security, "auth")
    if kind and login.get("selectedType") in (None, "", "oauth-personal"):
        security["auth"] = login | {"selectedType": kind}
        found["security"] = security
    general = _part(found, "general")
    found["general"] = (
        {"maxAttempts": 4}
        | general
        | {
            "enableAutoUpdate": False,
            "enableAutoUpdateNotification": False,
            "sessionRetention": {"enabled": False},
        }
    )
    found["privacy"] = _part(found, "privacy") | {"usageStatisticsEnabled": False}
    found["telemetry"] = _part(found, "telemetry") | {"enabled": False}
    return json.dumps(found, indent=2).encode()


def _without_comments(text: str) -> str:
    """The CLI allows `//` and `/* */` in its settings."""
    pattern = r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/'
    return re.sub(pattern, lambda m: m[1] or "", text, flags=re.DOTALL).strip()


# --- the stream -----------------------------------------------------------------------------------


def parse(line: str) -> Iterable[AgentEvent]:
    """One line of `--output-format stream-json`.

    The stream has no mark for a turn: each tool call, and the last answer, is taken for one.
    """
    event = _record(line)
    match event.get("type"):
        case "init":
            return _known(event)
        case "message" if event.get("role") == "assistant" and _text(event, "content"):
            return (Said(_text(event, "content")),)
        case "tool_use":
            return (TurnBegan(), ToolUsed(_text(event, "tool_name"), _path(event)))
        case "error":
            return (Complained(_text(event, "message") or "an error without words"),)
        case "result":
            return _result(event)
    return ()


def _known(event: dict[str, object]) -> tuple[AgentEvent, ...]:
    session = _text(event, "session_id")
    return (SessionKnown(session),) if SESSION.fullmatch(session) else ()


def _path(event: dict[str, object]) -> str:
    given = _part(event, "parameters")
    names = ("file_path", "absolute_path", "path", "dir_path")
    return next((_text(given, name) for name in names if _text(given, name)), "")


def _result(event: dict[str, object]) -> tuple[AgentEvent, ...]:
    """The last line: usage of this launch, and how it ended."""
    ok = event.get("status") == "success"
    ended = Ended(ok, "" if ok else _text(_part(event, "error"), "message"))
    seen = UsageSeen(_usage(_part(event, "stats")), of="launch")
    return (TurnBegan(), seen, ended) if ok else (seen, ended)


def _usage(stats: dict[str, object]) -> Usage:
    """`input_tokens` holds the cached ones, `input` does not; thinking is only in the total."""
    given, total = _count(stats, "input_tokens"), _count(stats, "total_tokens")
    cached, output = _count(stats, "cached"), _count(stats, "output_tokens")
    fresh = _count(stats, "input")
    if fresh is None and given is not None:
        fresh = given - (cached or 0)
    if output is not None and total is not None and given is not None:
        output = max(output, total - given)
    return Usage(input=fresh, cache_read=cached, output=output)


def _record(line: str) -> dict[str, object]:
    """The line as a JSON object; empty for anything else."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(record: Mapping[str, object], name: str) -> dict[str, object]:
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def _text(record: Mapping[str, object], name: str) -> str:
    found = record.get(name)
    return found if isinstance(found, str) else ""


def _count(record: Mapping[str, object], name: str) -> int | None:
    found = record.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


# --- the end --------------------------------------------------------------------------------------


def judge(exit: Exit) -> Judged:
    """Only a `result` with success is one: after SIGTERM the CLI ends with code 0 and no result."""
    if exit.asked and exit.session and exit.session != exit.asked:
        return Judged("refused", f"gemini opened another session, {exit.session}")
    if exit.ended and exit.ended.ok:
        return Judged("passed")
    said = _said(exit)
    if exit.asked and exit.ended is None and REFUSED.search(exit.stderr):
        return Judged("refused", said)
    if exit.code == 41 or _status(exit) in (401, 402, 403) or BLOCKED.search(said):
        return Judged("blocked", f"{said}\n{_remedy(said)}")
    if exit.asked and exit.turns == 0 and 400 <= _status(exit) < 500 and _status(exit) != 429:
        return Judged("refused", said)
    return Judged("failed", said)


def _remedy(said: str) -> str:
    if "Invalid auth method" in said:
        return WAY
    return PAY if QUOTA.search(said) else LOGIN


def _said(exit: Exit) -> str:
    """The CLI's own words on a bad end: of its result, its complaints, else of its stderr."""
    if exit.ended:
        said = exit.ended.text or " ".join(exit.complaints[-1:])
        return _words(said) or "gemini ended in error and did not say why"
    lines = [line for line in exit.stderr.splitlines() if not NOISE.match(line)]
    code = f"was killed by signal {-exit.code}" if exit.code < 0 else f"ended with code {exit.code}"
    how = ENDINGS.get(exit.code, f"gemini {code} before it had finished")
    said = "\n".join(line.strip()[:500] for line in lines[-3:])
    return f"{how}: {said}" if said else how


def _words(text: str) -> str:
    """The message inside `[API Error: {"error": {…}}]`, else the text."""
    inner = re.search(r"\{.*\}", text, re.DOTALL)
    told = _part(_record(inner[0]), "error") if inner else {}
    bare = ADVICE.sub("", text).removeprefix("[API Error: ").removesuffix("]")
    return _text(told, "message") or bare


def _status(exit: Exit) -> int:
    """The HTTP status of a refused call, else 0.

    It is in the text as `"code":400`; the exit code is the status modulo 256 (400 becomes 144).
    """
    if exit.ended is None:
        return 0
    found = re.search(r'"code":\s*(4\d\d)\b', exit.ended.text)
    if found:
        return int(found[1])
    return exit.code + 256 if 144 <= exit.code <= 243 else 0


# --- sessions -------------------------------------------------------------------------------------


def capture(session: str, place: Place, into: Path) -> Capture:
    """The newest file that says it is this session, first of this working directory's folder."""
    root = place.home / FIRST / "tmp"
    found = sorted(_files(session, root), key=lambda path: path.stat().st_mtime, reverse=True)
    own = [path for path in found if path.parent.parent.name == _folder(place)]
    return Capture(tuple(Keep(path, path.name, lines=True) for path in (own or found)[:1]))


def restore(session: str, names: tuple[str, ...], place: Place, kept: Path) -> Restore:
    """The file goes, as it is, to the folder of the present working directory.

    In a home of the run's own projects.json is ours and names that folder; in the user's own it is
    left alone, and the folder is the one that the CLI will come to.
    """
    if not SESSION.fullmatch(session):
        return Restore(())
    base, folder = place.home / FIRST, "work" if place.own else _folder(place)
    chats = base / "tmp" / folder / "chats"
    name = next((name for name in names if FILE.fullmatch(name)), "")
    if not name:
        return Restore(())
    put = [Put(kept / name, chats / name)]
    if place.own:
        listed = json.dumps({"projects": {str(place.cwd): folder}}).encode()
        put.append(Put(kept / name, base / "projects.json", lambda _: listed))
    return Restore(tuple(put), clear=tuple(_files(session, base / "tmp")))


def _files(session: str, root: Path) -> Iterator[Path]:
    """All files of a session: its first eight characters end the name, the first line has it."""
    if not SESSION.fullmatch(session):
        return
    for path in root.glob(f"*/chats/session-*-{session[:8]}.jsonl"):
        if path.is_file() and not path.is_symlink() and _first_id(path) == session:
            yield path


def _first_id(path: Path) -> str:
    with path.open("rb") as file:
        return _text(_record(file.readline(1_000_000).decode(errors="replace")), "sessionId")


def _folder(place: Place) -> str:
    """The CLI's name for a working directory: as listed, else its last part, made simple, and with
    a number where another directory has it (0.61.0, `ProjectRegistry`)."""
    base = place.home / FIRST
    listed = _part(_record(_read(base / "projects.json")), "projects")
    known = _text(listed, str(place.cwd))
    if FOLDER.fullmatch(known):
        return known
    simple = re.sub(r"[^a-z0-9]+", "-", place.cwd.name.lower())
    simple = re.sub(r"^-|-$", "", simple) or "project"
    number, name = 0, simple
    while name in listed.values() or not _free(base / "tmp" / name, place.cwd):
        number += 1
        name = f"{simple}-{number}"
    return name


def _free(folder: Path, cwd: Path) -> bool:
    """Nobody else's folder: `.project_root` in it says whose it is."""
    return _read(folder / ".project_root").strip() in ("", str(cwd))


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
