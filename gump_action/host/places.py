"""What the person named, found and checked: repository, state directory, spec, inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from gump_action.errors import InputError
from gump_action.system.store import LEDGER

SPEC_LIMIT = 4 * 1024 * 1024


def is_job(environ: Mapping[str, str]) -> bool:
    """Whether we run inside a job of GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true"


def is_private_repository(environ: Mapping[str, str]) -> bool | None:
    """What the event of this job says of its repository; None where it does not say.

    Where the action says it, that holds: agents can write to the file of the event.
    """
    said = environ.get("GUMP_PRIVATE")
    if said is not None:
        return {"true": True, "false": False}.get(said)
    try:
        event = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        told = event["repository"]["private"]
    except (KeyError, OSError, ValueError, TypeError):
        return None
    return told if isinstance(told, bool) else None


def repository(given: Path) -> Path:
    """The folder that was named; that it is a repository is seen when it is opened."""
    path = given.resolve()
    if not path.is_dir():
        raise InputError(f"{given} is no folder, and --repo has to name a repository.")
    return next((p for p in (path, *path.parents) if (p / ".git").exists()), path)


def state(given: Path | None, repo: Path, workspace: str, environ: Mapping[str, str]) -> Path:
    """The state directory: as named, else the usual place for this workspace."""
    if given:
        return given.resolve()
    if workspace == "isolated":
        return repo / ".gump" / "state"
    return _outside(repo, environ)


def _outside(repo: Path, environ: Mapping[str, str]) -> Path:
    """Where a `git clean -fdx` in the checkout does not reach."""
    if environ.get("RUNNER_TEMP"):
        return Path(environ["RUNNER_TEMP"], "gump").resolve()
    home = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "/tmp"), ".local/state"))
    name = hashlib.blake2b(str(repo).encode(), digest_size=6).hexdigest()
    return home.resolve() / "gump-action" / f"{repo.name}-{name}"


def existing_state(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The state directory of a run that has been, the one written last of the usual ones.

    Raises InputError where there is none.
    """
    repo = repository(Path.cwd())
    usual = (repo / ".gump" / "state", _outside(repo, environ))
    places = (given.resolve(),) if given else usual
    known = [path for path in places if (path / LEDGER).is_file()]
    if known:
        return max(known, key=lambda path: (path / LEDGER).stat().st_mtime)
    looked = " and ".join(str(path) for path in places)
    raise InputError(
        f"there is no record of a run in {looked}.",
        hint="Name the state directory of the run with --state.",
    )


def read_spec(path: Path) -> str:
    """The text of a spec file."""
    if path.exists() and not path.is_file():
        raise InputError(f"--spec {path}: this is no plain file; write the spec to one.")
    if not path.is_file():
        raise InputError(f"--spec {path}: there is no such file, so nothing says what is wanted.")
    if path.stat().st_size > SPEC_LIMIT:
        raise InputError(f"--spec {path}: it has more than {SPEC_LIMIT // 1024 // 1024} MiB.")
    text = path.read_text(encoding="utf-8", errors="replace")
    if not text.strip():
        raise InputError(
            f"--spec {path}: the file is empty, so nothing says what is wanted.",
            hint="Write it there; for a workflow that needs no spec leave --spec out.",
        )
    return text
