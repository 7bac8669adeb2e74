"""The door to other programs: starts a child, streams what it prints, and ends all it started.

Everything is bytes until it is a line.  Nothing is kept in memory but a line, a tail of stderr, and
what has not been written to the child's input.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from gump_action.system import descendants

LONGEST_LINE = 20 * 1024 * 1024
TAIL = 64 * 1024
GRACE = 2.0
"""Seconds between the gentle signal and SIGKILL, of the five that a cancelled run has in all."""
ANSWER = 3.5
"""Seconds after a signal for what keeps the work: git, the export of a session.  So that the record
is whole after the five that are promised.
"""
MARK = "GUMP_LAUNCH"
"""Variable by which all that a launch has started can be found, also after the engine's death.

Its value is the engine's own mark, a dot, and a word for the launch.
"""
GIT = "git"
"""The word for all git of an engine, which starts it through another door."""
GIT_PATIENCE = 5.0
"""Seconds that a dead engine's git has to end by itself."""


Cause = Literal["exit", "wall", "idle", "stop", "enough"]
"""It ended by itself, a limit passed, a signal came, or the listener had heard enough."""


_BETWEEN_WORDS = re.compile(rb"[\s\"',;<>(){}\[\]]")
_living: set[str] = set()  # marks of the launches of this process that are under way


class Stop:
    """A wish to end, made by a signal; wakes whoever waits for a child.

    `until` is the moment (of the monotonic clock) at which even what keeps the work has to end.
    """

    def __init__(self) -> None:
        self.signal: int = 0
        self.until = math.inf
        self.read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._write_fd, False)

    def request(self, signum: int) -> None:
        """Called by a signal's handler; the first signal counts."""
        if not self.signal:
            self.signal, self.until = signum, time.monotonic() + ANSWER
        os.write(self._write_fd, b".")

    @property
    def is_wanted(self) -> bool:
        return bool(self.signal)

    @property
    def why(self) -> str:
        """For a person: whether somebody stopped it, or its own limit of time (SIGALRM)."""
        if self.signal == signal.SIGALRM:
            return "the time that the run may take in this job is over"
        return "the run was stopped"


@dataclass(frozen=True)
class Launch:
    """What to start.  `argv[0]` is a path; `env` is the child's whole environment."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    stdin: bytes = b""
    wall: float = 3600.0
    idle: float | None = None
    gentle: int = signal.SIGTERM
    mark: str = ""
    keeps_work: bool = False
    """A stop does not end it at once, but when the time to keep what was done is over."""
    stdout: Path | None = None
    """A file that gets what the child prints, in the place of the listener."""


@dataclass(frozen=True)
class Finished:
    """`code` is negative for a signal; `cause` says who ended it; `stderr` is its tail, as text."""

    code: int
    seconds: float
    stderr: str
    cause: Cause


def find(program: str, env: Mapping[str, str]) -> Path | None:
    """Where the program is on the PATH of this environment."""
    found = shutil.which(program, path=env.get("PATH", os.defpath))
    return Path(found).absolute() if found else None


def new_mark() -> str:
    """A mark for one engine that no other has."""
    return uuid.uuid4().hex


def run(
    launch: Launch,
    on_stdout: Callable[[bytes], object],
    on_stderr: Callable[[bytes], object],
    stop: Stop | None = None,
) -> Finished:
    """Run to the end, giving each line (with its newline) as it comes; nothing lives on after it.

    A listener that returns False has heard enough: the child is ended.  Raises OSError where the
    program cannot be started.
    """
    child = _Child(launch, on_stdout, on_stderr, stop)
    _living.add(child.mark)
    try:
        return child.wait()
    finally:
        child.close()
        _living.discard(child.mark)


def for_git(env: Mapping[str, str], mark: str) -> dict[str, str]:
    """This environment, for git that the engine with this mark starts."""
    return {**env, MARK: f"{mark}.{GIT}"}


def end_marked(mark: str) -> int:
    """End what an engine that has died left behind; how many there were.

    Its git comes last, and not by force where that can be had: it may just hold a lock in the
    user's repository, which nobody would take away.
    """
    any_, git = f"{mark}.", f"{mark}.{GIT}"
    ended = descendants.kill(lambda: descendants.with_variable(MARK, any_, but=git))
    descendants.wait_for(lambda: descendants.with_variable(MARK, git), GIT_PATIENCE)
    return ended + descendants.kill(lambda: descendants.with_variable(MARK, any_))


class _Lines:
    """Cuts a stream into lines; the rest of a line that is too long is left out."""

    def __init__(self, give: Callable[[bytes], object]) -> None:
        self.give = give
        self.is_enough = False
        self.parts: list[bytes] = []
        self.size = 0

    def feed(self, chunk: bytes) -> None:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            self._add(line)
            self.flush(b"\n")
        self._add(rest)

    def _add(self, part: bytes) -> None:
        if part and self.size < LONGEST_LINE:
            self.parts.append(part)
            self.size += len(part)

    def flush(self, end: bytes = b"") -> None:
        if self.parts or end:
            line, self.parts, self.size = b"".join(self.parts) + end, [], 0
            self.is_enough |= self.give(line) is False


class _Child:
    """Owns one child and its pipes until all that it started has ended."""

    def __init__(
        self,
        launch: Launch,
        on_stdout: Callable[[bytes], object],
        on_stderr: Callable[[bytes], object],
        stop: Stop | None,
    ) -> None:
        descendants.adopt_orphans()
        self.launch, self.stop = launch, stop
        self.mark = f"{launch.mark or new_mark()}.{uuid.uuid4().hex[:8]}"
        self.began = self.heard = time.monotonic()
        self.tail = b""
        self.out = _Lines(on_stdout)
        self.err = _Lines(on_stderr)
        self.unsent = memoryview(launch.stdin)
        with contextlib.ExitStack() as stack:
            to: IO[bytes] | int = subprocess.PIPE
            if launch.stdout:
                to = stack.enter_context(launch.stdout.open("wb"))
            self.popen = subprocess.Popen(
                list(launch.argv),
                cwd=launch.cwd,
                env={**launch.env, "PWD": str(launch.cwd), MARK: self.mark},
                stdin=subprocess.PIPE if launch.stdin else subprocess.DEVNULL,
                stdout=to,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        self.selector = selectors.DefaultSelector()
        self._register()

    def _register(self) -> None:
        for pipe, name in ((self.popen.stdout, "out"), (self.popen.stderr, "err")):
            if pipe:
                self.selector.register(pipe, selectors.EVENT_READ, name)
        if self.popen.stdin:
            os.set_blocking(self.popen.stdin.fileno(), False)
            self.selector.register(self.popen.stdin, selectors.EVENT_WRITE, "in")
        if self.stop:
            self.selector.register(self.stop.read_fd, selectors.EVENT_READ, "stop")
        self.pidfd = descendants.watch(self.popen.pid)
        if self.pidfd is not None:
            self.selector.register(self.pidfd, selectors.EVENT_READ, "exit")

    def wait(self) -> Finished:
        cause = self._wait_for_end()
        if cause != "exit":
            self._end_gently()
        self._end_all()
        code = self.popen.wait()
        self._drain()
        seconds = time.monotonic() - self.began
        return Finished(code, seconds, self.tail.decode("utf-8", "replace"), cause)

    def _wait_for_end(self) -> Cause:
        while self.popen.poll() is None:
            now = time.monotonic()
            cause = self._cause_to_end(now)
            if cause:
                return cause
            self._turn(self._patience(now))
        return "exit"

    def _cause_to_end(self, now: float) -> Cause | None:
        if self.stop and self.stop.is_wanted and now > self._end_of_patience(self.stop):
            return "stop"
        if self.out.is_enough:
            return "enough"
        if now - self.began > self.launch.wall:
            return "wall"
        if self.launch.idle is not None and now - self.heard > self.launch.idle:
            return "idle"
        return None

    def _end_of_patience(self, stop: Stop) -> float:
        return stop.until if self.launch.keeps_work else -math.inf

    def _patience(self, now: float) -> float:
        left = [self.began + self.launch.wall - now]
        if self.stop:
            left.append(self.stop.until - now)
        if self.launch.idle is not None:
            left.append(self.heard + self.launch.idle - now)
        if self.pidfd is None:
            left.append(0.05)
        return max(0.0, min(left))

    def _turn(self, patience: float) -> None:
        for key, _ in self.selector.select(patience):
            if key.data == "in":
                self._send()
            elif key.data == "stop":  # it stays readable, and has said all that it has to say
                self.selector.unregister(key.fileobj)
            elif key.data in ("out", "err"):
                self._receive(key.data)

    def _send(self) -> None:
        pipe = _open(self.popen.stdin)
        try:
            sent = os.write(pipe.fileno(), self.unsent[:65536])
        except BrokenPipeError:
            sent = len(self.unsent)
        self.unsent = self.unsent[sent:]
        if not self.unsent:
            self.selector.unregister(pipe)
            pipe.close()

    def _receive(self, name: str) -> bool:
        pipe = _open(self.popen.stdout if name == "out" else self.popen.stderr)
        lines = self.out if name == "out" else self.err
        chunk = os.read(pipe.fileno(), 1 << 18)
        if not chunk:
            self.selector.unregister(pipe)
            lines.flush()
            return False
        if name == "out":
            self.heard = time.monotonic()
        else:
            self.tail = _shortened(self.tail + chunk)
        lines.feed(chunk)
        return True

    def _end_gently(self) -> None:
        self.popen.send_signal(self.launch.gentle)
        until = time.monotonic() + GRACE
        if self.stop:
            until = min(until, self.stop.until)
        while self.popen.poll() is None and time.monotonic() < until:
            self._turn(0.05)

    def _end_all(self) -> None:
        pid = self.popen.pid
        others = frozenset(_living - {self.mark})
        descendants.kill(lambda: descendants.of_launch(pid, MARK, self.mark, others), own=pid)

    def _drain(self) -> None:
        """What was printed before the end; a pipe that something unreachable holds is left."""
        until = time.monotonic() + 1.0
        registered = self.selector.get_map()
        for pipe, name in ((self.popen.stdout, "out"), (self.popen.stderr, "err")):
            if pipe is None:
                continue
            os.set_blocking(pipe.fileno(), False)
            while pipe.fileno() in registered and time.monotonic() < until:
                try:
                    self._receive(name)
                except BlockingIOError:
                    time.sleep(0.01)

    def close(self) -> None:
        self.selector.close()
        if self.pidfd is not None:
            os.close(self.pidfd)
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe:
                pipe.close()
        if self.popen.poll() is None:
            self._end_all()
            self.popen.wait()


def _shortened(tail: bytes) -> bytes:
    """The last lines, whole, for what hides secrets has to see these whole.

    Of a last line that is longer by itself, its end, from between two words on.
    """
    if len(tail) <= TAIL:
        return tail
    end = tail[-TAIL:]
    return end.partition(b"\n")[2] or _BETWEEN_WORDS.split(end, maxsplit=1)[-1] or end


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "the child was started with pipes"
    return pipe
