"""What of ours must not start more of ours: pushes, by whoever they look to be."""

from __future__ import annotations

import re

from gump_action.host.event import Event, Kind, Person

_TRAILER = re.compile(r"Gump-Run: (\S+)", re.IGNORECASE)
_PULLS = (Kind.PULL_REQUEST, Kind.PULL_REQUEST_TARGET)
_BRANCH = re.compile(r"gump/[a-z0-9-]+-[0-9a-f]{8}")
"""A task's own (`publishing.tasks.branch_of`)."""


def run_of(message: str) -> str:
    """The id of the run that made the commit, as its last paragraph says; empty for others'."""
    last = re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n").strip())[-1]
    found = [match for line in last.split("\n") if (match := _TRAILER.match(line))]
    return found[0][1] if found else ""


def is_ours(message: str) -> bool:
    """Whether a run of ours made the commit."""
    return bool(run_of(message))


def needs_message(event: Event) -> bool:
    """Whether the head's message decides, and is not in the payload."""
    is_followed = event.upstream is not None and not event.message
    return is_followed or _is_synchronized(event)


def _is_synchronized(event: Event) -> bool:
    return event.kind in _PULLS and event.action == "synchronize"


def needs_own(event: Event) -> bool:
    """Whether it matters who we are: a program has pushed."""
    return _is_push(event) and _pusher(event).is_bot


def _is_push(event: Event) -> bool:
    return event.kind is Kind.PUSH or _is_synchronized(event)


def _pusher(event: Event) -> Person:
    return event.people.sender or event.people.actor


def _is_on_ours(event: Event) -> bool:
    """A pull request of ours into the branch of another one: the third of a chain, in which each
    run opens one for that of the run before.  No two of them have a count in common."""
    if event.kind not in _PULLS or event.action not in ("opened", "edited"):
        return False
    sides = (event.head, event.base)
    return all(side and _BRANCH.fullmatch(side.ref) for side in sides)


def why_not(event: Event, message: str, own: str, *, is_counted: bool) -> str:
    """Why our own push starts nothing; empty where it may.

    A host run that failed after it tells something new, so that may start a run, as long as runs
    are counted: a comment tells of that push, or of runs before it.  `message` is that of the head,
    `own` the account that we speak as, where known.
    """
    if event.job.attempt > 1 and not event.people.triggering_actor.is_bot:
        return ""
    if event.upstream:
        if not is_ours(message) or is_counted:
            return ""
        return (
            "What failed before this is of a commit that a run of ours made, and no comment "
            "of ours counts runs here (it was deleted, could not be written or is not wanted, or "
            "max-runs-per-subject is 0), so it might never end. Re-run all jobs of this host run "
            "to go on all the same. A job that publishes needs `pull-requests: write` to count, "
            "and where it speaks as an app, `allow-bots` has to name that."
        )
    if _is_on_ours(event):
        return (
            "This pull request is of a run of ours, and goes into the branch of another one, so it "
            "might never end. Re-run all jobs of this host run for a run, or ask for one."
        )
    if not _is_push(event):
        return ""
    sender = _pusher(event)
    is_own = sender.is_bot and sender.login.casefold() == own.casefold()
    if not is_own and not is_ours(message):
        return ""
    return (
        "This was pushed by a run of ours, and what we push starts no run of ours. Re-run all "
        "jobs of this host run for one, or write `/gump NAME` where a host workflow takes comments."
    )
