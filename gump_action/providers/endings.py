"""How a launch ended: in words, and which of its words can be taken for the CLI's own."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass

from gump_action.providers.base import Exit, Judged

DEADLY = ("HUP", "INT", "QUIT", "ABRT", "KILL", "SEGV", "PIPE", "TERM", "XCPU")
NOT_ABOUT_THE_SESSION = (401, 402, 403, 404, 408, 429)


@dataclass(frozen=True)
class Block:
    """Words that say that no retry helps, and what does."""

    words: re.Pattern[str]
    remedy: str


def has_own_words(exit: Exit) -> bool:
    """Whether what was said at a bad end is the CLI's, so that `blocked` may be read from it.

    An agent that ended well may have written about keys and limits.  And once it has begun, what
    stands on stderr may be of its tools.
    """
    if exit.ended and (exit.ended.ok or exit.ended.text):
        return not exit.ended.ok
    return exit.turns == 0


def words(exit: Exit) -> str:
    """What was said at the end: by the stream, where it has one, else on stderr."""
    return exit.ended.text if exit.ended else tail(exit.stderr)


def tail(stderr: str) -> str:
    """The end of it, without empty lines."""
    return "\n".join(line for line in stderr.splitlines() if line.strip())[-500:]


def find_blocked(who: str, said: str, blocks: Iterable[Block]) -> Judged | None:
    """The first block whose words were said."""
    for block in blocks:
        if block.words.search(said):
            return Judged("blocked", f"{who} says: {said}\n{block.remedy}")
    return None


def is_refusal(exit: Exit, status: int) -> bool:
    """A 4xx on the first call after a resume: a context too long, an odd history."""
    told = 400 <= status < 500 and status not in NOT_ABOUT_THE_SESSION
    return bool(exit.asked) and exit.turns == 0 and told


def last_words(exit: Exit) -> str:
    """Why a launch failed, in the best words there are: the stream's, else those on stderr."""
    if exit.ended and exit.ended.text and not exit.ended.ok:
        return exit.ended.text
    said = exit.stderr.strip() or (exit.complaints[-1] if exit.complaints else "")
    ending = "" if exit.ended else ", and its stream has no end"
    return f"{how(exit.code)}{ending}" + (f": {said}" if said else "")


def unfinished(ending: str, lines: Iterable[str]) -> str:
    """`ending`, with the last three lines of stderr that say something."""
    last = [line.strip()[:500] for line in lines][-3:]
    return f"{ending}: " + "\n".join(last) if last else ending


def how(code: int) -> str:
    """An exit code for people: `killed by SIGKILL`, `exit code 143 (SIGTERM)`."""
    if code < 0:
        return f"killed by {_signals().get(-code, f'signal {-code}')}"
    deadly = {128 + signal.Signals[f"SIG{name}"].value: f" (SIG{name})" for name in DEADLY}
    return f"exit code {code}{deadly.get(code, '')}"


def _signals() -> dict[int, str]:
    return {one.value: one.name for one in signal.Signals}
