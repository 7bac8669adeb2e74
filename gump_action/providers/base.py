"""What a provider is: translation between our words and one CLI's.  No provider starts anything.

A provider is a module whose functions match `Provider`; what it has nothing special to say about
it takes from the defaults at the end of this file.  The registry is the dict in `__init__`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NOTHING = Path(os.devnull)


@dataclass(frozen=True)
class Place:
    """Where a launch happens.

    `home` is the agent home.  With `own` it is a folder of the run's, empty before each launch but
    for what `settings` and `restore` put there, and always under the same path; else it is the
    user's own home of that CLI (`--agent-home user`).  `cwd` is the real path of the tree.
    `environ` is the engine's environment, to look for settings, keys and endpoints.
    """

    home: Path
    cwd: Path
    own: bool
    environ: Mapping[str, str]


@dataclass(frozen=True)
class Request:
    """One launch: `session` is what to resume, if anything.

    `model` is the suffix of the agent's name, before aliases; empty for the CLI's default.

    `new_session` is an id of our choice (a UUID) for CLIs that let us choose.

    `budget` is what the run may still spend in USD, for CLIs that end by themselves when it is
    spent; None is no limit.
    """

    prompt: str
    model: str
    session: str | None
    new_session: str
    place: Place
    budget: float | None = None


@dataclass(frozen=True)
class Command:
    """A program to start: `env` is added to the allow-listed environment, `stdin` is its input.

    `stop` is the signal that ends it gently.  `stdout` is a file for what it prints, for programs
    that cut what they write into a pipe (`opencode export`).
    """

    argv: tuple[str, ...]
    stdin: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    stop: Literal["TERM", "INT"] = "TERM"
    stdout: Path | None = None


@dataclass(frozen=True)
class Usage:
    """Tokens and dollars.  None is unknown, which is not zero.

    `input` counts uncached input tokens only; `cache_read` and `cache_write` are beside it.
    """

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True)
class SessionKnown:
    """The stream told the id of its conversation."""

    session: str


@dataclass(frozen=True)
class Said:
    """Text of the agent; `is_part` where what follows at once belongs to the same text."""

    text: str
    is_part: bool = False


@dataclass(frozen=True)
class ToolUsed:
    """The agent used a tool; `path` is the file it was about, where the stream tells."""

    tool: str
    path: str = ""


@dataclass(frozen=True)
class TurnBegan:
    """Another exchange of agent and model."""


@dataclass(frozen=True)
class UsageSeen:
    """Usage so far: `of` says whether it is one call's, this launch's, or the whole session's."""

    usage: Usage
    of: Literal["call", "launch", "session"]
    cost_of: Literal["call", "launch", "session"] | None = None


@dataclass(frozen=True)
class Ended:
    """The stream's own word on how the launch ended; the last one counts."""

    ok: bool
    text: str = ""


@dataclass(frozen=True)
class Complained:
    """An error, retry or denial in the stream that does not end the launch by itself."""

    text: str


AgentEvent = SessionKnown | Said | ToolUsed | TurnBegan | UsageSeen | Ended | Complained


@dataclass(frozen=True)
class Exit:
    """How a launch ended, for the provider to judge.

    `code` is negative for a signal.  `stderr` is its tail.  `session` is the id that the stream
    showed, `asked` the one that was to be resumed.  `ended` is the stream's last word, `complaints`
    what it complained of; `turns` how many exchanges with the model the stream showed.
    """

    code: int
    stderr: str
    session: str | None
    asked: str | None
    ended: Ended | None
    complaints: tuple[str, ...] = ()
    turns: int = 0

    @property
    def is_foreign(self) -> bool:
        """It went on in another session than the one that was asked for."""
        return bool(self.asked and self.session and self.session != self.asked)


@dataclass(frozen=True)
class Judged:
    """passed; failed (retry); blocked (key, login, quota, billing: no retry helps); or refused:
    the resume was not accepted, by the CLI or by the model service on the first call after it."""

    verdict: Literal["passed", "failed", "blocked", "refused"]
    why: str = ""


@dataclass(frozen=True)
class Keep:
    """A file to keep: where it is, and the name (relative, `/`) under which it is kept.

    `lines` says that it is a file of lines: a torn last line is left out.  With `check` a file that
    is not whole is not kept.
    """

    source: Path
    name: str
    lines: bool = False
    check: Literal["json"] | None = None


@dataclass(frozen=True)
class Capture:
    """What belongs to a session, as files to copy; `before` runs first and makes some of them."""

    keep: tuple[Keep, ...]
    before: tuple[Command, ...] = ()


@dataclass(frozen=True)
class Put:
    """A file to write, mode 0600, through no link.

    `source` is where its bytes come from; `rewrite` turns them into what this machine wants
    (another working directory, say).
    """

    source: Path
    target: Path
    rewrite: Callable[[bytes], bytes] | None = None


@dataclass(frozen=True)
class Restore:
    """How to put a session back exactly as kept: what to remove, write, and then run.

    In this order: `before` runs, `clear` (files and folders of this session only, which later
    attempts have left in a user's own home) is removed, `put` is written, `after` runs.  A command
    that fails makes the session unusable: the attempt then runs fresh, and says why.
    """

    put: tuple[Put, ...]
    clear: tuple[Path, ...] = ()
    before: tuple[Command, ...] = ()
    after: tuple[Command, ...] = ()


class Provider(Protocol):
    """One CLI's language.  All functions are pure but for looking at files."""

    @property
    def NAME(self) -> str: ...

    @property
    def PROGRAM(self) -> str:
        """The program looked for on PATH."""

    @property
    def KEYS(self) -> tuple[str, ...]:
        """Variables of which one is the key; for doctor and warnings."""

    @property
    def PASSED(self) -> tuple[str, ...]:
        """Variables (or prefixes ending in `*`) that its agents are given: keys, endpoints."""

    @property
    def TELLS_COST(self) -> bool:
        """Whether its stream tells what was spent; else no budget can be held for it."""

    @property
    def ALIASES(self) -> Mapping[str, str]:
        """Suffix of the agent's name to the model flag's value; an unknown one goes as it is."""

    @property
    def SESSION(self) -> re.Pattern[str]:
        """What a session id looks like, whole."""

    @property
    def IS_ID_OURS(self) -> bool:
        """Whether a new session gets the id that we choose (`Request.new_session`)."""

    @property
    def INSTALL(self) -> str:
        """How a person installs it, one line."""

    def native(self, found: Path) -> Path:
        """The program to start really, given the one found on PATH (past a launcher, say)."""

    def command(self, request: Request) -> Command: ...

    def parse(self, line: str) -> Iterable[AgentEvent]: ...

    def judge(self, exit: Exit) -> Judged: ...

    def capture(self, session: str, place: Place, into: Path) -> Capture:
        """What to keep of a session.  `into` is an empty folder for `before` to write to."""

    def restore(self, session: str, names: tuple[str, ...], place: Place, kept: Path) -> Restore:
        """How to put back the kept files `names`, which lie in the folder `kept`."""

    def settings(self, place: Place) -> tuple[Put, ...]:
        """The user's settings to copy into a home of the run's own, or what we write there."""

    def environment(self, place: Place) -> Mapping[str, str]:
        """What moves the CLI's home to `place.home`, and switches off what a job does not need."""

    def user_home(self, environ: Mapping[str, str]) -> Path:
        """Where the CLI keeps its own things for this user."""


def model(aliases: Mapping[str, str], suffix: str) -> str:
    """The value of the model flag; empty for none."""
    return aliases.get(suffix, suffix)


def made(content: bytes, target: Path) -> Put:
    """A file of our own making."""
    return Put(_NOTHING, target, lambda _: content)


def as_found(found: Path) -> Path:
    """What is on PATH is the program itself."""
    return found


def no_settings(place: Place) -> tuple[Put, ...]:
    """Nothing of the user's is copied."""
    return ()
