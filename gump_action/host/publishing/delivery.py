"""What became of a result: a value for outputs and comment, and what it makes of the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState, fold
from gump_action.host import words


class Done(StrEnum):
    """In one word; the output `published` has it."""

    PUSHED = "pushed"
    OPENED = "opened"
    UPDATED = "updated"
    LEFT = "left"
    PATCH = "patch"
    NOTHING = "nothing"
    REFUSED = "refused"
    FAILED = "failed"


_OPERATIONS: Mapping[Done, str] = {
    Done.OPENED: "created",
    Done.UPDATED: "updated",
    Done.LEFT: "unchanged",
}
_REASON = 1000


@dataclass(frozen=True)
class Delivery:
    """`lines` are Markdown for people; `why` is plain text, and empty where all went as asked.

    `is_wanting`: the user asked for more than was done, and can do something about it.
    `is_for_rerun`: when that is done, a re-run of the job publishes the result; `may_need_edit`:
    but for what is done in the host workflow, which a re-run takes as it was.
    `has_no_change`: there was nothing to publish, since the result changes nothing.
    """

    done: Done
    why: str = ""
    lines: tuple[str, ...] = ()
    commit: str = ""
    pull: int = 0
    url: str = ""
    is_wanting: bool = False
    is_for_rerun: bool = False
    may_need_edit: bool = False
    has_no_change: bool = False

    @property
    def outputs(self) -> dict[str, str]:
        return {
            "published": str(self.done),
            "published-commit": self.commit,
            "pr-number": str(self.pull or ""),
            "pr-url": self.url,
            "pr-operation": _OPERATIONS.get(self.done, "none"),
        }

    def verdict(self, of_run: Verdict) -> tuple[Verdict, str]:
        """What the job comes to, and why: a result that did not arrive is not green by mistake."""
        if of_run is not Verdict.PASSED:
            return of_run, ""
        if self.is_wanting:
            return Verdict.BLOCKED, words.one_line(f"not published: {self.why}")[:_REASON]
        return (Verdict.NOTHING_TO_DO, self.why) if self.has_no_change else (of_run, "")

    def masked(self, mask: Callable[[str], str]) -> Delivery:
        """The same in words that may be shown."""
        return replace(self, why=mask(self.why), lines=tuple(map(mask, self.lines)))

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def judge_again(state: RunState, delivery: Delivery | None) -> None:
    """A run whose result did not arrive is not green by mistake, nor one that changes nothing."""
    ended = state.ended
    if delivery is None or ended is None:
        return
    verdict, why = delivery.verdict(ended.verdict)
    if verdict is not ended.verdict:
        changes = {"seq": state.seq, "verdict": verdict, "why": why}
        fold((ended.model_copy(update=changes),), state)


def from_json(text: str) -> Delivery | None:
    """What `to_json` made, which only the runner has held since; None for no text."""
    if not text:
        return None
    told = json.loads(text)
    return Delivery(**{**told, "done": Done(told["done"]), "lines": tuple(told["lines"])})
