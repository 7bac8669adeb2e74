"""The actions of others that a file uses, and what stands in for each. None is fetched."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

# What is commented out uses nothing.
USES = re.compile(
    r"""^[^#\n]*uses: *['"]?([\w.-]+/[\w.-]+)((?:/[\w.-]+)*)@([^\s'"}]+)""", re.MULTILINE
)
OWN = "gump/action"


def pins_in(text: str) -> set[tuple[str, str]]:
    """(OWNER/NAME, REF) of each use; paths below a repository are of the same pin."""
    found = {(name, ref) for name, _, ref in USES.findall(text)}
    return {(name, ref) for name, ref in found if name != OWN}


def map_actions(texts: list[str], stand_ins: Path, base: Path, service: Mapping) -> list[str]:
    """Flags for act, with copies of the stand-ins that hold the address of the storage.

    act would fetch an action that is not mapped, and where that fails it runs the other steps.
    """
    pins = {pin for text in texts for pin in pins_in(text)}
    missing = sorted(f"{name}@{ref}" for name, ref in pins if not (stand_ins / name).is_dir())
    assert not missing, f"nothing in tests/runner/actions stands in for {', '.join(missing)}"
    for name, _ in pins:
        shutil.copytree(stand_ins / name, base / name, dirs_exist_ok=True)
    for boot in base.rglob("boot.mjs"):
        boot.with_name("service.json").write_text(json.dumps(service))
    flags = [("--local-repository", f"{name}@{ref}={base / name}") for name, ref in sorted(pins)]
    return [word for flag in flags for word in flag]
