"""Qwen Code (@qwen-code/qwen-code), tried with 0.24.4; it needs Node 22 or newer.

A session is one JSONL file in a folder named after the working directory, and one more for each
sub-agent; each of its lines says that directory.  What is said here of the CLI was measured offline
or read in its bundle, both at 0.24.4.  (On Node 20 npm silently installs 0.15.10, which is another
program.)
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gump_action.clis.locked import CLIS
from gump_action.providers import base, endings, lines, qwen_settings, services, sessions
from gump_action.providers import qwen_chats as chats
from gump_action.providers import settings as settings_in_json

NAME = "qwen"
PROGRAM = "qwen"
INSTALL = CLIS["qwen"].install
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
TELLS_COST = False
ALIASES: Mapping[str, str] = {
    "coder": "qwen3-coder",
    "coder-plus": "qwen3-coder-plus",
    "coder-flash": "qwen3-coder-flash",
    "plus": "qwen3-coder-plus",
    "local": "",
}
SESSION = base.UUID
WHOSE = "Qwen Code: its ids are UUIDs"
IS_ID_OURS = True

native = base.as_found

REFUSED = re.compile(r"No saved session found|Session .{0,60}(?:not found|could not be loaded)")
NO_KEY = re.compile(r"auth type|Qwen OAuth|Missing credentials", re.IGNORECASE)
NOISE = re.compile(r"^(?:Ripgrep not available|YOLO mode|Warning: |\s*$|\s+at )")
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


def command(request: base.Request) -> base.Command:
    """Prompt by stdin: taken fresh and resumed.

    One that begins with `/` would be taken for a command of the CLI; a newline before it helps.
    """
    environ = request.place.environ
    model = base.model(ALIASES, request.model)
    argv = (
        *_program(environ),
        *("--approval-mode", "yolo", "--output-format", "stream-json"),
        *(("--model", model) if model else ()),
        *sessions.flags(request, SESSION, WHOSE),
    )
    before = "\n" if request.prompt.startswith("/") else ""
    return base.Command(argv, stdin=before + request.prompt, env=_chosen(model, environ))


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
    return sessions.checked(session, SESSION, WHOSE)


def environment(place: base.Place) -> Mapping[str, str]:
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
    return switches | qwen_settings.keys(place.environ)


def user_home(environ: Mapping[str, str]) -> Path:
    """The folder with `projects`, where the sessions are."""
    return Path(environ.get("QWEN_RUNTIME_DIR") or qwen_settings.folder(environ))


def settings(place: base.Place) -> tuple[base.Put, ...]:
    """The user's settings.json, with what a job needs; `.env` and logins beside it stay there."""
    if not place.own:
        return ()
    theirs = qwen_settings.folder(place.environ) / "settings.json"
    keyed = bool(place.environ.get("OPENAI_API_KEY"))
    target = place.home / "settings.json"
    return (
        settings_in_json.put(
            theirs, target, lambda found: qwen_settings.fitted(found, keyed=keyed)
        ),
    )


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of `--output-format stream-json`."""
    event = lines.parse_event(line) or {}
    match event.get("type"):
        case "system" if event.get("subtype") in ("init", "session_start"):
            return lines.session(event, "session_id", SESSION)
        case "assistant":
            return tuple(_assistant(event))
        case "result":
            return _result(event)
    return ()


def _assistant(event: dict[str, object]) -> Iterator[base.AgentEvent]:
    """One answer of the model.

    A sub-agent's has `parent_tool_use_id`: its tools count, its words and turns do not.  A call
    that failed comes as an answer too, with the text `[API Error: …]` and no tokens.
    """
    message = lines.part(event, "message")
    blocks = lines.parts(message, "content")
    texts = [lines.text(block, "text") for block in blocks if block.get("type") == "text"]
    own = not lines.text(event, "parent_tool_use_id")
    if "".join(texts).startswith("[API Error") and not lines.count(
        lines.part(message, "usage"), "output_tokens"
    ):
        yield base.Complained("".join(texts))
        return
    if own:
        yield base.TurnBegan()
    for block in blocks:
        if block.get("type") == "tool_use":
            yield base.ToolUsed(lines.text(block, "name"), _path(lines.part(block, "input")))
        elif own and block.get("type") == "text" and lines.text(block, "text"):
            yield base.Said(lines.text(block, "text"))


def _path(given: dict[str, object]) -> str:
    return lines.first_text(given, ("file_path", "absolute_path", "notebook_path", "path"))


def _result(event: dict[str, object]) -> tuple[base.AgentEvent, ...]:
    """The last line.  Its usage is that of the whole session, also across resumes."""
    ok = event.get("subtype") == "success" and not event.get("is_error")
    said = lines.text(lines.part(event, "error"), "message") or lines.text(event, "result")
    known = lines.session(event, "session_id", SESSION)
    seen = base.UsageSeen(_usage(lines.part(event, "usage")), of="session")
    return (*known, seen, base.Ended(ok, "" if ok else said))


def _usage(usage: dict[str, object]) -> base.Usage:
    """`input_tokens` holds the cached ones (it is the API's prompt count)."""
    given = lines.count(usage, "input_tokens")
    cached = lines.count(usage, "cache_read_input_tokens")
    fresh = None if given is None else max(0, given - (cached or 0))
    return base.Usage(input=fresh, cache_read=cached, output=lines.count(usage, "output_tokens"))


def judge(exit: base.Exit) -> base.Judged:
    """Only a `result` of success is one: limits and signals end the CLI without any."""
    if exit.is_foreign:
        return base.Judged("refused", f"qwen opened another session, {exit.session}")
    if exit.ended and exit.ended.ok:
        return base.Judged("passed")
    said, status = _said(exit), _status(exit)
    if not endings.has_own_words(exit):
        return base.Judged("failed", said)
    if exit.asked and exit.ended is None and REFUSED.search(exit.stderr):
        return base.Judged("refused", said)
    remedy = services.find_remedy(said, status, login=LOGIN, pay=PAY)
    if remedy or NO_KEY.search(said):
        return base.Judged("blocked", f"{said}\n{remedy or LOGIN}")
    return base.Judged("refused" if endings.is_refusal(exit, status) else "failed", said)


def _said(exit: base.Exit) -> str:
    """The CLI's own words on a bad end: of its result, its complaints, else of its stderr."""
    if exit.ended:
        said = exit.ended.text or " ".join(exit.complaints[-1:])
        said = HINT.sub("", said).strip().removeprefix("[API Error: ").removesuffix("]")
        return said or "qwen ended in error and did not say why"
    ending = f"qwen ended before it had finished, {endings.how(exit.code)}"
    told = [line for line in exit.stderr.splitlines() if not NOISE.match(line)]
    return endings.unfinished(ENDINGS.get(exit.code, ending), told)


def _status(exit: base.Exit) -> int:
    """The HTTP status of a refused call, which begins its text, else 0."""
    text = exit.ended.text if exit.ended else ""
    found = re.match(r"\[API Error: (?:\w+ )?(4\d\d)\b", text)
    return int(found[1]) if found else 0


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """Its file of lines, and those of its sub-agents."""
    return base.Capture(tuple(chats.find(_checked(session), place)))


def restore(session: str, names: tuple[str, ...], place: base.Place, kept: Path) -> base.Restore:
    """The files go to this directory's folder, and each of their lines must say this directory."""
    if f"{_checked(session)}.jsonl" not in names:
        return base.Restore(())
    targets = {name: chats.target(session, name, place) for name in names}
    put = (_put(kept / name, target, place) for name, target in targets.items() if target)
    return base.Restore(tuple(put), chats.all_of(session, place))


def _put(source: Path, target: Path, place: base.Place) -> base.Put:
    if target.suffix != ".jsonl":
        return base.Put(source, target)
    return base.Put(source, target, lambda text: chats.moved(text, str(place.cwd)))
