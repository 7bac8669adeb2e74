"""A run as Markdown for people, and the words in which the display says the same things.

Nothing that others wrote (names, evidence, answers, notes) can become markup here: it stands in
code spans, in fences that it cannot close, or as plain words.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from gump_action.engine.events import GateEnded, Noted, SessionDecided, Usage
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState

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
_PAUSE = 30.0
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN_WORD = re.compile(r"[\"'(]*[^\W_]+(?:[-.,:'=][^\W_]+)*[\"'),.;:!?%…]*|[-…]")
_LINKED_WORD = re.compile(r"[\"'(]*(?:gh-\d|www\.)", re.IGNORECASE)


@dataclass(frozen=True)
class Advice:
    """What one can do next: in words, and the command for it where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True)
class Evidence:
    """A text to fold away: its title, already HTML, and the text with a fence around it.

    `is_open` says that it is what a reader looks for: why the run did not pass.
    """

    title: str
    fenced: str
    is_open: bool


def span(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def count(number: int | None) -> str:
    """`950`, `12.3k`, `4.5M`; `?` for unknown, which is not zero."""
    if number is None:
        return "?"
    if number < 1000:
        return str(number)
    return f"{number / 1000:.1f}k" if number < 999_950 else f"{number / 1e6:.1f}M"


def uncached(usage: Usage) -> int | None:
    """Input that the model had to read anew, what it wrote into its cache included."""
    return None if usage.input is None else usage.input + (usage.cache_write or 0)


def tokens(usage: Usage) -> str:
    """Uncached in, cached in, out."""
    counts = (uncached(usage), usage.cache_read, usage.output)
    if counts == (None, None, None):
        return "unknown"
    return " / ".join(count(number) for number in counts)


def cost(usd: float | None) -> str:
    """Dollars without the sign; in Markdown two `$` in a line are a formula."""
    if usd is None:
        return "unknown"
    return f"{usd:.4f}" if usd < 1 else f"{usd:.2f}"


def total_cost(attempts: Iterable[Attempt]) -> str:
    """The sum of what is known, saying what is not."""
    spent = [usage_of(attempt).cost_usd for attempt in attempts if attempt.agent]
    known = [usd for usd in spent if usd is not None]
    if not spent:
        return "none, no agent ran"
    if not known:
        return "unknown"
    unknown = len(spent) - len(known)
    more = f", and an unknown cost for {unknown} of {len(spent)} attempts" if unknown else ""
    return f"{cost(sum(known))} USD{more}"


def usage_of(attempt: Attempt) -> Usage:
    """What this attempt used, as far as it is known."""
    return attempt.ended.usage if attempt.ended else Usage()


def session_words(session: SessionDecided) -> str:
    """`fresh` or `resumed impl#1`."""
    return f"resumed {session.resume}" if session.resume else "fresh"


def mark(gate: GateEnded) -> str:
    """`✓ test` or `✗ test`, on one short line."""
    return f"{'✓' if gate.passed else '✗'} {' '.join(gate.gate.split())[:60]}"


def verdict_of(attempt: Attempt) -> str:
    return str(attempt.verdict) if attempt.verdict else "not ended"


def all_attempts(state: RunState) -> list[Attempt]:
    """In the order in which they began."""
    attempts = [each for of_step in state.attempts.values() for each in of_step]
    return sorted(attempts, key=lambda attempt: attempt.began)


def state_option(record: Path | None) -> str:
    """The option that names a state directory, where it is not the usual one."""
    return f" --state {shlex.quote(str(record))}" if record else ""


def advice(state: RunState, record: Path | None) -> list[Advice]:
    """What a person can do now, the most useful first."""
    if state.ended is None:
        return [
            Advice("It has no end yet. If no engine runs it any more, start it again; it goes on")
        ]
    options = state_option(record)
    see = f"git diff HEAD...{state.ended.branch}"
    in_checkout = state.started is not None and state.started.workspace == "checkout"
    if state.ended.verdict is Verdict.PASSED and state.ended.branch:
        take = Advice("Take it into your branch", f"gump-action apply{options}")
        held = Advice("The checkout holds it already")
        return [Advice("Look at it", see), held if in_checkout else take]
    return [
        *_go_on(state.ended.verdict),
        *([Advice("See what has passed", see)] * bool(state.ended.branch)),
    ]


def _go_on(verdict: Verdict) -> list[Advice]:
    match verdict:
        case Verdict.FAILED:
            return [Advice("Run it again to go on from here; its retries are granted anew")]
        case Verdict.BLOCKED:
            return [Advice("Put that right, then run it again; it goes on from here")]
        case Verdict.CANCELLED:
            return [Advice("Run it again to go on from here; nothing that passed is lost")]
    return []


def clean(text: str) -> str:
    """Without control characters, lines ended by a line feed."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def code(text: str) -> str:
    """A code span on one line that its content cannot leave, in a table too."""
    text = " ".join(clean(text).split())
    if not text:
        return ""
    return html_code(text) if re.search(r"[`|\\]", text) else f"`{text}`"


def html_code(text: str) -> str:
    """The same as HTML, in which no character of the content means anything."""
    line = " ".join(clean(text).split())
    return "<code>" + re.sub(r"[^\w\s]|_", lambda found: f"&#{ord(found[0])};", line) + "</code>"


def prose(text: str) -> str:
    """One line; words that Markdown or GitHub could take for something are code spans."""
    pieces: list[str] = []
    strange: list[str] = []
    for word in [*clean(text).split(), ""]:
        is_plain = _PLAIN_WORD.fullmatch(word) and not _LINKED_WORD.match(word)
        if strange and (is_plain or not word):
            pieces.append(code(" ".join(strange)))
            strange = []
        (pieces if is_plain or not word else strange).append(word)
    return " ".join(pieces).strip()


def fenced(text: str) -> str:
    """A block of code whose fence is longer than any in the text."""
    text = clean(text).strip("\n")
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


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
    attempts = all_attempts(state)
    shown = _last(attempts, rows)
    ended = state.ended
    notes = [note for note in state.notes if note.level == "warning"]
    return {
        "name": code(state.started.workflow) if state.started else "A run",
        "verdict": _verdict_words(state),
        "why": prose(ended.why[:2000]) if ended else "",
        "branch": code(ended.branch) if ended else "",
        "advice": [_item(each.text, each.command) for each in advice(state, folder)],
        "facts": _facts(state, folder),
        "attempts": [_row(attempt) for attempt in shown],
        "left_out": len(attempts) - len(shown),
        "gates": [_gate_row(attempt, gate) for attempt in shown for gate in attempt.gates],
        "evidence": _evidence(shown, chars, _last_failed(state)),
        "chars": chars,
        "undone": [_undone(attempt) for attempt in shown if attempt.wrote],
        "notes": [_note(note) for note in _last(notes, rows)],
        "bars": _bars(shown[-_BARS:]),
        "totals": _totals(attempts),
    }


def _verdict_words(state: RunState) -> str:
    if state.ended is None:
        return "has not ended"
    match state.ended.verdict:
        case Verdict.PASSED | Verdict.FAILED:
            return str(state.ended.verdict)
        case Verdict.NOTHING_TO_DO:
            return "had nothing to do"
        case verdict:
            return f"was {verdict}"


def _last(many: Sequence[T], rows: int | None) -> Sequence[T]:
    return many if rows is None else many[max(len(many) - rows, 0) :]


def _item(text: str, command: str) -> str:
    return f"{text}: {code(command)}" if command else f"{text}."


def _facts(state: RunState, folder: Path | None) -> list[str]:
    facts = []
    if state.started:
        place = "in the checkout" if state.started.workspace == "checkout" else "in its own tree"
        facts.append(f"Run {code(state.started.run)}, {place}, on {code(state.started.base[:10])}")
    if state.starts > 1:
        facts.append(f"Started {state.starts} times; each start went on where the one before ended")
    if folder:
        facts.append(f"Record, with the whole output of gates and agents: {code(str(folder))}")
    return facts


def _row(attempt: Attempt) -> list[str]:
    usage = usage_of(attempt)
    is_agent = bool(attempt.agent)
    return [
        code(attempt.name),
        verdict_of(attempt),
        code(attempt.agent) or "gates alone",
        prose(attempt.reason[:_CELL]),
        _session_cell(attempt) if is_agent else "",
        ", ".join(
            f"{'✓' if gate.passed else '✗'} {code(gate.gate[:200])}" for gate in attempt.gates
        ),
        tokens(usage) if is_agent else "",
        cost(usage.cost_usd) if is_agent else "",
        span(attempt.seconds) if attempt.verdict else "",
    ]


def _session_cell(attempt: Attempt) -> str:
    why = prose(attempt.session.why[:_CELL])
    said = f"{prose(session_words(attempt.session))}{why and ', because '}{why}"
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
    return next((each.name for each in reversed(all_attempts(state))), "")


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
        yield verdict_of(attempt), attempt.error
    if attempt.ended and attempt.ended.answer:
        yield "ended with these words of the agent", attempt.ended.answer


def _cut(text: str, chars: int | None) -> str:
    if chars is None or len(text) <= chars:
        return text
    half = chars // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters are left out …\n{text[-half:]}"


def _undone(attempt: Attempt) -> str:
    files = attempt.wrote
    more = f" and {len(files) - 20} more" if len(files) > 20 else ""
    return f"{code(attempt.name)}: {', '.join(code(name) for name in files[:20])}{more}"


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
        task = _diagram(f"{attempt.number} {attempt.agent or 'gates alone'} {verdict_of(attempt)}")
        took = f"{max(round(attempt.seconds * 1000), 1)}ms"
        lines.append(f"{task} :{kind}, {begin.isoformat(' ', 'milliseconds')}, {took}")
    return lines


_KINDS = {Verdict.PASSED: "done", Verdict.FAILED: "crit"}


def _diagram(text: str) -> str:
    """A name in which Mermaid sees nothing but a name."""
    return re.sub(r"[^\w ./-]", "-", " ".join(clean(text).split()))[:80]


def _totals(attempts: Sequence[Attempt]) -> list[str]:
    by_agent = [usage_of(attempt) for attempt in attempts if attempt.agent]
    sums = []
    for name, counts in (
        ("uncached in", [uncached(usage) for usage in by_agent]),
        ("cached in", [usage.cache_read for usage in by_agent]),
        ("out", [usage.output for usage in by_agent]),
    ):
        known = [number for number in counts if number is not None]
        more = f" (unknown for {len(counts) - len(known)})" if len(known) < len(counts) else ""
        sums.append(f"{count(sum(known)) if known else 'unknown'} {name}{more if known else ''}")
    time = span(sum(attempt.seconds for attempt in attempts))
    return [
        f"{len(attempts)} attempts, {time} of work",
        f"Tokens: {', '.join(sums)}" if by_agent else "Tokens: none, no agent ran",
        f"Cost: {total_cost(attempts)}",
    ]
