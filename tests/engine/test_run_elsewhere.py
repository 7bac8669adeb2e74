"""An engine was killed, and the run goes on elsewhere on the same machine: in another workspace,
another clone, another home.  What the agent did is kept where it did it.
"""

from __future__ import annotations

import shutil

import pytest

from gump_action.engine import events as e
from gump_action.errors import InputError

from .kills import Killed

OWN = "- {name: one, agent: scripted, prompt: p, session: reuse-on-retry}\n"
WORKS_THEN_LOOKS = {
    "one": [
        [{"write": "work.txt", "text": "1\n"}],
        [{"run": "cat work.txt > seen.txt"}],
    ]
}


def killed(project, at, **how):
    """A run whose engine was gone when this had happened."""

    def listen(event):
        if isinstance(event, at):
            raise Killed

    with pytest.raises(Killed):
        project.run(OWN, listen=listen, **how)


@pytest.fixture
def scripted(project):
    project.script(WORKS_THEN_LOOKS)
    return project


def other_clone(project):
    place = project.root / "clone"
    project.git("clone", "-q", str(project.repo), str(place))
    return place


ELSEWHERE = {
    "isolated, then checkout": ("isolated", "checkout", False),
    "checkout, then isolated": ("checkout", "isolated", False),
    "another clone": ("checkout", "checkout", True),
    "another clone, isolated": ("isolated", "isolated", True),
}


@pytest.mark.parametrize("at", [e.AgentEnded, e.TranscriptKept, e.SnapshotTaken])
@pytest.mark.parametrize("case", ELSEWHERE)
def test_memory_and_tree_agree_where_a_killed_run_goes_on(scripted, case, at):
    first, then, is_moved = ELSEWHERE[case]
    killed(scripted, at, workspace=first)
    repo = other_clone(scripted) if is_moved else scripted.repo
    done = scripted.run(OWN, workspace=then, repo=repo)
    [started] = done.of(e.AttemptStarted)
    [prompt] = [done.prompt("one#2")]
    assert (done.verdict, started.session.resume) == ("passed", "one#1")
    assert "was cut off" in prompt
    tip = done.state.ended.commit
    assert scripted.git("--git-dir", str(done.root / "git"), "show", f"{tip}:seen.txt") == "1"
    if first == "checkout":
        assert not (scripted.repo / "work.txt").exists() or (repo, then) == (scripted.repo, first)


@pytest.mark.parametrize("is_own", [True, False])
def test_a_killed_session_is_found_in_the_home_where_it_was(scripted, is_own):
    killed(scripted, e.AgentEnded, is_own_home=is_own)
    done = scripted.run(OWN, is_own_home=not is_own)
    [started] = done.of(e.AttemptStarted)
    assert (done.verdict, started.session.resume) == ("passed", "one#1")


def test_where_the_other_clone_is_gone_neither_memory_nor_work_is_kept_and_it_is_said(scripted):
    clone = other_clone(scripted)
    killed(scripted, e.AgentEnded, workspace="checkout", repo=clone)
    shutil.rmtree(clone)
    done = scripted.run(OWN, workspace="checkout")
    [started] = done.of(e.AttemptStarted)
    assert started.session.resume == ""
    assert "could not be kept" in done.notes()


def test_what_a_person_has_changed_in_the_other_clone_is_not_taken_for_the_agents(scripted):
    """Nor is it written over: it is refused, again and again."""
    killed(scripted, e.AgentEnded, workspace="isolated")
    scripted.write({"a.txt": "mine\n"})
    for _ in range(2):
        with pytest.raises(InputError, match=r"a\.txt"):
            scripted.run(OWN, workspace="checkout")
        assert (scripted.repo / "a.txt").read_text() == "mine\n"
