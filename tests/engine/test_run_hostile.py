"""What an agent may do to be obeyed, to live on, or to make the engine wait."""

import os
import signal

import pytest

from gump_action.engine.state import RunState
from gump_action.engine.workspace.opening import Place, open_workspace
from gump_action.errors import InputError

STEP = "- {name: one, agent: scripted}"


def does(command):
    return {"one": [[{"run": command}]]}


def test_a_process_that_takes_another_mark_is_ended_too(project):
    pid = project.root / "pid"
    project.script(does(f"GUMP_LAUNCH=other.1 setsid sleep 300 & echo $! > {pid}"))
    project.run(STEP)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize("name", [".gitignore", "sub/.gitattributes"])
def test_a_pipe_that_git_would_read_does_not_stop_the_run(project, name):
    project.script(does(f"mkdir -p sub; rm -f {name}; mkfifo {name}"))
    signal.alarm(60)
    done = project.run(STEP)
    signal.alarm(0)
    assert done.verdict == "passed"


@pytest.mark.parametrize("kind", ["isolated", "checkout"])
def test_a_state_directory_that_came_with_the_repository_is_refused(project, kind):
    project.commit({"state/git/config": "[filter]"})
    place = Place(repo=project.repo, kind=kind)
    with pytest.raises(InputError, match="git tracks files in here"):
        open_workspace(place, project.repo / "state", RunState(), project.environ, has_tree=False)


def test_a_workflow_that_an_agent_rewrote_is_not_obeyed_when_the_run_goes_on(project):
    steps = f"  {STEP}\n  - {{name: two, gate: ['bash: false']}}\n"
    flow = f"name: t\nsteps:\n{steps}"
    rewrite = "sed -i s/false/true/ .gump/workflows/w.yaml"
    project.commit({".gump/workflows/w.yaml": flow})
    project.script(does(rewrite))
    first = project.cli("w", "--workspace", "checkout")
    again = project.cli("w", "--workspace", "checkout")
    assert (first.returncode, again.returncode) == (1, 2)
    assert ".gump/workflows/w.yaml is not as it was when the run began: one#1" in again.stderr


DETACH = "git checkout -q --detach; echo x > .git/hooks/post-commit; git config a.b c"
PUT_BACK = "put back, since only the tree counts: HEAD, configuration, hooks"


@pytest.mark.parametrize("before", ["", "- {name: one, agent: scripted}\n"])
def test_what_a_gate_does_to_the_git_of_a_checkout_is_put_back_and_said(project, before):
    gate = f"{before}- {{name: two, gate: ['bash: {DETACH}']}}"
    done = project.run(gate, workspace="checkout")
    assert f"after the gates: {PUT_BACK}" in done.notes().splitlines()
    assert project.git("symbolic-ref", "HEAD") == "refs/heads/main"


def test_what_a_refused_launch_does_to_the_git_of_a_checkout_is_said(project):
    other = '{"type": "session", "id": "00000000-0000-4000-8000-000000000000"}'
    mark = f"{project.root}/m"
    once = f"test -e {mark} || {{ touch {mark}; {DETACH}; echo '{other}'; sleep 30; }}"
    project.script({"one": [[], [{"run": once}]]})
    done = project.run(
        "- {name: one, agent: scripted, session: reuse-on-retry, on_failure: {retry: 1},"
        " gate: ['bash: test $GUMP_ATTEMPT = 2']}",
        workspace="checkout",
    )
    assert PUT_BACK in done.notes().splitlines()
