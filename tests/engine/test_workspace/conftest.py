"""A real repository in a temporary folder, and workspaces opened over it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gump_action.engine.workspace.checkout import open_checkout
from gump_action.engine.workspace.isolated import open_isolated
from gump_action.engine.workspace.records import Onto, Opened, Workspace

FIRST = {
    "README.md": "a project\n",
    ".gitignore": "*.log\nbuild/\n",
    "src/a.py": "print(1)\n",
    "src/b.py": "print(2)\n",
}


class Ground:
    """`repo` with one commit on main, `state` beside it, and the workspace of one kind."""

    def __init__(self, root: Path, kind: str = "isolated") -> None:
        self.root, self.kind = root, kind
        self.repo, self.state = root / "repo", root / "state"
        home = root / "home"
        home.mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home)}
        self.recorded: Opened | None = None

    def make(self, files: Mapping[str, str] = FIRST, *options: str) -> None:
        self.git("init", "-q", "-b", "main", *options, str(self.repo), cwd=self.root)
        self.write(self.repo, files)
        self.git("add", "-A")
        self.git("commit", "-qm", "start", "--allow-empty")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        who = ("-c", "user.name=u", "-c", "user.email=u@localhost")
        more = ("-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main")
        env = {**self.env, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *who, *more, *words], cwd=cwd or self.repo, env=env, check=False,
            capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape")

    def write(self, where: Path, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).write_text(text)

    def open(
        self,
        *,
        left: str | None = None,
        in_job: bool = False,
        share: tuple[str, ...] = (),
        onto: Onto | None = None,
    ) -> Workspace:
        """Opens it: for the first time, or as it was recorded then."""
        made: Workspace
        if self.kind == "isolated":
            made = open_isolated(
                self.repo, self.state, self.recorded, onto, share=share, env=self.env
            )
        else:
            made = open_checkout(
                self.repo, self.state, self.recorded, onto, left=left, in_job=in_job, env=self.env
            )
        self.recorded = made.opened
        return made

    def step(
        self, ws: Workspace, act: Callable[[Path], object], *, on: str = "", ref: str = "one#1"
    ) -> str:
        """One attempt: the agent acts; the commit of its snapshot."""
        ws.before_attempt()
        ws.fresh_output_folder()
        act(ws.tree)
        ws.after_attempt()
        return ws.snapshot(on or ws.opened.start, ref, ref).commit

    def files_of(self, commit: str) -> dict[str, str]:
        """Everything in a snapshot, by the engine's own folder."""
        out = self.git("--git-dir", str(self.state / "git"), "ls-tree", "-rz", commit)
        lines = [line.split("\t", 1) for line in out.split("\0") if line]
        return {name: head.split()[0] for head, name in lines}

    def content(self, commit: str, path: str) -> str:
        return self.git("--git-dir", str(self.state / "git"), "show", f"{commit}:{path}")

    def forget_machine(self) -> None:
        """Another runner: of the state directory only the bundle is there, and the clone is new."""
        origin = self.root / "origin.git"
        if not origin.exists():
            self.git("clone", "-q", "--bare", str(self.repo), str(origin), cwd=self.root)
        for old in (self.repo, self.state):
            old.rename(old.with_name(f"{old.name}-old-{len(list(self.root.iterdir()))}"))
        self.git("clone", "-q", str(origin), str(self.repo), cwd=self.root)
        self.state.mkdir()


@pytest.fixture(params=["isolated", "checkout"])
def ground(tmp_path: Path, request: pytest.FixtureRequest) -> Ground:
    """For what holds in both workspaces."""
    made = Ground(tmp_path, request.param)
    made.make()
    return made


@pytest.fixture
def isolated(tmp_path: Path) -> Ground:
    made = Ground(tmp_path)
    made.make()
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Ground:
    made = Ground(tmp_path, "checkout")
    made.make()
    return made
