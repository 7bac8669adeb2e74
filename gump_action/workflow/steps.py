"""From the tree of a file to the records: which keys there are, and what kind a step is.

A faulty value is reported and left out, and the record is made without it, so that one reading
finds every fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from gump_action.errors import Fault
from gump_action.templating import NAMES
from gump_action.workflow import forms
from gump_action.workflow.model import (
    AgentStep,
    ErrorContext,
    GateStep,
    Group,
    Input,
    Step,
    Workflow,
    WorkspaceRules,
)
from gump_action.workflow.tree import Marks, Node, Position, Say, Span, listed, near, suggest

AGENT_KEYS = tuple(key for key in AgentStep.model_fields if key != "prompt_file")
GATE_KEYS = tuple(GateStep.model_fields)
GROUP_KEYS = tuple(Group.model_fields)
ROOT_KEYS = tuple(key for key in Workflow.model_fields if key != "path")
KEYS = {"agent": AGENT_KEYS, "gate": GATE_KEYS, "group": GROUP_KEYS}
LATER_STEP = (
    "parallel",
    "restart_from",
    "replan",
    "workflow",
    "with",
    "guard",
    "hitl",
    "context",
    "max_budget",
)
COMMANDS = ("compile", "test", "lint", "tests_found", "coverage")
MAX_FILE = 1_000_000
# What prompts name themselves, and words that Jinja keeps: no input can be called so.
RESERVED_INPUTS = (
    *NAMES,
    *("true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is"),
    *("if", "else", "elif", "loop", "self", "caller", "varargs", "kwargs", "range", "dict"),
    *("cycler", "joiner", "namespace"),
)

Kind = Literal["agent", "gate", "group"]
Read = Callable[[Node, str, Say], object]


@dataclass(frozen=True)
class Reading:
    """One reading of one file: where faults and lines go, and what prompt files may be read."""

    path: Path
    root: Path
    faults: list[Fault]
    warnings: list[Fault]
    marks: Marks

    def say(self, line: int, message: str) -> None:
        self.faults.append(Fault(self.marks.file, line, message))

    def warn(self, line: int, message: str) -> None:
        self.warnings.append(Fault(self.marks.file, line, message))


def read_workflow(root: Node, reading: Reading) -> Workflow:
    """The whole file as a record; with faults, what could be read of it."""
    entries, say = root.entries, reading.say
    _root_keys(entries, say)
    fields: dict[str, object] = {"name": "", "path": reading.path}
    readers: Mapping[str, Read] = {
        "name": forms.text,
        "description": forms.text,
        "inputs": partial(_inputs, warn=reading.warn),
        "env": forms.env,
        "workspace": _workspace,
        "gates": _commands,
        "error_context": _error_context,
        "max_budget": forms.budget,
    }
    fields |= _fields(entries, readers, say)
    steps = entries.get("steps")
    fields["steps"] = () if steps is None else _steps(steps, (), "the workflow", reading)
    return Workflow.model_validate(fields)


def _root_keys(entries: Mapping[str, Node], say: Say) -> None:
    guessed = set()
    for key, node in entries.items():
        if key in LATER_STEP and key not in ROOT_KEYS:
            say(node.line, forms.later(key))
        elif key not in ROOT_KEYS:
            guessed.add(near(key, ROOT_KEYS))
            say(node.line, _unknown("the workflow", key, ROOT_KEYS))
    for key in ("name", "steps"):
        if key not in entries and key not in guessed:
            say(1, f"the workflow has no `{key}`, so it cannot be run. Add it at the top level.")


def _fields(
    entries: Mapping[str, Node], readers: Mapping[str, Read], say: Say
) -> dict[str, object]:
    """What could be read, by key."""
    fields: dict[str, object] = {}
    for key, read in readers.items():
        if key not in entries:
            continue
        node = entries[key]
        if node.value is None:
            say(node.line, f"`{key}` has no value. Give it one, or take the key out.")
        elif (value := read(node, key, say)) is not None:
            fields[key] = value
    return fields


def _unknown(what: str, key: str, known: Iterable[str]) -> str:
    problem = f'{what} has the unknown key "{key}", which would be ignored'
    return f"{problem}.{suggest(key, known)} Keys: {listed(known)}."


def _map(node: Node, key: str, known: tuple[str, ...], say: Say) -> Mapping[str, Node]:
    """The entries of a map with known keys; empty, and said, where it is something else."""
    if not isinstance(node.value, Mapping):
        say(node.line, f"`{key}` is {node.shown}, but it has to be a map of: {listed(known)}.")
    for word, each in node.entries.items():
        if word not in known:
            say(each.line, _unknown(f"`{key}`", word, known))
    return node.entries


def _workspace(node: Node, key: str, say: Say) -> WorkspaceRules:
    entries = _map(node, key, tuple(WorkspaceRules.model_fields), say)
    readers: Mapping[str, Read] = {"share": forms.shared_paths, "setup": forms.texts}
    return WorkspaceRules.model_validate(_fields(entries, readers, say))


def _error_context(node: Node, key: str, say: Say) -> ErrorContext:
    known = tuple(ErrorContext.model_fields)
    readers: Mapping[str, Read] = {word: forms.number for word in known}
    return ErrorContext.model_validate(_fields(_map(node, key, known, say), readers, say))


def _commands(node: Node, key: str, say: Say) -> Mapping[str, object]:
    readers: Mapping[str, Read] = {word: forms.text for word in COMMANDS}
    return _fields(_map(node, key, COMMANDS, say), readers, say)


def _inputs(node: Node, key: str, say: Say, *, warn: Say) -> Mapping[str, Input]:
    if not isinstance(node.value, Mapping):
        form = "NAME: {description, default, required}"
        say(node.line, f"`{key}` is {node.shown}, but it has to be a map. Write {form}.")
    return {name: _input(name, each, say, warn) for name, each in node.entries.items()}


def _input(name: str, node: Node, say: Say, warn: Say) -> Input:
    if not re.fullmatch(forms.VARIABLE, name):
        problem = f'input "{name}" cannot be named in a prompt'
        say(node.line, f"{problem}. Use letters, digits and `_`, the first no digit.")
    elif name in RESERVED_INPUTS:
        say(node.line, f'input "{name}" has a name that prompts use for something else. Rename it.')
    if node.value is None:
        return Input()
    readers: Mapping[str, Read] = {
        "description": forms.text,
        "default": _scalar,
        "required": forms.flag,
    }
    fields = _fields(_map(node, f"inputs.{name}", tuple(readers), say), readers, say)
    if fields.get("required") and "default" in fields:
        problem = f'input "{name}" is required and has a default, which is thus never used'
        warn(node.line, f"{problem}. Take one of them out.")
    return Input.model_validate(fields)


def _scalar(node: Node, key: str, say: Say) -> str | None:
    if node.is_scalar:
        return node.raw
    say(node.line, f"`{key}` is {node.shown}, but it has to be one text.")
    return None


def _steps(node: Node, position: Position, owner: str, reading: Reading) -> tuple[Step, ...]:
    if not isinstance(node.value, tuple) or not node.value:
        shown = "an empty list" if node.value == () else node.shown
        problem = f"`steps` of {owner} is {shown}, so there is nothing to run"
        reading.say(node.line, f"{problem}. Write a list: - name: …")
        return ()
    found = tuple(_step(each, (*position, index), reading) for index, each in enumerate(node.value))
    _refuse_doubles(found, position, owner, reading)
    return found


def _refuse_doubles(
    steps: tuple[Step, ...], position: Position, owner: str, reading: Reading
) -> None:
    seen: dict[str, tuple[int, str]] = {}
    for index, step in enumerate(steps):
        line = reading.marks.line((*position, index), "name")
        first = seen.setdefault(step.name.casefold(), (line, step.name))
        if step.name and first != (line, step.name):
            same = "" if first[1] == step.name else f', which some systems take for "{first[1]}"'
            problem = f'{owner} has a second step "{step.name}"{same} (the first is at line'
            reading.say(line, f"{problem} {first[0]}), so neither could be named. Rename one.")


def _step(node: Node, position: Position, reading: Reading) -> Step:
    entries = node.entries
    lines = {"": node.line} | {key: each.line for key, each in entries.items()}
    reading.marks.keys[position] = lines
    label = _label(entries, position)
    if not entries:
        problem = f"{label} is {node.shown}, but it has to be a map"
        reading.say(node.line, f"{problem}. Write for instance {{name: fix, agent: claude-opus}}.")
        return GateStep(name="", gate=())

    def say(line: int, message: str) -> None:
        reading.say(line, f"{label}: {message}")

    if "workflow" in entries:
        say(lines["workflow"], forms.later("workflow"))
        return GateStep(name=entries["name"].raw if "name" in entries else "", gate=())
    kind = _kind(entries)
    _step_keys(kind, entries, node.line, say)
    if kind == "group":
        return _group(entries, position, reading, say)
    if kind == "gate":
        return _gate_step(entries, say)
    return _agent_step(entries, position, reading, say)


def _label(entries: Mapping[str, Node], position: Position) -> str:
    name = entries["name"].raw if "name" in entries else ""
    numbers = ".".join(str(index + 1) for index in position)
    return f'step "{name}"' if name else f"step {numbers}"


def _kind(entries: Mapping[str, Node]) -> Kind:
    if "steps" in entries or "foreach" in entries:
        return "group"
    only_agents = set(AGENT_KEYS) - set(GATE_KEYS) - {"on_failure"}
    return "gate" if "gate" in entries and not only_agents & set(entries) else "agent"


def _step_keys(kind: Kind, entries: Mapping[str, Node], line: int, say: Say) -> None:
    if kind == "group" and "agent" in entries:
        problem = "has both `agent` and `steps` or `foreach`, but a step either runs an agent"
        remedy = "Move the agent into a step of its own under `steps`."
        say(entries["agent"].line, f"{problem} or is a group. {remedy}")
        return
    guessed = set()
    for key, node in entries.items():
        if key not in KEYS[kind]:
            guessed.add(near(key, KEYS[kind]))
            _foreign(kind, key, node, say)
    for key, problem in _missing(kind, entries):
        if key not in guessed:
            say(line, problem)


def _foreign(kind: Kind, key: str, node: Node, say: Say) -> None:
    where = {"agent": "an agent step", "gate": "a gate step", "group": "a group"}[kind]
    if key in LATER_STEP:
        say(node.line, forms.later(key))
    elif key == "on_failure":
        say(node.line, f"`on_failure` on {where} is not yet supported. Put it on an agent step.")
    elif key == "gate":
        say(node.line, "a group has no `gate` of its own. Add a gate step at the end of `steps`.")
    elif key in AGENT_KEYS:
        say(node.line, f"a group has no `{key}` of its own. Put it on the steps under `steps`.")
    else:
        say(node.line, _unknown(where, key, KEYS[kind]))


def _missing(kind: Kind, entries: Mapping[str, Node]) -> Iterable[tuple[str, str]]:
    if "name" not in entries:
        yield "name", "has no `name`, so nothing could refer to it. Add one."
    if kind == "group" and "steps" not in entries:
        yield "steps", "has `foreach` but no `steps`, so there is nothing to repeat. Add `steps`."
    if kind == "agent" and "agent" not in entries:
        what = next((key for key in ("prompt", "output", "session") if key in entries), "")
        seen = f"has `{what}` but no `agent`" if what else "has no `agent`, no `gate`, no `steps`"
        yield "agent", f"{seen}, so nothing would be done. Add for instance `agent: claude-opus`."


_COMMON: Mapping[str, Read] = {
    "name": forms.step_name,
    "gate": forms.gates,
    "timeout": forms.duration,
    "env": forms.env,
}
_AGENT: Mapping[str, Read] = {
    **_COMMON,
    "agent": forms.agent,
    "output": forms.output,
    "session": forms.session,
    "on_failure": forms.on_failure,
    "idle_timeout": forms.duration,
}


def _group(entries: Mapping[str, Node], position: Position, reading: Reading, say: Say) -> Group:
    readers: Mapping[str, Read] = {"name": forms.step_name, "foreach": forms.text}
    fields = {"name": _name(entries)} | _fields(entries, readers, say)
    steps = entries.get("steps")
    label = _label(entries, position)
    fields["steps"] = () if steps is None else _steps(steps, position, label, reading)
    return Group.model_validate(fields)


def _gate_step(entries: Mapping[str, Node], say: Say) -> GateStep:
    fields = {"name": _name(entries), "gate": ()} | _fields(entries, _COMMON, say)
    return GateStep.model_validate(fields)


def _agent_step(
    entries: Mapping[str, Node], position: Position, reading: Reading, say: Say
) -> AgentStep:
    fields = {"name": _name(entries), "agent": ""} | _fields(entries, _AGENT, say)
    if "prompt" in entries:
        fields |= _prompt(entries["prompt"], position, reading, say)
    return AgentStep.model_validate(fields)


def _name(entries: Mapping[str, Node]) -> str:
    """The name as it stands, also a faulty one: other steps may refer to it."""
    return entries["name"].raw if "name" in entries else ""


def _prompt(node: Node, position: Position, reading: Reading, say: Say) -> dict[str, object]:
    marks = reading.marks
    if set(node.entries) == {"file"}:
        name = forms.text(node.entries["file"], "prompt: file", say)
        text = None if name is None else _prompt_file(name, node.entries["file"], reading, say)
        if name is None or text is None:
            return {}
        marks.prompts[position] = Span(str(Path(marks.file).parent / name), 1, literal=True)
        return {"prompt": text, "prompt_file": name}
    read = _fields({"prompt": node}, {"prompt": forms.text}, say)
    marks.prompts[position] = Span(marks.file, node.text_line, node.literal)
    return read


def _prompt_file(name: str, node: Node, reading: Reading, say: Say) -> str | None:
    path = (reading.path.parent / name).resolve()
    if Path(name).is_absolute() or not path.is_relative_to(reading.root):
        problem = f"the prompt file {node.shown} lies outside of {reading.root}"
        say(node.line, f"{problem}, so it would not travel with the workflow. Move it there.")
        return None
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE + 1).decode("utf-8-sig")
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or "it is not UTF-8 text"
        problem = f"the prompt file {node.shown} cannot be read: {reason}"
        say(node.line, f"{problem}. Paths are relative to the workflow file: {path}.")
        return None
    if len(text) > MAX_FILE or "\0" in text or not text.strip():
        problem = f"the prompt file {node.shown} is blank, not text, or longer than {MAX_FILE}"
        say(node.line, f"{problem} characters. Write the prompt into it.")
        return None
    return text
