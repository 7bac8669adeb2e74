"""A job that uses the action: its own steps as action.yml asks for them.

Nested actions are played by copies of files; tests/runner has the real ones.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path

import yaml

from gump_action.action import agents, deliver, publish, resolve, restore, save
from gump_action.action.job.log import Log
from gump_action.errors import GumpError

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["id"]: step for step in ACTION["runs"]["steps"]}
CALLS = {
    "resolve": resolve.resolve,
    "restore": restore.restore,
    "agents": agents.install,
    "save": save.save,
    "deliver": deliver.deliver,
    "publish": publish.publish,
}
PYTHON = '"$RUNNER_TEMP/gump-action/venv/bin/python"'
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+)(?: \|\| env\.\w+)? \}\}")
OUTPUT = re.compile(r"\$\{\{ steps\.([\w-]+)\.outputs\.([\w-]+) \}\}")
RAN = "${{ steps.run.outcome }}"
KEPT = "${{ steps.artifact.outcome }}"
PRIVATE = "${{ github.event.repository.private }}"
OUTCOME = re.compile(
    r"\$\{\{ steps\.(artifact|bundle)\.outcome == 'success' && "
    r"steps\.(\w+)\.outputs\.([\w-]+) \|\| '' \}\}"
)


class Named(dict[str, str]):
    """The environment of a step, in which no variable of ours is missing: act would forgive it."""

    def get(self, name, default=None):
        assert name in self or not name.startswith("GUMP_"), f"action.yml does not set {name}"
        return super().get(name, default)


@dataclass
class Job:
    """One attempt of a job, on a machine of its own under `root`.  `store` outlives it.

    `as_user` are words before the command of the step that runs agents; the stores in `down`, of
    `artifact` and `cache`, take nothing.
    """

    root: Path
    repo: Path
    store: Path
    inputs: dict[str, str]
    environ: dict[str, str]
    attempt: int = 1
    event: dict[str, object] = field(default_factory=dict)
    github: object = None
    is_private: bool = False
    as_user: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    log: str = ""
    summary: str = ""

    def play(self) -> Job:
        """All steps in their order, as the runner does."""
        self.temp.mkdir(parents=True)
        self.step("resolve")
        if self.outputs["resolve"].get("run") == "true":
            self._restore_cache()
            self.step("restore")
            if not self.codes["restore"]:
                self.step("agents")
            if not self.codes.get("agents", 1):
                self.step("run")
            self.step("save")
            self._store()
        names = self.outputs["resolve"]
        if names.get("deliver") == "true" and not any(self.codes.values()):
            self._fetch()
            self.step("deliver")
        self.step("publish")
        return self

    def play_only(self, *names: str) -> Job:
        """These steps, without what the platform does between them."""
        self.temp.mkdir(parents=True, exist_ok=True)
        for name in names:
            self.step(name)
        return self

    def step(self, name: str) -> None:
        files = {f"GITHUB_{each}": self.temp / f"{each}-{name}" for each in FILES}
        for path in files.values():
            path.touch()
        given = {variable: self._value(text) for variable, text in STEPS[name]["env"].items()}
        words = {key: str(path) for key, path in files.items()}
        environ = {**self.environ, **self._platform(), **given, **words}
        call = self._start if name == "run" else self._call
        self.codes[name] = call(name, environ)
        self.outputs[name] = read_outputs(_text(files["GITHUB_OUTPUT"]))
        self.summary += _text(files["GITHUB_STEP_SUMMARY"])

    def _start(self, name: str, environ: dict[str, str]) -> int:
        done = subprocess.run(
            [
                *self.as_user,
                "bash",
                "-c",
                STEPS[name]["run"].replace(PYTHON, f'"{sys.executable}"'),
            ],
            cwd=self._folder(name),
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        return done.returncode

    def _call(self, name: str, environ: dict[str, str]) -> int:
        """In this process, which saves most of the time of these tests."""
        stream = StringIO()
        try:
            with contextlib.chdir(self._folder(name)):
                code = CALLS[name](Named(environ), Log(environ, stream))
            return code or 0
        except GumpError as error:
            stream.write(f"{error}\n")
            return error.exit_code
        finally:
            self.log += stream.getvalue()

    def _folder(self, name: str) -> Path:
        """Where the runner starts this step."""
        return self.repo / self._value(STEPS[name].get("working-directory", ""))

    @property
    def temp(self) -> Path:
        return self.root / "temp"

    @property
    def result(self) -> dict[str, str]:
        return self.outputs["publish"]

    @property
    def state(self) -> Path:
        return next((self.temp / "gump").iterdir())

    def _platform(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "octo/demo",
            "GITHUB_REPOSITORY_ID": "7",
            "GITHUB_WORKFLOW_REF": "octo/demo/.github/workflows/gump.yml@refs/heads/main",
            "GITHUB_RUN_ID": "100",
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GITHUB_JOB": "fix",
            "GITHUB_EVENT_NAME": "workflow_dispatch",
            "GITHUB_EVENT_PATH": str(self._event()),
            "GITHUB_ACTOR": "octocat",
            "GITHUB_TRIGGERING_ACTOR": "octocat",
            "GITHUB_SHA": "1" * 40,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_WORKSPACE": str(self.repo),
            "RUNNER_TEMP": str(self.temp),
            **{k: v for k, v in self.environ.items() if k.startswith("GITHUB_")},
        }

    def _event(self) -> Path:
        path = self.temp / "event.json"
        path.write_text(json.dumps(EVENT | self.event))
        return path

    def _value(self, text: str) -> str:
        """What the runner makes of an expression of action.yml."""
        if not text:
            return ""
        named = INPUT.fullmatch(text)
        if named:
            default = str(ACTION["inputs"][named[1]].get("default", ""))
            return self.inputs.get(named[1], "" if "${{" in default else default)
        if text == PRIVATE:
            return str(self.is_private).lower()
        if text == RAN:
            return {0: "success", None: "skipped"}.get(self.codes.get("run"), "failure")
        if text == KEPT:
            return "failure" if "artifact" in self.down else "success"
        output = OUTPUT.fullmatch(text)
        if output:
            return self.outputs.get(output[1], {}).get(output[2], "")
        stored = OUTCOME.fullmatch(text)
        assert stored, f"this expression is not known here: {text}"
        kind, step, name = stored.groups()
        is_made = self.outputs.get("save", {}).get(kind, "false") not in ("", "false")
        is_stored = is_made and kind not in self.down
        return self.outputs.get(step, {}).get(name, "") if is_stored else ""

    def _restore_cache(self) -> None:
        names = self.outputs["resolve"]
        if names["reads-cache"] == "true":
            known = sorted((self.store / "cache").glob(f"{names['cache-prefix']}*"))
            if known:
                target = Path(names["cache-path"])
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(known[-1], target)
                self.outputs["cache"] = {"cache-matched-key": known[-1].name}

    def _fetch(self) -> None:
        """The bundle of another job."""
        names = self.outputs["resolve"]
        if names["opens-bundle"] == "true":
            stored = self.store / "artifact" / names["bundle-name"]
            if stored.is_file():
                folder = Path(names["bundle-folder"])
                folder.mkdir(parents=True)
                shutil.copy(stored, folder / "bundle.gump")

    def _store(self) -> None:
        names, saved = self.outputs["resolve"], self.outputs["save"]
        if saved.get("bundle"):
            target = self.store / "artifact" / names["bundle-name"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(names["bundle-path"], target)
        for kind in ("cache", "artifact"):
            if saved.get(kind) == "true" and kind not in self.down:
                target = self.store / kind / names[f"{kind}-{'key' if kind == 'cache' else 'name'}"]
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(names[f"{kind}-path"], target)
                if self.github and kind == "artifact":
                    run_id = int(self.environ.get("GITHUB_RUN_ID", 100))
                    self.github.add_artifact(target.name, zipped(target), run_id=run_id)


EVENT = {
    "repository": {"id": 7, "full_name": "octo/demo", "private": False, "default_branch": "main"},
    "sender": {"login": "octocat", "type": "User"},
}
FILES = ("OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY")


def zipped(file: Path) -> bytes:
    """As upload-artifact stores one file."""
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(file, "state.gump")
    return whole.getvalue()


def _text(path: Path) -> str:
    """The runner takes a missing file for an empty one."""
    return path.read_text() if path.exists() else ""


def read_outputs(text: str) -> dict[str, str]:
    """As the runner reads the file of GITHUB_OUTPUT."""
    found = re.findall(r"^([\w-]+)<<(.+)\n((?:.*\n)*?)\2$", text, re.MULTILINE)
    return {name: value.removesuffix("\n") for name, _, value in found}
