"""What ran before on this subject: read from our comments, and looked up where it is acted on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from gump_action.action.asking.known import Known
from gump_action.action.saying import comment
from gump_action.errors import HostError
from gump_action.host.answers import Comment
from gump_action.host.api import Api
from gump_action.host.asking import standing
from gump_action.host.asking.sameness import signature_of_logs
from gump_action.host.asking.standing import Last, Standing
from gump_action.host.event import Event
from gump_action.host.github.thread import Thread
from gump_action.host.publishing.tasks import JOBS_BOT
from gump_action.host.run_key import STATES, workflow_path
from gump_action.host.spec.failing import complaints
from gump_action.host.spec.occasion import failing, text_of

_JOBS = 20
"""Whose logs are compared."""


@dataclass
class Past:
    """`number` is the subject whose comments are read, 0 for none.  All calls raise HostError.

    Comments count that the token's account has written, or the job's own token, or one of `bots`:
    in two jobs the one that publishes may speak as an app.
    """

    environ: Mapping[str, str]
    event: Event
    number: int
    github: Api
    known: Known
    bots: Collection[str] = ()

    @cached_property
    def _said(self) -> tuple[Comment, ...]:
        authors = {self.github.viewer(), JOBS_BOT, *self.bots}
        return self.github.part(Thread).ours(self.number, authors) if self.number else ()

    def of(self, names: Collection[str]) -> dict[str, Standing]:
        """What is remembered of each of these workflows; of the same mark each account's oldest
        counts."""
        found = dict.fromkeys(names, Standing())
        if not self.number or not found:
            return found
        marks = {
            comment.mark_on(self.environ, self.known.title_of(name), self.number): name
            for name in found
        }
        told: dict[tuple[str, str], Standing] = {}
        for each in reversed(self._said):
            name = marks.get(each.body.partition("\n")[0].strip())
            if name:
                told[name, each.author.login.lower()] = standing.read(each.body)
        for (name, _), known in told.items():
            found[name] = standing.joined(found[name], known)
        return found

    def all(self) -> tuple[Standing, ...]:
        """What any of our comments here remembers, also of other host workflows' runs."""
        return tuple(standing.read(each.body) for each in self._said)

    def failure_of(self, upstream: int, attempt: int) -> str:
        """The signature of how a host run failed, or without an attempt a suite of checks.

        Empty where none of its jobs or checks did.
        """
        sources = self.github.sources()
        if attempt:
            jobs, _ = failing(sources.jobs(upstream, attempt), _JOBS, "job")
            return signature_of_logs({job.name: complaints(sources.log(job.id)) for job in jobs})
        checks, _ = failing(sources.checks(upstream), _JOBS, "check")
        # No log, but what somebody chose to say: all of it counts.
        return signature_of_logs(
            {check.name: text_of(check, sources.findings(check)) for check in checks}
        )

    def under_way(self, known: Collection[Standing]) -> tuple[int, ...]:
        """The host runs in these ledgers that have not ended, but for this one."""
        runs = {run for each in known for run in (*each.host_runs, *each.announced)}
        return tuple(run for run in sorted(runs) if self.is_under_way(run))

    def is_under_way(self, host_run: int) -> bool:
        """Whether it is another one of our own host workflow, and has not ended."""
        if host_run == self.own:
            return False
        try:
            told = self.github.run(host_run)
        except HostError as why:
            if why.status == 404:
                return False
            raise
        is_ours = told.path == workflow_path(self.environ) and not told.is_foreign
        return is_ours and told.status != "completed"

    def newest_kept(self, known: Standing) -> Last | None:
        """The last run; before it one that was announced, told nothing more, and left its state."""
        for run in standing.announced_since(known, self.own):
            if self.github.artifacts(run, STATES):
                return Last(host_run=run, attempt=self.github.run(run).attempt)
        return known.last

    def cancel(self, host_run: int) -> None:
        self.github.part(Thread).cancel(host_run)

    def message(self) -> str:
        """That of the commit that this event is about."""
        code = self.event.code
        return self.github.part(Thread).message(code.sha) if code else self.event.message

    @property
    def own(self) -> int:
        """This host run."""
        run_id = self.event.job.run_id
        return int(run_id) if run_id.isdecimal() else 0


def goes_on(last: Last | None, own: int) -> str:
    """What the step that restores is told: which host run to go on with, in which attempt.

    Empty where it is this one, of which it knows itself; `none` where there is no record.
    """
    if last is None:
        return "none"
    return "" if last.host_run == own else f"{last.host_run} {last.attempt}"
