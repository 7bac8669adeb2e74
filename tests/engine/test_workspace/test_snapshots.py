"""Snapshots, the way back to them, and what differs between two of them: in both workspaces."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest


def change(tree: Path) -> None:
    (tree / "src/a.py").write_text("print('changed')\n")
    (tree / "src/b.py").unlink()
    (tree / "new.txt").write_text("new\n")
    (tree / "some.log").write_text("ignored\n")


def test_a_snapshot_holds_the_tree_and_no_ignored_file(ground):
    ws = ground.open()
    commit = ground.step(ws, change)
    assert set(ground.files_of(commit)) == {".gitignore", "README.md", "new.txt", "src/a.py"}
    assert ground.content(commit, "src/a.py") == "print('changed')\n"


def test_a_snapshot_is_a_new_commit_even_when_nothing_changed(ground):
    ws = ground.open()
    first = ws.snapshot(ws.opened.start, "one#1", "one#1")
    second = ws.snapshot(ws.opened.start, "one#2", "one#2")
    assert first.tree == second.tree
    assert first.commit != second.commit


def test_a_snapshot_is_kept_under_its_ref_on_its_parent(ground):
    ws = ground.open()
    taken = ws.snapshot(ws.opened.start, "m", "r/build/red item/impl#1")
    folder = ("--git-dir", str(ground.state / "git"))
    tips = ground.git(*folder, "for-each-ref", "--format=%(objectname) %(refname)", "refs/gump")
    assert f"{taken.commit} refs/gump/r/build/red%20item/impl#1" in tips
    assert ground.git(*folder, "rev-parse", f"{taken.commit}^").strip() == ws.opened.start


def test_a_snapshot_is_on_disk_when_it_is_named(ground):
    """Its commit and its ref; git flushes neither by itself."""
    ws, trace = ground.open(), ground.root / "trace"
    ws.folder.git = ws.folder.git.with_env(GIT_TRACE2_EVENT=str(trace))
    ws.snapshot(ws.opened.start, "m", "r/one/1")
    flushed = {}
    for event in map(json.loads, trace.read_text().splitlines()):
        if event["event"] == "cmd_name":
            verb = event["name"]
        if event.get("key") == "fsync/hardware-flush":
            flushed[verb] = int(event["value"])
    assert flushed.keys() >= {"commit-tree", "update-ref"}


def test_going_back_makes_the_tree_the_snapshot_and_keeps_ignored_files(ground):
    ws = ground.open()
    commit = ground.step(ws, change)
    ws.go_back(ws.opened.start)
    assert (ws.tree / "src/a.py").read_text() == "print(1)\n"
    assert (ws.tree / "src/b.py").exists()
    assert not (ws.tree / "new.txt").exists()
    assert (ws.tree / "some.log").read_text() == "ignored\n"
    ws.go_back(commit)
    assert not (ws.tree / "src/b.py").exists()
    assert (ws.tree / "new.txt").exists()


def test_undo_puts_back_what_gates_changed_and_names_it(ground):
    ws = ground.open()
    commit = ground.step(ws, change)
    (ws.tree / "new.txt").write_text("by a gate\n")
    (ws.tree / "src/a.py").unlink()
    (ws.tree / "cover/x/y.xml").parent.mkdir(parents=True)
    (ws.tree / "cover/x/y.xml").write_text("<x/>")
    assert ws.undo(commit) == ("cover/x/y.xml", "new.txt", "src/a.py")
    assert (ws.tree / "new.txt").read_text() == "new\n"
    assert not (ws.tree / "cover").exists()
    assert ws.undo(commit) == ()


def test_files_that_a_new_ignore_file_hid_are_gone_after_going_back(ground):
    def hide(tree: Path) -> None:
        (tree / ".gitignore").write_text("*\n")
        (tree / "hidden.txt").write_text("x")

    ws = ground.open()
    ground.step(ws, hide)
    ws.go_back(ws.opened.start)
    assert not (ws.tree / "hidden.txt").exists()
    assert "*.log" in (ws.tree / ".gitignore").read_text()


def test_a_change_of_equal_size_in_the_second_of_the_checkout_is_seen(ground):
    ws = ground.open()
    commit = ground.step(ws, lambda tree: (tree / "src/a.py").write_text("print(3)\n"))
    assert ground.content(commit, "src/a.py") == "print(3)\n"
    again = ground.step(ws, lambda tree: (tree / "src/a.py").write_text("print(4)\n"), on=commit)
    assert ground.content(again, "src/a.py") == "print(4)\n"


def test_a_change_of_equal_size_after_going_back_is_seen(ground):
    ws = ground.open()
    ground.step(ws, lambda tree: (tree / "src/a.py").write_text("print(3)\n"))
    ws.go_back(ws.opened.start)
    again = ground.step(ws, lambda tree: (tree / "src/a.py").write_text("print(4)\n"))
    assert ground.content(again, "src/a.py") == "print(4)\n"


def test_the_diff_says_binary_files_renames_deletions_and_modes(ground):
    def act(tree: Path) -> None:
        (tree / "blob.bin").write_bytes(bytes(range(256)))
        (tree / "README.md").rename(tree / "READ.md")
        (tree / "src/b.py").unlink()
        (tree / "src/a.py").chmod(0o755)

    ws = ground.open()
    commit = ground.step(ws, act)
    diff = ws.compare(ws.opened.start, commit).patch
    assert b"GIT binary patch" in diff
    assert b"rename from README.md\nrename to READ.md" in diff
    assert b"deleted file mode 100644" in diff
    assert b"old mode 100644\nnew mode 100755" in diff


def test_the_diff_makes_the_snapshot_when_it_is_applied(ground):
    def act(tree: Path) -> None:
        change(tree)
        (tree / "blob.bin").write_bytes(bytes(range(256)))
        (tree / "link").symlink_to("src/a.py")

    ws = ground.open()
    taken = ground.step(ws, act)
    patch = ground.root / "p"
    patch.write_bytes(ws.compare(ws.opened.start, taken).patch)
    ground.git("clone", "-q", str(ground.repo), str(ground.root / "other"), cwd=ground.root)
    ground.git("apply", "--index", str(patch), cwd=ground.root / "other")
    made = ground.git("write-tree", cwd=ground.root / "other").strip()
    folder = ("--git-dir", str(ground.state / "git"))
    assert made == ground.git(*folder, "rev-parse", f"{taken}^{{tree}}").strip()


def test_changed_files_and_globs_name_what_differs(ground):
    ws = ground.open()
    commit = ground.step(ws, change)
    start = ws.opened.start
    assert ws.changed_files(start, commit) == ("new.txt", "src/a.py", "src/b.py")
    assert ws.matching(start, commit, "*.py") == ("src/a.py", "src/b.py")
    assert ws.matching(start, commit, "src/**") == ("src/a.py", "src/b.py")
    assert ws.matching(start, commit, ":(glob)*.py") == ()
    assert ws.matching(start, commit, "docs/*") == ()


NAMES = ["a\nb", "-x", "tëst ☃", 'quo"te', "back\\slash", ":(top)x", " lead", "tab\tx", "*?[a]"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_goes_in_and_out_of_a_snapshot(ground, name):
    ws = ground.open()
    commit = ground.step(ws, lambda tree: (tree / name).write_text("x"))
    assert ws.changed_files(ws.opened.start, commit) == (name,)
    ws.go_back(ws.opened.start)
    assert not (ws.tree / name).exists()
    ws.go_back(commit)
    assert (ws.tree / name).read_text() == "x"


def test_a_name_that_is_no_utf8_is_quoted_as_git_quotes_it(ground):
    name = os.fsdecode(b"caf\xe9")
    ws = ground.open()
    commit = ground.step(ws, lambda tree: (tree / name).write_text("x"))
    assert ws.changed_files(ws.opened.start, commit) == ('"caf\\351"',)
    ws.go_back(ws.opened.start)
    assert not (ws.tree / name).exists()


def test_names_that_differ_in_case_are_two_files(ground):
    ws = ground.open()
    commit = ground.step(ws, lambda t: [(t / n).write_text(n) for n in ("Case", "case")])
    assert ws.changed_files(ws.opened.start, commit) == ("Case", "case")


def test_links_and_modes_are_kept_as_they_are(ground):
    def act(tree: Path) -> None:
        (tree / "out").symlink_to("/etc")
        (tree / "run.sh").write_text("#!/bin/sh\n")
        (tree / "run.sh").chmod(0o755)

    ws = ground.open()
    commit = ground.step(ws, act)
    files = ground.files_of(commit)
    assert (files["out"], files["run.sh"]) == ("120000", "100755")
    assert not any(name.startswith("out/") for name in files)


def test_a_folder_that_became_a_link_comes_back_and_nothing_behind_it_is_touched(ground):
    outside = ground.root / "outside"
    ground.write(outside, {"a.py": "print(1)\n", "b.py": "print(2)\n", "mine": "mine"})

    def act(tree: Path) -> None:
        for name in ("a.py", "b.py"):
            (tree / "src" / name).unlink()
        (tree / "src").rmdir()
        (tree / "src").symlink_to(outside)

    ws = ground.open()
    commit = ground.step(ws, act)
    assert ground.files_of(commit)["src"] == "120000"
    ws.go_back(ws.opened.start)
    assert not (ws.tree / "src").is_symlink()
    assert (ws.tree / "src/a.py").read_text() == "print(1)\n"
    assert sorted(p.name for p in outside.iterdir()) == ["a.py", "b.py", "mine"]


def test_a_file_that_became_a_folder_and_a_folder_that_became_a_file_come_back(ground):
    def act(tree: Path) -> None:
        (tree / "README.md").unlink()
        ground.write(tree, {"README.md/inner": "x"})
        (tree / "src/a.py").unlink()
        (tree / "src/b.py").unlink()
        (tree / "src").rmdir()
        (tree / "src").write_text("a file now")

    ws = ground.open()
    commit = ground.step(ws, act)
    assert set(ground.files_of(commit)) == {".gitignore", "README.md/inner", "src"}
    ws.go_back(ws.opened.start)
    assert (ws.tree / "README.md").read_text() == "a project\n"
    assert (ws.tree / "src/a.py").exists()
    ws.go_back(commit)
    assert (ws.tree / "src").read_text() == "a file now"


def test_pipes_sockets_and_devices_are_in_no_snapshot_and_hold_nothing_up(ground):
    def act(tree: Path) -> None:
        os.mkfifo(tree / "pipe")
        (tree / "README.md").unlink()
        os.mkfifo(tree / "README.md")
        with socket.socket(socket.AF_UNIX) as server:
            os.chdir(tree)
            server.bind("sock")

    ws = ground.open()
    before = Path.cwd()
    try:
        commit = ground.step(ws, act)
    finally:
        os.chdir(before)
    assert set(ground.files_of(commit)) == {".gitignore", "src/a.py", "src/b.py"}
    ws.go_back(ws.opened.start)
    assert (ws.tree / "README.md").read_text() == "a project\n"
    assert not (ws.tree / "pipe").exists()
    assert not (ws.tree / "sock").exists()


def test_folders_that_an_agent_closed_are_opened_and_removed(ground):
    def act(tree: Path) -> None:
        ground.write(tree, {"closed/in/x": "x"})
        (tree / "closed/in").chmod(0)
        (tree / "closed").chmod(0)

    ws = ground.open()
    ground.step(ws, act)
    ws.go_back(ws.opened.start)
    assert not (ws.tree / "closed").exists()


def test_empty_folders_of_agents_are_gone_after_going_back_and_those_of_others_stay(ground):
    ws = ground.open()
    (ws.tree / "mine").mkdir()
    (ws.tree / "build/cache").mkdir(parents=True)

    def act(tree: Path) -> None:
        ground.write(tree, {"mine/file": "x"})
        (tree / "theirs/deep").mkdir(parents=True)

    ground.step(ws, act)
    ws.go_back(ws.opened.start)
    assert (ws.tree / "mine").is_dir()
    assert (ws.tree / "build/cache").is_dir()
    assert not (ws.tree / "theirs").exists()


def test_a_lock_that_a_killed_git_left_is_no_obstacle_at_the_next_start(ground):
    ground.open()
    for lock in ("index.lock", "refs/gump/x.lock"):
        (ground.state / "git" / lock).write_text("")
    ws = ground.open()
    assert ground.step(ws, change)


def test_files_that_come_and_go_while_git_looks_do_no_harm(ground):
    ws = ground.open()
    busy = threading.Event()

    def churn() -> None:
        while not busy.is_set():
            for n in range(20):
                (ws.tree / f"t{n}").write_text("x")
            for n in range(20):
                (ws.tree / f"t{n}").unlink(missing_ok=True)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for n in range(10):
            assert ws.snapshot(ws.opened.start, "m", f"r{n}").commit
    finally:
        busy.set()
        thread.join()


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_files_that_cannot_be_read_are_left_out_and_said(ground):
    ws = ground.open()
    ws.before_attempt()
    for name in ("closed", "src/a.py"):
        (ws.tree / name).write_text("x")
        (ws.tree / name).chmod(0)
    (ws.tree / "open").write_text("x")
    taken = ws.snapshot(ws.opened.start, "m", "r")
    assert ws.changed_files(ws.opened.start, taken.commit) == ("open",)
    assert any("closed" in line for line in taken.left_out)


def test_many_untracked_files_of_the_start_stay_out_too(checkout):
    checkout.write(checkout.repo, {f"mine/{n}.txt": "mine" for n in range(200)})
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "mine/agent.txt").write_text("agent"))
    assert ws.changed_files(ws.opened.start, commit) == ("mine/agent.txt",)
    ws.go_back(ws.opened.start)
    assert not (ws.tree / "mine/agent.txt").exists()
    assert len(list((ws.tree / "mine").iterdir())) == 200


def test_a_repository_of_another_object_format_works(tmp_path, ground):
    ground.repo.rename(ground.root / "old")
    ground.make({"README.md": "x\n"}, "--object-format=sha256")
    ws = ground.open()
    commit = ground.step(ws, lambda tree: (tree / "new").write_text("x"))
    assert len(commit) == 64
    assert ws.publish("gump/r", [("one", commit)])
    assert ground.git("ls-tree", "--name-only", "gump/r").split() == ["README.md", "new"]


def test_nothing_of_our_environment_reaches_git(ground, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent")
    monkeypatch.setenv("SOME_SECRET", "s3cret")
    ws = ground.open()
    commit = ground.step(ws, change)
    assert ws.has(commit)
    assert not ws.has("0" * 40)


def test_the_cost_of_a_snapshot_is_five_git_processes(ground, monkeypatch):
    ws = ground.open()
    ws.before_attempt()
    change(ws.tree)
    calls = []
    real = subprocess.Popen
    monkeypatch.setattr("git.cmd.safer_popen", lambda *a, **k: calls.append(a) or real(*a, **k))
    commit = ws.snapshot(ws.opened.start, "m", "r").commit
    ws.compare(ws.opened.start, commit)
    assert len(calls) == 5
    ws.undo(commit)
    assert len(calls) == 6
