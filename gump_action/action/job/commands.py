"""The files by which a step tells the runner what to set for the steps after it.

The step that runs agents sets nothing.  A process of the same user can find these files though
they are in no agent's environment, and `BASH_ENV=…` in one of them would run its lines in the steps
that hold the tokens.  So they are not there while children run: their names cannot be guessed, and
the runner takes a missing one for an empty one (actions/runner 258d6c8, FileCommandManager.cs),
also where the engine was killed.  At the end they are made anew, whatever lies there by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from gump_action.action.job.log import Log
from gump_action.action.job.place import write_anew

FILES = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")


@contextmanager
def withheld(environ: Mapping[str, str], log: Log) -> Iterator[None]:
    """Nobody finds these files while this is open, and what is written there counts for nothing.

    Raises OSError where an agent has made it impossible.
    """
    named = {name: Path(environ[name]) for name in FILES if environ.get(name)}
    for path in named.values():
        with suppress(OSError):
            path.unlink()
    try:
        yield
    finally:
        for name, path in named.items():
            if _has_content(path):
                log.warn(
                    f"Something that this run started wrote into the file of {name}, which would "
                    "have changed the steps after it. It was emptied: agents and gates do not "
                    "speak to the runner."
                )
            write_anew(path, b"")


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
