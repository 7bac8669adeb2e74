"""The door to git: runs its commands through GitPython, in an environment that the caller gives.

No hook, file-system monitor, prompt, lazy fetch or garbage collection is ever started, and nothing
of our own environment reaches git. What the commands are good for is said in `git_folder` and
`git_history`; steps and providers are unknown here.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from gump_action.environment import HARMLESS
from gump_action.errors import CommandError, InputError, Stopped
from gump_action.system.process import ANSWER, Stop

if TYPE_CHECKING:
    from git.cmd import Git as GitPython

NO_COMMANDS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.quotePath": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}
# What is named in the ledger has to outlive the machine; git by itself leaves that to chance.
DURABLE = {"core.fsync": "loose-object,reference", "core.fsyncMethod": "batch"}
# For the engine's own folder: no file outside it has a say.
ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
}

LONGEST = 3600.0
"""Seconds after which git hangs, whatever it does."""
GRACE = 0.3
"""Seconds for git to take its locks away before it is killed."""
_heeded: set[Stop] = set()


def heed(stop: Stop) -> None:
    """From now on git ends when the time after this stop is over, with Stopped.

    A signal is for the whole process, and so is this; `ignore` takes it back.
    """
    _heeded.add(stop)


def ignore(stop: Stop) -> None:
    _heeded.discard(stop)


class Git:
    """git, run in one folder with one environment and some settings."""

    def __init__(
        self, cwd: Path, env: Mapping[str, str], *, settings: Mapping[str, str] | None = None
    ) -> None:
        self.cwd = cwd
        self.env = {**{k: v for k, v in env.items() if not k.startswith("GIT_")}, **QUIET}
        self.settings = {**NO_COMMANDS, **(settings or {})}
        self._start = self._first_words()

    def _first_words(self) -> list[str]:
        words = [find_git(self.env.get("PATH", ""))]
        for name, value in self.settings.items():
            words += ["-c", f"{name}={value}"]
        return words

    def with_env(self, **more: str) -> Git:
        """The same, with these variables besides (also those of git's own)."""
        other = Git.__new__(Git)
        other.cwd, other.settings = self.cwd, self.settings
        other.env = {**self.env, **more}
        other._start = other._first_words()
        return other

    def run(
        self, *words: str, stdin: bytes | Path | None = None, ok: Collection[int] = (0,)
    ) -> bytes:
        """What git printed; another exit code than those of `ok` is a CommandError."""
        return self.try_run(*words, stdin=stdin, ok=ok)[1]

    def text(self, *words: str, ok: Collection[int] = (0,)) -> str:
        """What git printed, as text without the last newline."""
        return name_of(self.run(*words, ok=ok)).rstrip("\n")

    def try_run(
        self, *words: str, stdin: bytes | Path | None = None, ok: Collection[int] | None = None
    ) -> tuple[int, bytes, str]:
        """Exit code, output and complaints; without `ok` any exit code will do."""
        with given_input(stdin) as given:
            code, out, complaints = execute(self.cwd, [*self._start, *words], self.env, given)
        if ok is not None and code not in ok:
            raise CommandError(["git", *words[:12]], code, complaints[-4000:])
        return code, out, complaints


def given_input(stdin: bytes | Path | None) -> AbstractContextManager[BinaryIO | None]:
    """A real file, since that is what GitPython takes; nothing is /dev/null."""
    if stdin is None:
        return nullcontext()
    if isinstance(stdin, Path):
        return stdin.open("rb")
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
    file.write(stdin)
    file.seek(0)
    return file


def execute(
    cwd: Path, words: list[str], env: Mapping[str, str], given: BinaryIO | None
) -> tuple[int, bytes, str]:
    """One git process by GitPython: in a session of its own, so that no Ctrl-C cuts it short."""
    try:
        from git.cmd import Git as GitPython  # costs 0.1 s, so only who needs git pays for it
    except ImportError as missing:
        raise no_git() from missing
    child = GitPython(cwd).execute(
        [*_alone(env), *words],
        env=dict(env),
        istream=given,
        as_process=True,
        start_new_session=True,
    )
    with _Child(child, words) as heard:
        return heard.result()


class _Child:
    """Owns one git until its end, which comes by force when there is no time left."""

    def __init__(self, child: GitPython.AutoInterrupt, words: Sequence[str]) -> None:
        assert child.proc, "it has just been started"
        self.child, self.popen, self.words = child, child.proc, words
        self.until = time.monotonic() + LONGEST
        self.selector = selectors.DefaultSelector()
        self.parts: dict[str, list[bytes]] = {"out": [], "err": []}
        for pipe, name in ((self.popen.stdout, "out"), (self.popen.stderr, "err")):
            assert pipe, "git was started with pipes"
            self.selector.register(pipe, selectors.EVENT_READ, name)
        for stop in _heeded:
            self.selector.register(stop.read_fd, selectors.EVENT_READ, "stop")

    def __enter__(self) -> _Child:
        return self

    def result(self) -> tuple[int, bytes, str]:
        open_pipes = 2
        while open_pipes:
            for key, _ in self.selector.select(self._patience()):
                if not self._hear(key):
                    self.selector.unregister(key.fileobj)
                    open_pipes -= key.data != "stop"
        out, complaints = (b"".join(self.parts[name]) for name in ("out", "err"))
        said = complaints.decode("utf-8", "replace").removesuffix("\n")
        return self.popen.wait(), out, said

    def _hear(self, key: selectors.SelectorKey) -> bool:
        """Whether more can come from there."""
        if key.data == "stop":  # it stays readable, and has said all that it has to say
            return False
        chunk = os.read(key.fd, 1 << 18)
        self.parts[key.data].append(chunk)
        return bool(chunk)

    def _patience(self) -> float:
        until = min([self.until, *(stop.until for stop in _heeded)])
        left = until - time.monotonic()
        if left > 0:
            return left
        verb = next((word for word in self.words[1:] if word[:1] != "-" and "=" not in word), "")
        if until == self.until:
            raise CommandError(["git", verb], -signal.SIGKILL, f"not done after {LONGEST:g} s")
        raise Stopped(
            f"the run was told to stop, and `git {verb}` was not done in {ANSWER:g} s.",
            hint="Start it again: it goes on where it was.",
        )

    def __exit__(self, *_: object) -> None:
        self.selector.close()
        for number in (signal.SIGTERM, signal.SIGKILL):  # after the first git removes its locks
            if self.popen.poll() is None:
                self._end(number)
        for pipe in (self.popen.stdout, self.popen.stderr):
            if pipe:
                pipe.close()

    def _end(self, number: int) -> None:
        until = time.monotonic() + GRACE
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)
        while self.popen.poll() is None and time.monotonic() < until:
            time.sleep(0.005)


def _alone(env: Mapping[str, str]) -> list[str]:
    """GitPython adds the environment of this process; where that holds more than git is to be
    given (`main` has emptied it, but we may have been imported), `env -u` takes it away again.
    Only names: a value would stand in a command line."""
    if os.environ.keys() <= env.keys() | HARMLESS:
        return []
    more = sorted({*os.environ, "LANGUAGE"} - env.keys())  # the last is GitPython's own
    return ["/usr/bin/env", *(word for name in more for word in ("-u", name))]


def find_git(path: str) -> str:
    """Where git is; there is no doing without it."""
    found = shutil.which("git", path=path or None)
    if found is None:
        raise no_git()
    return found


def no_git() -> InputError:
    return InputError("git is not installed, or not on PATH", hint="Install git 2.38 or newer.")


def name_of(raw: bytes) -> str:
    """A path as git gave it; bytes that are no UTF-8 survive the way back."""
    return raw.decode("utf-8", "surrogateescape")


def encoded(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def names(out: bytes) -> list[str]:
    """The names of a list that git ended with zero bytes."""
    return [name_of(raw) for raw in out.split(b"\0") if raw]


def listed(paths: Collection[str]) -> bytes:
    """These names as a list for git's standard input."""
    return b"".join(encoded(path) + b"\0" for path in paths)
