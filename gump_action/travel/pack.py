"""Makes one file of what a run needs elsewhere.

What it is given is settled: nothing of the run lives any more, and the snapshots are beside the
ledger.  Deciding what stays behind, and saying why, is done here.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal, cast

from gump_action.errors import InputError
from gump_action.redaction import Redactor
from gump_action.system.store import LEDGER
from gump_action.travel import files, layout
from gump_action.travel.content import ContentWriter
from gump_action.travel.files import Found
from gump_action.travel.frames import FrameWriter, make_header
from gump_action.travel.ledger import read_first
from gump_action.travel.manifest import DIGEST_SIZE, Entry, Limits, check_sizes, render
from gump_action.travel.seal import SHORTEST, Key, Seal
from gump_action.travel.search import Search, engines_git, is_in_snapshots

SEAL_IT = "Set GUMP_STATE_KEY (`openssl rand -hex 32`) to have the state sealed."
_TRANSCRIPT = "transcript of "
HIT = "it holds a secret of this job, and the state is not sealed"
UNSEALED = (
    "the state is not sealed, and this job's repository is not known to be private. "
    f"{SEAL_IT} Or say --transcripts always"
)


@dataclass(frozen=True)
class Wanted:
    """What is to be packed, for whom, and what is known of where we are.

    `root` is the state directory.  `git_env` is what git may know; `is_private_repository`
    is None where that is not known.
    """

    root: Path
    target: Path
    run_key: str
    key: Key | None
    key_name: str
    transcripts: Literal["auto", "always", "never"]
    is_job: bool
    is_private_repository: bool | None
    redactor: Redactor
    git_env: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Behind:
    """What did not go in, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Packed:
    """What went in; `key` is the variable that seals it, empty where nothing does."""

    target: Path
    files: int
    content_bytes: int
    packed_bytes: int
    transcripts: int
    key: str
    unsealed_why: str
    behind: tuple[Behind, ...]

    @property
    def has_left_all_transcripts(self) -> bool:
        """Whether there were some, and none went in for want of a seal."""
        return not self.transcripts and any(one.why == UNSEALED for one in self.behind)

    def lines(self) -> list[str]:
        """For the person."""
        seal = f"sealed with {self.key}" if self.key else f"not sealed: {self.unsealed_why}"
        sizes = f"{_size(self.content_bytes)} in {_size(self.packed_bytes)}"
        told = f"{self.files} files with {self.transcripts} transcripts, {sizes}, {seal}"
        return [f"{self.target}: {told}", *_told(self.behind)]


@dataclass(frozen=True)
class _Choice:
    """What was found, parted."""

    taken: tuple[Found, ...]
    behind: tuple[Behind, ...]


def pack(wanted: Wanted) -> Packed:
    """Write the file, whole or not at all.  Raises InputError where it cannot or must not be."""
    try:
        return _pack(wanted)
    except OSError as why:
        where = why.filename or wanted.target
        raise InputError(f"{where}: the state cannot be packed: {why.strerror}.") from None


def _pack(wanted: Wanted) -> Packed:
    base = read_first(wanted.root).base
    choice = _without_transcripts(_choose(wanted), wanted)
    if not wanted.key:
        _check_snapshots(choice, base, wanted)
    choice, size = _write(wanted, choice)
    attempts = {found.attempt for found in choice.taken if found.kind == "transcript"}
    return Packed(
        target=wanted.target,
        files=len(choice.taken),
        content_bytes=sum(found.size for found in choice.taken),
        packed_bytes=size,
        transcripts=len(attempts),
        key=wanted.key_name if wanted.key else "",
        unsealed_why=f"{wanted.key_name} has no secret of {SHORTEST} characters or more",
        behind=choice.behind,
    )


def _choose(wanted: Wanted) -> _Choice:
    names, taken, behind = layout.Names(wanted.limits.name_bytes), [], []
    spoilt: dict[str, str] = {}
    for name, entry in files.walk(wanted.root):
        if name.endswith(".part"):
            continue
        is_plain = entry.is_file(follow_symlinks=False)
        complaint = names.complaint(name) if is_plain else "it is a link, or no plain file"
        kind = layout.find_kind(name)
        if not complaint and kind:
            taken.append(files.find(name, entry, *kind))
        elif attempt := layout.find_transcript(name):
            spoilt.setdefault(attempt, _spoilt(name.removeprefix(f"{attempt}/"), complaint))
        else:
            behind.append(Behind(ascii(name), complaint))
    if not any(found.kind == "ledger" for found in taken):
        raise InputError(f"{wanted.root / LEDGER} is a link, or no plain file.")
    return _leave(_Choice(tuple(sorted(taken, key=_order)), tuple(behind)), spoilt)


def _spoilt(name: str, complaint: str) -> str:
    return f"{name!a} cannot travel ({complaint}), and half a session is none"


def _order(found: Found) -> tuple[int, str, str, int]:
    """The ledger first; the transcripts of one session side by side, so that they compress."""
    if found.kind != "transcript":
        return (found.name != LEDGER, "", found.name, 0)
    step, _, number = found.attempt.rpartition("/@")
    return (2, found.name.removeprefix(found.attempt), step, int(number))


def _without_transcripts(choice: _Choice, wanted: Wanted) -> _Choice:
    """By the caller's word, or because they would lie open where strangers may read."""
    why = ""
    if wanted.transcripts == "never":
        why = "asked for by --transcripts never"
    elif wanted.transcripts == "auto" and not wanted.key and _may_be_read_by_strangers(wanted):
        why = UNSEALED
    if not why:
        return choice
    attempts = {found.attempt for found in choice.taken if found.kind == "transcript"}
    return _leave(choice, dict.fromkeys(attempts, why))


def _may_be_read_by_strangers(wanted: Wanted) -> bool:
    return wanted.is_job and wanted.is_private_repository is not True


def _leave(choice: _Choice, attempts: Mapping[str, str]) -> _Choice:
    """Without the transcripts of these attempts: half a session is none."""
    taken = (f for f in choice.taken if f.kind != "transcript" or f.attempt not in attempts)
    names = sorted(attempts, key=lambda folder: (folder.rpartition("/")[0], len(folder), folder))
    left = (Behind(f"{_TRANSCRIPT}{layout.attempt_name(a)}", attempts[a]) for a in names)
    return replace(choice, taken=tuple(taken), behind=(*choice.behind, *left))


def _check_snapshots(choice: _Choice, base: str, wanted: Wanted) -> None:
    if not any(found.kind == "snapshots" for found in choice.taken):
        return
    git = engines_git(wanted.root, wanted.git_env)
    if git is None:
        raise InputError(
            f"{wanted.root}: without the run's git folder its snapshots cannot be searched for "
            "secrets, and the state would not be sealed.",
            hint=f"{SEAL_IT} Or go on with the run here first.",
        )
    if is_in_snapshots(wanted.redactor, git, base):
        raise _stopped([layout.SNAPSHOTS])


def _stopped(hits: Sequence[str]) -> InputError:
    shown = ", ".join(hits[:5]) + (f" and {len(hits) - 5} more" if len(hits) > 5 else "")
    return InputError(
        f"nothing was packed: the state would not be sealed, and there is a secret of this job in "
        f"{shown}.",
        hint=SEAL_IT,
    )


def _write(wanted: Wanted, choice: _Choice) -> tuple[_Choice, int]:
    """Beside the target first, and anew without those transcripts in which a secret was met."""
    target = wanted.target
    if target.is_dir():
        raise InputError(f"{target} is a folder, and the packed state is a file.")
    if not target.parent.is_dir():
        raise InputError(f"{target.parent} is no folder, so {target.name} cannot be put there.")
    if target.exists() and not target.is_file():
        raise InputError(
            f"{target} is a device or the like, and the packed state would be put in its place.",
            hint="Name a file, one that is there or a new one.",
        )
    number, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            while hits := _write_all(wanted, choice, cast(BinaryIO, file)):
                choice = _leave(choice, dict.fromkeys(hits, HIT))
                file.seek(0)
                file.truncate()
            file.flush()
            os.fsync(number)
            size = file.tell()
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return choice, size


def _write_all(wanted: Wanted, choice: _Choice, file: BinaryIO) -> set[str]:
    """The whole file, unless there is a secret in it: then the attempts with such a transcript."""
    header = make_header(is_sealed=wanted.key is not None, key=wanted.key_name)
    file.write(header)
    entries = [Entry(found.name, found.size) for found in choice.taken]
    check_sizes(entries, wanted.limits)
    manifest = render(entries)
    if not wanted.key and wanted.redactor.holds_secret(manifest):
        raise _stopped(["the name of a file"])
    frames = FrameWriter(file, Seal(wanted.key, header, wanted.run_key))
    with ContentWriter(frames) as content:
        content.begin(manifest)
        digests, hits = _write_files(wanted, choice.taken, content)
        content.write(digests)
        content.end()
    others = [found.name for found in hits if found.kind != "transcript"]
    if others:
        raise _stopped(others)
    return {found.attempt for found in hits}


def _write_files(
    wanted: Wanted, taken: Sequence[Found], content: ContentWriter
) -> tuple[bytes, list[Found]]:
    """The digests of all, and the files in which a secret is; what is sealed is not searched."""
    digests, hits = [], []
    search = None if wanted.key else Search(wanted.redactor)
    for found in taken:
        digest = hashlib.blake2b(digest_size=DIGEST_SIZE)
        if search:
            search.begin()
        for chunk in files.chunks(found):
            digest.update(chunk)
            content.write(chunk)
            if search:
                search.look(chunk)
        digests.append(digest.digest())
        if search and search.hit:
            hits.append(found)
    return b"".join(digests), hits


def _told(behind: Sequence[Behind]) -> Iterator[str]:
    """One line for each reason."""
    for why in dict.fromkeys(one.why for one in behind):
        whats = [one.what for one in behind if one.why == why]
        more = f" and {len(whats) - 5} more" if len(whats) > 5 else ""
        yield f"stays behind: {', '.join(whats[:5])}{more}: {why}"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
