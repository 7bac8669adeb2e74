"""Brings the artifacts that earlier attempts of this job have left, as far as they may be trusted.

What comes is still only a file: the seal or its digests are checked where it is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gump_action.action.log import Log
from gump_action.action.place import Place
from gump_action.errors import HostError
from gump_action.host import api
from gump_action.host.answers import Artifact
from gump_action.host.api import Api
from gump_action.host.run_key import workflow_path

LARGEST = 2 * 1024 * 1024 * 1024
"""Bytes of one packed state."""
NEWEST = 3
"""How many attempts are looked at: an older state would have less in its ledger."""


def fetch(here: Place, environ: Mapping[str, str], log: Log) -> list[Path]:
    """The files, named as their artifacts.  Whatever goes wrong is a warning."""
    if here.key.attempt == 1:
        return []
    token = environ.get("GUMP_GITHUB_TOKEN", "")
    if not token:
        log.say("`github-token` is empty, so artifacts of earlier attempts are not looked for.")
        return []
    try:
        with Api(api.connection(environ, token)) as github:
            return [*_fetched(here, environ, github, log)]
    except HostError as why:
        log.warn(f"Artifacts of earlier attempts could not be looked for: {why}")
        return []


def _fetched(here: Place, environ: Mapping[str, str], github: Api, log: Log) -> Iterator[Path]:
    artifacts = _ours(here, github.artifacts(int(environ["GITHUB_RUN_ID"]), here.key.prefix))
    if not artifacts or not _is_ours(environ, github, log):
        return
    here.fetched.mkdir(parents=True, exist_ok=True)
    for artifact in artifacts[:NEWEST]:
        target = here.fetched / f"{artifact.name}.gump"
        try:
            github.download(artifact, here.packed.name, target, limit=LARGEST)
            yield target
        except HostError as why:
            log.warn(f"The artifact {artifact.name} could not be fetched: {why}")


def _ours(here: Place, artifacts: tuple[Artifact, ...]) -> list[Artifact]:
    """Of this run, and of no fork; those of the last attempts first."""
    ours = [(here.key.attempt_of(each.name), each) for each in artifacts if not each.is_foreign]
    # One of this attempt is of a job that our names do not tell from this one.
    before = [(n, each) for n, each in ours if n and n < here.key.attempt]
    known = [(number, each) for number, each in before if not each.expired]
    known.sort(key=lambda pair: pair[0], reverse=True)
    return [each for _, each in known]


def _is_ours(environ: Mapping[str, str], github: Api, log: Log) -> bool:
    """Whether GitHub, too, says that this host run is of our host workflow and of no fork."""
    told = github.run(int(environ["GITHUB_RUN_ID"]))
    if told.is_foreign or told.path != workflow_path(environ):
        log.warn("Artifacts of this host run are not trusted: it is of a fork or another workflow.")
        return False
    return True
