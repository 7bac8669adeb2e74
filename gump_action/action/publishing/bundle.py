"""What a job that may only read hands to the one that publishes: the run's record and its result.

It is a packed state without transcripts, bound to the host run.  Its digest goes from job to job
through GitHub, so an artifact that something else has stored under its name is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from gump_action import carrying, environment
from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, move_aside
from gump_action.engine import record
from gump_action.errors import GumpError, InputError
from gump_action.host.publishing.publication import Bundle
from gump_action.host.run_key import bundle_key
from gump_action.providers import KEYS
from gump_action.redaction import Redactor, secrets_of
from gump_action.travel import seal
from gump_action.travel.manifest import MIB, Limits
from gump_action.travel.search import engines_git, is_in_snapshots

LIMITS = Limits(files=20_000, file_bytes=512 * MIB, total_bytes=1024 * MIB)


def make(here: Place, environ: Mapping[str, str], log: Log) -> str:
    """What the job's output `bundle` says; empty where there is none, which is said."""
    try:
        here.bundle.parent.mkdir(parents=True, exist_ok=True)
        here.bundle.unlink(missing_ok=True)
        _search(here, environ)
        lines, _ = carrying.pack(
            here.state,
            here.bundle,
            environ,
            run_key=bundle_key(environ),
            key_env=seal.STATE_KEY,
            transcripts="never",
            limits=LIMITS,
        )
    except (GumpError, OSError) as why:
        log.warn(f"There is no bundle, so no other job can publish this result: {why}")
        return ""
    log.say(f"The bundle: {lines[0]}")
    return str(Bundle(here.key.bundle_name, _digest(here.bundle)))


def _search(here: Place, environ: Mapping[str, str]) -> None:
    """Also of one that is sealed: the job that publishes does not know the secrets of this one."""
    git = engines_git(here.state, environment.for_git(environ))
    started = record.read_state(here.state).started
    redactor = Redactor(secrets_of(environ, KEYS))
    if git and started and is_in_snapshots(redactor, git, started.base):
        raise InputError(
            "a secret of this job is in what the run has written, in its result or on the way to "
            "it, so no other job is given it.",
            hint="See that no step writes the secret into a file, then start a new run.",
        )


def open_(bundle: Bundle, here: Place, environ: Mapping[str, str], log: Log) -> None:
    """Its record is this job's state afterwards.  Raises InputError where it is not what was told.

    It is opened where no agent runs, and with the state key or none: a key of a provider is not
    for a job that publishes.
    """
    move_aside(here, here.state, log)
    if not here.bundle.is_file():
        raise InputError(
            f"The artifact {bundle.name} is not there, so there is nothing to publish.",
            hint="It is kept as long as `retention-days` says. Run the job that makes it again.",
        )
    digest = _digest(here.bundle)
    if digest != bundle.digest:
        raise InputError(
            f"The artifact {bundle.name} is not the one that the other job has made: its digest is "
            f"{digest}, and that job said {bundle.digest}. Nothing of it is read.",
            hint="Something has stored another file under its name. Look at the artifacts.",
        )
    here.state.parent.mkdir(parents=True, exist_ok=True)
    carrying.unpack(
        here.bundle,
        here.state,
        environ,
        run_key=bundle_key(environ),
        key_env=seal.STATE_KEY,
        limits=LIMITS,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
