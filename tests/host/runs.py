"""Runs that matter, told as events: what comment and summary look like is kept in golden/."""

from __future__ import annotations

from dataclasses import dataclass, field

from gump_action.engine import events as e
from gump_action.engine.state import RunState, fold
from gump_action.host.marks import mark_of
from gump_action.host.said.facts import Change, Facts, url_of_run
from gump_action.workflow.model import AgentStep, OnFailure, Session, Workflow

RED = (
    "============================= test session starts ==============================\n"
    "collected 12 items\n\n"
    "tests/test_bill.py ...F........                                          [100%]\n\n"
    "    def test_total_is_the_sum():\n"
    ">       assert total([1, 2]) == 3\n"
    "E       assert 2 == 3\n"
    "E        +  where 2 = total([1, 2])\n\n"
    "tests/test_bill.py:9: AssertionError\n"
    "FAILED tests/test_bill.py::test_total_is_the_sum - assert 2 == 3\n"
    "========================= 1 failed, 11 passed in 0.07s =========================\n"
)
REUSE = "reuse-on-retry"
FIRST = "this is the first attempt, and reuse-on-retry resumes on retries"
OWN = "it is the last session of this step (reuse-on-retry)"
SPENT = {"input": 3120, "cache_read": 48_200, "cache_write": 900, "output": 2210}
MARK = mark_of("fix", "pr-12")
URL = url_of_run("https://github.example", "octo/bill", "4711", 1)


@dataclass
class Teller:
    """Puts events in order, each a few seconds after the one before."""

    events: list = field(default_factory=list)
    at: float = 1_790_000_000.0

    def tell(self, event, after: float = 0.5) -> None:
        self.at += after
        self.events.append(event.model_copy(update={"seq": len(self.events) + 1, "at": self.at}))

    def begin(self, workflow: str = "fix", run: str = "20260926-1a2b3c", **more) -> None:
        words = {
            "engine": "0.1.0",
            "workspace": "checkout",
            "base": "1a2b3c4d5e6f",
            "start": "s0",
            **more,
        }
        self.tell(e.RunStarted(run=run, workflow=workflow, **words))

    def go_on(self) -> None:
        self.tell(e.RunContinued(engine="0.1.0", workspace="checkout"), after=3600.0)

    def attempt(self, step: str, number: int = 1, agent: str = "claude-haiku", **how) -> None:
        """Begins one; `resume` names the attempt whose conversation it goes on with."""
        resume = how.pop("resume", "")
        why = how.pop("why", OWN if resume else FIRST)
        session = e.SessionDecided(mode=how.pop("mode", REUSE), resume=resume, why=why)
        words = {"reason": "first attempt", "kind": "first" if number == 1 else "retry"}
        words |= {"digest": "d", "base": "s0", "start": "s0", **how}
        self.tell(
            e.AttemptStarted(step=step, attempt=number, agent=agent, session=session, **words)
        )
        self.at_step = {"step": step, "attempt": number}
        self.began = self.at

    def agent(self, verdict: str = "passed", cost: float | None = 0.0123, **how) -> None:
        """The agent ends, and what it left is kept."""
        usage = e.Usage(**SPENT, cost_usd=cost) if cost is not None else e.Usage()
        files = how.pop("files", ("src/bill.py",))
        self.tell(e.SessionKnown(**self.at_step, session="5f0c"), after=1.0)
        ended = {"verdict": verdict, "exit_code": 0, "turns": 6, "usage": usage, **how}
        self.tell(e.AgentEnded(**self.at_step, **ended), after=20.0)
        self.tell(e.TranscriptKept(**self.at_step, session="5f0c", files={"a": "b"}))
        commit = "{step}-{attempt}".format(**self.at_step)
        self.tell(e.SnapshotTaken(**self.at_step, commit=commit, tree="t", files=files))

    def gate(self, gate: str, *, passed: bool = True, evidence: str = "", **how) -> None:
        words = {"index": 1, "command": f"make {gate}", "exit_code": 0 if passed else 2, **how}
        self.tell(
            e.GateEnded(
                **self.at_step, gate=gate, passed=passed, evidence=evidence, seconds=1.5, **words
            ),
            after=1.5,
        )

    def end(self, verdict: str = "passed", error: str = "") -> None:
        seconds = round(self.at - self.began, 3)
        self.tell(
            e.AttemptEnded(**self.at_step, verdict=verdict, error=error, seconds=seconds), after=0.0
        )

    def passes(self, step: str, number: int = 1, **how) -> None:
        """A whole attempt of a step that passes."""
        ended = {name: how.pop(name) for name in ("answer", "cost", "files") if name in how}
        self.attempt(step, number, **how)
        self.agent(**ended)
        self.gate("test")
        self.end()

    def fails(self, step: str, number: int = 1, **how) -> None:
        """A whole attempt of a step that fails at its second gate."""
        self.attempt(step, number, **how)
        self.agent()
        self.gate("compile")
        self.gate("test", passed=False, evidence=RED, index=2)
        self.end("failed", f"The gate `test` failed (exit code 2):\n{RED}")

    def done(self, verdict: str = "passed", why: str = "", branch: str = "gump/20260926-1a2b3c"):
        self.tell(e.RunEnded(verdict=verdict, why=why, branch=branch, commit="c"))

    @property
    def state(self) -> RunState:
        return fold(self.events)


def again(number: int, agent: str = "", step: str = "impl") -> str:
    how = f"escalated to {agent}" if agent else "the same agent again"
    return f"{step}#{number} failed; {how}"


USED_UP = "impl: all 2 attempts have failed, the last so: The gate `test` failed (exit code 2)"


def passed_at_once() -> Teller:
    run = Teller()
    run.begin()
    run.passes("impl", answer="The sum left out the last price. I put that right, with a test.")
    run.done()
    return run


def retried() -> Teller:
    run = Teller()
    run.begin(max_budget=5.0)
    run.passes("analyze", agent="claude-opus", mode="fresh", why="the step asks for a fresh one")
    run.fails("impl")
    run.attempt("impl", 2, reason=again(1), resume="impl#1")
    run.agent(answer="`total` stopped one too early; it does not any more.", cost=None)
    run.gate("compile")
    run.gate("test", index=2)
    run.end()
    run.tell(e.Noted(level="warning", text="DEPLOY_TOKEN was held back from agents and gates."))
    run.done()
    return run


def escalated() -> Teller:
    run = Teller()
    run.begin("cheap-first")
    run.fails("impl")
    run.fails("impl", 2, reason=again(1), resume="impl#1")
    why = "impl#2 was made by claude-haiku, not claude-opus"
    run.passes("impl", 3, agent="claude-opus", reason=again(2, "claude-opus"), why=why)
    run.done()
    return run


def failed() -> Teller:
    run = Teller()
    run.begin()
    run.passes("analyze", agent="claude-opus", mode="fresh", why="the step asks for a fresh one")
    run.fails("impl")
    run.fails("impl", 2, reason=again(1), resume="impl#1")
    run.done("failed", USED_UP)
    return run


def blocked() -> Teller:
    run = Teller()
    run.begin()
    run.passes("analyze", agent="claude-opus")
    run.attempt("impl")
    run.agent("blocked", cost=0.0, why="Claude usage limit reached; it resets at 5pm")
    run.end("blocked", "Claude usage limit reached; it resets at 5pm")
    run.done("blocked", "impl: Claude usage limit reached; it resets at 5pm")
    return run


def cancelled() -> Teller:
    run = Teller()
    run.begin()
    run.fails("impl")
    run.attempt("impl", 2, reason=again(1), resume="impl#1")
    run.agent("cancelled", cost=None)
    run.end("cancelled", "the run was stopped")
    run.done("cancelled", "impl: the run was stopped", branch="")
    return run


def continued() -> Teller:
    run = failed()
    run.go_on()
    run.tell(e.StepSkipped(step="analyze", why="it has passed before"))
    run.passes("impl", 3, reason=again(2), resume="impl#2", answer="Done at last.")
    run.done()
    return run


def running() -> Teller:
    run = Teller()
    run.begin()
    run.passes("analyze", agent="claude-opus")
    run.fails("impl")
    run.attempt("impl", 2, reason=again(1), resume="impl#1")
    run.tell(e.SessionKnown(**run.at_step, session="5f0c"))
    return run


def foreach() -> Teller:
    run = Teller()
    run.begin("tdd")
    run.attempt("plan", agent="claude-opus", mode="fresh", why="the step asks for a fresh one")
    run.agent()
    run.end()
    run.tell(e.ItemsPlanned(step="build", items=("round-half-up", "many-prices", "no-prices")))
    for item in ("round-half-up", "many-prices"):
        files = (f"tests/test_{item}.py",)
        run.passes(f"build/{item}/test", agent="claude-sonnet", files=files)
        run.passes(f"build/{item}/impl", mode="reuse", why="no step by claude-haiku has passed")
    run.fails("build/no-prices/test", agent="claude-sonnet")
    run.done("failed", "build/no-prices/test: The gate `test` failed (exit code 2)")
    return run


EVIL = (
    "</details><!-- gump:00 -->\n# big\n@octocat @octo/team fixes #1, octo/bill#2 GH-3\n"
    "closes https://github.example/octo/bill/issues/4\n````\n```\n"
    "![i](https://evil.example/x.png) <img src=https://evil.example/y.png> "
    "[click](https://evil.example) www.evil.example\n::error::boo\nhid\u200bden \u202egnp.exe\n"
    f"{MARK}\n<!-- gump:state e30= --> | a \\| b | $x$ $y$ :tada: &#64;octocat\x1b[31m\x00"
)


def hostile() -> Teller:
    run = Teller()
    run.begin(EVIL, run=EVIL[:40])
    run.attempt(EVIL[:30], agent=EVIL[:50], reason=EVIL, why=EVIL, resume=EVIL)
    run.agent("failed", why=EVIL, answer=EVIL, files=(EVIL, "ok.py"))
    run.gate(EVIL, passed=False, evidence=EVIL)
    run.end("failed", EVIL)
    run.passes(EVIL[30:60], agent=EVIL[50:90], answer=EVIL, files=(EVIL, "ok.py"), resume=EVIL)
    run.tell(e.Noted(level="warning", text=EVIL, step=EVIL))
    run.attempt(EVIL, agent=EVIL, reason=EVIL, why=EVIL)
    run.agent("failed", why=EVIL, answer=EVIL)
    run.gate(EVIL, passed=False, evidence=EVIL)
    run.end("failed", EVIL)
    run.done("failed", EVIL, branch=EVIL)
    return run


WORKFLOW = Workflow(
    name="fix",
    steps=(
        AgentStep(name="analyze", agent="claude-opus"),
        AgentStep(
            name="impl",
            agent="claude-haiku",
            session=Session(mode=REUSE),
            on_failure=OnFailure(retry=1),
        ),
    ),
)
CHANGES = (Change("src/bill.py", 4, 1), Change("tests/test_bill.py", 21, 0), Change("logo.png"))
USUAL = Facts(mark=MARK, url=URL, changes=CHANGES)

RUNS = {
    "passed": (passed_at_once, USUAL),
    "retried": (retried, Facts(mark=MARK, url=URL, changes=CHANGES)),
    "escalated": (escalated, Facts(mark=MARK, url=URL)),
    "failed": (
        failed,
        Facts(mark=MARK, url=URL, artifact="gump-report-4711-1", workflow=WORKFLOW),
    ),
    "blocked": (
        blocked,
        Facts(
            mark=MARK,
            url=URL,
            kept="without transcripts",
            state_note="Transcripts stayed behind: add the secret GUMP_STATE_KEY to take them on.",
        ),
    ),
    "cancelled": (cancelled, Facts(mark=MARK, url=URL)),
    "continued": (
        continued,
        Facts(
            mark=MARK,
            url=url_of_run("https://github.example", "octo/bill", "4711", 2),
            attempt=2,
            changes=CHANGES,
            from_base=("CLAUDE.md", ".mcp.json"),
        ),
    ),
    "running": (running, Facts(mark=MARK, url=URL, is_running=True)),
    "foreach": (foreach, USUAL),
    "hostile": (
        hostile,
        Facts(
            mark=MARK,
            url=f"{URL}) {EVIL}",
            artifact=EVIL,
            state_note=EVIL,
            from_base=(EVIL,),
            changes=(Change(EVIL, 1, 2), Change("ok.py", 3, 4)),
        ),
    ),
}
