"""Runs only by scripts/crash, which says the seed and how much is tried."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

SEED = os.environ.get("GUMP_CRASH_SEED", "")
IS_ALL = os.environ.get("GUMP_CRASH_ALL") == "1"
collect_ignore_glob = [] if SEED else ["test_*.py"]

SHARES, KILLS, INTERRUPTS = (12, 20, 25) if IS_ALL else (2, 3, 3)
SAMPLE = 5
"""Operations of store and git that are tried in each share, where not all are."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", ["isolated", "checkout"])
    for name, count in (("share", SHARES), ("kill", KILLS), ("interrupt", INTERRUPTS)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, range(count))


@pytest.fixture(scope="session")
def zygote() -> Iterator[object]:
    from .world import Zygote

    made = Zygote()
    yield made
    made.close()


@pytest.fixture(scope="session")
def grounds(tmp_path_factory, zygote) -> Callable[[str], object]:
    from .cuts import Ground

    made: dict[tuple[str, type], object] = {}

    def ground(kind: str, of: type = Ground) -> object:
        if (kind, of) not in made:
            made[kind, of] = of(tmp_path_factory.mktemp(kind), kind, zygote)
        return made[kind, of]

    return ground


@pytest.fixture
def ground(grounds, kind):
    return grounds(kind)


@pytest.fixture
def moved(grounds, kind):
    from .cuts import Moved

    return grounds(kind, Moved)


@pytest.fixture
def chance(request) -> random.Random:
    """Of this test alone, whoever else runs."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def points(ground, share, chance) -> list[int]:
    mine = range(share, len(ground.points), SHARES)
    return list(mine) if IS_ALL else sorted(chance.sample(mine, SAMPLE))


@pytest.fixture
def moved_points(moved, share, chance) -> list[int]:
    mine = range(share, len(moved.points), SHARES)
    return list(mine) if IS_ALL else sorted(chance.sample(mine, 2))


def pytest_terminal_summary(terminalreporter) -> None:
    if not SEED:
        return
    told: Counter[str] = Counter()
    slowest = 0.0
    for report in (r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)):
        for name, value in report.user_properties if report.when == "call" else ():
            told[name] += value
            slowest = max(slowest, value if name == "seconds" else 0.0)
    terminalreporter.line(
        f"{told['points']} of {told['of']} operations of store and git, {told['kills']} runs "
        f"killed at random, {told['interrupts']} interrupted (the slowest took {slowest:.1f} s "
        f"to end); seed {SEED}"
    )
