"""Keeps a copy of a repository's own files (HEAD, branches, stash, index, configuration, hooks …),
and puts them back byte for byte after an agent has worked there; git is not asked.

Objects are not kept: what an agent added there stays, and harms nobody.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gump_action.engine.workspace.remove import make_folder, remove
from gump_action.errors import LostError

# Large, only ever added to, and no say in anything.
NOT_KEPT = (
    "objects", "lfs/objects", "lfs/tmp", "lfs/incomplete", "lfs/cache", "lfs/logs",
    "fsmonitor--daemon", "fsmonitor--daemon.ipc",
)  # fmt: skip
# Files of a git that is at work just now: put back later, they would lock everybody out.
PASSING = (".lock", "gc.pid", ".pid")
Sign = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """A file or folder that is guarded, and its name among the copies."""

    path: Path
    name: str


class Guard:
    """The copy in `folder` of everything in `places` of the checkout at `top`."""

    def __init__(self, folder: Path, top: Path, places: Sequence[Place]) -> None:
        self.folder, self.top, self.places = folder, top, tuple(places)
        self.signs: dict[str, Sign] = {}
        self.passing: set[str] = set()

    # --- keeping -----------------------------------------------------------------------------

    def make(self) -> None:
        """A new copy of what is there now."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.signs, self.passing = {}, set()
        for place in self.places:
            for path, sign in listing(place.path):
                if path.endswith(PASSING) or not self._keep(place, path):
                    self.passing.add(f"{place.name}/{path}")
                else:
                    self.signs[f"{place.name}/{path}"] = sign
        self._save()

    def _save(self) -> None:
        kept = {"top": str(self.top), "places": self._identity(), "signs": self.signs}
        (self.folder / "kept.json").write_text(json.dumps(kept))

    def _keep(self, place: Place, path: str) -> bool:
        """Whether it could be copied, and did not go away just then."""
        old, new = place.path / path, self.folder / "copy" / place.name / path
        new.parent.mkdir(parents=True, exist_ok=True)
        try:
            mode = old.lstat().st_mode
            if stat.S_ISDIR(mode):
                new.mkdir(exist_ok=True)
            elif stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                shutil.copy2(old, new, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISLNK(mode)

    def arm(self) -> None:
        """An agent starts now: if nobody puts back after it, the next start will."""
        (self.folder / "armed").touch()

    def disarm(self) -> None:
        remove(self.folder / "armed")

    @property
    def is_armed(self) -> bool:
        return (self.folder / "armed").exists()

    @classmethod
    def find(cls, folder: Path) -> Guard | None:
        """The copy that an earlier start left behind, where it is of what still is there."""
        try:
            kept = json.loads((folder / "kept.json").read_text())
            places = [Place(Path(path), name) for path, name, _ in kept["places"]]
            guard = cls(folder, Path(kept["top"]), places)
            guard.signs = {name: tuple(sign) for name, sign in kept["signs"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return guard if kept["places"] == guard._identity() else None

    def _identity(self) -> list[list[str | int]]:
        # Another clone under the same path must not be made into this one.
        found: list[list[str | int]] = []
        for place in self.places:
            found.append([str(place.path), place.name, inode_of(place.path / "objects")])
        return found

    # --- putting back ------------------------------------------------------------------------

    def put_back(self, replaced: Path | None = None) -> tuple[str, ...]:
        """All as it was; the paths that were not. What was there instead goes to `replaced`."""
        lost = self.find_lost()
        if lost:
            raise lost
        changed: list[str] = []
        for place in self.places:
            changed += self._put_back_place(place, replaced)
        if changed:
            self._save()
        return tuple(changed)

    def find_lost(self) -> LostError | None:
        """Without its copies nothing can be put back, and so nothing is removed."""
        if (self.folder / "kept.json").is_file():
            return None
        return LostError(
            f"the copies in {self.folder} of git's own files were removed, so what was done to "
            f"{self.places[0].path} cannot be put back.",
            hint="Look at its HEAD, branches, stash, hooks and configuration before you use it.",
        )

    def _put_back_place(self, place: Place, replaced: Path | None) -> list[str]:
        now = {f"{place.name}/{path}": sign for path, sign in listing(place.path)}
        then = {n: sign for n, sign in self.signs.items() if n.startswith(f"{place.name}/")}
        added = [name for name in now if name not in then and name not in self.passing]
        lost = [name for name, sign in then.items() if now.get(name) != sign]
        for name in sorted(added, reverse=True):
            set_aside(place.path / name.partition("/")[2], name, replaced)
        for name in lost:  # folders come before what is in them
            self._write(place, name, replaced)
        return sorted({*added, *lost})

    def _write(self, place: Place, name: str, replaced: Path | None) -> None:
        path = name.partition("/")[2]
        kept, new = self.folder / "copy" / name, place.path / path
        if path != "." and not place.path.is_dir():
            place.path.mkdir(parents=True)
        if kept.is_dir() and not kept.is_symlink():
            make_folder(place.path, path)
            shutil.copystat(kept, new)
        else:
            make_folder(place.path, str(Path(path).parent))
            fresh = new.with_name(new.name + ".gump-new")
            remove(fresh)
            shutil.copy2(kept, fresh, follow_symlinks=False)
            set_aside(new, name, replaced)
            fresh.replace(new)
        self.signs[name] = sign_of(new)


def set_aside(path: Path, name: str, replaced: Path | None) -> None:
    """The path is free; what was there is kept in `replaced`, where one was given."""
    if replaced is not None and path.is_file() and not path.is_symlink():
        (replaced / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, replaced / name)
    remove(path)


def inode_of(folder: Path) -> int:
    """0 where there is no such folder."""
    return folder.stat().st_ino if folder.is_dir() else 0


def listing(place: Path) -> Iterator[tuple[str, Sign]]:
    """Every path in this folder with what gives a change away; a file is its own only path."""
    if place.is_symlink() or not place.is_dir():
        if os.path.lexists(place):
            yield ".", sign_of(place)
        return
    waiting = [""]
    while waiting:
        here = waiting.pop()
        for entry in entries_of(f"{place}/{here}"):
            path = f"{here}{entry.name}"
            if is_not_kept(path):
                continue
            try:
                yield path, sign_of(entry)
            except OSError:  # a git in the background is tidying up, or the path is too long
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{path}/")


def entries_of(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda one: one.name)
    except OSError:  # gone, or closed by an agent: what was in there is lost, and put back
        return []


def is_not_kept(path: str) -> bool:
    """Object stores: of the repository, and of its submodules under `modules/`."""
    parts = path.split("/")
    if path in NOT_KEPT:
        return True
    return parts[0] == "modules" and parts[-1] == "objects" and len(parts) > 2


def sign_of(entry: os.DirEntry[str] | Path) -> Sign:
    """Changes with the content: an agent can set the time of a file, but not that of its change."""
    found = entry.lstat() if isinstance(entry, Path) else entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(found.st_mode):
        return (found.st_mode,)
    return (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
