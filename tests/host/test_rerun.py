import pytest

from gump_action.engine import events as e
from gump_action.engine.sessions import Resume
from gump_action.engine.state import fold
from gump_action.host.said.rerun import Begin, GoOnAfter, GoOnAt, Nothing, next_start
from gump_action.workflow import loader
from gump_action.workflow.model import AgentStep, Group, OnFailure, Session, Strategy, Workflow

from . import runs
from .runs import Teller, again

SAME, OPUS = Strategy(kind="same"), Strategy(kind="escalate", agent="claude-opus")


def workflow(*strategy, session="reuse-on-retry"):
    impl = AgentStep(
        name="impl",
        agent="claude-haiku",
        session=Session(mode=session),
        on_failure=OnFailure(retry=1, strategy=strategy or (SAME,)),
    )
    each = Group(name="build", foreach="plan", steps=(impl,))
    once = Group(name="once", steps=(impl,))
    return Workflow(name="w", steps=(impl, each, once))


def run(*attempts, step="impl", mode="reuse-on-retry", end="failed"):
    """Each attempt is its verdict, and its agent where it is not the declared one."""
    told = Teller()
    told.begin()
    for number, (verdict, *agent) in enumerate(attempts, 1):
        name = agent[0] if agent else "claude-haiku"
        is_first = all(v != "failed" for v, *_ in attempts[: number - 1])
        told.attempt(step, number, name, mode=mode, kind="first" if is_first else "retry")
        told.agent(verdict)
        told.end(verdict)
    if end:
        told.done(end)
    return told.state


def told(next_):
    """Number, agent, whose session, and whether it is a retry."""
    resumed = getattr(next_.session, "attempt", None)
    return next_.number, next_.agent, resumed.name if resumed else "fresh", next_.is_retry


@pytest.mark.parametrize(
    ("attempts", "strategy", "says"),
    [
        ([("failed",)], [SAME], (2, "claude-haiku", "impl#1", True)),
        ([("failed",)] * 2, [SAME], (3, "claude-haiku", "impl#2", True)),
        ([("failed",)], [OPUS], (2, "claude-opus", "fresh", True)),
        ([("failed",)], [SAME, OPUS], (2, "claude-haiku", "impl#1", True)),
        ([("failed",), ("failed",)], [SAME, OPUS], (3, "claude-opus", "fresh", True)),
        (
            [("failed",), ("failed", "claude-opus")],
            [OPUS, SAME],
            (3, "claude-opus", "impl#2", True),
        ),
        ([("cancelled",)], [OPUS], (2, "claude-haiku", "impl#1", False)),
        ([("blocked",)], [OPUS], (2, "claude-haiku", "impl#1", False)),
        ([("failed",), ("cancelled",)], [SAME], (3, "claude-haiku", "impl#2", True)),
        (
            [("failed",), ("cancelled", "claude-opus")],
            [OPUS],
            (3, "claude-opus", "impl#2", True),
        ),
    ],
)
def test_the_next_attempt_is_the_one_that_the_engine_would_make(attempts, strategy, says):
    assert told(next_start(run(*attempts), workflow(*strategy))) == says


@pytest.mark.parametrize(
    ("attempts", "says"),
    [
        ([("failed",)], (2, "", "impl#1", True)),
        ([("cancelled",)], (2, "claude-haiku", "impl#1", False)),
        ([("failed",), ("cancelled", "claude-opus")], (3, "claude-opus", "impl#2", True)),
    ],
)
def test_without_the_workflow_nobody_says_who_makes_a_retry(attempts, says):
    assert told(next_start(run(*attempts))) == says


@pytest.mark.parametrize("mode", ["fresh", "reuse", "reuse: analyze"])
def test_a_retry_is_fresh_in_any_other_mode(mode):
    assert told(next_start(run(("failed",), mode=mode)))[2] == "fresh"


def test_a_first_attempt_that_was_cut_goes_on_with_the_step_that_is_named():
    told_ = Teller()
    told_.begin()
    told_.passes("analyze")
    told_.attempt("impl", mode="reuse: analyze")
    told_.end("cancelled")
    told_.done("cancelled")
    assert told(next_start(told_.state))[2] == "analyze#1"


@pytest.mark.parametrize("path", ["build/red/impl", "once/impl"])
def test_the_rules_of_a_step_in_a_group_are_found(path):
    next_ = next_start(run(("failed",), step=path), workflow(OPUS))
    assert (next_.step, next_.agent) == (path, "claude-opus")


@pytest.mark.parametrize("path", ["other", "build", "build/red", "build/red/other", "impl/x"])
def test_a_step_that_is_no_longer_there_has_no_rules(path):
    assert next_start(run(("failed",), step=path), workflow(OPUS)).agent == ""


@pytest.mark.parametrize("verdict", ["passed", "skipped", "nothing-to-do"])
def test_a_run_at_its_end_has_nothing_to_go_on_with(verdict):
    assert next_start(run(("passed",), end=verdict)) == Nothing()


def test_a_run_that_attempted_nothing_begins():
    assert next_start(fold([runs.failed().events[0]])) == Begin()
    assert next_start(fold([])) == Begin()


def test_a_run_that_was_stopped_between_two_steps_goes_on_with_the_next():
    assert next_start(run(("passed",), end="cancelled")) == GoOnAfter("impl")


def test_an_attempt_that_died_with_its_engine_is_made_again():
    next_ = next_start(runs.running().state)
    assert (next_.step, next_.number, next_.is_retry) == ("impl", 3, True)


def test_gates_alone_are_asked_again():
    told_ = Teller()
    told_.begin()
    told_.attempt("check", agent="")
    told_.gate("test", passed=False)
    told_.end("failed")
    told_.done("failed")
    assert next_start(told_.state) == GoOnAt("check", 2)


def test_a_step_that_starts_over_makes_a_first_attempt_and_goes_on_counting():
    told_ = Teller()
    told_.begin()
    told_.fails("impl")
    told_.fails("impl", 2, agent="claude-opus", reason=again(1, "claude-opus"))
    told_.tell(e.StepReset(step="impl", why="what it asks for has changed"))
    told_.done("cancelled")
    next_ = next_start(told_.state, workflow())
    assert told(next_) == (3, "claude-haiku", "fresh", False)


def test_a_run_keeps_the_agent_that_it_was_begun_with():
    told_ = Teller()
    told_.tell(runs.failed().events[0].model_copy(update={"agent": "scripted"}))
    told_.attempt("impl", agent="scripted")
    told_.end("cancelled")
    assert next_start(told_.state, workflow()).agent == "scripted"


FOUR = """
- {name: one, agent: scripted, prompt: p}
- name: two
  agent: scripted
  prompt: p
  session: reuse-on-retry
  on_failure: {retry: 1, strategy: [same, escalate: scripted-big]}
"""
FAIL, CUT = [{"fail": "no"}], [{"quota": "spent"}]


@pytest.mark.parametrize(
    "launches",
    [[FAIL, FAIL, []], [FAIL, FAIL, FAIL, FAIL, []], [CUT, []], [FAIL, CUT, CUT, []]],
    ids=["failed", "failed twice", "blocked", "blocked after a failure"],
)
def test_the_engine_does_what_was_foretold(project, launches):
    project.script({"two": launches})
    workflow_ = loader.load(project.workflow(FOUR)).workflow
    state = project.start(workflow_).state
    for _ in range(5):
        if state.ended.verdict == "passed":
            break
        next_ = next_start(state, workflow_)
        done = project.start(workflow_)
        made = done.of(e.AttemptStarted)[0]
        session = next_.session.attempt.name if isinstance(next_.session, Resume) else ""
        assert (made.step, made.attempt, made.agent) == (next_.step, next_.number, next_.agent)
        assert (made.session.resume, made.kind == "retry") == (session, next_.is_retry)
        state = done.state
    assert next_start(state, workflow_) == Nothing()
