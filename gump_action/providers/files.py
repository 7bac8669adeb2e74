"""Looks at files of an agent home.  No link is followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gump_action.providers.base import Keep
from gump_action.providers.lines import parse_object, text


def is_plain(path: Path) -> bool:
    """A file of its own."""
    return path.is_file() and not path.is_symlink()


def keep(path: Path, name: str) -> Iterator[Keep]:
    """A plain file, if it is one."""
    if is_plain(path):
        yield Keep(path, name, lines=path.suffix == ".jsonl")


def keep_all(folder: Path, name: str) -> Iterator[Keep]:
    """The plain files below a folder that is no link, as files below `name`."""
    if folder.is_symlink():
        return
    for root, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(root, one) for one in sorted(names)):
            yield from keep(path, f"{name}/{path.relative_to(folder).as_posix()}")


def is_below(name: str) -> bool:
    """Whether a name under which a file was kept leads nowhere else."""
    return not {"", ".", ".."} & set(name.split("/"))


def read(path: Path) -> str:
    """What can be read, else nothing."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def version_of(program: Path) -> str:
    """The version of the npm package that a program is of, without starting it; else nothing."""
    for folder in program.resolve().parents[:6]:
        package = parse_object(read(folder / "package.json").encode())
        if package and isinstance(package.get("version"), str):
            return f"{text(package, 'name')} {text(package, 'version')}".strip()
    return ""
