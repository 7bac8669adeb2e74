"""A run on a change whose instruction files were put to the base's: the whole engine, real git."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gump_action.engine.workspace.swap import Swapped, swap_instructions
from gump_action.errors import InputError
from gump_action.workflow import loader

WORKFLOW = """\
name: fix
steps:
  - name: one
    agent: scripted
    prompt: from the base
  - name: two
    agent: scripted
    prompt: from the base
    gate: ["bash: test -f go"]
"""
SEE = "cat CLAUDE.md pkg/AGENTS.md; ls -A . .gump/workflows; cat .gump/workflows/x.yaml"
SCRIPT = {
    "one": [[{"run": f"({SEE}) >seen.txt"}, {"write": "a.txt", "text": "by the agent\n"}]],
    "two": [[{"run": f"({SEE}) >seen2.txt"}, {"write": "b.txt", "text": "by the agent\n"}]],
}
BASE = {
    "CLAUDE.md": "base says\n",
    "pkg/AGENTS.md": "base says in pkg\n",
    ".gump/workflows/x.yaml": WORKFLOW,
    ".gump/scripted.json": json.dumps(SCRIPT),
}
EVIL = {
    "CLAUDE.md": "evil says\n",
    "GEMINI.md": "evil says\n",
    ".claude/settings.json": "evil\n",
    ".gump/workflows/x.yaml": WORKFLOW.replace("the base", "evil"),
    ".gump/scripted.json": "{}",
    "work.py": "print(1)\n",
}
SWAPPED = {*EVIL, "pkg/AGENTS.md"} - {"work.py"}


@pytest.fixture
def base(project) -> str:
    """The base; HEAD is a change that alters, adds and removes instruction files."""
    project.commit(BASE)
    tip = project.git("rev-parse", "HEAD")
    project.git("rm", "-q", "pkg/AGENTS.md")
    project.commit(EVIL)
    return tip


def swapped_run(project, base):
    """As a job does it: swap, read the workflow, run in the checkout."""
    assert isinstance(swap_instructions(project.repo, base, project.environ), Swapped)
    workflow = loader.load(project.repo / ".gump/workflows/x.yaml").workflow
    return project.start(workflow, workspace="checkout", is_job=True)


def files_of(project, rev: str) -> dict[str, str]:
    out = project.git("ls-tree", "-r", rev)
    return {line.split("\t")[1]: line.split()[2] for line in out.splitlines()}


def new_runner(project) -> None:
    """Another machine: of the checkout there is a new clone, of the run its packed state."""
    packed = project.root / "packed"
    state(project, "pack", project.state, packed)
    shutil.rmtree(project.state)
    old = project.repo.rename(project.root / "old")
    subprocess.run(["git", "clone", "-q", str(old), str(project.repo)], check=True)
    state(project, "unpack", packed, project.state)


def state(project, *words: str | Path) -> None:
    gump = Path(sys.executable).with_name("gump-action")
    argv = [str(gump), "state", *map(str, words)]
    subprocess.run(argv, env=project.environ, cwd=project.root, check=True, capture_output=True)


def test_agents_see_the_base_and_the_result_holds_nothing_of_it(project, base):
    (project.repo / "go").touch()
    done = swapped_run(project, base)
    assert done.verdict == "passed"
    assert "from the base" in done.prompt("one#1")
    seen = project.git("show", f"{done.branch}:seen.txt")
    assert "base says\nbase says in pkg" in seen
    assert "evil" not in seen
    assert not {"GEMINI.md", ".claude"} & {*seen.splitlines()}
    before, after = files_of(project, "HEAD"), files_of(project, done.branch)
    assert {path: after.get(path) for path in SWAPPED} == {
        path: before.get(path) for path in SWAPPED
    }
    assert {*after} - {*before} == {"seen.txt", "seen2.txt", "b.txt"}


def test_no_diff_names_an_instruction_file(project, base):
    (project.repo / "go").touch()
    done = swapped_run(project, base)
    patches = "".join(path.read_text() for path in done.root.rglob("*.patch"))
    assert "+by the agent" in patches
    assert not [path for path in SWAPPED if f"a/{path}" in patches]


def test_the_checkout_is_left_with_the_bases_files_and_its_head_as_it_was(project, base):
    head = project.git("rev-parse", "HEAD")
    (project.repo / "go").touch()
    swapped_run(project, base)
    assert project.git("rev-parse", "HEAD") == head
    assert (project.repo / "CLAUDE.md").read_text() == "base says\n"
    assert not (project.repo / "GEMINI.md").exists()


def test_what_an_agent_does_to_a_file_that_came_back_is_in_no_snapshot(project, base):
    """The change had deleted it, so it is untracked, and left alone."""
    project.git("checkout", "-q", base)
    acts = [{"write": "pkg/AGENTS.md", "text": "by the agent\n"}, {"write": "c.txt", "text": "c"}]
    project.script({"one": [acts]})
    tip = project.git("rev-parse", "HEAD")
    project.git("rm", "-q", "pkg/AGENTS.md")
    project.commit({"work.py": "print(1)\n", "go": ""})
    done = swapped_run(project, tip)
    assert done.verdict == "passed"
    assert "c.txt" in files_of(project, done.branch)
    assert "pkg/AGENTS.md" not in files_of(project, done.branch)


@pytest.mark.parametrize("is_new_runner", [False, True])
def test_a_run_goes_on_after_a_second_swap(project, base, is_new_runner):
    first = swapped_run(project, base)
    assert first.verdict == "failed"
    if is_new_runner:
        new_runner(project)
    (project.repo / "go").touch()
    done = swapped_run(project, base)
    assert done.verdict == "passed"
    assert done.launches() == ["two#2"]
    assert "base says\nbase says in pkg" in project.git("show", f"{done.branch}:seen2.txt")
    before, after = files_of(project, "HEAD"), files_of(project, done.branch)
    assert {path: after.get(path) for path in SWAPPED} == {
        path: before.get(path) for path in SWAPPED
    }


def test_what_the_agent_changes_in_such_a_file_is_in_the_result_and_said(project, base):
    """The change and the agent both wrote the same line: the agent's file is taken whole."""
    project.git("checkout", "-q", base)
    project.script({"*": [[{"run": "echo agent says > CLAUDE.md"}]]})
    tip = project.git("rev-parse", "HEAD")
    project.commit({"CLAUDE.md": "evil says\n", "go": ""})
    done = swapped_run(project, tip)
    assert done.verdict == "passed"
    assert project.git("show", f"{done.branch}:CLAUDE.md") == "agent says"
    assert "not to be told apart: CLAUDE.md" in done.notes()


def test_an_isolated_run_on_swapped_files_is_refused(project, base):
    """Its tree is made of HEAD, and would have the change's files."""
    swap_instructions(project.repo, base, project.environ)
    workflow = loader.load(project.repo / ".gump/workflows/x.yaml").workflow
    with pytest.raises(InputError, match=r"CLAUDE\.md"):
        project.start(workflow, workspace="isolated", is_job=True)
