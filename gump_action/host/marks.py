"""The hidden first line by which a comment of ours is found again, and told from all others."""

from __future__ import annotations

import hashlib
import json
import re

_MARK = re.compile(r"<!-- gump:[0-9a-f]{32} -->")


def mark_of(workflow: str, subject: str) -> str:
    """That of the comment of this workflow on this subject."""
    digest = hashlib.blake2b(json.dumps([workflow, subject]).encode(), digest_size=16)
    return f"<!-- gump:{digest.hexdigest()} -->"


def begins_as_ours(body: str) -> bool:
    """Whether it looks like one of ours, whoever wrote it."""
    return bool(_MARK.match(body))


def has_mark(body: str, mark: str) -> bool:
    """Whether a comment begins with it; further down it would be somebody's words."""
    return bool(mark) and body.partition("\n")[0].strip() == mark
