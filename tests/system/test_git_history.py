"""Commits that are made in one go."""

import os
import subprocess

import pytest

from gump_action.system import git_history
from gump_action.system.git import Git
from gump_action.system.git_folder import WHO


@pytest.fixture
def git(tmp_path):
    made = Git(tmp_path, {"PATH": os.environ["PATH"]}).with_env(**WHO)
    made.run("init", "-q", ".")
    return made


def tree_of(git, tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    git.run("add", "-A")
    return git.text("write-tree")


@pytest.mark.parametrize("count", [0, 1, 3, 150])
def test_a_chain_has_the_names_of_commits_made_one_by_one_and_leaves_no_ref(git, tmp_path, count):
    trees = [tree_of(git, tmp_path, text) for text in ("", "one", "two")]
    base = tip = git_history.commit(git, trees[0], [], "base")
    wanted = []
    for number in range(count):
        tree, date = trees[1 + number % 2], f"{1700000000 + number} +0000"
        message = f'step{number}: ü "x"\n\nGump-Run: r\nGump-Step: build/grün/{number}'
        dated = git.with_env(GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        tip = git_history.commit(dated, tree, [tip], message)
        wanted.append(git_history.Wanted(tree, date, message))
    (other := tmp_path / "other").mkdir()
    there = Git(other, {"PATH": os.environ["PATH"]}).with_env(**WHO)
    there.run("init", "-q", ".")
    git.run("update-ref", "refs/heads/main", base)
    subprocess.run(["git", "push", "-q", other, "main"], cwd=tmp_path, check=True)
    for tree in trees:
        there.run(
            "unpack-objects",
            "-q",
            stdin=git.run("pack-objects", "--stdout", "-q", "--revs", stdin=f"{tree}\n".encode()),
        )
    assert git_history.chain(there, base, wanted) == tip
    assert there.text("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert git_history.chain(there, base, wanted) == tip
    assert not (other / ".git/refs/result").exists()
