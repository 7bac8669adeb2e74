"""Runs told as events, for the tests of what people see."""

from __future__ import annotations

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict

FRESH = e.SessionDecided(
    mode="reuse-on-retry", why="this is the first attempt, and reuse-on-retry resumes on retries"
)
RESUMED = e.SessionDecided(
    mode="reuse-on-retry",
    resume="impl#1",
    session="5f0c",
    why="it is the last session of this step (reuse-on-retry)",
)
AGAIN = "impl#1 failed; the same agent again"
OTHER_AGENT = e.SessionDecided(
    mode="reuse: review",
    why='"review" was passed by claude-opus, not claude-sonnet',
)


def started(**other: object) -> e.RunStarted:
    words = {"run": "k3f9a2", "workflow": "fix", "engine": "0.1.0", "workspace": "isolated"}
    return e.RunStarted(**{**words, "base": "1a2b3c4d5e6f", "start": "s0", **other})


def attempt(step: str, number: int, session: e.SessionDecided, **other: object) -> e.AttemptStarted:
    words = {"agent": "claude-sonnet", "reason": "first attempt", "kind": "first", "digest": "d"}
    return e.AttemptStarted(
        step=step, attempt=number, session=session, **{**words, "base": "b", "start": "s0", **other}
    )


def numbered(events: list, begin: float = 1_700_000_000.0, every: float = 4.0) -> list:
    return [
        each.model_copy(update={"seq": n, "at": begin + n * every})
        for n, each in enumerate(events, 1)
    ]


def fails_then_passes() -> list:
    used = e.Usage(input=1234, cache_read=5600, cache_write=100, output=890, cost_usd=0.0123)
    red = "FAILED tests/test_a.py::test_sum\nE   assert 3 == 4\n1 failed in 0.12s"
    first = {"step": "impl", "attempt": 1}
    second = {"step": "impl", "attempt": 2}
    return numbered(
        [
            started(),
            attempt("impl", 1, FRESH),
            e.SessionKnown(**first, session="5f0c"),
            e.AgentActed(**first, what="said", text="I look at the tests.\nThen I write code."),
            e.AgentActed(**first, what="tool", text="Edit src/a.py"),
            e.AgentEnded(**first, verdict=Verdict.PASSED, seconds=12.2, turns=8, usage=used),
            e.TranscriptKept(**first, session="5f0c", files={"a": "b"}),
            e.SnapshotTaken(**first, commit="c1", tree="t1", files=("src/a.py",)),
            e.GateEnded(**first, index=0, gate="compile", passed=True, command="make", seconds=1.0),
            e.GateEnded(
                **first,
                index=1,
                gate="test",
                passed=False,
                command="make test",
                exit_code=2,
                seconds=3.21,
                evidence=red,
            ),
            e.GateWrote(**first, files=("junit.xml",)),
            e.AttemptEnded(**first, verdict=Verdict.FAILED, error=red, seconds=17.0),
            attempt(
                "impl",
                2,
                RESUMED,
                reason="impl#1 failed; the same agent again",
                kind="retry",
            ),
            e.AgentActed(**second, what="said", text="The sum was wrong."),
            e.AgentEnded(**second, verdict=Verdict.PASSED, seconds=5.0, turns=2, answer="Done."),
            e.SnapshotTaken(**second, commit="c2", tree="t2", files=("src/a.py", "src/b.py")),
            e.GateEnded(
                **second, index=0, gate="test", passed=True, command="make test", seconds=3.0
            ),
            e.AttemptEnded(**second, verdict=Verdict.PASSED, seconds=9.0),
            e.Noted(level="warning", text="SOME_SECRET was held back from agents and gates."),
            e.RunEnded(verdict=Verdict.PASSED, branch="gump/k3f9a2", commit="c2"),
        ]
    )
