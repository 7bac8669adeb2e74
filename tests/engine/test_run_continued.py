"""A run goes on from its record: what is skipped, what is made again, what is put back."""

import json

import pytest

from gump_action.engine import events as e
from gump_action.engine.record import read_state
from gump_action.errors import InputError

from .kills import Killed, kill_at

ONE_FAILS_ONCE = {"one": [[{"write": "b.txt", "text": "1\n"}, {"fail": "no"}], []]}


def step(name, prompt="p", more=""):
    return f"- {{name: {name}, agent: scripted, prompt: {prompt}{more}}}\n"


THREE = step("one") + step("two") + step("three")


def test_what_has_passed_is_skipped_and_said_once_a_start(project):
    project.script({"two": [[{"fail": "no"}], []]})
    assert project.run(THREE).verdict == "failed"
    done = project.run(THREE)
    assert done.verdict == "passed"
    assert done.launches() == ["two#2", "three#1"]
    assert [s.step for s in done.of(e.StepSkipped)] == ["one"]


def test_a_run_that_has_passed_does_nothing_more(project):
    first = project.run(THREE)
    again = project.run(THREE)
    assert (again.verdict, again.launches()) == ("passed", [])
    assert again.state.ended.commit == first.state.ended.commit


@pytest.mark.parametrize("workspace", ["isolated", "checkout"])
def test_a_passed_run_puts_its_branch_back_where_it_was_deleted(project, workspace):
    project.script({"one": [[{"write": "b.txt", "text": "1\n"}]]})
    first = project.run(THREE, workspace=workspace)
    project.git("branch", "-D", first.branch)
    again = project.run(THREE, workspace=workspace)
    assert again.launches() == []
    assert project.git("rev-parse", again.branch) == first.state.ended.commit


def test_a_passed_run_puts_its_tree_back_in_a_checkout_of_a_job(project):
    project.script({"one": [[{"write": "b.txt", "text": "1\n"}]]})
    project.run(THREE, workspace="checkout", is_job=True)
    (project.repo / "b.txt").unlink()
    project.write({"a.txt": "by others\n"})
    done = project.run(THREE, workspace="checkout", is_job=True)
    assert done.launches() == []
    assert (project.repo / "b.txt").read_text() == "1\n"
    assert (project.repo / "a.txt").read_text() == "one\ntwo\nthree\n"
    assert "a.txt" in done.notes()


def test_what_others_changed_in_the_checkout_is_refused_where_it_is_a_persons(project):
    project.script({"one": [[{"write": "b.txt", "text": "1\n"}]]})
    project.run(THREE, workspace="checkout")
    project.write({"a.txt": "by others\n"})
    with pytest.raises(InputError, match=r"a\.txt"):
        project.run(THREE, workspace="checkout")
    assert (project.repo / "a.txt").read_text() == "by others\n"


CHANGES = {
    "a changed step starts over, and all after it": (
        step("one") + step("two", "other") + step("three"), ["two#2", "three#2"]),
    "another agent": (
        step("one") + step("two").replace("scripted", "scripted-x") + step("three"),
        ["two#2", "three#2"]),
    "a removed step": (step("one") + step("three"), ["three#2"]),
    "the last step removed": (step("one") + step("two"), []),
    "an inserted step": (
        step("one") + step("new") + step("two") + step("three"), ["new#1", "two#2", "three#2"]),
    "a step at the end": (THREE + step("four"), ["four#1"]),
    "an other order": (step("two") + step("one") + step("three"), ["two#2", "one#2", "three#2"]),
    "a renamed step": (step("one") + step("zwei") + step("three"), ["zwei#1", "three#2"]),
    "retries and limits are no change": (
        step("one", more=", timeout: 5m, on_failure: {retry: 3}") + step("two") + step("three"),
        []),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES.keys())
def test_the_equal_beginning_is_kept_and_all_after_it_runs_again(project, case):
    steps, launches = case
    project.run(THREE)
    done = project.run(steps)
    assert (done.verdict, done.launches()) == ("passed", launches)


GROUP = (
    "- {name: plan, agent: scripted, output: plan}\n"
    "- {name: build, foreach: plan, steps: [{name: output, agent: scripted}]}\n"
)


def test_a_step_that_becomes_a_group_has_room_beside_its_old_attempts(project):
    """An item `1` of it, and a step `output` there, are no attempt and no file of one."""
    plan = json.dumps([{"name": "1", "description": "d"}])
    project.script({"plan": [[{"write": ".gump/out/plan.json", "text": plan}]]})
    first = GROUP.splitlines()[0]
    project.run(f"{first}\n{step('build')}")
    done = project.run(GROUP)
    assert (done.verdict, done.launches()) == ("passed", ["build/1/output#1"])


def test_a_step_that_was_removed_leaves_nothing_in_the_result(project):
    project.script({"*": [[{"run": "echo x > $GUMP_STEP.txt"}]]})
    project.run(THREE)
    done = project.run(step("one") + step("three"))
    files = project.git("ls-tree", "--name-only", done.branch).split()
    assert "two.txt" not in files


def test_the_result_of_a_shortened_workflow_holds_its_own_steps_alone(project):
    project.script({"*": [[{"run": "echo x > $GUMP_STEP.txt"}]]})
    project.run(THREE)
    done = project.run(step("one") + step("two"))
    files = project.git("ls-tree", "--name-only", done.branch).split()
    assert {"one.txt", "two.txt"} <= set(files)
    assert "three.txt" not in files


def test_a_step_that_starts_over_makes_a_first_attempt(project):
    project.script({"one": [[{"fail": "first words"}], []]})
    project.run(step("one"))
    done = project.run(step("one", "other"))
    [started] = done.of(e.AttemptStarted)
    assert (started.attempt, started.kind) == (2, "first")
    assert done.prompt("one#2") == "other\n"


def test_a_failed_step_is_retried_with_error_and_diff(project):
    project.script(ONE_FAILS_ONCE)
    project.run(step("one"))
    done = project.run(step("one"))
    assert (done.verdict, done.of(e.AttemptStarted)[0].kind) == ("passed", "retry")
    assert "<error>\nno\n" in done.prompt("one#2")
    assert "+1" in done.prompt("one#2")
    assert "b.txt" not in project.git("ls-tree", "--name-only", done.branch)


def test_a_start_grants_the_retries_anew(project):
    project.script({"one": [[{"fail": "no"}]]})
    steps = step("one", more=", on_failure: {retry: 1}")
    assert project.run(steps).launches() == ["one#1", "one#2"]
    assert project.run(steps).launches() == ["one#3", "one#4"]


def test_a_blocked_attempt_is_recorded_and_the_next_is_of_the_same_kind(project):
    project.script({"one": [[{"write": "b.txt", "text": "x"}, {"block": "no credit left"}], []]})
    steps = step("one", more=", on_failure: {retry: 2}")
    blocked = project.run(steps)
    assert (blocked.verdict, blocked.launches()) == ("blocked", ["one#1"])
    assert "no credit left" in blocked.state.ended.why
    done = project.run(steps)
    assert done.verdict == "passed"
    assert done.of(e.AttemptStarted)[0].kind == "first"
    assert done.prompt("one#2") == "p\n"


def test_a_cut_step_that_goes_on_with_its_session_is_told_so_and_keeps_its_tree(project):
    project.script({"one": [[{"write": "b.txt", "text": "1\n"}, {"block": "quota"}], []]})
    steps = step("one", more=", session: reuse-on-retry")
    project.run(steps)
    done = project.run(steps)
    assert done.of(e.AttemptStarted)[0].session.resume == "one#1"
    assert "cut off" in done.prompt("one#2")
    assert "b.txt" in project.git("ls-tree", "--name-only", done.branch)


def test_items_that_have_passed_are_skipped(project):
    items = [{"name": name, "description": "d"} for name in ("red", "blue")]
    project.script({
        "plan": [[{"write": ".gump/out/plan.json", "text": json.dumps(items)}]],
        "build/blue/impl": [[{"fail": "no"}], []],
    })  # fmt: skip
    steps = step("plan", more=", output: plan") + (
        "- name: build\n  foreach: plan\n  steps:\n    - {name: impl, agent: scripted}"
    )
    assert project.run(steps).verdict == "failed"
    done = project.run(steps)
    assert (done.verdict, done.launches()) == ("passed", ["build/blue/impl#2"])
    assert len(done.of(e.ItemsPlanned)) == 0


def test_templates_are_those_of_before_any_agent_also_where_the_run_goes_on(project):
    name = ".gump/templates/retry_fresh.md.j2"
    project.commit({name: "OLD"})
    project.script({"one": [[{"write": name, "text": "NEW"}]], "two": [[{"fail": "no"}], []]})
    steps = step("one") + step("two")
    assert project.run(steps, workspace="checkout").verdict == "failed"
    assert (project.repo / name).read_text() == "NEW"
    done = project.run(steps, workspace="checkout")
    assert done.prompt("two#2").endswith("OLD\n")


def test_a_file_that_does_not_merge_with_the_found_state_is_taken_whole_and_said(project):
    project.script({"one": [[{"write": "a.txt", "text": "one\nagent\nthree\n"}]]})
    project.write({"a.txt": "one\nfound\nthree\n"})
    done = project.run(step("one"), workspace="checkout")
    assert project.git("show", f"{done.branch}:a.txt") == "one\nagent\nthree"
    assert [line for line in done.notes().splitlines() if "a.txt" in line and done.branch in line]


def test_a_result_branch_with_a_commit_of_the_users_is_left_alone_and_said(project):
    project.script({"*": [[{"run": "echo x > $GUMP_STEP.txt"}]]})
    first = project.run(step("one"))
    tree, tip = f"{first.branch}^{{tree}}", first.state.ended.commit
    theirs = project.git("commit-tree", tree, "-p", tip, "-m", "by hand")
    project.git("update-ref", f"refs/heads/{first.branch}", theirs)
    done = project.run(step("one") + step("two"))
    assert (done.verdict, done.branch) == ("passed", "")
    assert project.git("rev-parse", first.branch) == theirs
    assert f"git branch -m {first.branch} NAME" in done.notes()
    project.git("branch", "-m", first.branch, "mine")
    again = project.run(step("one") + step("two"))
    assert project.git("rev-parse", again.branch) == again.state.ended.commit


def test_a_result_of_steps_that_no_longer_count_does_not_stay(project):
    project.script({"one": [[{"write": "b.txt", "text": "1\n"}], [{"fail": "no"}]]})
    first = project.run(step("one"))
    done = project.run(step("one", "other"))
    assert (done.verdict, done.branch) == ("failed", "")
    assert first.branch not in project.branches().split()


class Cut(BaseException):
    pass


def test_a_result_that_was_written_and_not_recorded_is_written_on(project):
    """Killed between the branch and the line that says so."""

    def hook(moment, name):
        if moment == "before" and name == "ledger.ndjson" and "gump/" in project.branches():
            raise Cut

    project.script({"*": [[{"run": "echo x > $GUMP_STEP.txt"}]]})
    with pytest.raises(Cut):
        project.run(step("one"), hook=hook)
    done = project.run(step("one") + step("two"))
    assert done.branch
    assert project.git("rev-parse", done.branch) == done.state.ended.commit


# --- what a run was given -------------------------------------------------------------------------

INPUTS = "inputs: {who: {default: me}}"
FAILING = step("one", "'{spec} {who}'", ", gate: ['bash: false']")


def test_a_run_goes_on_with_what_it_was_given(project):
    project.run(FAILING, INPUTS, spec="S", inputs={"who": "you"})
    done = project.run(FAILING, INPUTS)
    assert done.prompt("one#2").startswith("S you\n")


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"spec": "T"}, "spec"),
        ({"inputs": {"who": "they"}}, "--set"),
        ({"agent": "scripted-x"}, "--agent"),
    ],
)
def test_another_spec_input_or_agent_is_refused_with_the_remedy(project, other, word):
    project.run(FAILING, INPUTS, spec="S", inputs={"who": "you"})
    before = (project.state / "ledger.ndjson").read_bytes()
    with pytest.raises(InputError, match="--fresh") as failure:
        project.run(FAILING, INPUTS, **other)
    assert word in failure.value.message
    assert (project.state / "ledger.ndjson").read_bytes() == before


def test_the_same_inputs_given_again_are_no_other_ones(project):
    project.run(FAILING, INPUTS, spec="S", inputs={"who": "you"})
    done = project.run(FAILING, INPUTS, spec="S", inputs={"who": "you"})
    assert done.launches() == ["one#2"]


def test_a_changed_default_is_no_other_input_and_a_required_one_is_not_asked_for_again(project):
    head = "inputs: {who: {default: me}, what: {required: true}}"
    project.run(FAILING, head, inputs={"what": "x"})
    changed = "inputs: {who: {default: you}, what: {required: true}, new: {default: n}}"
    done = project.run(FAILING, changed)
    assert done.prompt("one#2").startswith(" me\n")
    with pytest.raises(InputError, match="--set"):
        project.run(FAILING, changed, inputs={"new": "other"})


@pytest.mark.parametrize("name", ["given/spec.md", "given/inputs.json"])
@pytest.mark.parametrize("text", [None, "{}"], ids=["missing", "changed"])
def test_a_run_whose_spec_or_inputs_were_changed_is_refused(project, name, text):
    project.run(FAILING, INPUTS, spec="S")
    (project.state / name).unlink()
    if text:
        (project.state / name).write_text(text)
    with pytest.raises(InputError, match=name) as failure:
        project.run(FAILING, INPUTS)
    assert "--fresh" in failure.value.hint


# --- anew -----------------------------------------------------------------------------------------


def test_a_run_that_starts_anew_keeps_the_old_record_aside(project):
    project.script({"one": [[{"write": "b.txt", "text": "1\n"}], [{"fail": "never"}]]})
    first = project.run(step("one"), spec="S")
    ledger = (project.state / "ledger.ndjson").read_bytes()
    done = project.run(step("one"), spec="T", is_fresh=True)
    assert done.launches() == ["one#1"]
    assert (project.state / "old/r1/ledger.ndjson").read_bytes() == ledger
    assert (project.state / "old/r1/attempts/one/@1/diff.patch").is_file()
    assert {first.branch, done.branch} <= set(project.branches().split())


def test_starting_anew_twice_keeps_both_records(project):
    for _ in range(3):
        project.run(step("one"), is_fresh=True)
    assert sorted(path.name for path in (project.state / "old").iterdir()) == ["r1", "r2"]


def test_the_last_start_is_known_by_the_attempt_of_its_job_also_of_a_run_anew(project):
    """Else the longer record of before would be taken for the later one."""
    project.script({"one": [[{"fail": "never"}]] * 3})
    project.run(step("one"), job_attempt="100/1")
    project.run(step("one"), job_attempt="100/2")
    assert project.read().job_attempt == "100/2"
    project.run(step("one"), is_fresh=True, job_attempt="100/3")
    assert project.read().started.job_attempt == "100/3"
    assert read_state(project.state / "old/r1").job_attempt == "100/2"


def test_a_record_that_cannot_be_read_is_no_hindrance_to_starting_anew(project):
    project.run(step("one"))
    (project.state / "ledger.ndjson").write_text("{]\n")
    done = project.run(step("one"), is_fresh=True)
    assert (done.verdict, done.launches()) == ("passed", ["one#1"])
    assert (project.state / "old/unreadable/ledger.ndjson").read_text() == "{]\n"


# --- sessions that cannot be resumed --------------------------------------------------------------

RESUMING = (
    "- {name: one, agent: scripted, prompt: Do it, session: reuse-on-retry,"
    " gate: ['bash: echo red; false']}"
)


def kept_transcript(project):
    return next((project.state / "attempts/one/@1/transcript").iterdir())


def gone(path):
    path.unlink()


def altered(path):
    path.write_bytes(path.read_bytes().replace(b"Do it", b"Do at", 1))


@pytest.mark.parametrize(("spoil", "why"), [(gone, "is gone"), (altered, "was altered")])
def test_a_spoilt_transcript_is_replaced_by_a_fresh_session_in_the_same_attempt(
    project, spoil, why
):
    project.script(
        {
            "one": [
                [{"write": "b.txt", "text": "1\n"}],
                [{"run": "test ! -e b.txt || echo there > c.txt"}],
            ]
        }
    )
    project.run(RESUMING)
    spoil(kept_transcript(project))
    done = project.run(RESUMING)
    [refused] = done.of(e.SessionRefused)
    assert why in refused.session.why
    assert done.launches() == ["one#2"]
    assert "I remember" not in done.text("one#2", "agent.ndjson")
    assert "<error>\nThe gate" in done.prompt("one#2")
    assert "+1" in done.prompt("one#2")
    assert done.state.attempts["one"][1].files == ()


def test_a_resumed_session_is_as_it_stood_and_not_as_another_step_left_it(project):
    steps = (
        step("one") + step("two", more=", session: 'reuse: one'")
        + step("three", more=", session: 'reuse: one'")
    )  # fmt: skip
    done = project.run(steps)
    assert "I remember 1 of our exchanges: one#1" in done.text("three#1", "agent.ndjson")


# --- an engine that was killed at any write -------------------------------------------------------


@pytest.mark.parametrize("count", range(0, 78, 13))
def test_killed_at_any_write_the_next_start_finds_each_passed_step_passed(project, count):
    project.script({"one": [[{"run": "echo 1 >> f.txt"}]], "two": [[{"run": "echo > g.txt"}]]})
    steps = step("one", more=", gate: ['bash: true']") + step(
        "two", more=", session: reuse-on-retry"
    )
    with pytest.raises(Killed):
        project.run(steps, hook=kill_at(count))
    before = project.read()
    done = project.run(steps)
    assert done.verdict == "passed"
    assert project.git("show", f"{done.branch}:f.txt") == "1"
    assert not {a.step for a in done.of(e.AttemptStarted)} & set(before.passes)
