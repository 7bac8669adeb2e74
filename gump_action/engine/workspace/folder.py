"""Makes the engine's git folder out of the user's repository: what it takes over, and what not."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gump_action.engine.workspace.incoming import keep_bases
from gump_action.engine.workspace.records import Opened
from gump_action.engine.workspace.source import Source, lfs_settings
from gump_action.errors import InputError
from gump_action.system import git_history
from gump_action.system.git import listed
from gump_action.system.git_folder import Entry, Folder

BUNDLE = "snapshots.bundle"  # what a run brings along from another machine, in the state directory


@dataclass(frozen=True)
class Taken:
    """What the user's index says besides the names of files."""

    submodules: tuple[str, ...]
    is_sparse: bool


def make_folder(
    source: Source, state: Path, tree: Path, env: Mapping[str, str], *, recorded: Opened | None
) -> Folder:
    """A new git folder in the state directory, with the snapshots of another machine."""
    folder = Folder(state / "git", tree, env)
    settings = {**source.settings, **lfs_settings(env)}
    for name in ("excludes", "attributes"):
        settings[f"core.{name}file"] = str(folder.path / "info" / f"user-{name}")
    state.mkdir(parents=True, exist_ok=True)
    folder.make([source.objects], source.object_format, settings)
    take_over_files(source, folder, env)
    (folder.path / "HEAD").write_text(f"{source.head}\n")
    git_history.keep(folder.git, "refs/base", source.head)
    if recorded and (state / BUNDLE).is_file():
        keep_bases(folder.git, [recorded.base, *recorded.earlier])
        git_history.unbundle(folder.git, state / BUNDLE)
    if recorded and (state / "lfs").is_dir():
        shutil.copytree(state / "lfs", folder.path / "lfs/objects", dirs_exist_ok=True)
    return folder


def take_over_files(source: Source, folder: Folder, env: Mapping[str, str]) -> None:
    """Copies, since an agent could write into the originals."""
    info = folder.path / "info"
    for name in ("exclude", "attributes"):
        copy_if_there(source.common / "info" / name, info / name)
    copy_if_there(source.common / "shallow", folder.path / "shallow")
    home = Path(env.get("HOME", "/nonexistent"))
    usual = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "git"
    for key, name, default in (
        ("core.excludesfile", "user-excludes", "ignore"),
        ("core.attributesfile", "user-attributes", "attributes"),
    ):
        named = source.config.get(key, ("",))[-1]
        place = source.top / named.replace("~", str(home), 1) if named else usual / default
        copy_if_there(place, info / name)


def move_on(source: Source, folder: Folder) -> None:
    """HEAD is another commit by now, and a shallow clone may end elsewhere."""
    copy_if_there(source.common / "shallow", folder.path / "shallow")
    (folder.path / "HEAD").write_text(f"{source.head}\n")
    keep_bases(folder.git, [source.head])


def copy_if_there(old: Path, new: Path) -> None:
    if old.is_file():
        shutil.copy2(old, new)


def take_over_index(source: Source, folder: Folder) -> Taken:
    """The user's index, with all that it knows of files, so that they are not read again."""
    copy_if_there(source.own / "index", folder.index)
    for shared in source.own.glob("sharedindex.*"):
        copy_if_there(shared, folder.path / shared.name)
    if not folder.index.exists():
        folder.read_tree(source.head)
    return look_at_index(folder)


def look_at_index(folder: Folder) -> Taken:
    entries = folder.entries()
    unseen = [entry.path for entry in entries if entry.tag.islower()]
    if unseen:  # assume-unchanged: git would never look at what an agent does there
        words = ("update-index", "--no-assume-unchanged", "-z", "--stdin")
        folder.git.run(*words, stdin=listed(unseen))
    if any(entry.tag == "M" for entry in entries):
        raise InputError(
            f"{folder.tree} has files with conflicts that are not resolved",
            hint="Resolve them, or give them up with `git checkout -f HEAD`.",
        )
    is_sparse = any(entry.tag.upper() == "S" for entry in entries)
    if is_sparse:
        (folder.path / "sparse").touch()
    return Taken(submodules_of(entries), is_sparse)


def submodules_of(entries: list[Entry]) -> tuple[str, ...]:
    return tuple(entry.path for entry in entries if entry.is_submodule)
