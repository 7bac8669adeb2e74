"""One door to each part of the world, read from the source: the picture of the house cannot lie."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "gump_action"
MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in ROOT.rglob("*.py")
}

# What is behind a door, and who may open it.  `scripted.py` is a program of its own.
DOORS = {
    "subprocess": {"system/process.py", "system/descendants.py", "scripted.py"},
    "yaml": {"workflow/loader.py"},
    "jinja2": {"templating.py"},
    "git": {"system/git.py"},
    "github": {"host/api.py"},
    "requests": {"host/github/calls.py", "host/github/blob.py"},
    "rich": {"host/log/live.py"},
    "click": {"main.py"},
    "threading": {"host/log/live.py", "action/saying/talk.py"},
}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("module", DOORS)
def test_only_its_door_opens_it(module):
    users = {
        name
        for name, tree in MODULES.items()
        if any(used.split(".")[0] == module for used in imported(tree))
    }
    assert users <= DOORS[module]


def test_the_environment_is_read_in_main_alone():
    users = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    # The git door looks whether there is more in it than git is to be given.
    assert users == {"main.py", "scripted.py", "system/git.py"}


def test_only_the_edge_prints():
    users = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }
    assert users <= {"assembly.py", "demo.py", "scripted.py"}


def test_no_function_is_longer_than_the_wall():
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        if node.end_lineno - node.lineno + 1 > 40
    ]
    assert long == []


def test_every_module_says_what_it_is_for():
    silent = [name for name, tree in MODULES.items() if tree.body and not ast.get_docstring(tree)]
    assert silent == []


def test_there_is_one_broad_except():
    broad = [
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        if node.type is None or getattr(node.type, "id", "") == "Exception"
    ]
    assert broad == ["main.py"]
