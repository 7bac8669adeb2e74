"""One attempt of an agent step, phase by phase, and the attempts of a step one after the other."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from gump_action.engine import agent, budget, gates, prompts, taking, transcripts, usage, variables
from gump_action.engine import events as e
from gump_action.engine.agent import Launched, Start
from gump_action.engine.news import News, find_news
from gump_action.engine.outcome import Verdict
from gump_action.engine.outputs import Taken, take_output
from gump_action.engine.retry import Again, Stop, next_move
from gump_action.engine.run import Run
from gump_action.engine.scope import Scope
from gump_action.engine.sessions import Fresh, Resume, decide_session
from gump_action.engine.state import Attempt
from gump_action.engine.transcripts import Talk
from gump_action.system.store import attempt_folder, attempt_part
from gump_action.templating import TemplateError
from gump_action.workflow.model import AgentStep, model_of, provider_of

FILES_TOLD = 100


@dataclass(frozen=True)
class Due:
    """An attempt that is to be made.  `base` is the snapshot that its step began with."""

    step: AgentStep
    scope: Scope
    digest: str
    number: int
    move: Again
    base: str
    news: News | None = None

    @property
    def path(self) -> str:
        return self.scope.path(self.step.name)


@dataclass(frozen=True)
class Ending:
    """How an attempt ended; `error` is what the next one is told."""

    verdict: Verdict
    error: str = ""
    seconds: float = 0.0


def run_step(run: Run, step: AgentStep, scope: Scope, digest: str) -> Stop:
    """Attempts of a step until it has passed, or there is none left, or one was cut."""
    path = scope.path(step.name)
    declared = run.given.agent or step.agent
    made = 0
    while True:
        attempts = run.state.of(path)
        move = next_move(declared, step.on_failure, attempts, made)
        if isinstance(move, Stop):
            return move
        if run.around.stop.is_wanted:
            return Stop(Verdict.CANCELLED, run.around.stop.why)
        if spent := budget.why_spent(run.state):
            return Stop(Verdict.BLOCKED, spent)
        base = taking.current(run, attempts[-1].base if attempts else run.state.head)
        if not base:
            return taking.NO_MERGE
        _attempt(run, Due(step, scope, digest, run.state.count(path) + 1, move, base))
        made += 1


def _attempt(run: Run, due: Due) -> None:
    began = run.around.clock()
    if due.step.session.mode == "reuse-on-retry":
        taking.bring_own(run, due.path)
    decision = decide_session(due.step.session, due.path, due.move, run.state)
    due = replace(due, news=find_news(run.state, due.path, due.move, decision))
    _begin(run, due, decision)
    try:
        ending = _outcome(run, due, _talk(run, due, decision))
    except TemplateError as fault:
        ending = Ending(Verdict.FAILED, f"The prompt cannot be rendered: {fault}")
    seconds = run.around.clock() - began
    end_attempt(run, due.path, due.number, replace(ending, seconds=seconds))


def _begin(run: Run, due: Due, decision: Fresh | Resume) -> None:
    run.emit(
        e.AttemptStarted(
            step=due.path,
            attempt=due.number,
            agent=due.move.agent,
            reason=due.move.reason,
            kind=due.move.kind,
            digest=due.digest,
            base=due.base,
            start=_start_of(run, due, decision),
            session=_decided(due, decision),
        )
    )


def _start_of(run: Run, due: Due, decision: Fresh | Resume) -> str:
    """A session that goes on with its own attempt finds that attempt's changes."""
    if isinstance(decision, Resume) and decision.is_own:
        return run.state.bases.now(decision.attempt.end)
    return due.base


def _decided(due: Due, decision: Fresh | Resume) -> e.SessionDecided:
    mode = str(due.step.session)
    if isinstance(decision, Fresh):
        return e.SessionDecided(mode=mode, why=decision.why)
    kept = decision.attempt.kept
    session = kept.session if kept else ""
    return e.SessionDecided(
        mode=mode, resume=decision.attempt.name, session=session, why=decision.why
    )


def _talk(run: Run, due: Due, decision: Fresh | Resume) -> Launched:
    """The launch that counts: of the session that was decided on, else a fresh one."""
    provider = run.around.providers[provider_of(due.move.agent)]
    talk = Talk(due.path, due.number, provider, transcripts.place_of(run, provider))
    refused = None
    if isinstance(decision, Resume):
        launched = _resume(run, due, talk, decision)
        if launched and not launched.is_refused:
            return launched
        refused = launched
    _prepare(run, talk, due.base)
    launched = agent.launch(run, _start(run, due, talk, Fresh("")))
    return _with_usage_of(refused, launched) if refused else launched


def _with_usage_of(refused: Launched, launched: Launched) -> Launched:
    """What a refused launch has used is the attempt's too, though not its session's."""
    spent = usage.add([refused.ended.usage, launched.ended.usage])
    return replace(launched, ended=launched.ended.model_copy(update={"usage": spent}))


def _resume(run: Run, due: Due, talk: Talk, decision: Resume) -> Launched | None:
    """None, or a refused launch, where the session is not to be had: that is said by then."""
    _prepare(run, talk, _start_of(run, due, decision))
    launched = None
    why = transcripts.put_back(run, talk, decision.attempt)
    if not why:
        launched = agent.launch(run, _start(run, due, talk, decision))
        if not launched.is_refused:
            return launched
        why = launched.ended.why
    _refuse(run, due, decision, why)
    return launched


def _put_git_back(run: Run, step: str, who: str = "") -> None:
    for text in run.workspace.after_attempt():
        run.note(f"{who}{text}", step=step)


def _refuse(run: Run, due: Due, decision: Resume, why: str) -> None:
    _put_git_back(run, due.path)
    why = run.around.redactor.clean(why)
    text = f"{decision.attempt.name} cannot be resumed: {why}"
    fresh = e.SessionDecided(mode=str(due.step.session), why=text[:1000])
    run.emit(e.SessionRefused(step=due.path, attempt=due.number, start=due.base, session=fresh))


def _prepare(run: Run, talk: Talk, tree: str) -> None:
    run.put_tree_at(tree)
    transcripts.make_home(run, talk)
    run.workspace.before_attempt()
    run.workspace.fresh_output_folder()
    run.tree_at = ""


def _start(run: Run, due: Due, talk: Talk, decision: Fresh | Resume) -> Start:
    resumed = decision.attempt if isinstance(decision, Resume) else None
    text = _message(run, due, talk, decision)
    folder = attempt_folder(due.path, due.number)
    cleaned = run.around.redactor.mask(text)
    prompt = run.store.write(f"{folder}/prompt.md", cleaned.encode("utf-8", "replace"))
    start = Start(
        talk=talk,
        step=due.step,
        prompt=text,
        model=model_of(due.move.agent),
        new_session=str(uuid.uuid4()),
        log=prompt.with_name("agent.ndjson"),
    )
    if resumed is None or resumed.kept is None:
        return start
    before = run.state.used_by_session(resumed)
    return replace(start, asked=resumed.kept.session, before=before)


def _message(run: Run, due: Due, talk: Talk, decision: Fresh | Resume) -> str:
    failed = [a for a in run.state.of(due.path) if a.verdict is Verdict.FAILED]
    asking = variables.Asking(
        due.step.prompt, due.scope, due.number, failed[-1] if failed else None
    )
    told = prompts.Told(
        template=due.step.prompt,
        name=due.step.prompt_file or f"prompt of {due.path}",
        output=due.step.output,
        move=due.move,
        values=variables.values(run, asking),
        is_own=isinstance(decision, Resume) and decision.is_own,
        moved_to=_moved_to(talk, decision),
        overrides=run.around.templates,
        came_in=taking.told(run, due.news),
    )
    return prompts.message(told)


def _moved_to(talk: Talk, decision: Fresh | Resume) -> str:
    kept = decision.attempt.kept if isinstance(decision, Resume) else None
    now = str(talk.place.cwd)
    return now if kept and kept.cwd != now else ""


def _outcome(run: Run, due: Due, launched: Launched) -> Ending:
    """What the attempt came to: by the agent's end, then its output, then the gates."""
    agent.tell_end(run, launched)
    verdict, why = launched.ended.verdict, launched.ended.why
    if launched.ended.exit_code is None:
        return Ending(verdict, why)
    taken = _keep(run, due, launched)
    if verdict is not Verdict.PASSED:
        return Ending(verdict, why)
    if taken.complaint:
        return Ending(Verdict.FAILED, taken.complaint)
    return _ask_gates(run, due, taken)


def _keep(run: Run, due: Due, launched: Launched) -> Taken:
    """Keep all that the agent has done: its output, its tree, its session.

    The tree before the session: where the run was stopped, there may not be the time for both.
    """
    provider = run.around.providers[provider_of(due.move.agent)]
    talk = Talk(due.path, due.number, provider, transcripts.place_of(run, provider))
    _put_git_back(run, due.path)
    taken = take_output(run, due.path, due.number, due.step.output)
    take_snapshot(run, due.path, due.number)
    if launched.session:
        transcripts.keep(run, talk, launched.session)
    return taken


def take_snapshot(run: Run, path: str, number: int) -> None:
    """The tree as it is now, as the snapshot of this attempt, with its diff."""
    attempt = run.state.attempts[path][-1]
    ref = f"{run.id}/{attempt_part(path, number)}"
    taken = run.workspace.snapshot(attempt.start, f"gump: {path}#{number}", ref)
    changes = run.workspace.compare(attempt.base, taken.commit)
    run.store.write(f"{attempt_folder(path, number)}/diff.patch", changes.patch)
    files = changes.files
    run.emit(
        e.SnapshotTaken(
            step=path,
            attempt=number,
            commit=taken.commit,
            tree=taken.tree,
            files=files[:FILES_TOLD],
            more_files=max(0, len(files) - FILES_TOLD),
        )
    )
    for words in taken.left_out:
        run.note(f"not in the snapshot: {words}", step=path, is_warning=True)
    run.tree_at = taken.commit


def _ask_gates(run: Run, due: Due, taken: Taken) -> Ending:
    attempt = run.state.attempts[due.path][-1]
    asked = gates.Asked(
        step=due.path,
        attempt=due.number,
        gates=due.step.gate,
        env=due.step.env,
        seconds=due.step.timeout,
        old=due.base,
        new=attempt.snapshot,
        complaint=taken.schema_complaint,
    )
    return ask_and_undo(run, asked, attempt)


def ask_and_undo(run: Run, asked: gates.Asked, attempt: Attempt) -> Ending:
    """Ask the gates, and undo what they wrote; their evidence is the error."""
    if not asked.gates:
        return Ending(Verdict.PASSED)
    run.tree_at = ""
    run.workspace.before_gates()
    results = gates.ask(run, asked)
    _put_git_back(run, asked.step, "after the gates: ")
    written = run.workspace.undo(attempt.end)
    run.tree_at = attempt.end
    if written:
        files = tuple(written[:FILES_TOLD])
        run.emit(e.GateWrote(step=asked.step, attempt=asked.attempt, files=files))
    if any(result.is_stopped for _, result in results):
        return Ending(Verdict.CANCELLED, run.around.stop.why)
    has_failed = any(not result.passed for _, result in results)
    return Ending(Verdict.FAILED if has_failed else Verdict.PASSED, gates.error_of(results))


def end_attempt(run: Run, path: str, number: int, ending: Ending) -> None:
    """Write down how an attempt ended, and what the next one is told."""
    error = run.around.redactor.clean(ending.error).strip("\n")
    if error:
        name = f"{attempt_folder(path, number)}/error.txt"
        run.store.write(name, error.encode("utf-8", "replace"))
    run.emit(
        e.AttemptEnded(
            step=path,
            attempt=number,
            verdict=ending.verdict,
            error=prompts.cut(error, run.workflow.error_context.max_error_chars),
            seconds=round(ending.seconds, 3),
        )
    )
