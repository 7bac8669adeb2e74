"""Where an attack is played: a job on a pull request, with secrets all around its agent.

The agent is the shipped scripted one: a real process of the engine's user.  It runs attacks, which
are lines of sh, one after the other; what one of them prints is what it has found.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..action.job import Job
from ..conftest import Project
from ..github.state import TOKEN, State

KEY = "sk-ant-0123456789abcdefghijklmnopqrstuvwxyz"
SECRETS = {
    "ANTHROPIC_API_KEY": KEY,
    "GUMP_STATE_KEY": "state-key-of-forty-characters-and-no-less",
    "GITHUB_TOKEN": "ghs_put-into-the-whole-job",
    "GH_TOKEN": "ghs_put-there-by-another-name",
    "ACTIONS_RUNTIME_TOKEN": "runtime-token-of-the-runner",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token-that-asks-for-a-login-to-the-cloud",
    "ACTIONS_CACHE_URL": "https://cache.test/with-a-secret-path",
    "AWS_SECRET_ACCESS_KEY": "aws-secret-of-the-job",
    "SSH_AUTH_SOCK": "/tmp/ssh-agent-of-the-job",
    "DEPLOY_PASSWORD": "password-of-another-step",
}
"""What the host workflow has set for the whole job, and the runner for itself."""

WORKFLOW = """\
name: fix
steps:
  - name: impl
    agent: scripted
    session: reuse-on-retry
    prompt: "{spec}"
    gate: ["bash: sh GATE"]
"""
# Root could read all that another process holds.  Without these rights it is a user like any other.
AS_USER = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
DONE = {"write": "done.txt", "text": "done\n"}
SIDE = {
    "repo": {"id": 7, "full_name": "octo/demo", "private": False, "default_branch": "main"},
    "user": {"login": "octocat", "type": "User"},
}
PULL = {
    "number": 7,
    "title": "A title",
    "body": "A body",
    "user": {"login": "octocat", "type": "User"},
    "author_association": "MEMBER",
    "head": {"sha": "a" * 40, "ref": "topic", **SIDE},
    "base": {"sha": "b" * 40, "ref": "main", **SIDE},
}


@dataclass
class Stage:
    """One repository and what GitHub knows of it; jobs leave what was found in `found`."""

    root: Path
    project: Project
    github: State
    gate: str = "true"
    count: int = 0
    commits: int = 0

    def __post_init__(self) -> None:
        self.github.full_name, self.github.repository_id = "octo/demo", 7
        self.github.add_pull(7, author="octocat")
        self.github.add_run(100)
        self.github.permissions["octocat"] = "write"
        for folder in ("attacks", "found"):
            (self.root / folder).mkdir()
        self.commit({".gump/scripted.json": json.dumps({"impl": [[DONE]]})})

    def commit(self, files: Mapping[str, str]) -> None:
        """With the workflow, whose gate is a file out of the reach of the tree."""
        gate = self.root / "attacks" / "gate.sh"
        gate.write_text(self.gate)
        self.commits += 1
        base = {
            ".gump/workflows/fix.yaml": WORKFLOW.replace("GATE", str(gate)),
            "commits.txt": f"{self.commits}\n",
        }
        self.project.commit(base | dict(files))

    def attack(self, attacks: Mapping[str, str], *acts: dict[str, object], **how: object) -> Job:
        """A job whose agent runs these attacks, does these things, and then what it was asked."""
        played = [self._attack(name, lines) for name, lines in attacks.items()]
        self.commit({".gump/scripted.json": json.dumps({"impl": [[*played, *acts, DONE]]})})
        return self.job(**how).play()

    def _attack(self, name: str, lines: str) -> dict[str, object]:
        file = self.root / "attacks" / f"{name}-{self.count}.sh"
        file.write_text(lines)
        return {"run": f"sh {file} > {self.root}/found/{name} 2>&1"}

    def found(self, name: str) -> str:
        """What an attack has printed.  It must have been run, or nothing was tried."""
        return (self.root / "found" / name).read_text(errors="replace")

    def was_run(self, name: str) -> bool:
        """Whether something that was planted has been executed: then it made this file."""
        return (self.root / "found" / f"{name}-was-run").exists()

    def job(
        self,
        attempt: int = 1,
        *,
        environ: Mapping[str, str] = SECRETS,
        event: Mapping[str, object] | None = None,
        event_name: str = "pull_request",
        pull: Mapping[str, object] | None = None,
        **inputs: str,
    ) -> Job:
        """A job on pull request 7 by somebody who may write, on a machine of its own."""
        self.count += 1
        machine = self.root / f"machine-{self.count}"
        shutil.copytree(self.project.repo, machine / "work" / "repo", symlinks=True)
        (machine / "home").mkdir()
        own = {"action": "opened", "number": 7, "pull_request": {**PULL, **(pull or {})}}
        around = {"GITHUB_EVENT_NAME": event_name, "GITHUB_API_URL": self.github.url}
        path = {"PATH": self.project.environ["PATH"], "HOME": str(machine / "home")}
        given = {"workflow": "fix", "spec": "Do it", "matrix-leg": "0", "use": "gump"}
        given |= {"github-token": TOKEN, "state-key": SECRETS["GUMP_STATE_KEY"]}
        return Job(
            root=machine,
            repo=machine / "work" / "repo",
            store=self.root / "store",
            inputs=given | {name.replace("_", "-"): value for name, value in inputs.items()},
            environ={**path, **environ, **around},
            attempt=attempt,
            event=dict(event or own),
            github=self.github,
            as_user=AS_USER,
        )

    @property
    def machine(self) -> Path:
        """Of the job that is played next."""
        return self.root / f"machine-{self.count + 1}"
