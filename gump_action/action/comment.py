"""The one comment on the pull request: who gets it, what it knows, and the putting of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gump_action.engine.state import RunState
from gump_action.errors import GumpError, HostError
from gump_action.host import api, comment
from gump_action.host.api import Api
from gump_action.host.facts import Facts, url_of_run
from gump_action.host.run_key import workflow_path
from gump_action.providers import KEYS
from gump_action.redaction import Redactor, secrets_of
from gump_action.workflow import loader
from gump_action.workflow.model import Workflow

_PATIENCE = 20.0


@dataclass
class Desk:
    """Writes the comment on one issue or pull request, and remembers which one it is.

    `token` is held here and nowhere else; every failure is a HostError.
    """

    environ: Mapping[str, str]
    number: int
    token: str = field(repr=False)
    mask: Callable[[str], str]
    known: int = 0

    def put(self, state: RunState, facts: Facts) -> str:
        """The address of the comment, made or edited."""
        facts = replace(facts, mark=self._mark(state))
        body = self.mask(comment.render(state, facts))
        with Api(api.connection(self.environ, self.token), patience=_PATIENCE) as github:
            if self.known:
                return github.edit_comment(self.known, body).url
            put = github.keep_comment(self.number, facts.mark, body)
            self.known = put.id
            return put.url

    def _mark(self, state: RunState) -> str:
        """Of this workflow in this host workflow; two jobs with the same one share a comment."""
        name = state.started.workflow if state.started else ""
        return comment.mark_of(f"{workflow_path(self.environ)} {name}", str(self.number))


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
    return Desk(environ, int(number), token, redactor.mask)


def facts_of(environ: Mapping[str, str], attempt: int, *, is_running: bool) -> Facts:
    """What this job, which is the attempt of that number, knows besides the ledger."""
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
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
        return loader.load(loader.find_workflow(environ["GUMP_WORKFLOW"], Path())).workflow
    except (GumpError, KeyError):
        return None
