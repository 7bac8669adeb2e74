"""Large files of git-lfs: contents that a run made go to where the user's git-lfs looks."""

from __future__ import annotations

import shutil
from pathlib import Path


def hand_over_lfs(made: Path, store: Path) -> None:
    """Copies contents that the store lacks; their names are their digests."""
    for content in made.glob("??/??/*"):
        place = store / content.relative_to(made)
        if content.is_file() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_name(f"{place.name}.gump-new")
            shutil.copyfile(content, fresh)
            fresh.replace(place)
