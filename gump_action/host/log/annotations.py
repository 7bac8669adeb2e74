"""What the page of a host run says of a run: its verdict, what its gates complain of, warnings.

GitHub shows ten of each level for a step, so ten are chosen; the rest is in summary and log.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gump_action.engine.events import GateEnded
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import Attempt, RunState
from gump_action.host import words
from gump_action.host.actions import Annotation, ten_of
from gump_action.host.log.complaints import Complaint, complaints_in

_FOLDER_OF_COMMAND = re.compile(r"(?:^|[\s;&|(])(?:cd|-C|--prefix|--directory)[ =]([^\s;&|)]+)")
_FOLDER_OF_MAKE = re.compile(r"Entering directory [`'\"]([^`'\"\n]+)['\"]")


@dataclass(frozen=True)
class Tree:
    """Where gates ran: its absolute path, and whether it holds a file of this name from its top.

    `at` is the tree's own place in the workspace of the job, where it is not its top.
    """

    root: str
    has: Callable[[str], bool]
    at: str = ""


@dataclass(frozen=True)
class _Source:
    """A failed gate, and its attempt."""

    attempt: Attempt
    gate: GateEnded
    text: str


def evidence(gate: GateEnded) -> str:
    """What the ledger has of a gate's output: head and tail."""
    return gate.evidence


def annotations_of(
    state: RunState,
    tree: Tree | None = None,
    printed: Callable[[GateEnded], str] = evidence,
) -> list[Annotation]:
    """At most ten errors, the verdict first, and ten warnings.

    `printed` gives the whole output of a gate, where it is at hand; without a `tree` no line of a
    file can be named.
    """
    found = list(_of_gates(state, tree, printed)) if tree else []
    errors = [*_verdict(state), *(each for each in found if each.level == "error")]
    warnings = [*_warnings(state), *(each for each in found if each.level == "warning")]
    return [*ten_of(errors, "errors"), *ten_of(warnings, "warnings")]


def _verdict(state: RunState) -> Iterator[Annotation]:
    if state.ended and state.ended.verdict.exit_code:
        why = f": {state.ended.why}" if state.ended.why else ""
        yield Annotation("error", f"The run {words.verdict_of_run(state)}{why}")


def _warnings(state: RunState) -> Iterator[Annotation]:
    for note in state.notes:
        if note.level == "warning":
            text = f"{note.step}: {note.text}" if note.step else note.text
            yield Annotation("warning", text)


def _of_gates(
    state: RunState, tree: Tree, printed: Callable[[GateEnded], str]
) -> Iterator[Annotation]:
    """Those with a line first, else in the order of the gates; each once."""
    found: dict[tuple[str, str, int, str], Annotation] = {}
    for source in _sources(state, printed):
        folders = _folders(source)
        for complaint in complaints_in(source.text):
            for made in _placed(complaint, source, folders, tree):
                key = (made.level, made.file, made.line, made.message)
                found.setdefault(key, made)
    yield from sorted(found.values(), key=lambda each: not each.line)


def _sources(state: RunState, printed: Callable[[GateEnded], str]) -> Iterator[_Source]:
    """The red gates of the last attempt of each step that has failed."""
    for step in state.attempts:
        last = state.of(step)[-1:]
        for attempt in last:
            if attempt.verdict is Verdict.FAILED:
                for gate in attempt.gates:
                    if not gate.passed:
                        yield _Source(attempt, gate, printed(gate))


def _placed(
    complaint: Complaint, source: _Source, folders: Sequence[str], tree: Tree
) -> Iterator[Annotation]:
    """At the first of its places that is a file of the tree; nothing where none is."""
    for name, line in complaint.places:
        file = _file(name, folders, tree)
        if file:
            title = f"{source.attempt.name}: {words.one_line(source.gate.gate)[:80]}"
            at = posixpath.normpath(posixpath.join(tree.at, file))
            yield Annotation(complaint.level, complaint.message, title, file=at, line=line)
            return


def _folders(source: _Source) -> list[str]:
    """Where a tool may have worked, as its command and make say it."""
    named = _FOLDER_OF_COMMAND.findall(source.gate.command)
    return ["", *named, *_FOLDER_OF_MAKE.findall(source.text)][:20]


def _file(name: str, folders: Sequence[str], tree: Tree) -> str:
    """The file from the top of the tree; empty where it lies outside, or is not there."""
    for folder in folders:
        path = posixpath.normpath(posixpath.join(tree.root, folder.strip("\"'"), name))
        inside = path.removeprefix(tree.root.rstrip("/") + "/")
        if inside != path and tree.has(inside):
            return inside
    return ""
