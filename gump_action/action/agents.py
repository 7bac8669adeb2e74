"""The step that installs the CLIs of the agents that the workflow can reach.

What cannot be installed is a warning: the run says itself what it misses, and is then blocked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gump_action import installing
from gump_action.action.job.log import Log
from gump_action.host import places
from gump_action.host.inputs import Form
from gump_action.workflow import loader


def install(environ: Mapping[str, str], log: Log) -> None:
    """Raises InputError where the workflow has faults."""
    form = Form(environ)
    name, agent = form.required("workflow"), form.line("agent")
    is_wanted = form.yes("install-agents", default=True)
    form.check()
    if not is_wanted:
        return
    workflow = loader.load(loader.find_workflow(name, places.repository(Path()))).workflow
    where = installing.cache(environ)
    done = installing.install(workflow, where, environ, log.say, agent=agent)
    for missed in done.missed:
        log.warn(f"{missed.provider}: {missed.why}")
    log.outputs({"path": os.pathsep.join(map(str, done.path))})
