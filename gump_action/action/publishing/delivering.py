"""One result on its way: what is in it, where it may go, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from gump_action.action.job.place import Place
from gump_action.action.job.remote import Remote
from gump_action.action.publishing import result
from gump_action.action.publishing.courier import Courier, Letter
from gump_action.action.publishing.result import Result
from gump_action.action.saying import comment
from gump_action.engine.state import RunState
from gump_action.errors import HostError
from gump_action.host.answers import Pull
from gump_action.host.api import Api
from gump_action.host.asking import origin
from gump_action.host.asking.origin import Labeled, Said
from gump_action.host.event import Kind
from gump_action.host.github.pulls import Pulls
from gump_action.host.github.signing import Objects
from gump_action.host.github.thread import Thread
from gump_action.host.publishing import destination
from gump_action.host.publishing.delivery import Delivery
from gump_action.host.publishing.destination import Branch, Destination, PushTo, Wish
from gump_action.host.publishing.publication import Publication
from gump_action.host.publishing.rules import Publishable, Refused
from gump_action.host.publishing.tasks import JOBS_BOT, branch_of, is_own, of_task
from gump_action.host.said import carried, letters
from gump_action.host.said.changes import changes_in
from gump_action.host.said.letters import Subject
from gump_action.providers import KEYS
from gump_action.redaction import Redactor, secrets_of

_BY_CI = (Kind.WORKFLOW_RUN, Kind.CHECK_SUITE, Kind.CHECK_RUN)


@dataclass(frozen=True)
class Desk:
    """A run that has passed, and what this job was asked to do with it."""

    asked: Publication
    here: Place
    state: RunState
    environ: Mapping[str, str] = field(repr=False)
    github: Api
    remote: Remote

    def deliver(self) -> Delivery:
        """Raises HostError, CommandError and InputError; the record is as it was then."""
        made = result.lay_out(self.here, self.state, self.environ, self.remote)
        changes = made.changes(self._redactor)
        judged = made.judged(changes, self.asked.allowed)
        if isinstance(judged, Refused):
            return carried.refused(judged)
        letter, signs = self._letter(made), self.asked.signs_commits
        courier = Courier(self.github, self.remote, made, changes, letter, signs)
        to = self._destination(courier, judged)
        if isinstance(to, PushTo) and not to.is_done and (why := self._why_not_counted()):
            return carried.failed(why)
        return self._with_note(courier.carry(to))

    def _why_not_counted(self) -> str:
        """What CI starts, and then pushes, starts CI again: only a count ends that."""
        is_by_ci = self.environ.get("GITHUB_EVENT_NAME") in _BY_CI
        if not is_by_ci or self.environ.get("GUMP_ASKED") == "person":
            return ""
        try:
            desk = comment.desk(self.environ, self.remote.token)
            facts = comment.facts_of(self.environ, self.here.key.attempt, is_running=True)
            if desk:
                desk.count(self.state, facts)
        except HostError as why:
            told = f"{why.message} {why.hint}".strip()
            return f"the run cannot be counted, and its push could start the next one: {told}"
        return ""

    @property
    def _redactor(self) -> Redactor:
        return Redactor(secrets_of(self.environ, KEYS) | {self.remote.token})

    @property
    def _subject(self) -> Subject:
        return letters.subject_of(self.environ.get("GUMP_SUBJECT", ""))

    @property
    def _task(self) -> str:
        return self.asked.task or letters.task_of(self.state, self._subject)

    def _letter(self, made: Result) -> Letter:
        subject = self._subject
        title = letters.title_of(self.asked.title, self.state, subject)
        facts = comment.facts_of(self.environ, self.here.key.attempt, is_running=False)
        facts = replace(facts, changes=changes_in(made.patch, self._redactor.clean))
        body = letters.body_of(self.state, facts, subject, self.asked.cool_down)
        mask, message = self._redactor.mask, letters.message_of(title, self.state)
        return Letter(self._task, mask(message), mask(title), mask(body))

    def _destination(self, courier: Courier, judged: Publishable) -> Destination:
        made, pull = courier.result, self._pull()
        of_result = destination.Result(made.base, made.digest, judged.has_host_workflows)
        place = self._place(pull)
        head = place.branch.head
        if head not in ("", made.base) and made.digest:
            is_ours = self.github.part(Objects).tree_of(head) == courier.tree()
            place = replace(place, pushed=head if is_ours else "")
        if self.asked.wish is Wish.PULL_REQUEST and made.digest:
            place = replace(place, has_base=self._is_on(place.into, made.base))
        if judged.has_host_workflows:
            # GitHub says of no token whether it may: that of a job never may, others are tried.
            is_jobs = self.github.viewer() == JOBS_BOT
            place = replace(place, takes_host_workflows=not is_jobs)
        place = replace(place, taken_back=self._taken_back())
        now, cool_down = datetime.now(UTC), self.asked.cool_down
        return destination.destination(self.asked.wish, of_result, place, now, cool_down=cool_down)

    def _taken_back(self) -> str:
        """Looked up last of all, just before the push."""
        asked_by = origin.read(self.environ.get("GUMP_ASKED_BY", ""))
        thread = self.github.part(Thread)
        match asked_by:
            case Labeled():
                stands = thread.has_label(asked_by.number, asked_by.label)
            case Said():
                stands = thread.has_comment(asked_by.place, asked_by.id)
            case None:
                return ""
        return "" if stands else asked_by.taken_back

    def _pull(self) -> Pull | None:
        number = self.environ.get("GUMP_PULL", "")
        return self.github.pull(int(number)) if number else None

    def _place(self, pull: Pull | None) -> destination.Place:
        default = self.github.repository().default_branch
        pulls, is_fork = self.github.part(Pulls), pull is not None and pull.is_foreign
        if self.asked.wish is not Wish.PULL_REQUEST:
            branch = Branch("") if pull is None or is_fork else pulls.branch(pull.head.ref)
            return destination.Place(default, branch, is_fork, pull)
        branch = pulls.branch(branch_of(self._task))
        there = pulls.of_branch(branch.name)
        ours = of_task(there, self._task, self.github.viewer())
        into = pull.head.ref if pull else self._started_on or default
        is_taken = any(each.state == "open" and each not in ours for each in there)
        own = bool(branch.head) and not is_taken and self._is_own(branch.head, into)
        place = destination.Place(default, branch, is_fork, pull, into=into, ours=ours)
        return replace(place, is_own=own)

    @property
    def _started_on(self) -> str:
        """The branch that this job is of; empty where it is of no branch."""
        ref = self.environ.get("GITHUB_REF", "")
        return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""

    def _is_own(self, head: str, into: str) -> bool:
        """A push of ours, after which no pull request could be opened, or that another token made.

        What it was made on was ours then, or the base: so nothing of others is below it.
        """
        told = self.github.part(Objects).told(head)
        return is_own(told, self.github.viewer()) and self._is_on(into, told.parents[-1])

    def _is_on(self, branch: str, commit: str) -> bool:
        """A record that somebody has forged could name a commit of a fork as its base."""
        pulls = self.github.part(Pulls)
        return pulls.branch(branch).head == commit or pulls.has(branch, commit)

    def _with_note(self, done: Delivery) -> Delivery:
        """GitHub starts no CI for what a job's own token has pushed, and nobody would know why."""
        viewer = ""
        with suppress(HostError):
            viewer = self.github.viewer() if done.commit and not done.why else ""
        is_silent = viewer == JOBS_BOT
        return replace(done, lines=(*done.lines, carried.SILENT)) if is_silent else done
