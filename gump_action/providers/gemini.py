"""Gemini CLI (@google/gemini-cli), tried with 0.61.0.

A session is one JSONL file under a name that the CLI gives to the working directory, and one for
each of its sub-agents.  What is said here of the CLI was measured offline or read in its bundle,
both at 0.61.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from gump_action.clis.locked import CLIS
from gump_action.providers import base, endings, lines, services, sessions
from gump_action.providers import gemini_folders as folders
from gump_action.providers import settings as settings_in_json

NAME = "gemini"
PROGRAM = "gemini"
INSTALL = CLIS["gemini"].install
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
TELLS_COST = False
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
SESSION = base.UUID
WHOSE = "Gemini CLI: its ids are UUIDs"
IS_ID_OURS = True

native = base.as_found

FILE = re.compile(r"session-[0-9A-Za-z-]+\.jsonl")

REFUSED = re.compile(
    r"Error resuming session|Invalid session identifier|No previous sessions found"
    r"|Failed to (?:find|load) session"
)
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
KEYLESS = 41
"""The exit code for a login that is not there."""
ENDINGS = {
    42: "gemini did not accept what it was given",
    53: "gemini met its own limit of turns",
    55: "gemini does not trust this folder",
}


def command(request: base.Request) -> base.Command:
    """Prompt by stdin, without `-p`: taken fresh and resumed (run with 0.61.0)."""
    model = base.model(ALIASES, request.model)
    argv = (
        *(PROGRAM, "--approval-mode", "yolo", "--output-format", "stream-json"),
        *(("--model", model) if model else ()),
        *sessions.flags(request, SESSION, WHOSE),
    )
    return base.Command(argv, stdin=request.prompt)


def _checked(session: str) -> str:
    return sessions.checked(session, SESSION, WHOSE)


def environment(place: base.Place) -> Mapping[str, str]:
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


def settings(place: base.Place) -> tuple[base.Put, ...]:
    """The user's settings.json, with what a job needs; `.env` and logins beside it stay there."""
    if not place.own:
        return ()
    theirs = user_home(place.environ) / folders.FIRST / "settings.json"
    kind = _login(place.environ)
    target = place.home / folders.FIRST / "settings.json"
    return (settings_in_json.put(theirs, target, lambda found: _fitted(found, kind)),)


def _login(environ: Mapping[str, str]) -> str:
    """How to log in: with `GOOGLE_GEMINI_BASE_URL` set the CLI chooses a way that it then refuses
    (`Invalid auth method selected.`, exit code 41), so it is told."""
    if environ.get("GOOGLE_GENAI_USE_VERTEXAI") == "true":
        return "vertex-ai"
    return "gemini-api-key" if environ.get("GEMINI_API_KEY") else ""


def _fitted(found: settings_in_json.Settings, kind: str) -> settings_in_json.Settings:
    """Settings without updates, statistics, the removal of old sessions and minutes of retries.

    (`maxAttempts` is ten by default, in silence.)  The user's way to log in is kept, unless it is
    the browser's, whose tokens are not here.
    """
    security = lines.part(found, "security")
    login = lines.part(security, "auth")
    if kind and login.get("selectedType") in (None, "", "oauth-personal"):
        found["security"] = security | {"auth": login | {"selectedType": kind}}
    quiet = {
        "enableAutoUpdate": False,
        "enableAutoUpdateNotification": False,
        "sessionRetention": {"enabled": False},
    }
    found["general"] = {"maxAttempts": 4} | lines.part(found, "general") | quiet
    found["privacy"] = lines.part(found, "privacy") | {"usageStatisticsEnabled": False}
    found["telemetry"] = lines.part(found, "telemetry") | {"enabled": False}
    return found


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of `--output-format stream-json`.

    The stream has no mark for a turn: each tool call, and the last answer, is taken for one.
    """
    event = lines.parse_event(line) or {}
    match event.get("type"):
        case "init":
            return lines.session(event, "session_id", SESSION)
        case "message" if event.get("role") == "assistant" and lines.text(event, "content"):
            is_part = event.get("delta") is True
            return (base.Said(lines.text(event, "content"), is_part),)
        case "tool_use":
            return (base.TurnBegan(), base.ToolUsed(lines.text(event, "tool_name"), _path(event)))
        case "error":
            return (base.Complained(lines.text(event, "message") or "an error without words"),)
        case "result":
            return _result(event)
    return ()


def _path(event: dict[str, object]) -> str:
    names = ("file_path", "absolute_path", "path", "dir_path")
    return lines.first_text(lines.part(event, "parameters"), names)


def _result(event: dict[str, object]) -> tuple[base.AgentEvent, ...]:
    """The last line: usage of this launch, and how it ended."""
    ok = event.get("status") == "success"
    ended = base.Ended(ok, "" if ok else lines.text(lines.part(event, "error"), "message"))
    seen = base.UsageSeen(_usage(lines.part(event, "stats")), of="launch")
    return (base.TurnBegan(), seen, ended) if ok else (seen, ended)


def _usage(stats: dict[str, object]) -> base.Usage:
    """`input_tokens` holds the cached ones, `input` does not; thinking is only in the total."""
    given, total = lines.count(stats, "input_tokens"), lines.count(stats, "total_tokens")
    cached, output = lines.count(stats, "cached"), lines.count(stats, "output_tokens")
    fresh = lines.count(stats, "input")
    if fresh is None and given is not None:
        fresh = given - (cached or 0)
    if output is not None and total is not None and given is not None:
        output = max(output, total - given)
    return base.Usage(input=fresh, cache_read=cached, output=output)


def judge(exit: base.Exit) -> base.Judged:
    """Only a `result` with success is one: after SIGTERM the CLI ends with code 0 and no result."""
    if exit.is_foreign:
        return base.Judged("refused", f"gemini opened another session, {exit.session}")
    if exit.ended and exit.ended.ok:
        return base.Judged("passed")
    said, status = _said(exit), _status(exit)
    if exit.code == KEYLESS:
        return base.Judged("blocked", f"{said}\n{WAY if 'Invalid auth' in said else LOGIN}")
    if not endings.has_own_words(exit):
        return base.Judged("failed", said)
    if exit.asked and exit.ended is None and REFUSED.search(exit.stderr):
        return base.Judged("refused", said)
    remedy = services.find_remedy(said, status, login=LOGIN, pay=PAY)
    if remedy:
        return base.Judged("blocked", f"{said}\n{remedy}")
    return base.Judged("refused" if endings.is_refusal(exit, status) else "failed", said)


def _said(exit: base.Exit) -> str:
    """The CLI's own words on a bad end: of its result, its complaints, else of its stderr."""
    if exit.ended:
        said = exit.ended.text or " ".join(exit.complaints[-1:])
        return _words(said) or "gemini ended in error and did not say why"
    ending = f"gemini ended before it had finished, {endings.how(exit.code)}"
    told = [line for line in exit.stderr.splitlines() if not NOISE.match(line)]
    return endings.unfinished(ENDINGS.get(exit.code, ending), told)


def _words(text: str) -> str:
    """The message inside `[API Error: {"error": {…}}]`, else the text."""
    inner = re.search(r"\{.*\}", text, re.DOTALL)
    told = lines.part(lines.parse_event(inner[0]) or {}, "error") if inner else {}
    bare = ADVICE.sub("", text).removeprefix("[API Error: ").removesuffix("]")
    return lines.text(told, "message") or bare


def _status(exit: base.Exit) -> int:
    """The HTTP status of a refused call, else 0.

    It is in the text as `"code":400`; the exit code is the status modulo 256 (400 becomes 144).
    """
    if exit.ended is None:
        return 0
    found = re.search(r'"code":\s*(4\d\d)\b', exit.ended.text)
    if found:
        return int(found[1])
    return exit.code + 256 if 144 <= exit.code <= 243 else 0


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """The newest file that says it is this session, first of this working directory's folder; and
    the files of its sub-agents beside it."""
    root = place.home / folders.FIRST / "tmp"
    found = list(folders.find_all(_checked(session), root))
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    own = [path for path in found if path.parent.parent.name == folders.name_of(place)]
    kept = (one for path in (own or found)[:1] for one in folders.with_agents(session, path))
    return base.Capture(tuple(kept))


def restore(session: str, names: tuple[str, ...], place: base.Place, kept: Path) -> base.Restore:
    """The files go, as they are, to the folder of the present working directory.

    In a home of the run's own projects.json is ours and names that folder; in the user's own it is
    left alone, and the folder is the one that the CLI will come to.
    """
    _checked(session)
    root, folder = place.home / folders.FIRST, "work" if place.own else folders.name_of(place)
    chats = root / "tmp" / folder / "chats"
    name = next((name for name in names if FILE.fullmatch(name)), "")
    if not name:
        return base.Restore(())
    agents = (one for one in names if folders.is_agents(session, one))
    put = [base.Put(kept / one, chats / one) for one in (name, *agents)]
    if place.own:
        listed = json.dumps({"projects": {str(place.cwd): folder}}).encode()
        put.append(base.made(listed, root / "projects.json"))
    return base.Restore(tuple(put), clear=tuple(folders.all_of(session, root / "tmp")))
