"""The shipped stand-in, as the program that it is."""

import json
import subprocess
import sys
import uuid

import pytest

ID = str(uuid.UUID(int=7))


@pytest.fixture
def agent(tmp_path):
    """Launches it in a folder of its own; what it said, its code and its complaints."""

    def launch(*words, script=None, prompt="hello", **env):
        if script is not None:
            (tmp_path / ".gump").mkdir(exist_ok=True)
            (tmp_path / ".gump/scripted.json").write_text(json.dumps(script))
        argv = [sys.executable, "-I", "-m", "gump_action.scripted", *words]
        given = {"GUMP_SCRIPTED_HOME": str(tmp_path / "home"), "GUMP_STEP": "g/one", **env}
        done = subprocess.run(
            argv, cwd=tmp_path, input=prompt, env=given, capture_output=True, text=True, check=False
        )
        said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return said, done.returncode, done.stderr

    launch.folder = tmp_path
    return launch


def test_without_a_script_it_leaves_a_note(agent):
    said, code, _ = agent("--session-id", ID)
    assert code == 0
    assert (agent.folder / "gump-was-here.txt").read_text() == "g/one was here\n"
    assert said[0] == {"type": "session", "id": ID}
    assert said[-1] == {"type": "end", "ok": True, "text": "done"}


def test_it_remembers_what_it_resumes(agent):
    agent("--session-id", ID, GUMP_ATTEMPT="1")
    said, _, _ = agent("--resume", ID, GUMP_ATTEMPT="2")
    assert said[1]["text"] == "I remember 1 of our exchanges: g/one#1"
    lines = (agent.folder / f"home/sessions/{ID}.jsonl").read_text().splitlines()
    assert [json.loads(line)["prompt"] for line in lines] == ["hello", "hello"]


def test_it_refuses_a_session_that_it_does_not_know(agent):
    said, code, complaint = agent("--resume", ID)
    assert (said, code) == ([], 1)
    assert f"no session {ID}" in complaint


# name: (actions, the cost that each usage line tells)
COSTS = {
    "nothing": ([{"say": "x"}], [0.0]),
    "so far, and at the end": ([{"spend": 0.5}, {"spend": 2}], [0.5, 2.5, 2.5]),
    "unknown from here on": ([{"spend": 0.5}, {"spend": None}], [0.5, None, None]),
}


@pytest.mark.parametrize("case", COSTS.values(), ids=COSTS.keys())
def test_it_tells_what_its_script_says_that_it_spends(agent, case):
    actions, costs = case
    said, _, _ = agent("--session-id", ID, script={"*": [actions]})
    assert [each["cost"] for each in said if each["type"] == "usage"] == costs


# name: (script, attempt, what it says)
CHOSEN = {
    "the step's path": ({"g/one": [[{"say": "path"}]], "one": [[{"say": "name"}]]}, 1, "path"),
    "the step's name": ({"one": [[{"say": "name"}]], "*": [[{"say": "star"}]]}, 1, "name"),
    "any step": ({"two": [[{"say": "two"}]], "*": [[{"say": "star"}]]}, 1, "star"),
    "the launch of this attempt": ({"one": [[], [{"say": "second"}]]}, 2, "second"),
    "the last launch again": ({"one": [[], [{"say": "last"}]]}, 5, "last"),
}


@pytest.mark.parametrize("case", CHOSEN.values(), ids=CHOSEN.keys())
def test_it_plays_what_the_script_has_for_this_step_and_attempt(agent, case):
    script, attempt, text = case
    said, _, _ = agent("--session-id", ID, script=script, GUMP_ATTEMPT=str(attempt))
    assert [each["text"] for each in said if each["type"] == "say"] == [text]


def test_a_step_that_the_script_does_not_name_does_nothing(agent):
    said, code, _ = agent("--session-id", ID, script={"two": [[{"say": "x"}]]})
    assert code == 0
    assert [each["type"] for each in said] == ["session", "usage", "end"]


# name: (action, exit code, last event, a word of stderr)
ENDS = {
    "fail": ({"fail": "why"}, 1, {"type": "end", "ok": False, "text": "why"}, ""),
    "block": ({"block": "no credit"}, 1, None, "blocked: no credit"),
    "exit": ({"exit": 9}, 9, None, ""),
    "unknown": ({"dance": 1}, 2, None, "not known"),
}


@pytest.mark.parametrize("case", ENDS.values(), ids=ENDS.keys())
def test_an_action_that_ends_the_launch(agent, case):
    action, code, last, complaint = case
    said, got, stderr = agent("--session-id", ID, script={"*": [[action, {"say": "never"}]]})
    assert got == code
    assert complaint in stderr
    assert said[-1] == (last or {"type": "session", "id": ID})


def test_actions_act_in_their_order(agent):
    actions = [
        {"write": "d/a", "text": "x"}, {"run": "cp d/a d/b"}, {"delete": "d/a"}, {"sleep": 0.01},
        {"print": "as it is"},
    ]  # fmt: skip
    said, code, _ = agent("--session-id", ID, script={"*": [actions]})
    assert code == 0
    assert [path.name for path in (agent.folder / "d").iterdir()] == ["b"]
    assert [each.get("tool") for each in said if each["type"] == "tool"] == [
        "write",
        "run",
        "delete",
    ]


def test_a_script_elsewhere_is_named_by_a_variable(agent, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"*": [[{"say": "other"}]]}))
    said, _, _ = agent("--session-id", ID, GUMP_SCRIPT=str(path))
    assert said[1]["text"] == "other"


def test_the_variable_reaches_it_through_the_engine(project):
    path = project.root / "other.json"
    path.write_text(json.dumps({"*": [[{"write": "b.txt", "text": "x"}]]}))
    project.environ["GUMP_SCRIPT"] = str(path)
    done = project.run("- {name: one, agent: scripted}")
    assert done.state.attempts["one"][0].files == ("b.txt",)
