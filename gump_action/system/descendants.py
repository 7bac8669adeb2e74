"""Finds and ends all that a child has started, also what left its process group or became a daemon.

Linux: orphans are adopted (PR_SET_CHILD_SUBREAPER), so all that a launch has started stays below
this process, however it detached itself.  What outlives an engine that was killed is found by the
mark in its environment; on macOS, which adopts nothing, everything is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

PROC = Path("/proc")
IS_LINUX = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """From now on a process whose parent has died becomes a child of ours."""
    if IS_LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def watch(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends, where the system has such."""
    return os.pidfd_open(pid) if IS_LINUX else None


def of_launch(pid: int, variable: str, mark: str, others: Collection[str] = ()) -> set[int]:
    """All that lives of the launch whose first process is `pid`.

    An orphan that we have adopted belongs to it, unless it carries the mark of another launch that
    lives (`others`; any other mark an agent may have made up), or is of our own session, as the
    engine's own children are.
    """
    if not IS_LINUX:
        return with_variable(variable, mark) | {pid}
    ours = os.getsid(0)
    roots = {pid}
    for child in _children(os.getpid()) - {pid}:
        if _session(child) not in (ours, 0) and _mark(child, variable) not in others:
            roots.add(child)
    return _below(roots)


def with_variable(name: str, value: str, *, but: str | None = None) -> set[int]:
    """Processes of this user that carry the variable, with a value that begins so.

    Those are left out whose value begins with `but`.
    """
    found = _with_variable(name, value)
    return found - _with_variable(name, but) if found and but else found


def wait_for(find: Callable[[], set[int]], seconds: float) -> None:
    """Let what `find` finds end by itself for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(not _is_dead(pid) for pid in find()):
        time.sleep(0.02)


def _with_variable(name: str, value: str) -> set[int]:
    if not IS_LINUX:
        return _with_variable_by_ps(f"{name}={value}")
    pids = {int(entry.name) for entry in os.scandir(PROC) if entry.name.isdigit()}
    return {pid for pid in pids if _mark(pid, name).startswith(value)}


def kill(find: Callable[[], set[int]], own: int = 0) -> int:
    """SIGKILL what `find` finds, until it finds nothing that lives; how many there were.

    `own` is a child that its owner will reap; orphans are reaped here.
    """
    killed: set[int] = set()
    until = time.monotonic() + 2.0
    while alive := {pid for pid in find() if not _is_dead(pid)}:
        for pid in alive:
            _send(pid)
        killed |= alive
        if time.monotonic() > until:
            break
        time.sleep(0.002)
    for pid in killed - {own}:
        _reap(pid)
    return len(killed)


def _send(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _below(roots: set[int]) -> set[int]:
    found, fresh = set(roots), set(roots)
    while fresh:
        fresh = set().union(*(_children(pid) for pid in fresh)) - found
        found |= fresh
    return found


def _children(pid: int) -> set[int]:
    """Of all its threads: a child belongs to the thread that started it."""
    try:
        threads = [entry.path for entry in os.scandir(PROC / str(pid) / "task")]
    except OSError:
        return set()
    return {int(child) for path in threads for child in _read(f"{path}/children").split()}


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _fields(pid: int) -> list[bytes]:
    """Of /proc/PID/stat, from the state on (the name before it may hold anything)."""
    return _read(f"{PROC}/{pid}/stat").rpartition(b")")[2].split()


def _session(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[3]) if len(fields) > 3 else 0


def _mark(pid: int, variable: str) -> str:
    start = variable.encode() + b"="
    for entry in _read(f"{PROC}/{pid}/environ").split(b"\0"):
        if entry.startswith(start):
            return entry[len(start) :].decode("utf-8", "replace")
    return ""


def _is_dead(pid: int) -> bool:
    if not IS_LINUX:
        return not _is_there(pid)
    fields = _fields(pid)
    return not fields or fields[0] in (b"Z", b"X")


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _with_variable_by_ps(word: str) -> set[int]:
    argv = ["/bin/ps", "-E", "-ax", "-ww", "-o", "pid=,command="]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = (line.split(None, 1) for line in done.stdout.splitlines())
    return {int(pid) for pid, *rest in found if rest and f" {word}" in rest[0]}
