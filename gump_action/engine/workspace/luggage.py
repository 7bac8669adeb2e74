"""What of a workspace goes along to another machine: snapshots, and the contents of LFS files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from gump_action.engine.workspace.folder import BUNDLE
from gump_action.system import git_history
from gump_action.system.git_folder import Folder

LFS = "lfs"


def lay_out(state: Path, base: str, env: Mapping[str, str]) -> None:
    """Put snapshots and LFS contents into the state directory, from the engine's git folder.

    Where this machine has no such folder, what came from another one lies there already.
    """
    folder = Folder(state / "git", state / "tree", env)
    if not folder.is_there:
        return
    part = state / f"{BUNDLE}.part"
    if git_history.bundle(folder.git, part, base):
        part.replace(state / BUNDLE)
    contents = folder.path / "lfs/objects"
    if contents.is_dir():
        shutil.copytree(contents, state / LFS, dirs_exist_ok=True)
