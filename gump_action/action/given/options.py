"""What the command line's `run` is asked by the inputs of the action."""

from __future__ import annotations

from pathlib import Path

from gump_action import assembly
from gump_action.action.given.spec import spec_file
from gump_action.action.job.place import Place
from gump_action.host.inputs import Inputs


def options(asked: Inputs, here: Place, folder: Path, version: str) -> assembly.Options:
    """`folder` is the working directory.  What a run began with outranks what is given again.

    Where the branch has moved since, that is merged into the run.
    """
    return assembly.Options(
        workflow=asked.workflow,
        spec=spec_file(asked, here, folder),
        repo=folder,
        state=here.state,
        inputs=asked.sets,
        agent=asked.agent,
        workspace=asked.workspace,
        max_budget=asked.max_budget,
        timeout=asked.timeout,
        yields=True,
        takes_in=True,
        version=version,
    )
