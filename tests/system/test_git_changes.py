"""What a commit changes, read from a real repository."""

from __future__ import annotations

import os
import subprocess

import pytest

from gump_action.system.git import Git
from gump_action.system.git_changes import Changed, Finding, Reading, changed_files

WHO = ("-c", "user.name=u", "-c", "user.email=u@localhost", "-c", "init.defaultBranch=main")


def git(where, *words):
    argv = ["git", "-C", str(where), *WHO, *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def folder(tmp_path):
    git(tmp_path, "init", "-q")
    for name in ("kept", "edited", "gone", "mode", "renamed"):
        (tmp_path / name).write_text(f"{name}\n")
    (tmp_path / "link").symlink_to("kept")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "1")
    return tmp_path


def nothing(path, old, new):
    return Finding.NOTHING


def seen(folder, look=nothing, **how):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "2")
    door = Git(folder, {"PATH": os.environ["PATH"]})
    return {each.path: each for each in changed_files(door, "HEAD~", "HEAD", Reading(look, **how))}


def test_each_kind_of_change_is_told_by_its_modes(folder):
    (folder / "edited").write_text("x\0")
    (folder / "gone").unlink()
    (folder / "mode").chmod(0o755)
    (folder / "renamed").rename(folder / "new\nname")
    (folder / "link").unlink()
    (folder / "link").symlink_to("/etc")
    git(folder, "init", "-q", "sub")
    git(folder / "sub", "commit", "-qm", "x", "--allow-empty")
    assert seen(folder) == {
        "edited": Changed("edited", "100644", "100644", 2),
        "gone": Changed("gone", "100644", "000000"),
        "mode": Changed("mode", "100644", "100755", 5),
        "renamed": Changed("renamed", "100644", "000000"),
        "new\nname": Changed("new\nname", "000000", "100644", 8),
        "link": Changed("link", "120000", "120000", 4, target="/etc"),
        "sub": Changed("sub", "000000", "160000"),
    }


def test_who_looks_sees_the_old_and_the_new_content(folder):
    (folder / "edited").write_text("new\n")
    (folder / "added").write_text("more\n")
    (folder / "gone").unlink()
    looked = {}
    seen(folder, lambda path, old, new: looked.update({path: (old, new)}) or Finding.TOKEN)
    assert looked == {
        "edited": (b"edited\n", b"new\n"),
        "added": (b"", b"more\n"),
        "gone": (b"", b""),
    }


def test_a_name_that_is_no_text_survives(folder):
    with open(bytes(folder) + b"/\xff", "w") as file:  # noqa: PTH123  (a name in bytes)
        file.write("x")
    assert [*seen(folder)] == ["\udcff"]


def test_many_files_are_read_in_batches(folder):
    for n in range(30):
        (folder / f"n{n}").write_text("seven\n" + str(n))
    found = seen(folder, lambda _, old, new: Finding("token" * (b"17" in new)), batch=10)
    assert len(found) == 30
    assert [path for path, each in found.items() if each.finding] == ["n17"]


def test_a_file_that_is_too_large_to_be_read_is_told_so(folder):
    (folder / "edited").write_text("x" * 101)
    (folder / "kept").write_text("x" * 100)
    found = seen(folder, largest=100)
    assert found["edited"] == Changed("edited", "100644", "100644", 101, finding=Finding.UNREAD)
    assert found["kept"].finding is Finding.NOTHING
