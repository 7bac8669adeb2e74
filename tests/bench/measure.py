"""What a command costs, with all the children that it waits for; and figures out of figures."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

IS_KIB = sys.platform == "linux"  # the unit of ru_maxrss; bytes on macOS


@dataclass(frozen=True)
class Cost:
    """`cpu` and `wall` in seconds; `peak` is the most memory of one of its processes, in MiB."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    value: str
    against: str = ""
    ratio: str = ""
    aim: str = ""


class Unmeasured(Exception):
    """The command failed; the text has its last words."""

    def row(self, what: str) -> Row:
        return Row(what, "not measured", " ".join(str(self).split())[-120:])


def cost_of(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    code: int = 0,
) -> Cost:
    """Run it to its end.  Raises Unmeasured where it ends with another code."""
    began = time.monotonic()
    child = subprocess.Popen(
        [str(word) for word in argv],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert child.stderr
    said = child.stderr.read()
    child.stderr.close()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != code:
        words = said.decode("utf-8", "replace").strip()[-500:]
        raise Unmeasured(f"{argv[0]} ended with {child.returncode}: {words}")
    peak = used.ru_maxrss / (1024 if IS_KIB else 1024 * 1024)
    return Cost(used.ru_utime + used.ru_stime, wall, peak)


def disk_of(folder: Path) -> int:
    """Bytes that are taken on the disk."""
    paths = (Path(root, name) for root, _, names in os.walk(folder) for name in names)
    return sum(path.lstat().st_blocks * 512 for path in paths)


def ms(seconds: Sequence[float] | float) -> str:
    return f"{middle(seconds) * 1000:.1f} ms"


def middle(values: Sequence[float] | float) -> float:
    return values if isinstance(values, float) else median(values)


def ratio(values: Sequence[float], yardsticks: Sequence[float]) -> str:
    """The median of the ratios of each round, with the least and the greatest."""
    ratios = sorted(value / yard for value, yard in zip(values, yardsticks, strict=True))
    return f"{median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"  # noqa: RUF001


def table(rows: Sequence[Row]) -> str:
    """In Markdown, and readable as it stands."""
    head = ("figure", "value", "against", "ratio (least–most)", "aim")  # noqa: RUF001
    lines = [head, *((row.what, row.value, row.against, row.ratio, row.aim) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    shown = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([shown[0], rule, *shown[1:]])
