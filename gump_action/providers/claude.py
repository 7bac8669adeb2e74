"""Claude Code (`claude -p`).  What is said of it here was seen with 2.1.330, unless it says else;
its streams are in tests/recorded/claude.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gump_action.clis.locked import CLIS
from gump_action.providers import base, claude_keys, endings, files, lines, sessions

NAME = "claude"
PROGRAM = "claude"
KEYS = ("ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN")
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
TELLS_COST = True
# The CLI knows `opus`, `opusplan`, `sonnet` and `haiku` itself.
ALIASES: Mapping[str, str] = {
    "opus-4-5": "claude-opus-4-5",
    "opus-4-6": "claude-opus-4-6",
    "sonnet-4-5": "claude-sonnet-4-5",
    "sonnet-4-6": "claude-sonnet-4-6",
    "haiku-4-5": "claude-haiku-4-5-20251001",
}
SESSION = base.UUID
WHOSE = "Claude Code: its ids are UUIDs"
IS_ID_OURS = True
INSTALL = CLIS["claude"].install

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
native = base.as_found


def command(request: base.Request) -> base.Command:
    """The prompt goes by stdin.  A resume wants the same options, for a session keeps none.

    What begins with `/word` is a command of its own and never reaches the model, unless something
    stands before it.
    """
    model = base.model(ALIASES, request.model)
    argv = (
        *(PROGRAM, "-p", "--dangerously-skip-permissions"),
        *("--output-format", "stream-json", "--verbose"),
        *(("--model", model) if model else ()),
        *_limit(request.budget),
        *sessions.flags(request, SESSION, WHOSE),
    )
    before = "\n" if request.prompt.startswith("/") else ""
    return base.Command(argv, stdin=before + request.prompt)


def _limit(budget: float | None) -> tuple[str, ...]:
    """It tells its cost at its end alone, so it has to hold the budget itself.

    It looks after each call, and each turn is told what is left; the prompt cache stays.
    """
    return () if budget is None else ("--max-budget-usd", f"{budget:.6f}")


def _checked(session: str) -> str:
    return sessions.checked(session, SESSION, WHOSE)


def parse(line: str) -> Iterable[base.AgentEvent]:
    """One line of `--output-format stream-json`."""
    event = lines.parse_event(line)
    match event:
        case None:
            return lines.complaint(line)
        case {"type": "system"}:
            return _system(event)
        case {"type": "assistant", "message": {"content": list()}}:
            return _assistant(event)
        case {"type": "result"}:
            return _result(event)
    return ()


def _system(event: Mapping[str, object]) -> Iterator[base.AgentEvent]:
    match event:
        case {"subtype": "init"}:
            yield from lines.session(event, "session_id", SESSION)
        case {"subtype": "api_retry", "error": str(error), "attempt": int(attempt)}:
            yield base.Complained(f"the model service says {error}; try {attempt} failed")
        case {"subtype": "permission_denied", "tool_name": str(tool), "message": str(text)}:
            yield base.Complained(f"{tool} was denied: {text}")
        case {"subtype": "status", "compact_error": str(text)}:
            yield base.Complained(f"compaction failed: {text}")


def _assistant(event: Mapping[str, object]) -> Iterator[base.AgentEvent]:
    """An answer of the model.  Of a sub-agent's only the tools count; an error comes as one too."""
    blocks = lines.parts(lines.part(event, "message"), "content")
    text = "\n".join(lines.text(block, "text") for block in blocks if block.get("type") == "text")
    if lines.text(event, "error"):
        yield base.Complained(f"{event['error']}: {text}")
        return
    if not lines.text(event, "parent_tool_use_id"):
        yield base.TurnBegan()
        yield from (base.Said(text),) if text else ()
    for block in blocks:
        if block.get("type") == "tool_use":
            path = lines.first_text(lines.part(block, "input"), ("file_path", "notebook_path"))
            yield base.ToolUsed(lines.text(block, "name"), path)


def _result(event: Mapping[str, object]) -> Iterator[base.AgentEvent]:
    """A process can print several results; `subtype` says success for errors of the service too."""
    if lines.count(event, "num_turns") and "usage" in event:
        yield base.UsageSeen(_usage(event), of="launch", cost_of="session")
    yield base.Ended(event.get("is_error") is False, _last_words(event))


def _usage(event: Mapping[str, object]) -> base.Usage:
    """At its budget's end it says 0 for all tokens, which is not so."""
    if event.get("subtype") == "error_max_budget_usd":
        return base.Usage(cost_usd=lines.number(event, "total_cost_usd"))
    tokens = lines.part(event, "usage")
    return base.Usage(
        input=lines.count(tokens, "input_tokens"),
        cache_read=lines.count(tokens, "cache_read_input_tokens"),
        cache_write=lines.count(tokens, "cache_creation_input_tokens"),
        output=lines.count(tokens, "output_tokens"),
        cost_usd=lines.number(event, "total_cost_usd"),
    )


def _last_words(event: Mapping[str, object]) -> str:
    """`errors` are those of its log, where those of tools stand too: they are marked as such."""
    match event:
        case {"subtype": "error_max_budget_usd"}:
            return _BUDGET
        case {"errors": [*errors]} if errors:
            said = "; ".join(error for error in errors if isinstance(error, str))
            text = f"{_LOGGED}{said}"
        case {"result": str(text)}:
            pass
        case _:
            text = lines.text(event, "subtype")
    match event:
        case {"api_error_status": int(status)}:
            return f"{text} (model service: {status})"
    return text


_LOGGED = "it logged: "
_BUDGET = "it has reached its --max-budget-usd"
_UNKNOWN = re.compile(r"No conversation found with session ID")
_STATUS = re.compile(r"\(model service: (\d{3})\)$")
_BLOCKS = (
    endings.Block(re.compile(rf"\A{_BUDGET}\Z"), "Give a higher max_budget."),
    endings.Block(
        re.compile(r"credit balance|\(model service: 402\)", re.I),
        "Add credit to the account of the key, or use another key.",
    ),
    endings.Block(
        re.compile(
            r"(reached|hit|exceeded) your .{0,40}\blimits?\b|\blimit reached"
            r"|\(model service: 429\)",
            re.I,
        ),
        "Wait until the limit is lifted, or use another key, and run again.",
    ),
    endings.Block(
        re.compile(
            r"not logged in|run /login|invalid api key|failed to authenticate|oauth token"
            r"|\(model service: 40[13]\)",
            re.I,
        ),
        "Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN, or use --agent-home user on a machine "
        "where `claude` is logged in.",
    ),
)


def judge(exit: base.Exit) -> base.Judged:
    """The last result counts, and the exit code beside it: SIGINT leaves 0 and an error result."""
    if exit.is_foreign:
        return base.Judged("refused", f"Claude Code went on in the session {exit.session} instead")
    if exit.ended and exit.ended.ok and exit.code == 0:
        return base.Judged("passed")
    words = endings.words(exit)
    if not endings.has_own_words(exit) or (exit.turns and words.startswith(_LOGGED)):
        return base.Judged("failed", endings.last_words(exit))
    status = _STATUS.search(words)
    if exit.asked and exit.turns == 0 and _UNKNOWN.search(words):
        return base.Judged("refused", words)
    blocked = endings.find_blocked("Claude Code", words, _BLOCKS)
    if not blocked and endings.is_refusal(exit, int(status[1]) if status else 0):
        return base.Judged("refused", words)
    return blocked or base.Judged("failed", endings.last_words(exit))


def capture(session: str, place: base.Place, into: Path) -> base.Capture:
    """`projects/*/S.jsonl`, `projects/*/S/` (sub-agents, large tool results) and `tasks/S/`."""
    transcript = _transcript(_checked(session), place)
    if transcript is None:
        return base.Capture(())
    return base.Capture(
        (
            base.Keep(transcript, f"{session}.jsonl", lines=True),
            *files.keep_all(transcript.with_suffix(""), session),
            *files.keep_all(place.home / "tasks" / session, f"tasks/{session}"),
        )
    )


def restore(session: str, names: tuple[str, ...], place: base.Place, kept: Path) -> base.Restore:
    """Put under the folder of the present cwd, which wins over all others; paths inside stay."""
    _checked(session)
    targets = {name: _target(session, name, place) for name in names}
    put = tuple(base.Put(kept / name, target) for name, target in targets.items() if target)
    projects, tasks = place.home / "projects", place.home / "tasks" / session
    clear = (*sorted(projects.glob(f"*/{session}.jsonl")), *sorted(projects.glob(f"*/{session}")))
    return base.Restore(put, clear=(*clear, tasks) if tasks.exists() else clear)


def _target(session: str, name: str, place: base.Place) -> Path | None:
    """Where a kept file goes; none for a name that `capture` does not give."""
    if not files.is_below(name):
        return None
    if name.startswith(f"tasks/{session}/"):
        return place.home / name
    if name == f"{session}.jsonl" or name.startswith(f"{session}/"):
        return place.home / "projects" / _folder(place.cwd) / name
    return None


def _transcript(session: str, place: base.Place) -> Path | None:
    own = place.home / "projects" / _folder(place.cwd) / f"{session}.jsonl"
    others = sorted((place.home / "projects").glob(f"*/{session}.jsonl"))
    return next((path for path in (own, *others) if files.is_plain(path)), None)


def _folder(cwd: Path) -> str:
    """The real path with `-` for each UTF-16 unit that is no ASCII letter or digit.

    Claude Code adds a hash to what it cuts after 200.  Any folder is searched for a session, so a
    name without the hash does.
    """
    return re.sub(r"[^A-Za-z0-9]", lambda m: "-" * (1 + (m[0] > "\uffff")), str(cwd))[:200]


def settings(place: base.Place) -> tuple[base.Put, ...]:
    """`settings.json` alone: `.claude.json` and `.credentials.json` hold logins."""
    source = user_home(place.environ) / "settings.json"
    if not place.own or not source.is_file():
        return ()
    return (base.Put(source, place.home / "settings.json"),)


def environment(place: base.Place) -> Mapping[str, str]:
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
    return env | claude_keys.cloud_login(place.environ)


def user_home(environ: Mapping[str, str]) -> Path:
    """`~/.claude`, unless CLAUDE_CONFIG_DIR says else."""
    moved = environ.get("CLAUDE_CONFIG_DIR")
    return Path(moved) if moved else Path(environ.get("HOME") or "~").expanduser() / ".claude"
