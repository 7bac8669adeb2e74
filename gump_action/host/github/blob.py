"""What lies behind an artifact: fetched from GitHub's store without a token, and unpacked.

Sizes are counted while they are read, never believed; one file is taken, under the name expected.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gump_action.errors import HostError
from gump_action.host.github.patience import Reply

if TYPE_CHECKING:
    from requests import PreparedRequest

_PIECE = 256 * 1024
_GRACE = 30.0
_SLOWEST = 256 * 1024
"""Bytes a second; what is slower than that after the first seconds is given up."""
_ENDING = 64 * 1024
_DIRECTORY_LIMIT = 64 * 1024
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
    OSError,
)


def fetch(
    url: str,
    target: Path,
    *,
    limit: int,
    timeout: float,
    clock: Callable[[], float],
    needs_https: bool = True,
) -> Reply:
    """Writes what is at this address into a new file: status 200, and its sha256 as text.

    Else status 0 and why, in words that hold nothing of the address: it is a key to the file.
    Raises HostError where there are more bytes than the limit.
    """
    # It costs 0.1 s, and most calls need none of it.
    import requests

    if needs_https and not url.startswith("https:"):
        return Reply(0, text="the store of artifacts has no https address")
    try:
        # No token, nothing out of `.netrc`, and on to no further host.
        with (
            requests.Session() as session,
            session.get(
                url,
                auth=_as_it_is,
                headers={"Accept-Encoding": "identity"},
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            ) as answer,
        ):
            if answer.status_code != 200:
                return Reply(0, text=f"the store of artifacts answered {answer.status_code}")
            return _written(answer.iter_content(_PIECE), target, limit, clock)
    except requests.RequestException as why:
        return Reply(0, text=f"the store of artifacts broke off ({type(why).__name__})")


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request


def _written(
    pieces: Iterable[bytes], target: Path, limit: int, clock: Callable[[], float]
) -> Reply:
    began, done, digest = clock(), 0, hashlib.sha256()
    with target.open("wb") as file:
        for piece in pieces:
            done += len(piece)
            if done > limit:
                raise _too_large(limit)
            if clock() - began > _GRACE + done / _SLOWEST:
                return Reply(0, text="the store of artifacts is too slow")
            digest.update(piece)
            file.write(piece)
    return Reply(200, text=digest.hexdigest())


def take(archive: Path, name: str, target: Path, *, limit: int) -> None:
    """Writes the one file of a zip into a new file.

    Raises HostError for anything that is not a plain zip of one file of that name and of no more
    bytes than the limit.
    """
    try:
        with archive.open("rb") as file:
            _refuse_large_directory(file)
            with zipfile.ZipFile(file) as zipped:
                member = _only_member(zipped, name)
                with zipped.open(member) as source, target.open("xb") as sink:
                    _copy(source, sink, limit)
    except _UNREADABLE as why:
        # Also ValueError, for a name that is no text, and OSError, for a place before the start.
        raise HostError(f"The artifact is no zip that can be read ({why}).") from None


def _copy(source: IO[bytes], sink: IO[bytes], limit: int) -> None:
    done = 0
    while piece := source.read(_PIECE):
        done += len(piece)
        if done > limit:
            raise _too_large(limit)
        sink.write(piece)


def _refuse_large_directory(file: IO[bytes]) -> None:
    """The list of a zip is read into memory whole, so its size is looked at first."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _ENDING - 22))
    ending = file.read()
    at = ending.rfind(b"PK\5\6")
    if at < 0:
        raise zipfile.BadZipFile("no end of a list")
    length, *_ = struct.unpack_from("<L", ending, at + 12)
    if length > _DIRECTORY_LIMIT or ending[max(0, at - 20) : at].startswith(b"PK\6\7"):
        raise zipfile.BadZipFile("its list is too long")
    file.seek(0)


def _only_member(zipped: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = zipped.infolist()
    if [member.filename for member in members] != [name]:
        there = ", ".join(member.filename[:80] for member in members[:5]) or "nothing"
        raise HostError(f"The artifact should hold {name} alone, and holds {there!r}.")
    if members[0].flag_bits & 1 or members[0].compress_type not in (0, 8):
        raise zipfile.BadZipFile("encrypted, or compressed in an unusual way")
    return members[0]


def _too_large(limit: int) -> HostError:
    return HostError(f"The artifact holds more than {limit} bytes, which is more than is read.")
