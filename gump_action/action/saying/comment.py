"""The one comment on the pull request: who gets it, what it knows, and the putting of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gump_action.engine.state import RunState
from gump_action.errors import GumpError, HostError
from gump_action.host import api, inputs, places
from gump_action.host.api import Api
from gump_action.host.asking import standing
from gump_action.host.asking.standing import Standing, Turn, advanced
from gump_action.host.github.thread import Thread
from gump_action.host.marks import has_mark, mark_of
from gump_action.host.publishing.tasks import JOBS_BOT
from gump_action.host.run_key import workflow_path
from gump_action.host.said import comment
from gump_action.host.said.facts import Facts, server_of, url_of_run
from gump_action.providers import KEYS
from gump_action.redaction import Redactor, secrets_of
from gump_action.workflow import loader
from gump_action.workflow.model import Workflow

_PATIENCE = 20.0


@dataclass
class Desk:
    """Writes the comment on one issue or pull request, and remembers which one it is.

    `limit` is how many runs may begin there unasked, 0 for no limit.
    `token` is held here and nowhere else; every failure is a HostError.
    """

    environ: Mapping[str, str]
    number: int
    token: str = field(repr=False)
    mask: Callable[[str], str]
    limit: int = 0
    known: int = 0
    standing: Standing | None = None
    others: tuple[Standing, ...] = ()
    body: str = ""

    def put(self, state: RunState, facts: Facts) -> str:
        """The address of the comment, made or edited; what it remembers goes on with each."""
        name = state.started.workflow if state.started else ""
        mark = mark_on(self.environ, name, self.number)
        with Api(api.connection(self.environ, self.token), patience=_PATIENCE) as github:
            if self.standing is None:
                self._look(github, mark)
            self.standing = advanced(self.standing or Standing(), state, self._turn(facts))
            facts = _remembering(facts, mark, self.standing, self.limit)
            body = self.mask(comment.render(state, facts))
            if self.known:
                return github.edit_comment(self.known, body).url
            put = github.keep_comment(self.number, mark, body)
            self.known = put.id
            return put.url

    def count(self, state: RunState, facts: Facts) -> None:
        """Remembers this run, and tells no more of it yet, before it pushes what may start one."""
        name = state.started.workflow if state.started else ""
        mark = mark_on(self.environ, name, self.number)
        with Api(api.connection(self.environ, self.token), patience=_PATIENCE) as github:
            self._look(github, mark)
            old, turn = self.standing or Standing(), self._turn(facts)
            if turn.host_run not in old.host_runs:
                body = self.body or f"{mark}\n{comment.counted(name, facts)}"
                body = standing.with_line(body, advanced(old, state, turn))
                github.keep_comment(self.number, mark, self.mask(body))

    def announce(self, workflow: str) -> None:
        """A run of this workflow comes, in a job that may not say so itself: it can be stopped."""
        mark = mark_on(self.environ, workflow, self.number)
        facts = facts_of(self.environ, 1, is_running=True)
        with Api(api.connection(self.environ, self.token), patience=_PATIENCE) as github:
            self._look(github, mark)
            turn = self._turn(facts)
            known = standing.announcing(self.standing or Standing(), turn.host_run, turn.at)
            new = f"{mark}\n{comment.announced(workflow, facts)}"
            body = (comment.renewed(self.body) if self.body else "") or new
            github.keep_comment(self.number, mark, self.mask(standing.with_line(body, known)))

    def withdraw(self, why: str) -> bool:
        """What was announced for this host run does not come; whether anything was.

        Whatever else the comment tells stays as it is: it is of an earlier run.
        """
        facts = facts_of(self.environ, 1, is_running=False)
        run, said = self._turn(facts).host_run, comment.not_run(why, facts)
        with Api(api.connection(self.environ, self.token), patience=_PATIENCE) as github:
            for each in github.part(Thread).ours(self.number, {github.viewer()}):
                if run in standing.read(each.body).announced:
                    github.edit_comment(each.id, self.mask(comment.with_note(each.body, said)))
                    return True
        return False

    def _look(self, github: Api, mark: str) -> None:
        viewer = github.viewer()
        said = github.part(Thread).ours(self.number, {viewer, JOBS_BOT})
        own = [each for each in said if each.author.login.lower() == viewer.lower()]
        there = next((each for each in own if has_mark(each.body, mark)), None)
        self.known = there.id if there else 0
        self.body = there.body if there else ""
        self.standing = standing.read(self.body)
        self.others = tuple(standing.read(each.body) for each in said)

    def _turn(self, facts: Facts) -> Turn:
        run = self.environ.get("GITHUB_RUN_ID", "")
        return Turn(
            host_run=int(run) if run.isdecimal() else 0,
            attempt=facts.attempt,
            artifact=facts.artifact,
            is_asked=self._is_asked,
            is_running=facts.is_running,
            at=int(time.time()),
            upstream=_upstream(self.environ),
        )

    @property
    def _is_asked(self) -> bool:
        by_person = self.environ.get("GUMP_ASKED") == "person"
        known = self.standing or Standing()
        return by_person or standing.is_asked_elsewhere(known, self.others)


def _upstream(environ: Mapping[str, str]) -> tuple[int, int]:
    """The host run or the checks before this, as the step that read the event has said."""
    found = re.fullmatch(r"([1-9]\d{0,15}) (0|[1-9]\d{0,5})", environ.get("GUMP_UPSTREAM", ""))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def mark_on(environ: Mapping[str, str], workflow: str, number: int) -> str:
    """Of this workflow (as it calls itself) in this host workflow, on this subject.

    Two jobs with the same one share a comment.
    """
    return mark_of(f"{workflow_path(environ)} {workflow}", str(number))


def _remembering(facts: Facts, mark: str, known: Standing, limit: int) -> Facts:
    """At the end of a run the comment also says where nothing begins by itself any more."""
    why = "" if facts.is_running else standing.why_not(known, limit, host_run=0)
    notes = (*facts.notes, f"{why[:1].upper()}{why[1:]}.") if why else facts.notes
    if standing.was_to_mend(known) and not facts.is_running and not why:
        notes = (*notes, standing.WHERE_NOT_MENDED)
    return replace(facts, mark=mark, ledger=standing.line_of(known), notes=notes)


def desk(environ: Mapping[str, str], token: str) -> Desk | None:
    """None where nobody asked for a comment, or there is nothing to write on.

    Raises HostError where there is no token.
    """
    number = environ.get("GUMP_COMMENT_ON", "")
    if not number:
        return None
    if not token:
        raise HostError("`github-token` is empty, so there is no comment.")
    redactor = Redactor(secrets_of(environ, KEYS) | {token})
    most = environ.get(inputs.variable("max-runs-per-subject"), "")
    limit = int(most) if most.isdecimal() else 0
    return Desk(environ, int(number), token, redactor.mask, limit=limit)


def facts_of(environ: Mapping[str, str], attempt: int, *, is_running: bool) -> Facts:
    """What this job, which is the attempt of that number, knows besides the ledger."""
    server = server_of(environ)
    repository, run = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_RUN_ID", "")
    from_base = environ.get("GUMP_FROM_BASE", "")
    return Facts(
        url=url_of_run(server, repository, run, attempt),
        attempt=attempt,
        from_base=tuple(json.loads(from_base)) if from_base else (),
        workflow=_workflow(environ),
        is_running=is_running,
    )


def _workflow(environ: Mapping[str, str]) -> Workflow | None:
    """What was run, to say what comes next; None where it cannot be read any more."""
    try:
        project = places.repository(Path())
        return loader.load(loader.find_workflow(environ["GUMP_WORKFLOW"], project)).workflow
    except (GumpError, KeyError):
        return None
