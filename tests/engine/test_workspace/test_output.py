"""`.gump/out`: emptied before each attempt, read and removed, and never through a link."""

from __future__ import annotations

import os

import pytest


def test_the_folder_is_empty_before_an_attempt(ground):
    ws = ground.open()
    ground.write(ws.tree, {".gump/out/plan.json": "[]", ".gump/out/deep/x": "x"})
    ws.fresh_output_folder()
    assert list((ws.tree / ".gump/out").iterdir()) == []


@pytest.mark.parametrize("link", [".gump", ".gump/out"])
def test_a_link_that_leads_out_is_replaced_and_nothing_behind_it_is_touched(ground, link):
    ws = ground.open()
    outside = ground.root / "outside"
    ground.write(outside, {"out/mine": "mine", "mine": "mine"})
    (ws.tree / link).parent.mkdir(exist_ok=True)
    (ws.tree / link).symlink_to(outside)
    ws.fresh_output_folder()
    assert not (ws.tree / link).is_symlink()
    assert (ws.tree / ".gump/out").is_dir()
    assert (outside / "mine").read_text() == (outside / "out/mine").read_text() == "mine"


@pytest.mark.parametrize("link", [".gump", ".gump/out"])
def test_dropping_the_folder_goes_through_no_link(ground, link):
    ws = ground.open()
    outside = ground.root / "outside"
    ground.write(outside, {"out/mine": "mine", "mine": "mine"})
    (ws.tree / link).parent.mkdir(exist_ok=True)
    (ws.tree / link).symlink_to(outside)
    ws.drop_output_folder()
    assert (outside / "mine").exists()
    assert (outside / "out/mine").exists()


def test_dropping_leaves_the_other_files_of_the_user_there(ground):
    ws = ground.open()
    ground.write(ws.tree, {".gump/workflows/x.yaml": "x"})
    ws.fresh_output_folder()
    ws.drop_output_folder()
    assert (ws.tree / ".gump/workflows/x.yaml").exists()
    assert not (ws.tree / ".gump/out").exists()


def test_dropping_takes_an_empty_gump_folder_along(ground):
    ws = ground.open()
    ws.fresh_output_folder()
    ws.drop_output_folder()
    assert not (ws.tree / ".gump").exists()


def test_an_output_is_read_and_one_byte_more_than_the_limit_tells_that_it_is_too_long(ground):
    ws = ground.open()
    ws.fresh_output_folder()
    ground.write(ws.tree, {".gump/out/plan.json": "0123456789"})
    assert ws.read_output("plan.json", 10) == b"0123456789"
    assert ws.read_output("plan.json", 4) == b"01234"


@pytest.mark.parametrize("name", ["missing", "link", "pipe", "folder", "../../README.md", "..", ""])
def test_what_is_no_plain_file_of_the_folder_is_not_read(ground, name):
    ws = ground.open()
    ws.fresh_output_folder()
    out = ws.tree / ".gump/out"
    (out / "link").symlink_to("/etc/hostname")
    os.mkfifo(out / "pipe")
    (out / "folder").mkdir()
    assert ws.read_output(name, 100) is None


def test_an_output_behind_a_link_is_not_read(ground):
    ws = ground.open()
    outside = ground.root / "outside"
    ground.write(outside, {"plan.json": "[]"})
    (ws.tree / ".gump").mkdir(exist_ok=True)
    (ws.tree / ".gump/out").symlink_to(outside)
    assert ws.read_output("plan.json", 100) is None
