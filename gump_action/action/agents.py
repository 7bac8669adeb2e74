"""The step that installs the CLIs of the agents that the workflow can reach.

What cannot be installed is a warning: the run says itself what it misses, and is then blocked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gump_action import installing
from gump_action.action.job.log import Log
from gump_action.host import inputs, places
from gump_action.workflow import loader


def install(environ: Mapping[str, str], log: Log) -> None:
    """Raises InputError where the workflow has faults."""
    asked = inputs.read(environ)
    if not asked.install_agents:
        return
    path = loader.find_workflow(asked.workflow, places.repository(Path()))
    workflow = loader.load(path).workflow
    where = installing.cache(environ)
    done = installing.install(workflow, where, environ, log.say, agent=asked.agent)
    for missed in done.missed:
        log.warn(f"{missed.provider}: {missed.why}")
    log.outputs({"path": os.pathsep.join(map(str, done.path))})
