"""`state pack` and `state unpack`: settles a record, and lets what packs it meet what is known."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gump_action import environment
from gump_action.engine import record, settling
from gump_action.engine.run import Surroundings
from gump_action.engine.workspace import luggage
from gump_action.errors import InputError
from gump_action.host import places
from gump_action.providers import KEYS, PROVIDERS
from gump_action.redaction import Redactor, secrets_of
from gump_action.system import process
from gump_action.system.process import Stop
from gump_action.system.store import LEDGER, Store
from gump_action.travel import pack as packing
from gump_action.travel import seal
from gump_action.travel import unpack as unpacking
from gump_action.travel.manifest import Limits
from gump_action.travel.pack import Packed

Transcripts = Literal["auto", "always", "never"]


def pack(
    root: Path,
    target: Path,
    environ: Mapping[str, str],
    *,
    run_key: str,
    key_env: str | None,
    transcripts: Transcripts,
    limits: Limits | None = None,
) -> tuple[list[str], Packed]:
    """Settle what a killed engine has left, and make one file; lines on it, and what went in."""
    if not (root / LEDGER).is_file():
        raise InputError(f"{root} holds no record of a run, so there is nothing to pack.")
    key, name = seal.choose_key(environ, key_env)
    redactor = Redactor(secrets_of(environ, KEYS))
    store = Store(root)
    store.open()
    try:
        said = _settle(store, environ, redactor)
        git_env = process.for_git(environment.for_git(environ), settling.leave_mark(store))
        _lay_out(root, git_env)
        packed = packing.pack(
            packing.Wanted(
                root=root,
                target=target,
                run_key=run_key,
                key=key,
                key_name=name,
                transcripts=transcripts,
                is_job=places.is_job(environ),
                is_private_repository=places.is_private_repository(environ),
                redactor=redactor,
                git_env=git_env,
                limits=limits or Limits(),
            )
        )
        store.remove(settling.LIVE)
    finally:
        store.close()
    return [*said, *packed.lines()], packed


def lay_out(root: Path, environ: Mapping[str, str]) -> None:
    """Put the snapshots of a run whose engine has ended into one file of its state directory."""
    _lay_out(root, environment.for_git(environ))


def _settle(store: Store, environ: Mapping[str, str], redactor: Redactor) -> list[str]:
    around = Surroundings(
        providers=PROVIDERS,
        environ=environ,
        redactor=redactor,
        stop=Stop(),
        listen=lambda event: None,
        clock=time.time,
    )
    return settling.settle_alone(store, around)


def _lay_out(root: Path, git_env: Mapping[str, str]) -> None:
    started = record.read_state(root).started
    if started:
        luggage.lay_out(root, started.base, git_env)


def key_names(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of this job that can seal a state, the one to seal with first; maybe none.

    Where GUMP_STATE_KEY is set, nothing else counts.  Raises InputError where it is too short.
    """
    _, name = seal.choose_key(environ)
    if environ.get(name):
        return (name,)
    return tuple(key for key in KEYS if seal.key_of(environ.get(key, "")))


@dataclass(frozen=True)
class Opener:
    """Opens states of one run.  Without `names` of variables only one that is not sealed."""

    environ: Mapping[str, str]
    run_key: str
    names: tuple[str, ...]

    def open(self, file: Path, target: Path) -> int:
        """Unpack with the first variable that fits; how many files it holds.  Or InputError."""
        refused: InputError | None = None
        for name in self.names or (None,):
            key, _ = seal.choose_key(self.environ, name)
            try:
                return unpacking.unpack(file, target, run_key=self.run_key, key=key).files
            except InputError as why:
                refused = refused or why
        assert refused, "there is always one key to try, if only none"
        raise refused


def unpack(
    file: Path,
    target: Path,
    environ: Mapping[str, str],
    *,
    run_key: str,
    key_env: str | None,
    limits: Limits | None = None,
) -> list[str]:
    """Put a packed state down, after checking it whole; lines for the person."""
    key, _ = seal.choose_key(environ, key_env)
    unpacked = unpacking.unpack(file, target, run_key=run_key, key=key, limits=limits)
    return [f"run {unpacked.run} is in {unpacked.target}: {unpacked.files} files"]
