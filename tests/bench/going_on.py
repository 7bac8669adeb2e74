"""Going on with a run: after many attempts, and from a packed state in another clone."""

from __future__ import annotations

import shutil
from pathlib import Path

from ground import ENGINE, Ground, Repository, steps
from measure import Cost, Row, cost_of, ms, ratio

ATTEMPTS = 2000
FILES = 20_000
CUT_SHORT = "  - {name: last, agent: claude, prompt: do it, gate: ['bash: exit 1']}\n"


def rows(ground: Ground, rounds: int) -> list[Row]:
    """Each start makes one attempt more of the last step, which fails."""
    ground.put_agent()
    found = [*after_many(ground, rounds)]
    for files in (100, FILES):
        repo = Repository.make(ground.root / f"repo-on-{files}", files)
        found += [elsewhere(ground, repo, files, kind, rounds) for kind in ("isolated", "checkout")]
    return found


def after_many(ground: Ground, rounds: int) -> list[Row]:
    """A second start after 2,000 passed attempts, against one after two."""
    repo = Repository.make(ground.root / "repo-many", 100)
    few, many = (failed(ground, repo, count, "isolated") for count in (2, ATTEMPTS))
    costs = [
        [start(ground, repo, state, "isolated").cpu for state in (few, many)] for _ in range(rounds)
    ]
    against, found = zip(*costs, strict=True)
    what = f"going on, one attempt, after {ATTEMPTS} that passed"
    return [Row(what, ms(found), f"{ms(against)} after 2", ratio(found, against))]


def elsewhere(ground: Ground, repo: Repository, files: int, kind: str, rounds: int) -> Row:
    """Unpack and the next start in a new clone, against `git checkout` of as many files."""
    state, packed = failed(ground, repo, 2, kind), ground.root / "packed"
    cost_of((ENGINE, "state", "pack", state, packed), env=ground.env)
    costs = [moved(ground, repo, state, packed, kind) for _ in range(rounds)]
    plain, ours = zip(*costs, strict=True)
    what = f"going on in another clone, one attempt, {files} files, {kind}"
    return Row(what, ms(ours), f"{ms(plain)} git checkout", ratio(ours, plain))


def moved(
    ground: Ground, repo: Repository, state: Path, packed: Path, kind: str
) -> tuple[float, float]:
    """CPU of the checkout, and of going on from the packed state, which comes where it was."""
    place = ground.root / "there"
    clone(repo, place, "--no-checkout")
    plain = cost_of(("git", "checkout", "-q", "main"), cwd=place)
    there = Repository(place)
    there.grow_old()
    shutil.rmtree(state)
    unpacked = cost_of((ENGINE, "state", "unpack", packed, state), env=ground.env)
    ours = unpacked.cpu + start(ground, there, state, kind).cpu
    shutil.rmtree(place)
    return plain.cpu, ours


def clone(repo: Repository, path: Path, *words: str) -> None:
    repo.git("clone", "-q", "--shared", *words, str(repo.path), str(path))


def failed(ground: Ground, repo: Repository, count: int, kind: str) -> Path:
    """The state of a run of so many passed attempts and one that failed."""
    repo.reset()
    state = ground.root / f"state-{kind}-{repo.path.name}-{count}"
    workflow_of(state).write_text(steps(count) + CUT_SHORT)
    start(ground, repo, state, kind)
    return state


def workflow_of(state: Path) -> Path:
    return state.with_name(f"{state.name}.yaml")


def start(ground: Ground, repo: Repository, state: Path, kind: str) -> Cost:
    where = ("--repo", repo.path, "--state", state, "--workspace", kind)
    argv = (ENGINE, "run", workflow_of(state), *where)
    return cost_of(argv, env=ground.env, code=1)
