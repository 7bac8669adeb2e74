"""A machine with a clone, a state directory and a home, on which a run begins and goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from gump_action.system import descendants

from .story import FILES, WORKFLOW

GUMP = Path(sys.executable).with_name("gump-action")
UNTRACKED = "untracked.txt"
WHO = ("-c", "user.name=u", "-c", "user.email=u@localhost", "-c", "init.defaultBranch=main")


class Zygote:
    """Starts engines that are killed at one of their operations."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("zygote.py")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, program], stdin=pipe, stdout=pipe, text=True, bufsize=1
        )

    def run(self, world: World, kill_at: int | None = None, points: Path | None = None) -> int:
        """The exit code of `gump-action run` in this world; -9 where it was killed."""
        order = {
            "argv": world.argv(), "env": world.env, "cwd": str(world.repo), "kill_at": kill_at,
            "points": str(points) if points else "", "out": str(world.out), "err": str(world.err),
        }  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        return int(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


@dataclass
class World:
    """`kind` is the workspace, `words` are more options.

    All that was printed on stdout, by all starts, is in `out`.
    """

    root: Path
    kind: str
    env: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        (self.root / "home").mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.root / "home")}
        (self.root / "crash.yaml").write_text(WORKFLOW)

    @property
    def repo(self) -> Path:
        return self.root / "repo"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.ndjson"

    @property
    def out(self) -> Path:
        return self.root / "out"

    @property
    def err(self) -> Path:
        return self.root / "err"

    def argv(self) -> list[str]:
        where = ("--repo", str(self.repo), "--state", str(self.state), "--workspace", self.kind)
        return [str(GUMP), "run", str(self.root / "crash.yaml"), *where, *self.words, "--json"]

    def begin(self) -> subprocess.Popen[bytes]:
        """The program itself, left running."""
        with self.out.open("ab") as out, self.err.open("ab") as err:
            return subprocess.Popen(
                self.argv(), cwd=self.repo, env=self.env, stdout=out, stderr=err,
                stdin=subprocess.DEVNULL, preexec_fn=heed_interrupts,
            )  # fmt: skip

    def gump(self, *words: str | Path) -> None:
        """Another command of the program, with a key that seals."""
        env = {**self.env, "GUMP_STATE_KEY": "k" * 40}
        subprocess.run([GUMP, *words], cwd=self.root, env=env, check=True, stdout=-3)

    def git(self, *words: str, of: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *WHO, *words], cwd=of or self.repo, capture_output=True, text=True, check=False
        )
        return done.stdout if done.returncode == 0 else f"git failed: {done.stderr}"

    def alive(self) -> list[str]:
        """Processes whose home lies in this world: agents, gates, engines, and their git."""
        pids = descendants.with_variable("HOME", f"{self.root}/")
        lines = [Path(f"/proc/{pid}/cmdline") for pid in pids]
        return [line.read_text().replace("\0", " ") for line in lines if line.exists()]


def heed_interrupts() -> None:
    """What is started in the background of a shell would ignore SIGINT until it says otherwise."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def make_world(root: Path, kind: str) -> World:
    """A clone with one commit, an untracked file, and for a checkout one that was changed."""
    root.mkdir()
    world = World(root, kind)
    for name, text in FILES.items():
        (world.repo / name).parent.mkdir(parents=True, exist_ok=True)
        (world.repo / name).write_text(text)
    for words in (["init", "-q"], ["add", "-Af"], ["commit", "-qm", "start"]):
        assert "failed" not in world.git(*words)
    (world.repo / UNTRACKED).write_text("the user's\n")
    if kind == "checkout":
        (world.repo / "a.txt").write_text("one\nfound\nthree\n")
    return world


def push(world: World) -> None:
    """Others have changed the branch, on which HEAD is now; the rest of the tree is as it was."""
    (world.repo / "theirs.txt").write_text("by others\n")
    for words in (["add", "theirs.txt"], ["commit", "-qm", "by others", "--", "theirs.txt"]):
        assert "failed" not in world.git(*words)
    world.words = ("--take-in",)


def move(world: World, root: Path) -> World:
    """The run's record on another machine: another clone, path and home; the old one is gone."""
    root.mkdir()
    there = World(root, world.kind)
    there.git("clone", "-q", str(world.repo), str(there.repo), of=root)
    start = there.git("rev-list", "--max-parents=0", "HEAD").strip()
    there.git("reset", "-q", "--hard", start)  # an agent that was cut may have committed there
    there.git("remote", "remove", "origin")
    shutil.copy(world.repo / UNTRACKED, there.repo)
    shutil.copy(world.out, there.out)
    world.gump("state", "pack", world.state, root / "packed")
    there.gump("state", "unpack", root / "packed", there.state)
    return there
