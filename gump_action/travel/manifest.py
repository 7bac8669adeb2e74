"""The list of what a packed state holds: sizes and names at its head, digests at its end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gump_action.errors import InputError
from gump_action.system.store import LEDGER
from gump_action.travel.layout import Names

DIGEST_SIZE = 16
ALLOW = "Where so much is right, allow it with {} N, of `state pack` and of `state unpack`."
_LINE = re.compile(r"(0|[1-9][0-9]{0,15}) ([^\n]+)")
MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What is refused as too much.  `ratio` is of content to packed size, from `free` bytes on."""

    files: int = 200_000
    file_bytes: int = 2048 * MIB
    total_bytes: int = 8192 * MIB
    name_bytes: int = 1024
    ratio: int = 1000
    free: int = 256 * MIB

    @property
    def manifest_bytes(self) -> int:
        return min(self.files * (self.name_bytes + 64), 64 * MIB)


@dataclass(frozen=True)
class Entry:
    """One file: its name in the state directory, and its size."""

    name: str
    size: int


def render(entries: Iterable[Entry]) -> bytes:
    """The manifest as text, one line for each file in the order of their contents."""
    return "".join(f"{e.size} {e.name}\n" for e in entries).encode()


def parse(raw: bytes, packed: int, limits: Limits) -> tuple[Entry, ...]:
    """The entries of a manifest in which nothing is wrong.  Raises InputError where there is.

    `packed` is the size of the file that it is in.
    """
    try:
        lines = raw.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        raise InputError("its list of files is no UTF-8 text.") from None
    _check_count(len(lines), limits)
    entries = tuple(_entry(line) for line in lines)
    check_sizes(entries, limits)
    _check_ratio(entries, packed, limits)
    _check_names(entries, limits)
    return entries


def _entry(line: str) -> Entry:
    match = _LINE.fullmatch(line)
    if not match:
        raise InputError("its list of files cannot be read.")
    return Entry(match[2], int(match[1]))


def check_sizes(entries: Sequence[Entry], limits: Limits) -> None:
    """Raises InputError where there is too much of something."""
    _check_count(len(entries), limits)
    for entry in entries:
        if entry.size > limits.file_bytes:
            raise InputError(
                f"its file {entry.name!a} has {entry.size} bytes, and {limits.file_bytes} are the "
                "limit.",
                hint=ALLOW.format("--max-file-bytes"),
            )
    total = sum(entry.size for entry in entries)
    if total > limits.total_bytes:
        raise InputError(
            f"it holds {total} bytes, and {limits.total_bytes} are the limit.",
            hint=ALLOW.format("--max-bytes"),
        )


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.files:
        raise InputError(
            f"it holds {count} files, and {limits.files} are the limit.",
            hint=ALLOW.format("--max-files"),
        )


def _check_ratio(entries: Sequence[Entry], packed: int, limits: Limits) -> None:
    total = sum(entry.size for entry in entries)
    if total > max(limits.free, packed * limits.ratio):
        raise InputError(
            f"it would grow from {packed} to {total} bytes, more than {limits.ratio} times its "
            "size."
        )


def _check_names(entries: Sequence[Entry], limits: Limits) -> None:
    names = Names(limits.name_bytes)
    for entry in entries:
        complaint = names.complaint(entry.name)
        if complaint:
            raise InputError(f"its file {entry.name[:200]!a} is refused: {complaint}.")
    if LEDGER not in names.files:
        raise InputError(f"it holds no {LEDGER}, and so no run.")
