"""The spec of a run as a file; text from outside is only ever content."""

from __future__ import annotations

from pathlib import Path

from gump_action.action.place import Place
from gump_action.host.inputs import Inputs


def spec_file(asked: Inputs, here: Place, folder: Path) -> Path | None:
    """The file that has the spec; None where none was given.  `folder` is the working directory."""
    if asked.spec_file:
        return folder / asked.spec_file
    if not asked.spec:
        return None
    path = here.own / "spec.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(asked.spec, encoding="utf-8", errors="surrogateescape")
    return path
