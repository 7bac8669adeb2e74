"""The static checks: each takes files and gives its findings, none where all is well.

actionlint knows host workflows only; an action is shown to it as the workflow that it could be.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

CHECK_JSONSCHEMA = "check-jsonschema==0.39.0"
ZIZMOR = "zizmor==1.32.0"


@dataclass(frozen=True)
class Finding:
    """`file` as it was given; `line` is 0 where the tool tells none."""

    file: str
    line: int
    words: str


def ask_jsonschema(files: Iterable[Path]) -> list[Finding]:
    found = []
    by_schema: dict[str, list[Path]] = {}
    for file in files:
        by_schema.setdefault(schema_of(file), []).append(file)
    for schema, group in by_schema.items():
        command = ["check-jsonschema", "-o", "json", "--builtin-schema", f"vendor.{schema}"]
        answer = json.loads(call_uv(CHECK_JSONSCHEMA, *command, *group))
        faults = answer.get("errors", []) + answer.get("parse_errors", [])
        found += [Finding(fault["filename"], 0, words_of(fault)) for fault in faults]
    return found


def schema_of(file: Path) -> str:
    if file.name == "dependabot.yml":
        return "dependabot"
    return "github-actions" if is_action(file) else "github-workflows"


def words_of(fault: dict) -> str:
    """The message of a union says nothing; its best match does."""
    best = [fault[name] for name in ("best_match", "best_deep_match") if name in fault]
    return "; ".join(f"{each.get('path', '')} {each['message']}" for each in [fault, *best])


def ask_zizmor(paths: Iterable[Path], *, without: Sequence[str] = ()) -> list[Finding]:
    """Of files that are no good input there are words only. The ids of `without` are left out."""
    flags = ("--offline", "--no-progress", "--strict-collection", "--persona=pedantic")
    text = call_uv(ZIZMOR, "zizmor", *flags, "--format=json", *paths)
    if not text.startswith("["):
        return [Finding(str(path), 0, text) for path in paths]
    return [as_finding(fault) for fault in json.loads(text) if fault["ident"] not in without]


def as_finding(fault: dict) -> Finding:
    location = next(each for each in fault["locations"] if each["symbolic"]["kind"] == "Primary")
    file = location["symbolic"]["key"]["Local"]["verbatim_path"]
    line = location["concrete"]["location"]["start_point"]["row"] + 1
    return Finding(file, line, f"{fault['ident']}: {fault['desc']}")


def call_uv(package: str, *command: object) -> str:
    """Standard output, or where there is none what was said instead."""
    argv = ["uv", "tool", "run", "--quiet", "--from", package, *(str(word) for word in command)]
    done = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})
    return done.stdout.strip() or done.stderr


def ask_languageservice(files: Iterable[Path], built: Path, actions: Path) -> list[Finding]:
    found = call("node", built / "languageservice.mjs", actions, *files)
    return [Finding(each["file"], each["line"], each["message"]) for each in found]


def ask_actionlint(files: Iterable[Path], scratch: Path) -> list[Finding]:
    """Without the tools that it calls where they are on PATH. The paths it tells are relative."""
    shown = {show(file, scratch): file for file in files}
    flags = ("-no-color", "-shellcheck=", "-pyflakes=", "-format={{json .}}")
    found = call(os.environ["GUMP_TEST_ACTIONLINT"], *flags, *shown, good=(0, 1))
    return [
        Finding(str(shown[Path(each["filepath"]).resolve()]), each["line"], each["message"])
        for each in found
    ]


def call(*command: object, good: Sequence[int] = (0,)) -> list[dict]:
    argv = [str(word) for word in command]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.returncode in good, done.stderr
    return json.loads(done.stdout)


def show(file: Path, scratch: Path) -> Path:
    """An action as a workflow, an example as a repository: a local `uses:` counts from its root."""
    if is_action(file):
        return show_action(file, scratch)
    root = file.parents[2]
    return file if (root / ".git").exists() else show_root(root, scratch) / file.relative_to(root)


def show_root(root: Path, scratch: Path) -> Path:
    target = scratch / as_name(root)
    (target / ".git").mkdir(parents=True, exist_ok=True)
    shutil.copytree(root / ".github", target / ".github", dirs_exist_ok=True)
    return target


def as_name(path: Path) -> str:
    return re.sub(r"\W+", "-", str(path))


def show_action(file: Path, scratch: Path) -> Path:
    """A workflow whose inputs, steps and outputs are those of the action."""
    action = yaml.safe_load(file.read_text())
    inputs = {name: as_workflow_input(each) for name, each in action.get("inputs", {}).items()}
    outputs = {name: each.get("value", "") for name, each in action.get("outputs", {}).items()}
    job = {"runs-on": "ubuntu-latest", "outputs": outputs, "steps": action["runs"]["steps"]}
    host = {"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"composite": job}}
    target = scratch / as_name(file)
    target.write_text(yaml.safe_dump(host, sort_keys=False))
    return target


def as_workflow_input(given: dict | None) -> dict:
    """Expressions stay away: in a default, an action may use others than a workflow may."""
    given = given or {}
    default = str(given.get("default", ""))
    plain = {} if "${{" in default or given.get("required") else {"default": default}
    return {"type": "string", "required": bool(given.get("required"))} | plain


def is_action(file: Path) -> bool:
    """A host workflow may have the same name."""
    return file.name == "action.yml" and file.parent.name != "workflows"
