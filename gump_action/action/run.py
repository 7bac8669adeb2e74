"""The step that runs the workflow: the command line's `run`, asked by the inputs of the action."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from gump_action import assembly
from gump_action.action.given import spec
from gump_action.action.given.options import options
from gump_action.action.job import commands
from gump_action.action.job.log import Log
from gump_action.action.job.place import Place, place, with_agents
from gump_action.action.saying import comment
from gump_action.action.saying.talk import Talker
from gump_action.engine.outcome import Verdict
from gump_action.errors import GumpError
from gump_action.host import inputs
from gump_action.host.inputs import Inputs


def run(environ: Mapping[str, str], version: str, log: Log) -> int:
    """Run or continue in the working directory; the exit code makes the job red or green."""
    digest = environ.get("GUMP_SPEC_DIGEST", "")
    asked = spec.as_made(inputs.read(environ), digest)
    here = place(environ)
    token = _read_token(environ)
    spec.check(asked, here, digest)
    wish = replace(options(asked, here, Path(), version), secrets=(token,))
    with commands.withheld(environ, log), _talking(environ, token, here, log) as talker:
        verdict = assembly.run(wish, with_agents(environ))
    if talker and talker.complaint:
        log.say(f"The comment did not move as it should: {talker.complaint}")
    return exit_code(verdict, asked)


def exit_code(verdict: Verdict, asked: Inputs) -> int:
    """Red is what `fail-on` names; a run that was cancelled stays cancelled."""
    if verdict in asked.fail_on:
        return verdict.exit_code or Verdict.FAILED.exit_code
    return verdict.exit_code if verdict is Verdict.CANCELLED else 0


def _talking(
    environ: Mapping[str, str], token: str, here: Place, log: Log
) -> AbstractContextManager[Talker | None]:
    """The comment moves while this is open; without one nothing is said here."""
    try:
        desk = comment.desk(environ, token)
    except GumpError as why:
        log.say(f"There is no comment while the run goes on: {why.message}")
        return nullcontext()
    if desk is None:
        return nullcontext()
    facts = comment.facts_of(environ, here.key.attempt, is_running=True)
    return Talker(here.state, lambda state: desk.put(state, facts))


def _read_token(environ: Mapping[str, str]) -> str:
    """The token comes through a pipe that is read once, so that no environment has it."""
    number = environ.get("GUMP_TOKEN_FD", "")
    if not number:
        return ""
    try:
        with os.fdopen(int(number), "rb") as pipe:
            return pipe.read(65536).decode("ascii", "replace").strip()
    except (OSError, ValueError):
        return ""
