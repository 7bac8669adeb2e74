"""The step that packs the state for the next attempt of this job, on whichever machine it runs.

It runs when all else has ended, also after a failure or a cancel.  What cannot be kept changes no
verdict, but for a bundle: without it the job that publishes would not begin, and nobody be told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from gump_action import carrying
from gump_action.action.doubt import UNSURE, is_doubtful
from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, inside, place, with_agents
from gump_action.action.publishing import bundle
from gump_action.action.saying.report import make_report
from gump_action.engine import record
from gump_action.engine.outcome import Verdict
from gump_action.errors import GumpError, InputError
from gump_action.host import inputs
from gump_action.host.kept import writes_cache
from gump_action.providers import KEYS
from gump_action.redaction import Redactor, secrets_of
from gump_action.system.store import LEDGER

NO_KEY = (
    "the agents' conversations stay behind, so a re-run goes on with new sessions: this job has "
    "no API key of 32 characters or more to seal them with, and its repository is not known to be "
    "private. Add the secret GUMP_STATE_KEY (openssl rand -hex 32) as the input state-key"
)

NOT_BELIEVED = f"nothing of this run was stored, so a re-run of this job starts anew: {UNSURE}"


def save(environ: Mapping[str, str], log: Log) -> int:
    """Pack what was asked for; what could not be packed is said.

    A session for which a cancelled run had no time is kept first, by its CLI.
    The exit code: red where a run has passed, and no other job can publish its result.
    Raises InputError where the state key is none.
    """
    here, environ = place(environ), with_agents(environ)
    names = carrying.key_names(environ)
    if not (here.state / LEDGER).is_file() or environ.get("GUMP_RAN") == "skipped":
        return 0  # what this job has not worked on stays where it was found
    if _is_doubtful(here, environ):
        kept = {"artifact": "false", "cache": "false", "note": NOT_BELIEVED}
        log.warn(NOT_BELIEVED)
    else:
        kept = _keep(here, environ, names[0] if names else None, log)
        if environ.get("GUMP_BUNDLES") == "true":
            kept["bundle"] = bundle.make(here, environ, log)
    try:
        with inside(environ):
            make_report(here, environ, Redactor(secrets_of(environ, KEYS)))
        kept["report"] = "true"
    except (GumpError, OSError) as why:
        log.warn(f"There is no report artifact: {why}")
    log.outputs(kept)
    is_lost = kept.get("bundle") == "" and _has_passed(here)
    return Verdict.FAILED.exit_code if is_lost else 0


def _is_doubtful(here: Place, environ: Mapping[str, str]) -> bool:
    """Stored, such a record would be gone on with, or published by another job."""
    try:
        return is_doubtful(record.read_state(here.state), environ)
    except InputError:  # said by what packs it
        return False


def _keep(here: Place, environ: Mapping[str, str], key_env: str | None, log: Log) -> dict[str, str]:
    """What is there for the nested actions to store."""
    wanted = environ.get(inputs.variable("state")) or "auto"
    packer = _Packer(here, environ, key_env, log)
    artifact = wanted in ("auto", "artifact") and packer.pack(here.packed, "auto")
    cache = wanted in ("auto", "cache") and writes_cache(environ) and _cache(packer, here)
    return {
        "artifact": str(artifact).lower(),
        "cache": str(cache).lower(),
        "note": packer.note,
        "without-transcripts": str(packer.note == NO_KEY).lower(),
    }


def _cache(packer: _Packer, here: Place) -> bool:
    """Of a run that has passed, an entry without transcripts, so that no older one counts."""
    if _has_passed(here):
        return packer.pack(here.cached, "never")
    try:
        here.cached.parent.mkdir(parents=True, exist_ok=True)
        here.cached.unlink(missing_ok=True)
        os.link(here.packed, here.cached)
        return True
    except OSError:  # it was not wanted or not made, or this file system has no such links
        return packer.pack(here.cached, "auto")


def _has_passed(here: Place) -> bool:
    """Not where the record cannot be read, which is said by what packs it."""
    try:
        ended = record.read_state(here.state).ended
    except InputError:
        return False
    return ended is not None and ended.verdict is Verdict.PASSED


class _Packer:
    """Packs one file after another, and remembers what a person should be told of them."""

    def __init__(
        self, here: Place, environ: Mapping[str, str], key_env: str | None, log: Log
    ) -> None:
        self._here, self._environ, self._key_env, self._log = here, environ, key_env, log
        self.note = ""

    def pack(self, target: Path, transcripts: Literal["auto", "never"]) -> bool:
        """Whether the file is there."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            lines, packed = carrying.pack(
                self._here.state,
                target,
                self._environ,
                run_key=self._here.key.text,
                key_env=self._key_env,
                transcripts=transcripts,
            )
        except (GumpError, OSError) as why:
            self.note = f"the state was not stored, so a re-run of this job starts anew: {why}"
            self._log.warn(self.note)
            return False
        for line in lines:
            self._log.say(line)
        if transcripts == "auto" and packed.has_left_all_transcripts and not packed.key:
            self.note = NO_KEY
            self._log.warn(NO_KEY)
        return True
