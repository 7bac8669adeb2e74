"""What an event asks for, done: a run may begin or go on, one is ended, or help is given.

Only after `judge` has said that whoever asks may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar

from gump_action.action.asking.answer import Answer
from gump_action.action.asking.known import Known
from gump_action.action.asking.past import Past, goes_on
from gump_action.action.given.spec import AUTO, is_auto
from gump_action.action.job.log import Log
from gump_action.action.saying.announced import STOPPED, Announced
from gump_action.errors import HostError, InputError
from gump_action.host import api
from gump_action.host.api import Api
from gump_action.host.asking import asked, standing
from gump_action.host.asking.asked import ASKED, Again, Help, Quiet, Start, Stop
from gump_action.host.asking.standing import Standing
from gump_action.host.event import Event
from gump_action.host.inputs import Inputs
from gump_action.host.said.facts import server_of
from gump_action.host.trigger import loops
from gump_action.host.words import prose

T = TypeVar("T")
_PATIENCE = 15.0


@dataclass(frozen=True)
class Go:
    """A run: the inputs as they count, the event that its spec is made of, and step outputs."""

    inputs: Inputs
    event: Event
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Done:
    """Nothing is run; `why` is Markdown of ours.

    What is `quiet` stands in the log alone; only what was `refused` can be red.
    """

    why: str
    kind: Literal["quiet", "answered", "refused"]


@dataclass(frozen=True)
class Asker:
    """One event that was judged, with the inputs of the job.  `writes` says that it may answer.

    `refusal` is why no run may begin of it all the same; what runs no agent is done.
    """

    environ: Mapping[str, str]
    given: Inputs
    event: Event
    token: str = field(repr=False)
    log: Log
    writes: bool = True
    refusal: str = ""


def settle(asker: Asker) -> Go | Done:
    """Raises InputError where a dispatch names what there is not."""
    given, event, environ = asker.given, asker.event, asker.environ
    known = Known(Path(given.working_directory), given.workflow)
    wish = asked.wish_of(event, given.workflow, _names(known, event, given))
    if isinstance(wish, Quiet):
        return Done(wish.why, "quiet")
    try:
        connection = api.connection(environ, asker.token)
    except HostError as why:
        asker.log.say(f"GitHub is not asked anything: {why.message}")
        if asker.refusal:
            return _refused(asker.refusal, event)
        return _without_token(wish, given, event, known)
    with Api(connection, patience=_PATIENCE) as github:
        number = asked.comment_on(event, given.comment)
        server = server_of(environ)
        past = Past(environ, event, number, github, known, given.allow_bots)
        answer = Answer(event, github, asker.log, server)
        return _Settling(asker, known, past, answer).of(wish)


def _names(known: Known, event: Event, given: Inputs) -> dict[str, tuple[str, ...]]:
    """What can be asked for; where nothing is asked for, no file is read."""
    if not asked.names_one(event, given.workflow):
        return {}
    return {name: known.inputs_of(name) for name in known.all}


def _without_token(wish: asked.Wish, given: Inputs, event: Event, known: Known) -> Go | Done:
    """Nobody can be answered, and nothing looked up."""
    if isinstance(wish, Start):
        return _Choice(given, event, known).of(wish.workflow, wish)
    if isinstance(wish, Help) and wish.fault:
        return _refused(wish.fault, event)
    return Done("`github-token` is empty, so this cannot be answered", "refused")


def _refused(fault: str, event: Event) -> Done:
    if not event.number:
        raise InputError(f"What was asked for cannot be run. {fault}")
    return Done(f"what was asked for cannot be done: {fault}", "refused")


@dataclass(frozen=True)
class _Choice:
    """What the event asks for stands on top of what the inputs say."""

    given: Inputs
    event: Event
    known: Known

    def of(self, name: str, wish: Start | Again, again: str = "") -> Go:
        inputs = self._inputs(name, wish)
        outputs = {
            "workflow": inputs.workflow,
            "set": "\n".join(inputs.sets),
            "again": again,
        }
        text = wish.text if isinstance(wish, Start) else ""
        return Go(inputs, asked.with_request(self.event, text), outputs)

    def _inputs(self, name: str, wish: Start | Again) -> Inputs:
        given = self.given
        theirs = wish.sets if isinstance(wish, Start) else ()
        if given.workflow == ASKED:
            # A host workflow may give values for several; each gets those that it declares.
            ours = asked.declared(given.sets, self.known.inputs_of(name))
            given = replace(given, workflow=name, sets=ours)
        is_asked = isinstance(wish, Again) or wish.is_asked
        is_open = is_asked and not given.spec and not given.spec_file
        spec = AUTO if is_open else given.spec
        return replace(given, sets=asked.merged(given.sets, theirs), spec=spec)


@dataclass(frozen=True)
class _Settling:
    asker: Asker
    known: Known
    past: Past
    answer: Answer

    @property
    def given(self) -> Inputs:
        return self.asker.given

    @property
    def event(self) -> Event:
        return self.asker.event

    def of(self, wish: Start | Again | Stop | Help) -> Go | Done:
        match wish:
            case Help(fault):
                return self._help(fault)
            case Stop(workflow):
                return self._stop(workflow)
        if self.asker.refusal:
            return self._help(prose(self.asker.refusal))
        match wish:
            case Again(workflow):
                return self._again(workflow, wish)
        why = "" if asked.is_by_person(self.event) else self._why_not(wish.workflow)
        return Done(why, "refused") if why else self._go(wish.workflow, wish)

    def _go(self, name: str, wish: Start | Again, again: str = "") -> Go:
        self._react("eyes")
        found = _Choice(self.given, self.event, self.known).of(name, wish, again)
        if isinstance(wish, Start) and wish.text and not is_auto(found.inputs):
            self.asker.log.say("The text behind the command is not used: a spec is given already.")
        return found

    def _why_not(self, name: str) -> str:
        """Why this does not begin by itself.  Where GitHub cannot be asked, it does."""
        event, past = self.event, self.past
        own = self._look(past.github.viewer, "") if loops.needs_own(event) else ""
        message = event.message
        if loops.needs_message(event):
            message = self._look(past.message, message)
        known = self._look(lambda: past.of([name])[name], Standing())
        others: tuple[Standing, ...] = self._look(past.all, ())
        is_told = any(each.last and each.last.run == loops.run_of(message) for each in others)
        is_counted = bool(self.given.max_runs and (known.runs or is_told))
        ours = loops.why_not(event, message, own, is_counted=is_counted)
        if ours or standing.is_asked_elsewhere(known, others):
            return ours
        return standing.why_not(known, self.given.max_runs, past.own) or self._not_mended(known)

    def _not_mended(self, known: Standing) -> str:
        """Why CI that failed again starts nothing: in the way that the last run was to mend."""
        before, upstream = standing.was_to_mend(known), self.event.upstream
        if not before or not upstream or self.past.own in known.host_runs:
            return ""
        if before == (upstream.id, upstream.attempt):
            return standing.FOLLOWED
        look = self.past.failure_of
        was = self._look(lambda: look(*before), "")
        same = was and was == self._look(lambda: look(upstream.id, upstream.attempt), "")
        return standing.NOT_MENDED if same else ""

    def _look(self, ask: Callable[[], T], otherwise: T) -> T:
        try:
            return ask()
        except HostError as why:
            self.asker.log.say(f"What there was before could not be looked up: {why.message}")
            return otherwise

    def _again(self, name: str, wish: Again) -> Go | Done:
        found: Mapping[str, Standing] = {}
        try:
            found = self.past.of([name] if name else [*self.known.all])
            name = name or standing.newest(found)
            if name and any(map(self.past.is_under_way, self._before(found[name]))):
                return self._help("The last run is still under way. End it by `/gump stop` first.")
        except HostError as why:
            self.asker.log.say(f"What ran here before could not be looked up: {why.message}")
        if not name:
            return self._help("No run is known here that could go on. Ask for a workflow by name.")
        known = found.get(name, Standing())
        last = self._look(lambda: self.past.newest_kept(known), known.last)
        return self._go(name, wish, goes_on(last, self.past.own))

    def _before(self, known: Standing) -> list[int]:
        """The host runs that could be gone on with."""
        last = [known.last.host_run] if known.last else []
        return [*standing.announced_since(known, self.past.own), *last]

    def _stop(self, name: str) -> Done:
        try:
            known = self.past.of([name] if name else [*self.known.all]).values()
            runs = self.past.under_way(known)
            for run in runs if self.asker.writes else ():
                self.past.cancel(run)
        except HostError as why:
            # The hint is in words of ours, the message may hold GitHub's.
            fault = f"{prose(why.message)} {why.hint}"
            return self._help(f"What is under way could not be ended. {fault}")
        self._close({run for each in known for run in each.announced})
        self._react("+1")
        what = f"host run {', '.join(map(str, runs))} is being cancelled" if runs else ""
        return Done(f"a stop was asked for: {what or 'nothing is under way here'}", "answered")

    def _close(self, host_runs: set[int]) -> None:
        """None of them tells anything any more: the job that would have is not begun."""
        if self.asker.writes:
            word = Announced(self.past.github, self.past.number, self.asker.environ)
            self._look(lambda: word.close(host_runs, STOPPED), None)

    def _help(self, fault: str) -> Done:
        done = _refused(fault, self.event) if fault else None
        if fault:
            self._react("confused")
        if self.event.number and self.given.comment != "never" and self.asker.writes:
            self.answer.write(fault, self.known.all)
        return done or Done("help was asked for, so nothing is run", "answered")

    def _react(self, content: api.Reaction) -> None:
        if self.asker.writes:
            self.answer.react(content)
