import io
import json

import pytest

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold
from gump_action.host.display import Live, Out, Plain, ending, lines_of, make_display

from .story import FRESH, OTHER_AGENT, RESUMED, attempt, fails_then_passes, numbered, started

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
        "impl#2  claude-sonnet  impl#1 failed; same"
        "  session: resumed impl#1, because session reuse-on-retry: impl#1 goes on"
    ) in lines


def test_a_session_that_could_not_be_had_is_told_with_the_steps_and_agents_in_one_line():
    assert lines_of(attempt("fix", 1, OTHER_AGENT)) == [
        "fix#1  claude-sonnet  first attempt  session: fresh, because session reuse: "
        '"review" passed with claude-opus, not claude-sonnet'
    ]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            started(workspace="checkout", agent="scripted"),
            "run k3f9a2: workflow fix, in the checkout, on 1a2b3c4d5e, all agent steps by scripted",
        ),
        (e.RunContinued(engine="0", workspace="isolated"), "the run goes on, in a tree of its own"),
        (e.StepReset(step="a", why="it was changed"), "a  starts over: it was changed"),
        (e.ItemsPlanned(step="build", items=("red", "blue")), "build  2 items: red, blue"),
        (
            e.ItemsPlanned(step="build", items=()),
            "build  0 items: the plan is empty, so nothing runs here",
        ),
        (
            attempt("check", 1, e.SessionDecided(mode="", why=""), agent=""),
            "check#1  gates alone  first attempt",
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
            "a#1  gates wrote 2 files: x, y; undone",
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


def test_a_failed_gate_shows_the_first_lines_of_its_evidence():
    text = "\n".join(f"line {n}" for n in range(20))
    gate = e.GateEnded(step="a", attempt=1, index=0, gate="test", passed=False, evidence=text)
    lines = lines_of(gate)
    assert lines[:2] == ["a#1  ✗ test  0.0 s", "a#1    | line 0"]
    assert lines[-1] == "a#1    | … 8 more lines"


def test_the_error_of_an_attempt_is_told_once():
    at = {"step": "a", "attempt": 1}
    by_output = e.AttemptEnded(**at, verdict=Verdict.FAILED, error="plan.json is missing")
    events = numbered([started(), attempt("a", 1, FRESH), by_output])
    assert "a#1    | plan.json is missing" in seen(events).splitlines()
    assert seen(fails_then_passes()).count("1 failed in 0.12s") == 1


def test_the_end_has_a_table_the_verdict_and_what_to_do_next():
    assert seen(fails_then_passes()).splitlines()[-9:] == [
        "attempt  verdict  agent          session         gates              in / cached / out"
        "  USD      time",
        "impl#1   failed   claude-sonnet  fresh           ✓ compile, ✗ test  1.3k / 5.6k / 890"
        "  0.0123   17 s",
        "impl#2   passed   claude-sonnet  resumed impl#1  ✓ test             unknown          "
        "  unknown  9.0 s",
        "",
        "run k3f9a2: passed",
        "  cost: 0.0123 USD, and an unknown cost for 1 of 2 attempts",
        "  result branch: gump/k3f9a2",
        "  Look at it: git diff HEAD...gump/k3f9a2",
        "  Take it into your branch: gump-action apply",
    ]


@pytest.mark.parametrize(
    ("verdict", "advice"),
    [
        ("failed", "Run it again to go on from here; its retries are granted anew"),
        ("blocked", "Put that right, then run it again; it goes on from here"),
        ("cancelled", "Run it again to go on from here; nothing that passed is lost"),
    ],
)
def test_a_run_that_did_not_pass_says_why_where_its_record_is_and_what_to_do(
    verdict, advice, tmp_path
):
    state = fold(numbered([started(), e.RunEnded(verdict=verdict, why="out of quota")]))
    assert ending(state, tmp_path) == [
        "",
        f"run k3f9a2: {verdict}, out of quota",
        "  cost: none, no agent ran",
        f"  record: {tmp_path}",
        f"  Read what happened: gump-action report --state {tmp_path}",
        f"  {advice}",
    ]


def test_a_run_without_an_end_says_so():
    assert ending(fold([started()]), None)[1] == "run k3f9a2: not ended"
    assert ending(fold([]), None) == []


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
        ({"TERM": "xterm", "GITHUB_ACTIONS": "true"}, False, Plain),
    ],
)
def test_the_table_is_for_terminals_that_can_draw(environ, is_terminal, kind):
    display = make_display(environ, json=False, stream=io.StringIO(), is_terminal=is_terminal)
    assert type(display) is kind


@pytest.mark.parametrize("environ", [{}, {"GITHUB_ACTIONS": "true"}])
def test_a_run_that_never_began_has_no_end(environ):
    assert seen([], environ) == ""


def picture(display):
    from rich.console import Console

    console = Console(record=True, width=100, file=io.StringIO(), _environ={})
    console.print(display._picture())
    return console.export_text().splitlines()


def live(stream, environ=None, now=None):
    clock = (lambda: now) if now else (lambda: 1_700_000_000.0)
    return Live(Out(stream), {"TERM": "xterm", **(environ or {})}, width=100, clock=clock)


def test_the_live_table_shows_what_runs_and_for_how_long():
    events = fails_then_passes()[:14]
    display = live(io.StringIO(), now=events[12].at + 65)
    for event in events:
        display.show(event)
    head, first, second, doing = picture(display)
    display.close(fold(events))
    assert head.split() == [
        "attempt",
        "agent",
        "session",
        "gates",
        "in/cached/out",
        "USD",
        "time",
    ]
    assert first.split() == [
        "✗",
        "impl#1",
        "claude-sonnet",
        "fresh",
        "✓compile,",
        "✗test",
        "1.3k/5.6k/890",
        "0.0123",
        "17",
        "s",
    ]
    assert second.split()[1:] == [
        "impl#2",
        "claude-sonnet",
        "resumed",
        "impl#1",
        "1",
        "min",
        "05",
        "s",
    ]
    assert doing == "impl#2  The sum was wrong."


def test_more_attempts_than_lines_show_the_last_ones():
    display = live(io.StringIO(), {"LINES": "12", "COLUMNS": "100"})
    events = numbered([started(), *(attempt("impl", n, RESUMED) for n in range(1, 41))])
    for event in events:
        display.show(event)
    lines = picture(display)
    display.close(fold(events))
    assert lines[0].endswith("attempts before")
    assert "impl#40" in lines[-2]
    assert len(lines) <= 25


def test_rows_of_several_lines_do_not_push_what_runs_off_the_terminal():
    path = "build/" + "/".join(["a-long-name-of-an-item"] * 6)
    display = live(io.StringIO(), {"LINES": "12", "COLUMNS": "100"})
    events = numbered([started(), *(attempt(path, n, RESUMED) for n in range(1, 21))])
    for event in events:
        display.show(event)
    lines = picture(display)
    display.close(fold(events))
    assert any("#20" in line for line in lines)
    assert len(lines) <= 25


def test_what_must_not_be_missed_stays_above_the_table():
    stream = io.StringIO()
    display = live(stream, {"NO_COLOR": "1"})
    for event in fails_then_passes():
        display.show(event)
    display.close(fold(fails_then_passes()))
    text = stream.getvalue()
    assert "impl#1    | E   assert 3 == 4" in text
    assert "warning: SOME_SECRET was held back from agents and gates." in text
    assert "\x1b[3" not in text


def test_the_terminal_is_left_alone_until_an_attempt_begins_and_given_back():
    stream = io.StringIO()
    display = live(stream, {"NO_COLOR": "1"})
    display.show(e.Noted(level="warning", text="early"))
    assert stream.getvalue() == "warning: early\n"
    display.show(attempt("a", 1, FRESH))
    display.close(fold([]))
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_the_end_of_an_attempt_of_an_earlier_start_has_no_row_and_is_no_fault():
    display = live(io.StringIO())
    ended = e.AttemptEnded(step="a", attempt=1, verdict=Verdict.CANCELLED)
    display.show(e.RunContinued(engine="0", workspace="isolated"))
    display.show(ended)
    display.close(fold([started()]))


def test_markup_and_controls_of_others_are_text_in_the_live_table():
    stream = io.StringIO()
    display = live(stream, {"NO_COLOR": "1"})
    display.show(attempt("a", 1, FRESH, agent="[red]x[/red]\x1b]0;t\x07"))
    display.show(e.Noted(level="warning", text="[bold]x[/nope] \x1b[2J"))
    lines = picture(display)
    display.close(fold([started()]))
    assert "[red]x[/red]" in lines[1]
    assert "[bold]x[/nope]" in stream.getvalue()
    assert "\x1b[2J" not in stream.getvalue()
    assert "\x1b]0;" not in stream.getvalue()
