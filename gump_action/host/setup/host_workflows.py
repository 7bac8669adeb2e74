"""Reads host workflows: which jobs use our action, what these are granted, and what they name.

Only what GitHub goes by is read; what is missing is said by `needs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from gump_action.workflow import loader
from gump_action.workflow.tree import Node

Level = Literal["none", "read", "write"]
FOLDER = ".github/workflows"
_OURS = re.compile(r"gump/action(@.*)?", re.IGNORECASE | re.DOTALL)
_PINNED = re.compile(r"[^@]+@[0-9a-f]{40}")
_SECRET = re.compile(r"\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)")
_LABEL = re.compile(r"label\.name == '([^']+)'")
_ANY_LABEL = re.compile(r"label\.name, 'gump:'")
_COMMENTED = re.compile(r"^\s*#.*$", re.MULTILINE)
# Every job has it without being granted.
_OF_THE_JOB = "GITHUB_TOKEN"
_LEVELS: tuple[Level, ...] = ("none", "read", "write")


@dataclass(frozen=True)
class Rights:
    """What a job's token may do: `names` those that are written down, `rest` all others.

    With `is_default` nothing is written down, and the repository's setting counts.
    """

    names: Mapping[str, Level]
    rest: Level = "none"
    is_default: bool = False

    def holds(self, name: str, level: Level) -> bool:
        """Whether it is granted, as far as it is written down."""
        return _LEVELS.index(self.names.get(name, self.rest)) >= _LEVELS.index(level)


@dataclass(frozen=True)
class Use:
    """One `uses: gump/action` of a job, with its inputs as they are written."""

    job: str
    line: int
    rights: Rights
    inputs: Mapping[str, str]

    def input(self, name: str, default: str = "") -> str:
        return self.inputs.get(name, "").strip() or default


@dataclass(frozen=True)
class HostWorkflow:
    """One file; `about` is the first sentence of its first comment, `events` what starts it.

    `follows` are the host workflows after which it starts, by their names.  `actions` are all that
    it uses, as they are written; `secrets`, `labels` and `environments` what it names, and
    `takes_labels` says that any label `gump:NAME` starts it.
    """

    file: str
    about: str
    title: str
    events: tuple[str, ...]
    follows: tuple[str, ...]
    actions: tuple[str, ...]
    environments: tuple[str, ...]
    secrets: tuple[str, ...]
    labels: tuple[str, ...]
    takes_labels: bool
    uses: tuple[Use, ...]

    @property
    def opens_pulls(self) -> bool:
        """Whether it may open pull requests, as far as its words tell."""
        return any(use.input("publish") == "pull-request" for use in self.uses)


def read_host_workflow(text: str, file: str) -> HostWorkflow:
    """Raises WorkflowError where the file is no YAML."""
    root = loader.read_map(text, file).entries
    top = root.get("permissions")
    jobs = _map(root, "jobs")
    first = text.partition("\n")[0]
    code = _COMMENTED.sub("", text)
    return HostWorkflow(
        file=file,
        about=first.lstrip("# ").partition(". ")[0] if first.startswith("#") else "",
        title=root["name"].raw if "name" in root else file,
        events=_events(root.get("on")),
        follows=tuple(each.raw for each in _follows(_map(root, "on"))),
        actions=tuple(_actions(jobs)),
        environments=tuple(dict.fromkeys(filter(None, map(_environment, jobs.values())))),
        secrets=tuple(name for name in dict.fromkeys(_SECRET.findall(code)) if name != _OF_THE_JOB),
        labels=tuple(dict.fromkeys(_LABEL.findall(code))),
        takes_labels=bool(_ANY_LABEL.search(code)),
        uses=tuple(use for name, job in jobs.items() for use in _uses(name, job, top)),
    )


def is_pinned(action: str) -> bool:
    """Whether it is named by a commit; what lies in the repository itself needs none."""
    return action.startswith("./") or bool(_PINNED.fullmatch(action))


def _uses(name: str, job: Node, top: Node | None) -> Iterator[Use]:
    rights = _rights(job.entries.get("permissions") or top)
    for step in _list(job.entries.get("steps")):
        used = step.entries.get("uses")
        if used and _OURS.fullmatch(used.raw.strip()):
            given = {key: value.raw for key, value in _map(step.entries, "with").items()}
            yield Use(name, used.line, rights, MappingProxyType(given))


def _actions(jobs: Mapping[str, Node]) -> Iterator[str]:
    for job in jobs.values():
        for each in (job, *_list(job.entries.get("steps"))):
            used = each.entries.get("uses")
            if used and used.raw:
                yield used.raw.strip()


def _environment(job: Node) -> str:
    """Its name, empty where there is none or an expression gives it."""
    found = job.entries.get("environment")
    name = found.entries.get("name", found).raw if found else ""
    return "" if "${{" in name else name


def _follows(events: Mapping[str, Node]) -> tuple[Node, ...]:
    named = _map(events, "workflow_run").get("workflows")
    return _list(named) or ((named,) if named else ())


def _rights(node: Node | None) -> Rights:
    if node is None:
        return Rights({}, is_default=True)
    if node.raw in ("read-all", "write-all"):
        return Rights({}, "write" if node.raw == "write-all" else "read")
    return Rights({
        name: level for name, each in node.entries.items() for level in _LEVELS if each.raw == level
    })  # fmt: skip


def _events(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ()
    listed = tuple(each.raw for each in _list(node))
    return tuple(node.entries) or listed or (node.raw,)


def _map(entries: Mapping[str, Node], key: str) -> Mapping[str, Node]:
    found = entries.get(key)
    return found.entries if found else {}


def _list(node: Node | None) -> tuple[Node, ...]:
    return node.value if node and isinstance(node.value, tuple) else ()
