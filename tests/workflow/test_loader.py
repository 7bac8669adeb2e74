"""From YAML to records: spellings, lines, limits, and every fault of a file in one go."""

import re
from pathlib import Path

import pytest
import yaml

from gump_action.errors import InputError, WorkflowError
from gump_action.workflow import forms, loader
from gump_action.workflow.loader import BUILTIN, find_workflow, load
from gump_action.workflow.model import (
    AgentStep,
    Gate,
    GateStep,
    Group,
    Input,
    OnFailure,
    Session,
    Strategy,
    Variable,
    WorkspaceRules,
    model_of,
    provider_of,
)

SAME = Strategy(kind="same")
STEP = "name: t\nsteps:\n  - name: a\n    agent: claude\n"


def load_text(folder, text):
    path = folder / "t.yaml"
    path.write_text(text)
    return load(path)


def read(folder, text):
    return load_text(folder, text).workflow


def step_with(folder, lines):
    return read(folder, f"{STEP}    {lines}\n").steps[0]


def messages(folder, text):
    """Each fault as `line: message`."""
    with pytest.raises(WorkflowError) as failure:
        load_text(folder, text)
    return [f"{fault.line}: {fault.message}" for fault in failure.value.faults]


def test_the_smallest_workflow_has_all_defaults(tmp_path):
    workflow = read(tmp_path, STEP)
    assert workflow.steps == (AgentStep(name="a", agent="claude"),)
    assert workflow.path == tmp_path / "t.yaml"
    step = workflow.steps[0]
    assert (step.prompt, step.output, step.timeout, step.idle_timeout) == (
        "{spec}",
        "diff",
        3600,
        900,
    )


def test_a_whole_workflow(tmp_path):
    workflow = read(
        tmp_path,
        """\
name: whole
description: All of it.
inputs:
  tone: {description: How., default: kind}
  count: {default: 3}
  must: {required: true}
  free:
env: [DATABASE_URL, NODE_ENV=test]
workspace: {share: [node_modules, ./a/b/], setup: uv sync}
gates: {compile: make, test: make test, lint: make lint}
error_context: {max_error_chars: 10, max_diff_chars: 0}
steps:
  - {name: plan, agent: claude-opus, output: plan, gate: schema}
  - name: build
    foreach: plan
    steps:
      - name: inner
        steps:
          - {name: impl, agent: qwen, prompt: "{item.name} {tone}", timeout: 5m}
  - {name: check, gate: [test], timeout: 10, env: {A: b}}
""",
    )
    assert workflow.description == "All of it."
    assert workflow.inputs == {
        "tone": Input(description="How.", default="kind"),
        "count": Input(default="3"),
        "must": Input(required=True),
        "free": Input(),
    }
    assert workflow.env == (Variable(name="DATABASE_URL"), Variable(name="NODE_ENV", value="test"))
    assert workflow.workspace == WorkspaceRules(share=("node_modules", "a/b"), setup=("uv sync",))
    assert workflow.gates == {"compile": "make", "test": "make test", "lint": "make lint"}
    assert workflow.error_context.max_diff_chars == 0
    assert [path for path, _ in workflow.walk()] == [
        *("plan", "build", "build/inner", "build/inner/impl", "check")
    ]
    assert isinstance(workflow.steps[1], Group)
    assert workflow.steps[2] == GateStep(
        name="check", gate=(Gate(kind="test"),), timeout=10, env=(Variable(name="A", value="b"),)
    )


@pytest.mark.parametrize(
    ("written", "session"),
    [
        ("fresh", Session()),
        ("reuse", Session(mode="reuse")),
        ("reuse-on-retry", Session(mode="reuse-on-retry")),
        ('"reuse: a"', Session(mode="reuse-step", step="a")),
        ("'reuse:a'", Session(mode="reuse-step", step="a")),
        ("{reuse: a}", Session(mode="reuse-step", step="a")),
        ("\n      reuse: a", Session(mode="reuse-step", step="a")),
    ],
)
def test_session_spellings(tmp_path, written, session):
    assert step_with(tmp_path, f"session: {written}").session == session


@pytest.mark.parametrize(
    ("written", "gates"),
    [
        ("test", [("test", "")]),
        ("[compile, test, lint, schema]", [(k, "") for k in ("compile", "test", "lint", "schema")]),
        ('["bash: make test"]', [("bash", "make test")]),
        ("[bash: make test]", [("bash", "make test")]),
        ("{bash: make test}", [("bash", "make test")]),
        ("[bash: true]", [("bash", "true")]),
        ('["bash: echo a: b"]', [("bash", "echo a: b")]),
        ("[coverage: 80]", [("coverage", "80")]),
        ('["coverage: 80.5"]', [("coverage", "80.5")]),
        ("[tests_found]", [("tests_found", "")]),
        (
            '["touched: tests/**", untouched: "*.md"]',
            [("touched", "tests/**"), ("untouched", "*.md")],
        ),
    ],
)
def test_gate_spellings(tmp_path, written, gates):
    found = step_with(tmp_path, f"gate: {written}").gate
    assert [(gate.kind, gate.argument) for gate in found] == gates


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{retry: 2}", OnFailure(retry=2, strategy=(SAME,))),
        ("{retry: 2, strategy: same}", OnFailure(retry=2, strategy=(SAME,))),
        ('{retry: 3, strategy: ["same: 3"]}', OnFailure(retry=3, strategy=(SAME,) * 3)),
        ("{retry: 3, strategy: [same: 3]}", OnFailure(retry=3, strategy=(SAME,) * 3)),
        (
            '{retry: 3, strategy: [same, "escalate: claude-opus", {escalate: qwen}]}',
            OnFailure(
                retry=3,
                strategy=(
                    SAME,
                    Strategy(kind="escalate", agent="claude-opus"),
                    Strategy(kind="escalate", agent="qwen"),
                ),
            ),
        ),
    ],
)
def test_on_failure_spellings(tmp_path, written, expected):
    assert step_with(tmp_path, f"on_failure: {written}").on_failure == expected


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("1h1s", 3601), ("2.5", 2.5), ("7", 7), ('"7"', 7)],
)
def test_time_spellings(tmp_path, written, seconds):
    assert step_with(tmp_path, f"timeout: {written}").timeout == seconds
    assert step_with(tmp_path, f"idle_timeout: {written}").idle_timeout == seconds


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[A, B=c, 'D=e=f', 'G=']", [("A", None), ("B", "c"), ("D", "e=f"), ("G", "")]),
        ("A", [("A", None)]),
        (
            "{A: , B: 3000, C: true, D: on}",
            [("A", None), ("B", "3000"), ("C", "true"), ("D", "on")],
        ),
        ("[A: b]", [("A", "b")]),
    ],
)
def test_env_spellings(tmp_path, written, expected):
    found = step_with(tmp_path, f"env: {written}").env
    assert [(each.name, each.value) for each in found] == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("!!str 5", "5"),
        ("'5'", "5"),
    ],
)
def test_what_is_a_text_for_people_is_a_text(tmp_path, written, value):
    assert read(tmp_path, f"name: {written}\n" + STEP[8:]).name == value


@pytest.mark.parametrize("written", ["5", "1.5", "1e3", "true", "False"])
def test_what_is_no_text_is_a_fault(tmp_path, written):
    assert messages(tmp_path, f"name: {written}\n" + STEP[8:]) == [
        f"1: `name` is {written}, but it has to be text. Put it in quotes."
    ]


def test_anchors_and_merges(tmp_path):
    workflow = read(
        tmp_path,
        """\
name: t
steps:
  - &base {name: a, agent: claude, gate: &g [test, lint]}
  - {<<: *base, name: b, gate: *g}
  - {<<: [{agent: qwen}, *base], name: c}
""",
    )
    assert [(step.name, step.agent, len(step.gate)) for step in workflow.steps] == [
        ("a", "claude", 2),
        ("b", "claude", 2),
        ("c", "qwen", 2),
    ]


SEED = Path(__file__).parent / "seed"


@pytest.mark.parametrize("path", sorted(SEED.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_step_lists_of_the_seed_page_load(path):
    assert load(path).warnings == ()


@pytest.mark.parametrize("path", sorted(BUILTIN.glob("*.yaml")), ids=lambda path: path.stem)
def test_built_in_workflows_load(path):
    loaded = load(path)
    assert loaded.warnings == ()
    assert loaded.workflow.name == path.stem


BUDGETS = {"2.50": 2.5, "5": 5.0, "'2.50'": 2.5, "' 3 '": 3.0, "0.000001": 0.000001}


@pytest.mark.parametrize(("given", "usd"), BUDGETS.items())
def test_a_budget_is_dollars_as_a_number_or_as_text(tmp_path, given, usd):
    loaded = load_text(tmp_path, f"{STEP}max_budget: {given}\n")
    assert loaded.workflow.max_budget == usd


def test_without_a_budget_there_is_no_limit(tmp_path):
    assert load_text(tmp_path, STEP).workflow.max_budget is None


AGENT = "an agent step has the unknown key"
KEYS = "Keys: name, agent, prompt, output, session, gate, on_failure, timeout, idle_timeout, env."
GATES = "compile, test, lint, schema, bash, touched, untouched, tests_found, coverage"
PROVIDERS = "claude, codex, gemini, qwen, opencode, cursor, scripted"
TIME = "Write 90s, 5m, 1h30m or a number of seconds (more than 0, at most 30 days)."
LATER = "is not yet supported, so it would have no effect. Take it out."
STRATEGIES = 'Strategies: same, "same: 3", "escalate: AGENT".'

STEP_FAULTS = [
    ("promt: x", f'{AGENT} "promt", which would be ignored. Did you mean "prompt"? {KEYS}'),
    ("zzz: x", f'{AGENT} "zzz", which would be ignored. {KEYS}'),
    *((f"{key}: x", f"`{key}` {LATER}") for key in ("parallel", "restart_from", "replan", "with")),
    *((f"{key}: x", f"`{key}` {LATER}") for key in ("guard", "hitl", "context", "max_budget")),
    ("workflow: other", f"`workflow` {LATER}"),
    ("prompt:", "`prompt` has no value. Give it one, or take the key out."),
    ("prompt: ' '", "`prompt` is blank. Write a text, or take the key out."),
    (
        "prompt: {spec}",
        "`prompt` is a map, but it has to be text. A text that begins with `{` must be put in"
        " quotes.",
    ),
    ("prompt: [x]", "`prompt` is a list, but it has to be text. Put it in quotes."),
    ("prompt: {file: 5}", "`prompt: file` is 5, but it has to be text. Put it in quotes."),
    (
        "output: plam",
        '`output` is "plam", which is no kind of output. Did you mean "plan"?'
        " Kinds: diff, plan, artifact, review.",
    ),
    (
        "session: reuse-on-rety",
        '`session` is "reuse-on-rety", which is no session mode. Did you mean "reuse-on-retry"?'
        ' Modes: fresh, reuse, reuse-on-retry, and "reuse: STEP" in quotes.',
    ),
    (
        "session: {fresh: a, b: c}",
        "`session` is a map, which is no session mode."
        ' Modes: fresh, reuse, reuse-on-retry, and "reuse: STEP" in quotes.',
    ),
    (
        "session: {reuse: }",
        "`session` is a map, which is no session mode."
        ' Modes: fresh, reuse, reuse-on-retry, and "reuse: STEP" in quotes.',
    ),
    (
        "gate: compil",
        f'gate "compil" is not known, so nothing would be checked. Did you mean "compile"?'
        f" Gates: {GATES}.",
    ),
    (
        "gate: [5]",
        'a gate is 5, which cannot be read as one. Write a name, or "NAME: ARGUMENT" in quotes.',
    ),
    (
        "gate: [bash: [x]]",
        "a gate is a map, which cannot be read as one."
        ' Write a name, or "NAME: ARGUMENT" in quotes.',
    ),
    (
        "gate: [~]",
        "a gate is empty, which cannot be read as one."
        ' Write a name, or "NAME: ARGUMENT" in quotes.',
    ),
    ("gate: []", "`gate` is an empty list. Name at least one, or take the key out."),
    (
        "gate: bash",
        'gate "bash" lacks a command, so it has nothing to check. E.g. "bash: make check".',
    ),
    (
        "gate: 'touched:'",
        'gate "touched" lacks a glob, so it has nothing to check. E.g. "touched: tests/**".',
    ),
    (
        "gate: [untouched: ]",
        'gate "untouched" lacks a glob, so it has nothing to check. E.g. "untouched: tests/**".',
    ),
    (
        "gate: coverage",
        'gate "coverage" lacks a number, so it has nothing to check. E.g. "coverage: 80".',
    ),
    (
        "gate: [coverage: 101]",
        'gate "coverage" has "101", which is not a number from 0 to 100.'
        ' Write "coverage: 80", for instance.',
    ),
    (
        "gate: [coverage: 80%]",
        'gate "coverage" has "80%", which is not a number from 0 to 100.'
        ' Write "coverage: 80", for instance.',
    ),
    (
        "gate: [tests_found: 5]",
        'gate "tests_found" takes no argument, but has "5".'
        ' Write "tests_found" alone, or "bash: COMMAND".',
    ),
    (
        "gate: ['lint: x']",
        'gate "lint" takes no argument, but has "x". Write "lint" alone, or "bash: COMMAND".',
    ),
    (
        "on_failure: {retry: -1}",
        "`retry` is -1, which is not a number of further attempts."
        " Write a whole number from 0 to 100.",
    ),
    (
        "on_failure: {retry: many}",
        '`retry` is "many", which is not a number of further attempts.'
        " Write a whole number from 0 to 100.",
    ),
    (
        "on_failure: {retry: true}",
        "`retry` is true, which is not a number of further attempts."
        " Write a whole number from 0 to 100.",
    ),
    (
        "on_failure: same",
        '`on_failure` is "same", but it has to be a map.'
        " Write {retry: 2, strategy: [same]}, for instance.",
    ),
    (
        "on_failure: {retri: 1}",
        '`on_failure` has the unknown key "retri", which would be ignored. Did you mean "retry"?'
        " Keys: retry, strategy.",
    ),
    *(
        (f"on_failure: {{{key}: x}}", f"`on_failure: {key}` {LATER}")
        for key in ("restart_from", "replan", "gate_fail", "guard_fail", "review_fail")
    ),
    ("on_failure: {retry: 1, strategy: ['replan: claude']}", f"`replan` {LATER}"),
    (
        "on_failure: {retry: 1, strategy: [sam]}",
        'strategy "sam" is not known, so nobody would know who goes on. Did you mean "same"? '
        + STRATEGIES,
    ),
    ("on_failure: {retry: 1, strategy: [5]}", f"a strategy is 5, which says nobody. {STRATEGIES}"),
    (
        "on_failure: {retry: 1, strategy: []}",
        "`strategy` is an empty list. Name at least one, or take the key out.",
    ),
    *(
        (
            f"on_failure: {{retry: 1, strategy: ['same: {count}']}}",
            f'strategy `same` has "{count}", which is not a number of attempts.'
            ' Write "same: 3", for instance (1 to 100).',
        )
        for count in ("0", "x", "101", "99999999")
    ),
    (
        "on_failure: {retry: 1, strategy: [escalate]}",
        "strategy `escalate` names no agent, so nobody could go on."
        ' Write "escalate: claude-opus", for instance.',
    ),
    (
        "on_failure: {retry: 1, strategy: ['escalate: gpt']}",
        f'agent "gpt" is of the unknown provider "gpt", so nothing can run it. Known: {PROVIDERS}.',
    ),
    *(
        (f"timeout: {given}", f"`timeout` is {shown}, which is not a time to wait. {TIME}")
        for given, shown in (
            ("5x", '"5x"'),
            ("0", "0"),
            ("-5", "-5"),
            ("true", "true"),
            ("31d", '"31d"'),
            ("9999h", '"9999h"'),
            ("1:30", '"1:30"'),
            (".inf", '".inf"'),
            ("[5]", "a list"),
        )
    ),
    ("idle_timeout: 0s", f'`idle_timeout` is "0s", which is not a time to wait. {TIME}'),
    (
        "env: [b c]",
        '`env` has "b c", which is no name of a variable.'
        " Use letters, digits and `_`: NAME, NAME=value or NAME: value.",
    ),
    ("env: [A, A=1]", '`env` names "A" twice, so one of them would be lost. Keep one.'),
    *(
        (
            f"env: {written}",
            "`env` names GUMP_STEP, but GUMP_* are the engine's own, and its state key is not for"
            " agents. Give the variable another name.",
        )
        for written in ("[GUMP_STEP]", "GUMP_STEP=1", "{GUMP_STEP: 1}")
    ),
    *(
        (
            f"env: {written}",
            f"`env` passes {name} on, with which an agent could act as the job itself."
            " Take it out; a value of your own (`NAME: value`) is fine.",
        )
        for name in ("ACTIONS_RUNTIME_TOKEN", "GITHUB_ENV")
        for written in (f"[A, {name}]", f"{{{name}: }}")
    ),
    ("env: [5]", "`env` has 5, which names no variable. Write NAME, NAME=value or NAME: value."),
    ("env: {A: [x]}", "`env`: A is a list, but it has to be text."),
    ("session: !mine reuse", 'the tag "!mine" means nothing in a workflow. Take it out.'),
    (
        "agent: codex",
        'the key "agent" is here twice (first at line 4), so one of them would be lost.'
        " Take one out.",
    ),
    ("? [x]\n    : y", "a key is a list, but it has to be text. Put it in quotes."),
    (
        "timeout: *five",
        'the alias "*five" names no anchor that was closed before it.'
        " Put a text that begins with `*` in quotes.",
    ),
    ("<<: 5", "`<<` takes over 5, but it has to be a map."),
    (
        "prompt: {file: none.md}",
        'the prompt file "none.md" cannot be read: No such file or directory.'
        " Paths are relative to the workflow file: FOLDER/none.md.",
    ),
    (
        "prompt: {file: .}",
        'the prompt file "." cannot be read: Is a directory.'
        " Paths are relative to the workflow file: FOLDER.",
    ),
    (
        "prompt: {file: /etc/hostname}",
        'the prompt file "/etc/hostname" lies outside of FOLDER, so it would not travel with the'
        " workflow. Move it there.",
    ),
    (
        "prompt: {file: ../x.md}",
        'the prompt file "../x.md" lies outside of FOLDER, so it would not travel with the'
        " workflow. Move it there.",
    ),
]


@pytest.mark.parametrize(("line", "message"), STEP_FAULTS, ids=lambda each: each[:40])
def test_a_fault_of_a_step_is_told_with_line_reason_and_remedy(tmp_path, line, message):
    [found] = messages(tmp_path, f"{STEP}    {line}\n")
    number, _, told = found.partition(": ")
    assert number == "5"
    assert told.removeprefix('step "a": ') == message.replace("FOLDER", str(tmp_path.resolve()))


NAME_RULE = (
    "Use ASCII letters, digits, `-`, `_` and `.` (`.` and `-` not first, `.` not last,"
    " no `..`, no `.lock` at the end)."
)
NO_BUDGET = "which is no amount of US dollars. Write a number greater than 0, such as 2.50."
NO_BUDGETS = {
    "0": "0", "0.00": "0.00", "-2": "-2", ".inf": '".inf"', ".nan": '".nan"', "true": "true",
    "$5": '"$5"', "'5 USD'": '"5 USD"', "many": '"many"', "[5]": "a list", "{usd: 5}": "a map",
    "' '": '""',
}  # fmt: skip
FILE_FAULTS = [
    ("", ["1: the file is empty, but a workflow is a map. Begin with name: …"]),
    ("# only\n", ["1: the file is empty, but a workflow is a map. Begin with name: …"]),
    ("- a\n", ["1: the file holds a list at its top, but a workflow is a map. Begin with name: …"]),
    (
        "{}",
        [
            "1: the workflow has no `name`, so it cannot be run. Add it at the top level.",
            "1: the workflow has no `steps`, so it cannot be run. Add it at the top level.",
        ],
    ),
    (
        "nmae: x\nsteps: [{name: a, agent: claude}]\n",
        [
            '1: the workflow has the unknown key "nmae", which would be ignored. Did you mean'
            ' "name"? Keys: name, description, inputs, env, workspace, gates, error_context,'
            " max_budget, steps."
        ],
    ),
    *(
        (f"{STEP}max_budget: {given}\n", [f"5: `max_budget` is {shown}, {NO_BUDGET}"])
        for given, shown in NO_BUDGETS.items()
    ),
    (STEP + "max_budget:\n", ["5: `max_budget` has no value. Give it one, or take the key out."]),
    (STEP + "parallel: true\nhitl: x\n", [f"5: `parallel` {LATER}", f"6: `hitl` {LATER}"]),
    (
        "env: [GUMP_RUN]\n" + STEP,
        [
            "1: `env` names GUMP_RUN, but GUMP_* are the engine's own, and its state key is not for"
            " agents. Give the variable another name."
        ],
    ),
    (
        "name: t\nsteps: []\n",
        [
            "2: `steps` of the workflow is an empty list, so there is nothing to run."
            " Write a list: - name: …"
        ],
    ),
    (
        "name: t\nsteps: {name: a}\n",
        [
            "2: `steps` of the workflow is a map, so there is nothing to run."
            " Write a list: - name: …"
        ],
    ),
    (
        "name: t\nsteps:\n  - just text\n",
        [
            '3: step 1 is "just text", but it has to be a map.'
            " Write for instance {name: fix, agent: claude-opus}."
        ],
    ),
    (
        STEP + "  - name: a\n    agent: claude\n",
        [
            '5: the workflow has a second step "a" (the first is at line 3), so neither could be'
            " named. Rename one."
        ],
    ),
    (
        STEP + "  - name: A\n    agent: claude\n",
        [
            '5: the workflow has a second step "A", which some systems take for "a" (the first is'
            " at line 3), so neither could be named. Rename one."
        ],
    ),
    (
        STEP + "---\nname: u\n",
        ["5: a second document begins here, which would be ignored. Take it out."],
    ),
    (
        STEP + "inputs: [a]\n",
        [
            "5: `inputs` is a list, but it has to be a map."
            " Write NAME: {description, default, required}."
        ],
    ),
    (
        STEP + "inputs: {a-b: , spec: , loop: }\n",
        [
            '5: input "a-b" cannot be named in a prompt.'
            " Use letters, digits and `_`, the first no digit.",
            '5: input "spec" has a name that prompts use for something else. Rename it.',
            '5: input "loop" has a name that prompts use for something else. Rename it.',
        ],
    ),
    (
        STEP + "inputs: {a: 5, b: {default: [x], required: sure}}\n",
        [
            "5: `inputs.a` is 5, but it has to be a map of: description, default, required.",
            "5: `default` is a list, but it has to be one text.",
            '5: `required` is "sure", but it has to be true or false.',
        ],
    ),
    (
        STEP + "workspace: {share: [/a, ~/b, a/../b, .git/x, '.', 5], setup: [' ']}\n",
        [
            *(
                f'5: `share` has "{path}", which is not a path inside the repository.'
                " Write one like node_modules, from its top, without `..`."
                for path in ("/a", "~/b", "a/../b", ".git/x", ".")
            ),
            "5: `share` is 5, but it has to be text. Put it in quotes.",
            "5: `setup` is blank. Write a text, or take the key out.",
        ],
    ),
    (
        STEP + "gates: {tset: x}\nerror_context: {max_error_chars: -1}\n",
        [
            '5: `gates` has the unknown key "tset", which would be ignored. Did you mean "test"?'
            " Keys: compile, test, lint, tests_found, coverage.",
            "6: `max_error_chars` is -1, which is not a count. Write a whole number, 0 or more.",
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), FILE_FAULTS, ids=lambda each: str(each)[:40])
def test_faults_of_a_file(tmp_path, text, expected):
    assert messages(tmp_path, text) == expected


@pytest.mark.parametrize(
    "name", ["a/b", "..", ".", ".hidden", "-x", "a..b", "x.lock", "a b", "ü", "x."]
)
def test_a_step_name_must_be_a_part_of_a_path(tmp_path, name):
    text = f'name: t\nsteps:\n  - {{name: "{name}", agent: claude}}\n'
    assert messages(tmp_path, text) == [
        f'3: step "{name}": `name` is "{name}", which cannot be a part of a path. {NAME_RULE}'
    ]


def test_a_step_name_is_not_too_long(tmp_path):
    name = "x" * 65
    assert messages(tmp_path, f"name: t\nsteps: [{{name: {name}, agent: claude}}]\n") == [
        f'2: step "{name}": `name` has 65 characters, too many for a part of a path.'
        " Use at most 64."
    ]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            "{name: g, agent: claude, steps: [{name: x, agent: qwen}], prompt: x}",
            "has both `agent` and `steps` or `foreach`, but a step either runs an agent or is a"
            " group. Move the agent into a step of its own under `steps`.",
        ),
        ("{name: g, steps: [{name: x, agent: qwen}], gate: test}",
         "a group has no `gate` of its own. Add a gate step at the end of `steps`."),
        ("{name: g, steps: [{name: x, agent: qwen}], prompt: x}",
         "a group has no `prompt` of its own. Put it on the steps under `steps`."),
        ("{name: g, steps: [{name: x, agent: qwen}], on_failure: {retry: 1}}",
         "`on_failure` on a group is not yet supported. Put it on an agent step."),
        ("{name: g, gate: test, on_failure: {retry: many}}",
         "`on_failure` on a gate step is not yet supported. Put it on an agent step."),
        ("{name: g, gate: test, prompt: x}",
         "has `prompt` but no `agent`, so nothing would be done."
         " Add for instance `agent: claude-opus`."),
        ("{name: g, gate: test, promt: x}",
         'a gate step has the unknown key "promt", which would be ignored.'
         " Keys: name, gate, timeout, env."),
        ("{name: g}",
         "has no `agent`, no `gate`, no `steps`, so nothing would be done."
         " Add for instance `agent: claude-opus`."),
        ("{name: g, agnet: claude}",
         f'{AGENT} "agnet", which would be ignored. Did you mean "agent"? {KEYS}'),
        ("{name: g, agent: claud-opus}",
         'agent "claud-opus" is of the unknown provider "claud", so nothing can run it.'
         f' Did you mean "claude"? Known: {PROVIDERS}.'),
        ("{name: g, agent: claude-}",
         'agent "claude-" names no model that could be given to a CLI.'
         " Write claude, or for instance claude-MODEL."),
        ("{name: g, agent: claude--x}",
         'agent "claude--x" names no model that could be given to a CLI.'
         " Write claude, or for instance claude-MODEL."),
        ("{name: 5, agent: claude}", "`name` is 5, but it has to be text. Put it in quotes."),
        ("{name: g, agent: 5}", "`agent` is 5, but it has to be text. Put it in quotes."),
    ],
)  # fmt: skip
def test_kinds_of_steps_are_not_mixed(tmp_path, step, expected):
    [found] = messages(tmp_path, f"name: t\nsteps:\n  - {step}\n")
    assert re.sub(r'^3: step "[g5]": ', "", found) == expected


def test_a_step_without_a_name_is_called_by_its_place(tmp_path):
    text = "name: t\nsteps:\n  - name: g\n    steps:\n      - agent: claude\n  - workflow: x\n"
    assert messages(tmp_path, text) == [
        "5: step 1.1: has no `name`, so nothing could refer to it. Add one.",
        f"6: step 2: `workflow` {LATER}",
    ]


def test_a_group_that_repeats_nothing(tmp_path):
    text = STEP.replace("claude\n", "claude\n    output: plan\n") + "  - {name: g, foreach: a}\n"
    assert messages(tmp_path, text) == [
        '6: step "g": has `foreach` but no `steps`, so there is nothing to repeat. Add `steps`.'
    ]


def test_every_fault_of_a_file_is_told_in_one_go_by_line(tmp_path):
    text = """\
name: t
steps:
  - name: fix
    agent: claude-sonnet
    session: "reuse: analyse"
    timeout: soon
  - name: analyze
    agent: claude-sonnet
    session: reuse-on-rety
    prompt: |
      One line.
      {{ spce }}
nmae: x
"""
    assert [int(each.split(":")[0]) for each in messages(tmp_path, text)] == [5, 6, 9, 12, 13]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            STEP + "    session: reuse: analyze\n",
            5,
            'Write session: "reuse: analyze" in quotes, or session: {reuse: analyze}.',
        ),
        (STEP + "    session: reuse: \n", 5, 'Write session: "reuse: STEP" in quotes'),
        (STEP + "\tgate: test\n", 5, "Indent with blanks: YAML allows no tabs."),
        (STEP + "    gate: *.py\n", 5, "begins with a special character in quotes."),
        (STEP + "    prompt: @x\n", 5, "begins with a special character in quotes."),
        (STEP + "    prompt: Do: this\n", 5, "Put a text with `: ` in it in quotes."),
        (STEP + "    prompt: 'x\n", 6, "Look at quotes, brackets and indentation"),
        (STEP + "    prompt: a\x07b\n", 5, "a character stands here that YAML does not allow."),
    ],
    ids=lambda each: str(each)[-20:],
)
def test_a_yaml_error_says_how_to_write_it(tmp_path, text, line, words):
    [found] = messages(tmp_path, text)
    assert found.startswith(f"{line}: ")
    assert words in found


@pytest.mark.parametrize("parser", [yaml.SafeLoader, loader._LOADER])
def test_both_yaml_parsers_give_the_same_tree(parser):
    text = (BUILTIN / "tdd.yaml").read_text()
    root = loader._Events("x", yaml.parse(text, Loader=parser), []).document()
    assert root == loader._parse(text, "x", [])


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{key}: &{key} [{','.join([f'*{before}'] * 10)}]\n"
    for before, key in ("ab", "bc", "cd", "de", "ef")
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: " + "[" * 60 + "]" * 60 + "\n", "nested deeper than 40"),
        (
            BOMB,
            "more than 50000 values, its aliases written out",
        ),
        ("a: &a [*a]\n", "names no anchor that was closed before it"),
        ("name: x\n" + "#" * 1_000_001, "longer than 1000000 bytes"),
    ],
    ids=["deep", "bomb", "itself", "huge"],
)  # fmt: skip
def test_what_could_grow_without_end_is_refused(tmp_path, text, words):
    assert any(words in each for each in messages(tmp_path, text))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(WorkflowError, match=r"no\.yaml:1: cannot be read: No such file"):
        load(tmp_path / "no.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: t\ndescription: \xe4\n")
    with pytest.raises(WorkflowError, match=r"latin\.yaml:2: this line is not UTF-8"):
        load(tmp_path / "latin.yaml")


def test_a_byte_order_mark_and_windows_lines_are_no_fault(tmp_path):
    (tmp_path / "w.yaml").write_bytes(b"\xef\xbb\xbf" + STEP.replace("\n", "\r\n").encode())
    assert load(tmp_path / "w.yaml").workflow.name == "t"


@pytest.mark.parametrize(
    ("workflow", "written", "prompt"),
    [
        ("w.yaml", "p.md", "p.md"),
        ("w.yaml", "prompts/p.md", "prompts/p.md"),
        (".gump/workflows/w.yaml", "../prompts/p.md", ".gump/prompts/p.md"),
        (".gump/workflows/w.yaml", "../../docs/p.md", "docs/p.md"),
    ],
)
def test_prompt_files_are_beside_the_workflow_and_inside_the_repository(
    tmp_path, workflow, written, prompt
):
    for path in (tmp_path / workflow, tmp_path / prompt):
        path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / prompt).write_bytes(b"\xef\xbb\xbfDo {spec}\n")
    (tmp_path / workflow).write_text(f"{STEP}    prompt: {{file: {written}}}\n")
    step = load(tmp_path / workflow).workflow.steps[0]
    assert (step.prompt, step.prompt_file) == ("Do {spec}\n", written)


def test_the_repository_bounds_prompt_files(tmp_path):
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "flows").mkdir()
    (tmp_path / "repo" / "in.md").write_text("in")
    (tmp_path / "out.md").write_text("out")
    (tmp_path / "repo" / "link.md").symlink_to(tmp_path / "out.md")
    path = tmp_path / "repo" / "flows" / "w.yaml"
    path.write_text(f"{STEP}    prompt: {{file: ../in.md}}\n")
    assert load(path).workflow.steps[0].prompt == "in"
    for outside in ("../../out.md", "../link.md"):
        path.write_text(f"{STEP}    prompt: {{file: {outside}}}\n")
        with pytest.raises(WorkflowError, match="lies outside"):
            load(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff", "cannot be read: it is not UTF-8 text"),
        (b"a\0b", "is blank, not text, or longer than 1000000"),
        (b" \n", "is blank, not text, or longer than 1000000"),
        (b"x" * 1_000_001, "is blank, not text, or longer than 1000000"),
    ],
    ids=["bytes", "zero", "blank", "long"],
)
def test_prompt_files_hold_text(tmp_path, content, words):
    (tmp_path / "p.md").write_bytes(content)
    [found] = messages(tmp_path, STEP + "    prompt: {file: p.md}\n")
    assert words in found


def test_a_fault_in_a_prompt_file_names_that_file(tmp_path):
    (tmp_path / "p.md").write_text("one\ntwo {{ spce }}\n")
    with pytest.raises(WorkflowError, match=re.escape(f"{tmp_path}/p.md:2: step")):
        load_text(tmp_path, STEP + "    prompt: {file: p.md}\n")


def test_find_workflow_takes_a_name_then_a_built_in_then_a_path(tmp_path, monkeypatch):
    own = tmp_path / ".gump" / "workflows"
    own.mkdir(parents=True)
    for name in ("fix.yaml", "both.yaml", "both.yml", "short.yml", "tdd.yaml", "x.yxml"):
        (own / name).write_text(STEP)
    assert find_workflow(str(own / "fix.yaml"), tmp_path / "elsewhere") == own / "fix.yaml"
    assert find_workflow("fix", tmp_path) == own / "fix.yaml"
    assert find_workflow("both", tmp_path) == own / "both.yaml"
    assert find_workflow("short", tmp_path) == own / "short.yml"
    assert find_workflow("tdd", tmp_path) == own / "tdd.yaml"
    assert find_workflow("bugfix", tmp_path) == BUILTIN / "bugfix.yaml"
    monkeypatch.chdir(tmp_path)
    for name in ("fix", "bugfix", "plain"):
        (tmp_path / name).write_text(STEP)
    assert find_workflow("fix", tmp_path) == own / "fix.yaml"
    assert find_workflow("bugfix", tmp_path) == BUILTIN / "bugfix.yaml"
    assert find_workflow("plain", tmp_path) == Path("plain")


def test_find_workflow_lists_what_there_is(tmp_path):
    (tmp_path / ".gump" / "workflows").mkdir(parents=True)
    (tmp_path / ".gump" / "workflows" / "ship.yaml").write_text(STEP)
    with pytest.raises(InputError) as failure:
        find_workflow("shp", tmp_path)
    assert str(failure.value) == (
        'there is no workflow "shp", neither as a file nor by name.\n'
        '  Did you mean "ship"? In .gump/workflows/: ship.'
        " Built in: bugfix, cheap2sota, freeform, refactor, tdd."
    )
    with pytest.raises(InputError, match=r"In \.gump/workflows/: none\."):
        find_workflow("zzz", tmp_path / "empty")


def test_required_inputs_with_a_default_are_warned_about(tmp_path):
    loaded = load_text(tmp_path, STEP + "inputs: {a: {default: x, required: true}}\n")
    assert [str(each) for each in loaded.warnings] == [
        f'{tmp_path}/t.yaml:5: input "a" is required and has a default, which is thus never used.'
        " Take one of them out."
    ]


def test_names_that_the_language_knows_come_from_the_records():
    assert set(forms.SESSIONS) | {"reuse-step"} == set(
        Session.model_fields["mode"].annotation.__args__
    )
    assert Strategy.model_fields["kind"].annotation.__args__ == forms.STRATEGIES


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (Session(), "fresh"),
        (Session(mode="reuse-step", step="a"), "reuse: a"),
        (Gate(kind="test"), "test"),
        (Gate(kind="bash", argument="make"), "bash: make"),
        (SAME, "same"),
        (Strategy(kind="escalate", agent="qwen"), "escalate: qwen"),
    ],
)
def test_records_are_shown_as_they_are_written(record, text):
    assert str(record) == text


@pytest.mark.parametrize(
    ("agent", "provider", "model"),
    [("claude", "claude", ""), ("claude-haiku", "claude", "haiku"), ("qwen-a-b", "qwen", "a-b")],
)
def test_an_agent_is_a_provider_and_a_model(agent, provider, model):
    assert (provider_of(agent), model_of(agent)) == (provider, model)


DOCS = Path(__file__).parents[2] / "docs" / "workflow.md"


def test_the_examples_of_the_documents_load(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    whole, sessions, retries, env = blocks
    assert read(tmp_path, whole).steps[0].on_failure.retry == 2
    for line in sessions.splitlines():
        step = "  - {name: analyze, agent: claude}\n"
        text = STEP.replace("steps:\n", f"steps:\n{step}")
        assert read(tmp_path, f"{text}    {line}\n").steps[1].session
    assert len(step_with(tmp_path, retries.replace("\n", "\n    ")).on_failure.strategy) == 3
    first, second = env.splitlines()
    assert step_with(tmp_path, first).env == step_with(tmp_path, second).env
