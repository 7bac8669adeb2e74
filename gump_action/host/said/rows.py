"""The steps of a run as rows of a Markdown table: one for each step, or for each group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState
from gump_action.host import words
from gump_action.host.words import code, number, span

_NAME = 120
_WORD = 60
_ATTEMPTS = 4
_GATES = 6

MARKS = {
    Verdict.PASSED: "✅",
    Verdict.FAILED: "❌",
    Verdict.BLOCKED: "⛔",
    Verdict.CANCELLED: "⏹️",
    Verdict.SKIPPED: "⏭️",
    Verdict.NOTHING_TO_DO: "✅",
}
RUNNING = "⏳"
AGAIN = "🔁"
"""Before what is to be done again: what it asks for, or what comes before it, has changed."""


@dataclass(frozen=True)
class StepRow:
    """A step with all its attempts, oldest first, and how it stands.

    `is_before` says that it passed in a start before this one.
    """

    step: str
    attempts: tuple[Attempt, ...]
    mark: str
    is_before: bool = False

    @property
    def is_passed(self) -> bool:
        return self.mark == MARKS[Verdict.PASSED]

    @property
    def group(self) -> str:
        """`build` of `build/red/impl`; empty at the top."""
        return self.step.partition("/")[0] if "/" in self.step else ""

    @property
    def cells(self) -> list[str]:
        """Step and how it stands, attempts, agent, session, gates, cost, time."""
        agents = [attempt.agent for attempt in self.attempts]
        before = " (before)" if self.is_before else ""
        return [
            f"{self.mark}&nbsp;{code(self.step[:_NAME])}{before}",
            str(len(self.attempts)),
            _chain([code(agent[:_WORD]) for agent in _without_repeats(agents) if agent]) or "gates",
            _chain([_session(each) for each in self.attempts if each.agent]),
            _gates(self.attempts[-1]),
            _cost(self.attempts),
            span(sum(attempt.seconds for attempt in self.attempts)),
        ]


@dataclass(frozen=True)
class GroupRow:
    """The steps of a group that have passed, as one row."""

    group: str
    rows: tuple[StepRow, ...]

    is_passed = True

    @property
    def cells(self) -> list[str]:
        """The same cells; sessions and gates are of steps."""
        attempts = [attempt for row in self.rows for attempt in row.attempts]
        agents = sorted({attempt.agent for attempt in attempts if attempt.agent})
        shown = ", ".join(code(agent[:_WORD]) for agent in agents[:_ATTEMPTS])
        steps = number(len(self.rows), "step")
        return [
            f"{MARKS[Verdict.PASSED]}&nbsp;{code(self.group[:_NAME])}, {steps}",
            str(len(attempts)),
            f"{shown} and others" if agents[_ATTEMPTS:] else shown or "gates",
            "",
            "",
            _cost(attempts),
            span(sum(attempt.seconds for attempt in attempts)),
        ]


def rows_of(state: RunState, *, is_running: bool) -> list[StepRow]:
    """In the order in which the steps began."""
    rows = [
        StepRow(
            step,
            tuple(attempts),
            _mark(attempts[-1], is_running=is_running),
            step in state.skipped,
        )
        for step, attempts in state.attempts.items()
    ]
    return sorted(rows, key=lambda row: row.attempts[0].began)


def _mark(last: Attempt, *, is_running: bool) -> str:
    if last.is_forgotten:
        return AGAIN
    if last.verdict is None:
        return RUNNING if is_running else MARKS[Verdict.CANCELLED]
    return MARKS[last.verdict]


def _without_repeats(names: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for name in names:
        if kept[-1:] != [name]:
            kept.append(name)
    return kept


def _chain(each: Sequence[str]) -> str:
    """`a → b → c`; of many the last ones."""
    shown = list(each[-_ATTEMPTS:])
    return " → ".join(["…", *shown] if len(each) > _ATTEMPTS else shown)


def _session(attempt: Attempt) -> str:
    if not attempt.session.resume:
        return "fresh (resume refused)" if attempt.refused else "fresh"
    resumed = attempt.session.resume
    own = resumed.removeprefix(f"{attempt.step}#")
    # The step's own attempts need only their number.
    return f"resumed {code(f'#{own}' if own != resumed else resumed[-_NAME:])}"


def _gates(attempt: Attempt) -> str:
    """Red ones first, since the table may be all that is read."""
    gates = sorted(attempt.gates, key=lambda gate: gate.passed)
    shown = [f"{'✓' if g.passed else '✗'}&nbsp;{code(g.gate[:_WORD])}" for g in gates[:_GATES]]
    more = [f"{len(gates) - _GATES} more"] if len(gates) > _GATES else []
    return ", ".join([*shown, *more])


def _cost(attempts: Sequence[Attempt]) -> str:
    """The sum of what is told, also while they work; `+ unknown` where one has ended untold."""
    ended = [each for each in attempts if each.verdict or each.cost_usd is not None]
    spent = [each.cost_usd for each in ended if each.agent]
    known = [usd for usd in spent if usd is not None]
    if not spent:
        return ""
    if not known:
        return "unknown"
    return words.cost(sum(known)) + ("" if len(known) == len(spent) else " + unknown")


def collapsed(rows: Sequence[StepRow]) -> list[StepRow | GroupRow]:
    """A row for each group, of what has passed in it; what has not passed keeps its own."""
    groups: dict[str, list[StepRow]] = {}
    for row in rows:
        if row.group and row.is_passed:
            groups.setdefault(row.group, []).append(row)
    table: list[StepRow | GroupRow] = []
    for row in rows:
        if not (row.group and row.is_passed):
            table.append(row)
        elif row is groups[row.group][0]:
            table.append(GroupRow(row.group, tuple(groups[row.group])))
    return table


def most_telling(table: Sequence[StepRow | GroupRow], many: int) -> list[StepRow | GroupRow]:
    """So many rows in their order: what has not passed first, then what came last."""
    ranked = sorted(range(len(table)), key=lambda at: (table[at].is_passed, -at))
    return [table[at] for at in sorted(ranked[:many])]
