"""A run as Markdown, for people.

Nothing that others wrote (names, evidence, answers, notes) can become markup here: it stands in
code spans, in fences that it cannot close, or as plain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from gump_action.engine.events import GateEnded, Noted, RunEnded
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState
from gump_action.host import words
from gump_action.host.words import clean, code, fenced, html_code, prose, span

SUMMARY_LIMIT = 1_000_000
"""Bytes; GitHub drops a job summary of more than 1 MiB whole."""
COMMENT_LIMIT = 65_000
"""Bytes; GitHub refuses a comment of more than 65,536 characters."""

_CUTS = (
    (None, None),
    (4000, None),
    (1000, None),
    (200, None),
    (0, None),
    (0, 100),
    (0, 20),
    (0, 0),
)
"""What is tried in turn to keep a limit: characters of each evidence, then rows of each table."""
T = TypeVar("T")
_BARS = 60
_CELL = 300
_NAMES = 20
_PAUSE = 30.0


@dataclass(frozen=True)
class Evidence:
    """A text to fold away: its title, already HTML, and the text with a fence around it.

    `is_open` says that it is what a reader looks for: why the run did not pass.
    """

    title: str
    fenced: str
    is_open: bool


def report(state: RunState, folder: Path | None, *, limit: int = SUMMARY_LIMIT) -> str:
    """The whole run as Markdown of at most `limit` bytes: evidence is cut first, then rows."""
    # Jinja2 is only loaded where a report is made.
    from gump_action.templating import render

    text = ""
    for chars, rows in _CUTS:
        text = render("report.md.j2", _values(state, folder, chars, rows), {})
        if len(text.encode()) <= limit:
            return text
    return text.encode()[:limit].decode(errors="ignore")


def _values(
    state: RunState, folder: Path | None, chars: int | None, rows: int | None
) -> dict[str, object]:
    attempts = words.all_attempts(state)
    shown = _last(attempts, rows)
    ended = state.ended
    notes = [note for note in state.notes if note.level == "warning"]
    return {
        "name": code(state.started.workflow) if state.started else "A run",
        "verdict": words.verdict_of_run(state),
        "why": prose(ended.why[:2000]) if ended else _no_end(state),
        "branch": _branch(ended) if ended and ended.branch else "",
        "advice": [_item(each.text, each.command) for each in words.advice(state, folder)],
        "facts": _facts(state, folder),
        "attempts": [_row(attempt) for attempt in shown],
        "left_out": _left_out(len(attempts) - len(shown)),
        "gates": [_gate_row(attempt, gate) for attempt in shown for gate in attempt.gates],
        "evidence": _evidence(shown, chars, _last_failed(state)),
        "chars": chars,
        "lost": [f"{code(each.name)}: {prose(each.lost[:2000])}" for each in shown if each.lost],
        "undone": [f"{code(each.name)}: {_names(each.wrote)}" for each in shown if each.wrote],
        "notes": [_note(note) for note in _last(notes, rows)],
        "bars": _bars(shown[-_BARS:]),
        "totals": _totals(attempts, words.cost_of_run(state)),
    }


def _no_end(state: RunState) -> str:
    """What a ledger without an end can mean; the report is made while agents work, too."""
    if not state.started:
        return "The record is empty: no run has begun."
    under_way = ", ".join(code(attempt.name) for attempt in state.unfinished())
    held = f" when the record was written last, {under_way} was under way" if under_way else ""
    return (
        "The record has no end of this run: it is still under way, or its engine was killed"
        f"{held and ';'}{held}."
    )


def _branch(ended: RunEnded) -> str:
    what = "The result is" if ended.verdict is Verdict.PASSED else "What has passed is on"
    return f"{what} the branch {code(ended.branch)}."


def _left_out(many: int) -> str:
    if not many:
        return ""
    return "The first attempt is" if many == 1 else f"The first {many} attempts are"


def _last(many: Sequence[T], rows: int | None) -> Sequence[T]:
    return many if rows is None else many[max(len(many) - rows, 0) :]


def _item(text: str, command: str) -> str:
    return f"{text}: {code(command)}" if command else f"{text}."


def _facts(state: RunState, folder: Path | None) -> list[str]:
    facts = []
    if state.started:
        place = words.PLACES[state.started.workspace]
        facts.append(f"Run {code(state.started.run)}, {place}, on {code(state.started.base[:10])}")
    if state.starts > 1:
        facts.append(f"Started {state.starts} times; each start went on where the one before ended")
    if state.skipped:
        facts.append(f"Skipped by the last start, having passed before: {_names(state.skipped)}")
    if folder:
        facts.append(f"Record, with the whole output of gates and agents: {code(str(folder))}")
    return facts


def _row(attempt: Attempt) -> list[str]:
    usage = words.usage_of(attempt)
    is_agent = bool(attempt.agent)
    is_used = is_agent and bool(attempt.ended or attempt.verdict)
    return [
        code(attempt.name),
        words.verdict_of(attempt),
        code(attempt.agent) or "gates alone",
        prose(attempt.reason[:_CELL]) if is_agent else "",
        _session_cell(attempt) if is_agent else "",
        ", ".join(
            f"{'✓' if gate.passed else '✗'} {code(gate.gate[:200])}" for gate in attempt.gates
        ),
        words.tokens(usage) if is_used else "",
        words.cost(usage.cost_usd) if is_used else "",
        span(attempt.seconds) if attempt.verdict else "",
    ]


def _session_cell(attempt: Attempt) -> str:
    why = prose(attempt.session.why[:_CELL])
    said = f"{prose(words.session_words(attempt.session))}{why and ', because '}{why}"
    refused = prose(attempt.refused[:_CELL])
    return f"{said}; a resume was tried before that, because {refused}" if refused else said


def _gate_row(attempt: Attempt, gate: GateEnded) -> list[str]:
    code_ = "" if gate.exit_code is None else str(gate.exit_code)
    passed = "✓ passed" if gate.passed else "✗ failed"
    command = code(gate.command[:500])
    return [code(attempt.name), code(gate.gate[:200]), command, passed, code_, span(gate.seconds)]


def _last_failed(state: RunState) -> str:
    """The attempt at which the run came to its end, where it did not pass."""
    if not state.ended or not state.ended.verdict.exit_code:
        return ""
    return next((each.name for each in reversed(words.all_attempts(state))), "")


def _evidence(attempts: Sequence[Attempt], chars: int | None, last: str) -> list[Evidence]:
    if chars == 0:
        return []
    return [
        Evidence(
            f"{html_code(attempt.name)} {title}", fenced(_cut(text, chars)), attempt.name == last
        )
        for attempt in attempts
        for title, text in _texts(attempt)
    ]


def _texts(attempt: Attempt) -> Iterator[tuple[str, str]]:
    """What an attempt left to read: evidence of its failed gates, else its error; its answer."""
    red = [gate for gate in attempt.gates if not gate.passed and gate.evidence]
    for gate in red:
        yield f"failed at the gate {html_code(gate.gate[:200])}", gate.evidence
    if not red and attempt.error:
        yield words.verdict_of(attempt), attempt.error
    if attempt.ended and attempt.ended.answer:
        yield "ended with these words of the agent", attempt.ended.answer


def _cut(text: str, chars: int | None) -> str:
    if chars is None or len(text) <= chars:
        return text
    half = chars // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters are left out …\n{text[-half:]}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{', '.join(code(name) for name in names[:_NAMES])}{more}"


def _note(note: Noted) -> str:
    return f"{code(note.step)}{': ' if note.step else ''}{prose(note.text[:2000])}"


def _bars(attempts: Sequence[Attempt]) -> list[str]:
    """Lines of a Mermaid gantt: a section for each step, a bar for each attempt.

    Pauses (a run that went on in a later job) are left out; zero is the beginning of the first.
    """
    lines, step = [], ""
    shift = end = attempts[0].began if attempts else 0.0
    for attempt in attempts:
        shift += attempt.began - end if attempt.began - end > _PAUSE else 0.0
        end = max(end, attempt.began + attempt.seconds)
        if attempt.step != step:
            lines.append(f"section {_diagram(attempt.step)}")
        step = attempt.step
        begin = datetime(2000, 1, 1) + timedelta(seconds=attempt.began - shift)
        kind = _KINDS.get(attempt.verdict or Verdict.CANCELLED, "active")
        task = _diagram(
            f"{attempt.number} {attempt.agent or 'gates alone'} {words.verdict_of(attempt)}"
        )
        took = f"{max(round(attempt.seconds * 1000), 1)}ms"
        lines.append(f"{task} :{kind}, {begin.isoformat(' ', 'milliseconds')}, {took}")
    return lines


_KINDS = {Verdict.PASSED: "done", Verdict.FAILED: "crit"}


def _diagram(text: str) -> str:
    """A name in which Mermaid sees nothing but a name."""
    return re.sub(r"[^\w ./-]", "-", " ".join(clean(text).split()))[:80]


def _totals(attempts: Sequence[Attempt], cost: str) -> list[str]:
    by_agent = [words.usage_of(attempt) for attempt in attempts if attempt.agent]
    sums = [
        _sum("uncached in", [words.uncached(usage) for usage in by_agent]),
        _sum("cached in", [usage.cache_read for usage in by_agent]),
        _sum("out", [usage.output for usage in by_agent]),
    ]
    time = span(sum(attempt.seconds for attempt in attempts))
    return [
        f"{words.number(len(attempts), 'attempt')}, {time} of work",
        f"Tokens: {', '.join(sums)}" if by_agent else "Tokens: none, no agent ran",
        f"Cost: {cost}",
    ]


def _sum(name: str, counts: Sequence[int | None]) -> str:
    known = [many for many in counts if many is not None]
    unknown = len(counts) - len(known)
    if not known:
        return f"unknown {name}"
    more = f" (unknown for {words.number(unknown, 'attempt')})" if unknown else ""
    return f"{words.count(sum(known))} {name}{more}"
