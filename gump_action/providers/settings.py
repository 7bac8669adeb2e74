"""Settings of a user in JSON with comments, fitted to what a job needs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from gump_action.providers.base import Put, made

Settings = dict[str, object]


def put(theirs: Path, target: Path, fit: Callable[[Settings], Settings]) -> Put:
    """The user's settings, if there are any, with the changes that `fit` makes."""
    if theirs.is_file():
        return Put(theirs, target, lambda text: fitted(text, fit))
    return made(fitted(b"", fit), target)


def fitted(text: bytes, fit: Callable[[Settings], Settings]) -> bytes:
    """What cannot be read stays as it is: the CLI then says what is wrong with it."""
    try:
        found = json.loads(_without_comments(text.decode()) or "{}")
    except (ValueError, RecursionError):
        return text
    return json.dumps(fit(found), indent=2).encode() if isinstance(found, dict) else text


def _without_comments(text: str) -> str:
    """`//` and `/* */` outside of texts."""
    pattern = r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/'
    return re.sub(pattern, lambda m: m[1] or "", text, flags=re.DOTALL).strip()
