"""What GitHub Actions reads from a job: workflow commands in its log, and the files that it names.

Streams, paths and the environment are given; nothing here looks for them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from gump_action.errors import Fault, GumpError, InputError, WorkflowError
from gump_action.host import words
from gump_action.host.places import is_job

SUMMARY_LIMIT = 1024 * 1024
"""Bytes; a larger summary is dropped whole by GitHub."""
SHOWN_OF_A_KIND = 10
"""Annotations of a level that GitHub shows for a step; our steps are one to it."""
_MESSAGE = 4000
_CUT_NOTE = "\n\nThe rest is left out: GitHub shows no more than 1 MiB for each step.\n"

Level = Literal["error", "warning", "notice"]


class Stream(Protocol):
    """What commands are written to."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True)
class Annotation:
    """One line on the page of the host run, at a place in a file where one is known."""

    level: Level
    message: str
    title: str = "gump"
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        """The workflow command; nothing in it can begin another one."""
        places = {"title": self.title, "file": self.file, "line": str(self.line or "")}
        place = ",".join(f"{key}={_property(each)}" for key, each in places.items() if each)
        message = words.clean(self.message)[:_MESSAGE]
        return f"::{self.level} {place}::{_text(message)}"


def error(stream: Stream, message: str, *, title: str = "gump") -> None:
    """An error on the page of the host run; it does not end the job."""
    stream.write(f"{Annotation('error', message, title)}\n")


def warning(stream: Stream, message: str, *, title: str = "gump") -> None:
    """A warning on the page of the host run."""
    stream.write(f"{Annotation('warning', message, title)}\n")


def group(stream: Stream, title: str) -> None:
    """Opens a group of lines in the log; groups do not nest."""
    stream.write(f"::group::{_text(title)}\n")


def endgroup(stream: Stream) -> None:
    stream.write("::endgroup::\n")


def harmless(line: str) -> str:
    """A line of the log that GitHub takes for no command: `::x::` leads one, `##[x]` anywhere."""
    line = line.replace("##[", "## [")
    return f"| {line}" if line.lstrip().startswith("::") else line


def printable(environ: Mapping[str, str], text: str) -> str:
    """The text as it may stand in this log: inside a job no line of it is a command."""
    if not is_job(environ):
        return text
    return "\n".join(harmless(line) for line in re.split(r"\r\n|\r|\n", text))


def tell_error(environ: Mapping[str, str], stream: Stream, error: GumpError) -> None:
    """Inside a job: a line on the page of the host run, and the whole text in the summary.

    What the log says of the error is the caller's.
    """
    if not is_job(environ):
        return
    for annotation in _annotations_of_error(environ, error):
        stream.write(f"{annotation}\n")
    summary = environ.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return
    heading = (
        "gump-action has run nothing" if isinstance(error, InputError) else "gump-action failed"
    )
    try:
        append_summary(Path(summary), f"# {heading}\n\n{words.fenced(str(error))}\n")
    except OSError as why:
        warning(stream, f"The error could not be written into the summary: {why}")


def _annotations_of_error(environ: Mapping[str, str], error: GumpError) -> list[Annotation]:
    if not isinstance(error, WorkflowError):
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        return [Annotation("error", first)]
    annotations = [
        Annotation("error", fault.message, file=_file_of(fault, environ), line=fault.line)
        for fault in error.faults
    ]
    return ten_of(annotations, "faults")


def _file_of(fault: Fault, environ: Mapping[str, str]) -> str:
    """As GitHub names it, from the top of the workspace; as it is where it lies outside."""
    top = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    path = Path(fault.file).resolve()
    return str(path.relative_to(top)) if path.is_relative_to(top) else fault.file


def ten_of(annotations: list[Annotation], noun: str) -> list[Annotation]:
    """As many as GitHub shows of a kind; where there are more, the last one counts them."""
    if len(annotations) <= SHOWN_OF_A_KIND:
        return annotations
    more = len(annotations) - SHOWN_OF_A_KIND + 1
    rest = Annotation(annotations[0].level, f"{more} more {noun} are in the summary and in the log")
    return [*annotations[: SHOWN_OF_A_KIND - 1], rest]


def set_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Appends to the file of `GITHUB_OUTPUT`; no text can end its own entry or begin another."""
    # A name from a file system may hold what is no Unicode.
    with path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        for name, text in outputs.items():
            mark = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{mark}\n{text}\n{mark}\n")


def append_summary(path: Path, text: str, *, limit: int = SUMMARY_LIMIT) -> None:
    """Appends Markdown to the file of `GITHUB_STEP_SUMMARY`, cut where it would grow too large."""
    there = path.stat().st_size if path.exists() else 0
    text = text.encode(errors="backslashreplace").decode()
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(_fitted(text, limit - there))


def _fitted(text: str, room: int) -> str:
    """The text, or its first whole lines with all that they opened closed, and a note."""
    if len(text.encode()) <= room:
        return text
    kept: list[str] = []
    is_open, fence = 0, ""
    end = _CUT_NOTE
    used = 0
    for line in text.splitlines():
        fence, is_open = _opened(line, fence, is_open)
        closing = (f"\n{fence}" if fence else "") + "\n\n</details>" * is_open + _CUT_NOTE
        used += len(line.encode()) + 1
        if used + len(closing.encode()) > room:
            return "\n".join(kept) + end if kept else ""
        kept.append(line)
        end = closing
    return "\n".join(kept)


def _opened(line: str, fence: str, details: int) -> tuple[str, int]:
    """The fence that is open after this line, and how many `<details>`."""
    ticks = re.match(r"`{3,}", line)
    if fence:
        return ("" if line.rstrip() == fence else fence), details
    if ticks:
        return ticks[0], details
    return "", details + line.count("<details>") - line.count("</details>")


def _text(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace("##[", "## [")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
