"""The step that finds the state to go on with, and puts it down: of an earlier attempt of this job,
else of the host run that `/gump again` goes on with.

Whatever goes wrong with a store is a warning: the run then starts anew, and says so.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from gump_action import environment
from gump_action.action.fetch import Origin, fetch
from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, inside, move_aside, place
from gump_action.action.job.remote import Remote
from gump_action.carrying import Opener, key_names
from gump_action.engine import record
from gump_action.engine.workspace.source import missing_bases
from gump_action.errors import GumpError
from gump_action.host import inputs
from gump_action.host.kept import Opened, choose, stand_of

GONE = (
    "The record of the run that was to go on is gone (no artifact of it can be had, opened and "
    "trusted), so a new run has begun."
)
NO_RECORD = "No earlier run is known here that could go on, so a new run has begun."
NOTES = (GONE, NO_RECORD)
ENOUGH = 3
"""How many artifacts are compared, of those that can be opened."""
_AGAIN = re.compile(r"(?P<run>[1-9][0-9]{0,18}) (?P<attempt>[1-9][0-9]{0,5})")


def restore(environ: Mapping[str, str], log: Log) -> None:
    """Put down what the engine may go on with; whether it does, the engine says.

    Raises InputError where the state key is none, or where what lies there cannot give way.
    """
    here = place(environ)
    for path in (here.state, here.fetched):
        move_aside(here, path, log)
    opener = Opener(environ, here.key.text, key_names(environ))
    again = environ.get("GUMP_AGAIN", "")
    best = None
    if environ.get(inputs.variable("state")) != "off":
        best = choose(_of_this_job(here, opener, environ, log), int(environ["GITHUB_RUN_ID"]))
    if best is None and again:
        best = _of_before(again, here, environ, log)
    if best is None:
        log.say("There is no state of an earlier attempt of this job: a new run begins.")
        return
    here.state.parent.mkdir(parents=True, exist_ok=True)
    best.folder.rename(here.state)
    shutil.rmtree(here.fetched, ignore_errors=True)
    run = best.state.started.run if best.state.started else ""
    log.say(f"Run {run} was found, in {best.name}. Whether it goes on is said where it is run.")
    log.outputs({"resumed-from": best.name, "known": stand_of(best.state)})
    _bring_bases(best, environ, log)


def _bring_bases(best: Opened, environ: Mapping[str, str], log: Log) -> None:
    """The commits that the run was built on, which a clone without history lacks.

    What cannot be had the engine misses too, and then a new run begins.
    """
    remote = Remote(environ, environ.get("GUMP_GITHUB_TOKEN", ""))
    try:
        with inside(environ):
            for commit in missing_bases(Path(), environment.for_git(environ), best.state.built_on):
                why = remote.fetch(Path(), commit)
                if why:
                    log.warn(f"The commit {commit[:12]}, of before, cannot be fetched: {why}")
    except GumpError as why:
        log.warn(f"What the run was built on could not be looked for: {why}")


def _of_this_job(here: Place, opener: Opener, environ: Mapping[str, str], log: Log) -> list[Opened]:
    """What earlier attempts have left.  The file is a cache entry only where one was read."""
    was_read = bool(environ.get("GUMP_CACHE_ENTRY")) and here.cached.is_file()
    found = [*_opened([here.cached] if was_read else [], here, opener, log)]
    if environ.get(inputs.variable("state")) != "cache":
        origin = Origin(int(environ["GITHUB_RUN_ID"]), here.key)
        found += _some(fetch(here, origin, environ, log), here, opener, log)
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
        files = fetch(here, Origin(int(told["run"]), key), environ, log)
        opener = Opener(environ, key.text, key_names(environ))
        best = choose(_some(files, here, opener, log), int(told["run"]))
    if best is None:
        said = GONE if told else NO_RECORD
        log.warn(said)
        log.outputs({"note": said})
    return best


def _some(files: Iterator[Path], here: Place, opener: Opener, log: Log) -> list[Opened]:
    """As many as can be opened and are enough to choose from; no more are then fetched."""
    return [*islice(_opened(files, here, opener, log), ENOUGH)]


def _opened(files: Iterable[Path], here: Place, opener: Opener, log: Log) -> Iterator[Opened]:
    here.fetched.mkdir(parents=True, exist_ok=True)
    for file in files:
        name = "the cache" if file == here.cached else f"the artifact {file.stem}"
        folder = here.fetched / f"opened-{file.stem}"
        try:
            count = opener.open(file, folder)
            yield Opened(name, folder, count, record.read_state(folder))
        except (GumpError, OSError) as why:
            log.warn(f"The state from {name} is not gone on with: {why}")
