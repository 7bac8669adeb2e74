import subprocess

import pytest

from gump_action.host.said.changes import changes_in
from gump_action.host.said.facts import Change
from gump_action.redaction import Redactor
from gump_action.system.git_history import PATCH

WHO = ["-c", "user.name=u", "-c", "user.email=u@localhost"]


def git(folder, *words):
    done = subprocess.run(["git", *WHO, *words], cwd=folder, capture_output=True, check=True)
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "old").write_text("one\ntwo\nthree\nfour\nfive\nsix\n")
    (tmp_path / "gone").write_text("--- a/x\n+++ b/x\n")
    (tmp_path / "mode").write_text("x\n")
    (tmp_path / "is bin").write_bytes(b"\0\1\2")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "1")
    return tmp_path


def seen(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "2")
    return changes_in(git(folder, *PATCH, "HEAD^", "HEAD"), str)


def test_a_real_patch_is_read_name_by_name(folder):
    (folder / "old").rename(folder / "new name")
    (folder / "gone").unlink()
    (folder / "mode").chmod(0o755)
    (folder / "is bin").write_bytes(b"\0\3" * 99)
    (folder / "no end").write_text("-- a\n++ b\n@@ -1 +1 @@\ndiff --git a/x b/x")
    (folder / "empty").write_text("")
    assert set(seen(folder)) == {
        Change("new name", 0, 0),
        Change("gone", 0, 2),
        Change("mode", 0, 0),
        Change("is bin"),
        Change("no end", 4, 0),
        Change("empty", 0, 0),
    }


def test_lines_of_a_hunk_are_counted_whatever_they_look_like(folder):
    (folder / "gone").write_text("--- a/x\n+++ b/y\ndiff --git a/z b/z\n")
    (folder / "old").write_text("one\n\nthree\nfour\nfive\nsix\nseven\n")
    assert seen(folder) == (Change("gone", 2, 1), Change("old", 2, 1))


@pytest.mark.parametrize(
    "name", ['q"uote', "tab\there", "back\\slash", "é 日本", "line\nend", " a "]
)
def test_any_name_is_read_as_it_is(folder, name):
    (folder / name).write_text("x\n")
    assert seen(folder) == (Change(name, 1, 0),)


def test_a_name_that_is_no_text_has_a_replacement(folder):
    with open(bytes(folder) + b"/\xff\xfe.py", "w") as file:  # noqa: PTH123  (a name in bytes)
        file.write("x\n")
    assert seen(folder) == (Change("\ufffd\ufffd.py", 1, 0),)


@pytest.mark.parametrize("patch", [b"", b"\n", b"no patch\n", b"@@ -1 +1 @@\n"])
def test_what_is_no_patch_has_no_files(patch):
    assert changes_in(patch, str) == ()


def test_a_secret_in_a_name_is_masked():
    patch = b"diff --git a/x-tok3n-s3cret b/x-tok3n-s3cret\nnew file mode 100644\n"
    assert changes_in(patch, Redactor(["tok3n-s3cret"]).clean) == (Change("x-***", 0, 0),)
