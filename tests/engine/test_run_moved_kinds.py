"""A run goes on over a base that has moved, in repositories that are not plain."""

from __future__ import annotations

import subprocess

import pytest

from gump_action.engine import events as e

from .test_run_moved_travel import OWN, go_on, new_runner, push

FAILS_ONCE = {
    "one": [
        [{"write": "one.txt", "text": "1\n"}, {"fail": "no"}],
        [{"run": "cat one.txt theirs.txt > seen.txt; cat lib/f >> seen.txt || true"}],
    ]
}


@pytest.fixture(params=["isolated", "checkout"])
def there(project, request, monkeypatch):
    # Git refuses submodules from local paths otherwise: CVE-2022-39253.
    allow = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow"}
    for name, value in {**allow, "GIT_CONFIG_VALUE_0": "always"}.items():
        monkeypatch.setenv(name, value)
    project.how = {"workspace": request.param, "is_job": True}
    project.script(FAILS_ONCE)
    return project


@pytest.fixture
def in_checkout(project):
    """As a job does it; a new tree of its own would need files that a partial clone lacks."""
    project.how = {"workspace": "checkout", "is_job": True}
    project.script(FAILS_ONCE)
    return project


def git(place, *words):
    who = ("-c", "user.name=o", "-c", "user.email=o@localhost", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *who, *words], cwd=place, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def library(project):
    """A repository of its own, whose one file says which commit of it is there."""
    lib = project.root / "lib"
    lib.mkdir()
    git(lib, "init", "-q")
    grow(lib, "old")
    return lib


def grow(lib, text):
    (lib / "f").write_text(f"{text} lib\n")
    git(lib, "add", "f")
    git(lib, "commit", "-qm", text)


def with_submodule(project, lib):
    project.git("submodule", "add", "-q", f"file://{lib}", "lib")
    project.commit({})


def test_a_submodule_that_others_have_moved_is_theirs(there):
    lib = library(there)
    with_submodule(there, lib)
    there.run(OWN, **there.how)
    old = there.git("rev-parse", "HEAD:lib")
    push(there, {"theirs.txt": "by others\n"})
    grow(lib, "new")
    theirs = there.root / "theirs"
    git(theirs, "submodule", "update", "-q", "--init", "--remote")
    push(there, {})
    new_runner(there, "--recurse-submodules")
    done = go_on(there)
    new = there.git("rev-parse", "HEAD:lib")
    assert (done.verdict, done.launches(), old != new) == ("passed", ["one#2"], True)
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["one.txt", "seen.txt"]
    assert there.git("rev-parse", f"{done.branch}:lib") == new
    if there.how["workspace"] == "checkout":
        assert there.git("show", f"{done.branch}:seen.txt") == "1\nby others\nnew lib"


def test_a_submodule_that_others_have_brought_is_theirs(there):
    lib = library(there)
    there.run(OWN, **there.how)
    push(there, {"theirs.txt": "by others\n"})
    theirs = there.root / "theirs"
    git(theirs, "submodule", "add", "-q", f"file://{lib}", "lib")
    push(there, {})
    new_runner(there, "--recurse-submodules")
    done = go_on(there)
    assert (done.verdict, done.launches()) == ("passed", ["one#2"])
    assert there.git("rev-parse", f"{done.branch}:lib") == there.git("rev-parse", "HEAD:lib")
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["one.txt", "seen.txt"]


def test_a_submodule_that_others_have_removed_is_gone(there):
    with_submodule(there, library(there))
    there.run(OWN, **there.how)
    push(there, {"theirs.txt": "by others\n"})
    git(there.root / "theirs", "rm", "-qf", "lib")
    push(there, {})
    new_runner(there)
    done = go_on(there)
    assert (done.verdict, done.launches()) == ("passed", ["one#2"])
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["one.txt", "seen.txt"]


def test_a_sparse_checkout_has_what_came_in_outside_of_it_in_the_result(there):
    there.commit({"small/s.txt": "small\n", "big/b.txt": "big\n"})
    there.run(OWN, **there.how)
    push(there, {"theirs.txt": "by others\n", "big/b.txt": "bigger\n"})
    new_runner(there)
    there.git("sparse-checkout", "set", "small", ".gump")
    done = go_on(there)
    assert (done.verdict, done.launches()) == ("passed", ["one#2"])
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["one.txt", "seen.txt"]
    assert there.git("show", f"{done.branch}:big/b.txt") == "bigger"
    assert not (there.repo / "big").exists()


def partial(project):
    """A clone of the moved branch without the files of other commits, and no way to have them."""
    git(project.root / "origin", "config", "uploadpack.allowFilter", "true")
    new_runner(project, "--filter=blob:none")
    (project.root / "origin").rename(project.root / "gone")


def test_a_partial_clone_goes_on_where_it_need_not_see_what_was_before(in_checkout):
    in_checkout.run(OWN, **in_checkout.how)
    push(in_checkout, {"theirs.txt": "by others\n"})
    partial(in_checkout)
    done = go_on(in_checkout)
    assert (done.verdict, done.launches()) == ("passed", ["one#2"])
    assert in_checkout.git("show", f"{done.branch}:seen.txt") == "1\nby others"
    assert "+by others" in done.prompt("one#2")


def test_what_a_partial_clone_cannot_show_is_named(in_checkout):
    in_checkout.run(OWN, **in_checkout.how)
    push(in_checkout, {"a.txt": "zero\none\ntwo\nthree\n", "theirs.txt": "by others\n"})
    partial(in_checkout)
    done = go_on(in_checkout)
    prompt = done.prompt("one#2")
    assert (done.verdict, done.launches()) == ("passed", ["one#2"])
    assert ("a.txt\ntheirs.txt\n" in prompt, "partial clone" in prompt) == (True, True)


def test_work_that_a_partial_clone_cannot_merge_is_begun_anew_and_it_is_said(in_checkout):
    """Both sides have changed a file, and what it was before is in no commit of this clone."""
    in_checkout.script({"one": [[{"run": "echo four >> a.txt"}, {"fail": "no"}], [{"say": "x"}]]})
    in_checkout.run(OWN, **in_checkout.how)
    push(in_checkout, {"a.txt": "zero\none\ntwo\nthree\n"})
    partial(in_checkout)
    done = go_on(in_checkout)
    [started] = done.of(e.AttemptStarted)
    assert started.session.resume == ""
    assert "does not merge with what has come in" in started.session.why
    assert (started.start, done.verdict) == (done.state.built_on[-1], "passed")
