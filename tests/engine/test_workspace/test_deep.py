"""Folders that lie deeper than a path can be long."""

import os
from pathlib import Path

import pytest

from gump_action.engine.workspace.remove import remove


def dig(top, depth=1200):
    """Folders in one another, with a file at the bottom; the working directory is as before."""
    top.mkdir(parents=True)
    before = os.open(".", os.O_RDONLY)
    os.chdir(top)
    for _ in range(depth):
        Path("deeper").mkdir()
        os.chdir("deeper")
    Path("file").touch()
    os.fchdir(before)
    os.close(before)


def test_what_lies_too_deep_for_git_is_said_with_the_top_of_it(ground):
    ws = ground.open()
    ws.before_attempt()
    dig(ws.tree / "src/pit")
    (ws.tree / "new").write_text("x")
    taken = ws.snapshot(ws.opened.start, "m", "r")
    [said] = taken.left_out
    assert said.startswith("src/pit/deeper/")
    assert said.endswith("… leads deeper than paths can be long")
    assert len(said) < 200
    assert ws.changed_files(ws.opened.start, taken.commit) == ("new",)
    remove(ws.tree / "src/pit")


def test_what_stays_out_of_snapshots_anyway_is_not_said(isolated):
    ws = isolated.open()
    ws.before_attempt()
    pits = [ws.tree / "build/pit", ws.tree / ".gump/out/pit"]
    for pit in pits:
        dig(pit)
    assert ws.snapshot(ws.opened.start, "m", "r").left_out == ()
    for pit in pits:
        remove(pit)


def test_a_nested_repository_at_the_longest_path_that_git_takes_is_seen(isolated, monkeypatch):
    ws = isolated.open()
    ws.before_attempt()
    dig(ws.tree / "pit", 580)
    length = len("pit" + "/deeper" * 580)
    monkeypatch.chdir(ws.tree)
    Path("pit" + "/deeper" * 580 + "/.git").mkdir()
    assert length < 4096 < length + len(str(ws.tree)) + 10
    taken = ws.snapshot(ws.opened.start, "m", "r")
    assert taken.left_out == ()
    assert ws.changed_files(ws.opened.start, taken.commit) == ("pit" + "/deeper" * 580 + "/file",)


@pytest.mark.parametrize("depth", [3, 1200])
def test_a_folder_of_any_depth_can_be_removed(tmp_path, depth):
    dig(tmp_path / "top", depth)
    dig(tmp_path / "top/beside", depth)
    (tmp_path / "kept").write_text("mine")
    (tmp_path / "top/link").symlink_to(tmp_path / "kept")
    remove(tmp_path / "top")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
