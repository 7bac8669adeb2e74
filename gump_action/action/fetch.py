"""Brings the artifacts that earlier attempts of a job have left, as far as they may be trusted.

What comes is still only a file: the seal or its digests are checked where it is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gump_action.action.job.log import Log
from gump_action.action.job.place import Place
from gump_action.errors import HostError
from gump_action.host import api, words
from gump_action.host.answers import Artifact
from gump_action.host.api import Api
from gump_action.host.run_key import RunKey, workflow_path

LARGEST = 2 * 1024 * 1024 * 1024
"""Bytes of one packed state."""
MOST = 8
"""How many artifacts are tried, those of the last attempts first: some may not open."""


@dataclass(frozen=True)
class Origin:
    """The host run that has left them, and the key of our job in it: of attempts before its own."""

    host_run: int
    before: RunKey


def fetch(here: Place, origin: Origin, environ: Mapping[str, str], log: Log) -> Iterator[Path]:
    """The files, named as their artifacts, each fetched when it is asked for.

    Whatever goes wrong is a warning.
    """
    host_run, before = origin.host_run, origin.before
    if before.attempt == 1:
        return
    token = environ.get("GUMP_GITHUB_TOKEN", "")
    if not token:
        log.say("`github-token` is empty, so artifacts of earlier attempts are not looked for.")
        return
    try:
        with Api(api.connection(environ, token)) as github:
            artifacts = _ours(before, github.artifacts(host_run, before.prefix))
            if artifacts and _is_ours(host_run, environ, github, log):
                yield from _fetched(artifacts, here, github, log)
    except HostError as why:
        log.warn(f"Artifacts of earlier attempts could not be looked for: {why}")


def _fetched(artifacts: list[Artifact], here: Place, github: Api, log: Log) -> Iterator[Path]:
    here.fetched.mkdir(parents=True, exist_ok=True)
    for artifact in artifacts[:MOST]:
        target = here.fetched / f"{artifact.name}.gump"
        try:
            github.download(artifact, here.packed.name, target, limit=LARGEST)
        except HostError as why:
            log.warn(f"The artifact {artifact.name} could not be fetched: {why}")
        else:
            yield target
            target.unlink(missing_ok=True)
    if len(artifacts) > MOST:
        older = words.number(len(artifacts) - MOST, "older artifact")
        log.warn(f"Not tried: {older}; the last {MOST} are the limit.")


def _ours(before: RunKey, artifacts: tuple[Artifact, ...]) -> list[Artifact]:
    """Of this run, and of no fork; those of the last attempts first."""
    ours = [(before.attempt_of(each.name), each) for each in artifacts if not each.is_foreign]
    # One of this attempt is of a job that our names do not tell from this one.
    older = [(n, each) for n, each in ours if n and n < before.attempt]
    known = [(number, each) for number, each in older if not each.expired]
    known.sort(key=lambda pair: pair[0], reverse=True)
    return [each for _, each in known]


def _is_ours(host_run: int, environ: Mapping[str, str], github: Api, log: Log) -> bool:
    """Whether GitHub, too, says that the host run is of our host workflow and of no fork."""
    told = github.run(host_run)
    if told.is_foreign or told.path != workflow_path(environ):
        log.warn(
            f"Artifacts of host run {host_run} are not trusted: it is of a fork, or of another "
            "host workflow."
        )
        return False
    return True
