"""The first step: reads the inputs, judges the event, and names what the other steps work on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gump_action import checks
from gump_action.action.log import Log
from gump_action.action.place import Place, place
from gump_action.action.spec import spec_file
from gump_action.errors import InputError
from gump_action.host import inputs
from gump_action.host.inputs import Inputs

DRY = "it is a dry run, so nothing was run"


def resolve(environ: Mapping[str, str], log: Log) -> None:
    """Raises InputError where an input is wrong: nothing of the job's is touched then."""
    asked = inputs.read(environ)
    here = place(environ)
    _check_folder(asked)
    outputs = {"run": "true", **_names(asked, here)}
    if asked.is_dry_run:
        for line in _plan(asked, here):
            log.say(line)
        outputs |= {"run": "false", "status": "skipped", "reason": DRY}
    log.outputs(outputs)


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
        "reads-cache": _word(asked.state in ("auto", "cache")),
    }


def _word(is_so: bool) -> str:
    return "true" if is_so else "false"


def _check_folder(asked: Inputs) -> None:
    if not Path(asked.working_directory).is_dir():
        raise InputError(
            f"`working-directory` is {asked.working_directory!a}, and the workspace has no such "
            "folder, so there is nothing to work in.",
            hint="Put `uses: actions/checkout` before this step, or name another folder.",
        )


def _plan(asked: Inputs, here: Place) -> list[str]:
    folder = Path(asked.working_directory)
    spec = spec_file(asked, here, folder)
    return checks.describe(checks.Asked(asked.workflow, folder, spec, asked.sets, asked.agent))
