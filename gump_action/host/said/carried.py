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
    has_gone_on,
)
from gump_action.host.publishing.rules import Refused
from gump_action.host.words import code, prose
from gump_action.system.git_push import NotPushed, Why

_SAID = 400
_IN_REPORT = "The result is `result.patch` in the report artifact of the host run."
_MERGE = (
    "Where runs are asked for by comment, `/gump again` merges what was pushed into this run, asks "
    "its gates again, and publishes the result. Elsewhere apply the patch, or start a new run: a "
    "re-run of this job would end as this one did."
)


def nothing(of: Nothing) -> Delivery:
    return Delivery(Done.NOTHING, of.why, has_no_change=of.has_no_change)


def patch(of: AsPatch) -> Delivery:
    if not of.why:
        return Delivery(
            Done.PATCH, lines=(f"**Not pushed**, as `publish: patch` says. {_IN_REPORT}",)
        )
    lines = (f"**Not pushed:** {prose(of.why)}. {_IN_REPORT}", *([_MERGE] * of.has_moved))
    return Delivery(
        Done.PATCH,
        of.why,
        lines,
        is_wanting=not of.is_final,
        is_for_rerun=not (of.is_final or of.has_moved),
        may_need_edit=of.may_need_edit,
    )


def left(of: LeavePull, pull: Pull) -> Delivery:
    kept = "" if of.holds_result else f" {_IN_REPORT}"
    said = f"**Left as it is:** #{of.number}, since {prose(of.why)}.{kept}"
    return Delivery(Done.LEFT, of.why, (said,), commit=pull.head.sha, pull=of.number, url=pull.url)


def refused(of: Refused) -> Delivery:
    why = "the result changes what it may not, or holds what must not be published"
    said = f"**Not published:** {why}. Each of these holds all of it back:"
    reasons = "\n".join(f"- {each}" for each in of.lines())
    return Delivery(Done.REFUSED, why, (said, reasons, _after(of)), is_wanting=True)


def _after(of: Refused) -> str:
    """The file with the input is that of the commit; no re-run reads it anew."""
    new = "A re-run would end as this one did."
    if not of.may_be_allowed:
        return f"To be published it has to be another result: start a new run. {new}"
    allowed = code("allow-changes: " + ", ".join(of.may_be_allowed))
    return f"Where this is meant, give the input {allowed} and start a new run. {new}"


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
    if not head:
        return patch(AsPatch(f"the branch {to.branch} is gone"))
    return patch(AsPatch(has_gone_on(to.branch, to.expected, head), has_moved=True))


def not_pushed(to: PushTo, of: NotPushed) -> Delivery:
    """A branch that went on, a rule of the repository, a right that lacks, a net that is down."""
    told = f"{of.why}" + (f" ({of.said[:_SAID]})" if of.said else "")
    if of.why in (Why.NETWORK, Why.REFUSED, Why.NO_RIGHT):
        return failed(told, may_need_edit=of.why is Why.NO_RIGHT)
    has_moved, may_need_edit = of.why is Why.MOVED, of.why is Why.WORKFLOWS
    told = f"{to.branch}: {told}"
    return patch(AsPatch(told, has_moved=has_moved, may_need_edit=may_need_edit))


def failed(why: str, *, may_need_edit: bool = False) -> Delivery:
    """The result is in the record; what a re-run of the job does with it is said where it is known
    whether the record was kept."""
    stop = "" if why.endswith((".", "!", "?")) else "."
    return Delivery(
        Done.FAILED,
        why,
        (f"**Not published:** {prose(why)}{stop}",),
        is_wanting=True,
        is_for_rerun=True,
        may_need_edit=may_need_edit,
    )


SILENT = (
    "It was pushed with the job's own token, and GitHub starts no workflows for such a push: give "
    "`github-token` the token of an app, or close and open the pull request, so that its CI runs."
)
"""docs.github.com, "Triggering a workflow from a workflow"."""
