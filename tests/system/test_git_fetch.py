"""A commit fetched from a real server on loopback, which records what it is asked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gump_action.errors import InputError
from gump_action.system.git_fetch import fetch_commit

from .served import git

TOKEN = "Authorization: basic c2VjcmV0LXRva2Vu"


@pytest.fixture
def base(tmp_path: Path) -> str:
    """The first of two commits of a served repository; `clone` is shallow and has the second."""
    origin = tmp_path / "served/o/r"
    origin.mkdir(parents=True)
    git(origin, "init", "-q")
    for text in ("one", "two"):
        (origin / "a.txt").write_text(text)
        git(origin, "add", "-A")
        git(origin, "commit", "-qm", text)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{origin}", str(tmp_path / "clone"))
    return git(origin, "rev-parse", "HEAD~")


def test_a_missing_commit_is_brought_with_the_login(tmp_path, server, base, env):
    clone = tmp_path / "clone"
    refs = git(clone, "for-each-ref")
    assert fetch_commit(clone, f"{server.url}/o/r", base, header=TOKEN, env=env) == ""
    assert git(clone, "show", f"{base}:a.txt") == "one"
    assert server.headers
    assert all(each == [TOKEN.removeprefix("Authorization: ")] for each in server.headers)
    assert git(clone, "for-each-ref") == refs


def test_the_login_of_the_configuration_is_not_sent_beside_ours(tmp_path, server, base, env):
    clone = tmp_path / "clone"
    git(clone, "config", f"http.{server.url}/.extraheader", "Authorization: basic b2xk")
    assert fetch_commit(clone, f"{server.url}/o/r", base, header=TOKEN, env=env) == ""
    assert {len(each) for each in server.headers} == {1}


def test_the_login_goes_to_no_other_address(tmp_path, server, base, env):
    clone = tmp_path / "clone"
    git(clone, "config", f"url.{server.url}/o/r.insteadOf", "http://127.0.0.1:1/o/r")
    assert fetch_commit(clone, "http://127.0.0.1:1/o/r", base, header=TOKEN, env=env) == ""
    assert {*map(len, server.headers)} == {0}


def test_a_redirect_is_not_followed(tmp_path, server, base, env):
    server.elsewhere = server.url
    said = fetch_commit(tmp_path / "clone", f"{server.url}/moved/o/r", base, header=TOKEN, env=env)
    assert "302" in said
    assert len(server.headers) == 1


def test_the_login_is_in_no_file_and_no_command_line(tmp_path, server, base, env, monkeypatch):
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    words = tmp_path / "words"
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    program.write_text(
        f'#!/bin/sh\ntr "\\0" " " </proc/$$/cmdline >>{words}\nexec {real.stdout.strip()} "$@"\n'
    )
    program.chmod(0o755)
    clone, other = tmp_path / "clone", {**env, "PATH": f"{program.parent}:{env['PATH']}"}
    fetch_commit(clone, f"{server.url}/o/r", base, header=TOKEN, env=other)
    assert "fetch" in words.read_text()
    kept = [path for path in clone.rglob("*") if path.is_file()]
    secret = TOKEN.rpartition(" ")[2].encode()
    assert [path for path in [*kept, words] if secret in path.read_bytes()] == []


def test_a_complete_clone_stays_complete(tmp_path, server, base, env):
    origin, clone = tmp_path / "served/o/r", tmp_path / "whole"
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    (origin / "a.txt").write_text("three")
    git(origin, "commit", "-qam", "three")
    tip = git(origin, "rev-parse", "HEAD")
    assert fetch_commit(clone, f"{server.url}/o/r", tip, header=TOKEN, env=env) == ""
    assert git(clone, "rev-list", "--count", tip) == "3"


def test_files_that_a_partial_clone_lacks_are_brought(tmp_path, server, base, env):
    origin, clone = tmp_path / "served/o/r", tmp_path / "partial"
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{origin}", str(clone))
    shutil.move(origin, tmp_path / "served/o/moved")  # so that git cannot bring them by itself
    url = f"{server.url}/o/moved"
    assert fetch_commit(clone, url, base, header=TOKEN, env=env) == ""
    assert git(clone, "show", f"{base}:a.txt") == "one"


def test_a_server_that_does_not_answer_is_a_reason_without_the_login(tmp_path, base, env):
    said = fetch_commit(tmp_path / "clone", "http://127.0.0.1:1/o/r", base, header=TOKEN, env=env)
    assert "127.0.0.1" in said
    assert TOKEN not in said


@pytest.mark.parametrize(
    ("url", "commit"),
    [
        ("http://h/o/r", "main"),
        ("http://h/o/r", "--upload-pack=x"),
        ("ext::sh -c x", "a" * 40),
        ("file:///etc", "a" * 40),
        ("http://me:pw@h/o/r", "a" * 40),
        ("--upload-pack=x", "a" * 40),
        ("http://h/o/r\n", "a" * 40),
    ],
)
def test_what_is_no_commit_or_no_address_is_refused(tmp_path, env, url, commit):
    with pytest.raises(InputError):
        fetch_commit(tmp_path, url, commit, header=TOKEN, env=env)
