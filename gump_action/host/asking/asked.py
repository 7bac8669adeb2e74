"""Which workflow an event asks for: decided from its words alone, without looking anything up.

Who may ask is `policy`'s; what is done about the answer is `action.asking.wishes`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath

from gump_action.host.asking.command import (
    Command,
    Fault,
    Verb,
    Workflows,
    parse_command,
    speaks_to_us,
)
from gump_action.host.event import Event, Kind
from gump_action.host.inputs import Commenting
from gump_action.host.marks import begins_as_ours
from gump_action.host.words import code

ASKED = "asked"
"""The value of the input `workflow` that leaves it to the event which one is run."""
LABEL = "gump:"
"""What a label begins with that asks for the workflow behind it."""

_SAID = (Kind.ISSUE_COMMENT, Kind.REVIEW_COMMENT, Kind.REVIEW)
_ASKING = ("labeled", "assigned", "review_requested")
_LABELED = (Kind.PULL_REQUEST, Kind.PULL_REQUEST_TARGET, Kind.ISSUES)


@dataclass(frozen=True)
class Start:
    """Run it, with these values (`NAME=VALUE`) on top of the host workflow's; `text` is free.

    `is_asked`: the event names the workflow; else it is only the one that the input names.
    """

    workflow: str
    sets: tuple[str, ...] = ()
    text: str = ""
    is_asked: bool = True


@dataclass(frozen=True)
class Again:
    """Go on with the last run of this workflow; empty: of whichever ran last."""

    workflow: str


@dataclass(frozen=True)
class Stop:
    """Cancel what is under way of this workflow; empty: of any."""

    workflow: str


@dataclass(frozen=True)
class Help:
    """Say what can be asked for; `fault` is what was wrong, as Markdown."""

    fault: str = ""


@dataclass(frozen=True)
class Quiet:
    """It does not speak to us; `why` is for the log alone."""

    why: str


Wish = Start | Again | Stop | Help | Quiet


def name_of(workflow: str) -> str:
    """The name by which people ask for what the input `workflow` names; empty where it asks."""
    if workflow == ASKED:
        return ""
    path = PurePath(workflow)
    return path.stem if path.suffix in (".yaml", ".yml") else path.name


def quiet(event: Event, workflow: str) -> Quiet | None:
    """Where the event does not speak to us, whatever workflows there are: nothing is looked up."""
    if event.kind in _SAID:
        return _quiet_comment(event, workflow)
    if _is_label(event):
        wanted, ours = event.label.removeprefix(LABEL), name_of(workflow)
        return _other(wanted) if ours and wanted != ours else None
    if workflow != ASKED or event.kind is Kind.WORKFLOW_DISPATCH:
        return None
    return Quiet(
        f"Nothing in this event ({event.name}) says which workflow is wanted: a comment says it "
        f"by `/gump NAME`, a label by its name `{LABEL}NAME`, a dispatch by its input `workflow`."
    )


def _is_label(event: Event) -> bool:
    is_set = event.kind in _LABELED and event.action == "labeled"
    return is_set and event.label.startswith(LABEL)


def _quiet_comment(event: Event, workflow: str) -> Quiet | None:
    said = event.text.comment
    if begins_as_ours(said):
        return Quiet("This comment is one that gump-action wrote.")
    if speaks_to_us(said) or (event.kind is Kind.REVIEW and workflow != ASKED):
        return None
    return Quiet("This comment does not ask for a run: no line of it begins with `/gump`.")


def _other(wanted: str) -> Quiet:
    return Quiet(f"This asks for the workflow {wanted[:100]!r}, which is not the one of this job.")


def names_one(event: Event, workflow: str) -> bool:
    """Whether the event itself has to say which workflow is wanted."""
    says = event.kind in _SAID and speaks_to_us(event.text.comment)
    return workflow == ASKED or says or _is_label(event)


def wish_of(event: Event, workflow: str, known: Workflows) -> Wish:
    """What is to be done.  `known` are the workflows that can be asked for, that of the input
    among them, with the names of their inputs; none need be known unless the event names one."""
    if silent := quiet(event, workflow):
        return silent
    ours = name_of(workflow)
    if event.kind in _SAID and speaks_to_us(event.text.comment):
        return _of_comment(parse_command(event.text.comment, known), ours)
    if _is_label(event):
        return _named(event.label.removeprefix(LABEL), known)
    return Start(ours, is_asked=False) if ours else _named(event.wanted, known)


def _of_comment(asked: Command | Fault | None, ours: str) -> Wish:
    if asked is None or isinstance(asked, Fault):
        return Help(asked.why if asked else "")
    if asked.verb is not Verb.HELP and ours and asked.workflow not in ("", ours):
        return _other(asked.workflow)
    match asked.verb:
        case Verb.RUN:
            sets = tuple(f"{name}={value}" for name, value in asked.sets)
            return Start(asked.workflow, sets, asked.text)
        case Verb.AGAIN:
            return Again(asked.workflow or ours)
        case Verb.STOP:
            return Stop(asked.workflow or ours)
    return Help()


def _named(name: str, known: Workflows) -> Wish:
    # Never a path: what asks chooses among what the project has made ready for it.
    if name in known:
        return Start(name)
    names = ", ".join(map(code, sorted(known))) or "none"
    wanted = f"There is no workflow {code(name[:100])}" if name else "No workflow is named"
    return Help(f"{wanted} to ask for. Workflows: {names}.")


def comment_on(event: Event, wanted: Commenting) -> int:
    """The pull request or issue that the comment stands on; 0 for none.

    On an issue it stands by itself only where somebody asked there: that is the answer.
    """
    is_pull = event.pull_number > 0
    says = event.kind in _SAID and speaks_to_us(event.text.comment)
    is_wanted = wanted == "always" or (wanted == "auto" and (is_pull or says or _is_label(event)))
    return event.number if is_wanted else 0


def with_request(event: Event, text: str) -> Event:
    """The event as specs are made of it: what is asked for is the free text, where there is one."""
    return replace(event, text=replace(event.text, comment=text)) if text else event


def is_by_person(event: Event) -> bool:
    """Whether somebody asked for just this: such a run is never one too many.

    A push, a pull request that was opened, a host run that failed ask for nothing by themselves.
    """
    people = event.people
    if event.job.attempt > 1:
        return not people.triggering_actor.is_bot
    if (people.sender or people.actor).is_bot:
        return False
    return event.kind in (*_SAID, Kind.WORKFLOW_DISPATCH) or event.action in _ASKING


def merged(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    """Values of the host workflow, and those that were asked for in the place of theirs."""
    given = {line.partition("=")[0] for line in theirs}
    return (*(line for line in ours if line.partition("=")[0] not in given), *theirs)


def declared(lines: tuple[str, ...], inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Those for inputs that the chosen workflow has: a host workflow may give for several."""
    return tuple(line for line in lines if line.partition("=")[0] in inputs)
