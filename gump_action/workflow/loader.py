"""Reads a workflow file: the only user of YAML, and where every fault of a file comes together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from gump_action.errors import Fault, InputError, WorkflowError
from gump_action.workflow.model import Workflow
from gump_action.workflow.steps import Reading, read_workflow
from gump_action.workflow.tree import Marks, Node, listed, suggest
from gump_action.workflow.validate import check

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40
BUILTIN = Path(__file__).parent / "builtin"
_SUFFIXES = (".yaml", ".yml")
_TEXT_TAG = "tag:yaml.org,2002:str"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML 1.2: `on`, `yes`, `12:30` and dates are texts, as most people expect.
_NULL = ("", "~", "null", "Null", "NULL")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?\d{1,18}")
_FLOAT = re.compile(r"[-+]?(\.\d{1,18}|\d{1,18}(\.\d{0,18})?)([eE][-+]?\d{1,2})?")


@dataclass(frozen=True)
class Loaded:
    """A workflow without faults, and what may be worth a look."""

    workflow: Workflow
    warnings: tuple[Fault, ...]


def load(path: Path) -> Loaded:
    """Reads a workflow file; raises WorkflowError with all of its faults, sorted by line."""
    faults: list[Fault] = []
    warnings: list[Fault] = []
    marks = Marks(str(path))
    root = _parse(_read(path), str(path), faults)
    reading = Reading(path, _root_of(path), faults, warnings, marks)
    workflow = read_workflow(root, reading)
    found = check(workflow, marks)
    if every := [*faults, *found.faults]:
        raise WorkflowError(_sorted(every, path))
    return Loaded(workflow, _sorted([*warnings, *found.warnings], path))


def read_map(text: str, file: str) -> Node:
    """Any other YAML file that is a map, such as a host workflow, with the line of each value.

    Raises WorkflowError where it is no YAML, or no map.
    """
    return _parse(text, file, [])


def find_workflow(name_or_path: str, repo: Path) -> Path:
    """A name in `.gump/workflows/`, a built-in, or a path, in this order.

    A bare word is a name first: of a file in the working directory anybody could have made one.
    """
    own, builtin = named(repo), _named(BUILTIN)
    for known in (own, builtin):
        if name_or_path in known:
            return known[name_or_path]
    with suppress(OSError):  # a name that is too long for any file
        if Path(name_or_path).is_file():
            return Path(name_or_path)
    problem = f'there is no workflow "{name_or_path}", neither as a file nor by name.'
    names = f"{suggest(name_or_path, [*own, *builtin])} In .gump/workflows/: "
    hint = f"{names}{listed(own) or 'none'}. Built in: {listed(builtin)}."
    raise InputError(problem, hint=hint.lstrip())


def named(repo: Path) -> dict[str, Path]:
    """The project's own workflows, by the names that their files give them."""
    return _named(repo / ".gump" / "workflows")


def _named(folder: Path) -> dict[str, Path]:
    # Of NAME.yaml and NAME.yml the first wins.
    files = [path for path in folder.glob("*.y*ml") if path.suffix in _SUFFIXES]
    by_stem = {path.stem: path for path in sorted(files, reverse=True) if path.is_file()}
    return dict(sorted(by_stem.items()))


def _sorted(faults: list[Fault], path: Path) -> tuple[Fault, ...]:
    """By line, those of prompt files last."""
    unique = dict.fromkeys(faults)
    return tuple(sorted(unique, key=lambda each: (each.file != str(path), each.file, each.line)))


def _root_of(path: Path) -> Path:
    """The folder that prompt files must not leave: the repository, else that of the workflow."""
    folder = path.resolve().parent
    for each in (folder, *folder.parents):
        if (each / ".git").exists():
            return each
        if each.name == ".gump":
            return each.parent
    return folder


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as failure:
        raise _refusal(path, f"cannot be read: {failure.strerror}. Name a workflow file.") from None
    except UnicodeDecodeError as failure:
        line = failure.object[: failure.start].count(b"\n") + 1
        message = "this line is not UTF-8 text, so it cannot be read. Save the file as UTF-8."
        raise WorkflowError([Fault(str(path), line, message)]) from None
    if len(content) > MAX_BYTES:
        raise _refusal(path, f"the file is longer than {MAX_BYTES} bytes. Make it shorter.")
    return text


def _refusal(path: Path, message: str) -> WorkflowError:
    return WorkflowError([Fault(str(path), 1, message)])


def _parse(text: str, file: str, faults: list[Fault]) -> Node:
    try:
        root = _Events(file, yaml.parse(text, Loader=_LOADER), faults).document()
    except yaml.MarkedYAMLError as failure:
        raise WorkflowError([*faults, _syntax_fault(failure, text, file)]) from None
    except yaml.YAMLError as failure:
        # A character that YAML does not allow: it has no mark.
        position = getattr(failure, "position", 0)
        line = text.encode()[:position].count(b"\n") + 1
        message = "a character stands here that YAML does not allow. Take it out."
        raise WorkflowError([Fault(file, line, message)]) from None
    if not isinstance(root.value, Mapping):
        shown = "is empty" if root.value is None else f"holds {root.shown} at its top"
        raise WorkflowError(
            [Fault(file, 1, f"the file {shown}, but a workflow is a map. Begin with name: …")]
        )
    return root


def _syntax_fault(failure: yaml.MarkedYAMLError, text: str, file: str) -> Fault:
    mark = failure.problem_mark or failure.context_mark
    line = mark.line if mark else 0
    lines = [*text.splitlines(), ""]
    source = lines[min(line, len(lines) - 1)]
    return Fault(file, line + 1, f"this is not YAML: {failure.problem}. {_remedy(source)}")


def _remedy(source: str) -> str:
    if session := re.search(r"session:\s*reuse:\s*([\w.-]*)", source):
        step = session[1] or "STEP"
        return f'Write session: "reuse: {step}" in quotes, or session: {{reuse: {step}}}.'
    if "\t" in source:
        return "Indent with blanks: YAML allows no tabs."
    if re.search(r"""(:|-)\s+[*&!%@`]""", source):
        return "Put a text that begins with a special character in quotes."
    if re.search(r":\s.*:\s", source):
        return "Put a text with `: ` in it in quotes."
    return "Look at quotes, brackets and indentation here and in the lines before."


class _Stop(WorkflowError):
    """Nothing more of this file can be read."""


@dataclass
class _Events:
    """A stream of YAML events that is read once, from its first to its last."""

    file: str
    events: Iterator[yaml.Event]
    faults: list[Fault]
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    count: int = 0

    def document(self) -> Node:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, 1)
        root = self._node(next(self.events), 0)
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self._say(event, "a second document begins here, which would be ignored. Take it out.")
        return root

    def _say(self, event: yaml.Event, message: str) -> None:
        self.faults.append(Fault(self.file, _line(event), message))

    def _stop(self, event: yaml.Event, message: str) -> _Stop:
        return _Stop([*self.faults, Fault(self.file, _line(event), message)])

    def _node(self, event: yaml.Event, depth: int) -> Node:
        before = self.count
        self._spend(event, 1)
        if depth > MAX_DEPTH:
            raise self._stop(event, f"values are nested deeper than {MAX_DEPTH}. Make them flat.")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._check_tag(event)
        node = self._value(event, depth)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self.anchors[event.anchor] = (node, self.count - before)
        return node

    def _check_tag(self, event: yaml.Event) -> None:
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", _TEXT_TAG):
            self._say(event, f'the tag "{tag}" means nothing in a workflow. Take it out.')

    def _spend(self, event: yaml.Event, nodes: int) -> None:
        self.count += nodes
        if self.count > MAX_NODES:
            problem = f"the file has more than {MAX_NODES} values, its aliases written out"
            raise self._stop(event, f"{problem}. Make it shorter.")

    def _alias(self, event: yaml.AliasEvent) -> Node:
        if event.anchor not in self.anchors:
            problem = f'the alias "*{event.anchor}" names no anchor that was closed before it'
            raise self._stop(event, f"{problem}. Put a text that begins with `*` in quotes.")
        node, size = self.anchors[event.anchor]
        self._spend(event, size)
        return replace(node, line=_line(event))

    def _value(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            literal = event.style == "|"
            first = line + 1 if event.style in ("|", ">") else line
            return Node(_scalar(event), line, event.value, first, literal)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(tuple(self._entries(depth)), line)
        return Node(self._mapping(depth), line)

    def _entries(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> Mapping[str, Node]:
        found: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self.events), depth + 1)
            if isinstance(key.value, tuple | Mapping):
                self._say(event, f"a key is {key.shown}, but it has to be text. Put it in quotes.")
            elif key.raw == "<<":
                merged = self._merged(event, value) | merged
            elif key.raw in found:
                first = found[key.raw].line
                problem = f'the key "{key.raw}" is here twice (first at line {first})'
                self._say(event, f"{problem}, so one of them would be lost. Take one out.")
            else:
                found[key.raw] = replace(value, line=key.line)
        return merged | found

    def _merged(self, event: yaml.Event, value: Node) -> dict[str, Node]:
        """The entries that `<<` takes over; of several maps the first has the last word."""
        several = value.value if isinstance(value.value, tuple) else (value,)
        found: dict[str, Node] = {}
        for each in several:
            if not isinstance(each.value, Mapping):
                self._say(event, f"`<<` takes over {each.shown}, but it has to be a map.")
            found = dict(each.entries) | found
        return found


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    text: str = event.value
    if event.style or event.tag:
        return text
    if text in _NULL:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
