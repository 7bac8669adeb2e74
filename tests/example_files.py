"""The examples, and how one is run in a repository of its own with the scripted agent.

The names of its agents become those of the scripted provider (`claude-haiku`: `scripted-haiku`),
so that escalations go to another agent, as they do with the real ones.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from gump_action.workflow import loader

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir())
FILES = {name: path for name in NAMES for path in (EXAMPLES / name).glob(".gump/workflows/*.yaml")}
HOSTS = {name: EXAMPLES / name / ".github" / "workflows" / f"{name}.yml" for name in NAMES}
BY_HAND = ("cheap-first", "hello", "tdd")
HOST_FILES = {path.stem: path for path in sorted(EXAMPLES.glob("*/.github/workflows/*.yml"))}
"""Also those that another one of its example calls."""
RECIPES = tuple(name for name in NAMES if name not in BY_HAND)
NO_GATES = "# gates: {test: make check}"
GATES = 'gates: {test: "for each in test_*.py; do python3 $each; done"}'


def write(path: str, text: str) -> dict[str, str]:
    return {"write": path, "text": text}


def output(kind: str, content: object) -> dict[str, str]:
    """The output of a step, as its agent leaves it."""
    if kind == "artifact":
        return write(".gump/out/artifact.txt", str(content))
    return write(f".gump/out/{kind}.json", json.dumps(content))


def run(project, name: str, script: Mapping[str, object], spec: str = "", **inputs: str):
    """The example `name` in a repository whose tests are programs: nothing starts faster."""
    shutil.copytree(EXAMPLES / name, project.repo, dirs_exist_ok=True)
    file = project.repo / ".gump" / "workflows" / FILES[name].name
    text = file.read_text().replace("claude-", "scripted-").replace(NO_GATES, GATES)
    project.commit({str(file): text, ".gump/scripted.json": json.dumps(script)})
    return project.start(loader.load(file).workflow, spec=spec, inputs=inputs)


def launches(project) -> list[tuple[str, str, str]]:
    """Attempt, agent and session of all launches, as the ledger on disk has them."""
    attempts = [a for each in project.read().attempts.values() for a in each if a.agent]
    attempts.sort(key=lambda attempt: attempt.began)
    return [(a.name, a.agent, a.session.resume or "fresh") for a in attempts]
