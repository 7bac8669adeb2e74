"""A run as Markdown, for people.

Nothing that others wrote (names, evidence, answers, notes) can become markup here: it stands in
code spans, in fences that it cannot close, or as plain words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from gump_action.engine.events import GateEnded, Noted, RunEnded
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState
from gump_action.host import words
from gump_action.host.said import timeline, told
from gump_action.host.said.facts import Facts
from gump_action.host.said.rows import MARKS, RUNNING
from gump_action.host.said.told import Fold
from gump_action.host.words import code, fenced, html_code, prose, span

SUMMARY_LIMIT = 1_000_000
"""Bytes; GitHub drops a job summary of more than 1 MiB whole."""

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
_CELL = 300
_NAMES = 20


def report(
    state: RunState,
    folder: Path | None,
    *,
    facts: Facts | None = None,
    limit: int = SUMMARY_LIMIT,
) -> str:
    """The whole run as Markdown of at most `limit` bytes: evidence is cut first, then rows.

    With the facts of a job it is the summary of that job.
    """
    # Jinja2 is only loaded where a report is made.
    from gump_action.templating import render

    text = ""
    for chars, rows in _CUTS:
        text = render("report.md.j2", _values(state, folder, facts, (chars, rows)), {})
        if len(text.encode()) <= limit:
            return text
    return text.encode()[:limit].decode(errors="ignore")


def _values(
    state: RunState,
    folder: Path | None,
    facts: Facts | None,
    cut: tuple[int | None, int | None],
) -> dict[str, object]:
    chars, rows = cut
    attempts = words.all_attempts(state)
    shown = _last(attempts, rows)
    ended = state.ended
    notes = [note for note in state.notes if note.level == "warning"]
    changes = told.changes_of(state, facts or Facts())
    return {
        "icon": MARKS[ended.verdict] if ended else RUNNING,
        "name": code(state.started.workflow[:100]) if state.started else "A run",
        "verdict": told.verdict(state, facts or Facts()),
        "why": _why_so(state, facts),
        "delivered": told.delivered(facts or Facts()),
        "branch": _branch(ended)
        if ended and ended.branch and (facts or Facts()).is_branch_here
        else "",
        "advice": _advice(state, folder, facts),
        "facts": [*_facts(state, folder), *(_of_job(facts) if facts else [])],
        "attempts": [_row(attempt) for attempt in shown],
        "whys": [_why(attempt) for attempt in shown if attempt.agent],
        "left_out": _left_out(len(attempts) - len(shown)),
        "gates": [_gate_row(attempt, gate) for attempt in shown for gate in attempt.gates],
        "evidence": _evidence(shown, chars, _last_failed(state)),
        "chars": chars,
        "lost": [f"{code(each.name)}: {prose(each.lost[:2000])}" for each in shown if each.lost],
        "undone": [f"{code(each.name)}: {_names(each.wrote)}" for each in shown if each.wrote],
        "changes": [told.change_row(each) for each in _last(changes, rows)],
        "change_title": told.change_title(changes),
        "notes": [_note(note) for note in _last(notes, rows)],
        "bars": timeline.bars(shown),
        "totals": _totals(attempts, words.cost_of_run(state)),
    }


def _why_so(state: RunState, facts: Facts | None) -> str:
    """Empty where what became of the result says it, with what to do."""
    if state.ended is None:
        return _no_end(state)
    is_said = facts and facts.delivery and facts.delivery.is_wanting
    return "" if is_said else prose(state.ended.why[:2000])


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
    if state.started and (on := state.stands_on):
        place = words.PLACES[state.started.workspace]
        facts.append(f"Run {code(state.started.run)}, {place}, on {code(on.base[:10])}")
    if state.starts > 1:
        facts.append(f"Started {state.starts} times; each start went on where the one before ended")
    if state.skipped:
        facts.append(f"Skipped by the last start, having passed before: {_names(state.skipped)}")
    if folder:
        facts.append(f"Record, with the whole output of gates and agents: {code(str(folder))}")
    return facts


def _advice(state: RunState, folder: Path | None, facts: Facts | None) -> list[str]:
    if facts:
        return [*filter(None, [told.next_words(state, facts) if state.ended else ""])]
    return [_item(each.text, each.command) for each in words.advice(state, folder)]


def _of_job(facts: Facts) -> list[str]:
    page = f"attempt {facts.attempt} of the host run"
    base = f"Taken from the base, not from this pull request: {_names(facts.from_base)}"
    return [
        each
        for each in (
            f'<a href="{facts.link}">{page[0].upper()}{page[1:]}</a>' if facts.link else "",
            f"Artifact {code(facts.artifact)}" if facts.artifact else "",
            prose(facts.state_note[:2000]),
            *facts.notes,
            base if facts.from_base else "",
        )
        if each
    ]


def _row(attempt: Attempt) -> list[str]:
    usage = words.usage_of(attempt)
    is_agent = bool(attempt.agent)
    is_used = is_agent and bool(attempt.ended or attempt.verdict)
    return [
        f"{MARKS[attempt.verdict] if attempt.verdict else RUNNING}&nbsp;{code(attempt.name)}",
        words.verdict_of(attempt),
        code(attempt.agent) or "gates alone",
        prose(words.session_words(attempt.session)[:_CELL]) if is_agent else "",
        ", ".join(
            f"{'✓' if gate.passed else '✗'}&nbsp;{code(gate.gate[:200])}" for gate in attempt.gates
        ),
        words.tokens(usage) if is_used else "",
        words.cost(usage.cost_usd) if is_used else "",
        span(attempt.seconds) if attempt.verdict else "",
    ]


def _why(attempt: Attempt) -> str:
    """Why it was made, and why it had this session."""
    return f"{code(attempt.name)}: {prose(attempt.reason[:_CELL])}. Session: {_session(attempt)}."


def _session(attempt: Attempt) -> str:
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


def _evidence(attempts: Sequence[Attempt], chars: int | None, last: str) -> list[Fold]:
    if chars == 0:
        return []
    return [
        Fold(f"{html_code(attempt.name)} {title}", fenced(_cut(text, chars)), attempt.name == last)
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
