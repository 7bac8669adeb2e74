"""What git is trusted with: nothing that an agent wrote is ever run, or decides what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def canary(ground):
    """A program that leaves a file behind when anybody runs it; and whether it did."""
    program, mark = ground.root / "canary", ground.root / "canary-was-run"
    program.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    program.chmod(0o755)
    return program, mark


def nested(ground, program: Path, tree: Path) -> None:
    """A repository of the agent's with everything in it that git would run."""
    ground.git("init", "-q", "nested", cwd=tree)
    inner = tree / "nested"
    ground.write(
        inner, {"inner.txt": "inside\n", "deep/x.py": "x\n", ".gitattributes": "* filter=c"}
    )
    ground.git("add", "-A", cwd=inner)
    ground.git("commit", "-qm", "x", cwd=inner)
    for name in ("core.fsmonitor", "filter.c.clean", "filter.c.smudge", "filter.c.process"):
        ground.git("config", name, str(program), cwd=inner)
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor"):
        (inner / ".git/hooks").mkdir(exist_ok=True)
        (inner / ".git/hooks" / hook).symlink_to(program)
    (inner / "inner.txt").write_text("inside, later\n")


def whole_story(ground, ws, act) -> str:
    commit = ground.step(ws, act)
    ws.compare(ws.opened.start, commit)
    ground.write(ws.tree, {"nested/by-a-gate": "x", "by-a-gate": "x"})
    ws.undo(commit)
    ws.go_back(ws.opened.start)
    ws.go_back(commit)
    ws.publish("gump/r", [("one", commit)])
    ws.finish(commit)
    ws.close()
    return commit


def test_a_nested_repository_goes_in_as_plain_files_and_nothing_of_it_runs(ground, canary):
    program, mark = canary
    ws = ground.open()
    commit = whole_story(ground, ws, lambda tree: nested(ground, program, tree))
    files = ground.files_of(commit)
    assert {n for n in files if n.startswith("nested")} == {
        "nested/.gitattributes", "nested/deep/x.py", "nested/inner.txt",
    }  # fmt: skip
    assert ground.content(commit, "nested/inner.txt") == "inside, later\n"
    assert ground.git("show", "gump/r:nested/inner.txt") == "inside, later\n"
    assert not mark.exists()


def test_a_file_that_an_agent_deletes_in_its_nested_repository_leaves_the_snapshot(ground, canary):
    ws = ground.open()
    first = ground.step(ws, lambda tree: nested(ground, canary[0], tree))
    second = ground.step(ws, lambda tree: (tree / "nested/inner.txt").unlink(), on=first)
    assert ws.changed_files(first, second) == ("nested/inner.txt",)
    assert not canary[1].exists()


def test_what_gates_write_into_a_nested_repository_is_undone_and_the_agents_git_stays(ground):
    ws = ground.open()
    commit = ground.step(ws, lambda tree: nested(ground, Path("/bin/true"), tree))
    ground.write(ws.tree, {"nested/gate": "x", "nested/inner.txt": "gate\n"})
    assert ws.undo(commit) == ("nested/gate", "nested/inner.txt")
    assert (ws.tree / "nested/inner.txt").read_text() == "inside, later\n"
    assert (ws.tree / "nested/.git/HEAD").exists()


def test_a_repository_that_a_gate_makes_is_gone_after_it(ground):
    ws = ground.open()
    commit = ground.step(ws, lambda tree: None)
    nested(ground, Path("/bin/true"), ws.tree)
    assert "nested" in ws.undo(commit)
    assert not (ws.tree / "nested").exists()


def test_going_back_removes_a_nested_repository_with_its_git_folder(ground):
    ws = ground.open()
    ground.step(ws, lambda tree: nested(ground, Path("/bin/true"), tree))
    ws.go_back(ws.opened.start)
    assert not (ws.tree / "nested").exists()


def test_an_ignored_nested_repository_is_left_alone(ground):
    ws = ground.open()

    def act(tree: Path) -> None:
        (tree / "build").mkdir()
        nested(ground, Path("/bin/true"), tree / "build")

    commit = ground.step(ws, act)
    assert ws.changed_files(ws.opened.start, commit) == ()
    ws.go_back(ws.opened.start)
    assert (ws.tree / "build/nested/.git/HEAD").exists()


def test_a_git_file_that_leads_elsewhere_makes_its_folder_nested_too(ground, canary):
    program, mark = canary
    elsewhere = ground.root / "elsewhere"
    elsewhere.mkdir()
    nested(ground, program, elsewhere)

    def act(tree: Path) -> None:
        ground.write(tree, {"sub/x": "x", "sub/.git": f"gitdir: {elsewhere}/nested/.git\n"})

    commit = whole_story(ground, ground.open(), act)
    assert "sub/x" in ground.files_of(commit)
    assert not mark.exists()


def test_hooks_filters_and_monitors_of_the_checkout_do_not_run(ground, canary):
    program, mark = canary

    def act(tree: Path) -> None:
        folder = tree / ".git"
        for name in ("core.fsmonitor", "filter.c.clean", "filter.c.smudge", "diff.c.textconv",
                     "diff.external", "core.alternateRefsCommand", "merge.c.driver"):  # fmt: skip
            ground.git("config", name, str(program), cwd=tree)
        for hook in ("post-checkout", "post-index-change", "reference-transaction"):
            (folder / "hooks").mkdir(exist_ok=True)
            (folder / "hooks" / hook).symlink_to(program)
        (tree / ".gitattributes").write_text("* filter=c diff=c merge=c\n")
        (tree / "src/a.py").write_text("changed\n")

    commit = whole_story(ground, ground.open(), act)
    assert ground.content(commit, "src/a.py") == "changed\n"
    assert not mark.exists()


def test_hooks_of_the_user_do_not_run_when_the_result_is_written(ground, canary):
    program, mark = canary
    for hook in ("reference-transaction", "post-checkout", "pre-commit", "post-commit"):
        (ground.repo / ".git/hooks").mkdir(exist_ok=True)
        (ground.repo / ".git/hooks" / hook).symlink_to(program)
    whole_story(ground, ground.open(), lambda tree: (tree / "x").write_text("x"))
    assert not mark.exists()


def test_nothing_of_the_agents_own_git_folder_is_in_a_snapshot(ground):
    ws = ground.open()
    commit = ground.step(ws, lambda tree: (tree / ".git/evil").write_text("x"))
    assert not any(".git/" in name for name in ground.files_of(commit))


def test_an_ignore_file_with_an_exception_brings_nothing_in(ground):
    ground.write(ground.repo, {"secret.log": "s", "build/out.o": "o"})
    ws = ground.open()

    def act(tree: Path) -> None:
        ground.write(tree, {".gump/out/plan.json": "[]", ".gitignore": "!*\n!.gump/out\n"})

    commit = ground.step(ws, act)
    kept = set(ground.files_of(commit))
    assert kept == {".gitignore", "README.md", "src/a.py", "src/b.py"}


def test_an_ignore_file_in_the_agents_home_hides_nothing(ground):
    ws = ground.open()

    def act(tree: Path) -> None:
        ground.write(Path(ground.env["HOME"]), {".config/git/ignore": "*\n"})
        (tree / "new.txt").write_text("x")

    assert "new.txt" in ground.files_of(ground.step(ws, act))


def test_what_the_user_ignores_by_a_file_of_his_own_stays_out(ground):
    ground.write(Path(ground.env["HOME"]), {".config/git/ignore": "*.swp\n"})
    (ground.repo / ".git/info").mkdir(exist_ok=True)
    (ground.repo / ".git/info/exclude").write_text("*.own\n")
    ws = ground.open()
    commit = ground.step(ws, lambda t: [(t / n).write_text("x") for n in ("a.swp", "a.own", "a")])
    assert ws.changed_files(ws.opened.start, commit) == ("a",)


def test_an_attribute_that_cannot_be_obeyed_does_not_stop_a_snapshot(ground):
    def act(tree: Path) -> None:
        (tree / ".gitattributes").write_text("*.txt working-tree-encoding=UTF-16\n")
        (tree / "bad.txt").write_bytes(b"odd")

    ws = ground.open()
    ws.before_attempt()
    act(ws.tree)
    taken = ws.snapshot(ws.opened.start, "m", "r")
    assert ground.content(taken.commit, "bad.txt") == "odd"


def test_attributes_of_an_agent_leave_binary_files_as_they_are(ground):
    def act(tree: Path) -> None:
        (tree / ".gitattributes").write_text("* text=auto export-ignore -diff\n")
        (tree / "x.bin").write_bytes(b"\0\r\n\1\r\n")

    ws = ground.open()
    commit = ground.step(ws, act)
    ws.go_back(ws.opened.start)
    ws.go_back(commit)
    assert (ws.tree / "x.bin").read_bytes() == b"\0\r\n\1\r\n"


def test_line_ends_are_as_the_user_has_them_configured(ground):
    ground.git("config", "core.autocrlf", "true")
    ws = ground.open()
    commit = ground.step(ws, lambda t: (t / "dos.txt").write_bytes(b"a\r\nb\r\n"))
    assert ground.content(commit, "dos.txt") == "a\nb\n"
    ws.go_back(ws.opened.start)
    ws.go_back(commit)
    assert (ws.tree / "dos.txt").read_bytes() == b"a\r\nb\r\n"
    assert ws.undo(commit) == ()


def test_files_with_both_line_ends_are_no_change_by_themselves(ground):
    ws = ground.open()
    commit = ground.step(ws, lambda t: (t / "dos.txt").write_bytes(b"a\r\nb\n"))
    ws.go_back(ws.opened.start)
    ws.go_back(commit)
    assert (ws.tree / "dos.txt").read_bytes() == b"a\r\nb\n"


def test_a_user_who_does_not_trust_modes_gets_no_change_of_mode(ground):
    ground.git("config", "core.fileMode", "false")
    ws = ground.open()
    commit = ground.step(ws, lambda tree: (tree / "src/a.py").chmod(0o755))
    assert ws.changed_files(ws.opened.start, commit) == ()


def test_files_marked_as_unchanged_are_looked_at_all_the_same(checkout):
    checkout.git("update-index", "--assume-unchanged", "src/a.py")
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "src/a.py").write_text("agent\n"))
    assert ws.changed_files(ws.opened.start, commit) == ("src/a.py",)


def test_the_output_folder_is_in_no_snapshot_even_where_it_is_tracked(ground):
    ground.write(ground.repo, {".gump/out/old.txt": "old"})
    ground.git("add", "-f", ".gump/out/old.txt")
    ground.git("commit", "-qm", "by mistake")
    ws = ground.open()
    act = {".gump/out/old.txt": "new", ".gump/out/more.txt": "x"}
    commit = ground.step(ws, lambda tree: ground.write(tree, act))
    assert ws.changed_files(ws.opened.start, commit) == ()
