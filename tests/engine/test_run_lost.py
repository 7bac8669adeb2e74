"""An agent or a gate removes what the run stands on: clear words, and nothing else is lost."""

import subprocess
from dataclasses import replace

import pytest

from gump_action.engine import events as e
from gump_action.errors import InputError

ONE = "- {name: one, agent: scripted, on_failure: {retry: 2}}\n"
KINDS = pytest.mark.parametrize("workspace", ["isolated", "checkout"])


def does(project, command):
    project.script({"one": [[{"write": "work.txt", "text": "work\n"}, {"run": command}]]})


def gate(project, command):
    (project.root / "gate.sh").write_text(command)
    return f"- {{name: one, agent: scripted, gate: ['bash: sh {project.root}/gate.sh']}}"


LOSSES = ["rm -rf .git", "rm -rf .git/objects", "mv .git ../away; ln -s ../away .git"]


@pytest.mark.parametrize("who", ["agent", "gate"])
@pytest.mark.parametrize("command", LOSSES)
def test_a_checkout_without_its_objects_ends_the_run_as_failed_and_the_work_stays(
    project, command, who
):
    config = (project.repo / ".git/config").read_text()
    if who == "agent":
        does(project, command)
        done = project.run(ONE, workspace="checkout")
        assert (project.repo / "work.txt").read_text() == "work\n"
    else:
        done = project.run(gate(project, command), workspace="checkout")
    assert (done.verdict, done.launches(), done.branch) == ("failed", ["one#1"], "")
    assert "objects" in done.state.ended.why
    assert "git fetch --refetch origin" in done.state.ended.why
    assert done.text("one#1", "error.txt") == done.state.ended.why
    assert (project.repo / ".git/config").read_text() == config
    assert (project.repo / ".git/HEAD").read_text() == "ref: refs/heads/main\n"


def test_a_checkout_without_its_objects_is_refused_at_the_next_start_with_what_to_do(project):
    does(project, "rm -rf .git")
    project.run(ONE, workspace="checkout")
    with pytest.raises(InputError, match="lacks the commit") as refused:
        project.run(ONE, workspace="checkout")
    assert "git fetch --refetch origin" in refused.value.hint


def test_a_checkout_whose_objects_are_fetched_again_can_be_used(project):
    origin = project.root / "origin"
    argv = ["git", "clone", "-q", "--bare", str(project.repo), str(origin)]
    subprocess.run(argv, check=True)
    project.git("remote", "add", "origin", str(origin))
    does(project, "rm -rf .git")
    project.git("push", "-q", "origin", "main")
    project.run(ONE, workspace="checkout")
    project.git("fetch", "-q", "--refetch", "origin")
    assert "?? work.txt" in project.git("status", "--porcelain")


@KINDS
def test_packs_that_are_removed_end_the_run_as_failed_too(project, workspace):
    does(project, f"rm -rf {project.repo}/.git/objects/??")
    done = project.run(ONE, workspace=workspace)
    assert (done.verdict, done.launches()) == ("failed", ["one#1"])
    assert "objects" in done.state.ended.why


def test_a_repository_that_an_agent_makes_anew_from_the_same_objects_is_no_loss(project):
    away = project.root / "away"
    does(project, f"git clone -q --bare . {away}; rm -rf .git/objects; mv {away}/objects .git")
    done = project.run(ONE, workspace="checkout")
    assert done.verdict == "passed"
    assert project.git("show", f"{done.branch}:work.txt") == "work"


@KINDS
def test_without_the_engines_own_git_folder_the_run_has_failed(project, workspace):
    does(project, f"rm -rf {project.state}/git")
    done = project.run(ONE, workspace=workspace)
    assert (done.verdict, done.launches()) == ("failed", ["one#1"])
    assert f"git folder {project.state}/git was removed" in done.state.ended.why


@KINDS
def test_a_run_whose_snapshots_are_gone_is_refused_with_fresh_as_the_remedy(project, workspace):
    steps = f"{ONE}- {{name: two, gate: ['bash: false']}}"
    does(project, "true")
    project.run(steps, workspace=workspace)
    subprocess.run(["rm", "-rf", str(project.state / "git")], check=True)
    with pytest.raises(InputError, match=r"the snapshot \w+ of this run is no longer") as refused:
        project.run(steps, workspace=workspace)
    assert "--fresh" in refused.value.hint


@KINDS
@pytest.mark.parametrize("command", ["rm -rf {0}", "rm -rf {0}; touch {0}", "rm {0}/ledger.ndjson"])
def test_without_its_state_directory_a_run_ends_in_one_clear_error(project, workspace, command):
    before = (project.repo / ".git/HEAD").read_bytes()
    does(project, f"git checkout -q --detach; {command.format(project.state)}")
    done = project.cli(project.workflow(ONE), "--workspace", workspace)
    assert done.returncode == 1
    assert "was removed" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project.repo / ".git/HEAD").exists()
    if "ledger" in command:
        assert (project.repo / ".git/HEAD").read_bytes() == before


def test_without_its_copies_nothing_of_git_is_removed(project):
    does(project, f"git branch mine; git checkout -q --detach; rm -rf {project.state}/guard")
    done = project.run(ONE, workspace="checkout")
    assert done.verdict == "failed"
    assert "cannot be put back" in done.state.ended.why
    assert "mine" in project.branches()
    assert len((project.repo / ".git/HEAD").read_text()) == 41


def test_the_git_folder_of_agents_is_made_anew_where_one_of_them_removed_it(project):
    does(project, f"rm -rf {project.state}/agents-git")
    done = project.run(f"{ONE}- {{name: two, agent: scripted, gate: ['bash: git log -1']}}")
    assert (done.verdict, done.launches()) == ("passed", ["one#1", "two#1"])


def test_without_what_was_kept_of_a_submodule_the_run_has_failed(project):
    (project.root / "lib").mkdir()
    lib = replace(project, root=project.root / "lib")
    lib.repo.mkdir()
    lib.git("init", "-q")
    lib.commit({"a": "a\n"})
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib.repo), "sub")
    project.git(*add)
    does(project, f"rm -rf {project.state}/submodules; echo b > sub/a")
    done = project.run(ONE, workspace="checkout")
    assert (done.verdict, done.launches()) == ("failed", ["one#1"])
    assert "submodules/0 was removed" in done.state.ended.why


# --- a tree, or a folder of it, that is no folder any more ----------------------------------------

REPLACED = {
    "the tree by a file": 'd=$PWD; cd ..; mv "$d" ../moved; touch "$d"',
    "the tree by a link": 'd=$PWD; cd ..; mv "$d" ../moved; ln -s ../moved "$d"',
    "a folder by a file": "rm -rf sub; touch sub",
    "a file by a folder": "rm a.txt; mkdir a.txt; touch a.txt/b",
    "output by a file": "rm -rf .gump; touch .gump",
}


@pytest.mark.parametrize("who", ["agent", "gate"])
@pytest.mark.parametrize("command", REPLACED.values(), ids=REPLACED.keys())
def test_what_is_replaced_in_an_isolated_tree_is_no_fault_of_ours(project, command, who):
    project.commit({"sub/x.txt": "x\n"})
    steps = gate(project, command).replace("]", ", 'touched: a', test, 'bash: true']")
    if who == "agent":
        does(project, command)
        steps = f"{ONE}- {{name: two, gate: ['bash: true']}}"
    done = project.run(steps)
    assert done.verdict in ("passed", "failed")
    assert done.of(e.AttemptEnded)


@pytest.mark.parametrize("command", REPLACED.values(), ids=REPLACED.keys())
def test_what_a_gate_replaces_is_there_again(project, command):
    project.commit({"sub/x.txt": "x\n"})
    project.run(gate(project, command))
    assert (project.state / "tree").is_dir()
    assert not (project.state / "tree").is_symlink()
    assert (project.state / "tree/sub/x.txt").read_text() == "x\n"
    assert (project.state / "tree/a.txt").read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize("command", list(REPLACED.values())[2:], ids=list(REPLACED)[2:])
def test_what_a_gate_replaces_in_a_checkout_is_there_again(project, command):
    project.commit({"sub/x.txt": "x\n"})
    done = project.run(gate(project, command), workspace="checkout")
    assert done.verdict == "passed"
    assert (project.repo / "sub/x.txt").read_text() == "x\n"
    assert (project.repo / "a.txt").read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize("command", list(REPLACED.values())[:2], ids=list(REPLACED)[:2])
def test_a_checkout_that_a_gate_replaced_as_a_whole_ends_the_run_as_failed(project, command):
    done = project.run(gate(project, command.replace("../moved", "moved")), workspace="checkout")
    assert done.verdict == "failed"
    assert "objects" in done.state.ended.why
    assert (project.root / "moved/a.txt").exists()


def test_what_a_tree_that_became_a_link_leads_to_is_never_touched(project):
    (project.root / "mine").mkdir()
    (project.root / "mine/f").write_text("mine")
    does(project, f'd=$PWD; cd ..; rm -rf "$d"; ln -s {project.root}/mine "$d"')
    done = project.run(f"{ONE}- {{name: two, gate: ['bash: false']}}")
    assert (project.root / "mine/f").read_text() == "mine"
    assert [path.name for path in (project.root / "mine").iterdir()] == ["f"]
    assert "f" not in done.state.attempts["one"][0].files
