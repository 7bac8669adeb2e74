"""Installs the agents' CLIs that a workflow can reach, at their locked versions.

They go into a folder of their own below the runner's tool cache, by npm's lock and without scripts;
no key is in npm's environment.  What cannot be installed is told and left to the run, which says
itself what it misses: an escalation may never come.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gump_action import environment
from gump_action.clis.locked import CLIS, FILES, Cli, number_in
from gump_action.providers import PROVIDERS
from gump_action.system import process
from gump_action.system.process import Stop
from gump_action.workflow.model import AgentStep, Workflow, provider_of

Say = Callable[[str], object]
# What a user's .npmrc could say against it is said here: no program without its optional packages.
_CI = (
    *("ci", "--ignore-scripts", "--include=optional", "--package-lock", "--no-global"),
    *("--no-engine-strict", "--no-audit", "--no-fund", "--no-update-notifier"),
    *("--no-progress", "--loglevel=error", "--fetch-timeout=60000"),
)
_LONGEST = 300.0
_SHOWN = 12
_STACK = re.compile(r"npm error +at ")
_STAMP = "whole"
_NEW = ".new-"
_LEFT_BEHIND = 24 * 3600.0
_SETUP = (
    "Put a step `uses: actions/setup-node` with `node-version: {node}` before gump/action, or "
    "install {program} {version} yourself."
)


@dataclass(frozen=True)
class Missed:
    """A CLI that is not there and could not be installed, and why, for a person."""

    provider: str
    why: str


@dataclass(frozen=True)
class Installed:
    """`path` is what the run has to have before its PATH, one folder with one program for each."""

    path: tuple[Path, ...]
    missed: tuple[Missed, ...]


@dataclass(frozen=True)
class Room:
    """Where CLIs are put, and what npm and they are given."""

    where: Path
    env: Mapping[str, str]
    say: Say
    stop: Stop | None


def cache(environ: Mapping[str, str]) -> Path:
    """Where CLIs are kept between jobs: the runner's tool cache, else the user's own."""
    tools = environ.get("RUNNER_TOOL_CACHE", "")
    if tools and os.access(tools, os.W_OK):
        return Path(tools) / "gump-action"
    own = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/tmp"), ".cache")
    return Path(own, "gump-action", "clis")


def reached(workflow: Workflow, agent: str = "") -> tuple[str, ...]:
    """The providers that a run of it can come to; `agent` stands in the place of all steps' own."""
    steps = [step for _, step in workflow.walk() if isinstance(step, AgentStep)]
    agents = [agent or step.agent for step in steps]
    for rules in (step.on_failure for step in steps if step.on_failure.retry):
        agents += [strategy.agent for strategy in rules.strategy if strategy.agent]
    return tuple(dict.fromkeys(provider_of(name) for name in agents))


def install(
    workflow: Workflow,
    where: Path,
    environ: Mapping[str, str],
    say: Say,
    *,
    agent: str = "",
    clis: Mapping[str, Cli] = CLIS,
    stop: Stop | None = None,
) -> Installed:
    """Install what the workflow can reach and PATH does not have; `say` gets lines for the log."""
    room = Room(where, environment.for_children(environ), say, stop)
    path: list[Path] = []
    missed: list[Missed] = []
    for provider in reached(workflow, agent):
        match _provided(provider, clis, room):
            case Missed() as miss:
                missed.append(miss)
            case Path() as folder:
                path.append(folder)
    return Installed(tuple(path), tuple(missed))


def _provided(provider: str, clis: Mapping[str, Cli], room: Room) -> Path | Missed | None:
    """The folder to put before PATH; None where PATH has the program already."""
    cli = clis.get(provider)
    if cli is None:
        return _asked_for(provider, room)
    found = process.find(cli.program, room.env)
    there = version(found, room.env) if found else ""
    if there == cli.version:
        room.say(f"{cli.program} {there} is on PATH already: {found}")
        return None
    why = _lacks_node(cli, room)
    if not why:
        other = f"; {there or 'another version'} is on PATH: {found}" if found else ""
        why = _put_in_place(cli, room, other)
    if why:
        return Missed(provider, f"{why}{_used_instead(cli, found)}")
    return room.where / folder_name(cli) / "bin"


def _put_in_place(cli: Cli, room: Room, other: str) -> str:
    """Taken as it is where it was made before; why there is none, in words."""
    target = room.where / folder_name(cli)
    if is_whole(target):
        room.say(f"{cli.program} {cli.version} was installed before: {target}{other}")
        return ""
    room.say(f"installing {cli.program} {cli.version} ({cli.package}) into {target}{other}")
    return _make(cli, target, room)


def _asked_for(provider: str, room: Room) -> Missed | None:
    """A provider whose CLI is not ours to install."""
    known = PROVIDERS.get(provider)
    if known is None or process.find(known.PROGRAM, room.env):
        return None
    return Missed(
        provider,
        f"{known.PROGRAM} is not on PATH, and it is on no package registry, so it is not installed "
        f"here. Install it in a step before gump/action, as its maker says ({known.INSTALL}), and "
        "put its folder on the job's PATH.",
    )


def _used_instead(cli: Cli, found: Path | None) -> str:
    return f"\n{cli.program} from PATH is used: {found}" if found else ""


def folder_name(cli: Cli) -> str:
    """Tells apart versions, locks and machines that share one cache."""
    lock = sha256((cli.folder / FILES[1]).read_bytes()).hexdigest()[:12]
    libc = f"-{platform.libc_ver()[0] or 'other'}" if sys.platform == "linux" else ""
    return f"{cli.provider}-{cli.version}-{lock}-{sys.platform}-{platform.machine()}{libc}"


def version(program: Path, env: Mapping[str, str]) -> str:
    """The number that a program says of its version within twenty seconds, or nothing.

    Only stdout counts: Codex 0.169.0 and Node may print warnings on stderr first.
    """
    said: list[bytes] = []
    launch = process.Launch((str(program), "--version"), Path("/"), env, wall=20.0)
    try:
        done = process.run(launch, said.append, lambda _: None)
    except OSError:
        return ""
    return number_in(b"".join(said).decode("utf-8", "replace")) if done.code == 0 else ""


def _lacks_node(cli: Cli, room: Room) -> str:
    """Why this machine cannot install or run it, and what to do; empty where it can."""
    todo = _SETUP.format(node=max(cli.node, 22), program=cli.program, version=cli.version)
    for name in ("node", "npm"):
        if not process.find(name, room.env):
            return f"{name} is not on PATH, and {cli.program} is installed with it. {todo}"
    node = process.find("node", room.env)
    there = version(node, room.env) if node else ""
    if int(there.partition(".")[0] or 0) >= cli.node:
        return ""
    return (
        f"Node {there or 'of an unknown version'} is on PATH ({node}), and {cli.program} "
        f"{cli.version} needs {cli.node} or newer. {todo}"
    )


def _make(cli: Cli, target: Path, room: Room) -> str:
    """The folder, whole or not at all; why not, in words."""
    try:
        room.where.mkdir(parents=True, exist_ok=True)
        _clear(room.where)
        with _scratch(room.where) as scratch:
            new = Path(scratch, target.name)
            new.mkdir()
            why = _fill(cli, new, room)
            if not why:
                _stamp(new)
                _put(new, target, Path(scratch))
            return why
    except OSError as error:
        return f"{cli.program} {cli.version} could not be put into {room.where}: {error}"


def _scratch(where: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=_NEW, dir=where, ignore_cleanup_errors=True)


def _clear(where: Path) -> None:
    """Takes away what installations that were cut short have left."""
    for left in where.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(left, ignore_errors=True)


def _fill(cli: Cli, new: Path, room: Room) -> str:
    for name in FILES:
        shutil.copyfile(cli.folder / name, new / name)
    why = _ran(("npm", *_CI), new, room)
    if cli.finish and not why:
        why = _ran(("node", cli.finish), new / "node_modules" / cli.package, room)
    if why:
        return f"{cli.program} {cli.version} could not be installed: {why}"
    program = new / "bin" / cli.program
    program.parent.mkdir()
    program.symlink_to(Path("..", "node_modules", ".bin", cli.program))
    there = version(program, room.env)
    return "" if there == cli.version else _says_another(cli, there)


def _says_another(cli: Cli, there: str) -> str:
    says = f"`{cli.program} --version` says {there or 'no version'}"
    return (
        f"npm installed {cli.program} {cli.version}, but {says}, so it is not used. npm leaves out "
        "in silence a package for this system that its registry does not have, or whose digest is "
        f"not that of the lock: look whether your registry has all that {cli.package} asks for."
    )


def _ran(argv: tuple[str, ...], cwd: Path, room: Room) -> str:
    """Why it did not end well, with the first lines of what it printed; empty where it did."""
    printed: list[bytes] = []
    program = process.find(argv[0], room.env)
    assert program, "it was looked for before"
    launch = process.Launch((str(program), *argv[1:]), cwd, room.env, wall=_LONGEST)
    done = process.run(launch, printed.append, printed.append, room.stop)
    if done.cause == "exit" and done.code == 0:
        return ""
    causes = {"wall": f"did not end within {_LONGEST:g} s", "stop": "was cancelled"}
    how = causes.get(done.cause, f"ended with {done.code}")
    lines = b"".join(printed).decode("utf-8", "replace").splitlines()
    told = [line for line in lines if not _STACK.match(line)][:_SHOWN]
    return "\n".join([f"`{argv[0]} {argv[1]}` {how}.", *told])


def _stamp(new: Path) -> None:
    """Written last: what has to be there for the folder to be whole."""
    sizes = [f"{size} {name}\n" for name, size in _sizes(new)]
    (new / _STAMP).write_text("".join(sizes))


def _sizes(folder: Path) -> list[tuple[str, int]]:
    found = sorted(path for path in folder.rglob("*") if not path.is_dir())
    return [(path.relative_to(folder).as_posix(), path.lstat().st_size) for path in found]


def is_whole(folder: Path) -> bool:
    """Whether all that was installed there is still there; it may have more by now."""
    try:
        lines = (folder / _STAMP).read_text().splitlines()
        wanted = [line.partition(" ") for line in lines]
        sizes = [(folder / name).lstat().st_size == int(size) for size, _, name in wanted]
        return bool(sizes) and all(sizes)
    except (OSError, ValueError):
        return False


def _put(new: Path, target: Path, scratch: Path) -> None:
    """Another job may have put it there meanwhile; what lies there and is not whole goes."""
    with (target.parent / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_whole(target):
            return
        if target.exists():
            target.rename(scratch / "broken")
        new.rename(target)
