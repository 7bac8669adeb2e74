"""What ran before on this subject: read from our comments, and looked up where it is acted on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gump_action.action.asking.known import Known
from gump_action.action.saying import comment
from gump_action.errors import HostError
from gump_action.host.api import Api
from gump_action.host.asking import standing
from gump_action.host.asking.standing import Last, Standing
from gump_action.host.event import Event
from gump_action.host.github.thread import Thread
from gump_action.host.run_key import STATES, workflow_path


@dataclass
class Past:
    """`number` is the subject whose comments are read, 0 for none.  All calls raise HostError."""

    environ: Mapping[str, str]
    event: Event
    number: int
    github: Api
    known: Known

    def of(self, names: Collection[str]) -> dict[str, Standing]:
        """What is remembered of each of these workflows; of the same mark the oldest counts."""
        found = dict.fromkeys(names, Standing())
        if not self.number or not found:
            return found
        marks = {
            comment.mark_on(self.environ, self.known.title_of(name), self.number): name
            for name in found
        }
        said = self.github.part(Thread).comments_of(self.number, self.github.viewer())
        for each in reversed(said):
            name = marks.get(each.body.partition("\n")[0].strip())
            if name:
                found[name] = standing.read(each.body)
        return found

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
        head = self.event.head
        return self.github.part(Thread).message(head.sha) if head else self.event.message

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
