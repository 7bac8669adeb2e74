"""How the cost of reading a text grows with its length, in the CPU time of this thread alone."""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time

SHORT, TIMES = 1000, 8
MOST = 2.5 * TIMES
"""Of eight times the text: 8 is what a linear reading costs, 64 a quadratic one."""


def growth(reads: Callable[[str], object], before: str, period: str, after: str = "") -> float:
    """How much more eight times as many periods cost; the least of three looks, if need be."""
    least = float("inf")
    for _ in range(3):
        short, long = (
            before + period * (size // len(period)) + after for size in (SHORT, SHORT * TIMES)
        )
        least = min(least, _cost(reads, long, 1) / max(_cost(reads, short, 3), 1e-4))
        if least < MOST:
            break
    return least


def _cost(reads: Callable[[str], object], text: str, looks: int) -> float:
    """Seconds, the least of these looks."""
    seen = []
    for _ in range(looks):
        began = thread_time()
        reads(text)
        seen.append(thread_time() - began)
    return min(seen)
