"""The step that finds the state of an earlier attempt of this job, and puts it down.

Whatever goes wrong with a store is a warning: the run then starts anew, and says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from gump_action.action.fetch import fetch
from gump_action.action.log import Log
from gump_action.action.place import Place, place
from gump_action.carrying import Opener, key_names
from gump_action.engine import record
from gump_action.errors import GumpError
from gump_action.host import inputs
from gump_action.host.kept import Opened, choose, stand_of
from gump_action.system.store import LEDGER


def restore(environ: Mapping[str, str], log: Log) -> None:
    """Say what the run goes on with.  Raises InputError where the state key is none."""
    here = place(environ)
    opener = Opener(environ, here.key.text, key_names(environ))
    if environ.get(inputs.variable("state")) == "off" or (here.state / LEDGER).exists():
        return
    found = [here.cached] if here.cached.is_file() else []
    if environ.get(inputs.variable("state")) != "cache":
        found += fetch(here, environ, log)
    best = choose([*_opened(found, here, opener, log)])
    if best is None:
        log.say("There is no state of an earlier attempt of this job: a new run begins.")
        return
    here.state.parent.mkdir(parents=True, exist_ok=True)
    best.folder.rename(here.state)
    shutil.rmtree(here.fetched, ignore_errors=True)
    log.say(f"The run goes on with the state from {best.name}.")
    log.outputs({"resumed-from": best.name, "known": best.stand})


def _opened(found: list[Path], here: Place, opener: Opener, log: Log) -> Iterator[Opened]:
    here.fetched.mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(found):
        name = "the cache" if file == here.cached else f"the artifact {file.stem}"
        folder = here.fetched / f"opened-{number}"
        try:
            files = opener.open(file, folder)
            state = record.read_state(folder)
            yield Opened(name, folder, state.seq, files, stand_of(state))
        except (GumpError, OSError) as why:
            log.warn(f"The state from {name} is not gone on with: {why}")
