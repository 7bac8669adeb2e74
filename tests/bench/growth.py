"""Whether what came before makes an attempt dearer; many items; a long ledger."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median

from ground import Ground, Repository, steps
from measure import Row, cost_of, ms, ratio

LENGTH = 15  # attempts that are taken together, for the clock ticks a hundred times in a second
ITEMS = 200
LEDGER = 5000

# The engine's CPU so far, with that of the children that have ended, when an agent starts.
CLOCK = "read -r stat < /proc/$PPID/stat; echo \"$stat\" >> '@FILE@'"
RETRIED = """name: bench
steps:
  - name: s
    agent: claude
    prompt: do it
    gate: [{bash: test $GUMP_ATTEMPT = 100}]
    on_failure: {retry: 99}
"""
PLANNED = """name: bench
steps:
  - {name: plan, agent: claude, prompt: plan it, output: plan}
  - name: build
    foreach: plan
    steps:
      - {name: work, agent: claude, prompt: "do {{ item.name }}"}
"""
FOLD = """
import sys, time
from pathlib import Path
from gump_action.engine.record import read_state
began = time.process_time()
state = read_state(Path(sys.argv[1]))
seconds = time.process_time() - began
print(seconds, sum(map(len, state.attempts.values())))
"""


@dataclass(frozen=True)
class Long:
    """A run of many attempts, and the numbers around which they are compared."""

    name: str
    workflow: str
    early: int
    late: int


LONG = (Long("steps", steps(210), 12, 200), Long("retries of one step", RETRIED, 12, 90))


def constant(ground: Ground, rounds: int) -> list[Row]:
    """CPU of late attempts of a run against that of its early ones."""
    if not Path("/proc/self/stat").exists():
        return [Row("an attempt after many", "only measured on Linux")]
    repo = Repository.make(ground.root / "repo-growth", 100)
    return [grown(ground, repo, long, max(1, rounds // 2)) for long in LONG]


def grown(ground: Ground, repo: Repository, long: Long, rounds: int) -> Row:
    pairs = [early_and_late(ground, repo, long) for _ in range(rounds)]
    early, late = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    what = f"attempt {long.late} of many {long.name}"
    return Row(what, ms(late), f"{ms(early)} attempt {long.early}", ratio(late, early), "about 1")


def early_and_late(ground: Ground, repo: Repository, long: Long) -> tuple[float, float]:
    """Of one attempt, its agent and gate included."""
    clock = ground.root / "clock"
    clock.unlink(missing_ok=True)
    ground.put_agent(CLOCK.replace("@FILE@", str(clock)))
    ground.run(repo, long.workflow)
    seconds = [seconds_of(line) for line in clock.read_text().splitlines()]
    early, late = (seconds_around(seconds, number) for number in (long.early, long.late))
    return early, late


def seconds_around(seconds: list[float], number: int) -> float:
    """Of each of the attempts of which this is the middle one."""
    first = number - 1 - LENGTH // 2
    return (seconds[first + LENGTH] - seconds[first]) / LENGTH


def seconds_of(stat: str) -> float:
    """User and system time, own and of children, out of /proc/PID/stat."""
    fields = stat.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def items(ground: Ground) -> list[Row]:
    """A plan of 200 items with one step each."""
    plan = ground.root / "plan.json"
    plan.write_text(json.dumps([{"name": f"item-{n}", "description": "x"} for n in range(ITEMS)]))
    ground.put_agent(f"[ $GUMP_STEP != plan ] || cp '{plan}' .gump/out/plan.json")
    repo = Repository.make(ground.root / "repo-items", 100)
    cost = ground.run(repo, PLANNED)
    whole = f"{cost.cpu:.1f} s CPU, {cost.wall:.1f} s wall, {cost.peak:.0f} MiB"
    each = f"{ms(cost.cpu / (ITEMS + 1))} CPU for each, agent and run included"
    return [Row(f"foreach of {ITEMS} items", whole, each)]


def fold(ground: Ground, rounds: int) -> list[Row]:
    """Reading a ledger of 5,000 attempts, each with one gate."""
    ground.put_agent()
    repo = Repository.make(ground.root / "repo-fold", 100)
    ground.run(repo, steps(1, gate="bash: 'true'"))
    ledger = ground.state / "ledger.ndjson"
    short = ledger.read_text().splitlines()
    with ledger.open("w") as file:
        events = sum(1 for line in long_ledger(short) if file.write(f"{line}\n"))
    program, printed = ground.root / "fold.py", ground.root / "folded"
    program.write_text(FOLD)
    words = ["sh", "-c", f"{sys.executable} '{program}' '{ground.state}' > '{printed}'"]
    seconds, peaks = [], []
    for _ in range(rounds):
        peaks.append(cost_of(words).peak)
        taken, count = printed.read_text().split()
        seconds.append(float(taken))
    what = f"folding a ledger of {count} attempts ({events} events)"
    return [Row(what, f"{median(seconds):.2f} s, {median(peaks):.0f} MiB", aim="< 0.5 s")]


def long_ledger(short: list[str]) -> Iterator[str]:
    """The events of the one attempt, so many times, each time of another step.

    One after the other: a child's peak memory is never less than what this process holds.
    """
    events = [json.loads(line) for line in short]
    own = [event for event in events if event.get("step") == "s0"]
    before = events[: events.index(own[0])]
    many = ({**event, "step": f"s{n}"} for n in range(LEDGER) for event in own)
    for seq, event in enumerate(chain(before, many), 1):
        yield json.dumps({**event, "seq": seq})
