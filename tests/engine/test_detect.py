"""The commands of a project, from its files; the percentage in what a coverage tool prints."""

import json
import os
import subprocess

import pytest

from gump_action.engine.detect import commands, percentage


def scripts(**named):
    return {"package.json": json.dumps({"scripts": named})}


PYPROJECT = {"pyproject.toml": ""}

# name: (files, check, commands)
TREES = {
    "nothing": ({}, "test", ()),
    "a make target": ({"Makefile": "test:\n\tx\n"}, "test", ("make test",)),
    "a make target with dependencies": ({"Makefile": "test: a b\n\tx\n"}, "test", ("make test",)),
    "a make target in small letters": ({"makefile": "lint:\n"}, "lint", ("make lint",)),
    "GNUmakefile comes first": (
        {"GNUmakefile": "x:\n", "Makefile": "test:\n"}, "test", ()),
    "a make variable is no target": ({"Makefile": "test := 1\n"}, "test", ()),
    "a make target of a longer name": ({"Makefile": "test-all:\n"}, "test", ()),
    "an indented line is no target": ({"Makefile": "x:\n\ttest: y\n"}, "test", ()),
    "compile is build too": ({"Makefile": "build:\n"}, "compile", ("make build",)),
    "compile before build": ({"Makefile": "build:\ncompile:\n"}, "compile", ("make compile",)),
    "make stands alone": ({"Makefile": "test:\n", "go.mod": ""}, "test", ("make test",)),
    "make without that target leaves it to others": (
        {"Makefile": "all:\n", "go.mod": ""}, "test", ("go test ./...",)),
    "a just recipe": ({"justfile": "test:\n  x\n"}, "test", ("just test",)),
    "a just recipe with parameters": ({"justfile": "test *args:\n"}, "test", ("just test",)),
    "a quiet just recipe": ({"Justfile": "@test:\n"}, "test", ("just test",)),
    "a just setting is no recipe": ({"justfile": "test := 'x'\n"}, "test", ()),
    "a package.json script": (scripts(test="jest"), "test", ("npm run test",)),
    "what npm init writes is no test": (
        scripts(test='echo "Error: no test specified" && exit 1'), "test", ()),
    "pnpm": ({**scripts(lint="x"), "pnpm-lock.yaml": ""}, "lint", ("pnpm run lint",)),
    "yarn": ({**scripts(lint="x"), "yarn.lock": ""}, "lint", ("yarn run lint",)),
    "bun": ({**scripts(build="x"), "bun.lockb": ""}, "compile", ("bun run build",)),
    "a broken package.json": ({"package.json": "{"}, "test", ()),
    "a package.json that is a list": ({"package.json": "[]"}, "test", ()),
    "go": ({"go.mod": ""}, "compile", ("go build ./...",)),
    "cargo": ({"Cargo.toml": ""}, "test", ("cargo test",)),
    "cargo has no coverage": ({"Cargo.toml": ""}, "coverage", ()),
    "python": (PYPROJECT, "test", ("python3 -m pytest -q",)),
    "python by setup.py": ({"setup.py": ""}, "test", ("python3 -m pytest -q",)),
    "python of the project's environment": (
        {**PYPROJECT, ".venv/bin/python": ""}, "test", (".venv/bin/python -m pytest -q",)),
    "python by uv": ({**PYPROJECT, "uv.lock": ""}, "test", ("uv run python -m pytest -q",)),
    "python by poetry": (
        {**PYPROJECT, "poetry.lock": ""}, "test", ("poetry run python -m pytest -q",)),
    "python without a linter": (PYPROJECT, "lint", ()),
    "python with ruff": (
        {"pyproject.toml": "[tool.ruff]\n"}, "lint", ("python3 -m ruff check .",)),
    "python with ruff.toml": ({**PYPROJECT, "ruff.toml": ""}, "lint", ("python3 -m ruff check .",)),
    "python with flake8": ({"setup.cfg": "", ".flake8": ""}, "lint", ("python3 -m flake8",)),
    "each ecosystem that is there": (
        {"go.mod": "", "Cargo.toml": "", **PYPROJECT, **scripts(test="x")}, "test",
        ("npm run test", "go test ./...", "cargo test", "python3 -m pytest -q")),
    "a folder of that name is no file": ({"Makefile/x": ""}, "test", ()),
    "files that are no text": ({"Makefile": "\ufffd\ntest:\n"}, "test", ("make test",)),
}  # fmt: skip


@pytest.mark.parametrize("case", TREES.values(), ids=TREES.keys())
def test_a_project_is_asked_by_its_own_command(tmp_path, case):
    files, check, expected = case
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert commands(check, tmp_path) == expected


ODD = {"null": "null", "a list": "[]", "a text": '"x"', "deep": "[" * 100_000}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_scripts_that_are_no_map_are_none(tmp_path, text):
    (tmp_path / "package.json").write_text(f'{{"scripts": {text}}}' if text[1:2] != "[" else text)
    assert commands("test", tmp_path) == ()


FOUND = {
    "src/a.test.ts": True, "a.spec.js": True, "a_test.mjs": True, "test/x.js": True,
    "__tests__/x.jsx": True, "src/a.ts": False, "contest.js": False, "test/data.json": False,
}  # fmt: skip


@pytest.mark.parametrize(("name", "is_test"), FOUND.items(), ids=FOUND.keys())
def test_the_tests_of_a_node_project_are_found_by_their_names(project, name, is_test):
    project.write({**scripts(test="x"), name: "\n"})
    [command] = commands("tests_found", project.repo)
    done = subprocess.run(
        ["bash", "-c", command], cwd=project.repo, check=False, capture_output=True
    )
    assert (done.returncode == 0) is is_test


def test_python_is_compiled_without_what_is_hidden_or_foreign(tmp_path):
    for name in ("a.py", ".venv/lib/bad.py", "node_modules/bad.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n" if name == "a.py" else "x = (\n")
    (tmp_path / "setup.py").write_text("")
    [command] = commands("compile", tmp_path)
    env = {"PATH": os.environ["PATH"]}
    assert (
        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=False, env=env).returncode == 0
    )
    (tmp_path / "b.py").write_text("x = (\n")
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, check=False, env=env, capture_output=True
    )
    assert done.returncode != 0


PRINTED = {
    "pytest-cov": ("a.py  10  5  50%\nTOTAL  20  3  85%\n", 85.0),
    "coverage with branches": ("TOTAL  120  12  40  4  88.75%\n", 88.75),
    "go": ("total:\t(statements)\t81.2%\n", 81.2),
    "jest": ("All files | 76.5 | 60 | 70 | 76.5 |\nLines : 76.5% ( 10/13 )\n", 76.5),
    "c8": ("All files |   91.3% |\n", 91.3),
    "tarpaulin": ("92.10% coverage, 35/38 lines covered\n", 92.1),
    "the last total counts": ("TOTAL 10%\nTOTAL 20 %\n", 20.0),
    "no percentage": ("all passed\n", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("case", PRINTED.values(), ids=PRINTED.keys())
def test_the_total_is_read_from_what_a_tool_prints(case):
    printed, percent = case
    assert percentage(printed) == percent
