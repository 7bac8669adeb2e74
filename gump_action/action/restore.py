"""The step that finds the state to go on with, and puts it down: of an earlier attempt of this job,
else of the host run that `/gump again` goes on with.

Whatever goes wrong with a store is a warning: the run then starts anew, and says so.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from gump_action import environment
from gump_action.action.fetch import Origin, fetch
from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, inside, place
from gump_action.action.job.remote import Remote
from gump_action.carrying import Opener, key_names
from gump_action.engine import record
from gump_action.engine.workspace.source import missing_bases
from gump_action.errors import GumpError
from gump_action.host import inputs
from gump_action.host.kept import Opened, choose, stand_of
from gump_action.system.store import LEDGER

GONE = (
    "The record of the run that was to go on is gone (no artifact of it can be had, opened and "
    "trusted), so a new run has begun."
)
NO_RECORD = "No earlier run is known here that could go on, so a new run has begun."
NOTES = (GONE, NO_RECORD)
_AGAIN = re.compile(r"(?P<run>[1-9][0-9]{0,18}) (?P<attempt>[1-9][0-9]{0,5})")


def restore(environ: Mapping[str, str], log: Log) -> None:
    """Say what the run goes on with.  Raises InputError where the state key is none."""
    here = place(environ)
    opener = Opener(environ, here.key.text, key_names(environ))
    again = environ.get("GUMP_AGAIN", "")
    if (here.state / LEDGER).exists():
        return
    best = None
    if environ.get(inputs.variable("state")) != "off":
        best = choose([*_opened(_of_this_job(here, environ, log), here, opener, log)])
    if best is None and again:
        best = _of_before(again, here, environ, log)
    if best is None:
        log.say("There is no state of an earlier attempt of this job: a new run begins.")
        return
    here.state.parent.mkdir(parents=True, exist_ok=True)
    best.folder.rename(here.state)
    shutil.rmtree(here.fetched, ignore_errors=True)
    log.say(f"The run goes on with the state from {best.name}.")
    log.outputs({"resumed-from": best.name, "known": best.stand})
    _bring_bases(here, environ, log)


def _bring_bases(here: Place, environ: Mapping[str, str], log: Log) -> None:
    """The commits that the run was built on, which a clone without history lacks.

    What cannot be had the engine misses too, and then a new run begins.
    """
    built_on = record.read_state(here.state).built_on
    remote = Remote(environ, environ.get("GUMP_GITHUB_TOKEN", ""))
    try:
        with inside(environ):
            for commit in missing_bases(Path(), environment.for_git(environ), built_on):
                why = remote.fetch(Path(), commit)
                if why:
                    log.warn(f"The commit {commit[:12]}, of before, cannot be fetched: {why}")
    except GumpError as why:
        log.warn(f"What the run was built on could not be looked for: {why}")


def _of_this_job(here: Place, environ: Mapping[str, str], log: Log) -> list[Path]:
    found = [here.cached] if here.cached.is_file() else []
    if environ.get(inputs.variable("state")) != "cache":
        found += fetch(here, Origin(int(environ["GITHUB_RUN_ID"]), here.key), environ, log)
    return found


def _of_before(again: str, here: Place, environ: Mapping[str, str], log: Log) -> Opened | None:
    """The state that another host run has left of this same job, under its own key and seal."""
    told = _AGAIN.fullmatch(again)
    best = None
    if told:
        # As if the job were run again there: its attempts are those before this one.
        attempt = str(int(told["attempt"]) + 1)
        there = {**environ, "GITHUB_RUN_ID": told["run"], "GITHUB_RUN_ATTEMPT": attempt}
        key = place(there).key
        found = fetch(here, Origin(int(told["run"]), key), environ, log)
        opener = Opener(environ, key.text, key_names(environ))
        best = choose([*_opened(found, here, opener, log)])
    if best is None:
        said = GONE if told else NO_RECORD
        log.warn(said)
        log.outputs({"note": said})
    return best


def _opened(found: list[Path], here: Place, opener: Opener, log: Log) -> Iterator[Opened]:
    here.fetched.mkdir(parents=True, exist_ok=True)
    for file in found:
        name = "the cache" if file == here.cached else f"the artifact {file.stem}"
        folder = here.fetched / f"opened-{file.stem}"
        try:
            files = opener.open(file, folder)
            state = record.read_state(folder)
            yield Opened(name, folder, state.seq, files, stand_of(state))
        except (GumpError, OSError) as why:
            log.warn(f"The state from {name} is not gone on with: {why}")
