"""What one cannot build on is refused before anything is changed, with what to do."""

from __future__ import annotations

import os

import pytest

from gump_action.errors import InputError


def test_a_folder_that_is_no_repository_is_refused(ground):
    ground.repo = ground.root / "plain"
    ground.repo.mkdir()
    with pytest.raises(InputError, match=r"not a git repository(.|\n)*git init"):
        ground.open()


def test_a_missing_folder_is_refused(ground):
    ground.repo = ground.root / "nowhere"
    with pytest.raises(InputError, match="no folder"):
        ground.open()


def test_a_repository_without_a_commit_is_refused(ground):
    ground.git("init", "-q", "empty", cwd=ground.root)
    ground.repo = ground.root / "empty"
    with pytest.raises(InputError, match=r"no commit yet(.|\n)*git commit"):
        ground.open()


def test_a_bare_repository_is_refused(ground):
    ground.git("init", "-q", "--bare", "bare", cwd=ground.root)
    ground.repo = ground.root / "bare"
    with pytest.raises(InputError, match=r"bare repository(.|\n)*Clone it"):
        ground.open()


UNFINISHED = [
    ("MERGE_HEAD", "merge --abort"),
    ("CHERRY_PICK_HEAD", "cherry-pick --abort"),
    ("REVERT_HEAD", "revert --abort"),
    ("BISECT_LOG", "bisect reset"),
    ("rebase-merge", "rebase --abort"),
    ("rebase-apply", "rebase --abort"),
]


@pytest.mark.parametrize(("name", "remedy"), UNFINISHED)
def test_a_repository_in_the_middle_of_something_is_refused(ground, name, remedy):
    (ground.repo / ".git" / name).write_text("x")
    with pytest.raises(InputError, match=rf"in the middle(.|\n)*{remedy}"):
        ground.open()


def test_a_real_merge_with_conflicts_is_refused(ground):
    ground.git("checkout", "-qb", "other")
    ground.write(ground.repo, {"README.md": "theirs\n"})
    ground.git("commit", "-qam", "theirs")
    ground.git("checkout", "-q", "main")
    ground.write(ground.repo, {"README.md": "ours\n"})
    ground.git("commit", "-qam", "ours")
    with pytest.raises(AssertionError):
        ground.git("merge", "other")
    with pytest.raises(InputError, match="middle of a merge"):
        ground.open()


def test_conflicts_without_a_merge_are_refused(ground):
    (ground.repo / "README.md").write_text("stashed\n")
    ground.git("stash")
    (ground.repo / "README.md").write_text("committed\n")
    ground.git("commit", "-qam", "x")
    with pytest.raises(AssertionError):
        ground.git("stash", "pop")
    with pytest.raises(InputError, match="conflicts"):
        ground.open()


def test_a_refusal_leaves_the_users_repository_as_it_was(ground):
    (ground.repo / ".git/MERGE_HEAD").write_text("x")
    index = (ground.repo / ".git/index").read_bytes()
    with pytest.raises(InputError):
        ground.open()
    assert (ground.repo / ".git/index").read_bytes() == index


def test_git_that_is_not_there_is_said(ground):
    ground.env["PATH"] = str(ground.root)
    with pytest.raises(InputError, match="git is not installed"):
        ground.open()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_checkout_of_another_owner_is_no_reason_to_refuse(ground):
    for path in (ground.repo, ground.repo / ".git"):
        os.chown(path, 12345, 12345)
    assert ground.open().opened.base
