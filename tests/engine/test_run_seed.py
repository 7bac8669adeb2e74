"""The four examples of the page on sessions, run; the launches are as the page's words say.

The agents' providers are replaced by the scripted one, and nothing else: `claude-haiku` becomes
`scripted-haiku`, so agents that differ still do.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gump_action.workflow import loader

SEED = Path(__file__).parents[1] / "workflow" / "seed"


@pytest.fixture
def run_seed(project):
    def run(name: str, script: dict[str, object]):
        project.script(script)
        path = project.root / name
        path.write_text((SEED / name).read_text().replace("claude-", "scripted-"))
        return project.start(loader.load(path).workflow, spec="Make it work.\n")

    return run


def memories(done) -> dict[str, list[str]]:
    """What each attempt's own transcript holds at its end: the launches of its conversation."""
    found = {}
    for attempts in done.state.attempts.values():
        for attempt in attempts:
            folder = done.file(attempt.name, "transcript")
            [kept] = folder.iterdir()
            lines = kept.read_text().splitlines()
            found[attempt.name] = [json.loads(line)["launch"] for line in lines]
    return found


def test_fresh_starts_with_no_memory_of_previous_steps(run_seed):
    done = run_seed("1-fresh.yaml", {})
    assert memories(done) == {"review#1": ["review#1"]}


def test_reuse_chains_steps_within_the_same_item_and_each_item_starts_fresh(run_seed):
    plan = json.dumps([{"name": n, "description": f"do {n}"} for n in ("red", "blue")])
    done = run_seed(
        "2-reuse.yaml", {"decompose": [[{"write": ".gump/out/plan.json", "text": plan}]]}
    )
    assert memories(done) == {
        "decompose#1": ["decompose#1"],
        "build/red/tests#1": ["build/red/tests#1"],
        "build/red/impl#1": ["build/red/tests#1", "build/red/impl#1"],
        "build/blue/tests#1": ["build/blue/tests#1"],
        "build/blue/impl#1": ["build/blue/tests#1", "build/blue/impl#1"],
    }
    assert done.prompt("build/red/tests#1") == "Write tests for: do red\n"


def test_reuse_on_retry_is_fresh_first_and_then_remembers_what_it_tried(run_seed):
    make = "build:\n\t@true\ntest:\n\t@cat verdict; grep -q good verdict\n"
    bad, good = ({"write": "verdict", "text": f"{word}\n"} for word in ("bad", "good"))
    makefile = {"write": "Makefile", "text": make}
    done = run_seed("3-reuse-on-retry.yaml", {"impl": [[makefile, bad], [bad], [good]]})
    assert done.verdict == "passed"
    assert memories(done) == {
        "impl#1": ["impl#1"],
        "impl#2": ["impl#1", "impl#2"],
        "impl#3": ["impl#1", "impl#2", "impl#3"],
    }
    assert "bad" in done.prompt("impl#2")


def test_a_named_step_is_continued_from_its_own_context(run_seed):
    done = run_seed("4-reuse-step.yaml", {})
    assert memories(done) == {"analyze#1": ["analyze#1"], "fix#1": ["analyze#1", "fix#1"]}
