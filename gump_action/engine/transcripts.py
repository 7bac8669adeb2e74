"""Keeps the files of a session by attempt, and puts them back: the doing of what providers say.

A transcript is kept as its provider wrote it, less a torn last line, and put back byte for byte
but for what another path demands.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gump_action import environment
from gump_action.engine import events as e
from gump_action.engine.homes import Found, look
from gump_action.engine.run import Run
from gump_action.engine.state import Attempt
from gump_action.engine.workspace.remove import remove
from gump_action.errors import Stopped
from gump_action.providers import lines
from gump_action.providers.base import Command, Keep, Place, Provider, Put
from gump_action.providers.files import version_of
from gump_action.system import process
from gump_action.system.store import attempt_folder

FOLDER = "transcript"
TRANSCRIPT_LIMIT = 200 * 1024 * 1024
"""Bytes of one file of a session; an agent can write into its home as much as it likes."""
PORT_LIMIT = 60.0
"""Seconds for a command that exports or imports a session."""


@dataclass(frozen=True)
class Talk:
    """Who talks where: the attempt, its provider and the place of its agent."""

    step: str
    attempt: int
    provider: Provider
    place: Place


def place_of(run: Run, provider: Provider) -> Place:
    """The agent home and the tree of the next launch."""
    around = run.around
    own = run.store.root / "home" / provider.NAME
    home = own if around.is_own_home else provider.user_home(around.environ)
    return Place(home.absolute(), run.workspace.tree, around.is_own_home, around.environ)


def _found(run: Run, talk: Talk) -> Found:
    """As it was before any agent ran; who settles a dead engine's attempt alone looks now."""
    return run.homes.get(talk.provider.NAME) or look(talk.provider, talk.place)


def make_home(run: Run, talk: Talk) -> None:
    """An empty home with the user's settings; a user's own home is left as it is."""
    if not talk.place.own:
        return
    remove(talk.place.home)
    talk.place.home.mkdir(parents=True, mode=0o700)
    for put in _found(run, talk).settings:
        _write(put, talk.place)


def keep(run: Run, talk: Talk, session: str) -> None:
    """Put the conversation as it stands now into the attempt's folder, and say whether it could.

    Raises Stopped where a signal leaves no time for it: nothing is lost then, the next start does
    it, as for an engine that was killed.
    """
    try:
        files = _keep(run, talk, session)
    except (_Unusable, OSError) as why:
        run.emit(e.TranscriptLost(step=talk.step, attempt=talk.attempt, why=str(why)))
        return
    run.emit(
        e.TranscriptKept(
            step=talk.step,
            attempt=talk.attempt,
            session=session,
            files=files,
            cwd=str(talk.place.cwd),
            cli=_version(run, talk.provider),
        )
    )


def _version(run: Run, provider: Provider) -> str:
    found = process.find(provider.PROGRAM, environment.for_children(run.around.environ))
    return version_of(found) if found else ""


def put_back(run: Run, talk: Talk, attempt: Attempt) -> str:
    """Make the session stand as it did at the end of `attempt`; why not, where it cannot be."""
    try:
        _put_back(run, talk, attempt)
    except (_Unusable, OSError) as why:
        return str(why)
    return ""


class _Unusable(Exception):
    """A transcript that cannot be kept or put back; the text says why."""


def _keep(run: Run, talk: Talk, session: str) -> dict[str, str]:
    folder = f"{attempt_folder(talk.step, talk.attempt)}/{FOLDER}"
    staged = run.store.root / "staged"
    remove(staged)
    staged.mkdir(parents=True, mode=0o700)
    capture = talk.provider.capture(session, talk.place, staged)
    for command in capture.before:
        _carry_out_one(run, talk, command, keeps_work=True)
    files = {}
    for one in capture.keep:
        content = _content(one)
        if content:
            run.store.write(f"{folder}/{one.name}", content)
            files[one.name] = _digest(content)
    remove(staged)
    if not files:
        raise _Unusable("its CLI has left no transcript")
    return files


def _content(one: Keep) -> bytes:
    """The bytes of a regular file, less a torn last line."""
    if one.source.is_symlink() or not one.source.is_file():
        return b""
    if one.source.stat().st_size > TRANSCRIPT_LIMIT:
        raise _Unusable(f"{one.name} has more than {TRANSCRIPT_LIMIT // 1024 // 1024} MiB")
    content = one.source.read_bytes()
    if one.check == "json" and lines.parse_object(content) is None:
        raise _Unusable(f"its CLI has written {one.name} in part only")
    return content[: content.rfind(b"\n") + 1] if one.lines else content


def _put_back(run: Run, talk: Talk, attempt: Attempt) -> None:
    kept = attempt.kept
    if kept is None or not talk.provider.SESSION.fullmatch(kept.session):
        raise _Unusable(f"the session of {attempt.name} is not one of {talk.provider.NAME}")
    folder = run.store.root / attempt_folder(attempt.step, attempt.number) / FOLDER
    for name, digest in kept.files.items():
        _check(folder / name, digest)
    names = tuple(kept.files)
    restore = talk.provider.restore(kept.session, names, talk.place, folder)
    _carry_out(run, talk, restore.before)
    for path in restore.clear:
        remove(_below_home(path, talk.place))
    for put in restore.put:
        _write(put, talk.place)
    _carry_out(run, talk, restore.after)


def _check(path: Path, digest: str) -> None:
    if not path.is_file():
        raise _Unusable(f"its transcript is gone ({path.name})")
    if _digest(path.read_bytes()) != digest:
        raise _Unusable(f"its transcript was altered ({path.name})")


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def _write(put: Put, place: Place) -> None:
    """Through no link below the home, readable by nobody else."""
    target = _below_home(put.target, place)
    content = put.source.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(target, flags, 0o600), "wb") as file:
        file.write(put.rewrite(content) if put.rewrite else content)


def _below_home(path: Path, place: Place) -> Path:
    if not path.is_relative_to(place.home) or ".." in path.parts:
        raise _Unusable(f"{path} is not in the agent's home")
    parts = path.relative_to(place.home).parts[:-1]
    folder = place.home
    for part in parts:
        folder = folder / part
        if folder.is_symlink():
            raise _Unusable(f"{folder} is a link")
    return path


def _carry_out(run: Run, talk: Talk, commands: Iterable[Command]) -> None:
    for command in commands:
        _carry_out_one(run, talk, command, keeps_work=False)


def _carry_out_one(run: Run, talk: Talk, command: Command, *, keeps_work: bool) -> None:
    env = child_environment(run, talk, command, ())
    argv = resolve(talk.provider, command, env)
    if argv is None:
        raise _Unusable(f"{command.argv[0]} is not on PATH")
    launch = process.Launch(
        argv,
        talk.place.cwd,
        env,
        command.stdin.encode(),
        wall=PORT_LIMIT,
        mark=run.mark,
        keeps_work=keeps_work,
        stdout=command.stdout,
    )
    try:
        finished = process.run(launch, lambda line: None, lambda line: None, run.around.stop)
    except OSError as why:
        raise _Unusable(f"{argv[0]} cannot be started: {why.strerror}") from None
    words = " ".join(command.argv[:2])
    if finished.cause == "stop" and keeps_work:
        raise Stopped(
            f"the run was told to stop, and `{words}` was not done in the time left.",
            hint="Start it again: it goes on where it was.",
        )
    if finished.cause == "stop":
        raise _Unusable(f"the run was stopped before `{words}` was done")
    if finished.cause == "wall":
        raise _Unusable(f"`{words}` was not done after {PORT_LIMIT:g} s")
    if finished.code:
        said = run.around.redactor.clean(finished.stderr).strip()[-500:]
        raise _Unusable(f"`{words}` ended with {finished.code}: {said}")


def child_environment(
    run: Run, talk: Talk, command: Command, named: Iterable[tuple[str, str | None]]
) -> dict[str, str]:
    """The whole environment of an agent, or of a command that belongs to one."""
    added = {**_found(run, talk).env, **command.env}
    return environment.for_agent(
        run.around.environ,
        passed=talk.provider.PASSED,
        added=added,
        named=named,
        run=run.id,
        step=talk.step,
        attempt=talk.attempt,
    )


def resolve(provider: Provider, command: Command, env: dict[str, str]) -> tuple[str, ...] | None:
    """The command with its program found on PATH; None where it is not there."""
    found = process.find(command.argv[0], env)
    if found is None:
        return None
    program = provider.native(found) if command.argv[0] == provider.PROGRAM else found
    return (str(program), *command.argv[1:])


def gentle_signal(command: Command) -> int:
    """What ends this program without breaking its session."""
    return signal.SIGINT if command.stop == "INT" else signal.SIGTERM
