"""Times pack and unpack against `tar | zstd` of the same bytes.  Not a test: run it by hand.

    .venv/bin/python tests/travel/bench_travel.py [ATTEMPTS] [MEGABYTES]

Transcripts are sessions that grow from attempt to attempt, as `reuse-on-retry` makes them.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.redaction import Redactor
from gump_action.travel.pack import Wanted, pack
from gump_action.travel.seal import Key, key_of
from gump_action.travel.unpack import unpack

COMMIT = "a" * 40
RETRIES = 4
SECRETS = [
    "sk-ant-api03-" + "Zk3vQ9mX7cLw2HfYb8Ud" * 4,
    "ghs_" + "q7Wc2ZpLk9VxB4mYh8Du" * 2,
    "0f3ab96d71c8e254" * 4,
    "AIza" + "Qm8Zx2Vb5Lk9Hw7Yc3Pf" * 2,
    "b7d1-44c0-9e3a",
    "Correct-Horse-7",
]
"""As jobs have them: keys, tokens, the key of the state, two passwords."""
ROUNDS = 3


def words(chance: random.Random) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(4000)]


def turns(chance: random.Random, known: list[str], size: int) -> bytes:
    lines, total = [], 0
    while total < size:
        text = " ".join(chance.choices(known, k=chance.randint(20, 200)))
        line = {"uuid": f"{chance.getrandbits(128):032x}", "type": "assistant", "text": text}
        lines.append(json.dumps(line).encode() + b"\n")
        total += len(lines[-1])
    return b"".join(lines)


def make_state(root: Path, attempts: int, size: int) -> None:
    """`attempts` attempts with `size` bytes of transcripts in all."""
    chance = random.Random(1)
    known = words(chance)
    events: list[e.Event] = [
        e.RunStarted(
            run="r0", workflow="w", engine="0", workspace="isolated", base=COMMIT, start=COMMIT
        )
    ]
    (root / "given").mkdir(parents=True)
    (root / "given/spec.md").write_text("a spec\n")
    (root / "given/inputs.json").write_text("{}")
    each = size * 2 // (attempts * (RETRIES + 1))  # a session of RETRIES grows by so much each time
    session, name = b"", ""
    for at in range(attempts):
        step, number = f"build/item-{at // RETRIES}/impl", at % RETRIES + 1
        session = (session if number > 1 else b"") + turns(chance, known, each)
        folder = root / "attempts" / step / f"@{number}"
        (folder / "transcript").mkdir(parents=True)
        name = f"{chance.getrandbits(128):032x}.jsonl" if number == 1 else name
        (folder / "transcript" / name).write_bytes(session)
        for file, share in (
            ("agent.ndjson", 8),
            ("prompt.md", 40),
            ("diff.patch", 20),
            ("gate-1.txt", 80),
        ):
            (folder / file).write_bytes(turns(chance, known, each // share))
        events += told(step, number, name)
    lines = (event.model_copy(update={"seq": n}) for n, event in enumerate(events, 1))
    (root / "ledger.ndjson").write_text("".join(line.model_dump_json() + "\n" for line in lines))


def told(step: str, number: int, name: str) -> list[e.Event]:
    of = {"step": step, "attempt": number}
    decided = e.SessionDecided(mode="fresh", why="first attempt")
    return [
        e.AttemptStarted(
            **of, agent="claude-haiku", reason="first", kind="first", digest="d",
            base=COMMIT, start=COMMIT, session=decided,
        ),
        e.SessionKnown(**of, session="ses"),
        e.AgentEnded(**of, verdict=Verdict.PASSED),
        e.TranscriptKept(**of, session="ses", files={name: "0" * 64}),
        e.SnapshotTaken(**of, commit=COMMIT, tree=COMMIT, files=("a.txt",)),
        e.GateEnded(**of, index=1, gate="bash: x", passed=False, evidence="no"),
        e.AttemptEnded(**of, verdict=Verdict.PASSED),
    ]  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of CPU in this process and its children."""

    wall: float
    cpu: float

    @property
    def said(self) -> str:
        return f"{self.wall:.2f} s, CPU {self.cpu:.2f} s"

    def beside(self, plain: Cost) -> str:
        ratios = f"{self.wall / plain.wall:.2f}x, CPU {self.cpu / plain.cpu:.2f}x"
        return f"{self.said} ({ratios})"


def best(act: Callable[[int], object]) -> Cost:
    """Each time into a place of its own: on ext4, what follows a deletion is slow."""
    costs = []
    for turn in range(ROUNDS):
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        act(turn)
        costs.append(Cost(time.perf_counter() - wall, sum(os.times()[:4]) - cpu))
    return Cost(min(cost.wall for cost in costs), min(cost.cpu for cost in costs))


def main() -> None:
    attempts, megabytes = (
        int(word) for word in [*sys.argv[1:], *("2000", "100")[len(sys.argv) - 1 :]]
    )
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), attempts, megabytes << 20)


def measure(root: Path, attempts: int, size: int) -> None:
    state = root / "state"
    make_state(state, attempts, size)
    files = [path for path in state.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB")
    packing = best(lambda _: sh(f"tar -C {state} -cf - . | zstd -q -f -o {root}/plain"))
    unpacking = best(
        lambda n: sh(f"mkdir {root}/t{n}; zstd -dcq {root}/plain | tar -C {root}/t{n} -xf -")
    )
    plain = (packing, unpacking)
    size = (root / "plain").stat().st_size
    print(f"tar | zstd: pack {packing.said}, unpack {unpacking.said}, {size / 1e6:.1f} MB")
    measure_ours(root, "sealed", key_of("k" * 32), plain)
    measure_ours(root, "unsealed, searched", None, plain)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def measure_ours(root: Path, label: str, key: Key | None, plain: tuple[Cost, Cost]) -> None:
    file = root / "packed"
    wanted = Wanted(
        root=root / "state",
        target=file,
        run_key="run",
        key=key,
        key_name="KEY",
        transcripts="always",
        is_job=True,
        is_private_repository=None,
        redactor=Redactor(SECRETS),
        git_env={"PATH": os.environ["PATH"]},
    )
    packing = best(lambda _: pack(wanted))
    unpacking = best(lambda n: unpack(file, root / f"{label}-{n}", run_key="run", key=key))
    size = file.stat().st_size / (root / "plain").stat().st_size
    print(f"{label}: pack {packing.beside(plain[0])}, size {size:.2f}x")
    print(f"{label}: unpack {unpacking.beside(plain[1])}")


def sh(line: str) -> None:
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", line], check=True)


if __name__ == "__main__":
    main()
