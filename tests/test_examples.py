"""What each example is; those that are started by hand are run with the scripted agent.

The others are run in test_recipes.
"""

import json
import shutil

import pytest
import yaml

from gump_action.workflow import loader
from gump_action.workflow.model import AgentStep

from .example_files import EXAMPLES, FILES, HOSTS, NAMES, RECIPES, launches, run, write

each_example = pytest.mark.parametrize("name", NAMES)
each_recipe = pytest.mark.parametrize("name", RECIPES)


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
    assert f"gump-action run {FILES[name].stem}" in text
    assert len(text.splitlines()) <= 15


def test_the_eight_are_there():
    assert (
        *("docs-drift", "fix-failing-ci", "fix-pr-on-comment", "issue-to-pr"),
        *("matrix-of-packages", "nightly-deps", "review-pr", "two-jobs"),
    ) == RECIPES


def test_no_two_examples_have_a_file_of_the_same_name():
    """All of them can be written into one repository."""
    assert len({path.name for path in FILES.values()}) == len(NAMES)
    assert [name for name in NAMES if not HOSTS[name].is_file()] == []


@each_recipe
def test_a_recipe_says_how_it_is_taken_and_where_another_cli_is_named(name):
    text = (EXAMPLES / name / "README.md").read_text()
    assert f"    gump-action init {name}\n" in text
    assert "Another CLI: change the agents' names in the workflow, and the secret." in text


def host(name: str) -> dict:
    return yaml.safe_load(HOSTS[name].read_text())


def uses_of(job: dict) -> list[dict]:
    return [step for step in job["steps"] if step.get("uses", "").startswith("gump/action@")]


@each_recipe
def test_a_host_workflow_runs_one_at_a_time_for_each_subject(name):
    """Where a job of its own answers, that one waits for nobody."""
    jobs = host(name)["jobs"]
    group = (jobs["run"] if "ask" in jobs else host(name))["concurrency"]
    assert group["cancel-in-progress"] is (name == "review-pr")
    assert ("concurrency" in host(name)) is ("ask" not in jobs)


@each_recipe
def test_agents_find_no_token_in_the_checkout(name):
    steps = [step for job in host(name)["jobs"].values() for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_recipe
def test_the_workflow_of_the_example_is_the_one_that_is_run(name):
    for job in host(name)["jobs"].values():
        for use in uses_of(job):
            is_run = use["with"].get("mode") != "publish"
            named = use["with"].get("workflow", "")
            assert named in ((FILES[name].stem, "asked") if is_run else ("",))


OF_OTHERS = ("fix-failing-ci", "fix-pr-on-comment", "issue-to-pr", "two-jobs")


@pytest.mark.parametrize("name", OF_OTHERS)
def test_where_others_write_the_agents_job_writes_nothing_and_the_writing_job_runs_no_agent(name):
    run, publish = host(name)["jobs"]["run"], host(name)["jobs"]["publish"]
    assert set(run["permissions"].values()) == {"read"}
    assert publish["permissions"]["contents"] == "write"
    (asked,), (told,) = uses_of(run), uses_of(publish)
    assert (asked["with"]["mode"], told["with"]["mode"]) == ("run", "publish")
    assert publish["steps"] == [told]
    assert "env" not in told
    assert "publish" not in asked["with"]
    assert told["with"]["bundle"] == "${{ needs.run.outputs.bundle }}"


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_host_run_that_was_stopped_publishes_nothing_and_a_failed_one_is_told_of(name):
    jobs = host(name)["jobs"]
    when = jobs["publish"]["if"]
    assert when.startswith("${{ !cancelled() && needs.")
    is_announced = "ask" in jobs
    assert ("needs.ask.outputs.go == 'true'" in when) is is_announced
    assert ("needs.run.outputs.bundle" in when) is not is_announced


@pytest.mark.parametrize("name", sorted(set(RECIPES) - set(OF_OTHERS)))
def test_the_others_are_one_job_and_only_a_clock_or_a_button_lets_it_write(name):
    asked = [use["with"] for job in host(name)["jobs"].values() for use in uses_of(job)]
    assert len(asked) == 1
    assert "mode" not in asked[0]
    is_by_clock = set(host(name)[True]) == {"schedule", "workflow_dispatch"}
    assert asked[0]["publish"] == ("pull-request" if is_by_clock else "none")


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
