"""The JSON Schema takes what the loader takes, and refuses what a schema can refuse."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from gump_action.workflow.loader import BUILTIN
from gump_action.workflow.schema import DESCRIPTIONS, schema

SEED = Path(__file__).parent / "seed"
EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [*BUILTIN.glob("*.yaml"), *SEED.glob("*.yaml"), *EXAMPLES.glob("*/.gump/workflows/*.y*ml")]


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(schema())


def with_step(lines):
    return yaml.safe_load(f"name: t\nsteps:\n  - name: a\n    agent: claude\n    {lines}\n")


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: path.stem)
def test_workflows_that_load_are_valid(validator, path):
    validator.validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize(
    "lines",
    [
        *("session: reuse", 'session: "reuse: a"', "session: {reuse: a}"),
        *("gate: test", 'gate: ["bash: make", bash: make, coverage: 80, tests_found]'),
        *("gate: {bash: true}", "timeout: 1h30m", "timeout: 90", "idle_timeout: 5m"),
        *("env: [A, B=c]", "env: {A: b, C: 1, D: }", "prompt: {file: x.md}"),
        'on_failure: {retry: 3, strategy: [same, "same: 2", same: 2, "escalate: qwen-x:8b"]}',
        "on_failure: {retry: 1, strategy: {escalate: codex}}",
    ],
)
def test_every_spelling_is_valid(validator, lines):
    validator.validate(with_step(lines))


@pytest.mark.parametrize(
    "lines",
    [
        *("promt: x", "parallel: true", "session: reuse-on-rety", "session: {fresh: a}"),
        *(
            "gate: compil",
            "gate: []",
            'gate: ["bash:"]',
            "gate: bash",
            "gate: {tests_found: 2}",
            "timeout: 5x",
            "timeout: 0",
        ),
        *("on_failure: {retry: -1}", "on_failure: {retry: many}", "on_failure: {gate_fail: {}}"),
        *("on_failure: {strategy: [sam]}", 'on_failure: {strategy: ["escalate: gpt"]}'),
        *("output: plam", "steps: [{name: b, agent: claude}]", "env: [a b]", "prompt: {text: x}"),
        *("env: [GUMP_RUN]", "env: {GUMP_RUN: x}"),
    ],
)
def test_what_the_loader_refuses_is_not_valid(validator, lines):
    assert not validator.is_valid(with_step(lines))


@pytest.mark.parametrize(
    "text",
    [
        *("{}", "{name: t}", "{name: t, steps: []}", "{name: t, steps: [{name: a}]}"),
        *(
            "{name: t, steps: [{name: a, agent: gpt}]}",
            "{name: t, steps: [{name: .., agent: qwen}]}",
        ),
        "{name: t, max_budget: 0, steps: [{name: a, agent: qwen}]}",
        "{name: t, max_budget: -1.5, steps: [{name: a, agent: qwen}]}",
        "{name: t, max_budget: '0.00', steps: [{name: a, agent: qwen}]}",
        "{name: t, max_budget: $5, steps: [{name: a, agent: qwen}]}",
        "{name: t, max_budget: true, steps: [{name: a, agent: qwen}]}",
        "{name: t, steps: [{name: a, agent: qwen, max_budget: 5}]}",
        "{name: t, inputs: {spec: {}}, steps: [{name: a, agent: qwen}]}",
        "{name: t, gates: {tset: x}, steps: [{name: a, agent: qwen}]}",
    ],
)
def test_files_that_the_loader_refuses_are_not_valid(validator, text):
    assert not validator.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("amount", ["2.50", "5", "'2.50'", "0.01"])
def test_every_spelling_of_a_budget_is_valid(validator, amount):
    text = f"{{name: t, max_budget: {amount}, steps: [{{name: a, agent: qwen}}]}}"
    validator.validate(yaml.safe_load(text))


def test_every_key_is_described():
    whole = schema()
    records = {"Workflow": whole} | whole["$defs"]
    for name, keys in DESCRIPTIONS.items():
        properties = records[name]["properties"]
        assert set(properties) == set(keys)
        assert all(each["description"] for each in properties.values())
