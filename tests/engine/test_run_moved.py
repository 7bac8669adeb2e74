"""A run goes on where HEAD has moved: what came in is merged into it, and it is told."""

from __future__ import annotations

import pytest

from gump_action.engine import events as e
from gump_action.engine.apply import patch
from gump_action.errors import InputError

from .kills import Killed, kill_at

CAME_IN = "a.txt"
MOVED = {CAME_IN: "zero\none\ntwo\nthree\n", "theirs.txt": "by others\n"}


def step(name, more=""):
    return f"- {{name: {name}, agent: scripted, prompt: p{more}}}\n"


def write(name, text):
    return {"write": name, "text": text}


@pytest.fixture(params=["isolated", "checkout"])
def there(project, request):
    """A project whose runs go on in this workspace, as a job does it in a checkout."""
    project.how = {"workspace": request.param, "is_job": request.param == "checkout"}
    return project


def go_on(project, steps, **how):
    return project.run(steps, takes_in=True, **project.how, **how)


def move(project, files=MOVED):
    """HEAD is another commit, with a clean tree as in a new clone; what git ignores stays."""
    clean(project)
    project.commit(files)


def clean(project, rev="HEAD"):
    project.git("reset", "-q", "--hard", rev)
    project.git("clean", "-fdq")


def files(project, rev):
    return set(project.git("ls-tree", "-r", "--name-only", rev).split())


TWO = step("one") + step("two", ", on_failure: {retry: 1}")
TWO_FAILS = {
    "one": [[write("one.txt", "1\n")]],
    "two": [
        [write("two.txt", "1\n"), {"fail": "no"}],
        [{"fail": "no"}],
        [{"run": "cat a.txt theirs.txt one.txt > seen.txt"}],
    ],
}


def test_a_failed_step_goes_on_over_what_came_in(there):
    there.script(TWO_FAILS)
    assert there.run(TWO, **there.how).verdict == "failed"
    move(there)
    done = go_on(there, TWO)
    assert (done.verdict, done.launches()) == ("passed", ["two#3"])
    assert there.git("show", f"{done.branch}:seen.txt").split() == [
        *("zero", "one", "two", "three", "by", "others", "1")
    ]
    assert "HEAD has moved" in done.notes()


def test_the_result_is_over_the_new_base_and_shows_only_the_runs_work(there):
    there.script(TWO_FAILS)
    there.run(TWO, **there.how)
    move(there)
    done = go_on(there, TWO)
    head = there.git("rev-parse", "HEAD")
    assert there.git("rev-list", "--parents", done.branch).splitlines()[1].split()[1] == head
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["one.txt", "seen.txt"]
    text = patch(done.state, there.repo, there.environ).decode()
    assert ("+1" in text, "theirs.txt" in text) == (True, False)
    diff = done.text("two#3", "diff.patch")
    assert ("a/seen.txt" in diff, "a/theirs.txt" in diff) == (True, False)


def test_a_retry_is_told_what_came_in(there):
    there.script(TWO_FAILS)
    there.run(TWO, **there.how)
    move(there)
    prompt = go_on(there, TWO).prompt("two#3")
    assert "<files>\na.txt\ntheirs.txt\n</files>" in prompt
    assert "+by others" in prompt
    assert "<error>\nno" in prompt


def test_the_record_is_read_again_as_it_was_written(there):
    there.script(TWO_FAILS)
    there.run(TWO, **there.how)
    move(there)
    done = go_on(there, TWO)
    again = there.read()
    assert again.bases == done.state.bases
    assert again.head == done.state.head
    [taken] = done.of(e.BaseTaken)
    assert taken.files == ("a.txt", "theirs.txt")
    assert (taken.before, taken.base) == again.built_on


def test_what_came_in_is_a_value_and_cut(there):
    there.script(TWO_FAILS)
    there.run(TWO, **there.how)
    long = "".join(f"line {n}\n" for n in range(2000))
    move(there, {"theirs.txt": long + "{{ spec }} {error} {% if %}\n"})
    prompt = go_on(there, TWO, head="error_context: {max_diff_chars: 400}").prompt("two#3")
    assert "+{{ spec }} {error} {% if %}" in prompt
    assert "lines left out" in prompt
    assert len(prompt) < 2000


OWN = "- {name: one, agent: scripted, prompt: p, session: reuse-on-retry}\n"


def test_a_session_is_resumed_with_its_changes_and_what_came_in(there):
    there.script(
        {
            "one": [
                [write("one.txt", "1\n"), {"fail": "no"}],
                [{"run": "cat one.txt theirs.txt > seen.txt"}],
            ]
        }
    )
    there.run(OWN, **there.how)
    move(there)
    done = go_on(there, OWN)
    [started] = done.of(e.AttemptStarted)
    assert (done.verdict, started.session.resume) == ("passed", "one#1")
    assert there.git("show", f"{done.branch}:seen.txt") == "1\nby others"
    prompt = done.prompt("one#2")
    assert "Your changes are still there" in prompt
    assert "+by others" in prompt
    assert done.state.parents[started.start] == done.state.attempts["one"][0].snapshot


def test_where_the_work_of_a_session_does_not_merge_the_retry_is_fresh(there):
    there.script({"one": [[write("a.txt", "other\n"), {"fail": "no"}], []]})
    there.run(OWN, **there.how)
    move(there)
    done = go_on(there, OWN)
    [started] = done.of(e.AttemptStarted)
    assert (done.verdict, started.session.resume) == ("passed", "")
    assert "does not merge with what has come in" in started.session.why
    assert there.git("show", f"{done.branch}:a.txt").startswith("zero")


def test_a_later_step_resumes_a_session_of_before_and_is_told(there):
    steps = step("one") + step("two", ', session: "reuse: one"') + step("three")
    there.script({"one": [[write("one.txt", "1\n")]], "two": [[{"fail": "no"}], []]})
    there.run(steps, **there.how)
    move(there)
    again = step("one") + step("two", ', session: "reuse: one", timeout: 5m') + step("three")
    done = go_on(there, again)
    assert done.launches() == ["two#2", "three#1"]
    assert "+by others" in done.prompt("two#2")
    assert "by others" not in done.prompt("three#1")


def test_a_run_that_does_not_merge_starts_anew_and_says_so(there):
    fails = [{"fail": "no"}]
    there.script({"one": [[write("a.txt", "other\n")]], "two": [fails, fails, []]})
    first = there.run(TWO, **there.how)
    assert first.verdict == "failed"
    move(there)
    done = go_on(there, TWO)
    assert done.state.started.run == "r2"
    assert done.launches() == ["one#1", "two#1", "two#2"]
    assert "does not merge with" in done.notes()
    assert "conflicts in a.txt" in done.notes()
    assert (there.state / "old/r1/ledger.ndjson").exists()
    assert "theirs.txt" in files(there, done.branch)


GATED = (
    '- {name: one, agent: scripted, prompt: p, gate: ["bash: echo asked >> ../asked.log; '
    'grep -q one a.txt && ! grep -qs broken theirs.txt || test -e mended.txt"]}\n'
)
GATED_SCRIPT = {"one": [[write("one.txt", "1\n")], [write("mended.txt", "1\n")]]}


def test_a_passed_run_asks_its_gates_again_and_passes_without_an_agent(there):
    there.script(GATED_SCRIPT)
    assert there.run(GATED, **there.how).verdict == "passed"
    move(there)
    done = go_on(there, GATED)
    assert done.verdict == "passed"
    [started] = done.of(e.AttemptStarted)
    assert (started.agent, len(done.of(e.GateEnded))) == ("", 1)
    assert there.git("diff", "--name-only", "HEAD", done.branch).split() == ["one.txt"]
    assert there.git("rev-parse", f"{done.branch}^") == there.git("rev-parse", "HEAD")
    assert go_on(there, GATED).of(e.GateEnded) == []


def test_a_gate_that_fails_on_what_came_in_gives_the_step_its_retries(there):
    there.script(GATED_SCRIPT)
    there.run(GATED, **there.how)
    move(there, {"theirs.txt": "broken\n"})
    done = go_on(there, GATED)
    assert done.verdict == "passed"
    assert [(a.attempt, a.agent) for a in done.of(e.AttemptStarted)] == [(2, ""), (3, "scripted")]
    prompt = done.prompt("one#3")
    assert "The gate `bash: echo asked" in prompt
    assert "+broken" in prompt
    assert "one.txt" in prompt
    assert files(there, done.branch) >= {"mended.txt", "theirs.txt"}
    assert "one.txt" not in files(there, done.branch)


def test_such_a_retry_resumes_the_session_where_the_step_asks_for_it(there):
    steps = GATED.replace("prompt: p", "prompt: p, session: reuse-on-retry") + step("two")
    there.script({**GATED_SCRIPT, "two": [[write("two.txt", "1\n")]]})
    there.run(steps, **there.how)
    move(there, {"theirs.txt": "broken\n"})
    done = go_on(there, steps)
    assert done.verdict == "passed"
    assert [a.session.resume for a in done.of(e.AttemptStarted)] == ["", "one#1", ""]
    assert done.launches() == ["one#2", "one#3", "two#2"]
    assert files(there, done.branch) >= {"one.txt", "two.txt", "mended.txt", "theirs.txt"}


def test_a_gate_step_is_asked_again_and_fails_the_run(there):
    gate = '- {name: check, gate: ["bash: ! grep -qs broken theirs.txt"]}\n'
    there.run(step("one") + gate, **there.how)
    move(there, {"theirs.txt": "broken\n"})
    done = go_on(there, step("one") + gate)
    assert (done.verdict, done.launches()) == ("failed", ["check#2"])
    there.git("reset", "-q", "--hard")
    again = go_on(there, step("one") + gate)
    assert (again.verdict, again.launches()) == ("failed", ["check#3"])


def test_a_passed_run_without_gates_passes_over_what_came_in(there):
    there.script({"one": [[write("one.txt", "1\n")]]})
    there.run(step("one"), **there.how)
    move(there)
    done = go_on(there, step("one"))
    assert (done.verdict, done.launches()) == ("passed", [])
    assert there.git("diff", "--name-only", "HEAD", done.branch).split() == ["one.txt"]


def test_a_base_can_move_again_and_back(there):
    there.script({"one": [[write("one.txt", "1\n")]]})
    there.run(step("one"), **there.how)
    old = there.git("rev-parse", "HEAD")
    move(there)
    go_on(there, step("one"))
    move(there, {"more.txt": "more\n"})
    done = go_on(there, step("one"))
    assert files(there, done.branch) >= {"one.txt", "theirs.txt", "more.txt"}
    clean(there, old)
    done = go_on(there, step("one"))
    assert done.verdict == "passed"
    assert there.git("diff", "--name-only", old, done.branch).split() == ["one.txt"]


def test_a_step_that_asks_for_something_else_starts_over_on_the_new_base(there):
    there.script({"one": [[write("one.txt", "1\n")]], "two": [[write("two.txt", "1\n")]]})
    there.run(step("one") + step("two"), **there.how)
    move(there)
    other = step("two").replace("prompt: p", "prompt: q")
    done = go_on(there, step("one") + other)
    assert (done.verdict, done.launches()) == ("passed", ["two#2"])
    assert files(there, done.branch) >= {"one.txt", "theirs.txt", "two.txt"}
    assert there.git("diff", "--name-only", "HEAD", done.branch).split() == ["one.txt", "two.txt"]


def test_where_head_has_not_moved_nothing_is_taken_in(there):
    there.script(TWO_FAILS)
    there.run(TWO, **there.how)
    done = go_on(there, TWO)
    assert done.of(e.BaseTaken) == []


def test_a_branch_that_was_forced_elsewhere_is_taken_in_too(there):
    """What it no longer has goes from the run as well."""
    there.commit({"gone.txt": "1\n"})
    there.script(TWO_FAILS)
    there.run(TWO, **there.how)
    clean(there)
    there.git("checkout", "-q", "--orphan", "other")
    there.git("rm", "-q", "-f", "gone.txt")
    there.commit(MOVED)
    done = go_on(there, TWO)
    assert (done.verdict, done.launches()) == ("passed", ["two#3"])
    assert "gone.txt" not in files(there, done.branch)
    assert there.git("diff", "--name-only", "other", done.branch).split() == ["one.txt", "seen.txt"]


def test_a_person_pulls_while_the_tree_holds_the_runs_work_and_their_own(project):
    project.how = {"workspace": "checkout"}
    project.commit({"mine.txt": "1\n", "b.txt": "1\n"})
    two = [write("two.txt", "1\n"), {"fail": "no"}]
    one = [write("one.txt", "1\n"), write("b.txt", "by the run\n")]
    look = {"run": "cat mine.txt theirs.txt one.txt b.txt > seen.txt"}
    project.script({"one": [one], "two": [two, two, [look]]})
    project.git("checkout", "-q", "-b", "others")
    project.commit({"theirs.txt": "by others\n"})
    project.git("checkout", "-q", "-")
    project.write({"mine.txt": "found\n"})
    project.run(TWO, **project.how)
    project.git("merge", "-q", "--ff-only", "others")
    done = go_on(project, TWO)
    assert (done.verdict, done.launches()) == ("passed", ["two#3"])
    assert done.state.stands_on.found == ("mine.txt",)
    assert project.git("show", f"{done.branch}:seen.txt").split("\n") == [
        *("found", "by others", "1", "by the run")
    ]
    names = project.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["b.txt", "one.txt", "seen.txt"]
    assert (project.repo / "mine.txt").read_text() == "found\n"


def test_set_up_commands_run_again_on_what_came_in(project):
    project.how = {"workspace": "isolated"}
    head = 'workspace: {setup: ["cat a.txt > set-up.log"]}'
    look = [{"run": "cat set-up.log > seen.txt"}]
    project.script({"two": [[{"fail": "no"}], [{"fail": "no"}], look]})
    project.run(TWO, head, **project.how)
    move(project)
    done = go_on(project, TWO, head=head)
    assert project.git("show", f"{done.branch}:seen.txt").startswith("zero")


def test_agents_see_the_history_of_the_new_base(project):
    project.how = {"workspace": "isolated"}
    look = [{"run": "git log --format=%s -1 > seen.txt; git status --short >> seen.txt"}]
    project.script({"one": [[write("one.txt", "1\n")]], "two": [[{"fail": "no"}]] * 2 + [look]})
    project.run(TWO, **project.how)
    move(project)
    project.git("commit", "-q", "--allow-empty", "-m", "the last")
    done = go_on(project, TWO)
    assert project.git("show", f"{done.branch}:seen.txt").split("\n") == [
        *("the last", "?? one.txt", "?? seen.txt")
    ]


def test_what_the_new_base_brings_is_no_longer_left_alone(project):
    """A file lay there untracked when the run began; now it is the branch's."""
    project.how = {"workspace": "checkout", "is_job": True}
    project.write({"new.txt": "a draft\n"})
    project.script({"one": [[{"fail": "no"}], [write("new.txt", "by the run\n")]]})
    project.run(step("one"), **project.how)
    move(project, {"new.txt": "by others\n"})
    done = go_on(project, step("one"))
    assert done.verdict == "passed"
    assert project.git("show", f"{done.branch}:new.txt") == "by the run"


def test_a_moved_checkout_is_refused_with_what_to_do(project):
    project.run(step("one"), workspace="checkout")
    move(project)
    with pytest.raises(InputError) as refused:
        project.run(step("one"), workspace="checkout")
    assert "--take-in" in refused.value.hint


def test_a_tree_that_a_killed_agent_has_left_is_not_taken_for_what_came_in(project):
    """In a job a new run begins then; a person can go back, or start anew."""
    project.how = {"workspace": "checkout", "is_job": True}
    project.script({"one": [[write("one.txt", "1\n")]]})

    def die(event):
        if isinstance(event, e.AgentEnded):
            raise Killed

    with pytest.raises(Killed):
        project.run(step("one"), workspace="checkout", listen=die)
    assert project.read().unfinished()
    move(project)
    with pytest.raises(InputError, match="this run is built on"):
        project.run(step("one"), workspace="checkout", takes_in=True)
    done = go_on(project, step("one"))
    assert "a new run begins" in done.notes()
    assert files(project, done.branch) >= {"one.txt", "theirs.txt"}


def test_the_command_line_takes_in_what_came(project):
    project.script({"one": [[write("one.txt", "1\n")]]})
    workflow = project.workflow(step("one"))
    assert project.cli(workflow).returncode == 0
    move(project)
    stays = project.cli(workflow)
    assert "--take-in merges what came in" in stays.stdout
    done = project.cli(workflow, "--take-in")
    assert (done.returncode, "HEAD has moved from" in done.stdout) == (0, True)
    branch = project.git("for-each-ref", "--format=%(refname)", "refs/heads/gump")
    assert project.git("diff", "--name-only", "HEAD", branch) == "one.txt"


@pytest.mark.parametrize("count", range(2, 75, 9))
def test_killed_at_any_write_a_moved_run_comes_to_the_same_end(there, count):
    steps = GATED.replace("prompt: p", "prompt: p, session: reuse-on-retry") + step("two")
    there.script({**GATED_SCRIPT, "two": [[write("two.txt", "1\n")]]})
    there.run(steps, **there.how)
    move(there, {"theirs.txt": "broken\n"})
    with pytest.raises(Killed):
        go_on(there, steps, hook=kill_at(count))
    done = go_on(there, steps)
    assert done.verdict == "passed"
    names = there.git("diff", "--name-only", "HEAD", done.branch).split()
    assert names == ["mended.txt", "one.txt", "two.txt"]
