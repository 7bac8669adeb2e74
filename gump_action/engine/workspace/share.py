"""Paths of the checkout that are linked into an isolated tree, and environments that mislead."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from gump_action.engine.workspace.remove import make_folder, remove
from gump_action.engine.workspace.source import Source
from gump_action.errors import InputError


def shared_paths(source: Source, share: Sequence[str]) -> tuple[str, ...]:
    """The paths to link, checked: inside the checkout, and not of git's."""
    found = []
    for text in share:
        path = PurePosixPath(text)
        if path.is_absolute() or ".." in path.parts or ".git" in path.parts or not path.parts:
            raise InputError(
                f"workspace.share: {text!r} is no path inside the checkout",
                hint="Name a path below the repository, such as node_modules.",
            )
        if source.git.run("ls-files", "-z", "--", f":(literal){path}"):
            raise InputError(
                f"workspace.share: {text!r} holds files that git tracks",
                hint="Share only what git ignores; tracked files are there anyway.",
            )
        found.append(str(path))
    return tuple(found)


def link_shared(source: Source, tree: Path, shared: Sequence[str]) -> list[str]:
    """Makes the links; a line for each path that the checkout does not have."""
    notes = []
    for path in shared:
        target, link = source.top / path, tree / path
        if not target.exists():
            notes.append(f"workspace.share: {path} is not in {source.top}")
        elif not link.is_symlink() or link.readlink() != target:
            make_folder(tree, str(PurePosixPath(path).parent))
            remove(link)
            link.symlink_to(target)
    return notes


def warn_of_environments(
    source: Source, shared: Sequence[str], env: Mapping[str, str]
) -> list[str]:
    """A line for each Python environment in use whose packages come out of the checkout."""
    places = [source.top / path for path in shared]
    places += [Path(env["VIRTUAL_ENV"])] if env.get("VIRTUAL_ENV") else []
    notes = []
    for place in places:
        for name in sorted(set(editable(place, source.top))):
            notes.append(
                f"the Python environment {place} has {name} installed from {source.top}: gates "
                "that use it judge the code there, not the agents'; make one in the tree "
                "(workspace.setup)"
            )
    return notes


def editable(place: Path, top: Path) -> Iterator[str]:
    """Names of packages that this environment takes from the checkout."""
    if not (place / "pyvenv.cfg").is_file():
        return
    for found in place.glob("lib*/python*/site-packages/*.dist-info/direct_url.json"):
        try:
            told = json.loads(found.read_text())
        except (OSError, ValueError):
            continue
        address = str(told.get("url", "")) if isinstance(told, dict) else ""
        if (told.get("dir_info") or {}).get("editable") and points_into(address, top):
            yield found.parent.name.partition("-")[0]


def points_into(address: str, top: Path) -> bool:
    place = Path(address.removeprefix("file://"))
    return place == top or top in place.parents
