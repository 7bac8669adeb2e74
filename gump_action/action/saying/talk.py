"""Says what happens while the run goes on: from a thread, out of the ledger, now and then.

It reads what is on disk, so the engine never waits for it, and it can never change a verdict.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from gump_action.engine import record
from gump_action.engine.state import RunState
from gump_action.errors import GumpError
from gump_action.system.store import LEDGER

FIRST = 2.0
EVERY = 15.0
"""Seconds between two edits of a comment: more would run into GitHub's secondary limits."""
_PATIENCE = 1.0
_FAILURES = 3


class Talker:
    """Calls `tell` with the run's state, at most every `every` seconds, where there is news.

    Where `tell` raises a GumpError three times in a row the talking ends; `complaint` says why.
    """

    def __init__(
        self,
        root: Path,
        tell: Callable[[RunState], object],
        *,
        first: float = FIRST,
        every: float = EVERY,
    ) -> None:
        self.complaint = ""
        self._ledger, self._tell = root / LEDGER, tell
        self._first, self._every = first, every
        self._is_over = threading.Event()
        # A daemon: a call to GitHub that hangs must not keep the job from ending.
        self._thread = threading.Thread(target=self._talk, name="talker", daemon=True)

    def __enter__(self) -> Talker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(_PATIENCE)

    def _talk(self) -> None:
        told, patience, failures = 0, self._first, 0
        while failures < _FAILURES and not self._is_over.wait(patience):
            patience = self._every
            size = self._ledger.stat().st_size if self._ledger.is_file() else 0
            if size == told:
                continue
            try:
                self._tell(record.read_state(self._ledger.parent))
                told, failures = size, 0
            except GumpError as why:
                self.complaint, failures = why.message, failures + 1
