"""Cuts runs short, at an operation of store or git or at any moment, and lets them go on."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .judge import Cut, Record, faults, name_of
from .world import World, Zygote, make_world, move, push

PATIENCE = 8.0
"""Seconds that a run has to end after SIGINT: it promises five, and machines of CI are slow."""

SLACK = 4
"""Operations by which a run may be shorter than another: files as young as git's index are looked
at, and put back, once more."""


@dataclass
class Ground:
    """Where worlds of one kind are made.  `points` are the operations of an undisturbed run."""

    root: Path
    kind: str
    zygote: Zygote
    points: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.reference = self._undisturbed()

    def world(self, name: str) -> World:
        return make_world(self.root / name, self.kind)

    def _undisturbed(self) -> Record:
        world, points = self.world("reference"), self.root / "points"
        assert self.zygote.run(world, points=points) == 0, world.err.read_text()
        self.points = json.loads(points.read_text())
        self.seconds = self._seconds()
        return Record(world)

    def _seconds(self) -> float:
        began = time.monotonic()
        assert self.world("timed").begin().wait() == 0
        return time.monotonic() - began

    def judged(self, world: World, cuts: Sequence[Cut], code: int) -> list[str]:
        """Its faults; a world without any is taken away."""
        found = faults(world, self.reference, cuts, code)
        if not found:
            shutil.rmtree(world.root)
        return found


class Moved(Ground):
    """As `Ground`, of runs that have passed, and then go on over a HEAD that has moved."""

    def world(self, name: str) -> World:
        world = super().world(name)
        assert self.zygote.run(world) == 0, world.err.read_text()
        push(world)
        return world

    def _seconds(self) -> float:
        return 0.0


def at_point(ground: Ground, number: int) -> list[str]:
    """Faults of a run whose engine was killed at one of its operations."""
    world = ground.world(f"point-{number}")
    code = ground.zygote.run(world, kill_at=number)
    if code == 0 and number >= len(ground.points) - SLACK:
        return ground.judged(world, [], code)
    if code != -signal.SIGKILL:
        return [f"point {number}: not killed, but ended with {code}"]
    found = ground.judged(world, [Cut.of(world)], ground.zygote.run(world))
    return [f"{ground.kind}, point {number} ({ground.points[number]}): {each}" for each in found]


def at_points(ground: Ground, numbers: Sequence[int]) -> list[str]:
    return [each for number in numbers for each in at_point(ground, number)]


def killed(ground: Ground, name: str, chance: random.Random) -> list[str]:
    """Faults of a run that was killed once or twice, and perhaps went on elsewhere."""
    world, cuts, found = ground.world(name), [], []
    for number in range(chance.choice((1, 1, 2))):
        kill(world, chance.uniform(0.1, ground.seconds))
        cuts.append(Cut.of(world))
        if chance.random() < 0.4 and world.ledger.exists():
            here, world = world, move(world, ground.root / f"{name}-moved-{number}")
            found += [f"still alive after the pack: {words}" for words in here.alive()]
            cuts.append(Cut.of(world))
            shutil.rmtree(here.root)
    return [*found, *ground.judged(world, cuts, world.begin().wait())]


def kill(world: World, seconds: float) -> None:
    """Let the engine work for so long; it may have ended by then."""
    engine = world.begin()
    with contextlib.suppress(subprocess.TimeoutExpired):
        engine.wait(seconds)
    engine.kill()
    engine.wait()


def interrupted(ground: Ground, name: str, chance: random.Random) -> tuple[list[str], float]:
    """Faults of a run that got SIGINT, and how long it took to end."""
    world = ground.world(name)
    code, seconds = interrupt(world, chance.uniform(0.1, ground.seconds))
    found = after_interrupt(world, code)
    cut = Cut.of(world)
    return [*found, *ground.judged(world, [cut], world.begin().wait())], seconds


def interrupt(world: World, seconds: float) -> tuple[int, float]:
    """The exit code as a shell tells it, and the time from signal to end."""
    engine = world.begin()
    with contextlib.suppress(subprocess.TimeoutExpired):
        return engine.wait(seconds), 0.0
    began = time.monotonic()
    engine.send_signal(signal.SIGINT)
    try:
        code = engine.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        engine.kill()
        code = engine.wait()
    return (128 - code if code < 0 else code), time.monotonic() - began


def after_interrupt(world: World, code: int) -> list[str]:
    """What is wrong at once: who lives on, and what the record lacks."""
    found = [f"still alive after SIGINT: {words}" for words in world.alive()]
    if code not in (0, 130):
        found.append(f"SIGINT: exit {code}: {world.err.read_text()[-2000:]}")
    content = world.ledger.read_bytes() if world.ledger.exists() else b""
    if not content:
        return found
    if not content.endswith(b"\n"):
        found.append("the last line of the ledger is torn")
    return found + lacking(Record(world), code)


def lacking(record: Record, code: int) -> list[str]:
    """Each attempt has ended, with its snapshot, and its session where it had come to anything."""
    ends = {name_of(e): e["verdict"] for e in record.of("attempt_ended")}
    found = [f"{name} has no end" for name in record.attempts if name not in ends]
    known = {name_of(event) for event in record.of("session_known")}
    found += [f"{name} has no snapshot" for name in known - record.snapshots.keys()]
    for name in known & record.snapshots.keys() - record.memory.keys():
        if name in record.traces[record.snapshots[name]]:
            found.append(f"{name} has done something, and its conversation is not kept")
    verdicts = {0: "passed", 130: "cancelled"}
    if [e["verdict"] for e in record.events[-1:]] != [verdicts.get(code)]:
        found.append(f"exit {code}, and the record ends so: {record.events[-1]}")
    return found
