import pytest

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold
from gump_action.host.log.lines import ending, lines_of

from .story import OTHER_AGENT, attempt, numbered, started


def test_a_session_that_could_not_be_had_is_told_with_the_steps_and_agents_in_one_line():
    assert lines_of(attempt("fix", 1, OTHER_AGENT)) == [
        "fix#1  claude-sonnet  first attempt  session: fresh, because "
        '"review" was passed by claude-opus, not claude-sonnet'
    ]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            started(workspace="checkout", agent="scripted"),
            "run k3f9a2: workflow fix, in the checkout, on 1a2b3c4d5e, all agent steps by scripted",
        ),
        (e.RunContinued(engine="0", workspace="isolated"), "the run goes on, in a tree of its own"),
        (
            e.RunContinued(engine="0", workspace="isolated", max_budget=2.5),
            "the run goes on, in a tree of its own, budget 2.50 USD",
        ),
        (e.StepReset(step="a", why="it was changed"), "a  starts over: it was changed"),
        (e.ItemsPlanned(step="build", items=("red", "blue")), "build  2 items: red, blue"),
        (e.ItemsPlanned(step="build", items=("red",)), "build  1 item: red"),
        (
            e.ItemsPlanned(step="build", items=()),
            "build  the plan is empty, so nothing runs here",
        ),
        (
            attempt("check", 1, e.SessionDecided(mode="", why=""), agent=""),
            "check#1  gates alone  first attempt",
        ),
        (
            attempt("check", 1, e.SessionDecided(mode="", why=""), agent="", reason="gates alone"),
            "check#1  gates alone",
        ),
        (
            e.SessionRefused(
                step="a",
                attempt=2,
                start="s",
                session=e.SessionDecided(mode="reuse", why="claude said 400"),
            ),
            "a#2  the resume was refused  session: fresh, because claude said 400",
        ),
        (
            e.TranscriptLost(step="a", attempt=1, why="no file"),
            "a#1  its session could not be kept, so nothing can resume it: no file",
        ),
        (e.SnapshotTaken(step="a", attempt=1, commit="c", tree="t"), "a#1  changed nothing"),
        (
            e.SnapshotTaken(step="a", attempt=1, commit="c", tree="t", files=("x",), more_files=3),
            "a#1  changed 4 files: x and 3 more",
        ),
        (
            e.GateWrote(step="a", attempt=1, files=("x", "y")),
            "a#1  its gates wrote 2 files: x, y; that is undone",
        ),
        (
            e.GateEnded(
                step="a",
                attempt=1,
                index=0,
                gate="bash: make",
                command="make",
                passed=True,
                exit_code=0,
                seconds=75,
            ),
            "a#1  ✓ bash: make  1 min 15 s",
        ),
        (
            e.AttemptEnded(step="a", attempt=1, verdict=Verdict.CANCELLED, seconds=3700),
            "a#1  cancelled after 1 h 01 min",
        ),
        (e.StepSkipped(step="a", why="it passed before"), "a  skipped: it passed before"),
        (e.Noted(level="warning", text="no key", step="a"), "a  warning: no key"),
        (e.Noted(level="info", text="hello"), "note: hello"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.type,
)
def test_an_event_is_one_line(event, line):
    assert lines_of(event) == [line]


def test_an_unknown_cost_is_unknown_and_never_zero():
    ended = e.AgentEnded(step="a", attempt=1, verdict=Verdict.PASSED, seconds=2.0, turns=1)
    assert lines_of(ended) == [
        "a#1  agent ended after 2.0 s, 1 turn; "
        "tokens unknown (uncached / cached / out); cost unknown"
    ]


def test_an_agent_that_did_not_pass_says_so_and_why():
    ended = e.AgentEnded(step="a", attempt=1, verdict=Verdict.BLOCKED, why="no credit", seconds=1)
    assert lines_of(ended) == [
        "a#1  agent was blocked after 1.0 s; "
        "tokens unknown (uncached / cached / out); cost unknown",
        "a#1    | no credit",
    ]


def test_a_failed_gate_shows_the_first_and_the_last_lines_of_its_evidence():
    text = "\n".join(f"line {n}" for n in range(20))
    gate = e.GateEnded(step="a", attempt=1, index=0, gate="test", passed=False, evidence=text)
    lines = lines_of(gate)
    assert lines[:2] == ["a#1  ✗ test  0.0 s", "a#1    | line 0"]
    assert lines[6:9] == [
        "a#1    | line 5",
        "a#1    | … 8 lines are left out …",
        "a#1    | line 14",
    ]
    assert lines[-1] == "a#1    | line 19"


def test_a_single_line_is_not_left_out():
    text = "\n".join(f"line {n}" for n in range(13))
    gate = e.GateEnded(step="a", attempt=1, index=0, gate="test", passed=False, evidence=text)
    assert [line[9:] for line in lines_of(gate)[1:]] == text.splitlines()


@pytest.mark.parametrize(
    ("verdict", "said", "advice"),
    [
        ("failed", "failed", "Run it again to go on from here; its retries are granted anew"),
        ("blocked", "was blocked", "Put that right, then run it again; it goes on from here"),
        (
            "cancelled",
            "was cancelled",
            "Run it again to go on from here; nothing that passed is lost",
        ),
    ],
)
def test_a_run_that_did_not_pass_says_why_where_its_record_is_and_what_to_do(
    verdict, said, advice, tmp_path
):
    state = fold(numbered([started(), e.RunEnded(verdict=verdict, why="out of quota")]))
    assert ending(state, tmp_path) == [
        "",
        f"run k3f9a2 {said}: out of quota",
        "  cost: none, no agent ran",
        f"  record: {tmp_path}",
        f"  Read what happened: gump-action report --state {tmp_path}",
        f"  {advice}",
    ]


def test_a_run_without_an_end_says_so():
    assert ending(fold([started()]), None)[1] == "run k3f9a2 has not ended"
    assert ending(fold([]), None) == []
