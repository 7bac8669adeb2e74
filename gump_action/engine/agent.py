"""One launch of an agent: starts it, listens to its stream, and has its provider judge the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from gump_action.engine import budget, readiness, transcripts
from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.run import Run
from gump_action.engine.transcripts import Talk
from gump_action.engine.usage import Tally
from gump_action.providers import base
from gump_action.system import process
from gump_action.workflow.model import AgentStep, provider_of

ANSWER_LIMIT = 20_000
ACTED_LIMIT = 500
COMPLAINTS = 20
LONGEST_SECRET = 4096
"""What is cut is masked first, with so much on either side that no secret is cut in two."""
NOTHING_USED = e.Usage()


@dataclass(frozen=True)
class Start:
    """What is launched: `asked` is the session to resume, `before` what that had used in all."""

    talk: Talk
    step: AgentStep
    prompt: str
    model: str
    new_session: str
    log: Path
    asked: str | None = None
    before: e.Usage = NOTHING_USED


@dataclass(frozen=True)
class Launched:
    """How it ended; `is_refused` says that the resume was: then nothing counts but its usage.

    `session` is the conversation that it was, also where its stream never came to say so.
    """

    ended: e.AgentEnded
    session: str
    is_refused: bool = False


def launch(run: Run, start: Start) -> Launched:
    """Run the agent to its end, whatever that is."""
    talk = start.talk
    request = base.Request(
        prompt=start.prompt,
        model=start.model,
        session=start.asked,
        new_session=start.new_session,
        place=talk.place,
        budget=budget.left(run.state),
    )
    command = talk.provider.command(request)
    named = [(v.name, v.value) for v in (*run.workflow.env, *start.step.env)]
    env = transcripts.child_environment(run, talk, command, named)
    argv = transcripts.resolve(talk.provider, command, env)
    if argv is None:
        return _missing(start)
    with start.log.open("ab") as log, start.log.with_suffix(".stderr").open("ab") as errors:
        ears = _Ears(run, start, log, errors)
        ears.know_beforehand()
        child = process.Launch(
            argv,
            talk.place.cwd,
            env,
            stdin=command.stdin.encode("utf-8", "surrogatepass"),
            wall=start.step.timeout,
            idle=start.step.idle_timeout,
            gentle=transcripts.gentle_signal(command),
            mark=run.mark,
        )
        try:
            finished = process.run(child, ears.on_stdout, ears.on_stderr, run.around.stop)
        except OSError as why:
            return _blocked(start, f"{argv[0]} cannot be started: {why.strerror}")
    return _launched(start, ears, finished)


def _missing(start: Start) -> Launched:
    return _blocked(start, readiness.say_missing(start.talk.provider))


def _blocked(start: Start, why: str) -> Launched:
    talk = start.talk
    verdict = Verdict.BLOCKED
    return Launched(
        e.AgentEnded(step=talk.step, attempt=talk.attempt, verdict=verdict, why=why), ""
    )


def tell_end(run: Run, launched: Launched) -> None:
    """Write down how it ended, and that the budget cannot be held where its cost is not known.

    Of a CLI that never tells it, that was said before the first step.
    """
    run.emit(launched.ended)
    attempt = run.state.attempts[launched.ended.step][-1]
    unknown = budget.unknown_cost(run.state, attempt)
    if unknown and run.around.providers[provider_of(attempt.agent)].TELLS_COST:
        run.note(unknown, step=attempt.step, is_warning=True)


class _Ears:
    """Listens to one launch: writes its log, tells what it does, remembers what counts."""

    def __init__(self, run: Run, start: Start, log: BinaryIO, errors: BinaryIO) -> None:
        self.run, self.start, self.log, self.errors = run, start, log, errors
        self.talk = start.talk
        self.session = ""
        """What the stream showed."""
        self.known = ""
        """What is written down."""
        self.is_foreign = False
        self.answer = ""
        self.parts = ""
        self.ended: base.Ended | None = None
        self.complaints: list[str] = []
        self.turns = 0
        self.tally = Tally()
        self.cost: float | None = None
        self.spent = ""

    def on_stdout(self, line: bytes) -> bool:
        text = line.decode("utf-8", "replace")
        self.log.write(self.run.around.redactor.mask(text).encode())
        for event in self.talk.provider.parse(text):
            self._hear_part(event)
        return not (self.is_foreign or (self.spent and not self._has_ended()))

    def on_stderr(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace")
        self.errors.write(self.run.around.redactor.mask(text).encode())

    def _hear_part(self, event: base.AgentEvent) -> None:
        if isinstance(event, base.Said) and event.is_part:
            self.parts = (self.parts + event.text)[-(ANSWER_LIMIT + LONGEST_SECRET) :]
        else:
            self.flush()
            self._hear(event)

    def _hear(self, event: base.AgentEvent) -> None:
        match event:
            case base.SessionKnown(session):
                self._know(session)
            case base.Said(text):
                self.answer = text[-(ANSWER_LIMIT + LONGEST_SECRET) :]
                self._tell("said", text)
            case base.ToolUsed(tool, path):
                self._tell("tool", f"{tool} {path}".strip())
            case base.TurnBegan():
                self.turns += 1
                self._tell("turn", "")
            case base.UsageSeen():
                self.tally.add(event)
                self._count()
            case base.Ended():
                self.ended = event
            case base.Complained(text):
                self.complaints = [*self.complaints[-COMPLAINTS:], text]
                self._tell("complained", text)

    def _count(self) -> None:
        """What it has cost is written down as soon as it shows: it is spent, whatever comes."""
        cost = self.tally.of_launch(self.start.before).cost_usd
        if cost and cost != self.cost:
            self.cost, talk = cost, self.talk
            self.run.emit(e.CostSeen(step=talk.step, attempt=talk.attempt, cost_usd=cost))
            self.spent = budget.why_spent(self.run.state)

    def _has_ended(self) -> bool:
        """Work that is done is judged like any other, whatever it has cost."""
        return self.ended is not None and (self.ended.ok or bool(self.ended.text))

    def flush(self) -> None:
        """A text that came in parts is told, and masked, as one."""
        if self.parts:
            self.answer, self.parts = self.parts, ""
            self._tell("said", self.answer)

    def know_beforehand(self) -> None:
        """A launch can die before its stream shows an id; one that we say to the CLI is known."""
        ours = self.start.new_session if self.talk.provider.IS_ID_OURS else ""
        self._write_down(self.start.asked or ours)

    def _know(self, session: str) -> None:
        """The id counts from the first line that shows it; another than asked for is a refusal."""
        if session == self.session or not self.talk.provider.SESSION.fullmatch(session):
            return
        self.session = session
        self.is_foreign = bool(self.start.asked) and session != self.start.asked
        if not self.is_foreign:
            self._write_down(session)

    def _write_down(self, session: str) -> None:
        if session and session != self.known:
            self.known = session
            talk = self.talk
            self.run.emit(e.SessionKnown(step=talk.step, attempt=talk.attempt, session=session))

    def _tell(self, what: e.Act, text: str) -> None:
        cleaned = self.run.around.redactor.clean(text[: ACTED_LIMIT + LONGEST_SECRET])
        self.run.tell_act(self.talk.step, self.talk.attempt, what, cleaned[:ACTED_LIMIT])


def _launched(start: Start, ears: _Ears, finished: process.Finished) -> Launched:
    ears.flush()
    judged = _judge(start, ears, finished)
    talk = start.talk
    ended = e.AgentEnded(
        step=talk.step,
        attempt=talk.attempt,
        verdict=_VERDICTS[judged.verdict],
        why=judged.why,
        exit_code=finished.code,
        seconds=round(finished.seconds, 3),
        turns=ears.turns,
        usage=ears.tally.of_launch(start.before),
        total=ears.tally.of_session(start.before),
        answer=ears.run.around.redactor.clean(ears.answer)[-ANSWER_LIMIT:],
    )
    if finished.cause == "stop":
        stopped = {"verdict": Verdict.CANCELLED, "why": ears.run.around.stop.why}
        ended = ended.model_copy(update=stopped)
    is_refused = judged.verdict == "refused" and finished.cause in ("exit", "enough")
    return Launched(ended, ears.known, is_refused)


_VERDICTS = {
    "passed": Verdict.PASSED,
    "failed": Verdict.FAILED,
    "blocked": Verdict.BLOCKED,
    "refused": Verdict.FAILED,
}


def _judge(start: Start, ears: _Ears, finished: process.Finished) -> base.Judged:
    exit = base.Exit(
        code=finished.code,
        stderr=finished.stderr,
        session=ears.session or None,
        asked=start.asked,
        ended=ears.ended,
        complaints=tuple(ears.complaints),
        turns=ears.turns,
    )
    if finished.cause == "enough" and ears.is_foreign:
        return base.Judged("refused", f"it began another session ({ears.session}) without a word")
    if finished.cause == "enough":
        return base.Judged("blocked", ears.spent)
    if finished.cause in ("wall", "idle"):
        return base.Judged("failed", _too_long(start, exit, finished.cause))
    judged = start.talk.provider.judge(exit)
    if judged.verdict == "blocked" and ears.spent:
        return replace(judged, why=f"{ears.spent}\n{judged.why}")
    return replace(judged, verdict="failed") if _is_late(judged, start) else judged


def _is_late(judged: base.Judged, start: Start) -> bool:
    """A fresh launch cannot be refused a resume, whatever it says."""
    return judged.verdict == "refused" and not start.asked


def _too_long(start: Start, exit: base.Exit, cause: str) -> str:
    limits: dict[str, tuple[str, float]] = {
        "wall": ("it was not done after", start.step.timeout),
        "idle": ("it said nothing for", start.step.idle_timeout),
    }
    words, seconds = limits[cause]
    last = _last_lines((exit.stderr, *exit.complaints))
    return f"{words} {seconds:g} s and was ended" + (f"; its last words: {last}" if last else "")


def _last_lines(texts: Iterable[str]) -> str:
    lines = [line for text in texts for line in text.strip().splitlines()]
    return "\n".join(lines[-20:])
