"""The spellings of single values: one function for each kind of value, `None` after a fault.

Which keys a step may have is `steps`'; how values agree with each other is `validate`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import get_args

from gump_action import environment
from gump_action.workflow.model import (
    PROVIDERS,
    Gate,
    GateKind,
    OnFailure,
    OutputKind,
    Session,
    Strategy,
    Variable,
)
from gump_action.workflow.tree import Node, Say, listed, suggest

STEP_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?"
MODEL = r"[A-Za-z0-9_][A-Za-z0-9_.:/@+\[\]-]*"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
USD = r"\d{1,9}(\.\d{1,6})?"
NO_BUDGET = "which is no amount of US dollars. Write a number greater than 0, such as 2.50."
MAX_NAME = 64
MAX_RETRY = 100
MAX_SECONDS = 30 * 24 * 3600
SESSIONS = ("fresh", "reuse", "reuse-on-retry")
GATES: tuple[GateKind, ...] = get_args(GateKind)
OUTPUTS: tuple[OutputKind, ...] = get_args(OutputKind)
STRATEGIES = ("same", "escalate")
_STRATEGY_FORMS = 'Strategies: same, "same: 3", "escalate: AGENT".'
LATER_ON_FAILURE = ("restart_from", "replan", "gate_fail", "guard_fail", "review_fail")
_DURATION = re.compile(r"(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
NEEDS = {
    "bash": ("a command", "bash: make check"),
    "touched": ("a glob", "touched: tests/**"),
    "untouched": ("a glob", "untouched: tests/**"),
    "coverage": ("a number", "coverage: 80"),
}


def text(node: Node, key: str, say: Say) -> str | None:
    if isinstance(node.value, str) and node.value.strip():
        return node.value
    if isinstance(node.value, str):
        say(node.line, f"`{key}` is blank. Write a text, or take the key out.")
        return None
    hint = "Put it in quotes."
    if node.entries and all(each.value is None for each in node.entries.values()):
        hint = "A text that begins with `{` must be put in quotes."
    say(node.line, f"`{key}` is {node.shown}, but it has to be text. {hint}")
    return None


def later(key: str) -> str:
    return f"`{key}` is not yet supported, so it would have no effect. Take it out."


def number(node: Node, key: str, say: Say) -> int | None:
    if isinstance(node.value, int) and not isinstance(node.value, bool) and node.value >= 0:
        return node.value
    problem = f"`{key}` is {node.shown}, which is not a count"
    say(node.line, f"{problem}. Write a whole number, 0 or more.")
    return None


def flag(node: Node, key: str, say: Say) -> bool | None:
    if isinstance(node.value, bool):
        return node.value
    say(node.line, f"`{key}` is {node.shown}, but it has to be true or false.")
    return None


def step_name(node: Node, key: str, say: Say) -> str | None:
    given = text(node, key, say)
    if given is None:
        return None
    if len(given) > MAX_NAME:
        problem = f"`{key}` has {len(given)} characters, too many for a part of a path"
        say(node.line, f"{problem}. Use at most {MAX_NAME}.")
        return None
    if not re.fullmatch(STEP_NAME, given) or ".." in given or given.endswith(".lock"):
        problem = f"`{key}` is {node.shown}, which cannot be a part of a path"
        allowed = "ASCII letters, digits, `-`, `_` and `.` (`.` and `-` not first, `.` not last"
        say(node.line, f"{problem}. Use {allowed}, no `..`, no `.lock` at the end).")
        return None
    return given


def agent(node: Node, key: str, say: Say) -> str | None:
    given = text(node, key, say)
    return None if given is None else _agent(given, node.line, say)


def _agent(given: str, line: int, say: Say) -> str | None:
    problem = agent_problem(given)
    if problem:
        say(line, f"agent {problem}")
    return None if problem else given


def agent_problem(given: str) -> str:
    """What is wrong with an agent's name, and what to do; empty where nothing is."""
    provider, dash, model = given.partition("-")
    if provider not in PROVIDERS:
        near = suggest(provider, PROVIDERS)
        problem = f'"{given}" is of the unknown provider "{provider}"'
        return f"{problem}, so nothing can run it.{near} Known: {listed(PROVIDERS)}."
    if dash and not re.fullmatch(MODEL, model):
        problem = f'"{given}" names no model that could be given to a CLI'
        return f"{problem}. Write {provider}, or for instance {provider}-MODEL."
    return ""


def output(node: Node, key: str, say: Say) -> OutputKind | None:
    for kind in OUTPUTS:
        if node.value == kind:
            return kind
    problem = f"`{key}` is {node.shown}, which is no kind of output"
    say(node.line, f"{problem}.{suggest(node.raw, OUTPUTS)} Kinds: {listed(OUTPUTS)}.")
    return None


def session(node: Node, key: str, say: Say) -> Session | None:
    word, argument = _pair(node) or ("", None)
    match word, argument:
        case ("fresh" | "reuse" | "reuse-on-retry") as mode, None:
            return Session(mode=mode)
        case "reuse", str(step) if step:
            return Session(mode="reuse-step", step=step)
    problem = f"`{key}` is {node.shown}, which is no session mode"
    modes = f'{listed(SESSIONS)}, and "reuse: STEP" in quotes'
    say(node.line, f"{problem}.{suggest(node.raw, SESSIONS)} Modes: {modes}.")
    return None


def gates(node: Node, key: str, say: Say) -> tuple[Gate, ...] | None:
    found = []
    for each in _listed(node, key, say):
        if (gate := _gate(each, say)) is not None:
            found.append(gate)
    return tuple(found) or None


def _gate(node: Node, say: Say) -> Gate | None:
    pair = _pair(node)
    if pair is None:
        problem = f"a gate is {node.shown}, which cannot be read as one"
        say(node.line, f'{problem}. Write a name, or "NAME: ARGUMENT" in quotes.')
        return None
    word, argument = pair
    for kind in GATES:
        if word == kind:
            return _with_argument(kind, argument or "", node.line, say)
    problem = f'gate "{word}" is not known, so nothing would be checked'
    say(node.line, f"{problem}.{suggest(word, GATES)} Gates: {listed(GATES)}.")
    return None


def _with_argument(kind: GateKind, argument: str, line: int, say: Say) -> Gate | None:
    if kind in NEEDS and not argument:
        what, example = NEEDS[kind]
        say(line, f'gate "{kind}" lacks {what}, so it has nothing to check. E.g. "{example}".')
        return None
    if kind not in NEEDS and argument:
        problem = f'gate "{kind}" takes no argument, but has "{argument}"'
        say(line, f'{problem}. Write "{kind}" alone, or "bash: COMMAND".')
        return None
    if kind == "coverage" and not _is_percent(argument):
        problem = f'gate "coverage" has "{argument}", which is not a number from 0 to 100'
        say(line, f'{problem}. Write "coverage: 80", for instance.')
        return None
    return Gate(kind=kind, argument=argument)


def _is_percent(argument: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(\.\d+)?", argument)) and float(argument) <= 100


def on_failure(node: Node, key: str, say: Say) -> OnFailure | None:
    if not node.entries:
        problem = f"`{key}` is {node.shown}, but it has to be a map"
        say(node.line, f"{problem}. Write {{retry: 2, strategy: [same]}}, for instance.")
        return None
    for word, each in node.entries.items():
        if word in LATER_ON_FAILURE:
            say(each.line, later(f"{key}: {word}"))
        elif word not in ("retry", "strategy"):
            near = suggest(word, ("retry", "strategy"))
            problem = f'`{key}` has the unknown key "{word}", which would be ignored'
            say(each.line, f"{problem}.{near} Keys: retry, strategy.")
    retry = _retry(node.entries.get("retry"), say)
    return OnFailure(retry=retry, strategy=_strategies(node.entries.get("strategy"), say))


def _retry(node: Node | None, say: Say) -> int:
    if node is None:
        return 0
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_RETRY:
        return value
    problem = f"`retry` is {node.shown}, which is not a number of further attempts"
    say(node.line, f"{problem}. Write a whole number from 0 to {MAX_RETRY}.")
    return 0


def _strategies(node: Node | None, say: Say) -> tuple[Strategy, ...]:
    if node is None:
        return OnFailure().strategy
    found = [each for entry in _listed(node, "strategy", say) for each in _strategy(entry, say)]
    return tuple(found) or OnFailure().strategy


def _strategy(node: Node, say: Say) -> Iterator[Strategy]:
    match _pair(node):
        case None:
            say(node.line, f"a strategy is {node.shown}, which says nobody. {_STRATEGY_FORMS}")
        case "same", None:
            yield Strategy(kind="same")
        case "same", str(count):
            yield from _repeated(count, node.line, say)
        case "escalate", name:
            yield from _escalated(name or "", node.line, say)
        case "replan", _:
            say(node.line, later("replan"))
        case other:
            word = other[0]
            problem = f'strategy "{word}" is not known, so nobody would know who goes on'
            say(node.line, f"{problem}.{suggest(word, STRATEGIES)} {_STRATEGY_FORMS}")


def _escalated(name: str, line: int, say: Say) -> Iterator[Strategy]:
    if not name:
        problem = "strategy `escalate` names no agent, so nobody could go on"
        say(line, f'{problem}. Write "escalate: claude-opus", for instance.')
    elif (known := _agent(name, line, say)) is not None:
        yield Strategy(kind="escalate", agent=known)


def _repeated(count: str, line: int, say: Say) -> Iterator[Strategy]:
    if re.fullmatch(r"\d{1,3}", count) and 1 <= int(count) <= MAX_RETRY:
        yield from (Strategy(kind="same") for _ in range(int(count)))
        return
    problem = f'strategy `same` has "{count}", which is not a number of attempts'
    say(line, f'{problem}. Write "same: 3", for instance (1 to {MAX_RETRY}).')


def duration(node: Node, key: str, say: Say) -> float | None:
    seconds = _seconds(node)
    if seconds is not None and 0 < seconds <= MAX_SECONDS:
        return seconds
    problem = f"`{key}` is {node.shown}, which is not a time to wait"
    forms = "90s, 5m, 1h30m or a number of seconds (more than 0, at most 30 days)"
    say(node.line, f"{problem}. Write {forms}.")
    return None


def _seconds(node: Node) -> float | None:
    match node.value:
        case bool():
            return None
        case int() | float():
            return float(node.value)
        case str(given) if re.fullmatch(r"\d{1,9}", given):
            return float(given)
        case str(given) if len(given) < 30 and (match := _DURATION.fullmatch(given)):
            hours, minutes, seconds = (int(part or 0) for part in match.groups())
            return float(hours * 3600 + minutes * 60 + seconds)
    return None


def budget(node: Node, key: str, say: Say) -> float | None:
    usd = None if isinstance(node.value, bool) else parse_usd(node.raw)
    if usd is None:
        say(node.line, f"`{key}` is {node.shown}, {NO_BUDGET}")
    return usd


def parse_usd(given: str) -> float | None:
    """Dollars as `2.50`; None for what is no amount, or none that could be spent."""
    usd = float(given) if re.fullmatch(USD, given.strip(), re.ASCII) else 0.0
    return usd if usd > 0 else None


def env(node: Node, key: str, say: Say) -> tuple[Variable, ...] | None:
    found: dict[str, Variable] = {}
    for line, name, value in _variables(node, key, say):
        if not re.fullmatch(VARIABLE, name):
            problem = f'`{key}` has "{name}", which is no name of a variable'
            say(line, f"{problem}. Use letters, digits and `_`: NAME, NAME=value or NAME: value.")
        elif name in found:
            say(line, f'`{key}` names "{name}" twice, so one of them would be lost. Keep one.')
        elif why := environment.why_not(name, value):
            say(line, f"`{key}` {why}")
        else:
            found[name] = Variable(name=name, value=value)
    return tuple(found.values())


def _variables(node: Node, key: str, say: Say) -> Iterator[tuple[int, str, str | None]]:
    entries = (node,) if node.entries else _listed(node, key, say)
    for entry in entries:
        if isinstance(entry.value, str):
            name, equals, value = entry.value.partition("=")
            yield entry.line, name.strip(), value if equals else None
        elif not entry.entries:
            problem = f"`{key}` has {entry.shown}, which names no variable"
            say(entry.line, f"{problem}. Write NAME, NAME=value or NAME: value.")
        for name, each in entry.entries.items():
            if each.is_scalar or each.value is None:
                yield each.line, name, None if each.value is None else each.raw
            else:
                say(each.line, f"`{key}`: {name} is {each.shown}, but it has to be text.")


def texts(node: Node, key: str, say: Say) -> tuple[str, ...]:
    """One text, or a list of them."""
    found = (text(each, key, say) for each in _listed(node, key, say))
    return tuple(each for each in found if each is not None)


def shared_paths(node: Node, key: str, say: Say) -> tuple[str, ...]:
    """Paths inside the repository, without `..`."""
    found = []
    for each in _listed(node, key, say):
        path = text(each, key, say)
        if path is None:
            continue
        parts = PurePosixPath(path).parts
        if path.startswith(("/", "~")) or ".." in parts or not parts or parts[0] == ".git":
            problem = f"`{key}` has {each.shown}, which is not a path inside the repository"
            say(each.line, f"{problem}. Write one like node_modules, from its top, without `..`.")
        else:
            found.append(str(PurePosixPath(path)))
    return tuple(found)


def _listed(node: Node, key: str, say: Say) -> tuple[Node, ...]:
    """The entries of a list; one value stands for a list of one."""
    if not isinstance(node.value, tuple):
        return (node,)
    if not node.value:
        say(node.line, f"`{key}` is an empty list. Name at least one, or take the key out.")
    return node.value


def _pair(node: Node) -> tuple[str, str | None] | None:
    """`word`, `"word: argument"` and the map `word: argument`, as word and argument."""
    if isinstance(node.value, str):
        word, colon, argument = node.value.partition(":")
        return word.strip(), argument.strip() if colon else None
    if len(node.entries) != 1:
        return None
    [(word, inner)] = node.entries.items()
    if inner.value is None:
        return word, ""
    return (word, inner.raw.strip()) if inner.is_scalar else None
