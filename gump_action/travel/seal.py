"""Keys, and what binds each part of a packed state to its header, its place and its run.

Which key opens is the reader's choice, never the file's.  A state that is not sealed has a digest
where a sealed one has its seal: the same damage is found, but nobody is kept from forging.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import nacl.secret
from nacl.exceptions import CryptoError

from gump_action.errors import InputError

STATE_KEY = "GUMP_STATE_KEY"
SHORTEST = 32
PERSON = b"gump-state-v1"
OVERHEAD = nacl.secret.Aead.NONCE_SIZE + nacl.secret.Aead.MACBYTES
"""Bytes that a seal adds to what it seals."""
_DIGEST = 32


@dataclass(frozen=True)
class Key:
    """32 bytes that are never shown."""

    value: bytes = field(repr=False)


def key_of(secret: str) -> Key | None:
    """The key that a secret makes; None where it has too few characters to make one."""
    if len(secret) < SHORTEST:
        return None
    raw = secret.encode("utf-8", "surrogateescape")
    return Key(hashlib.blake2b(raw, digest_size=32, person=PERSON).digest())


def choose_key(environ: Mapping[str, str], key_env: str | None = None) -> tuple[Key | None, str]:
    """The key to pack or unpack with, and the variable that it is of, or would have been of.

    Where GUMP_STATE_KEY is set, nothing else is looked at.  Raises InputError where it is too
    short; another variable that is too short counts as if it were not there.
    """
    own = environ.get(STATE_KEY, "")
    if not own:
        name = key_env or STATE_KEY
        return key_of(environ.get(name, "")), name
    key = key_of(own)
    if key is None:
        raise InputError(
            f"{STATE_KEY} has {len(own)} characters, and a key that nobody can guess takes "
            f"{SHORTEST} at least.",
            hint="Make one with `openssl rand -hex 32`, and keep it as a secret.",
        )
    return key, STATE_KEY


@dataclass(frozen=True)
class Seal:
    """Shuts and opens the frames of one file.  `key` is None where it is not sealed.

    `header` are the clear bytes at the file's start; `run_key` is what the caller says on both
    sides and the file never does.
    """

    key: Key | None
    header: bytes = field(repr=False)
    run_key: str

    @property
    def overhead(self) -> int:
        return OVERHEAD if self.key else _DIGEST

    def shut(self, content: bytes, number: int, *, is_last: bool) -> bytes:
        """One frame, bound to its number and to whether another one follows."""
        bound = self._bound(number, is_last)
        if self.key:
            return bytes(nacl.secret.Aead(self.key.value).encrypt(content, bound))
        return content + _digest(content, bound)

    def open(self, shut: bytes, number: int, *, is_last: bool) -> bytes | None:
        """The content of a frame; None where it is not what was shut under these circumstances."""
        bound = self._bound(number, is_last)
        if self.key:
            try:
                return nacl.secret.Aead(self.key.value).decrypt(shut, bound)
            except (CryptoError, ValueError):
                return None
        content, digest = shut[:-_DIGEST], shut[-_DIGEST:]
        return content if hmac.compare_digest(_digest(content, bound), digest) else None

    def _bound(self, number: int, is_last: bool) -> bytes:
        """All but the last part have a fixed length, so that no two meanings share these bytes."""
        header = hashlib.blake2b(self.header, digest_size=_DIGEST).digest()
        run_key = self.run_key.encode("utf-8", "surrogateescape")
        return PERSON + header + struct.pack(">Q?", number, is_last) + run_key


def _digest(content: bytes, bound: bytes) -> bytes:
    made = hashlib.blake2b(struct.pack(">Q", len(bound)) + bound, digest_size=_DIGEST)
    made.update(content)
    return made.digest()
