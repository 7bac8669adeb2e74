"""The step that publishes a result: judges it, decides where it goes, and carries it there.

No agent runs beside it, and in a job of its own (`mode: publish`) no code of the repository either.
What cannot be published stays in the record, and a re-run of the job publishes it without running
any agent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, place
from gump_action.action.job.remote import Remote
from gump_action.action.publishing import bundle
from gump_action.action.publishing.delivering import Desk
from gump_action.engine import record
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState
from gump_action.errors import CommandError, HostError, InputError
from gump_action.host import api, inputs
from gump_action.host.api import Api
from gump_action.host.publishing import publication
from gump_action.host.publishing.delivery import Delivery
from gump_action.host.publishing.destination import Nothing, Wish
from gump_action.host.publishing.publication import Bundle, Publication
from gump_action.host.said import carried
from gump_action.providers import KEYS
from gump_action.redaction import Redactor, secrets_of

PATIENCE = 120.0
"""Seconds for GitHub: a result that does not arrive is worth more than a comment that does not."""


def deliver(environ: Mapping[str, str], log: Log) -> int:
    """The exit code: red where a result that was wanted elsewhere is still here.

    Raises InputError where the bundle of another job is not what that job made.
    """
    asked, here = publication.read(environ), place(environ)
    if asked.bundle:
        _open(asked.bundle, here, environ, log)
    state = record.read_state(here.state)
    # A name of a file may be a secret in some form, and the runner shows what steps hand on.
    mask = Redactor(secrets_of(environ, KEYS)).mask
    done = _delivered(asked, here, state, environ).masked(mask)
    for line in done.lines or (done.why,):
        log.say(line.replace("**", ""))
    log.outputs({**done.outputs, "delivery": done.to_json()})
    verdict, _ = done.verdict(Verdict.PASSED)
    return verdict.exit_code if verdict in inputs.read_fail_on(environ) else 0


def _open(of: Bundle, here: Place, environ: Mapping[str, str], log: Log) -> None:
    """Without its record the last step knows of the result only what stands in the outputs."""
    try:
        bundle.open_(of, here, environ, log)
    except InputError as why:
        log.outputs({"delivery": carried.failed(why.message).to_json()})
        raise


def _delivered(
    asked: Publication, here: Place, state: RunState, environ: Mapping[str, str]
) -> Delivery:
    token = environ.get("GUMP_GITHUB_TOKEN", "")
    if state.ended is None or state.ended.verdict is not Verdict.PASSED:
        return carried.nothing(Nothing("the run has not passed, so nothing of it is published"))
    if asked.wish is Wish.NONE:
        return carried.nothing(Nothing("nothing is to be published (`publish: none`)"))
    if doubt := environ.get("GUMP_DOUBT", ""):
        return carried.failed(doubt)
    try:
        with Api(api.connection(environ, token), patience=PATIENCE) as github:
            desk = Desk(asked, here, state, environ, github, Remote(environ, token))
            return desk.deliver()
    except (HostError, CommandError, InputError) as why:
        is_right = isinstance(why, HostError) and why.status == HTTPStatus.FORBIDDEN
        return carried.failed(f"{why.message} {why.hint}".strip(), may_need_edit=is_right)
