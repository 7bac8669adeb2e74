"""The small runner on GitHub's own parser and expressions (mini/), for points where act differs.

There: INPUT_* of a composite in its `run:` steps, a terminal, names of inputs by case, the first
empty lines of a heredoc, commands that are indented or in capitals.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GITHUB = {
    "event_name": "push",
    "run_id": "77",
    "run_attempt": "1",
    "repository": "octo/app",
    "ref": "refs/heads/main",
    "sha": "0" * 40,
    "actor": "alice",
    "triggering_actor": "alice",
    "server_url": "https://github.com",
    "token": "ghs_of_the_test",
    "event": {},
}


@dataclass(frozen=True)
class MiniRunner:
    """`program` is the bundle; `base` holds the workspace and the runner's temporary folder.

    `service` are the variables for node actions, `actions` the folder of each "OWNER/NAME@REF".
    """

    program: Path
    base: Path
    service: Mapping[str, str] = field(default_factory=dict)
    actions: Mapping[str, str] = field(default_factory=dict)

    def run(self, action: Path, given: Mapping[str, str] | None = None, **github: object) -> dict:
        """{status, outputs, steps, annotations, log}; see mini/main.mjs."""
        for name in ("workspace", "temp"):
            (self.base / name).mkdir(exist_ok=True)
        job = {
            "action": str(action),
            "workspace": str(self.base / "workspace"),
            "temp": str(self.base / "temp"),
            "with": given or {},
            "env": {},
            "github": GITHUB | github,
            "service": dict(self.service),
            "actions": dict(self.actions),
        }
        path = self.base / "job.json"
        path.write_text(json.dumps(job))
        done = subprocess.run(["node", self.program, path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def make_action(folder: Path, *runs: str, inputs: str = "", outputs: str = "") -> Path:
    """A composite of bash blocks; step number N has the id `sN`. Block and entries are YAML."""
    steps = [f"    - id: s{n}\n      shell: bash\n{block}" for n, block in enumerate(runs)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "action.yml").write_text(
        f"name: small\ndescription: of a test\ninputs: {{{inputs}}}\noutputs: {{{outputs}}}\n"
        f"runs:\n  using: composite\n  steps:\n{''.join(steps)}"
    )
    return folder
