"""The folder for people: patches and logs of a run, with no transcript and no secret.

The last step adds the report itself, which is the text of the summary: that needs to know what was
stored.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gump_action import environment
from gump_action.action.job.place import Place
from gump_action.engine import apply, record
from gump_action.errors import GumpError
from gump_action.providers.lines import parse_object
from gump_action.redaction import Redactor
from gump_action.travel import layout

LARGEST = 20 * 1024 * 1024
"""Bytes of one file; a longer log stays on the machine, and the report says what mattered of it."""


def make_report(here: Place, environ: Mapping[str, str], redactor: Redactor) -> None:
    """Made anew, so that it is of this job alone."""
    shutil.rmtree(here.report, ignore_errors=True)
    here.report.mkdir(parents=True)
    with suppress(GumpError, OSError):  # the step that publishes says why there is no patch
        _write_patch(here, environ, redactor)
    for path in sorted((here.state / "attempts").rglob("*")):
        name = path.relative_to(here.state).as_posix()
        kind = layout.find_kind(name)
        if kind and kind[0] == "record" and _is_small_file(path):
            _copy(path, here.report / name, redactor)


def _write_patch(here: Place, environ: Mapping[str, str], redactor: Redactor) -> None:
    """The result, to be looked at, and to be applied where nothing in it had to be masked."""
    state = record.read_state(here.state)
    patch = apply.patch(state, Path(), environment.for_git(environ))
    if patch:
        text = patch.decode("utf-8", "surrogateescape")
        masked = redactor.mask(text).encode("utf-8", "surrogateescape")
        (here.report / "result.patch").write_bytes(masked)


def _is_small_file(path: Path) -> bool:
    return not path.is_symlink() and path.is_file() and path.stat().st_size <= LARGEST


def _copy(path: Path, target: Path, redactor: Redactor) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".ndjson":
        text = "\n".join(_clean_line(line, redactor) for line in text.split("\n"))
    target.write_text(redactor.mask(text), encoding="utf-8")


def _clean_line(line: str, redactor: Redactor) -> str:
    """Behind JSON's escapes, what nobody sees may stand between the letters of a secret."""
    told = parse_object(line) if "\\" in line else None
    try:
        cleaned = _cleaned(told, redactor)
    except RecursionError:  # no CLI nests so deep, so nobody misses the line
        return ""
    return line if cleaned == told else json.dumps(cleaned)


def _cleaned(value: object, redactor: Redactor) -> object:
    match value:
        case str():
            return redactor.clean(value)
        case list():
            return [_cleaned(each, redactor) for each in value]
        case dict():
            return {redactor.clean(key): _cleaned(each, redactor) for key, each in value.items()}
    return value
