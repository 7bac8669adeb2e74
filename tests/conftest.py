"""A small real repository, and runs of the engine on it with the shipped scripted agent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gump_action import templating
from gump_action.engine import engine, record
from gump_action.engine import events as e
from gump_action.engine.run import Given, Surroundings, Wish
from gump_action.engine.state import RunState
from gump_action.providers import PROVIDERS
from gump_action.redaction import Redactor, secrets_of
from gump_action.system.process import Stop
from gump_action.system.store import Store, attempt_folder
from gump_action.workflow import loader

WHO = ("-c", "user.name=u", "-c", "user.email=u@localhost", "-c", "init.defaultBranch=main")
GUMP = Path(sys.executable).with_name("gump-action")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-goldens", action="store_true", help="write tests/host/golden anew")


@dataclass(frozen=True)
class Done:
    """A run that has ended: its state, all that was told of it, and where its record is."""

    state: RunState
    told: list[e.AnyEvent]
    root: Path

    @property
    def verdict(self) -> str:
        assert self.state.ended
        return self.state.ended.verdict.value

    @property
    def branch(self) -> str:
        assert self.state.ended
        return self.state.ended.branch

    def of(self, kind: type) -> list:
        return [event for event in self.told if isinstance(event, kind)]

    def notes(self) -> str:
        return "\n".join(note.text for note in self.of(e.Noted))

    def launches(self) -> list[str]:
        return [f"{a.step}#{a.attempt}" for a in self.of(e.AttemptStarted)]

    def file(self, attempt: str, name: str) -> Path:
        step, _, number = attempt.partition("#")
        return self.root / attempt_folder(step, int(number)) / name

    def text(self, attempt: str, name: str) -> str:
        return self.file(attempt, name).read_text()

    def prompt(self, attempt: str) -> str:
        return self.text(attempt, "prompt.md")


@dataclass
class Project:
    """`repo` has one commit on main; `state` lies beside it; `environ` is the engine's own."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    starts: int = 0

    @property
    def repo(self) -> Path:
        return self.root / "repo"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def git(self, *words: str) -> str:
        argv = ["git", *WHO, *words]
        done = subprocess.run(argv, cwd=self.repo, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def branches(self) -> str:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads")

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.repo / name).parent.mkdir(parents=True, exist_ok=True)
            (self.repo / name).write_text(text)

    def commit(self, files: Mapping[str, str]) -> None:
        self.write(files)
        self.git("add", "-Af")
        self.git("commit", "-qm", "more")

    def script(self, script: Mapping[str, object]) -> None:
        """What the scripted agent does: step to a list of launches."""
        self.commit({".gump/scripted.json": json.dumps(script)})

    def workflow(self, steps: str, head: str = "") -> Path:
        """A workflow outside the repository, from the lines of its steps."""
        path = self.root / "w.yaml"
        lines = "\n".join(f"  {line}" for line in steps.strip("\n").splitlines())
        path.write_text(f"name: t\n{head}\nsteps:\n{lines}\n")
        return path

    def run(self, steps: str, head: str = "", **how: object) -> Done:
        """Run or continue in this process."""
        return self.start(loader.load(self.workflow(steps, head)).workflow, **how)

    def start(
        self,
        workflow,
        *,
        spec: str = "",
        inputs: Mapping[str, str] | None = None,
        agent: str = "",
        workspace: str = "isolated",
        is_fresh: bool = False,
        takes_in: bool = False,
        hook: Callable[[str, str], None] | None = None,
        listen: Callable[[e.AnyEvent], None] | None = None,
        stop: Stop | None = None,
        is_job: bool = False,
        job_attempt: str = "",
        max_budget: float | None = None,
        repo: Path | None = None,
        is_own_home: bool = True,
    ) -> Done:
        told: list[e.AnyEvent] = []
        self.starts += 1

        def hear(event: e.AnyEvent) -> None:
            told.append(event)
            if listen:
                listen(event)

        named = [(v.name, v.value) for v in workflow.env]
        around = Surroundings(
            providers=PROVIDERS,
            environ=self.environ,
            redactor=Redactor(secrets_of(self.environ, [], named)),
            stop=stop or Stop(),
            listen=hear,
            clock=time.time,
            templates=templating.read_overrides(self.repo / ".gump" / "templates"),
            is_own_home=is_own_home,
            is_job=is_job,
            job_attempt=job_attempt,
        )
        wish = Wish(
            workflow=workflow,
            given=Given(spec, inputs or {}, agent),
            repo=repo or self.repo,
            workspace=workspace,
            run=f"r{self.starts}",
            engine="0",
            is_fresh=is_fresh,
            takes_in=takes_in,
            max_budget=max_budget,
        )
        run = engine.run(wish, Store(self.state, hook), around)
        run.close()
        return Done(run.state, told, self.state)

    def read(self) -> RunState:
        return record.read_state(self.state)

    def argv(self, *words: str | Path) -> list[str]:
        where = ("--repo", str(self.repo), "--state", str(self.state))
        return [str(GUMP), "run", *(str(word) for word in words), *where]

    def cli(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """`gump-action run` as a person runs it."""
        argv = self.argv(*words)
        return subprocess.run(
            argv, cwd=self.repo, env=self.environ, capture_output=True, text=True, check=False
        )

    def begin(self, *words: str | Path) -> subprocess.Popen[str]:
        """The same, left running."""
        argv = self.argv(*words)
        pipe = subprocess.PIPE
        return subprocess.Popen(
            argv, cwd=self.repo, env=self.environ, stdout=pipe, stderr=pipe, text=True
        )


@pytest.fixture(scope="session")
def first_commit(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("first")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        if words[0] == "add":
            (root / "a.txt").write_text("one\ntwo\nthree\n")
            (root / ".gitignore").write_text("*.log\n")
        subprocess.run(["git", *WHO, *words], cwd=root, check=True)
    return root


@pytest.fixture
def project(tmp_path, first_commit) -> Project:
    shutil.copytree(first_commit, tmp_path / "repo")
    (tmp_path / "home").mkdir()
    return Project(tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")})
