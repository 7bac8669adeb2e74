"""What the engine holds while an agent prints without end."""

from __future__ import annotations

from ground import Ground, Repository, steps
from measure import Row, Unmeasured

MIB = 1024 * 1024
SIZE = 200

# `yes` repeats one event of 1 KiB; what an agent says is told, kept as its answer, and logged.
HEAD = '{"type":"assistant","message":{"content":[{"type":"text","text":"'
TAIL = '"}]}}'
EVENT = HEAD + "x" * (1023 - len(HEAD) - len(TAIL)) + TAIL


def letters(count: int) -> str:
    return f"head -c {count} /dev/zero | tr '\\0' x"


PRINTS = {
    f"{SIZE} MiB in events of 1 KiB": f"yes '{EVENT}' | head -c {SIZE * MIB}",
    f"{SIZE} MiB in lines that are no JSON": f"yes '{'y' * 99}' | head -c {SIZE * MIB}",
    f"{SIZE} MiB on stderr": f"yes '{'y' * 99}' | head -c {SIZE * MIB} >&2",
    "one event of 10 MiB": f"printf '%s' '{HEAD}'; {letters(10 * MIB)}; echo '{TAIL}'",
    f"{SIZE} MiB without a line feed": f"{letters(SIZE * MIB)}; echo",
}
AIM = "≤ 100 MiB"


def rows(ground: Ground) -> list[Row]:
    """Peak memory of the engine over that with an agent which prints next to nothing."""
    repo = Repository.make(ground.root / "repo-memory", 100)
    ground.put_agent()
    quiet = ground.run(repo, steps(1))
    return [row_of(ground, repo, name, over=quiet.peak) for name in PRINTS]


def row_of(ground: Ground, repo: Repository, name: str, *, over: float) -> Row:
    what = f"an agent prints {name}"
    ground.put_agent(PRINTS[name])
    try:
        loud = ground.run(repo, steps(1))
    except Unmeasured as why:
        return why.row(what)
    value = f"+{max(0.0, loud.peak - over):.0f} MiB, {loud.cpu:.1f} s CPU"
    return Row(what, value, f"{over:.0f} MiB", aim=AIM)
