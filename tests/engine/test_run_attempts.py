"""What an attempt leaves behind, and in which order; what later prompts are told of it."""

import json

import pytest

from gump_action.engine import events as e
from gump_action.system.store import LEDGER

WRITES = {"one": [[{"write": "b.txt", "text": "new\n"}, {"say": "it is done"}]]}


def types_on_disk(root):
    return [json.loads(line)["type"] for line in (root / LEDGER).read_text().splitlines()]


def test_the_folder_of_an_attempt_holds_all_that_was_said_and_done(project):
    project.script(WRITES)
    done = project.run(
        "- {name: one, agent: scripted, prompt: Do it, gate: ['bash: echo red; false']}"
    )
    names = {path.name for path in done.file("one#1", "").iterdir()}
    assert names >= {"prompt.md", "agent.ndjson", "diff.patch", "gate-1.txt", "error.txt"}
    assert done.prompt("one#1") == "Do it\n"
    assert '"it is done"' in done.text("one#1", "agent.ndjson")
    assert "+new" in done.text("one#1", "diff.patch")
    assert done.text("one#1", "gate-1.txt") == "red\n"
    assert done.text("one#1", "error.txt") == (
        "The gate `bash: echo red; false` failed (exit code 1):\nred"
    )


def test_a_passed_attempt_has_no_error(project):
    done = project.run("- {name: one, agent: scripted}")
    assert done.verdict == "passed"
    assert not done.file("one#1", "error.txt").exists()


def test_each_attempt_has_a_folder_of_its_own(project):
    project.script({"one": [[{"write": "b.txt", "text": f"{n}\n"}] for n in (1, 2)]})
    done = project.run(
        "- {name: one, agent: scripted, gate: ['bash: cat b.txt; grep 2 b.txt'],"
        " on_failure: {retry: 1}}"
    )
    assert done.text("one#1", "gate-1.txt") == "1\n"
    assert done.text("one#2", "gate-1.txt") == "2\n2\n"
    assert "+1" in done.text("one#1", "diff.patch")
    assert "+2" in done.text("one#2", "diff.patch")


def test_a_failed_attempt_keeps_its_transcript_and_snapshot(project):
    project.script({"one": [[{"write": "b.txt", "text": "x"}, {"fail": "I give up"}]]})
    done = project.run("- {name: one, agent: scripted}")
    attempt = done.state.attempts["one"][0]
    assert attempt.kept
    assert attempt.files == ("b.txt",)
    assert (attempt.verdict.value, attempt.error) == ("failed", "I give up")


def test_gates_are_not_asked_where_the_agent_failed(project):
    project.script({"one": [[{"fail": "no"}]]})
    done = project.run("- {name: one, agent: scripted, gate: ['bash: true']}")
    assert done.of(e.GateEnded) == []


def test_an_agent_that_exits_without_a_last_word_has_failed(project):
    project.script({"one": [[{"exit": 0}]]})
    done = project.run("- {name: one, agent: scripted}")
    assert done.verdict == "failed"
    assert done.state.attempts["one"][0].error


def test_what_the_agent_says_on_stderr_is_kept_and_is_the_error_where_it_says_nothing_else(project):
    project.script({"one": [[{"run": "echo out of luck >&2"}, {"exit": 9}]]})
    done = project.run("- {name: one, agent: scripted}")
    assert "out of luck" in done.text("one#1", "agent.stderr")
    assert "out of luck" in done.text("one#1", "error.txt")


def test_all_gates_are_asked_and_the_error_tells_of_those_that_failed(project):
    done = project.run(
        "- {name: one, agent: scripted, gate: ['bash: echo A; false', 'bash: echo B',"
        " 'bash: echo C >&2; exit 3']}"
    )
    gates = done.of(e.GateEnded)
    assert [(g.index, g.passed, g.exit_code) for g in gates] == [
        (1, False, 1), (2, True, 0), (3, False, 3),
    ]  # fmt: skip
    error = done.text("one#1", "error.txt")
    assert "A" in error.splitlines()
    assert "C" in error.splitlines()
    assert "B" not in error.splitlines()


def test_what_gates_write_is_undone_and_said(project):
    project.script(WRITES)
    done = project.run(
        "- {name: one, agent: scripted, gate: ['bash: echo junk > junk.txt; echo x >> b.txt']}\n"
        "- {name: two, agent: scripted, gate: ['bash: test ! -e junk.txt; grep -qx new b.txt']}"
    )
    assert done.verdict == "passed"
    assert set(done.of(e.GateWrote)[0].files) == {"junk.txt", "b.txt"}


def test_a_file_is_on_disk_before_the_event_that_names_it(project):
    project.script(WRITES)
    order = []

    def hook(moment, name):
        if moment == "after":
            is_event = name == LEDGER
            order.append(types_on_disk(project.state)[-1] if is_event else name.split("/")[-1])

    project.run("- {name: one, agent: scripted, gate: ['bash: exit 1']}", hook=hook)
    told = [name for name in order if name not in ("live", "place.json", "session_known")]
    assert told[0:4] == ["spec.md", "inputs.json", "run_started", "attempt_started"]
    assert told[4:8] == ["prompt.md", "agent_ended", "diff.patch", "snapshot_taken"]
    assert told[8].endswith(".jsonl")
    assert told[9:] == [
        "transcript_kept", "gate-1.txt", "gate_ended", "error.txt", "attempt_ended", "run_ended",
    ]  # fmt: skip


def test_an_event_is_on_disk_before_anyone_hears_of_it(project):
    wrong = []

    def listen(event):
        if not isinstance(event, e.AgentActed) and types_on_disk(project.state)[-1] != event.type:
            wrong.append(event.type)

    project.run("- {name: one, agent: scripted, gate: ['bash: true']}", listen=listen)
    assert wrong == []


def test_events_are_counted_without_a_gap_over_all_starts(project):
    steps = "- {name: one, agent: scripted}\n- {name: two, gate: ['bash: false']}"
    project.run(steps)
    project.run(steps)
    lines = (project.state / LEDGER).read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))


def test_the_session_is_in_the_ledger_while_the_agent_still_works(project):
    project.script({"one": [[{"run": f"grep -q session_known {project.state}/{LEDGER}"}]]})
    seen = []

    def listen(event):
        seen.append(event.type)

    project.run("- {name: one, agent: scripted}", listen=listen)
    assert seen.index("session_known") < seen.index("agent_acted") < seen.index("agent_ended")


def test_the_agent_and_the_gate_are_told_run_step_and_attempt(project):
    say = "echo $GUMP_RUN $GUMP_STEP $GUMP_ATTEMPT"
    project.script({"one": [[{"run": f"{say} > b.txt"}]]})
    done = project.run(
        "- name: g\n  steps:\n"
        f"    - {{name: one, agent: scripted, gate: ['bash: cat b.txt; {say}']}}"
    )
    assert done.text("g/one#1", "gate-1.txt") == "r1 g/one 1\nr1 g/one 1\n"


def test_only_what_the_workflow_names_is_given_to_gates(project):
    project.environ |= {"DATABASE_URL": "db", "OTHER": "other", "MY_TOKEN": "0123456789"}
    done = project.run(
        "- {name: one, env: [STEP_ONLY=here], gate: ['bash: env']}", "env: [DATABASE_URL]"
    )
    seen = done.text("one#1", "gate-1.txt").splitlines()
    assert {"DATABASE_URL=db", "STEP_ONLY=here"} <= set(seen)
    assert not [line for line in seen if line.startswith(("OTHER=", "MY_TOKEN="))]


# --- outputs --------------------------------------------------------------------------------------

OUT = {"plan": "plan.json", "artifact": "artifact.txt", "review": "review.json"}
WRONG = {
    "no plan": ("plan", None, "there is no such file"),
    "a plan that is not JSON": ("plan", "- red", "not JSON"),
    "a blank name": ("plan", '[{"name": " ", "description": "d"}]', "`name` of item 1"),
    "no artifact": ("artifact", None, "there is no such file"),
    "no review": ("review", None, "there is no such file"),
    "a verdict in words": ("review", '{"pass": "yes", "comment": "c"}', "has to be true or false"),
    "a review that says no": ("review", '{"pass": false, "comment": "too slow"}', "too slow"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_output_fails_the_attempt_and_the_next_is_told_why(project, case):
    kind, text, why = case
    writes = [] if text is None else [{"write": f".gump/out/{OUT[kind]}", "text": text}]
    project.script({"one": [writes]})
    done = project.run(
        f"- {{name: one, agent: scripted, output: {kind}, on_failure: {{retry: 1}}}}"
    )
    assert done.verdict == "failed"
    assert why in done.text("one#1", "error.txt")
    assert why in done.prompt("one#2")


@pytest.mark.parametrize(
    "lead", ["ln -s /etc/passwd .gump/out/artifact.txt", "mkdir .gump/out/artifact.txt",
             "mkfifo .gump/out/artifact.txt", "rmdir .gump/out; ln -s /etc .gump/out",
             "mkdir -p e; cp /etc/passwd e/artifact.txt; rm -r .gump; ln -s e .gump"],
    ids=["link", "folder", "pipe", "linked folder", "linked .gump"],
)  # fmt: skip
def test_an_output_is_a_plain_file_and_never_what_a_link_leads_to(project, lead):
    project.script({"one": [[{"run": lead}]]})
    done = project.run("- {name: one, agent: scripted, output: artifact}")
    assert done.verdict == "failed"
    assert "no plain file" in done.text("one#1", "error.txt")
    assert not done.file("one#1", "output").exists()


def test_an_output_that_is_too_long_fails_the_attempt(project):
    make = "head -c 4194305 /dev/zero | tr '\\0' x > .gump/out/artifact.txt"
    project.script({"one": [[{"run": make}]]})
    done = project.run("- {name: one, agent: scripted, output: artifact}")
    assert done.verdict == "failed"
    assert "4 MiB" in done.text("one#1", "error.txt")


def test_an_output_that_is_not_utf8_fails_the_attempt(project):
    project.script({"one": [[{"run": r"printf '\377\376' > .gump/out/artifact.txt"}]]})
    done = project.run("- {name: one, agent: scripted, output: artifact}")
    assert "not UTF-8" in done.text("one#1", "error.txt")


def test_a_stale_output_of_another_attempt_does_not_count(project):
    write = {"write": ".gump/out/artifact.txt", "text": "t"}
    project.script({"one": [[write, {"fail": "no"}], []]})
    done = project.run(
        "- {name: one, agent: scripted, output: artifact, session: reuse-on-retry,"
        " on_failure: {retry: 1}}"
    )
    assert done.verdict == "failed"
    assert "there is no such file" in done.text("one#2", "error.txt")


def test_the_output_folder_is_in_no_diff_and_no_result(project):
    project.script(
        {"one": [[{"write": ".gump/out/artifact.txt", "text": "t"}, WRITES["one"][0][0]]]}
    )
    done = project.run("- {name: one, agent: scripted, output: artifact}")
    assert done.state.attempts["one"][0].files == ("b.txt",)
    assert project.git("diff", "--name-only", "main", done.branch) == "b.txt"


def test_the_prompt_says_which_file_to_write_and_in_which_form(project):
    project.script({"one": [[{"write": ".gump/out/plan.json", "text": "[]"}]]})
    done = project.run("- {name: one, agent: scripted, prompt: Plan., output: plan}")
    assert done.prompt("one#1").startswith("Plan.\n\nWhen you are done, write your plan")
    assert ".gump/out/plan.json" in done.prompt("one#1")


# --- plans and groups -----------------------------------------------------------------------------


def plan(*names):
    items = [{"name": name, "description": f"do {name}"} for name in names]
    return [[{"write": ".gump/out/plan.json", "text": json.dumps(items)}]]


PLANNED = """
- {name: plan, agent: scripted, output: plan}
- name: build
  foreach: plan
  steps:
    - {name: impl, agent: scripted, prompt: '{item.name}: {item.description}'}
"""


def test_an_empty_plan_runs_no_item_and_that_is_told(project):
    project.script({"plan": plan()})
    done = project.run(PLANNED)
    assert (done.verdict, done.launches()) == ("passed", ["plan#1"])
    assert [(told.step, told.items) for told in done.of(e.ItemsPlanned)] == [("build", ())]


def test_the_gate_schema_refuses_an_empty_plan(project):
    project.script({"plan": plan()})
    done = project.run("- {name: plan, agent: scripted, output: plan, gate: [schema]}")
    assert done.verdict == "failed"
    assert "The plan is empty" in done.text("plan#1", "error.txt")


def test_hostile_names_of_items_stay_inside_the_state_directory(project):
    names = [
        "../../evil",
        "a/b",
        "..",
        ".git",
        "x" * 300,
        "🎉",
        "--help",
        "a b",
        "a-b",
        "CON",
        "A-B",
    ]
    project.script({"plan": plan(*names)})
    before = {path.name for path in project.root.iterdir()}
    done = project.run(PLANNED)
    assert done.verdict == "passed"
    assert len(done.launches()) == 1 + len(names)
    folders = list((project.state / "attempts/build").iterdir())
    assert len(folders) == len(names)
    assert {path.name for path in project.root.iterdir()} - before <= {"state", "w.yaml"}
    assert "../../evil: do ../../evil\n" in {
        done.prompt(name) for name in done.launches() if name != "plan#1"
    }


def test_names_that_look_alike_get_paths_of_their_own(project):
    project.script({"plan": plan("add a thing", "add-a-thing", "Add a thing")})
    done = project.run(PLANNED)
    assert done.launches()[1:] == [
        "build/add-a-thing/impl#1", "build/add-a-thing-2/impl#1", "build/Add-a-thing-3/impl#1",
    ]  # fmt: skip


def test_a_group_in_an_item_sees_the_item_and_the_steps_around_it(project):
    project.script({"plan": plan("red"), "draft": [[{"write": "d.txt", "text": "x\n"}]]})
    done = project.run("""
- {name: plan, agent: scripted, output: plan}
- name: build
  foreach: plan
  steps:
    - {name: draft, agent: scripted}
    - name: inner
      steps:
        - name: impl
          agent: scripted
          prompt: '{item.name} {steps.draft.files} {steps.plan.status}'
""")
    assert done.prompt("build/red/inner/impl#1") == "red d.txt passed\n"


def test_a_plan_made_in_an_item_is_walked_inside_of_that_item(project):
    project.script({"outer": plan("red", "blue"), "inner": plan("x", "y")})
    done = project.run("""
- {name: outer, agent: scripted, output: plan}
- name: build
  foreach: outer
  steps:
    - {name: inner, agent: scripted, output: plan}
    - name: parts
      foreach: inner
      steps:
        - {name: impl, agent: scripted, prompt: '{item.name}'}
""")
    assert done.launches()[2:4] == ["build/red/parts/x/impl#1", "build/red/parts/y/impl#1"]
    assert done.prompt("build/blue/parts/y/impl#1") == "y\n"


def test_an_item_that_fails_ends_the_run(project):
    project.script({"plan": plan("red", "blue"), "build/red/impl": [[{"fail": "no"}]]})
    done = project.run(PLANNED)
    assert done.verdict == "failed"
    assert done.launches() == ["plan#1", "build/red/impl#1"]


def test_a_step_of_an_item_does_not_see_the_other_item(project):
    project.script({"plan": plan("red", "blue"), "one": [[{"run": "echo $GUMP_STEP >> f.txt"}]]})
    done = project.run("""
- {name: plan, agent: scripted, output: plan}
- name: build
  foreach: plan
  steps:
    - {name: two, agent: scripted, prompt: '[{steps.one.status}|{steps.one.diff}]'}
    - {name: one, agent: scripted}
""")
    assert done.prompt("build/blue/two#1") == "[skipped|]\n"


def test_the_nearest_step_of_a_name_is_the_one_that_is_told_of(project):
    project.script({
        "one": [[{"write": ".gump/out/artifact.txt", "text": "outer"}]],
        "g/one": [[{"write": ".gump/out/artifact.txt", "text": "inner"}]],
    })  # fmt: skip
    done = project.run("""
- {name: one, agent: scripted, output: artifact}
- name: g
  steps:
    - {name: one, agent: scripted, output: artifact}
    - {name: two, agent: scripted, prompt: '{steps.one.output}'}
- {name: three, agent: scripted, prompt: '{steps.one.output}'}
""")
    assert done.prompt("g/two#1") == "inner\n"
    assert done.prompt("three#1") == "outer\n"


# --- what a prompt holds --------------------------------------------------------------------------


@pytest.mark.parametrize("spec", ["{{ 7*7 }}", "{error}", "{% for x in y %}", "{# no #}", "{spec}"])
def test_a_spec_is_text_and_never_a_template(project, spec):
    done = project.run("- {name: one, agent: scripted, prompt: 'Do: {spec}'}", spec=spec)
    assert done.prompt("one#1") == f"Do: {spec}\n"


def test_what_a_gate_prints_is_text_and_never_a_template(project):
    done = project.run(
        "- {name: one, agent: scripted, prompt: 'E[{error}]', on_failure: {retry: 1},"
        " gate: ['bash: printf %s%s { {7*7}} {spec}; false']}",
        spec="SPEC",
    )
    assert "{{7*7}}{spec}" in done.prompt("one#2")
    assert "SPEC" not in done.prompt("one#2")


def test_no_prompt_is_the_spec(project):
    assert (
        project.run("- {name: one, agent: scripted}", spec="Make it.\n").prompt("one#1")
        == "Make it.\n"
    )


def test_all_variables_of_a_run_are_known(project):
    prompt = "{run.id} {run.retries} {run.tokens_in} {attempt} {who} {{ run.duration >= 0 }}"
    done = project.run(
        f"- {{name: one, agent: scripted, prompt: '{prompt}'}}",
        "inputs: {who: {default: me}}",
        inputs={"who": "you"},
    )
    assert done.prompt("one#1") == "r1 0 0 1 you True\n"


def test_the_diff_and_error_of_an_attempt_are_cut_for_the_next_and_whole_in_the_folder(project):
    lines = "".join(f"line {n}\n" for n in range(2000))
    project.script({"one": [[{"write": "b.txt", "text": lines}]]})
    done = project.run(
        "- {name: one, agent: scripted, prompt: 'E[{error}]D[{diff}]', on_failure: {retry: 1},"
        " gate: ['bash: cat b.txt; false']}",
        "error_context: {max_error_chars: 300, max_diff_chars: 400}",
    )
    prompt = done.prompt("one#2")
    assert 700 < len(prompt) < 850
    assert prompt.count("lines left out") == 2
    assert "line 1999" in prompt
    assert "line 1000" in done.text("one#1", "error.txt")
    assert "line 1000" in done.text("one#1", "diff.patch")
    assert len(done.state.attempts["one"][0].error) < 400


def test_a_limit_of_zero_characters_tells_nothing_of_the_error(project):
    done = project.run(
        "- {name: one, agent: scripted, prompt: 'E[{error}]', on_failure: {retry: 1},"
        " gate: ['bash: echo secretly red; false']}",
        "error_context: {max_error_chars: 0}",
    )
    assert "secretly red" not in done.prompt("one#2")


def test_a_retry_that_names_neither_is_told_of_error_and_diff_in_tags(project):
    project.script(WRITES)
    done = project.run(
        "- {name: one, agent: scripted, prompt: Do it, on_failure: {retry: 1},"
        " gate: ['bash: echo red; false']}"
    )
    prompt = done.prompt("one#2")
    assert prompt.startswith("Do it\n")
    assert "<error>\nThe gate" in prompt
    assert "<diff>\ndiff --git" in prompt


def test_a_resumed_retry_is_told_of_the_error_alone_for_its_changes_are_there(project):
    project.script(WRITES)
    done = project.run(
        "- {name: one, agent: scripted, session: reuse-on-retry, on_failure: {retry: 1},"
        " gate: ['bash: echo red; false']}"
    )
    assert "Your changes are still there" in done.prompt("one#2")
    assert "<diff>" not in done.prompt("one#2")


def test_a_project_has_templates_of_its_own(project):
    project.commit(
        {".gump/templates/retry_fresh.md.j2": "OWN {{ error | length > 0 }} {{ attempt }}"}
    )
    done = project.run(
        "- {name: one, agent: scripted, prompt: Do it, on_failure: {retry: 1},"
        " gate: ['bash: false']}"
    )
    assert done.prompt("one#2") == "Do it\n\nOWN True 2\n"


@pytest.mark.parametrize("workspace", ["isolated", "checkout"])
def test_an_agent_that_rewrites_the_templates_changes_nothing_in_this_run(project, workspace):
    name = ".gump/templates/retry_resumed.md.j2"
    project.commit({name: "OLD"})
    project.script({"one": [[{"write": name, "text": "NEW"}]]})
    done = project.run(
        "- {name: one, agent: scripted, session: reuse-on-retry, on_failure: {retry: 1},"
        " gate: ['bash: false']}",
        workspace=workspace,
    )
    assert done.prompt("one#2").endswith("OLD\n")


def test_the_agent_overrides_all_agent_steps_and_strategies_stay(project):
    project.script({"one": [[{"fail": "no"}]]})
    done = project.run(
        "- {name: one, agent: claude-haiku, on_failure: {retry: 1, strategy: ['escalate: codex']}}",
        agent="scripted-x",
    )
    assert [a.agent for a in done.of(e.AttemptStarted)] == ["scripted-x", "codex"]
    assert done.verdict == "blocked"
    assert "codex is not on PATH" in done.text("one#2", "error.txt")


# --- usage ----------------------------------------------------------------------------------------


def test_usage_is_of_the_attempt_and_the_total_of_the_session(project):
    project.script({"one": [[{"say": "a"}], [{"say": "b"}]]})
    done = project.run(
        f"- {{name: one, agent: scripted, session: reuse-on-retry, prompt: {'x' * 40},"
        " on_failure: {retry: 1}, gate: ['bash: test $GUMP_ATTEMPT = 2']}"
    )
    first, second = done.of(e.AgentEnded)
    assert (first.usage.input, first.usage.output, first.turns) == (10, 10, 1)
    assert second.total.input == first.usage.input + second.usage.input
    assert second.total.output == 20
    assert second.total.cost_usd == 0


def test_what_a_refused_launch_has_used_is_the_attempts_too(project):
    other = '{"type": "session", "id": "00000000-0000-4000-8000-000000000000"}'
    used = '{"type": "usage", "input": 1000, "output": 500}'
    mark = f"{project.root}/m"
    refused = f"test -e {mark} || {{ touch {mark}; echo '{used}'; echo '{other}'; sleep 9; }}"
    project.script({"one": [[], [{"run": refused}]]})
    done = project.run(
        "- {name: one, agent: scripted, session: reuse-on-retry, prompt: p, on_failure: {retry: 1},"
        " gate: ['bash: test $GUMP_ATTEMPT = 2']}"
    )
    second = done.of(e.AgentEnded)[1]
    assert done.of(e.SessionRefused)
    assert (second.usage.output, second.total.output) == (510, 10)


def test_the_last_answer_is_kept_with_the_attempt(project):
    project.script({"one": [[{"say": "first"}, {"say": "last"}]]})
    assert project.run("- {name: one, agent: scripted}").of(e.AgentEnded)[0].answer == "last"
