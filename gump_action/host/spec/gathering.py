"""Gathers the material of a spec: looks up what the event lacks, and lets `occasion` choose.

What cannot be looked up is missing from the spec, and it says so; a run does not hang on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from gump_action.errors import HostError
from gump_action.host.event import Event, Kind
from gump_action.host.spec import occasion
from gump_action.host.spec.failing import failing_part
from gump_action.host.spec.material import Check, Finding, RunJob, Sources
from gump_action.host.spec.occasion import Occasion, Passage, RightOf, Role, Room

T = TypeVar("T")


def gather(event: Event, sources: Sources, *, task: str = "", room: Room | None = None) -> Occasion:
    """The occasion of this event.  `task` is what the project itself has to say of it."""
    desk = _Desk(event, sources, cache(sources.right), room or Room())
    desk.passages.update(occasion.opening(event, desk.right_of))
    if event.upstream and event.upstream.is_suite:
        desk.put("logs", "What the checks that failed say", desk.checks)
    elif event.upstream:
        desk.put("logs", "The logs of the jobs that failed", desk.logs)
    if event.kind is Kind.REVIEW:
        desk.put("spots", "The comments of the review", desk.spots)
    if event.subject.kind in ("pull_request", "issue"):
        desk.put("thread", "The earlier comments", desk.thread)
    if desk.sides and event.kind is not Kind.MERGE_GROUP:
        desk.put("diff", "The diff", desk.diff)
    return Occasion(
        template=occasion.template_of(event),
        subject=occasion.subject_of(event),
        passages=desk.passages,
        notes=tuple(desk.notes),
        troubles=tuple(desk.troubles),
        task=task,
    )


@dataclass
class _Desk:
    """What has been gathered so far."""

    event: Event
    sources: Sources
    right_of: RightOf
    room: Room
    passages: dict[Role, tuple[Passage, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def sides(self) -> tuple[str, str] | None:
        """The commits of base and head, as they were in the event; None where there are no two."""
        base, head = self.event.base, self.event.code
        return (base.sha, head.sha) if base and head else None

    def put(
        self, role: Role, what: str, look: Callable[[], tuple[tuple[Passage, ...], str]]
    ) -> None:
        # GitHub's words in a HostError can hold a stranger's: they are for the log.
        try:
            passages, note = look()
        except HostError as why:
            self.troubles.append(f"{what} could not be looked up: {why.message}")
            passages, note = (), f"{what} could not be looked up."
        if passages:
            self.passages[role] = passages
        if note:
            self.notes.append(note)

    def thread(self) -> tuple[tuple[Passage, ...], str]:
        said = self.sources.comments(self.event.subject.number)
        return occasion.thread_of(said, self.event, self.right_of, self.room.comments)

    def spots(self) -> tuple[tuple[Passage, ...], str]:
        remarks = self.sources.remarks(self.event.subject.number, self.event.text.id)
        return occasion.spots_of(remarks, self.event, self.right_of), ""

    def diff(self) -> tuple[tuple[Passage, ...], str]:
        assert self.sides, "asked for only where both are known"
        return occasion.diff_of(self.sources.changed_files(*self.sides), self.room.files)

    def logs(self) -> tuple[tuple[Passage, ...], str]:
        assert self.event.upstream, "asked for only after a host run"
        upstream = self.event.upstream
        jobs = self.sources.jobs(upstream.id, upstream.attempt)
        failed, note = occasion.failing(jobs, self.room.jobs, "job")
        if not failed:
            return (), "No job of that host run failed."
        return tuple(map(self._log, failed)), note

    def _log(self, job: RunJob) -> Passage:
        what = f"log of the job {job.name} ({job.conclusion})"
        try:
            text = failing_part(self.sources.log(job.id), self.room.logs)
        except HostError as why:
            self.troubles.append(f"The log of job {job.id} could not be read: {why.message}")
            text = "(this log could not be read)"
        return Passage(what, text, is_markdown=False)

    def checks(self) -> tuple[tuple[Passage, ...], str]:
        """Of a suite, or of the one check that the event is about."""
        assert self.event.upstream, "asked for only after checks"
        upstream = self.event.upstream
        told = self.sources.checks(upstream.id)
        about = [each for each in told if upstream.check in (0, each.id)]
        if upstream.check and not about:
            return (), "The check was run again since, and what it said before is gone."
        failed, note = occasion.failing(about, self.room.jobs, "check")
        if not failed:
            return (), "None of those checks failed."
        return tuple(map(self._check, failed)), note

    def _check(self, check: Check) -> Passage:
        findings: Sequence[Finding] = ()
        try:
            findings = self.sources.findings(check)
        except HostError as why:
            self.troubles.append(f"The lines of check {check.id} could not be read: {why.message}")
        # Cleaned before it is cut: what a cut opens was hidden.
        text = occasion.text_of(check, findings)
        author = occasion.by(self.event.people.author, self.right_of)
        return Passage(f"check {check.name} ({check.conclusion})", text, *author)
