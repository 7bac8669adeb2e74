"""A table that moves, on a terminal.  Imported where one is drawn, since Rich costs start-up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from rich.console import Console, Group, RenderableType
from rich.live import Live as Moving
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState, fold
from gump_action.host import words
from gump_action.host.log import lines

_NARROW = 80
"""Columns of a terminal below which tokens and costs are left to the end of the run."""
_GATE_CHARS = 20


class Live:
    """A table that moves; what a person must not miss stays above it."""

    def __init__(
        self,
        out: IO[str],
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float],
        width: int | None = None,
        record: Path | None = None,
    ) -> None:
        self._record, self._clock = record, clock
        self._state, self._doing, self._lock = RunState(), "", threading.Lock()
        self._is_closed = False
        self._spinner = Spinner("dots", style="cyan")
        self._console = Console(
            file=out,
            force_terminal=True,
            width=width,
            no_color=bool(environ.get("NO_COLOR")),
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
            self._console.print(words.clean(line), style=_style(event), soft_wrap=True)

    def close(self, state: RunState) -> None:
        with self._lock:
            self._state, self._doing, self._is_closed = state, "", True
        self._moving.stop()
        for line in lines.ending(state, self._record):
            self._console.print(words.clean(line), soft_wrap=True)

    def _take(self, event: e.AnyEvent) -> None:
        # An attempt of an earlier start, of which only the end is seen here, has no row.
        if getattr(event, "attempt", 0) and not isinstance(event, e.AttemptStarted):
            attempts = self._state.attempts.get(getattr(event, "step", ""), [])
            if not attempts or attempts[-1].name != lines.name_of(event):
                return
        fold([event], self._state)
        if isinstance(event, e.AgentActed) and event.text.strip():
            self._doing = f"{lines.name_of(event)}  {event.text.strip().splitlines()[-1]}"
        elif isinstance(event, e.AttemptStarted | e.SnapshotTaken | e.GateEnded | e.AttemptEnded):
            self._doing = " ".join(lines.lines_of(event)[:1])

    def _picture(self) -> RenderableType:
        with self._lock:
            attempts = words.all_attempts(self._state)
            doing = self._doing
        hidden = 0 if self._is_closed else self._too_many(attempts)
        before = f"… {words.number(hidden, 'attempt')} before"
        above = [Text(before, style="dim")] if hidden else []
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
        table = Table(box=None, pad_edge=False, header_style="dim")
        for head in ("", "attempt", "agent", "session", "gates"):
            table.add_column(head, overflow="fold", no_wrap=head == "agent")
        for head in ("time",) if self._is_narrow else ("in/cached/out", "USD", "time"):
            table.add_column(head, justify="right", no_wrap=True)
        for attempt in attempts:
            self._add_row(table, attempt)
        return table

    def _add_row(self, table: Table, attempt: Attempt) -> None:
        row = lines.row(attempt)
        is_running = attempt.verdict is None and not self._is_closed
        spent = words.span(self._clock() - attempt.began) if is_running else row.time
        sign, style = _SIGNS.get(row.verdict, ("-", "yellow"))
        first = self._spinner if is_running else Text(sign, style=style)
        used = () if self._is_narrow else (row.tokens.replace(" / ", "/"), row.cost)
        cells = (row.attempt, row.agent, _session(attempt), _gates(attempt), *used, spent)
        table.add_row(first, *(Text(words.clean(cell)) for cell in cells))

    @property
    def _is_narrow(self) -> bool:
        return self._console.width < _NARROW


_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "red")}


def _session(attempt: Attempt) -> str:
    """What it resumed, by its short name where that is in the same group."""
    group = attempt.step.rpartition("/")[0]
    return lines.row(attempt).session.replace(f"resumed {group}/", "resumed ")


def _gates(attempt: Attempt) -> str:
    """Signs and beginnings of names: what a gate that failed has run stands above the table."""
    marks = (words.mark(gate).replace(" ", "", 1) for gate in attempt.gates)
    return ", ".join(m if len(m) <= _GATE_CHARS else f"{m[: _GATE_CHARS - 1]}…" for m in marks)


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
    return lines.lines_of(event)
