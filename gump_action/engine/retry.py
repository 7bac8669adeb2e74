"""Who makes the next attempt of a step, and whether there is one.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt
from gump_action.workflow.model import OnFailure

SAME_AGAIN = "the same agent again"


@dataclass(frozen=True)
class Again:
    """Make another attempt, by this agent.

    `kind` is `first` as long as no attempt has said anything about the work; `is_after_cut` says
    that the attempt before was cut.  `reason` is for people.
    """

    agent: str
    kind: str
    reason: str
    is_after_cut: bool = False


@dataclass(frozen=True)
class Stop:
    """No further attempt; the step ends with `verdict`."""

    verdict: Verdict
    why: str


def next_move(
    agent: str, rules: OnFailure, attempts: Sequence[Attempt], made_now: int
) -> Again | Stop:
    """The next attempt of a step that declares `agent`.

    `attempts` are those that count, oldest first.  `made_now` is how many of them this start of
    the engine has made: a re-run grants one attempt and `retry` more.  Cut attempts use up no
    retry and move no strategy; in the start that was cut, nothing follows.
    """
    if attempts and made_now:
        last = attempts[-1]
        if last.verdict is None or last.verdict is Verdict.PASSED or last.verdict.is_cut:
            return Stop(last.verdict or Verdict.CANCELLED, last.error)
        if made_now > rules.retry:
            return Stop(Verdict.FAILED, _used_up(made_now, last.error))
    failed = [a for a in attempts if a.verdict is Verdict.FAILED]
    is_after_cut = bool(attempts) and attempts[-1].is_cut
    if not failed:
        reason = _after_cut(attempts[-1]) if is_after_cut else "first attempt"
        return Again(agent, "first", reason, is_after_cut)
    before = next((a.agent for a in reversed(attempts) if a.agent and not a.is_cut), agent)
    chosen, strategy = _chosen(rules, failed, before)
    reason = _after_cut(attempts[-1]) if is_after_cut else f"{failed[-1].name} failed; {strategy}"
    return Again(chosen, "retry", reason, is_after_cut)


def _chosen(rules: OnFailure, failed: Sequence[Attempt], before: str) -> tuple[str, str]:
    """`before` made the attempt before, of those that say something about the work."""
    if not rules.strategy:
        return before, SAME_AGAIN
    strategy = rules.strategy[min(len(failed), len(rules.strategy)) - 1]
    agent = strategy.agent if strategy.kind == "escalate" else before
    return agent, f"escalated to {agent}" if strategy.kind == "escalate" else SAME_AGAIN


def _after_cut(last: Attempt) -> str:
    how = f"was {last.verdict}" if last.verdict else "died with its engine"
    return f"{last.name} {how}, so it is made again"


def _used_up(made: int, error: str) -> str:
    words = error.partition("\n")[0].rstrip(":")
    return words if made == 1 else f"all {made} attempts have failed, the last so: {words}"
