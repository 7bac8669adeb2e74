import io
import json

import pytest

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold
from gump_action.host.display import Out, Plain, make_display
from gump_action.host.log.live import Live

from .story import FRESH, attempt, fails_then_passes, numbered, started

HOSTILE = (
    "::add-mask::x\n  ::set-output name=a::b\n##[error]x\nhi ##[add-path]/evil\r::stop-commands::t"
)


def seen(events, environ=None, *, record=None):
    stream = io.StringIO()
    display = make_display(
        environ or {}, json=False, stream=stream, is_terminal=False, record=record
    )
    for event in events:
        display.show(event)
    display.close(fold(events))
    return stream.getvalue()


def commands(text):
    """What GitHub would obey in these lines."""
    return [line for line in text.splitlines() if line.lstrip().startswith("::") or "##[" in line]


def test_each_attempt_says_why_it_is_made_and_its_session_in_one_line():
    lines = seen(fails_then_passes()).splitlines()
    assert (
        "impl#2  claude-sonnet  impl#1 failed; the same agent again"
        "  session: resumed impl#1, because it is the last session of this step (reuse-on-retry)"
    ) in lines


def test_the_error_of_an_attempt_is_told_once():
    at = {"step": "a", "attempt": 1}
    by_output = e.AttemptEnded(**at, verdict=Verdict.FAILED, error="plan.json is missing")
    events = numbered([started(), attempt("a", 1, FRESH), by_output])
    assert "a#1    | plan.json is missing" in seen(events).splitlines()
    assert seen(fails_then_passes()).count("1 failed in 0.12s") == 1


def test_the_end_has_a_table_the_verdict_and_what_to_do_next():
    assert seen(fails_then_passes()).splitlines()[-9:] == [
        "attempt  verdict  agent          session         in / cached / out  USD      time   gates",
        "impl#1   failed   claude-sonnet  fresh           1.3k / 5.6k / 890  0.0123   17 s"
        "   ✓ compile, ✗ test",
        "impl#2   passed   claude-sonnet  resumed impl#1  unknown            unknown  9.0 s"
        "  ✓ test",
        "",
        "run k3f9a2 passed",
        "  cost: 0.0123 USD, and 1 attempt of unknown cost",
        "  result branch: gump/k3f9a2",
        "  Look at it: git diff HEAD...gump/k3f9a2",
        "  Take it into your branch: gump-action apply",
    ]


def test_in_a_job_the_agents_words_are_in_a_group_and_the_gates_are_open_to_see():
    lines = seen(fails_then_passes(), {"GITHUB_ACTIONS": "true"}).splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith("::group::impl#1  claude"))
    end = lines.index("::endgroup::")
    assert "impl#1    > Edit src/a.py" in lines[begin:end]
    assert "impl#1  ✗ test  (make test)  exit 2  3.2 s" in lines[end:]
    assert sum(line.startswith("::group::") for line in lines) == lines.count("::endgroup::") == 2
    assert lines[-1] == ("::warning title=gump::SOME_SECRET was held back from agents and gates.")


def test_outside_of_a_job_there_are_no_workflow_commands():
    assert commands(seen(fails_then_passes())) == []


@pytest.mark.parametrize(
    "event",
    [
        e.AgentActed(step="a", attempt=1, what="said", text=HOSTILE),
        e.AgentActed(step="a", attempt=1, what="tool", text=HOSTILE),
        e.AgentActed(step="a", attempt=1, what="complained", text=HOSTILE),
        e.AgentEnded(step="a", attempt=1, verdict=Verdict.FAILED, why=HOSTILE),
        e.GateEnded(
            step="a",
            attempt=1,
            index=0,
            gate=HOSTILE,
            command=HOSTILE,
            passed=False,
            evidence=HOSTILE,
        ),
        e.GateWrote(step="a", attempt=1, files=(HOSTILE,)),
        e.SnapshotTaken(step="a", attempt=1, commit="c", tree="t", files=(HOSTILE,)),
        e.StepSkipped(step=HOSTILE, why=HOSTILE),
        e.StepReset(step=HOSTILE, why=HOSTILE),
        e.ItemsPlanned(step=HOSTILE, items=(HOSTILE,)),
        e.Noted(level="info", text=HOSTILE, step=HOSTILE),
        e.TranscriptLost(step="a", attempt=1, why=HOSTILE),
    ],
    ids=lambda event: event.type,
)
def test_no_text_of_others_becomes_a_workflow_command(event):
    stream = io.StringIO()
    Plain(Out(stream), in_actions=True).show(event)
    assert commands(stream.getvalue()) == []


def test_a_hostile_name_stays_in_the_title_of_its_group():
    stream = io.StringIO()
    Plain(Out(stream), in_actions=True).show(attempt(HOSTILE, 1, FRESH, reason=HOSTILE))
    assert len(stream.getvalue().splitlines()) == 1
    assert stream.getvalue().startswith("::group::::add-mask::x%0A")
    assert "##[" not in stream.getvalue()


def test_terminal_controls_are_not_passed_on():
    event = e.Noted(level="info", text="\x1b[31mred\x1b[0m \x1b]0;title\x07\x9b1mx")
    stream = io.StringIO()
    Plain(Out(stream)).show(event)
    assert not set(stream.getvalue()) & {"\x1b", "\x07", "\x9b"}


def test_json_is_each_event_as_it_stands():
    stream = io.StringIO()
    display = make_display({}, json=True, stream=stream, is_terminal=True)
    events = [*fails_then_passes(), e.Noted(level="info", text=HOSTILE)]
    for event in events:
        display.show(event)
    display.close(fold(events))
    lines = stream.getvalue().splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(x.model_dump_json()) for x in events]
    assert commands(stream.getvalue()) == []


def test_a_reader_that_has_gone_away_does_not_end_the_run():
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    display = make_display({}, json=False, stream=Gone(), is_terminal=False)
    for event in fails_then_passes():
        display.show(event)
    display.close(fold(fails_then_passes()))


def test_a_stream_that_cannot_show_a_letter_gets_an_escape():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    out = Out(stream)
    out.write("✓ test\n")
    out.flush()
    assert raw.getvalue() == b"\\u2713 test\n"


@pytest.mark.parametrize(
    ("environ", "is_terminal", "kind"),
    [
        ({"TERM": "xterm"}, True, Live),
        ({"TERM": "dumb"}, True, Plain),
        ({}, True, Plain),
        ({"TERM": "xterm"}, False, Plain),
        ({"TERM": "xterm", "GITHUB_ACTIONS": "true"}, True, Plain),
        ({"TERM": "xterm", "GITHUB_ACTIONS": "false"}, True, Live),
    ],
)
def test_the_table_is_for_terminals_that_can_draw(environ, is_terminal, kind):
    display = make_display(environ, json=False, stream=io.StringIO(), is_terminal=is_terminal)
    assert type(display) is kind


def test_a_job_with_a_terminal_gets_groups_and_annotations():
    stream = io.StringIO()
    environ = {"TERM": "xterm", "GITHUB_ACTIONS": "true"}
    display = make_display(environ, json=False, stream=stream, is_terminal=True)
    for event in fails_then_passes():
        display.show(event)
    display.close(fold(fails_then_passes()))
    assert "\n::group::impl#1  claude" in stream.getvalue()
    assert "\n::warning title=gump::" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "true"}])
def test_a_run_that_never_began_has_no_end(environ):
    assert seen([], environ) == ""
