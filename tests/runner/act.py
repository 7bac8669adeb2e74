"""The action in a real runner: act in host mode, with nothing of this machine's settings.

act prints one JSON record a line with --json; what a test looks at is picked out of them here.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("action.yml", "gump_action", "requirements")
NOOP = "name: x\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: 'true'\n"
PIN = re.compile(r"uses: ([\w.-]+/[\w.-]+)(?:/[\w.-]+)?@([0-9a-f]{40})")
GIT = (
    "git",
    "-c",
    "user.name=t",
    "-c",
    "user.email=t@example.invalid",
    "-c",
    "commit.gpgsign=false",
)


@dataclass(frozen=True)
class HostRun:
    """What the runner says about a host workflow. A step that did not run is in no table."""

    code: int
    log: str
    steps: dict[str, str]
    outputs: dict[str, str]
    summary: str
    errors: tuple[str, ...]
    kept: Path


def copy_action(target: Path) -> Path:
    """The action without its tests, as short as can be: act copies it anew in each run."""
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    return target


def make_repository(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    for command in (("init", "-qb", "main"), ("add", "-A"), ("commit", "-qm", "Begin")):
        subprocess.run([*GIT, *command], cwd=path, check=True)
    return path


def run_host_workflow(
    base: Path, repository: Path, event: dict, *, action: Path, path: str
) -> HostRun:
    """Runs the repository's host workflows, as if the event (its name is among it) had happened."""
    home = base / "home"
    for folder in (home, base / "kept"):
        folder.mkdir()
    (base / "event.json").write_text(json.dumps(event))
    done = subprocess.run(
        [
            *act_command(base, repository, event["name"]),
            *nested_actions(base, action),
            *job_environment(),
        ],
        cwd=home,  # act reads .actrc and .env of its own folder too
        env={"PATH": path, "HOME": str(home), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
    )
    return read_records(done.returncode, done.stdout, kept=base / "kept")


def act_command(base: Path, repository: Path, event: str) -> list[str]:
    command = [os.environ["GUMP_TEST_ACT"], event, "--json", "-C", str(repository)]
    command += ["-e", str(base / "event.json")]
    for label in ("ubuntu-latest", "macos-latest"):  # a leg with another label would be skipped
        command += ["-P", f"{label}=-self-hosted"]
    command += ["--var", f"KEEP={base / 'kept'}"]
    command += ["--no-cache-server", "--action-cache-path", str(base / "cache")]
    for kind in ("env", "secret", "var", "input"):
        command += [f"--{kind}-file", os.devnull]
    return command


def nested_actions(base: Path, action: Path) -> list[str]:
    """Each pin of action.yml gets a stand-in, for act would fetch it, needed or not."""
    flags = ["--local-repository", f"gump/action@v1={action}"]
    for name, commit in sorted(set(PIN.findall((action / "action.yml").read_text()))):
        stand_in = base / "actions" / name
        stand_in.mkdir(parents=True)
        if name == "actions/cache":
            for sub in ("restore", "save"):
                (stand_in / sub).mkdir()
                (stand_in / sub / "action.yml").write_text(NOOP)
        else:
            (stand_in / "action.yml").write_text(STAND_INS.get(name, NOOP))
        flags += ["--local-repository", f"{name}@{commit}={stand_in}"]
    return flags


# The folder of the real uv is put on the PATH, as the real action does with the one it fetches.
STAND_INS = {
    "astral-sh/setup-uv": f"""
name: stand-in for setup-uv
runs:
  using: composite
  steps:
    - shell: bash
      run: echo "{Path(shutil.which("uv") or "uv-is-missing").parent}" >> "$GITHUB_PATH"
"""
}


def job_environment() -> list[str]:
    """The warm cache of uv, since HOME is empty, and where packages come from here."""
    cache = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, check=True)
    given = {k: v for k, v in os.environ.items() if k.startswith("UV_") or k == "SSL_CERT_FILE"}
    given |= {"UV_CACHE_DIR": cache.stdout.strip(), "GIT_PAGER": "cat"}
    given |= {"GITHUB_WORKFLOW_REF": "octo/demo/.github/workflows/gump.yml@refs/heads/main"}
    return [word for name, value in given.items() for word in ("--env", f"{name}={value}")]


def read_records(code: int, text: str, *, kept: Path) -> HostRun:
    records = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    # act repeats outputs and summary of a composite's last step on the step that used it.
    inner = [r for r in records if len(r.get("stepID", ())) > 1 and r.get("command") == "summary"]
    return HostRun(
        code=code,
        log="\n".join(r.get("msg", "") for r in records),
        steps={
            ".".join(r["stepID"]): r["stepResult"]
            for r in records
            if r.get("stage") == "Main" and "stepResult" in r
        },
        outputs={
            f"{'.'.join(r['stepID'])}.{r['name']}": r["arg"]
            for r in records
            if r.get("command") == "set-output"
        },
        summary="".join(r["content"] for r in inner),
        errors=tuple(r["arg"] for r in records if r.get("command") == "error"),
        kept=kept,
    )
