"""What we ask of action.yml and of host workflows beyond what their linters know.

Host workflows are ours, those of the examples, and those that the pages show. Pages show versions
as tags, for people to read; files are pinned.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
BLOCK = re.compile(r"^```yaml[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
OURS = {"./": ACTION, "gump/action": ACTION}
FILES = {
    str(path.relative_to(ROOT)): path.read_text()
    for pattern in ("action.yml", ".github/workflows/*.yml", "examples/**/.github/workflows/*.yml")
    for path in sorted(ROOT.glob(pattern))
}
SHOWN = {
    f"{path.relative_to(ROOT)}:{number}": block
    for pattern in ("README.md", "docs/*.md", "examples/*/README.md")
    for path in sorted(ROOT.glob(pattern))
    for number, block in enumerate(BLOCK.findall(path.read_text()))
    if re.search(r"^jobs:", block, re.MULTILINE)
}


def faults_of(text: str, *, is_pinned: bool, ours: Mapping[str, dict] = OURS) -> list[str]:
    content = yaml.safe_load(text)
    steps = list(steps_of(content))
    return [
        *(fault for step in steps if "run" in step for fault in faults_of_run(step["run"])),
        *(fault for step in steps for fault in faults_of_inputs(step, ours)),
        *(fault for step in steps for fault in faults_of_outputs(step, text, ours)),
        *(faults_of_pins(text) if is_pinned else ()),
        *(faults_of_rights(content) if "jobs" in content else ()),
    ]


def steps_of(content: dict) -> Iterator[dict]:
    """Of an action, or of all jobs of a host workflow."""
    yield from content.get("runs", {}).get("steps", [])
    for job in content.get("jobs", {}).values():
        yield from job.get("steps", [])


def faults_of_run(block: str) -> list[str]:
    done = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True)
    found = ["${{ stands in a shell line"] if "${{" in block else []
    return found + ([f"bash: {done.stderr}"] if done.returncode else [])


def faults_of_pins(text: str) -> list[str]:
    uses = [use for use in re.findall(r"\buses: *(.*)", text) if not use.startswith(tuple(OURS))]
    return [f"pin and version are not behind {use}" for use in uses if not PINNED.fullmatch(use)]


def faults_of_rights(host: dict) -> list[str]:
    return [] if host.get("permissions") == {} else ["rights are not {} at the top"]


def faults_of_inputs(step: dict, ours: Mapping[str, dict]) -> list[str]:
    known = declared(step, ours).get("inputs", {})
    if not known:
        return []
    given = set(step.get("with", {}))
    needed = {name for name, each in known.items() if (each or {}).get("required")}
    return [f"there is no input {name}" for name in sorted(given - set(known))] + [
        f"the input {name} is missing" for name in sorted(needed - given)
    ]


def faults_of_outputs(step: dict, text: str, ours: Mapping[str, dict]) -> list[str]:
    known = declared(step, ours).get("outputs", {})
    if not known or "id" not in step:
        return []
    read = set(re.findall(rf"steps\.{step['id']}\.outputs\.([\w-]+)", text))
    return [f"there is no output {name}" for name in sorted(read - set(known))]


def declared(step: dict, ours: Mapping[str, dict]) -> dict:
    """action.yml of a step that uses an action of ours; nothing of any other step."""
    return ours.get(step.get("uses", "").partition("@")[0], {})
