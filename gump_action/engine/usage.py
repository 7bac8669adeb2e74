"""What one launch has used, from figures that are of a call, of the launch or of the session."""

from __future__ import annotations

from dataclasses import dataclass, field

from gump_action.engine.events import Usage
from gump_action.providers import base

FIELDS = ("input", "cache_read", "cache_write", "output", "cost_usd")


@dataclass
class Tally:
    """Takes what a stream says of usage.  Unknown stays unknown, field by field."""

    seen: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, event: base.UsageSeen) -> None:
        """Calls add up; of a launch or a session the last word counts."""
        for name in FIELDS:
            value = getattr(event.usage, name)
            if value is None:
                continue
            of = event.cost_of if name == "cost_usd" and event.cost_of else event.of
            known = self.seen.get((of, name), 0) if of == "call" else 0
            self.seen[of, name] = known + value

    def of_launch(self, before: Usage) -> Usage:
        """This launch's own share; `before` is what the session had used in all."""
        return _usage({name: self._launch(name, before) for name in FIELDS})

    def of_session(self, before: Usage) -> Usage:
        """What the session has used in all, for the launch that goes on with it."""
        return _usage({name: self._session(name, before) for name in FIELDS})

    def _launch(self, name: str, before: Usage) -> float | None:
        total = self.seen.get(("session", name))
        if total is not None:
            return max(0, total - (getattr(before, name) or 0))
        return self.seen.get(("launch", name), self.seen.get(("call", name)))

    def _session(self, name: str, before: Usage) -> float | None:
        total = self.seen.get(("session", name))
        own = self._launch(name, before)
        known: float | None = getattr(before, name)
        if total is not None or own is None:
            return known if total is None else total
        return own + (known or 0)


def add(usages: list[Usage]) -> Usage:
    """The sum; a field is unknown where nobody knows it."""
    sums: dict[str, float | None] = {}
    for name in FIELDS:
        known = [getattr(usage, name) for usage in usages if getattr(usage, name) is not None]
        sums[name] = sum(known) if known else None
    return _usage(sums)


def _usage(values: dict[str, float | None]) -> Usage:
    cost = values.pop("cost_usd")
    tokens = {name: None if value is None else int(value) for name, value in values.items()}
    return Usage(cost_usd=None if cost is None else round(cost, 6), **tokens)
