"""Where one use of the action keeps its things: all under the runner's temporary folder.

Every step of action.yml finds them again from its own environment, so no file that an agent could
write to has to be believed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from gump_action.action.job.log import Log
from gump_action.errors import InputError
from gump_action.host import inputs
from gump_action.host.run_key import RunKey, run_key


@dataclass(frozen=True)
class Place:
    """`key` names the run; all else follows from it."""

    key: RunKey
    temp: Path

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.temp / "gump" / self.key.name

    @property
    def cached(self) -> Path:
        """What a cache entry holds.  Its path is part of the entry's key, so it never changes."""
        return self.own / "cache" / "state.gump"

    @property
    def packed(self) -> Path:
        """What the artifact holds."""
        return self.own / "artifact" / "state.gump"

    @property
    def fetched(self) -> Path:
        """States of earlier attempts, while they are looked at."""
        return self.own / "fetched"

    @property
    def spec(self) -> Path:
        """The text of the spec, where it was given as text or made of the event."""
        return self.own / "spec.md"

    @property
    def bundle(self) -> Path:
        """What another job publishes: made where agents ran, and fetched where none do."""
        return self.own / "bundle" / "bundle.gump"

    @property
    def result(self) -> Path:
        """A git folder with the result on its base, which no agent has seen."""
        return self.own / "result.git"

    @property
    def report(self) -> Path:
        """What is for people: the report artifact."""
        return self.own / "report"

    @property
    def own(self) -> Path:
        """All but the state directory."""
        return self.temp / "gump-action" / self.key.name


def inside(environ: Mapping[str, str]) -> AbstractContextManager[None]:
    """In the working directory while this is open, where it is still there.

    A step of action.yml could not start without it, and only the result's patch needs it.
    """
    folder = environ.get(inputs.variable("working-directory")) or "."
    return chdir(folder if Path(folder).is_dir() else ".")


def with_agents(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The CLIs that were installed for this run stand before those that the machine has."""
    ours = environ.get("GUMP_AGENTS_PATH", "")
    if not ours:
        return environ
    return {**environ, "PATH": os.pathsep.join((ours, environ.get("PATH", os.defpath)))}


def place(environ: Mapping[str, str]) -> Place:
    """Raises InputError outside of a job."""
    leg = environ.get(inputs.variable("matrix-leg"), "").strip()
    use = environ.get(inputs.variable("use"), "").strip()
    key = run_key(environ, leg=leg, use=use)
    if not environ.get("RUNNER_TEMP"):
        raise InputError("RUNNER_TEMP is not set, and the state of a run is kept under it.")
    return Place(key, Path(environ["RUNNER_TEMP"]).resolve())


def move_aside(here: Place, path: Path, log: Log) -> None:
    """What lies at a path of ours before we put something there gives way, and it is said.

    Nobody vouches for it: an agent of another use of the action in this job may have put it there.
    Raises InputError where it cannot be moved.
    """
    if not os.path.lexists(path):
        return
    try:
        here.own.mkdir(parents=True, exist_ok=True)
        found = path.rename(Path(mkdtemp(dir=here.own, prefix="found-"), path.name))
    except OSError as why:
        raise InputError(
            f"{path} holds something that this use of the action has not put there, and that "
            f"cannot be moved ({why.strerror}), so nothing is done beside it.",
            hint="See which step of the job writes there, or empty the runner's temporary folder.",
        ) from None
    log.warn(
        f"Something lay at {path}, where only this use of the action puts things. It is not used, "
        f"and lies in {found} now."
    )


def write_anew(path: Path, content: bytes) -> None:
    """Raises OSError where what lies there cannot give way."""
    clear(path)
    path.write_bytes(content)


def clear(path: Path) -> None:
    """Whatever lies there gives way: an agent may have left a link, a folder or a pipe.

    Its folder is there afterwards.  Raises OSError where that cannot be.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
