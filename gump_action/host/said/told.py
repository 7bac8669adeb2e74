"""Parts of the comment: what failed, what changed, what a re-run would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gump_action.engine.outcome import Verdict
from gump_action.engine.sessions import Fresh, Resume
from gump_action.engine.state import Attempt, RunState
from gump_action.host import words
from gump_action.host.said.facts import Change, Facts
from gump_action.host.said.rerun import Begin, GoOnAfter, GoOnAt, Nothing, next_start
from gump_action.host.words import code, fenced, html_code, number

_TEXTS = 6
_DETAILS = 10
_DETAIL = 1500
_WARNING = 400
_GATE = 80
_PATCH = "; what this one has made is `result.patch` in the report artifact"
_EDIT = (
    "Where the host workflow was changed for it, start a new run instead: a re-run uses that file "
    "as it was."
)
"""docs.github.com, "Re-running workflows and jobs": with the commit of the first attempt."""


@dataclass(frozen=True)
class Fold:
    """A text to fold away: its title, already HTML, and the text with a fence around it.

    `is_open` says that it is what a reader looks for: why the run did not pass.
    """

    title: str
    fenced: str
    is_open: bool = False


def clock(at: float) -> str:
    """`14:03:05 UTC`."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")


def doing(attempt: Attempt) -> str:
    """In which phase an attempt under way is."""
    if attempt.gates:
        return f"{number(len(attempt.gates), 'gate')} asked so far"
    if attempt.ended or not attempt.agent:
        return "gates are asked"
    resumed = attempt.session.resume
    return f"the agent works, resumed from {code(resumed[:200])}" if resumed else "the agent works"


def left_out(many: int, noun: str) -> str:
    """A word on what there was no room for."""
    verb = "is" if many == 1 else "are"
    return f"{number(many, noun)} {verb} left out here for want of room." if many > 0 else ""


def failures(state: RunState, chars: int) -> list[Fold]:
    """Why the run did not pass: the last lines of each red gate of its last attempt."""
    if not chars or state.ended is None or not state.ended.verdict.exit_code:
        return []
    last = words.all_attempts(state)[-1:]
    # A reason of one line stands above the table already.
    unsaid = [each for each in last if each.gates or each.error not in state.ended.why]
    return [fold for attempt in unsaid for fold in _texts(attempt, chars)][:_TEXTS]


def _texts(attempt: Attempt, chars: int) -> Iterator[Fold]:
    red = [gate for gate in attempt.gates if not gate.passed and gate.evidence]
    name = html_code(attempt.name[-200:])
    for gate in red:
        title = f"{name}: what the gate {html_code(gate.gate[:_GATE])} printed last"
        yield Fold(title, fenced(tail(gate.evidence, chars)))
    if not red and attempt.error:
        title = f"{name}: why it {words.ended(attempt.verdict or Verdict.CANCELLED)}"
        yield Fold(title, fenced(tail(attempt.error, chars)))


def tail(text: str, chars: int) -> str:
    """The last lines, of at most so many characters."""
    end = words.clean(text[-4 * chars :]).strip("\n")
    if len(end) <= chars and len(text) <= 4 * chars:
        return end
    kept = end[-chars:]
    kept = kept.partition("\n")[2] or kept
    return f"… {len(text) - len(kept)} characters before this are left out …\n{kept}"


def details(state: RunState, facts: Facts) -> list[Fold]:
    """For who wants more: a patch that went nowhere, failures overcome, agents' last words."""
    before = words.all_attempts(state)[:-1]
    overcome = [attempt for attempt in before if attempt.verdict is Verdict.FAILED]
    spoken = [each for each in state.passes.values() if each.ended and each.ended.answer]
    notes = [note.text for note in state.notes if note.level == "warning"]
    return [
        *([Fold("The patch, for <code>git apply</code>", fenced(facts.patch))] * bool(facts.patch)),
        *(fold for attempt in overcome[-_DETAILS:] for fold in _texts(attempt, _DETAIL)),
        *(_last_words(attempt) for attempt in spoken[-_DETAILS:]),
        *([_warnings(notes)] if notes else []),
    ]


def _last_words(attempt: Attempt) -> Fold:
    answer = attempt.ended.answer if attempt.ended else ""
    title = f"{html_code(attempt.name[-200:])}: the agent's last words"
    return Fold(title, fenced(tail(answer, _DETAIL)))


def _warnings(notes: Sequence[str]) -> Fold:
    lines = [words.one_line(text[:_WARNING]) for text in notes[:_DETAILS]]
    more = [f"… {len(notes) - _DETAILS} more"] if len(notes) > _DETAILS else []
    return Fold(number(len(notes), "warning"), fenced("\n".join([*lines, *more])))


def changes_of(state: RunState, facts: Facts) -> Sequence[Change]:
    """The files of the diff: as the host has read them, else by what the ledger names."""
    if facts.changes is not None:
        return facts.changes
    names = dict.fromkeys(name for passed in state.passes.values() for name in passed.files)
    return [Change(name) for name in names]


def change_title(changes: Sequence[Change]) -> str:
    """How many files, and lines that came and went; empty where nothing changed."""
    if not changes:
        return ""
    known = [change for change in changes if change.added is not None]
    lines = (
        f", +{sum(c.added or 0 for c in known)} −{sum(c.removed or 0 for c in known)}"  # noqa: RUF001
        if known
        else ""
    )
    return f"{number(len(changes), 'file')} changed{lines}"


def change_row(change: Change) -> list[str]:
    return [code(change.name[:200]), *(_count(n) for n in (change.added, change.removed))]


def _count(many: int | None) -> str:
    return "" if many is None else str(many)


def verdict(state: RunState, facts: Facts) -> str:
    """How it ended, as what is said of it: a result that did not arrive is of a run that passed."""
    is_held = facts.delivery is not None and facts.delivery.is_wanting
    return "passed, but its result was held back" if is_held else words.verdict_of_run(state)


def delivered(facts: Facts) -> tuple[str, ...]:
    """What became of the result, and what a re-run of the job would do with it."""
    done = facts.delivery
    if done is None or not done.is_for_rerun:
        return done.lines if done else ()
    begins = (
        f"begins the run anew, agents and all, since no state was kept{_PATCH * facts.has_report}"
        if facts.kept == "nothing"
        else f"publishes the result, and no agent is run again{_doubt(facts)}"
    )
    edit = f" {_EDIT}" if done.may_need_edit else ""
    return (*done.lines, f"When that is put right, **Re-run failed jobs** {begins}.{edit}")


def next_words(state: RunState, facts: Facts) -> str:
    """What "Re-run failed jobs" would do; empty where nothing has begun, or where it is told with
    what became of the result."""
    if not state.started or (facts.delivery and facts.delivery.lines):
        return ""
    next_ = next_start(state, facts.workflow)
    if isinstance(next_, Nothing):
        return "A re-run does nothing, since the run is at its end."
    if isinstance(next_, Begin):
        return f"{_rerun(state)} begins anew."
    if facts.kept == "nothing":
        return f"{_rerun(state)} begins anew, since no state was kept."
    skipped = number(len(state.passes), "passed step")
    verb = "is" if len(state.passes) == 1 else "are"
    also = f" {skipped} {verb} skipped." if state.passes else ""
    return f"{_rerun(state)} goes on {_where(next_, facts)}{_doubt(facts)}.{also}"


def _doubt(facts: Facts) -> str:
    return ", if the cache has kept the state, for no artifact has it" if facts.may_be_lost else ""


def _rerun(state: RunState) -> str:
    if state.ended and state.ended.verdict is Verdict.BLOCKED:
        return "Put right what blocked it; then **Re-run failed jobs**"
    return "**Re-run failed jobs**"


def _where(next_: GoOnAfter | GoOnAt, facts: Facts) -> str:
    if isinstance(next_, GoOnAfter):
        return f"with what comes after {code(next_.step[-200:])}"
    at = f"at {code(next_.step[-200:])}, attempt {next_.number}"
    by = f", by {code(next_.agent[:100])}" if next_.agent else ""
    session = _session(next_, facts)
    granted = "; its retries are granted anew" if next_.is_retry else ""
    return f"{at}{by}{', ' if session else ''}{session}{granted}"


def _session(next_: GoOnAt, facts: Facts) -> str:
    match next_.session:
        case None:
            return ""
        case Resume() if facts.kept == "elsewhere":
            return ""
        case Resume() if facts.kept == "without transcripts":
            return "in a fresh session, since the transcripts stay behind"
        case Resume(attempt=attempt, is_own=True):
            # Another agent would begin a session of its own.
            unless = "" if next_.agent else ", if the same agent makes it"
            return f"with its session as attempt {attempt.number} left it{unless}"
        case Resume(attempt=attempt):
            return f"with the session of {code(attempt.name[-200:])}"
        case Fresh():
            return "in a fresh session"
