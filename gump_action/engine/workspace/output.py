"""`.gump/out`, where agents leave plans, reviews and texts: emptied, read and removed by us."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gump_action.engine.workspace.remove import drop_empty, leads_through_link, make_folder, remove

OUT = ".gump/out"


def fresh_output_folder(tree: Path) -> None:
    """The folder is there, real, and empty."""
    make_folder(tree, ".gump")
    remove(tree / OUT)
    (tree / OUT).mkdir()


def drop_output_folder(tree: Path) -> None:
    """The folder is gone, and `.gump` with it where nothing else is in there."""
    if not leads_through_link(tree, OUT):
        remove(tree / OUT)
        drop_empty(tree, ".gump")


def read_output(tree: Path, name: str, limit: int) -> bytes | None:
    """At most limit + 1 bytes of a plain file of the folder, through no link."""
    if "/" in name or name in ("", ".", ".."):
        return None
    held: list[int] = []
    try:
        held.append(os.open(tree, os.O_RDONLY | os.O_DIRECTORY))
        for folder in OUT.split("/"):
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            held.append(os.open(folder, flags, dir_fd=held[-1]))
        # Not waiting: opening a pipe would wait for a writer for ever.
        held.append(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=held[-1]))
        if not stat.S_ISREG(os.fstat(held[-1]).st_mode):
            return None
        return read_at_most(held[-1], limit + 1)
    except OSError:
        return None
    finally:
        for number in held:
            os.close(number)


def read_at_most(number: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := os.read(number, min(count, 1 << 20))):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
