"""What failed, out of the log of a host job: the host step that failed, and what it complains of.

Text in, text out.  The log is what programs printed, so nothing in it is believed: whoever forges
its marks only hides his own failure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gump_action.engine.prompts import cut
from gump_action.host.words import clean, number

_LINES = 200_000
_TAIL = 150
_COMPARED = 100_000
_BEFORE, _AFTER, _END = 3, 12, 25
_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?", re.MULTILINE)
_STEP = re.compile(r"##\[group\]Run |Post job cleanup\.")
_ERROR = ("##[error]", "::error")
_NOISE = re.compile(
    r"##\[(?:debug|endgroup|command)\]|##\[group\](?!Run )|Post job cleanup\.|Cleaning up orphan"
)
_COMPLAINT = re.compile(
    r"##\[error\]|::error|^E  |^FAIL|--- FAIL|\*\*\* |[✗✘✖\u00d7●]|\[ERROR\]"
    r"|npm (?:ERR!|error)|Traceback|panic"
    r"|\b(?:fatal|failed|failure|killed|exception|unhandled|undefined reference|cannot find"
    r"|not found|segmentation fault|timed out|assertion)\b"
    r"|\b\w*(?:error|exception)(?:\[\w+\])?(?::|\s+TS\d)",
    re.IGNORECASE,
)
_NONE = re.compile(r"\b(?:0|no) (?:errors?|failed|failures?)\b", re.IGNORECASE)
_RUNNERS_OWN = re.compile(r"##\[(?P<kind>error|warning|notice|group)\]")


def failing_part(log: str, limit: int) -> str:
    """What of a job's log tells why it failed, in about `limit` characters at most.

    Without GitHub's times and marks and without terminal codes; what is left out is said.
    """
    lines = _STAMP.sub("", clean(log[-20_000_000:])).split("\n")[-_LINES:]
    steps = [step for step in _steps(lines) if any(line.startswith(_ERROR) for line in step)]
    chosen = [line for step in steps for line in _up_to_error(step)] or _last(lines)
    told = [line.rstrip() for line in chosen if not _NOISE.match(line)]
    if sum(map(len, told)) + len(told) > limit:
        told = _round_complaints(told)
    return cut("\n".join(map(_plainly, told)).strip(), limit)


def complaints(log: str) -> str:
    """The lines of that part which complain, to be compared with those of another host run."""
    lines = failing_part(log, _COMPARED).split("\n")
    return "\n".join(each for each in lines if _is_complaint(each)) or "\n".join(lines[-_END:])


def _is_complaint(line: str) -> bool:
    return bool(_COMPLAINT.search(line[:500])) and not _NONE.search(line[:500])


def _steps(lines: Sequence[str]) -> list[list[str]]:
    steps: list[list[str]] = [[]]
    for line in lines:
        if _STEP.match(line):
            steps.append([])
        steps[-1].append(line)
    return steps


def _up_to_error(step: Sequence[str]) -> list[str]:
    """Without what the runner tells of shell and environment before the program begins."""
    errors = [at for at, line in enumerate(step) if line.startswith(_ERROR)]
    head = next((at for at, line in enumerate(step) if line.startswith("##[endgroup]")), 0)
    settings = next((at for at, line in enumerate(step[:head]) if line.startswith("shell: ")), head)
    return [*step[:settings], *step[head : errors[-1] + 1]]


def _last(lines: Sequence[str]) -> list[str]:
    end = next((at for at, line in enumerate(lines) if line.startswith("Post job cleanup.")), None)
    return list(lines[:end])[-_TAIL:]


def _round_complaints(lines: Sequence[str]) -> list[str]:
    """Lines near a complaint, the first and the last ones; the others are counted."""
    kept = {0, *range(max(0, len(lines) - _END), len(lines))}
    for at, line in enumerate(lines):
        if _is_complaint(line):
            kept.update(range(max(0, at - _BEFORE), min(len(lines), at + _AFTER + 1)))
    told: list[str] = []
    before = -1
    for at in sorted(kept):
        if at > before + 1:
            told.append(f"… {number(at - before - 1, 'line')} left out …")
        told.append(lines[at])
        before = at
    return told


def _plainly(line: str) -> str:
    found = _RUNNERS_OWN.match(line)
    if found is None:
        return line
    rest = line[found.end() :]
    return rest.replace("Run ", "$ ", 1) if found["kind"] == "group" else f"{found['kind']}: {rest}"
