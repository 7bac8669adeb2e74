"""What the engine adds to an attempt, and what a run costs besides its attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ground import Ground, Repository, steps
from measure import Row, disk_of, middle, ms, ratio

FEW, MANY = 5, 25
TIMES = 10
WORKSPACES = ("isolated", "checkout")


@dataclass
class Seen:
    """The figures of all rounds at one size; CPU in seconds, disk in bytes."""

    hand: list[float] = field(default_factory=list)
    hand_disk: list[float] = field(default_factory=list)
    worktree: list[float] = field(default_factory=list)
    attempt: dict[str, list[float]] = field(default_factory=dict)
    whole: dict[str, list[float]] = field(default_factory=dict)
    disk: list[float] = field(default_factory=list)


def rows(ground: Ground, rounds: int, size: int) -> list[Row]:
    """An attempt beyond agent and gate, its disk, and the run itself, at one size."""
    ground.put_agent()
    repo = Repository.make(ground.root / f"repo-{size}", size)
    hand = repo.copy(ground.root / f"hand-{size}")
    seen = Seen()
    repo.cost_of_worktree(1)
    hand.cost_of_hand(2)
    for _ in range(rounds):
        measure_round(ground, seen, repo=repo, hand=hand)
    return [*attempt_rows(seen, size), *run_rows(seen, size), disk_row(seen, size)]


def measure_round(ground: Ground, seen: Seen, *, repo: Repository, hand: Repository) -> None:
    """Everything once, one after the other, so that ratios are of the same minute."""
    git = hand.path / ".git"
    before = disk_of(git)
    first = hand.cost_of_hand(TIMES)
    seen.hand_disk.append((disk_of(git) - before) / TIMES)
    agent, gate = ground.cost_of_agent(), ground.cost_of_gate()
    for workspace in WORKSPACES:
        measure_runs(ground, seen, repo, Kind(workspace, "", agent))
    measure_runs(ground, seen, repo, Kind("isolated", "bash: 'true'", agent + gate))
    seen.hand.append((first + hand.cost_of_hand(TIMES)) / 2)
    seen.worktree.append(repo.cost_of_worktree())


@dataclass(frozen=True)
class Kind:
    """A kind of run; `apart` is the CPU of its agent and gate, which is not the engine's."""

    workspace: str
    gate: str
    apart: float

    @property
    def name(self) -> str:
        return f"{self.workspace}, one gate `true`" if self.gate else self.workspace


def measure_runs(ground: Ground, seen: Seen, repo: Repository, kind: Kind) -> None:
    """Two runs: their difference is that of their attempts, the rest is the run itself."""
    costs, disks = [], []
    for count in (FEW, MANY):
        words = ("--workspace", kind.workspace)
        costs.append(ground.run(repo, steps(count, gate=kind.gate), *words).cpu)
        disks.append(disk_of(ground.state))
    slope = (costs[1] - costs[0]) / (MANY - FEW)
    seen.attempt.setdefault(kind.name, []).append(slope - kind.apart)
    seen.whole.setdefault(kind.name, []).append(costs[0] - FEW * slope)
    if kind.name == "isolated":
        seen.disk.append((disks[1] - disks[0]) / (MANY - FEW))


def attempt_rows(seen: Seen, size: int) -> list[Row]:
    against = f"{ms(seen.hand)} add, commit, diff by hand"
    aim = "≤ 2.5" if size <= 1000 else "≤ 1.0"
    aims: Mapping[str, str] = {
        "isolated": aim,
        "checkout": aim,
        "isolated, one gate `true`": "≤ 1.4" if size > 1000 else "",
    }
    return [
        Row(f"attempt, {size} files, {name}", ms(cpu), against, ratio(cpu, seen.hand), aims[name])
        for name, cpu in seen.attempt.items()
    ]


def run_rows(seen: Seen, size: int) -> list[Row]:
    against = f"{ms(seen.worktree)} git worktree add"
    return [
        Row(
            f"the run itself, {size} files, {name}",
            ms(seen.whole[name]),
            against,
            ratio(seen.whole[name], seen.worktree),
        )
        for name in WORKSPACES
    ]


def disk_row(seen: Seen, size: int) -> Row:
    disk, hand = seen.disk, seen.hand_disk
    against = f"{middle(hand) / 1024:.1f} KiB a commit by hand"
    value = f"{middle(disk) / 1024:.1f} KiB"
    return Row(f"disk of an attempt, {size} files", value, against, ratio(disk, hand))
