"""What must hold of a run that was cut and went on: each fault is a line of text."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gump_action.system.store import attempt_folder

from .story import TRACE
from .world import World

Event = dict[str, Any]
ONCE = ("attempt_started", "attempt_ended", "snapshot_taken", "transcript_kept", "agent_ended")
NOT_KEPT = "agent_acted"


class Record:
    """What a world holds when its run has ended."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events = events(world.ledger.read_bytes())

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["type"] == kind]

    @cached_property
    def passed(self) -> list[str]:
        return [e["step"] for e in self.of("attempt_ended") if e["verdict"] == "passed"]

    @cached_property
    def attempts(self) -> dict[str, Event]:
        """Each attempt by its name, as it was begun at last."""
        found = {name_of(event): event for event in self.of("attempt_started")}
        for event in self.of("session_refused"):
            again = {"start": event["start"], "session": event["session"]}
            found[name_of(event)] = found[name_of(event)] | again
        return found

    @cached_property
    def snapshots(self) -> dict[str, str]:
        return {name_of(event): event["commit"] for event in self.of("snapshot_taken")}

    @cached_property
    def memory(self) -> dict[str, list[str]]:
        """The launches that the kept conversation of each attempt holds, itself the last."""
        return {name_of(event): self._launches(event) for event in self.of("transcript_kept")}

    def _launches(self, kept: Event) -> list[str]:
        folder = self.world.state / attempt_folder(kept["step"], kept["attempt"]) / "transcript"
        [(name, digest)] = kept["files"].items()
        content = (folder / name).read_bytes()
        assert hashlib.blake2b(content, digest_size=32).hexdigest() == digest, (
            "digest of transcript"
        )
        return [json.loads(line)["launch"] for line in content.splitlines()]

    @cached_property
    def traces(self) -> dict[str, list[str]]:
        """Whose work is in each tree that an attempt began with or ended in."""
        begun = [a[key] for a in self.attempts.values() for key in ("start", "base")]
        commits = sorted({*begun, *self.snapshots.values()})
        return dict(zip(commits, self._files(commits), strict=True))

    def _files(self, commits: list[str]) -> Iterator[list[str]]:
        asked = "".join(f"{commit}:{TRACE}\n" for commit in commits).encode()
        words = ["git", "--git-dir", self.world.state / "git", "cat-file", "--batch"]
        out = subprocess.run(words, input=asked, capture_output=True, check=True).stdout
        while out:
            head, _, out = out.partition(b"\n")
            size = -1 if head.endswith(b" missing") else int(head.split()[-1])
            text, out = out[: max(size, 0)], out[size + 1 :]
            yield text.decode().split()

    @cached_property
    def tip(self) -> str:
        return str(self.of("run_ended")[-1]["commit"])

    @cached_property
    def result(self) -> str:
        return self.world.git("ls-tree", "-r", self.tip)

    @cached_property
    def users(self) -> dict[str, str]:
        """What is the user's own: the checkout, HEAD, branches, configuration, index."""
        git, words = self.world.git, ("for-each-ref", "--format=%(refname)")
        refs = [ref for ref in git(*words).split() if not ref.startswith("refs/heads/gump/")]
        said = {"HEAD": git("symbolic-ref", "HEAD"), "refs": " ".join(refs)}
        said |= {"status": git("status", "--porcelain"), "index": git("ls-files", "-s")}
        return said | {"config": git("config", "--local", "gump.evil")} | self._checkout()

    def _checkout(self) -> dict[str, str]:
        paths = sorted(p for p in self.world.repo.rglob("*") if p.is_file())
        names = [(path, str(path.relative_to(self.world.repo))) for path in paths]
        return {name: path.read_text() for path, name in names if not name.startswith(".git/")}


@dataclass(frozen=True)
class Cut:
    """What was there when a start of the run had been killed."""

    lines: tuple[bytes, ...]

    @classmethod
    def of(cls, world: World) -> Cut:
        content = world.ledger.read_bytes() if world.ledger.exists() else b""
        return cls(tuple(whole_lines(content)))


def faults(world: World, reference: Record, cuts: Iterable[Cut], code: int) -> list[str]:
    """All that is wrong with a run that has come to its end in this world."""
    if code != 0:
        return [f"it went on to exit {code}: {world.err.read_text()[-2000:]}"]
    try:
        found = all_faults(Record(world), reference, cuts)
    except (ValueError, LookupError, OSError, subprocess.CalledProcessError) as why:
        found = [f"the record cannot be read: {type(why).__name__}: {why}"]
    return found + [f"still alive: {words}" for words in world.alive()]


def all_faults(record: Record, reference: Record, cuts: Iterable[Cut]) -> list[str]:
    found = [*in_ledger(record, cuts), *in_attempts(record), *in_result(record, reference)]
    return found or [*in_memory(record)]


def in_result(record: Record, reference: Record) -> Iterator[str]:
    if record.result != reference.result:
        yield f"another result: {record.result}"
    for name, then in reference.users.items():
        if record.users.get(name) != then:
            yield f"the user's {name} is {record.users.get(name)!r}, not {then!r}"
    yield from (f"{n} was left" for n in record.users.keys() - reference.users.keys())
    if record.passed != reference.passed:
        yield f"passed: {record.passed}"
    if courses(record) != courses(reference):
        yield f"the fresh step took another course: {courses(record)}"


def courses(record: Record) -> list[tuple[str, str, str, str]]:
    """How the attempts of fresh steps went that were not cut: they are as in any other run."""
    ended = {name_of(e): e["verdict"] for e in record.of("attempt_ended")}
    return [
        (a["step"], a["agent"], a["kind"], ended[name])
        for name, a in record.attempts.items()
        if a["step"].endswith("/first") and ended[name] in ("passed", "failed")
    ]


def in_ledger(record: Record, cuts: Iterable[Cut]) -> Iterator[str]:
    lines = record.world.ledger.read_bytes().splitlines(keepends=True)
    if [e["seq"] for e in record.events] != list(range(1, len(lines) + 1)):
        yield f"seq: {[e['seq'] for e in record.events]}"
    for cut in cuts:
        if not is_kept(cut.lines, record.world):
            yield f"what was written before the cut is gone or changed: {cut.lines[-3:]!r}"
    for name, count in repeated(record).items():
        yield f"{name} is there {count} times"
    written = {line for old in ledgers(record.world) for line in whole_lines(old.read_bytes())}
    told = [line for line in whole_lines(record.world.out.read_bytes()) if is_for_ledger(line)]
    yield from (f"told and not written: {line!r}" for line in told if line not in written)
    yield from (f"told twice: {line!r}" for line, count in Counter(told).items() if count > 1)


def is_kept(lines: tuple[bytes, ...], world: World) -> bool:
    found = (tuple(whole_lines(path.read_bytes())) for path in ledgers(world))
    return any(kept[: len(lines)] == lines for kept in found)


def ledgers(world: World) -> list[Path]:
    """Of the run, and of runs that were set aside since nothing had been attempted in them."""
    return [world.ledger, *world.state.glob("old/*/ledger.ndjson")]


def is_for_ledger(line: bytes) -> bool:
    return json.loads(line)["type"] != NOT_KEPT and bool(json.loads(line)["seq"])


def repeated(record: Record) -> dict[str, int]:
    """Events that can be there only once, and are not; a refused launch is followed by another."""
    refused = Counter(f"agent_ended {name_of(e)}" for e in record.of("session_refused"))
    known = [f"{e['type']} {name_of(e)}" for e in record.events if e["type"] in ONCE]
    known += [f"gate {e['index']} of {name_of(e)}" for e in record.of("gate_ended")]
    known += [f"the plan of {e['step']}" for e in record.of("items_planned")]
    known += ["run_started" for _ in record.of("run_started")]
    known += [f"reset of {e['step']}" for e in record.of("step_reset") * 2]
    counts = Counter(known)
    return {name: count for name, count in counts.items() if count > 1 and name not in refused}


def in_attempts(record: Record) -> Iterator[str]:
    numbers: dict[str, list[int]] = {}
    for event in record.of("attempt_started"):
        numbers.setdefault(event["step"], []).append(event["attempt"])
    for step, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            yield f"attempts of {step}: {found}"
    ended = Counter(name_of(event) for event in record.of("attempt_ended"))
    yield from (f"{name} has not ended" for name in record.attempts if ended[name] != 1)
    order = [s for s in record.of("step_skipped") if s["step"] not in record.passed]
    yield from (f"{event['step']} was skipped and has not passed" for event in order)


def in_memory(record: Record) -> Iterator[str]:
    """Memory and tree agree at the beginning of each attempt.

    An agent that was ended before it heard anything remembers what it was given.
    """
    ended = record.of("attempt_ended")
    cut = {name_of(event) for event in ended if event["verdict"] == "cancelled"}
    for name, attempt in record.attempts.items():
        resumed = attempt["session"]["resume"]
        before = record.memory.get(resumed, [])
        after = record.memory.get(name)
        is_unheard = name in cut and after == before
        if after is not None and after != [*before, name] and not is_unheard:
            yield f"{name} resumed {resumed or 'nothing'} {before} and remembers {after}"
        yield from in_tree(record, attempt, before)
        yield from in_prompt(record, name, attempt)


def in_tree(record: Record, attempt: Event, remembered: list[str]) -> Iterator[str]:
    """Work that is remembered is there; work of this step that is there is remembered."""
    name, trace = name_of(attempt), record.traces[attempt["start"]]
    has_agent = bool(attempt["agent"])  # gates alone are asked about the end of the run
    if has_agent and not remembered and attempt["start"] != attempt["base"]:
        yield f"{name} is fresh and does not begin with the tree of its step's start"
    own = {line for line in trace if line.partition("#")[0] == attempt["step"]}
    yield from (f"{name} finds {line}, and does not remember it" for line in own - {*remembered})
    for launch in remembered:
        done = record.traces[record.snapshots[launch]]
        if launch in done and launch not in trace:
            yield f"{name} remembers {launch}, whose work is not in the tree"
    yield from (f"{name} finds {n} twice" for n, count in Counter(trace).items() if count > 1)


def in_prompt(record: Record, name: str, attempt: Event) -> Iterator[str]:
    """A first attempt is told nothing of an error; who resumes a cut session, that it was cut."""
    step, _, number = name.partition("#")
    file = record.world.state / attempt_folder(step, int(number)) / "prompt.md"
    if not file.exists():
        return
    text, own = file.read_text(), attempt["session"]["resume"].partition("#")[0]
    if attempt["kind"] == "first" and "<error>" in text:
        yield f"{name} is a first attempt, and is told of an error"
    is_after_cut = own == attempt["step"] and "so it is made again" in attempt["reason"]
    if is_after_cut and "was cut off" not in text:
        yield f"{name} resumes a cut session, and is not told so"


def events(content: bytes) -> list[Event]:
    return [json.loads(line) for line in whole_lines(content)]


def whole_lines(content: bytes) -> list[bytes]:
    return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]


def name_of(event: Event) -> str:
    return f"{event.get('step')}#{event.get('attempt')}"
