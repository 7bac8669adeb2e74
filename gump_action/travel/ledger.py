"""What the ledger of a state from elsewhere may say before anything goes by it.

Its words become paths, refs and arguments; each is held against its form here, and session ids once
more against their provider's pattern where they are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from gump_action.engine import events as e
from gump_action.engine.record import read_state
from gump_action.engine.state import Attempt, RunState
from gump_action.errors import InputError
from gump_action.system.store import LEDGER, attempt_folder, ledger_lines
from gump_action.travel import layout

_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})?")
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SESSION = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,127})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_first(root: Path) -> e.RunStarted:
    """The first line of a state directory's ledger.  Raises InputError where there is no run."""
    first = next(ledger_lines(root), None)
    if first is None:
        raise InputError(f"{root} holds no run: there is no {LEDGER} with a whole line.")
    try:
        return e.RunStarted.model_validate_json(first)
    except ValidationError:
        _read(root)
        raise InputError(f"{root / LEDGER}:1: this is not the start of a run.") from None


def read_checked(root: Path) -> RunState:
    """The state that this ledger tells.  Raises InputError where it cannot be gone by."""
    if not _ends_whole(root / LEDGER):
        raise InputError(f"the end of its {LEDGER} was cut off.")
    try:
        first, state = read_first(root), _read(root)
    except InputError as why:
        raise InputError(why.message.replace(f"{root}/", "")) from None
    if state.started != first:
        raise InputError(f"its {LEDGER} holds more than one run.")
    complaint = next(_complaints(state), "")
    if complaint:
        raise InputError(f"its {LEDGER} is refused: {complaint}.")
    return state


def _read(root: Path) -> RunState:
    try:
        return read_state(root)
    except LookupError:
        raise InputError(f"its {LEDGER} tells of attempts that it never began.") from None


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1))
        return file.read(1) == b"\n"


def _complaints(state: RunState) -> Iterator[str]:
    started = state.started
    if started is None or not _RUN.fullmatch(started.run):
        yield "its run has no proper name"
        return
    commits = [started.base, started.start, state.left, *state.bases.over, *state.bases.merged]
    commits += [taken.base or "nothing" for taken in state.bases.taken]
    if state.ended:
        commits += [state.ended.commit, state.ended.left]
    yield from _bad_commits(commits)
    items = [item for some in state.items.values() for item in some]
    if any("/" in item for item in items) or not all(map(_is_path, (*state.items, *items))):
        yield "an item has a name that is no part of a path"
    for attempts in state.attempts.values():
        for attempt in attempts:
            yield from _complaints_about(attempt)


def _complaints_about(attempt: Attempt) -> Iterator[str]:
    if attempt.number < 1 or not _is_path(attempt.step):
        yield f"an attempt is called {attempt.name[:200]!a}"
        return
    yield from _bad_commits([attempt.base, attempt.start, attempt.snapshot])
    ids = [attempt.known, attempt.session.session, attempt.kept.session if attempt.kept else ""]
    if not all(_SESSION.fullmatch(session) for session in ids):
        yield f"a session of {attempt.name} has an id that none can have"
    kept = attempt.kept.files if attempt.kept else {}
    for name, digest in kept.items():
        if not _is_below(name) or not _DIGEST.fullmatch(digest):
            yield f"the transcript of {attempt.name} has a file {name[:200]!a}"


def _bad_commits(commits: Iterable[str]) -> Iterator[str]:
    return (f"{c[:80]!a} is no commit" for c in commits if not _COMMIT.fullmatch(c))


def _is_below(name: str) -> bool:
    """An agent can give its session a file that cannot travel: that transcript was left behind
    then, and is found to be gone.  What leads out of its folder nobody has kept.
    """
    return "\0" not in name and not {"", ".", ".."} & set(name.split("/"))


def _is_path(step: str) -> bool:
    """Whether a file of such a step could be in a state."""
    return not layout.Names(longest=1024).complaint(f"{attempt_folder(step, 1)}/output")
