"""Repositories, workflows and stand-in agents to measure with."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from measure import Cost, cost_of

ENGINE = Path(sys.executable).with_name("gump-action")
CHANGE = "echo more >> d1/e1/changed.txt"

# Costs next to nothing, and does what every CLI does: a transcript, a stream, a change.
AGENT = f"""#!/bin/sh
session=none
while [ $# -gt 0 ]; do
  case $1 in --session-id|--resume) session=$2; shift ;; esac
  shift
done
mkdir -p "$CLAUDE_CONFIG_DIR/projects/bench"
echo '{{"type":"user"}}' >> "$CLAUDE_CONFIG_DIR/projects/bench/$session.jsonl"
printf '{{"type":"system","subtype":"init","session_id":"%s"}}\\n' "$session"
{CHANGE}
@MORE@
printf '{{"type":"result","subtype":"success","is_error":false,"result":"done"}}\\n'
"""


@dataclass(frozen=True)
class Ground:
    """A folder to work in: `bin` comes first on PATH and holds the agent."""

    root: Path

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def env(self) -> dict[str, str]:
        kept = {
            name: os.environ[name]
            for name in ("LANG", "TMPDIR", "PYTHONPATH")
            if name in os.environ
        }
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "HOME": str(self.root), "ANTHROPIC_API_KEY": "none of them"}

    def put_agent(self, more: str = "") -> None:
        """The stand-in for Claude Code; `more` is what it does besides."""
        self.bin.mkdir(exist_ok=True)
        path = self.bin / "claude"
        path.write_text(AGENT.replace("@MORE@", more))
        path.chmod(0o755)

    def put_workflow(self, text: str) -> Path:
        path = self.root / "workflow.yaml"
        path.write_text(text)
        return path

    def run(self, repo: Repository, workflow: str, *words: str) -> Cost:
        """One run of the engine from the start; its state stays for a look, until the next one."""
        repo.reset()
        shutil.rmtree(self.state, ignore_errors=True)
        path = self.put_workflow(workflow)
        argv = (ENGINE, "run", path, "--repo", repo.path, "--state", self.state, *words)
        return cost_of(argv, env=self.env)

    def cost_of_agent(self, launches: int = 20) -> float:
        """CPU of one launch of the agent by a shell, in a folder of its own."""
        tree, home = self.root / "alone", self.root / "alone-home"
        (tree / "d1/e1").mkdir(parents=True, exist_ok=True)
        env = {**self.env, "CLAUDE_CONFIG_DIR": str(home)}
        words = "claude -p --output-format stream-json --verbose --session-id s > out"
        return cost_of(loop(words, launches), cwd=tree, env=env).cpu / launches

    def cost_of_gate(self, launches: int = 20) -> float:
        """CPU of `true` in the shell of gates."""
        words = "bash --noprofile --norc -e -o pipefail -c true"
        return cost_of(loop(words, launches), env=self.env).cpu / launches


def loop(command: str, times: int) -> list[str]:
    """A shell that runs the command so often."""
    many = " ".join(str(number) for number in range(times))
    return ["sh", "-c", f"set -e; for n in {many}; do {command}; done"]


def steps(count: int, *, gate: str = "") -> str:
    """A workflow of so many agent steps."""
    more = f", gate: [{gate}]" if gate else ""
    lines = [f"  - {{name: s{n}, agent: claude, prompt: do it{more}}}" for n in range(count)]
    return "\n".join(["name: bench", "steps:", *lines, ""])


class Repository:
    """A repository with some history, to be put back to where it began."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.base = self.git("rev-parse", "HEAD")
        self.packs = set(self._packs())

    @classmethod
    def make(cls, path: Path, files: int) -> Repository:
        """So many small files, 50 in each folder."""
        for number in range(files):
            place = path / f"d{number // 50 % 20}" / f"e{number // 1000}"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"f{number}.txt").write_text(f"line {number}\n" * 10)
        (path / "d1/e1").mkdir(parents=True, exist_ok=True)
        (path / "d1/e1/changed.txt").write_text("first\n")
        git = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost")
        for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "base")):
            subprocess.run([*git, *words], cwd=path, check=True)
        for name in ("name", "email"):
            subprocess.run(["git", "config", f"user.{name}", "bench"], cwd=path, check=True)
        subprocess.run(["git", "repack", "-adq"], cwd=path, check=True)
        made = cls(path)
        made.grow_old()
        return made

    def copy(self, path: Path) -> Repository:
        shutil.copytree(self.path, path, symlinks=True)
        subprocess.run(["git", "status", "--short"], cwd=path, check=True)
        made = Repository(path)
        made.grow_old()
        return made

    def grow_old(self) -> None:
        """Git reads each file again that is as young as its index."""
        self.git("update-index", "-q", "--refresh")
        time.sleep(1.1)
        os.utime(self.path / ".git/index")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.path, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    def reset(self) -> None:
        """As it was made: no result branch, nothing of what a run has sent here."""
        self.git("reset", "-q", "--hard", self.base)
        self.git("clean", "-qfdx")
        for ref in self.git("for-each-ref", "--format=%(refname)", "refs/heads/gump").split():
            self.git("update-ref", "-d", ref)
        for path in set(self._packs()) - self.packs:
            path.unlink()

    def _packs(self) -> list[Path]:
        return list((self.path / ".git/objects/pack").iterdir())

    def cost_of_hand(self, times: int = 10) -> float:
        """CPU of the bare git work for one attempt with the agent's change."""
        work = "git add -A && git commit -qm x && git diff HEAD~1 > /dev/null"
        return cost_of(loop(f"{CHANGE}; {work}", times), cwd=self.path).cpu / times

    def cost_of_worktree(self, times: int = 3) -> float:
        """CPU of `git worktree add`."""
        place, costs = self.path.with_name("worktree"), []
        for _ in range(times):
            add = f"git worktree add -q --detach {shlex.quote(str(place))}"
            costs.append(cost_of(["sh", "-c", add], cwd=self.path).cpu)
            self.git("worktree", "remove", "--force", str(place))
        return min(costs)
