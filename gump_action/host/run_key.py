"""What tells one run from all others of a repository, and the names under which its state is kept.

The variables are the platform's own; the leg of a matrix and the use within a job come as inputs,
since no variable holds them (`GITHUB_JOB` is equal for all legs, and `GITHUB_ACTION` names the
inner step: actions/runner 258d6c8, CompositeActionHandler.cs).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gump_action.errors import InputError

_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_JOB_ATTEMPT = re.compile(r"([1-9][0-9]{0,18})/([1-9][0-9]{0,5})")
_READABLE = 40
STATES = "gump-state-"
"""With what the names of all states begin."""
_NAMED = ("GITHUB_REPOSITORY", "GITHUB_WORKFLOW_REF", "GITHUB_RUN_ID", "GITHUB_JOB")


@dataclass(frozen=True)
class RunKey:
    """`text` is what a seal is bound to; `attempt` is the job's, counted from 1."""

    text: str
    job: str
    attempt: int

    @property
    def name(self) -> str:
        """Short, safe in names of artifacts and caches, and a person sees which job it is of."""
        digest = hashlib.blake2b(self.text.encode(), digest_size=8).hexdigest()
        job = _PLAIN.sub("-", self.job).strip("-")[:_READABLE]
        return f"{job}-{digest}" if job else digest

    @property
    def prefix(self) -> str:
        """With what the names of all states of this run begin."""
        return f"{STATES}{self.name}-a"

    @property
    def state_name(self) -> str:
        """Of an artifact, and of a cache entry: immutable, so each attempt has its own."""
        return f"{self.prefix}{self.attempt}"

    @property
    def report_name(self) -> str:
        return f"gump-report-{self.name}-a{self.attempt}"

    @property
    def bundle_name(self) -> str:
        """Of what another job of the host run publishes."""
        return f"gump-bundle-{self.name}-a{self.attempt}"

    def attempt_of(self, name: str) -> int | None:
        """Of which attempt a state is; None where it is of another run."""
        number = name.removeprefix(self.prefix)
        is_ours = number != name and re.fullmatch(r"[1-9][0-9]{0,5}", number)
        return int(number) if is_ours else None


def run_key(environ: Mapping[str, str], *, leg: str, use: str) -> RunKey:
    """The key of the run that this use of the action makes or continues.

    Raises InputError outside of a job.
    """
    missing = [name for name in _NAMED if not environ.get(name)]
    if missing:
        raise InputError(
            f"{', '.join(missing)} is not set, and without it this run cannot be told from others.",
            hint="The action's commands are for a job of GitHub Actions; use `gump-action run`.",
        )
    repository = environ.get("GITHUB_REPOSITORY_ID") or environ["GITHUB_REPOSITORY"]
    job = environ["GITHUB_JOB"]
    parts = (repository, workflow_path(environ), environ["GITHUB_RUN_ID"], job, leg, use)
    attempt = environ.get("GITHUB_RUN_ATTEMPT", "1")
    text = _joined("gump-run", parts)
    return RunKey(text, f"{job}-{leg}" if leg else job, int(attempt) if attempt.isdigit() else 1)


def bundle_key(environ: Mapping[str, str]) -> str:
    """What the bundle of a job is bound to, and the same for all jobs of this host run."""
    repository = environ.get("GITHUB_REPOSITORY_ID") or environ.get("GITHUB_REPOSITORY", "")
    parts = (repository, workflow_path(environ), environ.get("GITHUB_RUN_ID", ""))
    return _joined("gump-bundle", parts)


def job_attempt(environ: Mapping[str, str]) -> str:
    """`101/2`: host run and attempt of this job, for the record; empty outside of a job."""
    run, attempt = environ.get("GITHUB_RUN_ID", ""), environ.get("GITHUB_RUN_ATTEMPT", "1")
    told = f"{run}/{attempt}"
    is_job = environ.get("GITHUB_ACTIONS") == "true"
    return told if is_job and _JOB_ATTEMPT.fullmatch(told) else ""


def attempt_in(host_run: int, told: str) -> int:
    """The attempt of a job of this host run that a record names; 0 where it names none of it."""
    match = _JOB_ATTEMPT.fullmatch(told)
    return int(match[2]) if match and int(match[1]) == host_run else 0


def _joined(kind: str, parts: Sequence[str]) -> str:
    """With lengths, so that no two lists of parts make the same text."""
    return f"{kind}:" + ",".join(f"{len(part)}:{part}" for part in parts)


def workflow_path(environ: Mapping[str, str]) -> str:
    """`.github/workflows/fix.yml` out of `octo/repo/.github/workflows/fix.yml@refs/heads/main`."""
    path = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    return str(PurePosixPath(*PurePosixPath(path).parts[2:]))
