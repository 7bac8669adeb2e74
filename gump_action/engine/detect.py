"""Which commands a project has for compile, test, lint and the like, from its files.  Pure.

A make or just target of that name is the project's own word and stands alone; else each ecosystem
that is there gives its command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

Check = Literal["compile", "test", "lint", "tests_found", "coverage"]
TARGETS: Mapping[Check, tuple[str, ...]] = {
    "compile": ("compile", "build"),
    "test": ("test",),
    "lint": ("lint",),
    "tests_found": (),
    "coverage": ("coverage",),
}


def commands(check: Check, root: Path) -> tuple[str, ...]:
    """The commands for this check; none where nothing is found."""
    for finder in (_make, _just):
        if found := finder(check, root):
            return (found,)
    finders = (_node, _go, _cargo, _python)
    return tuple(found for finder in finders if (found := finder(check, root)))


def _make(check: Check, root: Path) -> str:
    text = _text(root, "GNUmakefile") or _text(root, "makefile") or _text(root, "Makefile")
    return _target("make", r"^{}\s*:(?!=)", check, text)


def _just(check: Check, root: Path) -> str:
    text = _text(root, "justfile") or _text(root, "Justfile") or _text(root, ".justfile")
    return _target("just", r"^@?{}(\s+[^:=\n]*)?:(?!=)", check, text)


def _target(program: str, pattern: str, check: Check, text: str) -> str:
    for target in TARGETS[check]:
        if re.search(pattern.format(target), text, re.MULTILINE):
            return f"{program} {target}"
    return ""


def _node(check: Check, root: Path) -> str:
    scripts = _scripts(root)
    if check == "tests_found":
        return _NODE_TESTS if "test" in scripts else ""
    for target in TARGETS[check]:
        if target in scripts:
            return f"{_node_runner(root)} run {target}"
    return ""


# Tests are looked for in the sources: they are often there before the code that they import is.
_GREP = "git grep --untracked -lE"
_NODE_TESTS = (
    "git ls-files -co --exclude-standard | grep -E "
    r"'(\.|_|-)(test|spec)\.[cm]?[jt]sx?$|(^|/)(__tests__|tests?)/.*\.[cm]?[jt]sx?$'"
)


def _scripts(root: Path) -> Mapping[str, object]:
    try:
        scripts = json.loads(_text(root, "package.json") or "{}")["scripts"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    if not isinstance(scripts, dict):
        return {}
    # What `npm init` writes is no test.
    return {k: v for k, v in scripts.items() if "no test specified" not in str(v)}


def _node_runner(root: Path) -> str:
    locks = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
    return next((tool for lock, tool in locks.items() if (root / lock).exists()), "npm")


def _go(check: Check, root: Path) -> str:
    return _GO[check] if (root / "go.mod").exists() else ""


_GO: Mapping[Check, str] = {
    "compile": "go build ./...",
    "test": "go test ./...",
    "lint": "go vet ./...",
    "tests_found": f"{_GREP} '^func (Test|Fuzz|Example)' -- '*_test.go'",
    "coverage": 'profile="$(mktemp)" && go test -coverprofile="$profile" ./... && '
    'go tool cover -func="$profile" | tail -1',
}


def _cargo(check: Check, root: Path) -> str:
    return _CARGO[check] if (root / "Cargo.toml").exists() else ""


_CARGO: Mapping[Check, str] = {
    "compile": "cargo build --all-targets",
    "test": "cargo test",
    "lint": "cargo clippy --all-targets -- -D warnings",
    "tests_found": rf"{_GREP} '#\[([a-z_]+::)*test\b' -- '*.rs'",
    "coverage": "",
}


def _python(check: Check, root: Path) -> str:
    marks = ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini")
    if not any((root / mark).exists() for mark in marks):
        return ""
    if check == "lint":
        return _python_lint(root)
    return _PYTHON[check].replace("python", _python_runner(root), 1)


def _python_lint(root: Path) -> str:
    settings = _text(root, "pyproject.toml")
    if "[tool.ruff" in settings or (root / "ruff.toml").exists() or (root / ".ruff.toml").exists():
        return f"{_python_runner(root)} -m ruff check ."
    if (root / ".flake8").exists():
        return f"{_python_runner(root)} -m flake8"
    return ""


def _python_runner(root: Path) -> str:
    runners: Mapping[str, Callable[[], bool]] = {
        "uv run python": (root / "uv.lock").exists,
        "poetry run python": (root / "poetry.lock").exists,
        ".venv/bin/python": (root / ".venv/bin/python").exists,
    }
    return next((run for run, is_there in runners.items() if is_there()), "python3")


_PYTHON: Mapping[Check, str] = {
    "compile": "python -m compileall -q -x '(^|/)(\\.[^/]+|node_modules)/' .",
    "test": "python -m pytest -q",
    "lint": "",
    "tests_found": rf"{_GREP} '^\s*(async )?def test|^class .*TestCase' -- '*.py'",
    "coverage": "python -m pytest -q --cov --cov-report=term",
}


def _text(root: Path, name: str) -> str:
    path = root / name
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def percentage(output: str) -> float | None:
    """The total that a coverage tool printed last, in percent."""
    found = re.findall(r"(?:total|all files|coverage).*?(\d+(?:\.\d+)?)\s*%", output, re.IGNORECASE)
    found = found or re.findall(r"(\d+(?:\.\d+)?)\s*%", output)
    return float(found[-1]) if found else None
