"""What a step can see, and by what it is known again."""

import pytest

from gump_action.engine.scope import Around, Scope, digest
from gump_action.workflow.model import (
    AgentStep,
    Gate,
    GateStep,
    Group,
    OnFailure,
    Session,
    Variable,
    Workflow,
)
from gump_action.workflow.outputs import Item

STEP = AgentStep(name="one", agent="scripted", prompt="p", gate=(Gate(kind="test"),))
FLOW = Workflow(name="t", steps=(STEP,))


def of(step=STEP, flow=FLOW, agent="scripted", foreach="", item=None):
    return digest(step, flow, Around(agent, foreach, item))


def about(name="red", description="d", files=("f",)):
    return of(item=Item(name, "red", description, files))


def step(**change):
    return of(STEP.model_copy(update=change))


def flow(**change):
    return of(flow=FLOW.model_copy(update=change))


OTHER = {
    "prompt": step(prompt="q"),
    "output": step(output="plan"),
    "session": step(session=Session(mode="reuse")),
    "named session": step(session=Session(mode="reuse-step", step="x")),
    "gate": step(gate=(Gate(kind="lint"),)),
    "argument of a gate": step(gate=(Gate(kind="bash", argument="x"),)),
    "no gate": step(gate=()),
    "env": step(env=(Variable(name="A"),)),
    "value of env": step(env=(Variable(name="A", value="1"),)),
    "env of the workflow": flow(env=(Variable(name="B"),)),
    "command of a gate that is asked": flow(gates={"test": "make check"}),
    "agent": of(agent="scripted-x"),
    "foreach": of(foreach="plan"),
    "item": about(),
    "name of the item": about(name="Red"),
    "description of the item": about(description="e"),
    "files of the item": about(files=()),
}
SAME = {
    "on_failure": step(on_failure=OnFailure(retry=3)),
    "timeout": step(timeout=5.0),
    "idle_timeout": step(idle_timeout=5.0),
    "the file's name": step(prompt_file="p.md"),
    "description": flow(description="other"),
    "name of the workflow": flow(name="other"),
    "error_context": flow(
        error_context=FLOW.error_context.model_copy(update={"max_diff_chars": 1})
    ),
    "command of a gate that is not asked": flow(gates={"lint": "make lint"}),
}


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER.keys())
def test_what_a_step_asks_for_changes_its_digest(other):
    assert other != of()


@pytest.mark.parametrize("same", SAME.values(), ids=SAME.keys())
def test_what_says_how_often_and_how_long_does_not(same):
    assert same == of()


def test_all_digests_of_other_steps_differ_among_each_other():
    assert len(set(OTHER.values())) == len(OTHER)


def test_a_gate_step_is_another_than_an_agent_step_with_the_same_gate():
    gate = GateStep(name="one", gate=STEP.gate)
    assert of(gate) != of()
    assert of(gate) != of(gate.model_copy(update={"env": (Variable(name="A"),)}))


INNER = Group(name="inner", steps=(STEP,))
BUILD = Group(name="build", steps=(INNER,), foreach="plan")
RED = Item("Red one", "red-one", "d")


def test_paths_are_group_item_and_step():
    root = Scope("", (BUILD,))
    inner = root.inner(BUILD, RED).inner(INNER)
    assert inner.path("one") == "build/red-one/inner/one"
    assert [scope.prefix for scope in inner.outwards()] == [
        "build/red-one/inner/", "build/red-one/", "",
    ]  # fmt: skip


def test_a_plain_group_keeps_the_item_around_it_and_an_inner_item_hides_the_outer():
    item = Scope("", (BUILD,)).inner(BUILD, RED)
    assert item.inner(INNER).item == RED
    assert item.inner(INNER, Item("b", "b", "")).item.name == "b"
    assert item.outer.item is None
