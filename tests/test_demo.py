"""The demo as a person or a job calls it: a subprocess, with next to nothing in its environment."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gump_action.engine.record import read_state

KEY = "sk-ant-api03-0123456789abcdef"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The demo inside a job that has no HOME and no git identity."""
    folder = tmp_path_factory.mktemp("job")
    files = {"GITHUB_OUTPUT": folder / "output", "GITHUB_STEP_SUMMARY": folder / "summary"}
    for file in files.values():
        file.touch()
    env = {
        **{name: str(file) for name, file in files.items()},
        "ANTHROPIC_API_KEY": KEY,
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(folder),
    }
    ended = subprocess.run(
        [sys.executable, "-I", "-m", "gump_action", "demo"],
        capture_output=True,
        cwd=folder,
        env=env,
        text=True,
        timeout=60,
    )
    (repo,) = folder.glob("gump-demo-*")
    written = "".join(file.read_text() for file in files.values())
    return SimpleNamespace(
        code=ended.returncode,
        out=ended.stdout,
        err=ended.stderr,
        repo=repo,
        written=written,
        state=read_state(repo / ".gump" / "state"),
    )


def git(repo, *words):
    done = subprocess.run(["git", *words], capture_output=True, check=True, cwd=repo, text=True)
    return done.stdout


def test_the_demo_passes_and_complains_of_nothing(told):
    assert (told.code, told.err) == (0, "")


def test_the_second_machine_goes_on_with_the_conversation_of_the_first(told):
    second = told.out.partition("Second act")[2]
    assert "analyze  skipped: it has passed before" in second
    assert "fix#2 resumed the session of fix#1, which was made on the machine" in second
    assert "document#1    | I remember 2 of our exchanges: fix#1; fix#2" in second


def test_a_failed_attempt_is_followed_by_one_that_resumes_it(told):
    attempts = {a.name: a for each in told.state.attempts.values() for a in each}
    assert {name: (str(a.verdict), a.session.resume) for name, a in attempts.items()} == {
        "analyze#1": ("passed", ""),
        "fix#1": ("failed", ""),
        "fix#2": ("passed", "fix#1"),
        "document#1": ("passed", "fix#2"),
    }


def test_the_agent_says_what_it_remembers(told):
    assert "fix#2    | I remember 1 of our exchanges: fix#1\n" in told.out
    assert "document#1    | I remember 2 of our exchanges: fix#1; fix#2\n" in told.out


def test_the_result_is_a_branch_that_is_named_and_the_own_one_is_as_it_was(told):
    branch = told.state.ended.branch
    assert f"git diff main..{branch}" in told.out
    assert "divmod" in git(told.repo, "show", f"{branch}:bill.py")
    assert "divmod" not in git(told.repo, "show", "main:bill.py")
    assert git(told.repo, "status", "--porcelain") == ""


def test_it_says_where_everything_is_and_what_can_be_done_next(told):
    assert f"cd {told.repo}\n" in told.out
    assert " report " in told.out
    assert " apply " in told.out


def test_nothing_of_the_job_is_touched_and_no_key_comes_near_the_agent(told):
    assert told.written == ""
    assert KEY not in told.out
    kept = [path for path in told.repo.rglob("*") if path.is_file() and not path.is_symlink()]
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]


def test_the_result_can_be_applied_by_someone_who_has_no_git_identity(told, tmp_path):
    words = [sys.executable, "-I", "-m", "gump_action", "apply"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    git(told.repo, "switch", "--quiet", "-c", "other")
    done = subprocess.run(words, capture_output=True, cwd=told.repo, env=env, text=True)
    git(told.repo, "switch", "--quiet", "main")
    assert done.returncode == 0, done.stderr
    assert "as one commit" in done.stdout
