"""What holds between steps: plans, sessions, and names in prompts."""

import pytest

from gump_action.errors import WorkflowError
from gump_action.workflow.loader import load

HEAD = """\
name: t
inputs: {tone: {default: kind}}
steps:
  - {name: decompose, agent: claude-opus, output: plan}
  - {name: analyze, agent: claude-sonnet, on_failure: {retry: 1, strategy: ["escalate: qwen"]}}
  - {name: check, gate: [test]}
"""
PLANS = "Steps with a plan: decompose."


def findings(folder, text):
    """Faults, else warnings, each as `line: message`."""
    path = folder / "t.yaml"
    path.write_text(text)
    try:
        found = load(path).warnings
    except WorkflowError as failure:
        return "faults", [f"{each.line}: {each.message}" for each in failure.faults]
    return "warnings", [f"{each.line}: {each.message}" for each in found]


def with_step(lines):
    return f"{HEAD}  - name: it\n    agent: claude-sonnet\n    {lines}\n"


def group(plan):
    return f"{HEAD}  - name: it\n    foreach: {plan}\n    steps: [{{name: x, agent: claude}}]\n"


def test_foreach_over_an_earlier_plan_holds_also_from_inside(tmp_path):
    nested = HEAD + (
        "  - name: outer\n    steps:\n      - name: it\n        foreach: decompose\n"
        '        steps: [{name: x, agent: claude, prompt: "{item.name}{{ item.files }}"}]\n'
    )
    assert findings(tmp_path, nested) == ("warnings", [])


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        (
            "decompse",
            "which is no step of this workflow, so there are no items."
            f' Did you mean "decompose"? {PLANS}',
        ),
        ("zzz", f"which is no step of this workflow, so there are no items. {PLANS}"),
        (
            "analyze",
            "which makes no plan. Give that step `output: plan`, or name another one.",
        ),
        ("check", "which makes no plan. Give that step `output: plan`, or name another one."),
    ],
)
def test_foreach_needs_a_plan(tmp_path, plan, problem):
    assert findings(tmp_path, group(plan)) == (
        "faults",
        [f'8: step "it" repeats for the plan of "{plan}", {problem}'],
    )


def test_foreach_needs_a_plan_that_comes_before_and_can_be_seen(tmp_path):
    later = group("late") + "  - {name: late, agent: claude, output: plan}\n"
    inner = "  - name: g\n    steps: [{name: late, agent: claude, output: plan}]\n"
    problem = "which runs later or in another group, so its items are not known. Move it before"
    for text, line in (
        (later, 8),
        (HEAD + inner + group("late").removeprefix(HEAD), 10),
    ):
        assert findings(tmp_path, text) == (
            "faults",
            [f'{line}: step "it" repeats for the plan of "late", {problem} this.'],
        )


def test_without_any_plan_foreach_says_so(tmp_path):
    text = "name: t\nsteps:\n  - {name: g, foreach: p, steps: [{name: x, agent: qwen}]}\n"
    _, [found] = findings(tmp_path, text)
    assert found.endswith("so there are no items. Steps with a plan: none.")


@pytest.mark.parametrize("agent", ["claude-sonnet", "qwen"])
def test_reuse_of_an_earlier_step_by_an_agent_that_may_have_run_it(tmp_path, agent):
    text = f'{HEAD}  - {{name: it, agent: {agent}, session: "reuse: analyze"}}\n'
    assert findings(tmp_path, text) == ("warnings", [])


@pytest.mark.parametrize(
    ("step", "kind", "problem"),
    [
        (
            "analyse",
            "faults",
            "which is not a step of this workflow, so there is nothing to continue."
            ' Did you mean "analyze"? Steps: decompose, analyze, it.',
        ),
        (
            "it",
            "warnings",
            "which runs later or in another group; it will start fresh."
            " Name a step before this one.",
        ),
        (
            "decompose",
            "warnings",
            "which claude-opus runs, while this step is run by claude-sonnet;"
            " it will start fresh. Give both the same agent.",
        ),
        (
            "check",
            "warnings",
            "which runs no agent; it will start fresh. Name another.",
        ),
    ],
)
def test_reuse_of_a_step(tmp_path, step, kind, problem):
    assert findings(tmp_path, with_step(f'session: "reuse: {step}"')) == (
        kind,
        [f'9: step "it" continues the session of "{step}", {problem}'],
    )


def test_of_two_steps_with_one_name_the_nearest_is_meant(tmp_path):
    text = HEAD + (
        "  - name: g\n    steps:\n"
        "      - {name: analyze, agent: codex}\n"
        '      - {name: it, agent: claude-sonnet, session: "reuse: analyze"}\n'
    )
    kind, [found] = findings(tmp_path, text)
    assert kind == "warnings"
    assert "which codex runs" in found


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "gate: [schema]",
            '9: step "it" has the gate schema, but its output is diff,'
            " so there is nothing to check. Take one of them out.",
        ),
        (
            'on_failure: {strategy: ["escalate: claude"]}',
            '9: step "it" has a strategy, but `retry` is 0, so it is never used.'
            " Write for instance retry: 2.",
        ),
    ],
)
def test_what_has_no_effect_is_warned_about(tmp_path, lines, message):
    assert findings(tmp_path, with_step(lines)) == ("warnings", [message])


NAMES = "Names: spec, error, diff, attempt, steps, run, tone."
RAW = "Text that is to stay goes between {% raw %} and {% endraw %}."
BEFORE = "Steps before this one: check, analyze, decompose."


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (
            "{{ spce }}",
            f'the name "spce" is not known, so it has no value. Did you mean "spec"? {NAMES} {RAW}',
        ),
        ("${{ secrets.X }}", f'the name "secrets" is not known, so it has no value. {NAMES} {RAW}'),
        (
            "{{ item.name }}",
            "`item` is only known inside of a group with `foreach`. Take it out.",
        ),
        (
            "{{ steps.none-yet.output }}",
            "Jinja takes the `-` in `steps.none-yet.output` for minus."
            ' Write steps["none-yet"].output.',
        ),
        (
            "{{ steps.analyse.output }}",
            'the step "analyse" is not a step of this workflow, so it has no value here.'
            f' Did you mean "analyze"? {BEFORE}',
        ),
        (
            "{{ steps.late.output }}",
            f'the step "late" runs later or in another group, so it has no value here. {BEFORE}',
        ),
        (
            "{{ steps.analyze.outptu }}",
            'a step has no part "outptu". Did you mean "output"?'
            " Parts: output, diff, files, status.",
        ),
        (
            "{{ run.idd }}",
            '`run` has no part "idd". Did you mean "id"?'
            " Parts: id, cost, duration, tokens_in, tokens_out, retries.",
        ),
        (
            "{{ spec",
            "the prompt is not a template: unexpected end of template, expected 'end of print"
            " statement'. Text that is to stay as it is goes between {% raw %} and"
            " {% endraw %}.",
        ),
        (
            "{{ spec | uper }}",
            "the prompt is not a template: No filter named 'uper'. Did you mean \"upper\"?",
        ),
    ],
)
def test_unknown_names_in_jinja_are_faults_with_their_line(tmp_path, prompt, message):
    late = "\n  - {name: late, agent: claude}"
    block = with_step(f"prompt: |\n      first\n      {prompt}{late}")
    assert findings(tmp_path, block) == ("faults", [f'11: step "it": {message}'])
    quoted = with_step(f"prompt: '{prompt}'{late}")
    assert findings(tmp_path, quoted) == ("faults", [f'9: step "it": {message}'])


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("{spce}", "it is near to a known name. Did you mean `{spec}`?"),
        ("{tones}", "it is near to a known name. Did you mean `{tone}`?"),
        ("{step.analyze.output}", None),
        ("{items.name}", None),
        ("{steps.analyze}", "it names no part of a step. Parts: output, diff, files, status."),
        ("{item.name}", "`item` is only known inside of a group with `foreach`. Take it out."),
        (
            "{steps.analyse.output}",
            'the step "analyse" is not a step of this workflow, so it has no value here.'
            f' Did you mean "analyze"? {BEFORE}',
        ),
        ("{run.costs}", '`run` has no part "costs". Did you mean "cost"?'
         " Parts: id, cost, duration, tokens_in, tokens_out, retries."),
    ],
)  # fmt: skip
def test_single_braces_near_a_known_name_are_warned_about(tmp_path, prompt, message):
    kind, [found] = findings(tmp_path, with_step(f"prompt: |\n      first\n      {prompt}"))
    meant = {"{step.analyze.output}": "{steps.analyze.output}", "{items.name}": "{item.name}"}
    told = f"`{prompt}` stays as it is" + (
        f": {message}" if message else f". Did you mean `{meant[prompt]}`?"
    )
    assert (kind, found) == ("warnings", f'11: step "it": {told}')


@pytest.mark.parametrize(
    "prompt",
    [
        "{spec} {error} {diff} {attempt} {tone} {run.id} {steps.analyze.output}",
        "{{ spec }} {{ error }} {{ tone }} {{ run.id }} {{ steps.analyze.output }}",
        '{{ steps["check"].status }} {{ steps }} {{ steps.analyze }} {{ spec.upper() }}',
        "{anything} {object.part} {} { x } ${#list} {# c #} {% raw %}{{ x }}{% endraw %}",
    ],
)
def test_known_names_and_literal_text_are_fine(tmp_path, prompt):
    text = with_step(f"prompt: |\n      {prompt}")
    assert findings(tmp_path, text) == ("warnings", [])


def test_a_step_without_a_name_is_called_by_its_place(tmp_path):
    text = "name: t\nsteps:\n  - agent: claude\n    prompt: '{{ spce }}'\n"
    _, [_, found] = findings(tmp_path, text)
    assert found.startswith("4: step 1: the name")
