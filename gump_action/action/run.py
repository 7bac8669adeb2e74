"""The step that runs the workflow: the command line's `run`, asked by the inputs of the action."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gump_action import assembly
from gump_action.action import commands
from gump_action.action.log import Log
from gump_action.action.place import place
from gump_action.action.spec import spec_file
from gump_action.engine.outcome import Verdict
from gump_action.host import inputs
from gump_action.host.inputs import Inputs


def run(environ: Mapping[str, str], version: str, log: Log) -> int:
    """Run or continue in the working directory; the exit code makes the job red or green."""
    try:
        return _run(_with_agents(environ), version)
    finally:
        commands.empty(environ, log)


def _with_agents(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The CLIs that were installed for this run stand before those that the machine has."""
    ours = environ.get("GUMP_AGENTS_PATH", "")
    if not ours:
        return environ
    return {**environ, "PATH": os.pathsep.join((ours, environ.get("PATH", os.defpath)))}


def _run(environ: Mapping[str, str], version: str) -> int:
    asked = inputs.read(environ)
    here = place(environ)
    options = assembly.Options(
        workflow=asked.workflow,
        spec=spec_file(asked, here, Path()),
        repo=Path(),
        state=here.state,
        inputs=asked.sets,
        agent=asked.agent,
        workspace=asked.workspace,
        max_budget=asked.max_budget,
        version=version,
    )
    return exit_code(assembly.run(options, environ), asked)


def exit_code(verdict: Verdict, asked: Inputs) -> int:
    """Red is what `fail-on` names; a run that was cancelled stays cancelled."""
    if verdict in asked.fail_on:
        return verdict.exit_code or Verdict.FAILED.exit_code
    return verdict.exit_code if verdict is Verdict.CANCELLED else 0
