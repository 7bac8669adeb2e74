"""Reads what started this job from GitHub's variables and payload, once, into `event`'s words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import ValidationError

from gump_action.errors import InputError
from gump_action.host import answers
from gump_action.host.event import (
    COMMIT,
    LOGIN,
    Event,
    Job,
    Kind,
    People,
    Person,
    Repository,
    Side,
    Spot,
    Subject,
    Text,
)
from gump_action.host.trigger import payload as p
from gump_action.host.trigger.upstream import bot_of, person_of, side_of, suite_of, upstream_of

_WORKFLOW = re.compile(r"[^/]+/[^/]+/(?P<path>[^@]+\.ya?ml)@.+", re.DOTALL)
_FAULTS = 5
# Who does one of these speaks for what is written there, whoever wrote it.
ENDORSING = frozenset({
    "labeled", "unlabeled", "assigned", "unassigned", "milestoned", "demilestoned",
    "review_requested", "review_request_removed",
})  # fmt: skip

Form = TypeVar("Form", bound=p.Part)


def read_event(environ: Mapping[str, str], payload: str | bytes) -> Event:
    """The event of this job, from the `GITHUB_*` variables and the text of the payload.

    Raises InputError, one for all faults.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    told = _parse(p.Payload, payload, f"the payload of the event {name!r}")
    kind = next((kind for kind in Kind if kind == name), Kind.UNKNOWN)
    _require(kind, told)
    event = Event(
        kind=kind,
        name=name,
        action=told.action or "",
        repository=_repository(environ, told.repository),
        people=_people(environ, kind, told),
        subject=_subject(environ, kind, told),
        job=_job(environ),
        text=_text(told),
        label=told.label.name if told.label else "",
        wanted=_wanted(told.inputs),
        message=_message(told),
        is_closed=_is_closed(told),
    )
    return _with_commits(event, told)


def with_pull_request(event: Event, pull: answers.Pull, committed_at: str) -> Event:
    """The event with the commits of its pull request, as GitHub was asked for them.

    The base of one that was checked stays that of the event.
    `committed_at` is the time of the head commit (`commit.committer.date`), asked for too.
    """
    if pull.number != event.number:
        raise InputError(f"asked for pull request {event.number}, GitHub told of {pull.number}.")
    author = pull.author
    opener = Person(author.login, author.kind) if author.login else None
    head = replace(_looked_up(pull.head), committed_at=committed_at)
    people = replace(event.people, opener=opener)
    is_closed = pull.state == "closed"
    base = event.base or _looked_up(pull.base)
    return replace(event, people=people, head=head, base=base, is_closed=is_closed)


def _looked_up(side: answers.Side) -> Side:
    if not COMMIT.fullmatch(side.sha):
        raise InputError(f"GitHub tells of the commit {side.sha!r}, which is none.")
    return Side(side.sha, side.ref, side.repository, side.full_name, side.pushed)


def _parse(form: type[Form], raw: str | bytes, what: str) -> Form:
    try:
        return form.model_validate_json(raw)
    except ValidationError as why:
        faults = [
            f"{'.'.join(str(part) for part in each['loc']) or 'as a whole'}: {each['msg']}"
            for each in why.errors(include_input=False, include_url=False)
        ]
        more = [f"and {len(faults) - _FAULTS} more"] if len(faults) > _FAULTS else []
        raise InputError(
            f"{what} is not as GitHub describes it: {'; '.join(faults[:_FAULTS] + more)}.",
            hint="Look at the file that GITHUB_EVENT_PATH names.",
        ) from None


_PARTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PULL_REQUEST: ("pull_request",),
    Kind.PULL_REQUEST_TARGET: ("pull_request",),
    Kind.ISSUE_COMMENT: ("issue", "comment"),
    Kind.REVIEW: ("pull_request", "review"),
    Kind.REVIEW_COMMENT: ("pull_request", "comment"),
    Kind.ISSUES: ("issue",),
    Kind.WORKFLOW_RUN: ("workflow_run",),
    Kind.CHECK_SUITE: ("check_suite",),
    Kind.CHECK_RUN: ("check_run",),
    Kind.MERGE_GROUP: ("merge_group",),
}


def _require(kind: Kind, told: p.Payload) -> None:
    missing = [part for part in _PARTS.get(kind, ()) if getattr(told, part) is None]
    if missing:
        raise InputError(
            f"the payload of the event {kind.value!r} has no {' and no '.join(missing)}, "
            "so it does not say what the run is about.",
            hint="Look at the file that GITHUB_EVENT_PATH names.",
        )


def _repository(environ: Mapping[str, str], told: p.Repo | None) -> Repository:
    given = environ.get("GITHUB_REPOSITORY_ID", "")
    number = int(given) if given.isdecimal() else None
    name = environ.get("GITHUB_REPOSITORY", "")
    if told is None:
        return Repository(name, number)
    if number is not None and told.id != number:
        raise InputError(
            f"the payload is of repository {told.id}, and this job of {number}: one is not true."
        )
    return Repository(told.full_name or name, told.id, told.default_branch)


def _people(environ: Mapping[str, str], kind: Kind, told: p.Payload) -> People:
    accounts = _accounts(told)
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "1")
    actor = _login(environ, "GITHUB_ACTOR")
    again = environ.get("GITHUB_TRIGGERING_ACTOR") or (actor if attempt == "1" else "")
    if not again:
        raise InputError(
            f"this is attempt {attempt}, and GITHUB_TRIGGERING_ACTOR does not say who started it."
        )
    again = _login({"GITHUB_TRIGGERING_ACTOR": again}, "GITHUB_TRIGGERING_ACTOR")
    opened = told.pull_request or told.issue
    return People(
        actor=accounts.get(actor, Person(actor)),
        triggering_actor=accounts.get(again, Person(again)),
        sender=person_of(told.sender),
        author=_author(kind, told),
        opener=person_of(opened.user) if opened else None,
    )


def _accounts(told: p.Payload) -> dict[str, Person]:
    """Accounts of the payload by name: only they have a type."""
    written = (told.pull_request, told.issue, told.comment, told.review)
    run = told.workflow_run
    users = [told.sender, *(each.user for each in written if each)]
    users += [run.actor, run.triggering_actor] if run else []
    return {user.login: Person(user.login, user.type) for user in users if user}


def _author(kind: Kind, told: p.Payload) -> Person | None:
    if told.review or told.comment:
        said = told.review or told.comment
        return person_of(said.user) if said else None
    if kind is Kind.WORKFLOW_RUN and told.workflow_run:
        return person_of(told.workflow_run.actor)
    if suite := suite_of(told):
        return bot_of(suite.app)
    opened = told.pull_request or told.issue
    if opened and told.action not in ENDORSING:
        return person_of(opened.user)
    return None if kind is Kind.SCHEDULE else person_of(told.sender)


def _login(environ: Mapping[str, str], variable: str) -> str:
    given = environ.get(variable, "")
    if not LOGIN.fullmatch(given):
        raise InputError(f"{variable} is {given!r}, which is no name of an account.")
    return given


def _subject(environ: Mapping[str, str], kind: Kind, told: p.Payload) -> Subject:
    if told.pull_request:
        return Subject("pull_request", told.pull_request.number)
    if told.issue:
        is_pull = told.issue.pull_request is not None
        return Subject("pull_request" if is_pull else "issue", told.issue.number)
    if kind is Kind.SCHEDULE:
        return Subject("schedule", name=told.schedule or "")
    ref = environ.get("GITHUB_REF", "")
    if kind in (Kind.WORKFLOW_DISPATCH, Kind.REPOSITORY_DISPATCH):
        return Subject("dispatch", name=ref)
    return Subject("ref", name=ref)


def _job(environ: Mapping[str, str]) -> Job:
    attempt, sha = environ.get("GITHUB_RUN_ATTEMPT", "1"), environ.get("GITHUB_SHA", "")
    if not attempt.isdecimal():
        raise InputError(f"GITHUB_RUN_ATTEMPT is {attempt!r}, which is no number.")
    if not COMMIT.fullmatch(sha):
        raise InputError(f"GITHUB_SHA is {sha!r}, which is no commit.")
    workflow = _WORKFLOW.fullmatch(environ.get("GITHUB_WORKFLOW_REF", ""))
    return Job(
        run_id=environ.get("GITHUB_RUN_ID", ""),
        attempt=int(attempt),
        workflow_path=workflow["path"] if workflow else "",
        sha=sha,
        ref=environ.get("GITHUB_REF", ""),
    )


def _text(told: p.Payload) -> Text:
    opened, said = told.pull_request or told.issue, told.review or told.comment
    return Text(
        title=opened.title if opened else "",
        body=(opened.body or "") if opened else "",
        comment=(said.body or "") if said else "",
        written_at=(said.submitted_at or said.created_at or "") if said else "",
        id=(said.id or 0) if said else 0,
        spot=_spot(said) if said else None,
        changed_at=(opened.updated_at or "") if opened else "",
    )


def _wanted(inputs: Mapping[str, object] | None) -> str:
    name = (inputs or {}).get("workflow", "")
    return name.strip() if isinstance(name, str) else ""


def _message(told: p.Payload) -> str:
    followed = told.workflow_run or suite_of(told)
    commit = followed.head_commit if followed else told.head_commit
    return commit.message if commit else ""


def _is_closed(told: p.Payload) -> bool:
    opened = told.pull_request or told.issue
    return opened is not None and opened.state == "closed"


def _spot(said: p.Written) -> Spot | None:
    return Spot(said.path, said.line or 0, said.diff_hunk or "") if said.path else None


def _with_commits(event: Event, told: p.Payload) -> Event:
    ours = event.repository.id
    if told.pull_request:
        pull = told.pull_request
        return replace(event, head=side_of(pull.head), base=side_of(pull.base))
    if told.merge_group:
        group = told.merge_group
        head = Side(group.head_sha, group.head_ref, ours)
        return replace(event, head=head, base=Side(group.base_sha, group.base_ref, ours))
    upstream, base = upstream_of(event.kind, told, ours)
    return replace(event, upstream=upstream, base=base)
