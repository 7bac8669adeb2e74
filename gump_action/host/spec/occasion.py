"""Which material makes the spec of a run: frozen passages for each kind of event, chosen purely.

Looking up is `gathering`'s; how the passages are cleaned, fenced and put into words is `text`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from gump_action.host.answers import Comment
from gump_action.host.event import Event, Kind, Person, Spot
from gump_action.host.spec.material import ChangedFile, Check, Finding, Remark, RunJob
from gump_action.host.trigger.moments import is_after, is_newer_than
from gump_action.host.trigger.rights import Right, Unknown
from gump_action.host.words import number

Role = Literal["title", "body", "request", "spots", "diff", "thread", "logs"]
"""What a passage is to the run, and the name by which templates know it."""
ROLES: tuple[Role, ...] = ("title", "body", "request", "spots", "diff", "thread", "logs")
Ended = TypeVar("Ended", RunJob, Check)
RightOf = Callable[[str], Right | Unknown]


@dataclass(frozen=True)
class Passage:
    """A text from outside, as it was written.  `right` is what its author may do here now."""

    what: str
    text: str
    author: str = ""
    right: str = ""
    written_at: str = ""
    is_markdown: bool = True


@dataclass(frozen=True)
class Occasion:
    """All that a spec is made of.  `task` and `notes` are our own words, or the project's.

    `notes` say what is missing or was left out, `troubles` why, for the log alone.
    """

    template: str
    subject: str
    passages: Mapping[Role, tuple[Passage, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    task: str = ""


@dataclass(frozen=True)
class Room:
    """How much of each there is room for, in characters, files, comments and jobs."""

    title: int = 300
    body: int = 12_000
    request: int = 12_000
    spots: int = 20_000
    diff: int = 60_000
    thread: int = 16_000
    logs: int = 24_000
    files: int = 100
    comments: int = 30
    jobs: int = 4

    def of(self, role: Role) -> int:
        """Characters for all passages of this role together."""
        return int(getattr(self, role))


_TEMPLATES: Mapping[Kind, str] = {
    Kind.PULL_REQUEST: "spec_pull_request.md.j2",
    Kind.PULL_REQUEST_TARGET: "spec_pull_request.md.j2",
    Kind.REVIEW: "spec_review.md.j2",
    Kind.REVIEW_COMMENT: "spec_review.md.j2",
    Kind.ISSUES: "spec_issue.md.j2",
    Kind.WORKFLOW_RUN: "spec_failure.md.j2",
    Kind.CHECK_SUITE: "spec_failure.md.j2",
    Kind.CHECK_RUN: "spec_failure.md.j2",
}


def template_of(event: Event) -> str:
    """The packaged template whose words fit this event."""
    if event.kind is Kind.ISSUE_COMMENT:
        is_pull = event.subject.kind == "pull_request"
        return f"spec_{'pull_request' if is_pull else 'issue'}.md.j2"
    return _TEMPLATES.get(event.kind, "spec_task.md.j2")


def subject_of(event: Event) -> str:
    """What it is about, in words that hold nothing of others."""
    match event.subject.kind:
        case "pull_request":
            return f"pull request {event.subject.number}"
        case "issue":
            return f"issue {event.subject.number}"
    return "the default branch" if event.subject.kind == "schedule" else "this repository"


def opening(event: Event, right_of: RightOf) -> dict[Role, tuple[Passage, ...]]:
    """Title, body and request as they were in the event: nobody can have changed them since."""
    text, people, about = event.text, event.people, subject_of(event)
    opener, author = by(people.opener, right_of), by(people.author, right_of)
    found: dict[Role, Passage] = {
        "title": Passage(f"title of {about}", text.title, *opener),
        "body": Passage(f"body of {about}", text.body, *opener),
        "request": Passage("what is asked for", text.comment, *author, text.written_at),
    }
    kept: dict[Role, tuple[Passage, ...]] = {
        role: (passage,) for role, passage in found.items() if passage.text.strip()
    }
    return {**kept, "spots": tuple(_hunk(text.spot))} if text.spot else kept


def thread_of(
    comments: Sequence[Comment], event: Event, right_of: RightOf, most: int
) -> tuple[tuple[Passage, ...], str]:
    """What was said before the moment of this event, and a note of what was not taken.

    Only by people who may write, and only what nobody has edited since that moment.
    """
    moment = event.text.written_at or event.text.changed_at
    before = [each for each in comments if each.id != event.text.id and each.body.strip()]
    stands = [each for each in before if not is_newer_than(moment, each.created, each.updated)]
    trusted = [each for each in stands if _may_speak(each, right_of)]
    kept = trusted[-most:] if most else []
    told = tuple(
        Passage("comment", each.body, *by(_person(each), right_of), each.created) for each in kept
    )
    return told, _note_of_thread(
        later=len(before) - len(stands),
        others=len(stands) - len(trusted),
        older=len(trusted) - len(kept),
    )


def _note_of_thread(*, later: int, others: int, older: int) -> str:
    parts = {
        "written or edited after the run was asked for": later,
        "by bots, or by accounts that may not write here": others,
        "older than those shown": older,
    }
    told = [f"{many} {why}" for why, many in parts.items() if many]
    return f"Comments that are left out: {'; '.join(told)}." if told else ""


def spots_of(remarks: Sequence[Remark], event: Event, right_of: RightOf) -> tuple[Passage, ...]:
    """The comments of the review of this event, each below the part of the diff it is about."""
    moment = event.text.written_at
    author = event.people.author
    told: list[Passage] = []
    for each in remarks:
        is_by_author = each.user and author and each.user.login == author.login
        # A review is submitted after its comments were written; a later edit is another text.
        if not is_by_author or is_after(each.updated_at, moment):
            continue
        told += _hunk(Spot(each.path, each.line or 0, each.diff_hunk))
        told.append(
            Passage("review comment on that", each.body, *by(author, right_of), each.created_at)
        )
    return tuple(told)


def _hunk(spot: Spot) -> Iterator[Passage]:
    line = f", line {spot.line}" if spot.line else ""
    yield Passage(f"diff at {spot.path}{line}", spot.hunk, is_markdown=False)


# Long, and made by programs: that they changed is enough.
_MADE = re.compile(
    r"(?:.*/)?(?:.*\.(?:lock|min\.js|min\.css|map|svg|snap)|package-lock\.json|go\.sum"
    r"|npm-shrinkwrap\.json|pnpm-lock\.yaml)"
)


def diff_of(files: Sequence[ChangedFile], most: int) -> tuple[tuple[Passage, ...], str]:
    """The change file by file, then the names of files whose text is not shown; and a note."""
    shown = [each for each in files if each.patch and not _MADE.fullmatch(each.filename)][:most]
    others = [each for each in files if each not in shown]
    told = [
        Passage(f"diff of {_names(each)}, {each.status}", each.patch, is_markdown=False)
        for each in shown
    ]
    if others:
        lines = [f"{_names(each)} ({each.status}, {_sizes(each)})" for each in others]
        told.append(Passage("changed files without text", "\n".join(lines), is_markdown=False))
    note = f"Of {number(len(others), 'changed file')} only the name is shown." if others else ""
    is_whole = len(files) < _MOST_FILES
    return tuple(told), note if is_whole else f"{note} There may be more than 300 files.".strip()


_MOST_FILES = 300
"""GitHub's own limit for one comparison."""


def _names(file: ChangedFile) -> str:
    before = file.previous_filename
    return f"{before} → {file.filename}" if before else file.filename


def _sizes(file: ChangedFile) -> str:
    return f"+{file.additions} -{file.deletions}"


_FAILED: Collection[str] = ("failure", "timed_out", "startup_failure")


def failing(ended: Sequence[Ended], most: int, what: str) -> tuple[tuple[Ended, ...], str]:
    """The first that failed, and a note of the others; `what` one of them is."""
    failed = [each for each in ended if each.conclusion in _FAILED]
    more = len(failed) - most
    note = f"{number(more, f'more {what}')} failed and {'is' if more == 1 else 'are'} not shown."
    return tuple(failed[:most]), note if more > 0 else ""


def text_of(check: Check, findings: Sequence[Finding]) -> str:
    """All that a check says, its findings in the form in which compilers tell theirs."""
    said = (check.output.title, check.output.summary, check.output.text)
    lines = "\n".join(map(_finding, findings))
    told = [each.strip() for each in (*said, lines) if each and each.strip()]
    return "\n\n".join(told) or "(this check says nothing)"


def _finding(found: Finding) -> str:
    words = ": ".join(filter(None, (found.title, found.message)))
    return f"{found.path}:{found.start_line}: {found.annotation_level or 'notice'}: {words}"


def _may_speak(comment: Comment, right_of: RightOf) -> bool:
    person = _person(comment)
    if not person.login or person.is_bot:
        return False
    right = right_of(person.login)
    return isinstance(right, Right) and right.may_write


def _person(comment: Comment) -> Person:
    return Person(comment.author.login, comment.author.kind)


def by(person: Person | None, right_of: RightOf) -> tuple[str, str]:
    """Name and right of an author."""
    if person is None:
        return "an account that is gone", str(Right.NONE)
    if person.is_bot:
        return person.login, "bot"
    right = right_of(person.login)
    return person.login, str(right) if isinstance(right, Right) else "unknown"
