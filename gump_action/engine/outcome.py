"""How things end: verdicts and what they mean for the exit code."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The table of the contract.  `status` is its name where users meet it."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NOTHING_TO_DO = "nothing-to-do"

    @property
    def exit_code(self) -> int:
        """What `gump-action run` ends with."""
        return _EXIT_CODES[self]

    @property
    def is_cut(self) -> bool:
        """Says nothing about the work: uses up no retry and moves no strategy."""
        return self in (Verdict.CANCELLED, Verdict.BLOCKED)


_EXIT_CODES = {
    Verdict.PASSED: 0,
    Verdict.FAILED: 1,
    Verdict.BLOCKED: 4,
    Verdict.CANCELLED: 130,
    Verdict.SKIPPED: 0,
    Verdict.NOTHING_TO_DO: 0,
}
