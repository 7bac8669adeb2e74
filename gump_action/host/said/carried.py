"""What became of a result, said: a `Delivery` for each way in which the carrying of it can end."""

from __future__ import annotations

from gump_action.host.answers import Pull
from gump_action.host.publishing.delivery import Delivery, Done
from gump_action.host.publishing.destination import (
    AsPatch,
    LeavePull,
    Nothing,
    OpenPull,
    PushTo,
    UpdatePull,
)
from gump_action.host.publishing.rules import Refused
from gump_action.host.words import code, prose
from gump_action.system.git_push import NotPushed, Why

_SAID = 400
_MERGE = (
    "Where runs are asked for by comment, `/gump again` merges what came in into this run, asks "
    "its gates again, and publishes it."
)


def nothing(of: Nothing) -> Delivery:
    return Delivery(Done.NOTHING, of.why, has_no_change=of.has_no_change)


def patch(of: AsPatch) -> Delivery:
    said = f"**Not pushed:** {prose(of.why)}. The result is in the report artifact, as a patch."
    lines = (said, _MERGE) if of.has_moved else (said,)
    return Delivery(Done.PATCH, of.why, lines, is_wanting=not of.is_final)


def left(of: LeavePull, pull: Pull) -> Delivery:
    said = f"#{of.number} is left as it is: {prose(of.why)}."
    return Delivery(Done.LEFT, of.why, (said,), commit=pull.head.sha, pull=of.number, url=pull.url)


def refused(of: Refused) -> Delivery:
    lines = of.lines()
    why = "the result changes what it may not, or holds what must not be published"
    return Delivery(
        Done.REFUSED,
        why,
        (f"**Not published:** {why}. All of it is kept back.", *(f"- {x}" for x in lines)),
        is_wanting=True,
    )


def pushed(to: PushTo, commit: str) -> Delivery:
    again = " by an earlier attempt of this job" if to.is_done else ""
    said = f"**Pushed**{again} to {code(to.branch)}: {commit}."
    return Delivery(Done.PUSHED, lines=(said,), commit=commit)


def opened(to: OpenPull, commit: str, pull: Pull) -> Delivery:
    said = f"**Opened** #{pull.number}, from {code(to.push.branch)} into {code(to.into)}."
    return Delivery(Done.OPENED, lines=(said,), commit=commit, pull=pull.number, url=pull.url)


def updated(to: UpdatePull, commit: str, pull: Pull) -> Delivery:
    said = f"**Updated** #{pull.number}: {code(to.push.branch)} is on {commit} now."
    return Delivery(Done.UPDATED, lines=(said,), commit=commit, pull=pull.number, url=pull.url)


def moved(to: PushTo, head: str) -> Delivery:
    """The branch went on between the last look and the push."""
    on = f"is on {head[:12]} now" if head else "is gone"
    return patch(AsPatch(f"{to.branch} {on}, and was on {to.expected[:12]}", has_moved=True))


def not_pushed(to: PushTo, of: NotPushed) -> Delivery:
    """A branch that went on, a rule of the repository, a right that lacks, a net that is down."""
    told = f"{of.why}" + (f" ({of.said[:_SAID]})" if of.said else "")
    if of.why in (Why.NETWORK, Why.REFUSED, Why.NO_RIGHT):
        return failed(told)
    return patch(AsPatch(f"{to.branch}: {told}", has_moved=of.why is Why.MOVED))


def failed(why: str) -> Delivery:
    """Nothing is lost: the result is in the record, and a re-run of the job publishes it."""
    stop = "" if why.endswith((".", "!", "?")) else "."
    said = (
        f"**Not published:** {prose(why)}{stop} When that is put right, **Re-run failed jobs** "
        "publishes the result without running any agent again."
    )
    return Delivery(Done.FAILED, why, (said,), is_wanting=True)


JOBS_BOT = "github-actions[bot]"
SILENT = (
    "It was pushed with the job's own token, and GitHub starts no workflows for such a push: give "
    "`github-token` the token of an app, or close and open the pull request, so that its CI runs."
)
"""docs.github.com, "Triggering a workflow from a workflow"."""
