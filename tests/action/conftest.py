"""A repository whose workflow fails in the first attempt of its job and passes in the second."""

from __future__ import annotations

import json
import shutil

import pytest

from ..github.fixtures import github, github_server
from .job import Job

__all__ = ["github", "github_server"]

WORKFLOW = """\
name: fix
steps:
  - {name: look, agent: scripted, output: artifact, prompt: "{spec}"}
  - name: impl
    agent: scripted
    session: reuse-on-retry
    prompt: "{spec}"
    gate: ["bash: test -f done.txt"]
"""
SCRIPT = {
    "look": [[{"write": ".gump/out/artifact.txt", "text": "seen\n"}]],
    "impl": [
        [{"say": "half"}, {"write": "half.txt", "text": "half\n"}],
        [{"say": "all"}, {"write": "done.txt", "text": "done\n"}],
    ],
}
KEY = {"ANTHROPIC_API_KEY": "sk-ant-0123456789abcdefghijklmnopqrstuvwxyz"}


@pytest.fixture
def jobs(project, tmp_path):
    """`jobs(attempt)` plays an attempt of the job on a new machine; `only` names the steps."""
    project.commit(
        {".gump/workflows/fix.yaml": WORKFLOW, ".gump/scripted.json": json.dumps(SCRIPT)}
    )

    def play(
        attempt: int = 1,
        *,
        environ=KEY,
        event=None,
        github=None,
        machine="",
        only=(),
        down=(),
        **inputs: str,
    ) -> Job:
        root = tmp_path / (machine or f"machine-{attempt}")
        shutil.copytree(project.repo, root / "work" / "repo", symlinks=True)
        (root / "home").mkdir()
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        job = Job(
            root=root,
            repo=root / "work" / "repo",
            store=tmp_path / "store",
            inputs={"workflow": "fix", "spec": "Do it", "matrix-leg": "0", "use": "gump"} | given,
            environ={"PATH": project.environ["PATH"], "HOME": str(root / "home"), **environ},
            attempt=attempt,
            event=event or {},
            github=github,
            down=down,
        )
        return job.play_only(*only) if only else job.play()

    return play
