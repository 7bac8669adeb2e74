"""How a run is said: numbers, verdicts and advice as words, and text of others made harmless.

For log, table, report and annotations alike; nothing here writes anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gump_action.engine.budget import budget_of
from gump_action.engine.events import GateEnded, SessionDecided, Usage
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState
from gump_action.redaction import visible

_PLAIN_WORD = re.compile(r"[\"'(]*[^\W_]+(?:[-.,:'=][^\W_]+)*[\"'),.;:!?%…]*|[-…]")
# Around it only what may also stand around a plain word.
_QUOTED = re.compile(r"(?<!\S)([\"'(]*)`([^`]+)`([\"'),.;:!?%…]*)(?!\S)")
_LINKED_WORD = re.compile(r"[\"'(]*(?:gh-\d|www\.)", re.IGNORECASE)

GATE_LENGTH = 60
PLACES = {"isolated": "in a tree of its own", "checkout": "in the checkout"}
"""Where a run works."""


@dataclass(frozen=True)
class Advice:
    """What one can do next: in words, and the command for it where there is one."""

    text: str
    command: str = ""


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


def number(many: int, noun: str) -> str:
    """`1 attempt`, `2 attempts`."""
    return f"{many} {noun}{'' if many == 1 else 's'}"


def count(many: int | None) -> str:
    """`950`, `12.3k`, `4.5M`; `?` for unknown, which is not zero."""
    if many is None:
        return "?"
    if many < 1000:
        return str(many)
    return f"{many / 1000:.1f}k" if many < 999_950 else f"{many / 1e6:.1f}M"


def uncached(usage: Usage) -> int | None:
    """Input that the model had to read anew, what it wrote into its cache included."""
    return None if usage.input is None else usage.input + (usage.cache_write or 0)


def tokens(usage: Usage) -> str:
    """Uncached in, cached in, out."""
    counts = (uncached(usage), usage.cache_read, usage.output)
    if counts == (None, None, None):
        return "unknown"
    return " / ".join(count(each) for each in counts)


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
    more = f", and {number(unknown, 'attempt')} of unknown cost" if unknown else ""
    return f"{cost(sum(known))} USD{more}"


def cost_of_run(state: RunState, *, is_running: bool = False) -> str:
    """What it has cost, and of which budget."""
    attempts = all_attempts(state)
    # What an attempt under way costs is not unknown, it is not known yet.
    told = total_cost(a for a in attempts if not is_running or a.verdict or a.cost_usd is not None)
    budget = budget_of(state)
    if budget is None:
        return told
    left = "which is spent" if budget.is_spent else f"of which {cost(budget.left)} USD is left"
    return f"{told}; the budget is {cost(budget.limit)} USD, {left}"


def usage_of(attempt: Attempt) -> Usage:
    """What this attempt used, as far as it is known."""
    return attempt.ended.usage if attempt.ended else Usage(cost_usd=attempt.cost_usd)


def session_words(session: SessionDecided) -> str:
    """`fresh` or `resumed impl#1`."""
    return f"resumed {session.resume}" if session.resume else "fresh"


def mark(gate: GateEnded) -> str:
    """`✓ test` or `✗ test`, on one short line."""
    name = " ".join(gate.gate.split())
    short = name if len(name) <= GATE_LENGTH else f"{name[: GATE_LENGTH - 1]}…"
    return f"{'✓' if gate.passed else '✗'} {short}"


def verdict_of(attempt: Attempt) -> str:
    """How an attempt ended, as one word of a table."""
    return str(attempt.verdict) if attempt.verdict else "not ended"


def verdict_of_run(state: RunState) -> str:
    """How the run ended, as what is said of it."""
    return ended(state.ended.verdict) if state.ended else "has not ended"


def ended(verdict: Verdict) -> str:
    """`passed`, `was blocked`: how someone ended."""
    match verdict:
        case Verdict.PASSED | Verdict.FAILED:
            return str(verdict)
        case Verdict.NOTHING_TO_DO:
            return "had nothing to do"
    return f"was {verdict}"


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
        return [Advice("If nothing runs it any more, run it again; it goes on where it was")]
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
    """Without control and hidden characters, lines ended by a line feed."""
    return visible(text)


def code(text: str) -> str:
    """A code span on one line that its content cannot leave, in a table too."""
    text = one_line(text)
    if not text:
        return ""
    return html_code(text) if re.search(r"[`|\\]", text) else f"`{text}`"


def html_code(text: str) -> str:
    """The same as HTML, in which no character of the content means anything."""
    line = one_line(text)
    return "<code>" + re.sub(r"[^\w\s]|_", lambda found: f"&#{ord(found[0])};", line) + "</code>"


def prose(text: str) -> str:
    """One line; what backticks quote is a code span, as are words that could be markup."""
    line = " ".join(clean(text).split())
    pieces: list[str] = []
    at = 0
    for quoted in _QUOTED.finditer(line):
        before, inner, after = quoted.groups()
        pieces += [*_words(line[at : quoted.start()]), f"{before}{code(inner)}{after}"]
        at = quoted.end()
    return " ".join(filter(None, [*pieces, *_words(line[at:])]))


def _words(text: str) -> list[str]:
    """Plain words as they are; strange ones that stand side by side as one code span."""
    pieces: list[str] = []
    strange: list[str] = []
    for word in [*text.split(), ""]:
        is_plain = _PLAIN_WORD.fullmatch(word) and not _LINKED_WORD.match(word)
        if strange and (is_plain or not word):
            pieces.append(code(_unquoted(" ".join(strange))))
            strange = []
        if word:
            (pieces if is_plain else strange).append(word)
    return pieces


def _unquoted(text: str) -> str:
    """Without the backticks around the whole, which the code span stands for."""
    inner = text[1:-1]
    is_quoted = len(text) > 2 and text[0] == text[-1] == "`" and "`" not in inner
    return inner if is_quoted else text


def fenced(text: str) -> str:
    """A block of code whose fence is longer than any in the text."""
    text = clean(text).strip("\n")
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def one_line(text: str) -> str:
    """Without line ends, control and hidden characters, for those who put it into a line."""
    return " ".join(clean(text).split())
