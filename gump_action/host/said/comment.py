"""The one comment that we keep on a pull request, as text: while a run goes on, and of its end.

Nothing that others wrote becomes markup, a mention, a reference, a link or a mark of ours here: it
stands in code spans, in fences that it cannot close, or as plain words.  Talking to GitHub is
`api`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState
from gump_action.host import words
from gump_action.host.said import rows, told
from gump_action.host.said.facts import Facts
from gump_action.host.words import code, number, prose, span

LIMIT = 60_000
"""Characters, counted as GitHub's JavaScript does; a body of more than 65,536 is refused."""

_WHY = 600
_NOTE = 400
_NAMES = 12
_READABLE = 60
_FORGED = re.compile(r"<!--(?=\s*gump:)", re.IGNORECASE)


@dataclass(frozen=True)
class Room:
    """How much of each part is shown: characters of a text, rows of a table."""

    has_details: bool = True
    files: int = 100
    evidence: int = 4000
    is_collapsed: bool = False
    rows: int = 200


ROOMS = (
    Room(),
    Room(has_details=False),
    *(Room(has_details=False, files=files) for files in (40, 10, 0)),
    *(Room(has_details=False, files=0, evidence=chars) for chars in (1500, 500, 0)),
    *(
        Room(has_details=False, files=0, evidence=0, is_collapsed=True, rows=rows)
        for rows in (200, 60, 20, 8, 0)
    ),
)
"""Tried in turn: the least useful goes first."""


def render(state: RunState, facts: Facts, *, limit: int = LIMIT) -> str:
    """The comment, of at most `limit` characters where that leaves room for its fixed words."""
    # Jinja2 is only loaded where a comment is made.
    from gump_action import templating

    fixed, text = _fixed(state, facts), ""
    for room in ROOMS:
        values = {**fixed, **_fitted(state, facts, room)}
        text = _FORGED.sub("<!- -", templating.render("comment.md.j2", values, {}))
        text = "\n".join([*filter(None, (facts.mark, facts.ledger)), text])
        if size(text) <= limit:
            break
    return text


def size(text: str) -> int:
    """In UTF-16 units, which is what a browser counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fixed(state: RunState, facts: Facts) -> dict[str, object]:
    """What is said in any room; each part has a limit of its own."""
    return {
        "title": _title(state, facts),
        "lines": _lines(state, facts),
        "change_title": told.change_title(told.changes_of(state, facts)),
        "delivered": told.delivered(facts),
        # While it runs nothing comes next.
        "next": "" if facts.is_running or facts.is_in_pull else told.next_words(state, facts),
        "notes": _notes(facts),
        "foot": _foot(state, facts),
    }


_ASKED = " was asked for"


def announced(workflow: str, facts: Facts) -> str:
    """Before there is a run to tell of."""
    page = f" in [a host run]({facts.link})" if facts.link else ""
    return f"### {rows.RUNNING} {code(workflow[:100])}{_ASKED}\n\nIt begins{page}.\n"


_LEFT = "⏭️"
_NOT_RUN = "> ⚠️ **What was asked for last was not run:** "
_JOBS: Mapping[str, str] = {
    "cancelled": "its job was cancelled. Of the ones that wait for each other GitHub keeps only "
    "the newest",
    "failure": "its job failed, and its log says why",
    "skipped": "its job was skipped",
    "success": "its job has handed on no result",
}
"""GitHub's words for how a job ended (`needs.JOB.result`), where it has said nothing itself."""


def not_run(why: str, facts: Facts) -> str:
    """A line about what was announced."""
    page = f" ([host run]({facts.link}))" if facts.link else ""
    said = words.one_line(_JOBS.get(why, why))[:_WHY].rstrip(". ")
    told = _FORGED.sub("<!- -", prose(said))
    return f"{_NOT_RUN}{told}{page}. Ask again, where it is still wanted."


def with_note(body: str, note: str) -> str:
    """A comment of ours with this line above what it tells; nothing begins any more there."""
    mark, ledger, parts = _parts(body)
    if _is_announcement(parts):
        parts = [parts[0].replace(rows.RUNNING, _LEFT, 1)]
    return "\n".join([mark, ledger, "\n\n".join([note, *parts])])


def renewed(body: str) -> str:
    """A comment of ours without such a line; empty where it told of nothing but what came next."""
    mark, ledger, parts = _parts(body)
    return "" if _is_announcement(parts) else "\n".join([mark, ledger, "\n\n".join(parts)])


def _parts(body: str) -> tuple[str, str, list[str]]:
    """Mark, ledger and paragraphs, but for what was said of something that was not run.

    That stands first.  Further down it would be somebody's words in a fence, whose end may stand in
    the same paragraph: without it what follows would be markup.  Who edits a comment on GitHub's
    page leaves other line ends.
    """
    mark, _, rest = body.replace("\r\n", "\n").partition("\n")
    ledger, _, told = rest.partition("\n")
    parts = told.split("\n\n")
    return mark, ledger, parts[1:] if parts[0].startswith(_NOT_RUN) else parts


def is_waiting(body: str) -> bool:
    """Whether it says of a run that it begins, and nothing has been heard of that since."""
    _, _, parts = _parts(body)
    return _is_announcement(parts) and parts[0].startswith(f"### {rows.RUNNING} ")


def _is_announcement(parts: Sequence[str]) -> bool:
    title = parts[0] if parts else ""
    return title.startswith((f"### {rows.RUNNING} ", f"### {_LEFT} ")) and title.endswith(_ASKED)


def counted(workflow: str, facts: Facts) -> str:
    """Before a result is pushed, which may start more than it should."""
    page = f" in [a host run]({facts.link})" if facts.link else ""
    return f"### {rows.RUNNING} {code(workflow[:100])} has a result\n\nIt is published{page}.\n"


def came_to_nothing(body: str, why: str) -> str:
    """That comment, where nothing more will be told in it; `why` is Markdown of ours."""
    mark, ledger, title = body.split("\n", 3)[:3]
    ended = title.replace(rows.RUNNING, _LEFT, 1)
    return f"{mark}\n{ledger}\n{ended}\n\n{why}\n"


def _fitted(state: RunState, facts: Facts, room: Room) -> dict[str, object]:
    all_rows = rows.rows_of(state, is_running=facts.is_running)
    table = rows.collapsed(all_rows) if _is_collapsed(all_rows, room) else all_rows
    shown = rows.most_telling(table, room.rows)
    changes = told.changes_of(state, facts)
    return {
        "rows": [row.cells for row in shown],
        "rows_left_out": told.left_out(len(table) - len(shown), "row"),
        "failures": told.failures(state, room.evidence) if not facts.is_running else [],
        "changes": [told.change_row(change) for change in changes[: room.files]],
        "changes_left_out": told.left_out(len(changes) - room.files, "file"),
        "details": told.details(state, facts) if room.has_details else [],
    }


def _is_collapsed(all_rows: Sequence[rows.StepRow], room: Room) -> bool:
    """A table that nobody reads to its end is one too long, too."""
    return room.is_collapsed or len(all_rows) > _READABLE


def _title(state: RunState, facts: Facts) -> str:
    name = code(state.started.workflow[:100]) if state.started else "The run"
    if facts.is_running:
        return f"{rows.RUNNING} {name or 'The run'} is running"
    icon = rows.MARKS[state.ended.verdict if state.ended else Verdict.CANCELLED]
    return f"{icon} {name or 'The run'} {told.verdict(state, facts)}"


def _lines(state: RunState, facts: Facts) -> list[str]:
    """The verdict in a line, or what is going on; then what it came to."""
    first, after = _now(state) if facts.is_running else _end(state, facts)
    more = f"{after} {_totals(state, facts)}".strip()
    return [each for each in (*first, more) if each]


def _now(state: RunState) -> tuple[list[str], str]:
    """What is going on, since when (a time, so that an edit is made only for news)."""
    now = [
        f"**Now:** {code(a.name[-200:])}{' by ' if a.agent else ''}{code(a.agent[:100])}"
        f" since {told.clock(a.began)}; {told.doing(a)}"
        for a in state.unfinished()[:5]
    ]
    passed = f"{number(len(state.passes), 'step')} passed so far."
    return now or ["**Now:** between two steps"], passed


def _end(state: RunState, facts: Facts) -> tuple[list[str], str]:
    """What became of a result says itself why it did not arrive, and else where it is."""
    if not state.ended:
        return ["Its engine ended before it, and left no verdict."], ""
    if facts.delivery and facts.delivery.is_wanting:
        return [], ""
    branch = state.ended.branch if facts.is_branch_here else ""
    what = "The result is" if state.ended.verdict is Verdict.PASSED else "What has passed is on"
    where = f"{what} the branch {code(branch[:200])} of the job's checkout." if branch else ""
    return [prose(state.ended.why[:_WHY])], where


def _totals(state: RunState, facts: Facts) -> str:
    attempts = words.all_attempts(state)
    if not attempts:
        return ""
    time = span(sum(attempt.seconds for attempt in attempts))
    starts = f", {number(state.starts, 'start')}" if state.starts > 1 else ""
    return (
        f"{number(len(state.attempts), 'step')}, {number(len(attempts), 'attempt')}{starts}, "
        f"{time} of work. Cost: {words.cost_of_run(state, is_running=facts.is_running)}."
    )


def _notes(facts: Facts) -> list[str]:
    names = [code(name[:100]) for name in facts.from_base[:_NAMES]]
    more = len(facts.from_base) - len(names)
    listed = ", ".join([*names, f"{more} more"] if more else names)
    base = f"Taken from the base, not from this pull request: {listed}." if names else ""
    return [each for each in (prose(facts.state_note[:_NOTE]), *facts.notes, base) if each]


def _is_reported(state: RunState, facts: Facts) -> bool:
    """The report artifact is stored at the end of a job in which something was run."""
    return bool(facts.artifacts and facts.has_report and state.ended and not facts.is_running)


def _foot(state: RunState, facts: Facts) -> str:
    page = f"attempt {facts.attempt} of the host run"
    parts = [
        f'<a href="{facts.link}">{page}</a>' if facts.link else page,
        f"run {words.html_code(state.started.run[:60])}" if state.started else "",
        f"artifact {words.html_code(facts.artifact[:120])}" if facts.artifact else "",
        f'<a href="{facts.artifacts}">report artifact</a>' if _is_reported(state, facts) else "",
    ]
    return f"<sub>{' · '.join(part for part in parts if part)}</sub>"
