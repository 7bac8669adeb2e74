"""What a person or a program sees while a run goes on: three readers of its events.

Plain lines, a live table on a terminal, and JSON.  None of them can end a run: a reader that has
gone away is no longer written to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TextIO, cast

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState, fold
from gump_action.host import actions
from gump_action.host import report as words

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

Clock = Callable[[], float]
_EVIDENCE_LINES = 12
_SAID_LINES = 30
_LINE_CHARS = 500
_FILES = 8


class Display(Protocol):
    """A reader of events.  `close` is called once, after the last one, however the run came out.

    With an empty state it says nothing, and gives the terminal back.
    """

    def show(self, event: e.AnyEvent) -> None: ...

    def close(self, state: RunState) -> None: ...


def make_display(
    environ: Mapping[str, str],
    *,
    json: bool,
    stream: TextIO,
    is_terminal: bool,
    width: int | None = None,
    record: Path | None = None,
    clock: Clock = time.time,
) -> Display:
    """The display for this place.  `record` is the state directory, where it is not the usual."""
    out = Out(stream)
    if json:
        return Json(out)
    in_actions = environ.get("GITHUB_ACTIONS") == "true" and not is_terminal
    can_draw = environ.get("TERM", "dumb") != "dumb" and out.encoding.startswith("utf")
    if is_terminal and can_draw:
        return Live(out, environ, width=width, record=record, clock=clock)
    return Plain(out, in_actions=in_actions, record=record)


class Out:
    """A stream to write to that never fails: what it cannot show is escaped, or not written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self.encoding = (getattr(stream, "encoding", None) or "utf-8").lower()

    def write(self, text: str) -> int:
        text = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        if self._stream:
            try:
                self._stream.write(text)
            except (OSError, ValueError):
                self._stream = None
        return len(text)

    def flush(self) -> None:
        if self._stream:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None

    def isatty(self) -> bool:
        return bool(self._stream and self._stream.isatty())


class Json:
    """Each event on a line, as it stands."""

    def __init__(self, out: Out) -> None:
        self._out = out

    def show(self, event: e.AnyEvent) -> None:
        # The escape says the same to a JSON reader, and nothing to the log of a job.
        self._out.write(event.model_dump_json().replace("##[", "##\\u005b") + "\n")
        self._out.flush()

    def close(self, state: RunState) -> None:
        """The last event has said it."""


class Plain:
    """Lines that begin with what they are about; in a job, what an agent did is a log group."""

    def __init__(self, out: Out, *, in_actions: bool = False, record: Path | None = None) -> None:
        self._out, self._in_actions, self._record = out, in_actions, record
        self._group = ""
        self._told: set[str] = set()

    def show(self, event: e.AnyEvent) -> None:
        if isinstance(event, e.AttemptStarted):
            self._open(event)
        elif not isinstance(event, _IN_GROUP):
            self._close_group()
        lines = [] if self._group and isinstance(event, e.AttemptStarted) else lines_of(event)
        for line in lines + self._untold(event):
            self._line(line)
        self._out.flush()

    def close(self, state: RunState) -> None:
        self._close_group()
        for line in [*_table(state), *ending(state, self._record)]:
            self._line(line)
        if self._in_actions:
            for annotation in actions.annotations_of(state):
                self._out.write(f"{annotation}\n")
        self._out.flush()

    def _open(self, event: e.AttemptStarted) -> None:
        self._close_group()
        if self._in_actions and event.agent:
            self._group = _name(event)
            actions.group(self._out, " ".join(lines_of(event)))

    def _close_group(self) -> None:
        if self._group:
            actions.endgroup(self._out)
        self._group = ""

    def _untold(self, event: e.AnyEvent) -> list[str]:
        """Why the attempt did not pass, unless a gate or the agent's end has said so."""
        match event:
            case e.GateEnded(passed=False) | e.AgentEnded(verdict=Verdict.FAILED | Verdict.BLOCKED):
                self._told.add(_name(event))
            case e.AttemptEnded() if event.error and _name(event) not in self._told:
                return _quoted(_name(event), event.error, _EVIDENCE_LINES)
        return []

    def _line(self, text: str) -> None:
        for line in words.clean(text).replace("\n", "\n    ").split("\n"):
            self._out.write((actions.harmless(line) if self._in_actions else line) + "\n")


class Live:
    """A table that moves, on a terminal; what a person must not miss stays above it."""

    def __init__(
        self,
        out: Out,
        environ: Mapping[str, str],
        *,
        width: int | None = None,
        record: Path | None = None,
        clock: Clock = time.time,
    ) -> None:
        # Rich is only loaded where a table is drawn: it costs start-up.
        from rich.console import Console
        from rich.live import Live as Moving
        from rich.spinner import Spinner

        self._record, self._clock = record, clock
        self._state, self._doing, self._lock = RunState(), "", threading.Lock()
        self._is_closed = False
        self._spinner = Spinner("dots", style="cyan")
        no_color = bool(environ.get("NO_COLOR"))
        self._console = Console(
            file=cast(IO[str], out),
            force_terminal=True,
            width=width,
            no_color=no_color,
            highlight=False,
            markup=False,
            emoji=False,
            _environ=environ,
        )
        self._moving = Moving(
            get_renderable=self._picture,
            console=self._console,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def show(self, event: e.AnyEvent) -> None:
        if isinstance(event, e.AttemptStarted):
            self._moving.start()
        with self._lock:
            self._take(event)
        for line in _not_to_miss(event):
            self._console.print(words.clean(line), style=_style(event))

    def close(self, state: RunState) -> None:
        with self._lock:
            self._state, self._doing, self._is_closed = state, "", True
        self._moving.stop()
        for line in ending(state, self._record):
            self._console.print(words.clean(line), soft_wrap=True)

    def _take(self, event: e.AnyEvent) -> None:
        # An attempt of an earlier start, of which only the end is seen here, has no row.
        if getattr(event, "attempt", 0) and not isinstance(event, e.AttemptStarted):
            attempts = self._state.attempts.get(getattr(event, "step", ""), [])
            if not attempts or attempts[-1].name != _name(event):
                return
        fold([event], self._state)
        if isinstance(event, e.AgentActed) and event.text.strip():
            self._doing = f"{_name(event)}  {event.text.strip().splitlines()[-1]}"
        elif isinstance(event, e.AttemptStarted | e.SnapshotTaken | e.GateEnded | e.AttemptEnded):
            self._doing = " ".join(lines_of(event)[:1])

    def _picture(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        with self._lock:
            attempts = words.all_attempts(self._state)
            doing = self._doing
        hidden = 0 if self._is_closed else self._too_many(attempts)
        above = [Text(f"… {_number(hidden, 'attempt')} before", style="dim")] if hidden else []
        line = Text(words.clean(doing), style="dim", overflow="ellipsis", no_wrap=True)
        return Group(*above, self._rows(attempts[hidden:]), *([line] if doing else []))

    def _too_many(self, attempts: list[Attempt]) -> int:
        """How many of the first attempts do not fit on the terminal, beside heads and a margin."""
        room = max(self._console.height - 4, 4)
        hidden = max(len(attempts) - room, 0)
        # A row may take several lines.
        while hidden < len(attempts) - 1:
            over = len(self._console.render_lines(self._rows(attempts[hidden:]))) - room
            if over <= 0:
                break
            hidden = min(hidden + (over + 3) // 4, len(attempts) - 1)
        return hidden

    def _rows(self, attempts: list[Attempt]) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim")
        for head in ("", "attempt", "agent", "session", "gates"):
            table.add_column(head, overflow="fold", no_wrap=head == "agent")
        for head in ("in/cached/out", "USD", "time"):
            table.add_column(head, justify="right", no_wrap=True)
        for attempt in attempts:
            self._add_row(table, attempt)
        return table

    def _add_row(self, table: Table, attempt: Attempt) -> None:
        from rich.text import Text

        name, verdict, agent, session, gates, tokens, cost, spent = _cells(attempt)
        is_running = attempt.verdict is None and not self._is_closed
        if is_running:
            spent = words.span(self._clock() - attempt.began)
        sign, style = _SIGNS.get(verdict, ("-", "yellow"))
        first = self._spinner if is_running else Text(sign, style=style)
        # Narrow, and each word whole: a terminal may have 80 columns.
        narrow = gates.replace("✓ ", "✓").replace("✗ ", "✗"), tokens.replace(" / ", "/")
        cells = (name, agent, session, *narrow, cost, spent)
        table.add_row(first, *(Text(words.clean(cell)) for cell in cells))


_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red")}


def _style(event: e.AnyEvent) -> str:
    match event:
        case e.Noted(level="warning") | e.SessionRefused() | e.TranscriptLost():
            return "yellow"
        case e.GateEnded() | e.AgentEnded() | e.AttemptEnded():
            return "red"
    return ""


def _not_to_miss(event: e.AnyEvent) -> list[str]:
    """The lines that stay above the table: what the table has no room for."""
    match event:
        case e.AgentActed() | e.SnapshotTaken() | e.GateEnded(passed=True):
            return []
        case e.AgentEnded(verdict=Verdict.PASSED) | e.AttemptEnded():
            return []
    return lines_of(event)


_IN_GROUP = (
    e.SessionRefused,
    e.SessionKnown,
    e.AgentActed,
    e.AgentEnded,
    e.TranscriptKept,
    e.TranscriptLost,
    e.SnapshotTaken,
)


def lines_of(event: e.AnyEvent) -> list[str]:
    """An event in words, step path first; nothing for what only programs ask for."""
    match event:
        case e.AttemptStarted():
            who = event.agent or "gates alone"
            return [f"{_name(event)}  {who}  {event.reason}{_session(event)}"]
        case e.SessionRefused():
            return [f"{_name(event)}  the resume was refused{_session(event)}"]
        case e.AgentActed():
            return _acted(event)
        case e.AgentEnded():
            return _agent_ended(event)
        case e.GateEnded():
            return _gate_ended(event)
    return _lines_on_attempt(event) or _lines_on_run(event)


def _lines_on_attempt(event: e.AnyEvent) -> list[str]:
    match event:
        case e.TranscriptLost():
            text = f"its session could not be kept, so nothing can resume it: {event.why}"
        case e.SnapshotTaken():
            text = f"changed {_files(event.files, event.more_files)}"
        case e.GateWrote():
            text = f"gates wrote {_files(event.files)}; undone"
        case e.AttemptEnded():
            text = f"{event.verdict} after {words.span(event.seconds)}"
        case _:
            return []
    return [f"{_name(event)}  {text}"]


def _lines_on_run(event: e.AnyEvent) -> list[str]:
    match event:
        case e.RunStarted():
            by = f", all agent steps by {event.agent}" if event.agent else ""
            at = f"{_PLACES[event.workspace]}, on {event.base[:10]}"
            return [f"run {event.run}: workflow {event.workflow}, {at}{by}"]
        case e.RunContinued():
            return [f"the run goes on, {_PLACES[event.workspace]}"]
        case e.StepReset():
            return [f"{event.step}  starts over: {event.why}"]
        case e.ItemsPlanned():
            items = ", ".join(event.items) or "the plan is empty, so nothing runs here"
            return [f"{event.step}  {_number(len(event.items), 'item')}: {items}"]
        case e.StepSkipped():
            return [f"{event.step}  skipped: {event.why}"]
        case e.Noted():
            level = "warning" if event.level == "warning" else "note"
            return [
                f"{event.step}  {level}: {event.text}" if event.step else f"{level}: {event.text}"
            ]
    return []


_PLACES = {"isolated": "in a tree of its own", "checkout": "in the checkout"}


def _name(event: e.Event) -> str:
    return f"{getattr(event, 'step', '')}#{getattr(event, 'attempt', 0)}"


def _session(event: e.AttemptStarted | e.SessionRefused) -> str:
    if isinstance(event, e.AttemptStarted) and not event.agent:
        return ""
    why = f", because {event.session.why}" if event.session.why else ""
    return f"  session: {words.session_words(event.session)}{why}"


def _acted(event: e.AgentActed) -> list[str]:
    sign = {"said": "|", "tool": ">", "complained": "!"}.get(event.what)
    return _quoted(_name(event), event.text, _SAID_LINES, sign) if sign else []


def _quoted(name: str, text: str, most: int, sign: str = "|") -> list[str]:
    """The first lines of what others wrote, each behind a prefix of ours."""
    lines = [line[:_LINE_CHARS] for line in words.clean(text).strip().splitlines()]
    more = (
        [f"{name}    {sign} … {_number(len(lines) - most, 'more line')}"]
        if len(lines) > most
        else []
    )
    return [f"{name}    {sign} {line}" for line in lines[:most]] + more


def _agent_ended(event: e.AgentEnded) -> list[str]:
    turns = f", {_number(event.turns, 'turn')}" if event.turns else ""
    used = f"tokens {words.tokens(event.usage)} (uncached / cached / out)"
    spent = f"cost {words.cost(event.usage.cost_usd)}{' USD' * (event.usage.cost_usd is not None)}"
    how = "" if event.verdict is Verdict.PASSED else f" {event.verdict}"
    why = _quoted(_name(event), event.why, _EVIDENCE_LINES) if how else []
    after = f"after {words.span(event.seconds)}{turns}"
    return [f"{_name(event)}  agent ended{how and ','}{how} {after}; {used}; {spent}", *why]


def _gate_ended(event: e.GateEnded) -> list[str]:
    command = f"  ({event.command})" if event.command and event.command not in event.gate else ""
    code = f"  exit {event.exit_code}" if event.exit_code else ""
    line = f"{_name(event)}  {words.mark(event)}{command}{code}  {words.span(event.seconds)}"
    return [line, *([] if event.passed else _quoted(_name(event), event.evidence, _EVIDENCE_LINES))]


def _files(files: tuple[str, ...], more: int = 0) -> str:
    more += max(len(files) - _FILES, 0)
    if not files:
        return "nothing"
    shown = files[:_FILES]
    rest = f" and {more} more" if more else ""
    return f"{_number(len(shown) + more, 'file')}: {', '.join(shown)}{rest}"


def _number(many: int, noun: str) -> str:
    return f"{many} {noun}{'' if many == 1 else 's'}"


def ending(state: RunState, record: Path | None) -> list[str]:
    """An empty line, the verdict and what to do next; nothing where no run has begun."""
    if not state.started:
        return []
    ended = state.ended
    verdict = f"run {state.started.run}: {ended.verdict if ended else 'not ended'}"
    lines = ["", f"{verdict}{f', {ended.why}' if ended and ended.why else ''}"]
    lines.append(f"  cost: {words.total_cost(words.all_attempts(state))}")
    if ended and ended.branch:
        lines.append(f"  result branch: {ended.branch}")
    if not ended or ended.verdict.exit_code:
        lines.append(f"  record: {record or '.gump/state'}")
        lines.append(f"  Read what happened: gump-action report{words.state_option(record)}")
    for each in words.advice(state, record):
        lines.append(f"  {each.text}{': ' + each.command if each.command else ''}")
    return lines


_HEADS = ("attempt", "verdict", "agent", "session", "gates", "in / cached / out", "USD", "time")


def _cells(attempt: Attempt) -> tuple[str, ...]:
    """A row of the summary; what has no agent, or has it still at work, has used nothing."""
    usage = words.usage_of(attempt)
    is_used = attempt.agent and (attempt.ended or attempt.verdict)
    tokens, cost = (words.tokens(usage), words.cost(usage.cost_usd)) if is_used else ("", "")
    session = words.session_words(attempt.session) if attempt.agent else ""
    gates = ", ".join(words.mark(gate) for gate in attempt.gates)
    verdict = words.verdict_of(attempt)
    time = words.span(attempt.seconds) if attempt.verdict else ""
    return (
        attempt.name,
        verdict,
        attempt.agent or "gates alone",
        session,
        gates,
        tokens,
        cost,
        time,
    )


def _table(state: RunState) -> list[str]:
    """The attempts in columns, after an empty line; nothing where none was made."""
    rows = [_HEADS, *(_cells(attempt) for attempt in words.all_attempts(state))]
    if len(rows) == 1:
        return []
    widths = [min(max(len(row[n]) for row in rows), 40) for n in range(len(_HEADS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return ["", *lines]
