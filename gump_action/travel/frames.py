"""The outside of a packed state: a clear header, then frames that are shut one by one.

    gump state 2\\n
    {"id": "…", "key": "GUMP_STATE_KEY", "sealed": true}\\n
    frame…        one byte (1 on the last), four bytes of length, so many bytes

Knows nothing of what is inside.
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from gump_action.errors import InputError
from gump_action.travel.seal import Key, Seal

VERSION = 2
CHUNK = 1 << 20
"""Bytes of one frame before it is shut: all that is held in memory."""
_START = struct.Struct(">?I")
_FIRST_LINE = re.compile(rb"gump state ([1-9][0-9]{0,8})\n")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_LONGEST_LINE = 1000


@dataclass(frozen=True)
class Header:
    """What can be read without a key.  `key` is the variable of the writer's key, for messages."""

    is_sealed: bool
    key: str


def make_header(*, is_sealed: bool, key: str) -> bytes:
    """A new header; its `id` keeps frames of one file from passing as those of another."""
    known = key if is_sealed and _VARIABLE.fullmatch(key) else ""
    said = {"id": os.urandom(16).hex(), "key": known, "sealed": is_sealed}
    return b"gump state %d\n%s\n" % (VERSION, json.dumps(said, sort_keys=True).encode())


def read_header(file: BinaryIO) -> tuple[Header, bytes]:
    """What the header says, and its bytes.  Raises InputError where this is no state of ours."""
    first = file.readline(_LONGEST_LINE)
    match = _FIRST_LINE.fullmatch(first)
    if not match:
        raise InputError("this is no packed state, or its beginning is damaged.")
    if int(match[1]) != VERSION:
        raise InputError(
            f"this packed state has format {int(match[1])}, and this version of gump-action reads "
            f"{VERSION}.",
            hint="Use the version that packed it.",
        )
    second = file.readline(_LONGEST_LINE)
    return _parse(second), first + second


def _parse(line: bytes) -> Header:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    match said:
        case {"sealed": bool(is_sealed), "key": str(key), "id": str(), **more} if not more:
            if not key or _VARIABLE.fullmatch(key):
                return Header(is_sealed, key)
    raise InputError("the header of this packed state is damaged.")


def make_seal(header: Header, raw: bytes, key: Key | None, run_key: str) -> Seal:
    """The seal that the reader's key makes.  Raises InputError where the file wants another way."""
    if header.is_sealed and key is None:
        named = f" with {header.key}" if header.key else ""
        raise InputError(
            f"this state is sealed{named}, and there is no key to open it.",
            hint="Set GUMP_STATE_KEY, or name the variable of the key with --key-env.",
        )
    if key and not header.is_sealed:
        raise InputError(
            "this state is not sealed, and where a key is set only sealed ones are taken: anyone "
            "could have written it.",
            hint="Pack it with the same key, or unpack it without one if you know whose it is.",
        )
    return Seal(key, raw, run_key)


class FrameWriter:
    """Takes bytes in any portions, and writes them as frames."""

    def __init__(self, file: BinaryIO, seal: Seal) -> None:
        self.file, self.seal = file, seal
        self.waiting = bytearray()
        self.number = 0

    def write(self, content: bytes) -> int:
        self.waiting += content
        # A full frame waits until more comes: it may be the last one.
        while len(self.waiting) > CHUNK:
            self._put(bytes(self.waiting[:CHUNK]), is_last=False)
            del self.waiting[:CHUNK]
        return len(content)

    def end(self) -> None:
        self._put(bytes(self.waiting), is_last=True)

    def _put(self, content: bytes, *, is_last: bool) -> None:
        shut = self.seal.shut(content, self.number, is_last=is_last)
        self.file.write(_START.pack(is_last, len(shut)) + shut)
        self.number += 1


class FrameReader:
    """Gives what was written, from frames that have been proved; raises InputError at any fault."""

    def __init__(self, file: BinaryIO, seal: Seal) -> None:
        self.file, self.seal = file, seal
        self.frames = self._opened()
        self.rest = memoryview(b"")

    def check(self) -> None:
        """Prove every frame to the end."""
        for _ in self.frames:
            pass

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end."""
        if not self.rest:
            self.rest = memoryview(next(self.frames, b""))
        part, self.rest = self.rest[:size], self.rest[size:]
        return bytes(part)

    def _opened(self) -> Iterator[bytes]:
        number, is_last = 0, False
        while not is_last:
            is_last, shut = self._next()
            content = self.seal.open(shut, number, is_last=is_last)
            if content is None:
                raise self._spoilt(number)
            if content:
                yield content
            number += 1
        if self.file.read(1):
            raise InputError("something was added to the end of this packed state.")

    def _next(self) -> tuple[bool, bytes]:
        start = self.file.read(_START.size)
        if len(start) < _START.size:
            raise self._cut()
        is_last, size = _START.unpack(start)
        if start[0] > 1 or size > CHUNK + self.seal.overhead or size < self.seal.overhead:
            raise InputError("this packed state is damaged.")
        shut = self.file.read(size)
        if len(shut) < size:
            raise self._cut()
        return is_last, shut

    def _cut(self) -> InputError:
        return InputError("this packed state was cut short; its end is missing.")

    def _spoilt(self, number: int) -> InputError:
        if number:
            return InputError("this packed state was altered or is damaged.")
        if self.seal.key:
            return InputError(
                "this state does not open: it was sealed with another key, or for "
                "another run (--run-key), or it was altered."
            )
        return InputError("this state was packed for another run (--run-key), or it was altered.")
