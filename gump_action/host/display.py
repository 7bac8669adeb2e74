"""What a person or a program sees while a run goes on: readers of its events.

Plain lines and JSON; the live table is `log.live`.  None of them can end a run: a reader that has
gone away is no longer written to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Protocol, TextIO, cast

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState
from gump_action.host import actions, places, words
from gump_action.host.log import lines
from gump_action.host.log.annotations import annotations_of


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
    clock: Callable[[], float] = time.time,
    annotate: Callable[[RunState], list[actions.Annotation]] = annotations_of,
) -> Display:
    """The display for this place.  `record` is the state directory, where it is not the usual.

    `annotate` makes what the page of a host run says at the end.

    A job of GitHub Actions may have a terminal, and its log is still a log.
    """
    out = Out(stream)
    if json:
        return Json(out)
    in_actions = places.is_job(environ)
    can_draw = environ.get("TERM", "dumb") != "dumb" and out.encoding.startswith("utf")
    if in_actions or not is_terminal or not can_draw:
        return Plain(out, in_actions=in_actions, record=record, annotate=annotate)
    # Rich is only loaded where a table is drawn: it costs start-up.
    from gump_action.host.log.live import Live

    return Live(cast(IO[str], out), environ, width=width, record=record, clock=clock)


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

    def __init__(
        self,
        out: Out,
        *,
        in_actions: bool = False,
        record: Path | None = None,
        annotate: Callable[[RunState], list[actions.Annotation]] = annotations_of,
    ) -> None:
        self._out, self._in_actions, self._record = out, in_actions, record
        self._annotate = annotate
        self._group = ""
        self._told: set[str] = set()

    def show(self, event: e.AnyEvent) -> None:
        if isinstance(event, e.AttemptStarted):
            self._open(event)
        elif not isinstance(event, _IN_GROUP):
            self._close_group()
        is_title = bool(self._group) and isinstance(event, e.AttemptStarted)
        for line in [*([] if is_title else lines.lines_of(event)), *self._untold(event)]:
            self._line(line)
        self._out.flush()

    def close(self, state: RunState) -> None:
        self._close_group()
        for line in [*lines.table(state), *lines.ending(state, self._record)]:
            self._line(line)
        if self._in_actions:
            for annotation in self._annotate(state):
                self._out.write(f"{annotation}\n")
        self._out.flush()

    def _open(self, event: e.AttemptStarted) -> None:
        self._close_group()
        if self._in_actions and event.agent:
            self._group = lines.name_of(event)
            actions.group(self._out, words.clean(" ".join(lines.lines_of(event))))

    def _close_group(self) -> None:
        if self._group:
            actions.endgroup(self._out)
        self._group = ""

    def _untold(self, event: e.AnyEvent) -> list[str]:
        """Why the attempt did not pass, unless a gate or the agent's end has said so."""
        match event:
            case e.GateEnded(passed=False) | e.AgentEnded(verdict=Verdict.FAILED | Verdict.BLOCKED):
                self._told.add(lines.name_of(event))
            case e.AttemptEnded() if event.error and lines.name_of(event) not in self._told:
                return lines.evidence(lines.name_of(event), event.error)
        return []

    def _line(self, text: str) -> None:
        for line in words.clean(text).replace("\n", "\n    ").split("\n"):
            self._out.write((actions.harmless(line) if self._in_actions else line) + "\n")


_IN_GROUP = (
    e.SessionRefused,
    e.SessionKnown,
    e.AgentActed,
    e.AgentEnded,
    e.TranscriptKept,
    e.TranscriptLost,
    e.SnapshotTaken,
)
