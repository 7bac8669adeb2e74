"""The steps of action.yml by their names.  What one needs is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from gump_action.action.job.log import Log
from gump_action.system import private

NAMES = ("resolve", "restore", "install", "run", "save", "deliver", "publish")


def play(name: str, environ: Mapping[str, str], log: Log, version: str) -> int:
    """One step; its exit code.  Each is asked by variables alone."""
    private.hide()
    match name:
        case "resolve":
            from gump_action.action import resolve

            return resolve.resolve(environ, log)
        case "restore":
            from gump_action.action import restore

            restore.restore(environ, log)
        case "install":
            from gump_action.action import agents

            agents.install(environ, log)
        case "run":
            from gump_action.action import run

            return run.run(environ, version, log)
        case "save":
            from gump_action.action import save

            return save.save(environ, log)
        case "deliver":
            from gump_action.action import deliver

            return deliver.deliver(environ, log)
        case "publish":
            from gump_action.action import publish

            publish.publish(environ, log)
    return 0
