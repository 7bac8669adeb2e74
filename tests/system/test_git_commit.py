"""A result as one commit of listed paths, in a real repository."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gump_action.errors import InputError
from gump_action.system.git_commit import Wanted, Who, make_commit

from .served import git


@pytest.fixture
def repo(tmp_path):
    """`base` and, two commits later, `result`; the user's own branch stays on `base`."""
    repo = tmp_path / "repo"
    git(tmp_path, "init", "-q", str(repo))
    (repo / "d").mkdir()
    for name in ("kept", "edited", "gone", "d/x"):
        (repo / name).write_text(name)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "base")
    git(repo, "checkout", "-q", "--detach")
    (repo / "secret").write_text("of the first step")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "step one")
    (repo / "secret").unlink()
    (repo / "gone").unlink()
    (repo / "edited").write_text("new")
    (repo / "d/x").unlink()
    (repo / "d").rmdir()
    (repo / "d").write_text("a file now")
    (repo / "ünï\nline").write_text("x")
    (repo / "other").write_text("not listed")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "step two")
    git(repo, "checkout", "-q", "main")
    return repo


PATHS = ("d", "d/x", "edited", "gone", "ünï\nline")


def wanted(repo, **more):
    base, result = git(repo, "rev-parse", "main"), git(repo, "rev-parse", "HEAD@{1}")
    return replace(Wanted(base, result, PATHS, (base,), "subject\n\nGump-Run: r1"), **more)


def names(repo, commit):
    return {*git(repo, "ls-tree", "-r", "-z", "--name-only", commit).rstrip("\0").split("\0")}


def test_the_commit_has_the_listed_paths_and_no_others(repo, env):
    commit = make_commit(repo, wanted(repo), env)
    assert names(repo, commit) == {"d", "edited", "kept", "ünï\nline"}
    assert git(repo, "show", f"{commit}:edited") == "new"
    assert git(repo, "show", f"{commit}:d") == "a file now"


def test_what_a_step_wrote_and_a_later_one_removed_is_in_no_commit(repo, env):
    asked = wanted(repo)
    commit = make_commit(repo, asked, env)
    objects = git(repo, "rev-list", "--objects", commit, f"^{asked.base}")
    assert "secret" not in objects
    assert git(repo, "rev-list", "--count", f"{asked.base}..{commit}") == "1"


def test_neither_refs_nor_index_nor_files_are_changed(repo, env):
    def before():
        return git(repo, "for-each-ref"), git(repo, "status", "--porcelain"), git(repo, "ls-files")

    seen = before()
    make_commit(repo, wanted(repo), env)
    assert before() == seen


def test_made_again_it_has_the_same_name(repo, env):
    assert make_commit(repo, wanted(repo), env) == make_commit(repo, wanted(repo), env)


def test_author_committer_message_and_parents_are_as_asked(repo, env):
    parents = (git(repo, "rev-parse", "HEAD@{1}"), git(repo, "rev-parse", "main"))
    people = {"author": Who("A b", "a@x.test"), "committer": Who("c[bot]", "c@x.test")}
    commit = make_commit(repo, wanted(repo, parents=parents, **people), env)
    told = git(
        repo, "show", "-s", "--format=%an <%ae>|%cn <%ce>|%P|%(trailers:key=Gump-Run)", commit
    )
    assert told == f"A b <a@x.test>|c[bot] <c@x.test>|{' '.join(parents)}|Gump-Run: r1"


@pytest.mark.parametrize(
    ("name", "email"), [("", "a@x"), ("a\nb", "a@x"), ("a", "a@x>"), ("a <b", "a@x"), ("a", " ")]
)
def test_what_is_no_name_for_a_commit_is_refused(name, email):
    with pytest.raises(InputError):
        Who(name, email)
