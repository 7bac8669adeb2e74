"""Each example is copied into a real repository and run with the scripted agent.

The names of its agents become those of the scripted provider (`claude-haiku`: `scripted-haiku`),
so that escalations go to another agent, as they do with the real ones.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from gump_action.workflow import loader
from gump_action.workflow.model import AgentStep

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir())
FILES = {name: EXAMPLES / name / ".gump" / "workflows" / f"{name}.yaml" for name in NAMES}
NO_GATES = "# gates: {test: make check}"
GATES = 'gates: {test: "for each in test_*.py; do python3 $each; done"}'
each_example = pytest.mark.parametrize("name", NAMES)


def write(path: str, text: str) -> dict[str, str]:
    return {"write": path, "text": text}


def run(project, name: str, script: Mapping[str, object], spec: str = "", **inputs: str):
    """The example `name` in a repository whose tests are programs: nothing starts faster."""
    shutil.copytree(EXAMPLES / name, project.repo, dirs_exist_ok=True)
    file = project.repo / ".gump" / "workflows" / f"{name}.yaml"
    text = file.read_text().replace("claude-", "scripted-").replace(NO_GATES, GATES)
    project.commit({str(file): text, ".gump/scripted.json": json.dumps(script)})
    return project.start(loader.load(file).workflow, spec=spec, inputs=inputs)


def launches(project) -> list[tuple[str, str, str]]:
    """Attempt, agent and session of all launches, as the ledger on disk has them."""
    attempts = [a for each in project.read().attempts.values() for a in each if a.agent]
    attempts.sort(key=lambda attempt: attempt.began)
    return [(a.name, a.agent, a.session.resume or "fresh") for a in attempts]


@each_example
def test_an_example_has_no_fault_and_no_warning(name):
    assert loader.load(FILES[name]).warnings == ()


@each_example
def test_an_example_names_agents_that_people_have(name):
    steps = [step for _, step in loader.load(FILES[name]).workflow.walk()]
    agents = {step.agent for step in steps if isinstance(step, AgentStep)}
    assert agents
    assert not [agent for agent in agents if agent.startswith("scripted")]


@each_example
def test_an_example_says_in_about_ten_lines_what_it_is_for(name):
    text = (EXAMPLES / name / "README.md").read_text()
    assert f"gump-action run {name}" in text
    assert len(text.splitlines()) <= 15


def test_hello_is_one_launch_and_its_gate_sees_the_file(project):
    script = json.loads((EXAMPLES / "hello" / ".gump" / "scripted.json").read_text())
    done = run(project, "hello", script, who="moon")
    assert (done.verdict, launches(project)) == (
        "passed",
        [("greet#1", "scripted-haiku", "fresh")],
    )
    assert "greets the moon" in done.prompt("greet#1")
    assert project.git("show", f"{done.branch}:HELLO.md") == "Hello, world."


def test_hello_runs_as_its_page_says_without_a_key(project):
    shutil.copytree(EXAMPLES / "hello", project.repo, dirs_exist_ok=True)
    project.commit({})
    done = project.cli("hello", "--agent", "scripted")
    assert done.returncode == 0, done.stdout + done.stderr


TDD = {
    "plan": [
        [
            write(
                ".gump/out/plan.json",
                json.dumps(
                    [
                        {"name": "add", "description": "add() adds two numbers"},
                        {"name": "take away", "description": "sub() subtracts"},
                    ]
                ),
            )
        ]
    ],
    "build/add/tests": [[write("test_add.py", "from add import add\nassert add(1, 2) == 3\n")]],
    "build/add/impl": [
        [write("add.py", "def add(a, b):\n    return a - b\n")],
        [write("add.py", "def add(a, b):\n    return a + b\n")],
    ],
    "build/take-away/tests": [
        [write("test_sub.py", "from sub import sub\nassert sub(3, 2) == 1\n")]
    ],
    "build/take-away/impl": [[write("sub.py", "def sub(a, b):\n    return a - b\n")]],
}


def test_tdd_resumes_tests_in_impl_and_never_another_item(project):
    done = run(project, "tdd", TDD, spec="A calculator")
    assert (done.verdict, launches(project)) == (
        "passed",
        [
            ("plan#1", "scripted-sonnet", "fresh"),
            ("build/add/tests#1", "scripted-haiku", "fresh"),
            ("build/add/impl#1", "scripted-haiku", "build/add/tests#1"),
            ("build/add/impl#2", "scripted-haiku", "fresh"),
            ("build/take-away/tests#1", "scripted-haiku", "fresh"),
            ("build/take-away/impl#1", "scripted-haiku", "build/take-away/tests#1"),
        ],
    )


def test_tdd_does_not_let_the_code_bend_its_tests(project):
    bent = [write("test_add.py", "assert True\n")]
    done = run(project, "tdd", {**TDD, "build/add/impl": [bent]}, spec="A calculator")
    assert done.verdict == "failed"
    assert [agent for name, agent, _ in launches(project) if "impl" in name] == [
        *["scripted-haiku"] * 3,
        "scripted-sonnet",
    ]


TEST = write("test_answer.py", "from answer import ANSWER\nassert ANSWER == 42\n")
WRONG = [write("answer.py", "ANSWER = 41\n"), TEST]
RIGHT = [write("answer.py", "ANSWER = 42\n"), TEST]


def test_cheap_first_ends_with_the_cheap_agent_where_that_gets_through(project):
    done = run(project, "cheap-first", {"impl": [WRONG, RIGHT]}, spec="The answer")
    assert (done.verdict, launches(project)) == (
        "passed",
        [("impl#1", "scripted-haiku", "fresh"), ("impl#2", "scripted-haiku", "impl#1")],
    )


def test_cheap_first_gives_each_agent_a_second_go_with_its_memory(project):
    done = run(project, "cheap-first", {"impl": [*[WRONG] * 4, RIGHT]}, spec="The answer")
    assert (done.verdict, launches(project)) == (
        "passed",
        [
            ("impl#1", "scripted-haiku", "fresh"),
            ("impl#2", "scripted-haiku", "impl#1"),
            ("impl#3", "scripted-sonnet", "fresh"),
            ("impl#4", "scripted-sonnet", "impl#3"),
            ("impl#5", "scripted-opus", "fresh"),
        ],
    )
