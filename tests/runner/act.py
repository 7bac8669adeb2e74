"""The action in a real runner: act in host mode, with nothing of this machine's settings."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..github.state import TOKEN
from .pins import map_actions
from .records import HostRun, read_records
from .storage.records import Caller
from .storage.server import Storage

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("action.yml", "gump_action", "requirements")
LABELS = ("ubuntu-latest", "macos-latest")
DAY = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-11-25T00:00:00Z")
GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=0")


@dataclass(frozen=True)
class Trigger:
    """What starts an attempt of a host run. `triggering_actor` is who re-ran it, where not `actor`.

    `job` is the only one to run, after those that it needs; empty for all. `patience` shortens the
    waits of the storage clients, with 1 they are true. Repository and token are those that GitHub's
    stand-in (tests/github) knows; `api_url` is its address.
    """

    event: str = "push"
    payload: Mapping[str, object] = field(default_factory=dict)
    run_id: int = 77
    attempt: int = 1
    job: str = ""
    actor: str = "alice"
    triggering_actor: str = ""
    repository: str = "octo/plant"
    ref: str = "refs/heads/main"
    workflow: str = ".github/workflows/gump.yml"
    token: str = TOKEN
    api_url: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    path: str = os.environ["PATH"]
    storage_url: str = ""
    patience: float = 0.02

    @property
    def caller(self) -> Caller:
        return Caller(self.run_id, self.attempt, ref=self.ref)

    def told(self) -> dict[str, object]:
        """The event's file: each payload has the repository and who did it."""
        where = {"id": 1, "full_name": self.repository, "private": False, "default_branch": "main"}
        who = {"login": self.actor, "type": "User"}
        return {"repository": where, "sender": who, **self.payload}

    def variables(self) -> dict[str, str]:
        """Those that act does not fill by itself, or fills wrongly."""
        return {
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_RUN_ATTEMPT": str(self.attempt),
            "GITHUB_REF": self.ref,
            "GITHUB_TRIGGERING_ACTOR": self.triggering_actor or self.actor,
            "GITHUB_WORKFLOW_REF": f"{self.repository}/{self.workflow}@{self.ref}",
            "GIT_PAGER": "cat",
            **({"GITHUB_API_URL": self.api_url} if self.api_url else {}),
            **self.env,
        }


@dataclass(frozen=True)
class Started:
    """An attempt under way. Its steps know `kept` as $KEEP; `pid` is written for a cancel."""

    act: subprocess.Popen[str]
    kept: Path
    pid: Path

    def finish(self) -> HostRun:
        text, _ = self.act.communicate(timeout=360)
        return read_records(self.act.returncode, text, self.kept)


@dataclass(frozen=True)
class Bed:
    """act, the stand-ins, and a storage that outlives the attempts. `base` is new for each bed."""

    act: Path
    stand_ins: Path
    storage: Storage
    base: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def end(self) -> None:
        """What a test that failed has left running."""
        for act in self.running:
            if act.poll() is None:
                act.kill()
            act.communicate()

    def run(self, repository: Path, action: Path, trigger: Trigger) -> HostRun:
        return self.start(repository, action, trigger).finish()

    def start(self, repository: Path, action: Path, trigger: Trigger) -> Started:
        place = self.make_place()
        (place / "event.json").write_text(json.dumps(trigger.told()))
        command = [
            *act_command(self.act, place, trigger),
            *("-C", str(repository), "--local-repository", f"gump/action@v1={action}"),
            *map_actions(
                [path.read_text() for path in [action / "action.yml", *host_files(repository)]],
                self.stand_ins,
                place / "actions",
                {
                    "variables": self.storage.variables(trigger.caller, url=trigger.storage_url),
                    "patience": trigger.patience,
                },
            ),
        ]
        act = subprocess.Popen(
            command,
            cwd=place / "home",  # act reads .actrc and .env of its own folder too
            env={"PATH": trigger.path, "HOME": str(place / "home"), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.running.append(act)
        return Started(act, place / "kept", place / "pid")

    def make_place(self) -> Path:
        """A folder for one attempt: another machine would have nothing of the earlier one."""
        place = self.base / f"attempt-{len(list(self.base.glob('attempt-*')))}"
        for name in ("home", "kept", "actions"):
            (place / name).mkdir(parents=True)
        return place


def act_command(act: Path, place: Path, trigger: Trigger) -> list[str]:
    command = [str(act), trigger.event, "--json", "-e", str(place / "event.json")]
    command += ["-j", trigger.job] if trigger.job else []
    command += ["-a", trigger.actor, "-s", f"GITHUB_TOKEN={trigger.token}"]
    for name, value in trigger.secrets.items():
        command += ["-s", f"{name}={value}"]
    for label in LABELS:  # a leg with another label would be skipped, and the job green
        command += ["-P", f"{label}=-self-hosted"]
    command += ["--no-cache-server", "--action-cache-path", str(place / "cache")]
    for kind in ("env", "secret", "var", "input"):
        command += [f"--{kind}-file", os.devnull]
    command += ["--var", f"KEEP={place / 'kept'}"]
    bed = {"KEEP": str(place / "kept"), "TEST_BED_PID": str(place / "pid"), **uv_variables()}
    for name, value in (bed | trigger.variables()).items():
        command += ["--env", f"{name}={value}"]
    return command


def uv_variables() -> dict[str, str]:
    """The warm cache of uv, since HOME is empty, and where packages come from here."""
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True)
    given = {k: v for k, v in os.environ.items() if k.startswith("UV_") or k == "SSL_CERT_FILE"}
    place = str(Path(shutil.which("uv") or "").parent)
    return given | {"UV_CACHE_DIR": cache.stdout.strip(), "TEST_BED_UV": place}


def host_files(repository: Path) -> list[Path]:
    return sorted((repository / ".github/workflows").glob("*.yml"))


def copy_action(target: Path) -> Path:
    """The action without its tests, as short as can be: act copies it anew in each run."""
    target.mkdir(parents=True, exist_ok=True)
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


def make_repository(path: Path, files: Mapping[str, str]) -> Path:
    """One commit, of the same id for the same files: all attempts of a host run have one."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    for command in (("init", "-qb", "main"), ("add", "-A"), ("commit", "-qm", "Begin")):
        subprocess.run([*GIT, *command], cwd=path, check=True, env=os.environ | DAY)
    return path
