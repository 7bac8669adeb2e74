"""Forks engines that are killed, by SIGKILL, at an operation of their store or before one of git.

A process of its own with everything imported: one JSON line in for each engine, one line out when
it has ended.  What runs in the fork is the command line as it ships, with a hook in its doors.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gump_action import assembly, main
from gump_action.system import git
from gump_action.system.store import Store


def serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            be_engine(order)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(status, flush=True)


def be_engine(order: Mapping[str, Any]) -> None:
    """Never returns."""
    code = 3
    try:
        take_place(order)
        hook = Hook(order["kill_at"])
        assembly.Store = functools.partial(Store, hook=hook)  # type: ignore[assignment, misc]
        git.execute = hook.before_git(git.execute)
        code = ended(main.main)
        if order["points"]:
            Path(order["points"]).write_text(json.dumps(hook.points))
    finally:
        sys.stdout.flush()
        os._exit(code)


def take_place(order: Mapping[str, Any]) -> None:
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = order["argv"]
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def ended(call: Any) -> int:
    try:
        call()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


class Hook:
    """Counts the operations of a store and of git, and ends this process at one of them."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at = kill_at
        self.points: list[str] = []

    def __call__(self, moment: str, name: str) -> None:
        if len(self.points) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.points.append(f"{moment} {name}")

    def before_git(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        def hooked(cwd: Path, words: list[str], *rest: Any) -> Any:
            self("before", f"git {next(w for w in words[1:] if '-' not in w[:1] and '=' not in w)}")
            return execute(cwd, words, *rest)

        return hooked


if __name__ == "__main__":
    serve()
