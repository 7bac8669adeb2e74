"""The last step: says what happened, in the summary, on the pull request, and as outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from gump_action import environment
from gump_action.action.log import Log
from gump_action.action.place import Place, place
from gump_action.engine import apply, record
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState
from gump_action.errors import GumpError
from gump_action.host import outputs
from gump_action.system.store import LEDGER

NOTHING = "nothing could be run; the log of this action says why"


def publish(environ: Mapping[str, str], log: Log) -> None:
    """Never changes the verdict of the run: what cannot be said is a warning."""
    here = place(environ)
    handed = {
        "run-key": here.key.name,
        "resumed-from": environ.get("GUMP_RESUMED_FROM", ""),
        "artifact-name": environ.get("GUMP_ARTIFACT_NAME", ""),
    }
    if environ.get("GUMP_SKIPPED"):
        said = outputs.of_nothing(Verdict.SKIPPED, environ["GUMP_SKIPPED"])
        log.outputs(handed | said)
        return
    if not (here.state / LEDGER).is_file():
        log.outputs(handed | outputs.of_nothing(Verdict.FAILED, NOTHING))
        return
    state = record.read_state(here.state)
    log.outputs(handed | outputs.of_run(state) | _patch(state, here, environ, log))
    _summarize(here, environ, log)


def _patch(state: RunState, here: Place, environ: Mapping[str, str], log: Log) -> dict[str, str]:
    """The result as one patch, to be applied by a later step of the job."""
    try:
        patch = apply.patch(state, Path(), environment.for_git(environ))
    except GumpError as why:
        log.warn(f"There is no patch of the result: {why.message}")
        return {}
    if not patch:
        return {}
    path = here.own / "result.patch"
    path.write_bytes(patch)
    return {"diff-path": str(path), "patch-sha256": hashlib.sha256(patch).hexdigest()}


def _summarize(here: Place, environ: Mapping[str, str], log: Log) -> None:
    report = here.report / "report.md"
    if report.is_file():
        log.summary(report.read_text(encoding="utf-8"))
        log.outputs({"report-path": str(report)})
