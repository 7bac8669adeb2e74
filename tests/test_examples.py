"""What each example is; those that are started by hand are run with the scripted agent.

The others are run in test_recipes.
"""

import json
import shutil

import pytest
import yaml

from gump_action.workflow import loader
from gump_action.workflow.model import AgentStep

from .example_files import (
    EXAMPLES,
    FILES,
    HOST_FILES,
    HOSTS,
    NAMES,
    RECIPES,
    launches,
    run,
    write,
)

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


def jobs(name: str) -> list[tuple[str, dict]]:
    """All jobs of an example that have steps, also of what it calls."""
    files = sorted((EXAMPLES / name / ".github/workflows").glob("*.yml"))
    found = [each for file in files for each in yaml.safe_load(file.read_text())["jobs"].items()]
    return [(key, job) for key, job in found if "uses" not in job]


def uses_of(job: dict) -> list[dict]:
    return [step for step in job["steps"] if step.get("uses", "").startswith("gump/action@")]


@each_recipe
def test_a_host_workflow_runs_one_at_a_time_for_each_subject(name):
    """Where a job of its own answers, that one waits for nobody."""
    known = host(name)["jobs"]
    group = (known["run"] if "ask" in known else host(name))["concurrency"]
    assert group["cancel-in-progress"] is (name == "review-pr")
    assert ("concurrency" in host(name)) is ("ask" not in known)


@each_recipe
def test_agents_find_no_token_in_the_checkout(name):
    steps = [step for _, job in jobs(name) for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_recipe
def test_the_workflow_of_the_example_is_the_one_that_is_run(name):
    for _, job in jobs(name):
        for use in uses_of(job):
            is_run = use["with"].get("mode") != "publish"
            named = use["with"].get("workflow", "")
            assert named in ((FILES[name].stem, "asked") if is_run else ("",))


@each_recipe
def test_the_job_with_the_agents_writes_nothing_and_the_job_that_writes_runs_no_agent(name):
    known = dict(jobs(name))
    run, publish = known["run"], known["publish"]
    assert set(run["permissions"].values()) == {"read"}
    wanted = {"pull-requests": "write"} | ({} if name == "review-pr" else {"contents": "write"})
    assert publish["permissions"].items() >= wanted.items()
    assert ("contents" in publish["permissions"]) is ("contents" in wanted)
    (asked,), (told,) = uses_of(run), uses_of(publish)
    assert (asked["with"]["mode"], told["with"]["mode"]) == ("run", "publish")
    assert publish["steps"] == [told]
    assert "env" not in told
    assert "publish" not in asked["with"]
    assert told["with"]["bundle"] == "${{ needs.run.outputs.bundle }}"


@each_recipe
def test_a_host_run_that_was_stopped_publishes_nothing_and_a_failed_one_is_told_of(name):
    known = dict(jobs(name))
    when = known["publish"]["if"]
    assert when.startswith("${{ !cancelled() && needs.")
    is_announced = "ask" in known
    assert ("needs.ask.outputs.go == 'true'" in when) is is_announced
    assert ("needs.run.outputs.bundle" in when) is not is_announced


@each_recipe
def test_only_those_two_jobs_and_the_one_that_answers_use_the_action(name):
    using = {key for key, job in jobs(name) if uses_of(job)}
    assert using == {"run", "publish"} | ({"ask"} & using)
    assert {key for key, _ in jobs(name)} - using <= {"packages"}


def test_what_is_called_for_each_package_may_do_what_its_jobs_ask_for_and_no_more():
    """GitHub refuses a call whose jobs ask for more than the calling job has."""
    called = yaml.safe_load(HOST_FILES["update-package"].read_text())
    granted = {}
    for job in called["jobs"].values():
        for right, level in job["permissions"].items():
            granted[right] = max(level, granted.get(right, "none"))  # none < read < write
    assert host("matrix-of-packages")["jobs"]["update"]["permissions"] == granted


def test_the_calls_for_each_package_are_told_apart():
    """They have one key of a run but for this, and would take each other's state."""
    run, _ = yaml.safe_load(HOST_FILES["update-package"].read_text())["jobs"].values()
    assert uses_of(run)[0]["with"]["matrix-leg"] == "${{ inputs.package }}"


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
