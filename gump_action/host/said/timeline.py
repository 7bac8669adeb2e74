"""Attempts over time, as the lines of a Mermaid diagram."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt
from gump_action.host import words

_BARS = 60
_PAUSE = 30.0


def bars(attempts: Sequence[Attempt]) -> list[str]:
    """Lines of a Mermaid gantt: the axis, a section for each step, a bar for each attempt.

    Pauses (a run that went on in a later job) are left out; zero is the beginning of the first.
    """
    attempts = attempts[-_BARS:]
    lines, step = list[str](), ""
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
    hours = "%H:" if end - shift >= 3600 else ""
    return [f"axisFormat {hours}%M:%S", *lines] if lines else []


_KINDS = {Verdict.PASSED: "done", Verdict.FAILED: "crit"}


def _diagram(text: str) -> str:
    """A name in which Mermaid sees nothing but a name; it wants one."""
    return re.sub(r"[^\w ./-]", "-", words.one_line(text))[:80] or "-"
