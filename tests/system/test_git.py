"""The door to git: what reaches git, what comes back, and what is never started."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gump_action.errors import CommandError, InputError
from gump_action.system import git_history
from gump_action.system.git import Git, _alone, listed, names
from gump_action.system.git_folder import Folder, configuration


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}


@pytest.fixture
def seen(tmp_path: Path, env: dict[str, str]) -> dict[str, str]:
    """An environment in which `git` prints its own variables and words."""
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nenv\nfor w; do echo "word $w"; done\n')
    program.chmod(0o755)
    return {**env, "PATH": f"{program.parent}:/usr/bin:/bin"}


def test_git_gets_the_given_variables_and_none_of_ours(tmp_path, seen, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "s3cret")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    given = {**seen, "GIT_INDEX_FILE": "/elsewhere"}
    lines = Git(tmp_path, given).text("status").splitlines()
    found = {line.partition("=")[0] for line in lines if not line.startswith("word ")}
    assert {"PATH", "HOME", "GIT_TERMINAL_PROMPT", "GIT_NO_LAZY_FETCH"} <= found
    assert not found & {"SOME_SECRET", "GIT_DIR", "GIT_INDEX_FILE", "LANGUAGE"}


def test_hooks_monitors_and_collections_are_off_in_every_call(tmp_path, seen):
    said = Git(tmp_path, seen).text("status")
    for setting in ("core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0"):
        assert f"word {setting}" in said


def test_a_bad_end_is_a_command_error_with_what_git_said(tmp_path, env):
    with pytest.raises(CommandError, match="not a git repository") as caught:
        Git(tmp_path, env).run("status")
    assert caught.value.code == 128
    assert caught.value.argv == ("git", "status")


def test_a_code_that_is_expected_is_no_error(tmp_path, env):
    assert Git(tmp_path, env).run("status", ok=(128,)) == b""


def test_no_git_on_path_is_the_users_to_mend(tmp_path):
    with pytest.raises(InputError, match="git is not installed"):
        Git(tmp_path, {"PATH": str(tmp_path)})


def test_output_comes_back_byte_for_byte_and_input_goes_in_the_same_way(tmp_path, env):
    git = Git(tmp_path, env)
    git.run("init", "-q", ".")
    content = bytes(range(256)) + b"\n\n"
    name = git.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
    assert git.run("cat-file", "blob", name) == content


def test_names_survive_the_way_there_and_back():
    given = ["a\nb", "-x", "tëst", os.fsdecode(b"caf\xe9")]
    assert names(listed(given)) == given


REFS = [
    ("r/build/red/impl/1", "r/build/red/impl/1"),
    ("r/impl#1", "r/impl#1"),
    ("a b", "a%20b"),
    (".hidden/x", "%2ehidden/x"),
    ("a/.hidden", "a/%2ehidden"),
    ("a..b", "a%2e%2eb"),
    ("x.lock", "x%2elock"),
    ("end.", "end%2e"),
    ("a~^:?*[\\%@{b", "a%7e%5e%3a%3f%2a%5b%5c%25%40%7bb"),
    ("ünïcode-☃", "ünïcode-☃"),
]


@pytest.mark.parametrize(("name", "ref"), REFS)
def test_any_name_becomes_one_that_git_takes_as_a_ref(name, ref):
    assert git_history.ref_name(name) == ref
    subprocess.run(["git", "check-ref-format", f"refs/gump/{ref}"], check=True)


def test_values_of_a_configuration_are_read_again_as_they_were(tmp_path, env):
    values = {"core.eol": "lf", "filter.lfs.clean": 'a "b" \\ %f', "user.name": "# ; ü\nx"}
    file = tmp_path / "config"
    file.write_text(configuration("sha1", values))
    for name, value in values.items():
        assert Git(tmp_path, env).text("config", "-f", str(file), name) == value


def test_a_folder_is_whole_only_when_its_making_was_finished(tmp_path, env):
    tree = tmp_path / "tree"
    tree.mkdir()
    folder = Folder(tmp_path / "git", tree, env)
    folder.make([], "sha1", {})
    assert not folder.is_there
    folder.finish_making()
    assert folder.is_there


def test_the_users_ignore_file_is_not_asked_by_a_folder_of_ours(tmp_path, env):
    (tmp_path / ".config/git").mkdir(parents=True)
    (tmp_path / ".config/git/ignore").write_text("*\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("x")
    folder = Folder(tmp_path / "git", tree, env)
    folder.make([], "sha1", {})
    folder.add_all([])
    assert [entry.path for entry in folder.entries()] == ["file"]


def test_only_names_of_variables_stand_in_a_command_line(monkeypatch):
    """`env` is there for a moment before it becomes git, and anybody can list processes."""
    monkeypatch.setenv("SOME_SECRET", "s3cret")
    words = _alone({"PATH": "/bin", "GIT_CONFIG_VALUE_0": "t0ken"})
    assert "SOME_SECRET" in words
    assert not [word for word in words if "s3cret" in word or "t0ken" in word]
