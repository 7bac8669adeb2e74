import pytest

from gump_action.host.log.plan import lines
from gump_action.workflow.model import (
    AgentStep,
    Gate,
    GateStep,
    Group,
    Input,
    OnFailure,
    Session,
    Strategy,
    Workflow,
    WorkspaceRules,
)

SAME = Strategy(kind="same")
OPUS = Strategy(kind="escalate", agent="claude-opus")
TESTS = Gate(kind="test")


def planned(*steps, agent="", **root):
    return list(lines(Workflow(name="fix", steps=steps, **root), agent))


def test_a_plan_is_a_tree_of_what_would_be_run():
    inner = AgentStep(
        name="impl",
        agent="claude-haiku",
        session=Session(mode="reuse-on-retry"),
        gate=(TESTS, Gate(kind="bash", argument="make lint")),
        on_failure=OnFailure(retry=2, strategy=(SAME, OPUS)),
        timeout=300.0,
    )
    steps = (
        AgentStep(name="decompose", agent="claude-opus", output="plan"),
        Group(name="build", foreach="decompose", steps=(inner,)),
        Group(name="end", steps=(GateStep(name="check", gate=(TESTS,)),)),
    )
    assert planned(*steps, description="Build all of it.") == [
        "fix: Build all of it.",
        "  decompose: claude-opus, session fresh",
        "    output: plan",
        '  build: these steps for each item of the plan of "decompose"',
        "    impl: claude-haiku, session reuse-on-retry",
        "      gate test",
        "      gate bash: make lint",
        "      up to 2 retries: same, then escalate: claude-opus",
        "      timeout: 300 s",
        "  end: these steps, once",
        "    check: gates alone",
        "      gate test",
    ]


def test_a_plan_says_what_the_run_may_cost():
    step = AgentStep(name="a", agent="claude")
    assert planned(step, max_budget=2.5)[1] == "  budget: 2.50 USD for the whole run"


def test_the_agent_of_the_command_line_stands_in_the_place_of_all():
    step = AgentStep(name="a", agent="claude", session=Session(mode="reuse-step", step="b"))
    assert planned(step, agent="scripted") == ["fix", "  a: scripted, session reuse: b"]


@pytest.mark.parametrize(
    ("retry", "strategy", "said"),
    [
        (1, (), "up to 1 retry: same"),
        (3, (SAME, SAME, OPUS), "up to 3 retries: same (2 times), then escalate: claude-opus"),
        (2, (SAME, SAME, OPUS), "up to 2 retries: same (2 times)"),
        (9, (OPUS, SAME), "up to 9 retries: escalate: claude-opus, then same"),
    ],
)
def test_retries_are_told_with_the_strategies_that_can_come(retry, strategy, said):
    step = AgentStep(name="a", agent="x", on_failure=OnFailure(retry=retry, strategy=strategy))
    assert planned(step)[-1] == f"    {said}"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Input(required=True), "input it, has to be set"),
        (Input(), "input it, empty if it is not set"),
        (
            Input(default="a b", description="A thing."),
            "input it, 'a b' if it is not set: A thing.",
        ),
    ],
)
def test_inputs_are_told_with_what_they_are_without_a_value(one, said):
    assert planned(GateStep(name="a", gate=()), inputs={"it": one})[1] == f"  {said}"


def test_set_up_commands_are_told():
    rules = WorkspaceRules(setup=("make deps",))
    plan = planned(GateStep(name="a", gate=()), workspace=rules)
    assert plan[1] == "  set-up of an isolated tree: make deps"


def test_no_text_of_a_workflow_makes_a_line_of_its_own():
    text = "a\n::add-mask::x\r\n\x1b[2Jb"
    step = GateStep(name="s", gate=(Gate(kind="bash", argument=text),))
    plan = planned(step, description=text, inputs={"i": Input(default=text, description=text)})
    assert len(plan) == 4
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in plan)
