"""A ledger in a few words, for tests of what is decided from it."""

from __future__ import annotations

import pytest

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState, fold


class Ledger:
    """Writes events as the engine would; every attempt makes a snapshot `STEP#N`."""

    def __init__(self) -> None:
        started = e.RunStarted(
            run="r", workflow="t", engine="0", workspace="isolated", base="base", start="base"
        )
        self.state: RunState = fold([started])

    def attempt(
        self,
        step: str,
        agent: str = "claude-haiku",
        verdict: Verdict | None = Verdict.PASSED,
        *,
        has_session: bool = True,
        start: str = "",
    ) -> Ledger:
        number = self.state.count(step) + 1
        known = self.state.of(step)
        base = self.state.bases.now(known[-1].base) if known else self.state.head
        where = {"step": step, "attempt": number}
        decided = e.SessionDecided(mode="fresh", why="")
        told: list[e.AnyEvent] = [
            e.AttemptStarted(
                **where, agent=agent, reason="", kind="first", digest="d",
                base=base, start=start or base, session=decided,
            )
        ]  # fmt: skip
        if has_session:
            told += [
                e.SessionKnown(**where, session="s"),
                e.TranscriptKept(**where, session="s", files={"f": "d"}),
            ]
        told.append(e.SnapshotTaken(**where, commit=f"{step}#{number}", tree="t"))
        if verdict:
            told.append(e.AttemptEnded(**where, verdict=verdict))
        fold(told, self.state)
        return self

    def take(self, base: str, *merged: str) -> Ledger:
        """HEAD has moved to `base`; each of these snapshots is `SNAPSHOT+BASE` then."""
        on = self.state.stands_on
        assert on
        told: list[e.AnyEvent] = [e.BaseTaken(before=on.base, base=base, start=base)]
        told += [e.SnapshotMerged(snapshot=one, commit=f"{one}+{base}") for one in merged]
        fold(told, self.state)
        return self

    def reset(self, step: str) -> Ledger:
        fold([e.StepReset(step=step, why="")], self.state)
        return self


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()
