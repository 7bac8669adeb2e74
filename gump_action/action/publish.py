"""The last step: says what happened, in the summary, on the pull request, and as outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gump_action import environment
from gump_action.action.doubt import UNSURE, is_doubtful
from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, inside, place, write_anew
from gump_action.action.restore import NOTES
from gump_action.action.saying import comment
from gump_action.engine import apply, record
from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState, fold
from gump_action.errors import GumpError, InputError
from gump_action.host import outputs
from gump_action.host import report as reports
from gump_action.host.kept import is_same_run, stand_of
from gump_action.host.publishing.delivery import Delivery, Done, from_json, judge_again
from gump_action.host.said import carried
from gump_action.host.said.changes import changes_in
from gump_action.host.said.facts import Facts, Kept
from gump_action.providers import KEYS
from gump_action.redaction import Redactor, secrets_of
from gump_action.system.store import LEDGER

NOTHING = "nothing could be done; the log of this action says why"
CUT_OFF = (
    "the step that publishes it was cut off, or did not begin; the log of this action says why"
)
_LONGEST_PATCH = 20_000


def publish(environ: Mapping[str, str], log: Log) -> None:
    """Never changes the verdict of the run: what cannot be said is a warning."""
    with inside(environ):
        _publish(environ, log)


def _publish(environ: Mapping[str, str], log: Log) -> None:
    here = place(environ)
    log.outputs(
        {
            "run-key": here.key.name,
            "resumed-from": environ.get("GUMP_RESUMED_FROM", ""),
            "artifact-name": environ.get("GUMP_ARTIFACT_NAME", ""),
            "bundle": environ.get("GUMP_BUNDLE", ""),
            "go": environ.get("GUMP_GO") or "false",
        }
    )
    skipped = environ.get("GUMP_SKIPPED", "")
    if skipped:
        log.outputs(outputs.of_nothing(Verdict(environ.get("GUMP_STATUS", "")), skipped))
    elif (state := _state(here, environ, log)) is None:
        log.outputs(_of_nothing(from_json(environ.get("GUMP_DELIVERY", ""))))
    else:
        _publish_run(state, here, environ, log)


def _state(here: Place, environ: Mapping[str, str], log: Log) -> RunState | None:
    """What this job has made of the run; None where it has done nothing to it.

    Raises InputError where the record cannot be read; then that is said.
    """
    if not (here.state / LEDGER).is_file():
        return None
    if _is_of_another_job(environ) and not environ.get("GUMP_DELIVERY"):
        return None  # nor has it come in a bundle
    try:
        state = record.read_state(here.state)
    except InputError as why:
        log.outputs(outputs.of_nothing(Verdict.FAILED, why.message))
        raise
    if stand_of(state) == environ.get("GUMP_KNOWN"):
        return None
    if is_doubtful(state, environ):
        log.warn(UNSURE)
        fold((e.RunEnded(seq=state.seq, verdict=Verdict.FAILED, why=UNSURE),), state)
    return state


def _of_nothing(delivery: Delivery | None) -> dict[str, str]:
    """Without a run to tell of: the bundle of another job may not be there."""
    if delivery is None:
        return outputs.of_nothing(Verdict.FAILED, NOTHING)
    return outputs.of_nothing(*delivery.verdict(Verdict.PASSED)) | delivery.outputs


def _publish_run(state: RunState, here: Place, environ: Mapping[str, str], log: Log) -> None:
    delivery = from_json(environ.get("GUMP_DELIVERY", "")) or _cut_off(state, environ)
    judge_again(state, delivery)
    patch = _patch(state, here, environ, log)
    log.outputs(outputs.of_run(state) | _keep(patch, here))
    log.outputs(delivery.outputs if delivery else {})
    if not is_same_run(environ.get("GUMP_KNOWN", ""), state):
        log.outputs({"resumed-from": ""})
    redactor = Redactor(secrets_of(environ, KEYS))
    facts = replace(
        _facts(environ, here.key.attempt),
        changes=changes_in(patch, redactor.clean),
        delivery=delivery,
        patch=_shown(patch) if delivery and delivery.done is Done.PATCH else "",
    )
    report = redactor.mask(reports.report(state, None, facts=facts))
    log.summary(report)
    log.outputs({"report-path": _keep_report(report, here)})
    log.outputs({"comment-url": _comment(state, facts, environ, log)})


def _cut_off(state: RunState, environ: Mapping[str, str]) -> Delivery | None:
    """The step that publishes was to begin, and has said nothing: whether it arrived is unknown."""
    has_passed = state.ended is not None and state.ended.verdict is Verdict.PASSED
    is_cut_off = has_passed and environ.get("GUMP_DELIVERS") == "true"
    return carried.failed(CUT_OFF) if is_cut_off else None


def _shown(patch: bytes) -> str:
    """In a comment, where it fits."""
    return patch.decode("utf-8", "replace") if len(patch) <= _LONGEST_PATCH else ""


def _patch(state: RunState, here: Place, environ: Mapping[str, str], log: Log) -> bytes:
    """What the result changes, out of the folder that it was published from or the checkout."""
    folder = here.result if here.result.is_dir() else Path()
    if folder != here.result and _is_of_another_job(environ):
        return b""  # no checkout has it here
    try:
        return apply.patch(state, folder, environment.for_git(environ))
    except (GumpError, OSError) as why:
        log.warn(f"There is no patch of the result: {why}")
        return b""


def _keep(patch: bytes, here: Place) -> dict[str, str]:
    """As a file, to be applied by a later step of the job."""
    if not patch:
        return {}
    path = here.own / "result.patch"
    write_anew(path, patch)
    return {"diff-path": str(path), "patch-sha256": hashlib.sha256(patch).hexdigest()}


def _keep_report(text: str, here: Place) -> str:
    """Beside patches and logs, which are stored after this step."""
    path = here.report / "report.md"
    write_anew(path, text.encode("utf-8", "backslashreplace"))
    return str(path)


def _facts(environ: Mapping[str, str], attempt: int) -> Facts:
    """What a re-run will find is said as far as it is known: what was packed and stored."""
    artifact = environ.get("GUMP_ARTIFACT_NAME", "")
    return replace(
        comment.facts_of(environ, attempt, is_running=False),
        artifact=artifact,
        state_note=environ.get("GUMP_STATE_NOTE", ""),
        notes=tuple(each for each in NOTES if each == environ.get("GUMP_AGAIN_NOTE")),
        kept=_kept(environ),
        may_be_lost=not artifact and environ.get("GUMP_CACHED") == "true",
        has_report=environ.get("GUMP_ARTIFACT_OUTCOME") != "failure",
    )


def _kept(environ: Mapping[str, str]) -> Kept:
    if _is_of_another_job(environ):
        return "elsewhere"
    if not environ.get("GUMP_ARTIFACT_NAME") and environ.get("GUMP_CACHED") != "true":
        return "nothing"
    is_bare = environ.get("GUMP_WITHOUT_TRANSCRIPTS") == "true"
    return "without transcripts" if is_bare else "whole"


def _is_of_another_job(environ: Mapping[str, str]) -> bool:
    """A record that is there though this job ran nothing has come in a bundle."""
    return environ.get("GUMP_RAN") == "skipped"


def _comment(state: RunState, facts: Facts, environ: Mapping[str, str], log: Log) -> str:
    """Its address; empty where there is none."""
    try:
        desk = comment.desk(environ, environ.get("GUMP_GITHUB_TOKEN", ""))
        return desk.put(state, facts) if desk else ""
    except GumpError as why:
        log.warn(f"The comment could not be written: {why}")
        return ""
