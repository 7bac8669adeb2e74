"""What our comment remembers of the runs of one workflow on one subject: a hidden line of JSON.

It counts, and names the last run, so that runs do not go on for ever and one can be gone on with.
Who may write here could change it: it says where to look, and nothing is trusted for it.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gump_action.engine.outcome import Verdict
from gump_action.engine.state import RunState
from gump_action.host.asking.sameness import signature_of
from gump_action.host.words import all_attempts

LARGEST = 8192
"""Bytes of the line; a longer one is not read."""
_LINE = "<!-- gump:ledger {} -->"
_HOST_RUNS = 10
_MICRO = 1_000_000

_MOST = 2**53
_NAME = re.compile(r"[A-Za-z0-9-]{0,200}")

Number = Annotated[int, Field(ge=0, le=_MOST)]
Signature = Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Last(_Part):
    """The last run; `verdict` is empty while it is under way, `cost` in millionths of a USD.

    `host_run` and `attempt` are the job's, `run` is the id of the run, `at` UTC seconds.
    `upstream` is the host run that failed before it, and its attempt; 0 where none did.
    """

    host_run: Number
    attempt: Annotated[int, Field(ge=1, le=100_000)]
    run: Annotated[str, Field(pattern=f"^{_NAME.pattern}$")] = ""
    artifact: Annotated[str, Field(pattern=f"^{_NAME.pattern}$")] = ""
    verdict: Annotated[str, Field(pattern=r"^[a-z-]{0,20}$")] = ""
    signature: Signature = ""
    cost: Number = 0
    at: Number = 0
    upstream: Number = 0
    upstream_attempt: Number = 0


class Standing(_Part):
    """`runs` counts host runs, `asked` is their number when a person last asked for one.

    `spent` is of the runs before the last one, `before` the signature of the one before it, and
    `host_runs` are those that may still be under way, the newest last; so are those that were
    `announced` by the job that answers, and have not said anything yet; `announced_at` is when the
    newest one was (UTC seconds).  `workflow` is a digest of its name, and `asked_at` when a person
    last asked for a run: comments of other host workflows go by these, too.
    """

    version: Literal[1] = 1
    runs: Number = 0
    asked: Number = 0
    spent: Number = 0
    before: Signature = ""
    host_runs: Annotated[tuple[Number, ...], Field(max_length=_HOST_RUNS)] = ()
    announced: Annotated[tuple[Number, ...], Field(max_length=_HOST_RUNS)] = ()
    announced_at: Number = 0
    workflow: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = ""
    asked_at: Number = 0
    last: Last | None = None

    @property
    def unasked(self) -> int:
        """How many have begun by themselves since a person asked for one."""
        return max(0, self.runs - self.asked)

    @property
    def is_same_again(self) -> bool:
        """Whether the last two runs failed in the same way."""
        last = self.last
        return bool(last and last.verdict == Verdict.FAILED and last.signature == self.before != "")


def line_of(standing: Standing) -> str:
    """As it stands in the comment; nothing in it can end the HTML comment."""
    text = json.dumps(standing.model_dump(mode="json"), separators=(",", ":"))
    for sign in "-<>":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return _LINE.format(text)


def read(body: str) -> Standing:
    """What the second line of a comment of ours says; an empty one where it is not understood."""
    lines = body[: 2 * LARGEST].split("\n", 2)
    line = lines[1].rstrip("\r") if len(lines) > 1 else ""
    before, after = _LINE.split("{}")
    if not (line.startswith(before) and line.endswith(after)) or len(line.encode()) > LARGEST:
        return Standing()
    try:
        return Standing.model_validate_json(line[len(before) : -len(after)])
    except ValidationError:
        return Standing()


@dataclass(frozen=True)
class Turn:
    """This job's part: which host run, as which attempt, and whether a person asked for it."""

    host_run: int
    attempt: int
    artifact: str = ""
    is_asked: bool = False
    is_running: bool = False
    at: int = 0
    upstream: tuple[int, int] = (0, 0)


def advanced(old: Standing, state: RunState, turn: Turn) -> Standing:
    """What is remembered after this; what counts can only rise."""
    is_new = turn.host_run not in old.host_runs
    runs = min(old.runs + is_new, _MOST)
    last = _last(old, state, turn)
    return Standing(
        runs=runs,
        asked=runs if turn.is_asked else min(old.asked, runs),
        spent=min(old.spent + _spent_before(old, last), _MOST),
        before=_before(old, is_new=is_new),
        host_runs=(*old.host_runs, turn.host_run)[-_HOST_RUNS:] if is_new else old.host_runs,
        announced=tuple(run for run in old.announced if run != turn.host_run),
        announced_at=old.announced_at,
        workflow=digest_of(state.started.workflow) if state.started else old.workflow,
        asked_at=turn.at if turn.is_asked else old.asked_at,
        last=last,
    )


def announcing(old: Standing, host_run: int, at: int) -> Standing:
    """What the count goes by stays as it is until that run has something to say."""
    known = tuple(run for run in old.announced if run != host_run)
    announced = (*known, host_run)[-_HOST_RUNS:]
    return old.model_copy(update={"announced": announced, "announced_at": at})


def announced_since(known: Standing, own: int) -> tuple[int, ...]:
    """Host runs before `own` that came after the last one, and said nothing: the newest first.

    Stopped, they have left their state all the same.  GitHub's ids of host runs only rise.
    """
    last = known.last.host_run if known.last else 0
    return tuple(sorted((run for run in known.announced if last < run < own), reverse=True))


def waits_for(known: Standing) -> int:
    """The host run that a comment tells of by its announcement alone; 0 where it tells more."""
    return known.announced[-1] if known.announced and not known.last else 0


def with_line(body: str, standing: Standing) -> str:
    """A comment of ours with another ledger, and all else as it is; it begins with its mark."""
    mark, _, rest = body.partition("\n")
    line, _, after = rest.partition("\n")
    told = after if line.startswith(_LINE.partition("{}")[0]) else rest
    return f"{mark}\n{line_of(standing)}\n{told}"


def _last(old: Standing, state: RunState, turn: Turn) -> Last:
    run = _name(state.started.run if state.started else "")
    known = old.last.cost if old.last and old.last.run == run else 0
    verdict = state.ended.verdict if state.ended and not turn.is_running else ""
    return Last(
        host_run=turn.host_run,
        attempt=turn.attempt,
        run=run,
        artifact=_name(turn.artifact),
        verdict=str(verdict),
        signature=signature_of(state) if verdict == Verdict.FAILED else "",
        cost=max(known, _cost(state)),
        at=turn.at,
        upstream=turn.upstream[0],
        upstream_attempt=turn.upstream[1],
    )


def digest_of(workflow: str) -> str:
    return hashlib.blake2b(json.dumps(workflow).encode(), digest_size=8).hexdigest()


def _name(text: str) -> str:
    return text if _NAME.fullmatch(text) else ""


def _cost(state: RunState) -> int:
    """Of all its attempts.  Agents can write to the record, so a number may be none."""
    spent = sum(attempt.cost_usd or 0 for attempt in all_attempts(state)) * _MICRO
    return round(min(max(spent, 0), _MOST)) if math.isfinite(spent) else 0


def _spent_before(old: Standing, last: Last) -> int:
    """A run that is gone on with has the cost of its earlier jobs in its own record."""
    return old.last.cost if old.last and old.last.run != last.run else 0


def _before(old: Standing, *, is_new: bool) -> str:
    if not is_new:
        return old.before
    return old.last.signature if old.last else ""


def why_not(standing: Standing, limit: int, host_run: int) -> str:
    """Why nothing that nobody asked for runs here now; empty where it may.  0 is no limit."""
    if host_run in standing.host_runs:
        return ""
    if standing.is_same_again:
        return f"the last two runs here failed in the same way, so {ASK}"
    if limit and standing.unasked >= limit:
        return f"{limit} runs have begun here by themselves (max-runs-per-subject), so {ASK}"
    return ""


ASK = (
    "no further one begins by itself. Look at what they did; then re-run all jobs of the host run "
    "that was left out, or, where a host workflow takes comments, write `/gump NAME …` with what "
    "should be done otherwise (`/gump again` where this one does): whatever a person asks for is "
    "run, and the count begins anew"
)
NOT_MENDED = f"CI fails in the same way as before the last run here, so it did not help, and {ASK}"
FOLLOWED = (
    "a run has followed these checks already, and has passed: now those of the newer commit count. "
    "Where there is none, re-run all jobs of this host run"
)
WHERE_NOT_MENDED = (
    "Where CI fails on this in the same way as before, no further run begins by itself: somebody "
    "has to look then, and to ask for one."
)


def was_to_mend(known: Standing) -> tuple[int, int] | None:
    """The host run whose failure the last run was to mend, and its attempt; None where it had
    none, or has not passed."""
    last = known.last
    is_done = last and last.upstream and last.verdict == Verdict.PASSED
    return (last.upstream, last.upstream_attempt) if last and is_done else None


def is_asked_elsewhere(known: Standing, others: Iterable[Standing]) -> bool:
    """Whether a person has asked for this workflow since the last run, by another host workflow."""
    since = known.last.at if known.last else 0
    return any(each.workflow == known.workflow != "" and each.asked_at > since for each in others)


def joined(one: Standing, other: Standing) -> Standing:
    """What two accounts of ours remember of the same runs: the one that ran last counts."""
    older, newer = sorted((one, other), key=lambda each: each.last.at if each.last else -1)
    return newer.model_copy(
        update={
            "host_runs": _both(older.host_runs, newer.host_runs),
            "announced": _both(older.announced, newer.announced),
            "announced_at": max(older.announced_at, newer.announced_at),
        }
    )


def _both(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted({*one, *other}))[-_HOST_RUNS:]


def newest(standings: Mapping[str, Standing]) -> str:
    """Whose last run is the newest, told or announced; empty where there is none."""
    known = {name: each for name, each in standings.items() if each.last or each.announced}
    return max(known, key=lambda name: _newest_at(known[name]), default="")


def _newest_at(known: Standing) -> int:
    return max(known.last.at if known.last else 0, known.announced_at)
