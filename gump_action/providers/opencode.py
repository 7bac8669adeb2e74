"""OpenCode (opencode-ai), tried with 1.18.33.

Sessions are rows of one database, whose newest part lies in its write-ahead log, and they belong to
a directory: resumed elsewhere, tools run in the old one and the program never ends.  So a session
is kept as `opencode export` gives it, and put back by `opencode import`, which makes it one of the
present directory.  What is said here of the program was measured offline or read in it, both at
1.18.33.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from gump_action.errors import ProviderError
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
    Request,
    Restore,
    Said,
    SessionKnown,
    ToolUsed,
    TurnBegan,
    Usage,
    UsageSeen,
    as_found,
    no_settings,
)

NAME = "opencode"
PROGRAM = "opencode"
INSTALL = "npm install -g opencode-ai"
KEYS = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GENERATIVE_AI_API_KEY",
    "OPENROUTER_API_KEY",
    "OPENCODE_API_KEY",
)
PASSED = (
    "OPENCODE_*",
    "ANTHROPIC_BASE_URL",
    "OPENAI_BASE_URL",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
)
"""Its own variables and folders.  Keys come from `environment`: it looks which ones the user's
configuration names."""
SERVICES = (
    *KEYS,
    "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_API_KEY",
    "AZURE_COGNITIVE_SERVICES_RESOURCE_NAME",
    "AZURE_RESOURCE_NAME",
    "CEREBRAS_API_KEY",
    "COHERE_API_KEY",
    "DEEPINFRA_API_KEY",
    "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_VERTEX_LOCATION",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "MOONSHOT_API_KEY",
    "PERPLEXITY_API_KEY",
    "TOGETHER_API_KEY",
    "VERTEX_LOCATION",
    "XAI_API_KEY",
    "ZHIPU_API_KEY",
)
ALIASES: Mapping[str, str] = {
    "sonnet": "anthropic/claude-sonnet-4-6",
    "opus": "anthropic/claude-opus-4-6",
    "haiku": "anthropic/claude-haiku-4-5",
    "gpt54": "openai/gpt-5.4",
    "gpt53": "openai/gpt-5.3",
    "gemini": "google/gemini-3.1-pro",
}
SESSION = re.compile(r"ses_[0-9A-Za-z]{20,40}")

native = as_found
settings = no_settings
"""Its settings stay where they are and count: only the database is moved."""

SWITCHES = {"autoupdate": False, "share": "disabled", "snapshot": False}
"""Configuration of ours; it outranks the user's.  `snapshot` would copy the tree into the user's
home, under no session."""

REFUSED = re.compile(r"Session not found|Invalid session ID")
BLOCKED = re.compile(
    r"\bapi[ _-]?key\b|\bauthenticat|unauthorized|credentials|ProviderAuth|\bquota\b|\bbilling\b"
    r"|insufficient[_ ](?:quota|balance|funds|credits?)|credit balance|usage limit|\blog ?in\b"
    r"|No providers are available|ProviderNoProviders",
    re.IGNORECASE,
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
QUOTA = re.compile(r"quota|billing|insufficient|credit balance|usage limit", re.IGNORECASE)
LOGIN = (
    "Set the key of the model's service (ANTHROPIC_API_KEY, OPENAI_API_KEY, … or the variable that"
    " opencode.json names), or log in once and use --agent-home user."
)
PAY = "Wait for the quota, pay at the model's service, or give another agent to the step."
HELD = re.compile(r"(?:GITHUB|ACTIONS|RUNNER|GUMP)_")


# --- starting -------------------------------------------------------------------------------------


def command(request: Request) -> Command:
    """Prompt by stdin: taken fresh and resumed, and unlike an argument not put in quotes."""
    argv = [PROGRAM, "run", "--format", "json", "--auto"]
    name = ALIASES.get(request.model, request.model)
    if name:
        argv += ["--model", name]
    if request.session is not None:
        argv += ["--session", _checked(request.session)]
    return Command(tuple(argv), stdin=request.prompt)


def _checked(session: str) -> str:
    if not SESSION.fullmatch(session):
        raise ProviderError(f"{session!r} is no session of OpenCode: its ids are `ses_…`")
    return session


def environment(place: Place) -> Mapping[str, str]:
    """The database where `place` says, no updates and downloads; and the keys.

    `XDG_DATA_HOME` is not moved: other tools, which agents run, live there.  Logins, which lie in
    it, are hidden by an empty `OPENCODE_AUTH_CONTENT` instead.  (`PWD`, which would win over the
    real working directory, is set right by who starts it: anomalyco/opencode#47080.)
    """
    switches = {
        "OPENCODE_CONFIG_CONTENT": _configured(place.environ.get("OPENCODE_CONFIG_CONTENT", "")),
        "OPENCODE_DB": str(_database(place)),
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_DISABLE_SHARE": "1",
    }
    if place.own:
        switches["OPENCODE_AUTH_CONTENT"] = place.environ.get("OPENCODE_AUTH_CONTENT") or "{}"
    return switches | _keys(place)


def _configured(text: str) -> str:
    """The user's inline configuration with our switches; as it is where it is not plain JSON."""
    if not text.strip():
        return json.dumps(SWITCHES)
    found = _record(text)
    return json.dumps(found | SWITCHES) if found else text


def _keys(place: Place) -> dict[str, str]:
    """Those that the user's configuration names (`{env:NAME}`), else those of known services."""
    texts = [place.environ.get("OPENCODE_CONFIG_CONTENT", "")]
    texts += [_read(path) for path in _configurations(place)]
    named = re.findall(r"\{env:\s*(\w+)\s*\}", "\n".join(texts))
    names = [name for name in named if not HELD.match(name)] or SERVICES
    return {name: place.environ[name] for name in names if place.environ.get(name)}


def _configurations(place: Place) -> list[Path]:
    """The user's files.  One inside the tree does not count: agents and strangers write there."""
    environ = place.environ
    root = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    folders = [root / "opencode", Path(environ.get("OPENCODE_CONFIG_DIR") or root / "opencode")]
    names = ("config.json", "opencode.json", "opencode.jsonc")
    paths = [folder / name for folder in folders for name in names]
    if environ.get("OPENCODE_CONFIG"):
        paths.append(Path(environ["OPENCODE_CONFIG"]))
    real = [(place.cwd / path).resolve() for path in paths]
    return [path for path in real if not path.is_relative_to(place.cwd)]


def user_home(environ: Mapping[str, str]) -> Path:
    """The folder with the database and the logins."""
    share = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "/")) / ".local" / "share"
    return Path(share) / "opencode"


def _database(place: Place) -> Path:
    """A relative `OPENCODE_DB` is one of the data folder."""
    given = "" if place.own else place.environ.get("OPENCODE_DB", "")
    return place.home / (given or "opencode.db")


# --- the stream -----------------------------------------------------------------------------------


def parse(line: str) -> Iterable[AgentEvent]:
    """One line of `run --format json`.

    There is no last line: the answer that ends in `stop` is the end.  An error is the end unless
    something follows: an overlong conversation is compacted and goes on.
    """
    event = _record(line)
    part, known = _part(event, "part"), _known(event)
    match event.get("type"):
        case "step_start":
            return (*known, TurnBegan())
        case "text" if _text(part, "text"):
            return (Said(_text(part, "text")),)
        case "tool_use":
            return (ToolUsed(_text(part, "tool"), _path(part)),)
        case "step_finish":
            return (UsageSeen(_usage(part), of="call", cost_of="call"), *_stopped(part))
        case "error":
            said = _error(_part(event, "error"))
            return (*known, Complained(said), Ended(False, said))
    return ()


def _known(event: dict[str, object]) -> tuple[AgentEvent, ...]:
    session = _text(event, "sessionID")
    return (SessionKnown(session),) if SESSION.fullmatch(session) else ()


def _path(part: dict[str, object]) -> str:
    given = _part(_part(part, "state"), "input")
    return next((_text(given, name) for name in ("filePath", "path") if _text(given, name)), "")


def _stopped(part: dict[str, object]) -> tuple[AgentEvent, ...]:
    """After `tool-calls` and `unknown` the program goes on."""
    reason = _text(part, "reason")
    if reason == "stop":
        return (Ended(True),)
    if reason in ("tool-calls", "unknown", ""):
        return ()
    return (Ended(False, f"the model stopped early: {reason}"),)


def _usage(part: dict[str, object]) -> Usage:
    """`input` is without the cached ones, `output` without the thinking.

    A cost of 0 is what a model without a price gets: it is not known.
    """
    tokens = _part(part, "tokens")
    cache, cost = _part(tokens, "cache"), part.get("cost")
    output = _count(tokens, "output")
    return Usage(
        input=_count(tokens, "input"),
        cache_read=_count(cache, "read"),
        cache_write=_count(cache, "write"),
        output=None if output is None else output + (_count(tokens, "reasoning") or 0),
        cost_usd=float(cost) if isinstance(cost, int | float) and cost > 0 else None,
    )


def _error(error: dict[str, object]) -> str:
    """`NAME: message (HTTP 401)`; `judge` reads it again."""
    told = _part(error, "data")
    name, message = _text(error, "name"), _text(told, "message")
    status = _count(told, "statusCode")
    said = ": ".join(word for word in (name, message) if word) or "an error without words"
    return said if status is None else f"{said} (HTTP {status})"


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
    """Only an answer that ended in `stop` is a success: a refused permission ends with code 0."""
    if exit.asked and exit.session and exit.session != exit.asked:
        return Judged("refused", f"opencode opened another session, {exit.session}")
    if exit.ended and exit.ended.ok:
        return Judged("passed")
    said, status = _said(exit), _status(exit)
    unknown = REFUSED.search(exit.stderr) or "Unexpected server error" in exit.stderr + said
    if exit.asked and exit.turns == 0 and unknown:
        return Judged("refused", said)
    if status in (401, 402, 403) or BLOCKED.search(said):
        return Judged("blocked", f"{said}\n{PAY if QUOTA.search(said) else LOGIN}")
    overlong = said.startswith("ContextOverflowError")
    if exit.asked and exit.turns == 0 and (overlong or (400 <= status < 500 and status != 429)):
        return Judged("refused", said)
    return Judged("failed", said)


def _said(exit: Exit) -> str:
    """The program's own words on a bad end: of its last event, else of its stderr."""
    if exit.ended:
        return exit.ended.text
    lines = [line.strip() for line in COLOUR.sub("", exit.stderr).splitlines() if line.strip()]
    code = f"was killed by signal {-exit.code}" if exit.code < 0 else f"ended with code {exit.code}"
    how = f"opencode {code} without a last answer"
    said = "\n".join(line[:500] for line in lines[-3:])
    return f"{how}: {said}" if said else how


def _status(exit: Exit) -> int:
    """The HTTP status of a refused call, else 0."""
    found = re.search(r"\(HTTP (\d{3})\)$", exit.ended.text if exit.ended else "")
    return int(found[1]) if found else 0


# --- sessions -------------------------------------------------------------------------------------


def capture(session: str, place: Place, into: Path) -> Capture:
    """One export for the session and one for each of its sub-sessions (of the `task` tool).

    To a file, for what it writes into a pipe may be cut.
    """
    if not SESSION.fullmatch(session):
        return Capture(())
    ids = [session, *_children(session, _database(place))]
    return Capture(
        keep=tuple(Keep(into / f"{id}.json", f"{id}.json") for id in ids),
        before=tuple(Command((PROGRAM, "export", id), stdout=into / f"{id}.json") for id in ids),
    )


def restore(session: str, names: tuple[str, ...], place: Place, kept: Path) -> Restore:
    """Deleted where it is there, since an import only adds; then imported, parent first."""
    first = f"{session}.json"
    if not SESSION.fullmatch(session) or first not in names:
        return Restore(())
    others = sorted(name for name in names if name != first and _is_export(name))
    known = _has(session, _database(place))
    gone = (Command((PROGRAM, "session", "delete", session)),) if known else ()
    brought = tuple(
        Command((PROGRAM, "import", str((kept / name).absolute()))) for name in (first, *others)
    )
    return Restore((), before=gone, after=brought)


def _is_export(name: str) -> bool:
    return name.endswith(".json") and SESSION.fullmatch(name.removesuffix(".json")) is not None


def _children(session: str, database: Path) -> list[str]:
    """All sessions below this one, parents before children."""
    query = (
        "with recursive below(id) as (select id from session where parent_id = :id"
        " union select s.id from session s join below b on s.parent_id = b.id) select id from below"
    )
    return [id for id in _ids(database, query, session) if SESSION.fullmatch(id)]


def _has(session: str, database: Path) -> bool:
    return bool(_ids(database, "select id from session where id = :id", session))


def _ids(database: Path, query: str, session: str) -> list[str]:
    """What the database says, read without writing; nothing where there is none or it is older."""
    if not database.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as rows:
            return [str(row[0]) for row in rows.execute(query, {"id": session})]
    except sqlite3.Error:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
