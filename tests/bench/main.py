"""Measures gump-action and prints one table.  Asserts nothing: who reads it judges."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attempts
import going_on
import growth
import memory
import startup
from ground import Ground
from measure import Row, Unmeasured, table

SHARED_MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3

Part = Callable[[Ground, argparse.Namespace], list[Row]]
PARTS: dict[str, Part] = {
    "startup": lambda ground, given: startup.rows(ground, given.rounds),
    "attempts": lambda ground, given: [
        row for size in given.sizes for row in attempts.rows(ground, given.rounds, size)
    ],
    "constant": lambda ground, given: growth.constant(ground, given.rounds),
    "items": lambda ground, given: growth.items(ground),
    "going-on": lambda ground, given: going_on.rows(ground, given.rounds),
    "fold": lambda ground, given: growth.fold(ground, given.rounds),
    "memory": lambda ground, given: memory.rows(ground),
}


def main() -> None:
    given = parse()
    print("".join(machine(given)), flush=True)
    found: list[Row] = []
    for name in given.parts or PARTS:
        found += rows_of(name, given)
    print(f"\n{table(found)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5, help="the table has their medians")
    parser.add_argument(
        "--sizes", type=sizes, default=(100, 20_000), help="files of the repositories: 100,20000"
    )
    parser.add_argument("--in", dest="place", type=Path, help="the folder to work in")
    given = parser.parse_args()
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; parts: {', '.join(PARTS)}")
    given.place = given.place or roomy()
    return given


def sizes(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


def roomy() -> Path:
    """Memory where there is enough, since a disk is noise."""
    if os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > ROOM:
        return SHARED_MEMORY
    return Path(tempfile.gettempdir())


def machine(given: argparse.Namespace) -> Iterator[str]:
    """What figures depend on."""
    git = subprocess.run(["git", "version"], check=True, capture_output=True, text=True)
    yield f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.release()}, "
    yield f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.place}, "
    yield f"{git.stdout.strip()}, Python {platform.python_version()}, rounds {given.rounds}"


def rows_of(name: str, given: argparse.Namespace) -> list[Row]:
    """The rows of one part; what cannot be measured is a row too."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=given.place, prefix="gump-bench-") as folder:
        try:
            return PARTS[name](Ground(Path(folder).resolve()), given)
        except Unmeasured as why:
            return [why.row(name)]
        finally:
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
