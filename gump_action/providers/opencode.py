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

from gump_action.clis.locked import CLIS
from gump_action.providers import base, endings, lines, opencode_keys, services, sessions

NAME = "opencode"
PROGRAM = "opencode"
INSTALL = CLIS["opencode"].install
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
TELLS_COST = True
ALIASES: Mapping[str, str] = {
    "sonnet": "anthropic/claude-sonnet-4-6",
    "opus": "anthropic/claude-opus-4-6",
    "haiku": "anthropic/claude-haiku-4-5",
    "gpt54": "openai/gpt-5.4",
    "gpt53": "openai/gpt-5.3",
    "gemini": "google/gemini-3.1-pro",
}
SESSION = re.compile(r"ses_[0-9A-Za-z]{20,40}")
WHOSE = "OpenCode: its ids are `ses_…`"
IS_ID_OURS = False

native = base.as_found
settings = base.no_settings
"""Its settings stay where they are and count: only the database is moved."""

SWITCHES = {"autoupdate": False, "share": "disabled", "snapshot": False}
"""Configuration of ours; it outranks the user's.  `snapshot` would copy the tree into the user's
home, under no session."""

REFUSED = re.compile(
    r"Session not found|Invalid session ID|Unexpected server error|^ContextOverflowError",
    re.MULTILINE,
)
NO_KEY = re.compile(r"ProviderAuth|No providers are available|ProviderNoProviders")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LOGIN = (
    "Set the key of the model's service (ANTHROPIC_API_KEY, OPENAI_API_KEY, … or the variable that"
    " opencode.json names), or log in once and use --agent-home user."
)
PAY = "Wait for the quota, pay at the model's service, or give another agent to the step."


def command(request: base.Request) -> base.Command:
    """Prompt by stdin: taken fresh and resumed, and unlike an argument not put in quotes."""
    model = base.model(ALIASES, request.model)
    argv = (
        *(PROGRAM, "run", "--format", "json", "--auto"),
        *(("--model", model) if model else ()),
        *(("--session", _checked(request.session)) if request.session is not None else ()),
    )
    return base.Command(argv, stdin=request.prompt)


def _checked(session: str) -> str:
    return sessions.checked(session, SESSION, WHOSE)


def environment(place: base.Place) -> Mapping[str, str]:
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
    return switches | opencode_keys.given(place)


def _configured(text: str) -> str:
    """The user's inline configuration with our switches; as it is where it is not plain JSON."""
    if not text.strip():
        return json.dumps(SWITCHES)
    found = lines.parse_object(text)
    return json.dumps(found | SWITCHES) if found else text


def user_home(environ: Mapping[str, str]) -> Path:
    """The folder with the database and the logins."""
    share = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "/")) / ".local" / "share"
    return Path(share) / "opencode"


def _database(place: base.Place) -> Path:
    """A relative `OPENCODE_DB` is one of the data folder."""
    given = "" if place.own else place.environ.get("OPENCODE_DB", "")
    return place.home / (given or "opencode.db")


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of `run --format json`.

    There is no last line: the answer that ends in `stop` is the end, and an error is, unless a turn
    follows: an overlong conversation is compacted, which ends in `stop` too, and goes on.
    """
    event = lines.parse_event(line) or {}
    part, known = lines.part(event, "part"), lines.session(event, "sessionID", SESSION)
    match event.get("type"):
        case "step_start":
            return (*known, base.TurnBegan(), base.Ended(False))
        case "text" if lines.text(part, "text") and not part.get("synthetic"):
            return (base.Said(lines.text(part, "text")),)
        case "tool_use":
            return (base.ToolUsed(lines.text(part, "tool"), _path(part)),)
        case "step_finish":
            return (base.UsageSeen(_usage(part), of="call", cost_of="call"), *_stopped(part))
        case "error":
            said = _error(lines.part(event, "error"))
            return (*known, base.Complained(said), base.Ended(False, said))
    return ()


def _path(part: dict[str, object]) -> str:
    given = lines.part(lines.part(part, "state"), "input")
    return lines.first_text(given, ("filePath", "path"))


def _stopped(part: dict[str, object]) -> tuple[base.AgentEvent, ...]:
    """After `tool-calls` and `unknown` the program goes on."""
    reason = lines.text(part, "reason")
    if reason == "stop":
        return (base.Ended(True),)
    if reason in ("tool-calls", "unknown", ""):
        return ()
    return (base.Ended(False, f"the model stopped early: {reason}"),)


def _usage(part: dict[str, object]) -> base.Usage:
    """`input` is without the cached ones, `output` without the thinking.

    A cost of 0 is what a model without a price gets: it is not known.
    """
    tokens = lines.part(part, "tokens")
    cache = lines.part(tokens, "cache")
    output = lines.count(tokens, "output")
    return base.Usage(
        input=lines.count(tokens, "input"),
        cache_read=lines.count(cache, "read"),
        cache_write=lines.count(cache, "write"),
        output=None if output is None else output + (lines.count(tokens, "reasoning") or 0),
        cost_usd=lines.number(part, "cost") or None,
    )


def _error(error: dict[str, object]) -> str:
    """`NAME: message (HTTP 401)`; `judge` reads it again."""
    told = lines.part(error, "data")
    name, message = lines.text(error, "name"), lines.text(told, "message")
    status = lines.count(told, "statusCode")
    said = ": ".join(word for word in (name, message) if word) or "an error without words"
    return said if status is None else f"{said} (HTTP {status})"


def judge(exit: base.Exit) -> base.Judged:
    """Only an answer that ended in `stop` is a success: a refused permission ends with code 0."""
    if exit.is_foreign:
        return base.Judged("refused", f"opencode opened another session, {exit.session}")
    if exit.ended and exit.ended.ok:
        return base.Judged("passed")
    said, status = _said(exit), _status(exit)
    if not endings.has_own_words(exit):
        return base.Judged("failed", said)
    if exit.asked and exit.turns == 0 and REFUSED.search(f"{exit.stderr}\n{said}"):
        return base.Judged("refused", said)
    remedy = services.find_remedy(said, status, login=LOGIN, pay=PAY)
    if remedy or NO_KEY.search(said):
        return base.Judged("blocked", f"{said}\n{remedy or LOGIN}")
    return base.Judged("refused" if endings.is_refusal(exit, status) else "failed", said)


def _said(exit: base.Exit) -> str:
    """The program's own words on a bad end: of its last event, else of its stderr."""
    if exit.ended and exit.ended.text:
        return exit.ended.text
    told = [line for line in COLOUR.sub("", exit.stderr).splitlines() if line.strip()]
    ending = f"opencode ended without a last answer, {endings.how(exit.code)}"
    return endings.unfinished(ending, told)


def _status(exit: base.Exit) -> int:
    """The HTTP status of a refused call, else 0."""
    found = re.search(r"\(HTTP (\d{3})\)$", exit.ended.text if exit.ended else "")
    return int(found[1]) if found else 0


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """One export for the session and one for each of its sub-sessions (of the `task` tool).

    To a file, for what it writes into a pipe may be cut; also then it can end with 0 after a part.
    """
    ids = [_checked(session), *_children(session, _database(place))]
    return base.Capture(
        keep=tuple(base.Keep(into / f"{id}.json", f"{id}.json", check="json") for id in ids),
        before=tuple(
            base.Command((PROGRAM, "export", id), stdout=into / f"{id}.json") for id in ids
        ),
    )


def restore(session: str, names: tuple[str, ...], place: base.Place, kept: Path) -> base.Restore:
    """Deleted where it is there, since an import only adds; then imported, parent first."""
    first = f"{_checked(session)}.json"
    if first not in names:
        return base.Restore(())
    others = sorted(name for name in names if name != first and _is_export(name))
    known = _has(session, _database(place))
    gone = (base.Command((PROGRAM, "session", "delete", session)),) if known else ()
    brought = tuple(
        base.Command((PROGRAM, "import", str((kept / name).absolute())))
        for name in (first, *others)
    )
    return base.Restore((), before=gone, after=brought)


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
