"""What the storage service keeps, and who is asking: read from the token of the runner."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Caller:
    """A job of one attempt of a host run. `ref` is where its cache entries belong to."""

    run_id: int
    attempt: int
    job: str = "job"
    ref: str = "refs/heads/main"

    @property
    def backend_run(self) -> str:
        """One for each attempt: GitHub keeps an attempt's copy of a name beside the earlier one."""
        return f"run-{self.run_id}-{self.attempt}"

    @property
    def backend_job(self) -> str:
        return f"{self.job}-{self.attempt}"


@dataclass
class Artifact:
    """`path` holds the zip as it was uploaded; `is_hidden` is what "re-run all jobs" does."""

    id: int
    name: str
    caller: Caller
    created_at: str
    path: Path
    expires_at: str = ""
    size: int = 0
    digest: str = ""
    is_done: bool = False
    is_hidden: bool = False


@dataclass
class CacheEntry:
    """The version is a digest of paths and compression; an entry is found under its own only."""

    id: int
    key: str
    version: str
    ref: str
    path: Path
    number: int = 0
    is_done: bool = False


class Refusal(Exception):
    """An answer of the service that is not a good one, as twirp writes it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Kept:
    """All records of the service; what they name lies below `root`."""

    root: Path
    artifacts: list[Artifact] = field(default_factory=list)
    caches: list[CacheEntry] = field(default_factory=list)
    last_id: int = 1000

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def make_path(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def make_token(caller: Caller) -> str:
    """The form the clients read: a JWT whose scopes name the run and the job. Unsigned."""
    scopes = f"Actions.Results:{caller.backend_run}:{caller.backend_job}"
    claims = {"scp": scopes, "exp": 4102444800, "caller": [*vars(caller).values()]}
    return f"{encode({'alg': 'none', 'typ': 'JWT'})}.{encode(claims)}.c2ln"


def read_token(header: str) -> Caller | None:
    parts = header.removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return Caller(*claims["caller"])


def encode(claims: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
