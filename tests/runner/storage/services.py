"""The two services that the runner's clients speak to: artifacts (v4) and cache (v2).

Each method takes the request, as the client writes it, and who is asking, and gives the answer.
Its names are those of the protocol. `url` makes a blob's address.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from .records import Artifact, CacheEntry, Caller, Kept, Refusal

DEFAULT_BRANCH = "refs/heads/main"


class ArtifactService:
    def __init__(self, kept: Kept, url: Callable[[Path], str]) -> None:
        self.kept = kept
        self.url = url

    def CreateArtifact(self, asked: dict, caller: Caller) -> dict:
        check_run(asked, caller)
        if self.of_run(asked, name=asked["name"], is_done=None):
            words = "an artifact with this name already exists on the workflow run"
            raise Refusal(409, "already_exists", words)
        number = self.kept.next_id()
        made = Artifact(
            id=number,
            name=asked["name"],
            caller=caller,
            created_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            path=self.kept.make_path(f"artifacts/{number}.zip"),
            expires_at=asked.get("expires_at") or "",
        )
        self.kept.artifacts.append(made)
        return {"ok": True, "signed_upload_url": self.url(made.path)}

    def FinalizeArtifact(self, asked: dict, caller: Caller) -> dict:
        check_run(asked, caller)
        made = one(self.of_run(asked, name=asked["name"], is_done=False))
        content = made.path.read_bytes()
        made.digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if asked.get("hash", made.digest) != made.digest:
            raise Refusal(400, "invalid_argument", "the digest is of other bytes")
        made.size, made.is_done = len(content), True
        return {"ok": True, "artifact_id": str(made.id)}

    def ListArtifacts(self, asked: dict, caller: Caller) -> dict:
        found = self.of_run(asked, name=asked.get("name_filter"))
        wanted = int(asked.get("id_filter") or 0)
        return {"artifacts": [as_listed(a) for a in found if wanted in (0, a.id)]}

    def GetSignedArtifactURL(self, asked: dict, caller: Caller) -> dict:
        found = one(self.of_run(asked, name=asked["name"]))
        return {"name": found.name, "signed_url": self.url(found.path)}

    def DeleteArtifact(self, asked: dict, caller: Caller) -> dict:
        check_run(asked, caller)
        found = one(self.of_run(asked, name=asked["name"]))
        self.kept.artifacts.remove(found)
        return {"ok": True, "artifact_id": str(found.id)}

    def of_run(
        self, asked: dict, *, name: str | None, is_done: bool | None = True
    ) -> list[Artifact]:
        return [
            artifact
            for artifact in self.kept.artifacts
            if artifact.caller.backend_run == asked["workflow_run_backend_id"]
            and name in (None, artifact.name)
            and is_done in (None, artifact.is_done)
        ]


class CacheService:
    def __init__(self, kept: Kept, url: Callable[[Path], str]) -> None:
        self.kept = kept
        self.url = url

    def CreateCacheEntry(self, asked: dict, caller: Caller) -> dict:
        if self.same(asked, caller):
            words = "cache entry with the same key, version, and scope already exists"
            raise Refusal(409, "already_exists", words)
        number = self.kept.next_id()
        path = self.kept.make_path(f"caches/{number}")
        made = CacheEntry(number, asked["key"], asked["version"], caller.ref, path)
        self.kept.caches.append(made)
        return {"ok": True, "signed_upload_url": self.url(path)}

    def FinalizeCacheEntryUpload(self, asked: dict, caller: Caller) -> dict:
        made = one(self.same(asked, caller))
        if int(asked.get("size_bytes", 0)) != made.path.stat().st_size:
            raise Refusal(400, "invalid_argument", "the size is of other bytes")
        made.number, made.is_done = self.kept.next_id(), True
        return {"ok": True, "entry_id": str(made.id)}

    def GetCacheEntryDownloadURL(self, asked: dict, caller: Caller) -> dict:
        """The key itself first, then the newest under each prefix; own ref, then default branch."""
        keys = [asked["key"], *asked.get("restore_keys", [])]
        for ref in dict.fromkeys([caller.ref, DEFAULT_BRANCH]):
            seen = [c for c in self.kept.caches if c.is_done and c.ref == ref]
            seen = [c for c in seen if c.version == asked["version"]]
            if found := find_entry(seen, keys):
                url = self.url(found.path)
                return {"ok": True, "signed_download_url": url, "matched_key": found.key}
        return {"ok": False}

    def same(self, asked: dict, caller: Caller) -> list[CacheEntry]:
        wanted = (asked["key"], asked["version"], caller.ref)
        return [c for c in self.kept.caches if (c.key, c.version, c.ref) == wanted]


def find_entry(entries: list[CacheEntry], keys: list[str]) -> CacheEntry | None:
    exact = [entry for entry in entries if entry.key == keys[0]]
    ranks = [exact, *([e for e in entries if e.key.startswith(key)] for key in keys)]
    return next((max(rank, key=lambda entry: entry.number) for rank in ranks if rank), None)


def as_listed(artifact: Artifact) -> dict:
    return {
        "workflow_run_backend_id": artifact.caller.backend_run,
        "workflow_job_run_backend_id": artifact.caller.backend_job,
        "database_id": str(artifact.id),
        "name": artifact.name,
        "size": str(artifact.size),
        "created_at": artifact.created_at,
        "digest": artifact.digest,
    }


def check_run(asked: dict, caller: Caller) -> None:
    if asked["workflow_run_backend_id"] != caller.backend_run:
        raise Refusal(403, "permission_denied", "the token is of another run")


def one(found: list) -> Artifact | CacheEntry:
    if not found:
        raise Refusal(404, "not_found", "there is no such thing")
    return found[0]
