"""The workflows of the examples that events and the clock start, each with a story of its own.

Their host workflows run in tests/runner.
"""

import pytest

from .example_files import launches, output, run, write

TEST = write("test_answer.py", "from answer import ANSWER\nassert ANSWER == 42\n")
WRONG = [write("answer.py", "ANSWER = 41\n")]
RIGHT = [write("answer.py", "ANSWER = 42\n")]
FOUND = [output("artifact", "ANSWER in answer.py is wrong.")]
ITEMS = [{"name": "one", "description": "the first"}, {"name": "two", "description": "the second"}]


@pytest.fixture
def tested(project):
    """A project with a test that fails."""
    project.commit({TEST["write"]: TEST["text"], "answer.py": "ANSWER = 0\n"})
    return project


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("fix-pr-on-comment", "analyze", "fix"),
        ("fix-failing-ci", "diagnose", "repair"),
    ],
)
def test_who_mends_remembers_who_looked_and_a_stronger_agent_takes_over(
    name, first, second, tested
):
    story = {first: [FOUND], second: [WRONG, WRONG, RIGHT]}
    done = run(tested, name, story, spec="The answer is 42")
    assert (done.verdict, launches(tested)) == (
        "passed",
        [
            (f"{first}#1", "scripted-sonnet", "fresh"),
            (f"{second}#1", "scripted-sonnet", f"{first}#1"),
            (f"{second}#2", "scripted-sonnet", "fresh"),
            (f"{second}#3", "scripted-opus", "fresh"),
        ],
    )
    assert "ANSWER in answer.py is wrong." in done.prompt(f"{second}#1")
    assert tested.git("show", f"{done.branch}:answer.py") == "ANSWER = 42"


@pytest.mark.parametrize("name", ["fix-pr-on-comment", "fix-failing-ci"])
def test_host_workflows_stay_as_they_are(name, tested):
    evil = [*RIGHT, write(".github/workflows/evil.yml", "on: push\n")]
    last = {"fix-pr-on-comment": "fix", "fix-failing-ci": "repair"}[name]
    done = run(tested, name, {"*": [FOUND], last: [evil]}, spec="x")
    assert done.verdict == "failed"


LOOKERS = {
    "docs-drift": ("look", output("plan", [])),
    "fix-failing-ci": ("diagnose", FOUND[0]),
    "fix-pr-on-comment": ("analyze", FOUND[0]),
    "issue-to-pr": ("understand", FOUND[0]),
    "nightly-deps": ("outdated", output("plan", [])),
    "review-pr": ("read", FOUND[0]),
    "two-jobs": ("gaps", output("plan", [])),
}


@pytest.mark.parametrize(("name", "step", "kept"), [(n, *each) for n, each in LOOKERS.items()])
def test_who_is_to_look_may_not_change_a_file(name, step, kept, project):
    done = run(project, name, {step: [[kept, write("changed.txt", "x")]]}, spec="x")
    assert done.verdict == "failed"
    assert launches(project) == [(f"{step}#1", launches(project)[0][1], "fresh")]


@pytest.mark.parametrize("name", ["docs-drift", "nightly-deps", "two-jobs"])
def test_nothing_to_do_is_one_launch_and_no_change(name, project):
    step, empty = LOOKERS[name]
    done = run(project, name, {step: [[empty]]}, spec="x")
    assert (done.verdict, len(launches(project))) == ("passed", 1)
    assert project.git("diff", "HEAD", done.branch or "HEAD") == ""


def test_an_issue_gets_tests_first_and_then_the_code_that_passes_them(project):
    story = {"understand": [FOUND], "tests": [[TEST]], "build": [[*WRONG], [*RIGHT]]}
    done = run(project, "issue-to-pr", story, spec="Say 42")
    assert (done.verdict, launches(project)) == (
        "passed",
        [
            ("understand#1", "scripted-sonnet", "fresh"),
            ("tests#1", "scripted-sonnet", "understand#1"),
            ("build#1", "scripted-sonnet", "tests#1"),
            ("build#2", "scripted-sonnet", "fresh"),
        ],
    )


def test_the_code_of_an_issue_may_not_bend_its_tests(project):
    bent = [write("test_answer.py", "assert True\n")]
    story = {"understand": [FOUND], "tests": [[TEST]], "build": [bent]}
    done = run(project, "issue-to-pr", story, spec="Say 42")
    assert done.verdict == "failed"
    assert [agent for name, agent, _ in launches(project) if "build" in name] == [
        *["scripted-sonnet"] * 3,
        *["scripted-opus"] * 2,
    ]


@pytest.mark.parametrize(("passes", "verdict"), [(True, "passed"), (False, "failed")])
def test_a_review_is_checked_by_another_model(passes, verdict, project):
    review = [output("review", {"pass": passes, "comment": "a.py:1 fails on an empty list"})]
    done = run(project, "review-pr", {"read": [FOUND], "verdict": [review]}, spec="the diff")
    assert (done.verdict, launches(project)) == (
        verdict,
        [("read#1", "scripted-sonnet", "fresh"), ("verdict#1", "scripted-opus", "fresh")],
    )
    assert "ANSWER in answer.py is wrong." in done.prompt("verdict#1")


def test_each_dependency_has_a_second_go_and_then_a_stronger_agent(tested):
    story = {
        "outdated": [[output("plan", ITEMS)]],
        "update/one/bump": [WRONG, WRONG, RIGHT],
        "update/two/bump": [[write("b.lock", "2\n")]],
    }
    done = run(tested, "nightly-deps", story)
    assert (done.verdict, launches(tested)) == (
        "passed",
        [
            ("outdated#1", "scripted-haiku", "fresh"),
            ("update/one/bump#1", "scripted-haiku", "fresh"),
            ("update/one/bump#2", "scripted-haiku", "update/one/bump#1"),
            ("update/one/bump#3", "scripted-sonnet", "fresh"),
            ("update/two/bump#1", "scripted-haiku", "fresh"),
        ],
    )


@pytest.mark.parametrize(
    ("name", "verdict"), [("docs/a.md", "passed"), ("a.md", "passed"), ("a.py", "failed")]
)
def test_only_markdown_is_mended_by_who_has_read_the_code(name, verdict, project):
    story = {"look": [[output("plan", ITEMS[:1])]], "pages/one/mend": [[write(name, "true\n")]]}
    done = run(project, "docs-drift", story)
    assert done.verdict == verdict
    assert launches(project)[1] == ("pages/one/mend#1", "scripted-sonnet", "look#1")


@pytest.mark.parametrize(
    ("actions", "verdict"),
    [([TEST], "passed"), ([TEST, *RIGHT], "failed"), ([write("notes.txt", "x")], "failed")],
)
def test_tests_and_nothing_but_tests_are_added(actions, verdict, project):
    project.commit({"answer.py": "ANSWER = 42  # as it was\n"})
    story = {"gaps": [[output("plan", ITEMS[:1])]], "fill/one/write": [actions]}
    done = run(project, "two-jobs", story, spec="x")
    assert done.verdict == verdict
    assert launches(project)[1] == ("fill/one/write#1", "scripted-sonnet", "gaps#1")


@pytest.mark.parametrize(
    ("path", "verdict"),
    [("packages/core/core.lock", "passed"), ("packages/web/a", "failed"), ("a", "failed")],
)
def test_a_package_is_tested_alone_and_the_others_are_left_alone(path, verdict, project):
    project.environ["PACKAGE"] = "core"
    make = "test:\n\ttest ! -e broken\nlint:\n\ttrue\n"
    project.commit({f"packages/{name}/Makefile": make for name in ("core", "web")})
    story = {"update": [[write(path, "2\n")]]}
    done = run(project, "matrix-of-packages", story, package="core")
    assert done.verdict == verdict
    assert "packages/core up to date" in done.prompt("update#1")
