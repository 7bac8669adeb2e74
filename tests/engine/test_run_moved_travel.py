"""A run goes on over a base that has moved, on another machine, in clones of all kinds."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from gump_action import carrying
from gump_action.engine import events as e
from gump_action.engine.workspace.source import missing_bases
from gump_action.engine.workspace.swap import Swapped, swap_instructions
from gump_action.errors import InputError

OWN = "- {name: one, agent: scripted, prompt: p, session: reuse-on-retry}\n"
FAILS_TWICE = {
    "one": [
        [{"write": "one.txt", "text": "1\n"}, {"fail": "no"}],
        [{"fail": "no"}],
        [{"run": "cat one.txt theirs.txt more.txt > seen.txt"}],
    ]
}


@pytest.fixture(params=["isolated", "checkout"])
def there(project, request):
    project.how = {"workspace": request.param, "is_job": True}
    return project


def go_on(project):
    return project.run(OWN, takes_in=True, **project.how)


def push(project, files):
    """Others have changed the branch at its origin, which is made of the checkout at first."""
    theirs, origin = project.root / "theirs", project.root / "origin"
    if not origin.exists():
        project.git("clone", "-q", "--bare", str(project.repo), str(origin))
        project.git("clone", "-q", str(origin), str(theirs))
    for name, text in files.items():
        (theirs / name).write_text(text)
    for words in (["add", "-A"], ["commit", "-qm", "by others"], ["push", "-q"]):
        who = ("-c", "user.name=o", "-c", "user.email=o@localhost")
        subprocess.run(["git", *who, *words], cwd=theirs, check=True)


def new_runner(project, *words):
    """Another machine: a new clone of the origin, and of the run its packed state."""
    packed, how = project.root / "packed", {"run_key": "k", "key_env": None}
    carrying.pack(project.state, packed, project.environ, **how, transcripts="always")
    shutil.rmtree(project.state)
    carrying.unpack(packed, project.state, project.environ, **how)
    packed.unlink()
    shutil.rmtree(project.repo)
    origin = f"file://{project.root / 'origin'}"
    argv = ["git", "clone", "-q", *words, origin, str(project.repo)]
    subprocess.run(argv, check=True, capture_output=True)


def test_a_run_goes_on_in_new_clones_of_a_branch_that_moves_and_moves(there):
    there.script(FAILS_TWICE)
    there.run(OWN, **there.how)
    push(there, {"theirs.txt": "by others\n"})
    new_runner(there)
    assert go_on(there).verdict == "failed"
    push(there, {"more.txt": "more\n"})
    new_runner(there)
    done = go_on(there)
    [started] = done.of(e.AttemptStarted)
    assert (done.verdict, started.session.resume) == ("passed", "one#2")
    assert there.git("show", f"{done.branch}:seen.txt") == "1\nby others\nmore"
    prompt = done.prompt("one#3")
    assert ("+more" in prompt, "+by others" in prompt) == (True, False)
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["one.txt", "seen.txt"]


def test_a_run_that_has_moved_travels_on_without_moving_again(there):
    there.script(FAILS_TWICE)
    there.run(OWN, **there.how)
    push(there, {"theirs.txt": "by others\n", "more.txt": "more\n"})
    new_runner(there)
    assert go_on(there).verdict == "failed"
    new_runner(there)
    done = there.run(OWN, **there.how)
    assert (done.verdict, done.launches()) == ("passed", ["one#3"])
    assert there.git("show", f"{done.branch}:seen.txt") == "1\nby others\nmore"
    again = there.run(OWN, **there.how)
    assert again.state.ended.commit == done.state.ended.commit


def test_a_shallow_clone_without_the_old_base_begins_anew_and_says_what_to_do(there):
    there.script(FAILS_TWICE)
    there.run(OWN, **there.how)
    push(there, {"theirs.txt": "by others\n"})
    new_runner(there, "--depth=1")
    done = go_on(there)
    assert done.launches() == ["one#1"]
    assert "which this clone lacks" in done.notes()
    assert "`fetch-depth: 0`" in done.notes()


def test_with_the_old_base_fetched_a_shallow_clone_will_do(there):
    there.script(FAILS_TWICE)
    there.run(OWN, **there.how)
    push(there, {"theirs.txt": "by others\n", "more.txt": "more\n"})
    new_runner(there, "--depth=1")
    fetch_missing(there)
    assert go_on(there).verdict == "failed"
    push(there, {"a.txt": "zero\none\ntwo\nthree\n"})
    new_runner(there, "--depth=1")
    fetch_missing(there)
    done = go_on(there)
    assert (done.verdict, done.launches()) == ("passed", ["one#3"])
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["one.txt", "seen.txt"]


def fetch_missing(project):
    lacking = missing_bases(project.repo, project.environ, project.read().built_on)
    assert lacking
    project.git("fetch", "-q", "--depth=1", "origin", *lacking)


def test_on_a_persons_machine_a_missing_base_is_said(project):
    project.how = {"workspace": "isolated"}
    project.script(FAILS_TWICE)
    project.run(OWN, **project.how)
    push(project, {"theirs.txt": "by others\n"})
    new_runner(project, "--depth=1")
    with pytest.raises(InputError, match="that this run is built on is not in") as refused:
        go_on(project)
    assert "fetch-depth: 0" in refused.value.hint


SEE = {"run": "cat CLAUDE.md theirs.txt > seen.txt"}


def test_swapped_instruction_files_are_in_no_diff_over_the_new_base_either(project):
    """The branch's own are never seen, and the result has the branch's."""
    project.how = {"workspace": "checkout", "is_job": True}
    project.script({"one": [[SEE, {"fail": "no"}], [{"fail": "no"}], [SEE]]})
    project.commit({"CLAUDE.md": "base says\n"})
    base = project.git("rev-parse", "HEAD")
    project.git("checkout", "-q", "-b", "change")
    project.commit({"CLAUDE.md": "evil says\n", "GEMINI.md": "evil\n"})
    swapped(project, base)
    assert project.run(OWN, **project.how).verdict == "failed"
    push(project, {"theirs.txt": "by others\n", "CLAUDE.md": "worse says\n", "QWEN.md": "evil\n"})
    for number in (2, 3):
        new_runner(project)
        swapped(project, base)
        done = go_on(project)
        assert f"one#{number}" in done.launches()
    assert project.git("show", f"{done.branch}:seen.txt") == "base says\nby others"
    assert project.git("diff", "--name-only", "HEAD", done.branch) == "seen.txt"
    patches = "".join(path.read_text() for path in done.root.rglob("*.patch"))
    assert not [name for name in ("CLAUDE.md", "GEMINI.md", "QWEN.md") if f"a/{name}" in patches]
    assert "evil" not in done.prompt("one#2") + done.prompt("one#3")


def swapped(project, base):
    assert isinstance(swap_instructions(project.repo, base, project.environ), Swapped)
