"""Who may start a run: one pure decision over the event and the rights of those who had a part.

Looking rights up is `api`'s; docs/security.md shows the table to people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gump_action.host.event import Event, Kind, Person
from gump_action.host.trigger import code
from gump_action.host.trigger.code import COMMENTS
from gump_action.host.trigger.rights import Allowed, Right, Rights, Unknown
from gump_action.host.trigger.table import TABLE, Role


@dataclass(frozen=True)
class MayRun:
    """The run may start, on this commit. With `takes_base_instructions` the instruction files and
    the gump workflow come from the commit `base` instead."""

    commit: str
    takes_base_instructions: bool = False
    base: str = ""


@dataclass(frozen=True)
class Skip:
    """No run; `why` is for people.

    `is_unknown`: what decides could not be looked up, so another time it may be a yes. `answered`:
    who asks may ask, and only the code stands against it. So they are answered, on what this says,
    and no agent works on it.
    """

    why: str
    is_unknown: bool = False
    answered: MayRun | None = None


def decide(
    event: Event, rights: Rights, allowed: Allowed, *, runs_agents: bool = True
) -> MayRun | Skip:
    """Whether this event starts a run. `rights` are by login, for all of `logins_to_ask`.

    Without `runs_agents` it is a job that only publishes what another one has made.
    """
    why = _of_kind(event) or _of_loop(event, allowed) or _of_checks(event)
    if not why and event.needs_pull_request:
        return Skip(_not_looked_up(event), is_unknown=True)
    if why := why or _of_fork(event, allowed) or _of_moved(event):
        return Skip(why)
    decided = _of_people(event, rights, allowed) or _on_commit(event, rights)
    if isinstance(decided, Skip) or not runs_agents:
        return decided
    why = code.why_not(event, rights, allowed)
    return Skip(why, answered=decided) if why else decided


def logins_to_ask(event: Event) -> tuple[str, ...]:
    """Whose rights have to be looked up, for `decide`. Bots have none: they are named or not."""
    is_vouched = event.kind in TABLE and TABLE[event.kind].is_vouched
    asked = [] if is_vouched else [person for _, person in _judged(event) if person]
    opener = event.people.opener
    if opener and event.subject.kind == "pull_request":
        asked.append(opener)
    asked += code.pushers(event)
    names = {person.login.casefold(): person.login for person in asked if not person.is_bot}
    return tuple(names.values())


def _of_kind(event: Event) -> str:
    row = TABLE.get(event.kind)
    if row is None:
        known = ", ".join(TABLE)
        return f"The event {event.name!r} is not one that starts runs here: {known}."
    if row.actions is not None and event.action not in row.actions:
        wanted = " or ".join(sorted(row.actions))
        why = (
            f"{event.kind} starts a run only when something is {wanted}, and this one was "
            f"{event.action!r}"
        )
        is_written = event.kind in COMMENTS
        return f"{why}: who edits is not who wrote. Write a new one." if is_written else f"{why}."
    return ""


def _not_looked_up(event: Event) -> str:
    return (
        f"Pull request {event.number} could not be looked up, so which commit it is "
        "on is not known, and what is not known is a no."
    )


def _of_loop(event: Event, allowed: Allowed) -> str:
    author = event.people.author
    if event.kind in COMMENTS and author and _is(author, allowed.own):
        return f"{author.login} is who this action speaks as: it does not answer itself."
    upstream = event.upstream
    if upstream and upstream.path and upstream.path == event.job.workflow_path:
        return "The host run before this one is of this same host workflow: it would never end."
    return ""


def _of_checks(event: Event) -> str:
    """GitHub tells whose code was checked by its pull request alone, and of forks names none."""
    upstream = event.upstream
    if not upstream or not upstream.is_suite or upstream.pull:
        return ""
    return (
        "These checks are not of one open pull request of this repository (GitHub names none of "
        "forks here), so whose code was checked is not known, and what is not known is a no."
    )


def _of_moved(event: Event) -> str:
    """A check names its pull request also where that has moved on (`payload.Suite`)."""
    upstream, head = event.upstream, event.head
    if not upstream or not upstream.is_suite or not head or event.job.attempt > 1:
        return ""
    if event.is_closed:
        return f"Pull request {event.number}, whose code was checked, is closed."
    if head.sha == upstream.head.sha:
        return ""
    return (
        f"Checked was {upstream.head.sha[:12]}, and pull request {event.number} is on "
        f"{head.sha[:12]} now, which has checks of its own."
    )


def _of_fork(event: Event, allowed: Allowed) -> str:
    if event.is_fork is False or allowed.forks:
        return ""
    head = event.code
    where = f"the fork {head.repository}" if head and head.repository else "a fork that is gone"
    because = (
        "GitHub gives such a run no secrets, so no agent could log in"
        if event.kind in (Kind.PULL_REQUEST, Kind.REVIEW, Kind.REVIEW_COMMENT)
        else "it would run a stranger's code with the rights of this repository"
    )
    return (
        f"The code is of {where}: {because}. Forks do not run by default. When you have read the "
        "change, push it to a branch of this repository, and open a pull request of that."
    )


def _of_people(event: Event, rights: Rights, allowed: Allowed) -> Skip | None:
    """Why not, of each who lacks the right: the lowest one counts."""
    known = {login.casefold(): right for login, right in rights.items()}
    if TABLE[event.kind].is_vouched:
        persons = [person for _, person in _judged(event) if person]
        known = {**{person.login.casefold(): Right.WRITE for person in persons}, **known}
    judged = [*_judged(event)]
    refused = [_of_person(person, role, known, allowed) for role, person in judged]
    unknown = [_of_doubt(person, role, known) for role, person in judged]
    reasons = dict.fromkeys(filter(None, (*refused, *unknown)))
    return Skip(" ".join(reasons), is_unknown=not any(refused)) if reasons else None


def _judged(event: Event) -> Iterator[tuple[Role, Person | None]]:
    """Each account once, with its first role; None where GitHub names nobody."""
    seen = set[str]()
    for role in TABLE[event.kind].judged if event.kind in TABLE else ():
        person = _in_role(event, role)
        is_absent = person is None and role in (Role.SENDER, Role.UPSTREAM_AGAIN)
        if is_absent or (role is Role.AGAIN and _is_started_by_clock(event)):
            continue
        if person is None or person.login.casefold() not in seen:
            yield role, person
        if person:
            seen.add(person.login.casefold())


def _is_started_by_clock(event: Event) -> bool:
    return event.kind is Kind.SCHEDULE and event.job.attempt == 1


def _in_role(event: Event, role: Role) -> Person | None:
    people, upstream = event.people, event.upstream
    persons = {
        Role.ACTOR: people.actor,
        Role.AGAIN: people.triggering_actor,
        Role.SENDER: people.sender,
        Role.AUTHOR: people.author,
        Role.OPENER: people.opener,
        Role.UPSTREAM: people.author,
        Role.UPSTREAM_AGAIN: upstream.triggering_actor if upstream else None,
    }
    return persons[role]


def _of_person(person: Person | None, role: Role, rights: Rights, allowed: Allowed) -> str:
    if person is None:
        return (
            f"GitHub does not name the account {role} (it may be deleted), so nobody can say what "
            "it may do, and what is not known is a no."
        )
    if person.is_bot:
        return "" if any(_is(person, name) for name in allowed.bots) else _of_bot(person, role)
    right = _right_of(person, rights)
    if isinstance(right, Unknown) or right.may_write:
        return ""
    return (
        f"{person.login} ({right}), {role}, may not start a run here: it needs write. "
        "Somebody who may write can start it."
    )


def _of_doubt(person: Person | None, role: Role, rights: Rights) -> str:
    right = _right_of(person, rights) if person and not person.is_bot else None
    if person is None or not isinstance(right, Unknown):
        return ""
    return (
        f"What {person.login}, {role}, may do here could not be looked up ({right.why}), and "
        "what is not known is a no."
    )


def _right_of(person: Person, rights: Rights) -> Right | Unknown:
    return rights.get(person.login.casefold(), Unknown("nobody looked"))


def _of_bot(person: Person, role: Role) -> str:
    return (
        f"{person.login}, {role}, is a bot, and bots start runs only by name: add it to "
        "`allow-bots` in the host workflow if that is wanted."
    )


def _is(person: Person, login: str) -> bool:
    # GitHub's names differ in more than the case of letters.
    return person.login.casefold() == login.casefold()


def _on_commit(event: Event, rights: Rights) -> MayRun | Skip:
    commit = event.code.sha if event.code else event.job.sha
    if not _takes_base(event, rights):
        return MayRun(commit)
    if event.base is None:
        return Skip(
            "Which commit the pull request is based on is not known, so instruction files cannot "
            "be taken from there. Start the run from the pull request itself."
        )
    return MayRun(commit, takes_base_instructions=True, base=event.base.sha)


def _takes_base(event: Event, rights: Rights) -> bool:
    """Unless whoever opened the pull request may write here; a fork or a bot is never trusted."""
    if event.upstream:
        by = ("pull_request", "merge_group")
        return event.upstream.is_suite or event.upstream.event.startswith(by)
    if event.kind is Kind.MERGE_GROUP:
        return True
    if event.subject.kind != "pull_request":
        return False
    opener = event.people.opener
    if opener is None or opener.is_bot or event.is_fork is not False:
        return True
    known = {login.casefold(): right for login, right in rights.items()}
    right = known.get(opener.login.casefold())
    return not (isinstance(right, Right) and right.may_write)
