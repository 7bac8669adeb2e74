"""The files by which a step tells the runner what to set for the steps after it.

The step that runs agents sets nothing.  A process of the same user can find these files though
they are in no agent's environment, and `BASH_ENV=…` in one of them would run its lines in the steps
that hold the tokens.  So they are emptied when all children have ended, before the runner looks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gump_action.action.log import Log

FILES = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE")


def empty(environ: Mapping[str, str], log: Log) -> None:
    """Throw away what was written there, and say so."""
    for name in FILES:
        path = environ.get(name)
        if path and _has_content(path):
            os.truncate(path, 0)
            log.warn(
                f"Something that this run started wrote into the file of {name}, which would have "
                "changed the steps after it. It was emptied: agents and gates do not speak to the "
                "runner."
            )


def _has_content(path: str) -> bool:
    try:
        return Path(path).stat().st_size > 0
    except OSError:
        return False
