"""What a comment asks of us: `/gump WORKFLOW [name=value …] [free text]`, `again`, `stop`, `help`.

Only a line of the writer's own counts: no quote, no code, nothing folded or hidden.  Whether the
writer may ask is `policy`'s.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from gump_action.host.outside.cleaning import is_seen
from gump_action.host.outside.spoken import spoken_lines
from gump_action.host.words import code

NAME = "/gump"

_LONGEST_LINE = 4000
_LONGEST_VALUE = 1000
_MOST_SETS = 20
WORKFLOW = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""Names of workflows that can be asked for."""
_BLANKS = " \t\u00a0"
_SET = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_-]{0,99})=(?P<rest>.*)", re.DOTALL)
_QUOTED = {
    '"': re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"'),
    "'": re.compile(r"'(?P<text>[^']*)'"),
}
_CURLED = "\u2018\u2019\u201c\u201d\u201e\u201a\u00ab\u00bb"

Workflows = Mapping[str, Collection[str]]
"""The workflows that may be asked for, each with the names of its inputs."""


class Verb(StrEnum):
    """What is asked."""

    RUN = "run"
    AGAIN = "again"
    STOP = "stop"
    HELP = "help"


@dataclass(frozen=True)
class Command:
    """`workflow` is empty for `again` and `stop` of whatever ran last, and for `help`.

    `text` is free: what stands behind the values, and all lines after that.
    """

    verb: Verb
    workflow: str = ""
    sets: tuple[tuple[str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True)
class Fault:
    """It is meant for us and cannot be understood; `why` is for people, as Markdown."""

    why: str


def speaks_to_us(comment: str) -> bool:
    """Whether a line of its writer's own begins with `/gump`, be it understood or not."""
    return any(line is not None and _is_for_us(line) for line in spoken_lines(comment))


def parse_command(comment: str, known: Workflows) -> Command | Fault | None:
    """What this comment asks; None where it does not speak to us."""
    lines = spoken_lines(comment)
    ours = [at for at, line in enumerate(lines) if line is not None and _is_for_us(line)]
    if not ours:
        return None
    if len(ours) > 1:
        return Fault(f"There are {len(ours)} commands in one comment, and one is done. Write one.")
    line = lines[ours[0]] or ""
    after = comment.replace("\r\n", "\n").split("\n")[ours[0] + 1 :]
    return _parse_line(line, "\n".join(after).strip(), known)


def _is_for_us(line: str) -> bool:
    word = re.split(f"[{_BLANKS}]", line, maxsplit=1)[0]
    return "".join(filter(is_seen, word)).lower() == NAME


def _parse_line(line: str, after: str, known: Workflows) -> Command | Fault:
    if fault := _fault_of_form(line):
        return fault
    word, rest = _split(line[len(NAME) :].strip(_BLANKS))
    match word:
        case "" | "help":
            return Command(Verb.HELP)
        case "again" | "stop":
            return _of_a_run(Verb(word), rest, known)
    name = _known(word, known)
    if isinstance(name, Fault):
        return name
    return _with_sets(name, rest, after, known[name])


def _fault_of_form(line: str) -> Fault | None:
    if not all(map(is_seen, line)):
        return Fault("There are characters in the command that nobody can see. Type it anew.")
    if not line.startswith(NAME):
        return Fault(f"A command begins with {code(NAME)}, in small letters.")
    if len(line) > _LONGEST_LINE:
        return Fault(
            f"The line of the command has more than {_LONGEST_LINE} characters. "
            "Put the long text on the lines below it."
        )
    return None


def _of_a_run(verb: Verb, rest: str, known: Workflows) -> Command | Fault:
    word, more = _split(rest)
    if not word:
        return Command(verb)
    if more:
        return Fault(
            f"{code(f'{NAME} {verb}')} takes the name of a workflow or nothing, "
            f"and {code(rest)} is more than that."
        )
    name = _known(word, known, verbs=())
    return name if isinstance(name, Fault) else Command(verb, name)


_VERBS = ("again", "stop", "help")


def _known(word: str, known: Workflows, verbs: tuple[str, ...] = _VERBS) -> str | Fault:
    # Never a path: a comment chooses among what the project has made ready for it.
    if WORKFLOW.fullmatch(word) and word in known:
        return word
    near = _near(word, [*known, *verbs])
    names = ", ".join(map(code, sorted(known))) or "none"
    return Fault(f"There is no workflow {code(word[:100])} to ask for.{near} Workflows: {names}.")


def _near(word: str, names: Collection[str]) -> str:
    close = get_close_matches(re.sub(r"\.ya?ml$", "", word[:100].lower()), list(names), n=1)
    return f" Did you mean {code(close[0])}?" if close else ""


def _with_sets(workflow: str, rest: str, after: str, inputs: Collection[str]) -> Command | Fault:
    sets: dict[str, str] = {}
    while found := _SET.match(rest):
        taken = _value(found["name"], found["rest"])
        if isinstance(taken, Fault):
            return taken
        value, rest = taken
        if fault := _fault_of_set(found["name"], value, workflow, inputs):
            return fault
        if found["name"] in sets:
            return Fault(f"{code(found['name'])} is given twice.")
        if len(sets) == _MOST_SETS:
            return Fault(f"There are more than {_MOST_SETS} values.")
        sets[found["name"]] = value
    if fault := _fault_of_blanks(rest, inputs):
        return fault
    word, behind = _split(rest)
    free = behind if word == "--" else rest
    return Command(Verb.RUN, workflow, tuple(sets.items()), f"{free}\n{after}".strip())


def _value(name: str, rest: str) -> tuple[str, str] | Fault:
    """The value, and what stands behind it."""
    if rest[:1] in _QUOTED:
        found = _QUOTED[rest[0]].match(rest)
        if found is None:
            return Fault(f"The quote after {code(name + '=')} is not closed on this line.")
        behind = rest[found.end() :]
        if behind and behind[0] not in _BLANKS:
            return Fault(f"Behind the closing quote of {code(name)} a blank is missing.")
        text = found["text"]
        value = re.sub(r"\\([\"\\])", r"\1", text) if rest[0] == '"' else text
        return value, behind.strip(_BLANKS)
    if rest[:1] in ("", *_BLANKS):
        return "", rest.strip(_BLANKS)
    value, behind = _split(rest)
    if value[0] in _CURLED:
        return Fault(f"{code(name)} has curled quotes; write straight ones ({code(chr(34))}).")
    return value, behind


def _fault_of_set(name: str, value: str, workflow: str, inputs: Collection[str]) -> Fault | None:
    if name not in inputs:
        names = ", ".join(map(code, sorted(inputs))) or "none"
        return Fault(
            f"{code(workflow)} has no input {code(name)}.{_near(name, inputs)} Inputs: {names}. "
            f"For text that looks like one, write {code('--')} before it."
        )
    if len(value) > _LONGEST_VALUE:
        return Fault(f"The value of {code(name)} has more than {_LONGEST_VALUE} characters.")
    return None


def _fault_of_blanks(rest: str, inputs: Collection[str]) -> Fault | None:
    """`name = value` is meant for a value, and would be text."""
    word, behind = _split(rest)
    if word in inputs and behind.startswith("="):
        return Fault(f"Write {code(word + '=…')} without blanks round the {code('=')}.")
    return None


def _split(text: str) -> tuple[str, str]:
    """The first word and the rest."""
    word, *rest = re.split(f"[{_BLANKS}]+", text.strip(_BLANKS), maxsplit=1)
    return word, rest[0] if rest else ""
