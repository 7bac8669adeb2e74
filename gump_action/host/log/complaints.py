"""What common tools complain of, found in what they print: pytest, ruff, mypy, eslint, tsc, go,
cargo, gcc, clang, and all that prints `file:line: words`.

Text in, complaints out.  Which of the files are there is for others to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal

from gump_action.host.words import clean

Level = Literal["error", "warning"]
Place = tuple[str, int]
"""A file as the tool names it, and its line; 0 is the file as a whole."""

_LINES = 20_000
_LINE = 2000
_MORE = 5


@dataclass(frozen=True)
class Complaint:
    """`places` are where it may be, the likeliest first: a traceback has many."""

    level: Level
    message: str
    places: tuple[Place, ...]


Found = Iterator[tuple[int, Complaint]]
"""With the number of the line of output, to put them in order."""


def complaints_in(text: str) -> list[Complaint]:
    """All of them, in the order in which they were printed."""
    lines = [line[:_LINE] for line in clean(text).split("\n")]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES // 2], *lines[-_LINES // 2 :]]
    found = [each for reader in _READERS for each in reader(lines)]
    if not any(each.level == "error" for _, each in found):
        found += _summary_of_pytest(lines)
    ordered = sorted(found, key=lambda each: each[0])
    return list(dict.fromkeys(each for _, each in ordered))


# --- `file:line:column: words`, and tsc's forms ---------------------------------------------------

_PLAIN = re.compile(
    r"(?:vet: )?(?P<file>[^\s:(][^:]*):(?P<line>\d+)(?::\d+)?(?::(?=\s)| - (?=error|warning))"
    r"\s*(?P<words>\S.*)"
)
_TSC = re.compile(r"(?P<file>\S[^(]*)\((?P<line>\d+),\d+\): (?P<words>(?:error|warning) .+)")
_OF_A_TRACEBACK = re.compile(r"in \S+|[A-Z]\w*")
_RULE_OF_UNIX = re.compile(r"(?P<words>.*) \[(?P<level>Error|Warning)(?:/(?P<rule>[^\]]+))?\]")
_WRAPPED = re.compile(r"\S.*\[[a-z][a-z-]*\]|\[[a-z][a-z-]*\]")


def _plain(lines: Sequence[str]) -> Found:
    for number, line in enumerate(lines):
        match = _PLAIN.fullmatch(line) or _TSC.fullmatch(line)
        if match is None or _OF_A_TRACEBACK.fullmatch(match["words"]):
            continue
        words = match["words"]
        after = lines[number + 1] if number + 1 < len(lines) else ""
        # mypy --pretty wraps its words, and ends them with the name of the rule.
        if words.startswith("error: ") and not words.endswith("]") and _WRAPPED.fullmatch(after):
            words = f"{words.rstrip()} {after}"
        level, message = _judged(words)
        if level:
            yield number, Complaint(level, message, (_place(match),))


def _place(match: re.Match[str]) -> Place:
    return match["file"], int(match["line"][:9])


def _judged(words: str) -> tuple[Level | None, str]:
    """The level, None for a mere note, and the words without it."""
    if unix := _RULE_OF_UNIX.fullmatch(words):
        rule = f" [{unix['rule']}]" if unix["rule"] else ""
        return ("warning" if unix["level"] == "Warning" else "error"), unix["words"] + rule
    marked = re.fullmatch(
        r"(?:fatal )?(error|warning|note|help|info|hint|remark)"
        r"(?:\[([^\]]+)\])?(?::\s*|\s+(?=TS\d))(.+)",
        words,
    )
    if marked:
        message = f"{marked[3]} [{marked[2]}]" if marked[2] else marked[3]
        level: Level | None = "warning" if marked[1] == "warning" else "error"
        return (level if marked[1] in ("error", "warning") else None), message
    return ("warning" if re.match(r"\w*Warning: ", words) else "error"), _without_star(words)


def _without_star(words: str) -> str:
    """ruff marks what it can repair."""
    return words.replace(" [*] ", " ", 1)


# --- rustc and ruff: words, then an arrow to the place --------------------------------------------

_ARROW = re.compile(r" *--> (?P<file>[^:]+):(?P<line>\d+):\d+")


def _arrows(lines: Sequence[str]) -> Found:
    for number, line in enumerate(lines):
        match = _ARROW.fullmatch(line)
        words = lines[number - 1] if number else ""
        if match is None or not words or words[0] in " |=":
            continue
        level, message = _judged(words)
        if level:
            yield number, Complaint(level, message, (_place(match),))


_PANIC = re.compile(r"thread '.*' (?:\(\d+\) )?panicked at (?P<file>[^:]+):(?P<line>\d+):\d+:")


def _rust_panics(lines: Sequence[str]) -> Found:
    for number, line in enumerate(lines):
        if match := _PANIC.fullmatch(line):
            words = []
            for after in lines[number + 1 : number + 1 + _MORE]:
                if not after or after.startswith(("note: ", "stack backtrace:")):
                    break
                words.append(after)
            yield number, Complaint("error", "\n".join(words) or "panicked", (_place(match),))


# --- eslint's usual form: the file, then its lines ------------------------------------------------

_STYLISH = re.compile(r"  +(?P<line>\d+):\d+ +(?P<level>error|warning) +(?P<words>\S.*)")


def _stylish(lines: Sequence[str]) -> Found:
    file = ""
    for number, line in enumerate(lines):
        match = _STYLISH.fullmatch(line)
        if match and file:
            level: Level = "error" if match["level"] == "error" else "warning"
            words, _, rule = match["words"].rstrip().rpartition("  ")
            message = f"{words.rstrip()} [{rule}]" if words else rule
            yield number, Complaint(level, message, ((file, int(match["line"][:9])),))
        elif not match:
            file = line if line and not line[0].isspace() else ""


# --- pytest, and Python's own tracebacks ----------------------------------------------------------

_FRAME = re.compile(r"(?P<file>[^\s:][^:]*):(?P<line>\d+): ?(?P<what>in \S+|[A-Z]\w*)?")
_WARNED = re.compile(r"  +(?P<file>[^\s:][^:]*):(?P<line>\d+): (?P<words>\w*Warning: .+)")


def _pytest(lines: Sequence[str]) -> Found:
    """Frames before or after the words of the error (`E   …`), as its forms have it."""
    frames: list[Place] = []
    said: list[str] = []
    for number, line in enumerate([*lines, "="]):
        match = _FRAME.fullmatch(line)
        if line.startswith("E  "):
            said.append(line[1:])
        elif match and not (said and (match["what"] or "").startswith("in ")):
            frames.append(_place(match))
        elif match or line.startswith(("___", "===", "=", "---")):
            if said and frames:
                yield number, Complaint("error", _first_of(said), tuple(reversed(frames)))
            frames, said = [_place(match)] if match else [], []


def _first_of(said: Sequence[str]) -> str:
    return dedent("\n".join(said[:_MORE])).strip() or "failed"


def _warnings_of_pytest(lines: Sequence[str]) -> Found:
    for number, line in enumerate(lines):
        if match := _WARNED.fullmatch(line):
            yield number, Complaint("warning", match["words"], (_place(match),))


_SUMMARY = re.compile(r"(?:FAILED|ERROR) (?P<file>[^:\s]+)(?P<test>::.+?)?(?: - (?P<words>.*))?")


def _summary_of_pytest(lines: Sequence[str]) -> Found:
    """For want of something better: these name no line."""
    for number, line in enumerate(lines):
        if match := _SUMMARY.fullmatch(line):
            words = match["words"] or "failed"
            message = f"{match['test'][2:]}: {words}" if match["test"] else words
            yield number, Complaint("error", message, ((match["file"], 0),))


_FILE = re.compile(r' +File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in .+)?')


def _tracebacks(lines: Sequence[str]) -> Found:
    frames: list[Place] = []
    for number, line in enumerate(lines):
        if match := _FILE.fullmatch(line):
            frames.append(_place(match))
        elif frames and line and not line[0].isspace():
            yield number, Complaint("error", line, tuple(reversed(frames)))
            frames = []


# --- go test: file names without their folder, which the package tells afterwards -----------------

_GO_SAID = re.compile(r" +(?P<file>[^\s:/]+\.go):(?P<line>\d+): (?P<words>.+)")
_GO_PACKAGE = re.compile(r"(?:FAIL|ok  )\t(?P<package>\S+)(?:\t.*)?")
_GO_FRAME = re.compile(r"\t(?P<file>\S+\.go):(?P<line>\d+) \+0x[0-9a-f]+")


def _go_tests(lines: Sequence[str]) -> Found:
    waiting: list[tuple[int, str, Place]] = []
    for number, line in enumerate([*lines, "FAIL\t."]):
        if match := _GO_SAID.fullmatch(line):
            waiting.append((number, match["words"], _place(match)))
        elif match := _GO_PACKAGE.fullmatch(line):
            for at, words, place in waiting:
                yield at, Complaint("error", words, tuple(_in_package(place, match["package"])))
            waiting = []


def _in_package(place: Place, package: str) -> Iterator[Place]:
    """`example.com/m/sub` is a folder `sub` of the module, or deeper where there are several."""
    file, line = place
    parts = package.split("/")
    for at in range(len(parts)):
        yield "/".join([*parts[at:], file]), line
    yield file, line


def _go_panics(lines: Sequence[str]) -> Found:
    said, frames = "", list[Place]()
    for number, line in enumerate([*lines, "FAIL"]):
        if line.startswith("panic: "):
            said, frames = line, []
        elif match := _GO_FRAME.fullmatch(line):
            frames.append(_place(match))
        elif line.startswith("FAIL") and said:
            yield number, Complaint("error", said, tuple(frames))
            said = ""


_READERS: tuple[Callable[[Sequence[str]], Found], ...] = (
    _plain,
    _arrows,
    _rust_panics,
    _stylish,
    _pytest,
    _warnings_of_pytest,
    _tracebacks,
    _go_tests,
    _go_panics,
)
