"""Judges the event of this job: looks up what is not in its payload, and lets `policy` decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gump_action.errors import HostError, InputError
from gump_action.host import api, policy
from gump_action.host.api import Api
from gump_action.host.event import Event
from gump_action.host.inputs import Inputs
from gump_action.host.policy import MayRun, Skip
from gump_action.host.trigger.reading import read_event, with_pull_request
from gump_action.host.trigger.rights import Allowed, Right, Unknown

NO_TOKEN = "`github-token` is empty"


@dataclass(frozen=True)
class Ruling:
    """`decision` is what `policy` says of `event`, in which a pull request has its commits."""

    event: Event
    decision: MayRun | Skip


def event_of(environ: Mapping[str, str]) -> Event:
    """What started this job.  Raises InputError where the runner's file of it cannot be read."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    try:
        payload = Path(path).read_bytes() if path else b"{}"
    except OSError as why:
        raise InputError(
            f"{path}: the event of this job cannot be read: {why.strerror}.",
            hint="GITHUB_EVENT_PATH is set by the runner; no step should change it.",
        ) from None
    return read_event(environ, payload)


def judge(event: Event, environ: Mapping[str, str], asked: Inputs, token: str) -> Ruling:
    """Whether this event may start a run.  What cannot be looked up is a no."""
    allowed = Allowed(bots=asked.allow_bots)
    if not event.needs_pull_request and not policy.logins_to_ask(event):
        return Ruling(event, policy.decide(event, {}, allowed))
    if not token:
        return Ruling(event, policy.decide(event, _unknown(event, NO_TOKEN), allowed))
    try:
        with Api(api.connection(environ, token)) as github:
            return _looked_up(event, github, allowed)
    except HostError as why:
        return Ruling(event, policy.decide(event, _unknown(event, why.message), allowed))


def _unknown(event: Event, why: str) -> dict[str, Right | Unknown]:
    return {login: Unknown(why) for login in policy.logins_to_ask(event)}


def _looked_up(event: Event, github: Api, allowed: Allowed) -> Ruling:
    if event.needs_pull_request:
        pull = github.pull(event.subject.number)
        event = with_pull_request(event, pull, github.committed_at(pull.head.sha))
    if allowed.bots:
        allowed = replace(allowed, own=github.viewer())
    right = github.sources().right
    rights = {login: right(login) for login in policy.logins_to_ask(event)}
    return Ruling(event, policy.decide(event, rights, allowed))
