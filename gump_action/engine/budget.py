"""What a run may still spend, in US dollars.  Pure.

Every attempt counts, in whatever job it was made, and also where its step has started over since:
what was paid stays paid.  A cost that nobody knows is not counted, and that is said.  A launch
whose resume was refused counts with what it told, in the attempt that it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass

from gump_action.engine.state import Attempt, RunState

GO_ON = "To go on, give a higher one: `max_budget` in the workflow, or --max-budget."


@dataclass(frozen=True)
class Budget:
    """`unknown` is how many attempts had a cost that nobody knows."""

    limit: float
    spent: float
    unknown: int = 0

    @property
    def left(self) -> float:
        return max(0.0, round(self.limit - self.spent, 6))

    @property
    def is_spent(self) -> bool:
        return self.left == 0

    @property
    def words(self) -> str:
        """`$2.53 of $2.50`, and what is not in it."""
        attempts = "1 attempt" if self.unknown == 1 else f"{self.unknown} attempts"
        more = f" (and {attempts} of unknown cost)" if self.unknown else ""
        return f"{dollars(self.spent)} of {dollars(self.limit)}{more}"


def budget_of(state: RunState) -> Budget | None:
    """None where the run has no limit."""
    if state.max_budget is None:
        return None
    attempts = [a for of_step in state.attempts.values() for a in of_step]
    known = [a.cost_usd for a in attempts if a.cost_usd is not None]
    unknown = sum(map(_is_unknown, attempts))
    return Budget(state.max_budget, round(sum(known), 6), unknown)


def why_spent(state: RunState) -> str:
    """Why no agent may work on, and how to go on; empty while there is something left."""
    budget = budget_of(state)
    return f"budget spent: {budget.words}. {GO_ON}" if budget and budget.is_spent else ""


def left(state: RunState) -> float | None:
    """What an agent that is launched now may spend; None is without a limit."""
    budget = budget_of(state)
    return budget.left if budget else None


def unknown_cost(state: RunState, attempt: Attempt) -> str:
    """What is to be said of an attempt that has ended with a cost that is not known.

    Empty without a budget, and where the same was said of this agent before.
    """
    if state.max_budget is None or not _is_unknown(attempt):
        return ""
    attempts = [a for of_step in state.attempts.values() for a in of_step]
    if any(a.agent == attempt.agent and a != attempt and _is_unknown(a) for a in attempts):
        return ""
    return (
        f"{attempt.agent} told no cost of {attempt.name}, so it is unknown and not counted: the "
        "budget cannot be held for such attempts"
    )


def never_told(provider: str) -> str:
    """What is to be said of a CLI that tells no cost at all, before it is launched."""
    return f"the budget cannot be held for {provider}: its CLI tells no cost, so that is unknown"


def dollars(usd: float) -> str:
    """`$2.50`; with more places where two would hide what is less than a dollar."""
    is_plain = usd >= 1 or usd == round(usd, 2)
    return f"${usd:.2f}" if is_plain else f"${usd:.6f}".rstrip("0")


def _is_unknown(attempt: Attempt) -> bool:
    """It is over, an agent was launched for it, and nothing has told what that cost."""
    if not attempt.agent or attempt.cost_usd is not None:
        return False
    return attempt.ended.exit_code is not None if attempt.ended else attempt.verdict is not None
