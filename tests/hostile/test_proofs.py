"""The count is true: what is proved elsewhere is there, and what is open stands in the docs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .proofs import ELSEWHERE

HERE = Path(__file__).parent
TESTS = HERE.parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text()
ROWS = PAGE[PAGE.index("## What is open") :].partition("\n## ")[0]
# What no test of ours can try: it would need another machine, or would leave it.
NOT_TRIED = {"root and Docker", "the network", "other processes of the user", "macOS"}


def functions(path):
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "name")}


@pytest.mark.parametrize("file", ELSEWHERE)
def test_what_is_proved_elsewhere_is_there(file):
    named = {f"test_{name}" for name in ELSEWHERE[file]}
    assert named <= functions(TESTS / file)


def test_what_is_open_is_what_the_page_on_security_calls_open():
    shown = set(re.findall(r"^\| \*\*(.+?)\*\* \|", ROWS, re.MULTILINE))
    marks = r"@pytest\.mark\.open\(\"(.+?)\"\)"
    tried = {
        name for path in HERE.glob("test_*.py") for name in re.findall(marks, path.read_text())
    }
    assert shown == tried | NOT_TRIED
    assert not tried & NOT_TRIED


def test_each_attack_says_which_one_it_is():
    """A published attack, or a line of the checklist for agents in CI."""
    for path in HERE.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert path == Path(__file__) or ast.get_docstring(node), node.name
