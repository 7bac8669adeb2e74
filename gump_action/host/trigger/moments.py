"""Which of two moments comes first, as GitHub writes them; in doubt the answer that trusts less."""

from __future__ import annotations

from datetime import datetime


def is_newer_than(written_at: str, *moments: str) -> bool:
    """Whether one of these moments (ISO 8601) is not before the text; unreadable ones are."""
    try:
        written, *others = [datetime.fromisoformat(each) for each in (written_at, *moments)]
        return any(other >= written for other in others)
    except (ValueError, TypeError):  # no time, or one without a zone
        return True


def is_after(time: str, moment: str) -> bool:
    """Of two times of one second neither is after the other; what cannot be read is after."""
    return time != moment and is_newer_than(moment, time)
