"""The outputs of the action, out of a ledger."""

import json

import pytest

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold
from gump_action.host import outputs
from gump_action.host.actions import set_outputs

from .story import fails_then_passes, started
from .test_actions import read_outputs


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([started()], ("cancelled", "k3f9a2", "", "its engine was killed")),
        (
            [started(), e.RunEnded(verdict="blocked", why="no key")],
            ("blocked", "k3f9a2", "", "no key"),
        ),
        (fails_then_passes(), ("passed", "k3f9a2", "gump/k3f9a2", "")),
    ],
    ids=["died", "blocked", "passed"],
)
def test_the_outputs_of_a_run(events, told):
    made = outputs.of_run(fold(events))
    assert tuple(made[name] for name in ("status", "run-id", "branch", "reason")) == told
    assert set(made) <= set(outputs.NAMES)


def test_where_nothing_was_run_there_is_a_verdict_and_a_reason():
    made = outputs.of_nothing(Verdict.SKIPPED, "octocat\nmay not")
    assert made == {"status": "skipped", "reason": "octocat may not"}


def test_each_step_is_told_with_its_last_attempt():
    (step,) = json.loads(outputs.of_run(fold(fails_then_passes()))["steps"])
    assert (step["step"], step["verdict"], step["attempts"]) == ("impl", "passed", 2)


@pytest.mark.parametrize(
    "text",
    [
        "x<<EOF\nEOF\nstatus<<EOF\npassed\nEOF\n",
        "a\r\nstatus=passed\rbranch=evil",
        "\x1b[2Ka\u2028b\x00c\x85d",
        "\udcff\ud800",
    ],
    ids=["another entry", "line ends", "controls", "no Unicode"],
)
def test_no_name_branch_or_reason_breaks_an_output(text, tmp_path):
    path = tmp_path / "output"
    ended = e.RunEnded.model_construct(verdict="failed", why=text, branch=text)
    state = fold([started().model_copy(update={"run": text}), ended])
    set_outputs(path, outputs.of_run(state))
    with path.open(newline="") as file:
        read = read_outputs(file.read())
    assert set(read) <= set(outputs.NAMES)
    assert read["status"] == "failed"
    assert all(value.isprintable() for value in read.values())


def test_a_reason_without_end_is_cut():
    state = fold([started(), e.RunEnded(verdict="failed", why="x" * 9000)])
    assert len(outputs.of_run(state)["reason"]) == 1000
