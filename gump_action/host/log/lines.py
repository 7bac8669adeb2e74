"""What happened as lines of text: an event, the table of attempts, the end of a run."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState
from gump_action.host import words

_EVIDENCE_LINES = 12
_SAID_LINES = 30
_LINE_CHARS = 500
_FILES = 8


class Row(NamedTuple):
    """An attempt in the words of the table; the gates stand last, for they may be long."""

    attempt: str
    verdict: str
    agent: str
    session: str
    tokens: str
    cost: str
    time: str
    gates: str


def lines_of(event: e.AnyEvent) -> list[str]:
    """An event in words, step path first; nothing for what only programs ask for."""
    match event:
        case e.AttemptStarted():
            who = event.agent or "gates alone"
            # The reason of a gate step is that it has no agent, which is said.
            why = f"  {event.reason}" if event.reason != who else ""
            return [f"{name_of(event)}  {who}{why}{_session(event)}"]
        case e.SessionRefused():
            return [f"{name_of(event)}  the resume was refused{_session(event)}"]
        case e.AgentActed():
            return _acted(event)
        case e.AgentEnded():
            return _agent_ended(event)
        case e.GateEnded():
            return _gate_ended(event)
    return _lines_on_attempt(event) or _lines_on_run(event)


def _lines_on_attempt(event: e.AnyEvent) -> list[str]:
    match event:
        case e.TranscriptLost():
            text = f"its session could not be kept, so nothing can resume it: {event.why}"
        case e.SnapshotTaken():
            text = f"changed {_files(event.files, event.more_files)}"
        case e.GateWrote():
            text = f"its gates wrote {_files(event.files)}; that is undone"
        case e.AttemptEnded():
            text = f"{event.verdict} after {words.span(event.seconds)}"
        case _:
            return []
    return [f"{name_of(event)}  {text}"]


def _lines_on_run(event: e.AnyEvent) -> list[str]:
    match event:
        case e.RunStarted():
            by = f", all agent steps by {event.agent}" if event.agent else ""
            at = f"{words.PLACES[event.workspace]}, on {event.base[:10]}"
            return [f"run {event.run}: workflow {event.workflow}, {at}{by}{_budget(event)}"]
        case e.RunContinued():
            return [f"the run goes on, {words.PLACES[event.workspace]}{_budget(event)}"]
        case e.StepReset():
            return [f"{event.step}  starts over: {event.why}"]
        case e.ItemsPlanned():
            if not event.items:
                return [f"{event.step}  the plan is empty, so nothing runs here"]
            many = words.number(len(event.items), "item")
            return [f"{event.step}  {many}: {', '.join(event.items)}"]
        case e.StepSkipped():
            return [f"{event.step}  skipped: {event.why}"]
        case e.Noted():
            level = "warning" if event.level == "warning" else "note"
            return [f"{event.step}{event.step and '  '}{level}: {event.text}"]
    return []


def _budget(event: e.RunStarted | e.RunContinued) -> str:
    return f", budget {words.cost(event.max_budget)} USD" if event.max_budget else ""


def name_of(event: e.Event) -> str:
    """`build/red/impl#3`, of an event of an attempt."""
    return f"{getattr(event, 'step', '')}#{getattr(event, 'attempt', 0)}"


def _session(event: e.AttemptStarted | e.SessionRefused) -> str:
    if isinstance(event, e.AttemptStarted) and not event.agent:
        return ""
    why = f", because {event.session.why}" if event.session.why else ""
    return f"  session: {words.session_words(event.session)}{why}"


def _acted(event: e.AgentActed) -> list[str]:
    sign = {"said": "|", "tool": ">", "complained": "!"}.get(event.what)
    return _quoted(name_of(event), event.text, _SAID_LINES, sign) if sign else []


def evidence(name: str, text: str) -> list[str]:
    """Why an attempt did not pass, in its own words: the first lines and the last ones."""
    return _quoted(name, text, _EVIDENCE_LINES, "|")


def _quoted(name: str, text: str, most: int, sign: str) -> list[str]:
    """What others wrote, each line behind a prefix of ours; the middle of much is left out."""
    told = [line[:_LINE_CHARS] for line in words.clean(text).strip().splitlines()]
    hidden = len(told) - most
    if hidden > 1:
        told[most // 2 : most // 2 + hidden] = [f"… {hidden} lines are left out …"]
    return [f"{name}    {sign} {line}".rstrip() for line in told]


def _agent_ended(event: e.AgentEnded) -> list[str]:
    turns = f", {words.number(event.turns, 'turn')}" if event.turns else ""
    used = f"tokens {words.tokens(event.usage)} (uncached / cached / out)"
    spent = f"cost {words.cost(event.usage.cost_usd)}{' USD' * (event.usage.cost_usd is not None)}"
    how = "ended" if event.verdict is Verdict.PASSED else words.ended(event.verdict)
    why = [] if event.verdict is Verdict.PASSED else evidence(name_of(event), event.why)
    after = f"after {words.span(event.seconds)}{turns}"
    return [f"{name_of(event)}  agent {how} {after}; {used}; {spent}", *why]


def _gate_ended(event: e.GateEnded) -> list[str]:
    command = f"  ({event.command})" if event.command and event.command not in event.gate else ""
    code = f"  exit {event.exit_code}" if event.exit_code else ""
    line = f"{name_of(event)}  {words.mark(event)}{command}{code}  {words.span(event.seconds)}"
    return [line, *([] if event.passed else evidence(name_of(event), event.evidence))]


def _files(files: tuple[str, ...], more: int = 0) -> str:
    more += max(len(files) - _FILES, 0)
    if not files:
        return "nothing"
    shown = files[:_FILES]
    rest = f" and {more} more" if more else ""
    return f"{words.number(len(shown) + more, 'file')}: {', '.join(shown)}{rest}"


def ending(state: RunState, record: Path | None) -> list[str]:
    """An empty line, the verdict and what to do next; nothing where no run has begun."""
    if not state.started:
        return []
    ended = state.ended
    why = f": {ended.why}" if ended and ended.why else ""
    told = ["", f"run {state.started.run} {words.verdict_of_run(state)}{why}"]
    told.append(f"  cost: {words.cost_of_run(state)}")
    if ended and ended.branch:
        told.append(f"  result branch: {ended.branch}")
    if not ended or ended.verdict.exit_code:
        told.append(f"  record: {record or '.gump/state'}")
        told.append(f"  Read what happened: gump-action report{words.state_option(record)}")
    for each in words.advice(state, record):
        told.append(f"  {each.text}{': ' + each.command if each.command else ''}")
    return told


def row(attempt: Attempt) -> Row:
    """What has no agent, or has it still at work, has used nothing."""
    usage = words.usage_of(attempt)
    is_used = attempt.agent and (attempt.ended or attempt.verdict)
    return Row(
        attempt=attempt.name,
        verdict=words.verdict_of(attempt),
        agent=attempt.agent or "gates alone",
        session=words.session_words(attempt.session) if attempt.agent else "",
        tokens=words.tokens(usage) if is_used else "",
        cost=words.cost(usage.cost_usd) if is_used else "",
        time=words.span(attempt.seconds) if attempt.verdict else "",
        gates=", ".join(words.mark(gate) for gate in attempt.gates),
    )


_HEADS = Row("attempt", "verdict", "agent", "session", "in / cached / out", "USD", "time", "gates")


def table(state: RunState) -> list[str]:
    """The attempts in columns, after an empty line; nothing where none was made."""
    rows = [_HEADS, *(row(attempt) for attempt in words.all_attempts(state))]
    if len(rows) == 1:
        return []
    widths = [min(max(len(each[n]) for each in rows), 60) for n in range(len(_HEADS))]
    return ["", *("  ".join(map(str.ljust, each, widths)).rstrip() for each in rows)]
