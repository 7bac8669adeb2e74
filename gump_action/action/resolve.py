"""The first step: reads the inputs, judges the event, and names what the other steps work on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gump_action.action.asking.judge import event_of, judge
from gump_action.action.asking.known import Known
from gump_action.action.asking.wishes import Asker, Done, Go, settle
from gump_action.action.given.commit import Checkout
from gump_action.action.given.spec import Made, is_auto, make_spec
from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, inside, move_aside, place
from gump_action.action.saying import comment
from gump_action.engine.outcome import Verdict
from gump_action.engine.workspace.swap import Swapped
from gump_action.errors import GumpError, InputError
from gump_action.host import api, inputs, words
from gump_action.host.asking.asked import comment_on, is_by_person, quiet
from gump_action.host.asking.origin import origin_of
from gump_action.host.event import Event
from gump_action.host.inputs import Form, Inputs
from gump_action.host.policy import MayRun, Skip
from gump_action.host.publishing import publication
from gump_action.host.publishing.publication import Publication

DRY = "it is a dry run, so nothing was run"
DRY_PUBLISH = "it is a dry run, so nothing is published"
GO = "a run may begin, in the job that comes after this one"
_FROM_BASE = 100


def resolve(environ: Mapping[str, str], log: Log) -> int:
    """The exit code: red where nothing is to be run and `fail-on` says that this is red.

    Raises InputError where an input is wrong: nothing of the job's is touched then.
    """
    form = Form(environ)
    wanted = publication.of_form(form)
    asked = inputs.of_form(form, needs_workflow=wanted.needs_workflow)
    form.check()
    here = place(environ)
    event = event_of(environ)
    if wanted.needs_workflow and (silent := quiet(event, asked.workflow)):
        return _done(Done(silent.why, "quiet"), asked, log)
    ruling = judge(event, environ, asked, _token(environ), runs_agents=wanted.mode != "publish")
    log.outputs({**_names(asked, here), **_handed_on(asked, wanted, here, ruling.event)})
    job = _Job(environ, asked, wanted, ruling.event, log)
    decision = ruling.decision
    if wanted.mode == "publish":
        return job.hand_over(decision)
    if not isinstance(decision, Skip):
        return job.prepare(decision)
    return job.prepare(decision.answered, decision.why) if decision.answered else job.stop(decision)


@dataclass(frozen=True)
class _Job:
    """What this job is asked for, by an event that was judged.  Each way ends in an exit code."""

    environ: Mapping[str, str] = field(repr=False)
    asked: Inputs
    wanted: Publication
    event: Event
    log: Log

    def hand_over(self, decision: MayRun | Skip) -> int:
        """A result that is there is not lost for a look-up that failed: that is said of it."""
        doubt = decision.why if isinstance(decision, Skip) else ""
        if isinstance(decision, Skip) and not decision.is_unknown:
            return _skip(doubt, self.asked, self.log)
        if self.asked.is_dry_run:
            return _skip(DRY_PUBLISH, self.asked, self.log)
        if self.wanted.bundle is None:
            return self._withdraw()
        self.log.outputs({"deliver": "true", "doubt": doubt})
        return 0

    def prepare(self, decision: MayRun, refusal: str = "") -> int:
        """With a `refusal` no agent works, and who asks is told why."""
        asked, log = self.asked, self.log
        swapped = self._look_at(decision, is_code_used=self.wanted.mode != "ask" and not refusal)
        for line in swapped.lines(decision.base):
            log.say(line)
        log.outputs({"from-base": json.dumps([*swapped.taken, *swapped.removed][:_FROM_BASE])})
        writes, token = self.wanted.answers and not asked.is_dry_run, _token(self.environ)
        asker = Asker(self.environ, asked, self.event, token, log, writes=writes, refusal=refusal)
        settled = settle(asker)
        assert isinstance(settled, Done) or not refusal, "no agent works where that is refused"
        if isinstance(settled, Done):
            return _done(settled, asked, log)
        if self.wanted.mode == "ask":
            log.outputs({"go": "true"})
            _announce(self.environ, settled, log)
            return _end(GO, asked, log, may_be_red=False)
        log.outputs({"deliver": str(self.wanted.delivers and not asked.is_dry_run).lower()})
        return _begin(self.environ, settled, log)

    def stop(self, decision: Skip) -> int:
        """What nobody knows is no answer: neither that there is nothing to do, nor a no."""
        if not decision.is_unknown:
            return _skip(decision.why, self.asked, self.log)
        _summarize(words.prose(decision.why), self.log)
        return _end(decision.why, self.asked, self.log, verdict=Verdict.BLOCKED)

    def _look_at(self, decision: MayRun, *, is_code_used: bool) -> Swapped:
        """It holds the code that was judged; where nothing is run, names of workflows will do."""
        _check_folder(self.asked)
        checkout = Checkout(Path(self.asked.working_directory), self.environ, _token(self.environ))
        if is_code_used:
            checkout.check(self.event, decision, is_pushed_to=self.wanted.may_push)
        if not decision.takes_base_instructions:
            return Swapped()
        return checkout.take_instructions(decision.base, self.asked.workflow)

    def _withdraw(self) -> int:
        """The job before this one has left nothing, and could not say so itself."""
        why = self.wanted.reason
        number = comment_on(self.event, self.asked.comment)
        try:
            desk = comment.desk(_on(number, self.environ), _token(self.environ))
            if desk and not desk.withdraw(why):
                self.log.say("Nothing that was announced is there to be withdrawn.")
        except GumpError as error:
            self.log.warn(f"That nothing was run could not be said in the comment: {error}")
        return _skip(f"there is no result to publish: {why}", self.asked, self.log)


def _token(environ: Mapping[str, str]) -> str:
    return environ.get("GUMP_GITHUB_TOKEN", "")


def _on(number: int, environ: Mapping[str, str]) -> dict[str, str]:
    return {**environ, "GUMP_COMMENT_ON": str(number or "")}


def _announce(environ: Mapping[str, str], settled: Go, log: Log) -> None:
    """What is only announced can be stopped, though the job that runs it writes nowhere."""
    number = comment_on(settled.event, settled.inputs.comment)
    known = Known(Path(settled.inputs.working_directory), settled.inputs.workflow)
    try:
        desk = comment.desk(_on(number, environ), _token(environ))
        if desk:
            desk.announce(known.title_of(settled.outputs["workflow"]))
    except GumpError as why:
        log.warn(f"The run could not be announced: {why}")


def _begin(environ: Mapping[str, str], settled: Go, log: Log) -> int:
    """What the run is given; a dry one is said instead."""
    asked, here = settled.inputs, place(environ)
    log.outputs(settled.outputs)
    # What lies there now is no cache entry: the next step reads one, if there is one.
    move_aside(here, here.cached, log)
    with inside(environ):
        if is_auto(asked):
            github = api.connection(environ, _token(environ))
            _tell(make_spec(asked, here, settled.event, github), log)
        plan = _plan(environ, asked, here) if asked.is_dry_run else []
    if asked.is_dry_run:
        for line in plan:
            log.say(line)
        return _skip(DRY, asked, log)
    log.outputs({"run": "true"})
    return 0


def _handed_on(asked: Inputs, wanted: Publication, here: Place, event: Event) -> dict[str, str]:
    """What the steps that write need of the event: agents could write to its file later."""
    bundle = wanted.bundle.name if wanted.bundle else here.key.bundle_name
    subject, has_no_writes = event.subject, wanted.mode == "run"
    upstream = event.upstream
    return {
        "comment-on": "" if has_no_writes else str(comment_on(event, asked.comment) or ""),
        "asked": "person" if is_by_person(event) else "",
        "pull": str(event.pull_number or ""),
        "upstream": f"{upstream.id} {upstream.attempt}" if upstream else "",
        "subject": f"{subject.kind} {subject.number}" if subject.number else "",
        "asked-by": str(origin_of(event) or ""),
        "bundles": str(has_no_writes).lower(),
        "bundle-name": bundle,
        "bundle-path": str(here.bundle),
        "bundle-folder": str(here.bundle.parent),
        "opens-bundle": str(bool(wanted.bundle)).lower(),
    }


def _tell(made: Made, log: Log) -> None:
    for line in made.lines:
        log.say(f"The spec: {line}")
    log.outputs({"spec-digest": made.digest})


def _done(done: Done, asked: Inputs, log: Log) -> int:
    """Nobody's chat makes a job red, nor does what was answered."""
    if done.kind != "quiet":
        _summarize(done.why, log)
    return _end(done.why, asked, log, may_be_red=done.kind == "refused")


def _skip(why: str, asked: Inputs, log: Log) -> int:
    _summarize(words.prose(why), log)
    return _end(why, asked, log)


def _end(
    why: str,
    asked: Inputs,
    log: Log,
    *,
    may_be_red: bool = True,
    verdict: Verdict = Verdict.SKIPPED,
) -> int:
    log.say(f"Nothing is run: {why}")
    log.outputs({"run": "false", "status": str(verdict), "reason": why})
    if not may_be_red or verdict not in asked.fail_on:
        return 0
    return verdict.exit_code or Verdict.FAILED.exit_code


def _summarize(why: str, log: Log) -> None:
    log.summary(f"# gump-action has run nothing\n\n{why}\n")


def _names(asked: Inputs, here: Place) -> dict[str, str]:
    """What the nested actions are given."""
    return {
        "cache-key": here.key.state_name,
        "cache-prefix": here.key.prefix,
        "cache-path": str(here.cached),
        "artifact-name": here.key.state_name,
        "artifact-path": str(here.packed),
        "report-name": here.key.report_name,
        "report-path": str(here.report),
        "reads-cache": "true" if _reads_cache(asked, here) else "false",
    }


def _reads_cache(asked: Inputs, here: Place) -> bool:
    """The first attempt of a job has no earlier one."""
    return asked.state in ("auto", "cache") and here.key.attempt > 1


def _check_folder(asked: Inputs) -> None:
    folder = Path(asked.working_directory)
    is_there = folder.is_dir()
    if not is_there or not any(folder.iterdir()):
        lacks = "is empty" if is_there else "has no such folder"
        raise InputError(
            f"`working-directory` is {asked.working_directory!a}, and the workspace {lacks}, so "
            "there is nothing to work in.",
            hint="Put `uses: actions/checkout` before this step, or name another folder.",
        )


def _plan(environ: Mapping[str, str], asked: Inputs, here: Place) -> list[str]:
    # The engine is dear, and few runs are dry.
    from gump_action import assembly
    from gump_action.action.given.options import options

    return assembly.describe(options(asked, here, Path(), ""), environ)
