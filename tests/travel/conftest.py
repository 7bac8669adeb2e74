"""A small state directory, and packed states made by hand with whatever is wrong with them."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.redaction import Redactor
from gump_action.travel.frames import make_header
from gump_action.travel.pack import Wanted
from gump_action.travel.seal import Key, Seal, key_of

COMMIT = "c" * 40
SESSION = "0b7e0f6e-5a3c-4a0e-9a39-2f3c0c8b1a11"
TALK = b'{"type":"user"}\n{"type":"assistant","text":"\xc3\xa9"}\n'
FILES = {
    "given/spec.md": b"Make it work.\n",
    "given/inputs.json": b"{}",
    "given/templates.json": b"{}",
    "attempts/impl/@1/prompt.md": b"Implement.\n",
    "attempts/impl/@1/agent.ndjson": b'{"type":"result"}\n',
    "attempts/impl/@1/agent.stderr": b"",
    "attempts/impl/@1/diff.patch": b"+one\n",
    "attempts/impl/@1/gate-1.txt": b"red\n",
    "attempts/impl/@1/error.txt": b"red\n",
    "attempts/impl/@1/output": b"[]",
    f"attempts/impl/@1/transcript/{SESSION}.jsonl": TALK,
    f"attempts/impl/@1/transcript/{SESSION}/subagents/a.jsonl": b"\x00\xff\n",
    f"attempts/build/grün/impl/@1/transcript/{SESSION}.jsonl": TALK + b"{}\n",
}


def events() -> list[e.AnyEvent]:
    decided = e.SessionDecided(mode="fresh", why="first attempt")
    told = [
        e.RunStarted(
            run="20260101-abcdef", workflow="t", engine="0", workspace="isolated",
            base=COMMIT, start=COMMIT,
        )
    ]  # fmt: skip
    for step in ("impl", "build/grün/impl"):
        of = {"step": step, "attempt": 1}
        told += [
            e.AttemptStarted(
                **of, agent="claude-haiku", reason="first attempt", kind="first", digest="d",
                base=COMMIT, start=COMMIT, session=decided,
            ),
            e.SessionKnown(**of, session=SESSION),
            e.TranscriptKept(**of, session=SESSION, files={f"{SESSION}.jsonl": "0" * 64}),
            e.SnapshotTaken(**of, commit=COMMIT, tree=COMMIT),
            e.AttemptEnded(**of, verdict=Verdict.FAILED, error="red"),
        ]  # fmt: skip
    return [event.model_copy(update={"seq": n}) for n, event in enumerate(told, 1)]


def ledger_of(told: Sequence[e.AnyEvent]) -> bytes:
    return b"".join(event.model_dump_json().encode() + b"\n" for event in told)


@pytest.fixture
def told() -> list[e.AnyEvent]:
    return events()


@pytest.fixture
def content(told) -> dict[str, bytes]:
    """All that travels of the small state, by name."""
    return {"ledger.ndjson": ledger_of(told), **FILES}


@pytest.fixture
def put():
    """Writes files below a folder."""

    def put(root: Path, files: dict[str, bytes]) -> Path:
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text)
        return root

    return put


@pytest.fixture
def state(tmp_path, put, content) -> Path:
    return put(tmp_path / "state", content)


@pytest.fixture
def key() -> Key:
    made = key_of("a secret that is longer than thirty-two characters")
    assert made
    return made


@pytest.fixture
def wanted(tmp_path, state, key) -> Wanted:
    """Sealed, on a person's own machine."""
    return Wanted(
        root=state,
        target=tmp_path / "packed",
        run_key="repo/run/1",
        key=key,
        key_name="GUMP_STATE_KEY",
        transcripts="auto",
        is_job=False,
        is_private_repository=None,
        redactor=Redactor([]),
        git_env={"PATH": os.environ["PATH"]},
    )


@pytest.fixture
def unsealed(wanted) -> Wanted:
    return replace(wanted, key=None)


@pytest.fixture
def content_of():
    """What lies below a folder, by name; links and the like are not passed over."""

    def content_of(root: Path) -> dict[str, bytes]:
        files = (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}

    return content_of


@pytest.fixture
def forge(tmp_path):
    """Make a packed state by hand, with all digests right for what it holds."""

    def forge(
        files: Sequence[tuple[str, bytes]],
        *,
        run_key: str = "r",
        key: Key | None = None,
        frame: int = 1 << 20,
        manifest: bytes | None = None,
        digests: bytes | None = None,
        stream: bytes | None = None,
        to: Path | None = None,
    ) -> Path:
        if manifest is None:
            manifest = "".join(f"{len(text)} {name}\n" for name, text in files).encode()
        if digests is None:
            digests = b"".join(hashlib.blake2b(t, digest_size=16).digest() for _, t in files)
        contents = b"".join(text for _, text in files)
        plain = struct.pack(">Q", len(manifest)) + manifest + contents + digests
        packed = stream if stream is not None else zstandard.compress(plain)
        header = make_header(is_sealed=key is not None, key="GUMP_STATE_KEY")
        target = to or tmp_path / "forged"
        target.write_bytes(header + frames_of(packed, frame, Seal(key, header, run_key)))
        return target

    return forge


def frames_of(packed: bytes, frame: int, seal: Seal) -> bytes:
    parts = [packed[at : at + frame] for at in range(0, len(packed), frame)] or [b""]
    out = b""
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        shut = seal.shut(part, number, is_last=is_last)
        out += struct.pack(">?I", is_last, len(shut)) + shut
    return out
