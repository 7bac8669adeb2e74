"""Judges the event of this job: looks up what is not in its payload, and lets `policy` decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gump_action.errors import HostError, InputError
from gump_action.host import api, policy
from gump_action.host.api import Api
from gump_action.host.event import Event, Push
from gump_action.host.github.activity import Activity
from gump_action.host.inputs import Inputs
from gump_action.host.policy import MayRun, Skip
from gump_action.host.trigger import code
from gump_action.host.trigger.reading import read_event, with_pull_request
from gump_action.host.trigger.rights import Allowed, Right, Rights, Unknown

NO_TOKEN = "`github-token` is empty"
_MOST = 20
"""Pushes since somebody asked: of each the commit is looked up."""


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


def judge(
    event: Event, environ: Mapping[str, str], asked: Inputs, token: str, *, runs_agents: bool = True
) -> Ruling:
    """Whether this event may start a run.  What cannot be looked up is a no.

    Without `runs_agents` this job only publishes what another one has made.
    """
    found = _Found(event, Allowed(bots=asked.allow_bots))
    if event.needs_pull_request or policy.logins_to_ask(event):
        found = _looked_up(found, environ, token, runs_agents=runs_agents)
    decision = policy.decide(found.event, found.rights, found.allowed, runs_agents=runs_agents)
    return Ruling(found.event, decision)


@dataclass(frozen=True)
class _Found:
    event: Event
    allowed: Allowed
    rights: Rights = field(default_factory=dict)


def _looked_up(
    found: _Found, environ: Mapping[str, str], token: str, *, runs_agents: bool
) -> _Found:
    if not token:
        return replace(found, rights=_unknown(found.event, NO_TOKEN))
    try:
        with Api(api.connection(environ, token)) as github:
            return _asked(found, github, runs_agents=runs_agents)
    except HostError as why:
        return replace(found, rights=_unknown(found.event, why.message))


def _unknown(event: Event, why: str) -> dict[str, Right | Unknown]:
    return {login: Unknown(why) for login in policy.logins_to_ask(event)}


def _asked(found: _Found, github: Api, *, runs_agents: bool) -> _Found:
    event, allowed = found.event, found.allowed
    if event.needs_pull_request:
        pull = github.pull(event.number)
        event = with_pull_request(event, pull, github.committed_at(pull.head.sha))
    if runs_agents and code.needs_pushes(event):
        event = replace(event, pushes=_pushes(event, github))
    if allowed.bots or event.pushes:
        allowed = replace(allowed, own=github.viewer())
    right = github.sources().right
    return _Found(event, allowed, {login: right(login) for login in policy.logins_to_ask(event)})


def _pushes(event: Event, github: Api) -> tuple[Push, ...] | None:
    """None where that cannot be looked up: then none of them was ours."""
    assert event.head, "only what has a head needs its pushes"
    activity = github.part(Activity)
    try:
        told = activity.pushes(event.head.ref)
        found = code.since(event.head.sha, told, event.text.written_at)
        if found is None or len(found) > _MOST:
            return None
        return tuple(map(activity.with_commit, found))
    except HostError:
        return None
