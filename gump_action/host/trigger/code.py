"""Whether the code is what whoever asked has seen: for jobs in which agents work on it.

A job that only publishes compares the branch itself, at the last moment.
"""

from __future__ import annotations

from collections.abc import Sequence

from gump_action.host.event import Event, Kind, Person, Push
from gump_action.host.trigger.moments import is_newer_than
from gump_action.host.trigger.rights import Allowed, Right, Rights

COMMENTS = (Kind.ISSUE_COMMENT, Kind.REVIEW, Kind.REVIEW_COMMENT)


def why_not(event: Event, rights: Rights, allowed: Allowed) -> str:
    """Why no agent works on it, for people; empty where one may."""
    if _is_asked_of_closed(event):
        return (
            f"Pull request {event.subject.number} is closed, so no result could come onto it. "
            "Reopen it and ask again, or ask on another one."
        )
    if not _has_newer_commit(event) or _is_taken_in(event, rights, allowed):
        return ""
    head = event.head
    assert head, "only what has a head has a newer one"
    moments = " or ".join(_moments(event)) or "unknown time"
    return (
        f"The pull request may have been pushed to after this was written ({event.text.written_at}"
        f"; its head {head.sha[:12]} is of {moments}), so it may not be the code that was meant. "
        "Look at it again, and write a new comment."
    )


def needs_pushes(event: Event) -> bool:
    """Whether it decides who has pushed since the text was written: see `Event.pushes`."""
    return event.is_fork is False and _has_newer_commit(event)


def since(head: str, told: Sequence[Push], written_at: str) -> tuple[Push, ...] | None:
    """Those by which the branch came to this head after the text; None where they do not show it.

    `told` are the newest ones, the last first, with GitHub's own times.
    """
    found, at = list[Push](), head
    for push in told:
        if push.after != at:
            return None
        if not is_newer_than(written_at, push.at):
            return tuple(found)
        found.append(push)
        at = push.before
    return None


def pushers(event: Event) -> tuple[Person, ...]:
    """Whose rights decide whether a job that is run again takes in what they pushed."""
    pushes = event.pushes or () if event.job.attempt > 1 else ()
    return tuple(push.by for push in pushes if push.by)


def _is_asked_of_closed(event: Event) -> bool:
    """What happens by itself when one is closed is another matter."""
    is_asked = event.kind in COMMENTS or event.action == "labeled"
    return is_asked and event.is_closed and event.subject.kind == "pull_request"


def _has_newer_commit(event: Event) -> bool:
    """A comment speaks of the code that its author saw: not of what was pushed after it.

    A payload holds the head of its own moment; only what was looked up may have moved by then.
    Whoever makes a commit sets its time, so of a fork the last push counts too. A branch of this
    repository only those can push to who may write.
    """
    if event.kind not in COMMENTS or event.head is None:
        return False
    return is_newer_than(event.text.written_at, *_all_moments(event))


def _moments(event: Event) -> list[str]:
    return [each for each in _all_moments(event) if each]


def _all_moments(event: Event) -> list[str]:
    """Empty ones are unknown."""
    head = event.head
    if head is None:
        return []
    moments = [head.committed_at] if event.kind is Kind.ISSUE_COMMENT else []
    return moments + ([head.pushed_at] if event.is_fork else [])


def _is_taken_in(event: Event, rights: Rights, allowed: Allowed) -> bool:
    """All that came in was pushed by runs of ours; or, where the job is run again, by such as may
    write: whoever runs it again asks again, and was judged for it."""
    if event.is_fork is not False or event.pushes is None:
        return False
    may_be_others = event.job.attempt > 1
    return all(
        _is_ours(push, allowed) or (may_be_others and _may_write(push.by, rights, allowed))
        for push in event.pushes
    )


def _is_ours(push: Push, allowed: Allowed) -> bool:
    """Anybody can write the trailers of a run into a commit, but not push it as us."""
    if not push.is_of_run or push.by is None:
        return False
    names = {allowed.own.casefold(), *map(str.casefold, allowed.bots)}
    return push.by.login.casefold() in names


def _may_write(person: Person | None, rights: Rights, allowed: Allowed) -> bool:
    if person is None:
        return False
    login = person.login.casefold()
    if person.is_bot:
        return login in map(str.casefold, allowed.bots)
    known = {name.casefold(): right for name, right in rights.items()}
    right = known.get(login)
    return isinstance(right, Right) and right.may_write
