"""Whether two runs failed in the same way: what failed, as a digest without what differs anyway."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from gump_action.engine.state import Attempt, RunState
from gump_action.host.words import all_attempts, clean

_LONGEST = 20_000
# What differs each time the same fault is looked at: moments, durations, ids, folders.
_PASSING = (
    (re.compile(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:z|[+-]\d\d:?\d\d)?"), "0"),
    (re.compile(r"(?:/[\w.~+-]+)+/(?=[\w.~+-]+)"), ""),
    (re.compile(r"\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)[0-9a-f-]{7,}\b"), "0"),
    (
        # From the first digit of a number only: from each of them, many digits cost their square.
        re.compile(
            r"(?<=:)\d+|(?<=\bline )\d+|(?<!\d)\d++(?:(?:[.:]\d++)++(?: ?m?s\b)?|(?= ?m?s\b))"
        ),
        "0",
    ),
    (re.compile(r"\s+"), " "),
)
# How much went well, and what was left out: a test more is no other failure.
_WENT_WELL = re.compile(
    r"\b\d+ (?:tests? )?(?:passed|passing|skipped|total|warnings?|deselected)\b,?"
    r"|… \d+ \w+ left out …",
    re.IGNORECASE,
)


def signature_of(state: RunState) -> str:
    """32 hexadecimal digits of what failed last: step, gate, and the words of it."""
    attempts = all_attempts(state)
    parts = _parts(attempts[-1]) if attempts else [state.ended.why if state.ended else ""]
    return _digest([_settled(part) for part in parts])


def signature_of_logs(complaints: Mapping[str, str]) -> str:
    """32 hexadecimal digits of what jobs complain of, by their names; empty where there is none."""
    told = sorted((name, _settled(_WENT_WELL.sub("", text))) for name, text in complaints.items())
    return _digest(told) if told else ""


def _digest(parts: Sequence[object]) -> str:
    text = json.dumps(parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _parts(last: Attempt) -> list[str]:
    red = [gate for gate in last.gates if not gate.passed]
    words = [word for gate in red for word in (gate.gate, gate.evidence)]
    return [last.step, *(words or [last.error])]


def _settled(text: str) -> str:
    text = clean(text[:_LONGEST]).lower()
    for pattern, instead in _PASSING:
        text = pattern.sub(instead, text)
    return text.strip()
