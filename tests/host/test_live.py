import io

from rich.console import Console

from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.state import fold
from gump_action.host.display import Out
from gump_action.host.log.live import Live

from .story import FRESH, RESUMED, attempt, fails_then_passes, numbered, started


def picture(display):

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


def test_a_narrow_terminal_has_no_columns_for_tokens_and_costs():
    display = Live(Out(io.StringIO()), {"TERM": "xterm"}, width=60, clock=lambda: 0.0)
    for event in fails_then_passes():
        display.show(event)
    display.close(fold(fails_then_passes()))
    [head, first, *_] = picture(display)
    assert head.split() == ["attempt", "agent", "session", "gates", "time"]
    assert first.split()[-2:] == ["17", "s"]


def test_names_in_the_table_are_short():
    at = {"step": "build/red/impl", "attempt": 1}
    resumed = e.SessionDecided(mode="reuse", resume="build/red/tests#1", session="s", why="x")
    gate = e.GateEnded(**at, index=0, gate="bash: make everything", passed=False)
    display = live(io.StringIO(), {"LINES": "12"})
    for event in numbered([started(), attempt("build/red/impl", 1, resumed), gate]):
        display.show(event)
    line = " ".join(picture(display)[1].split())
    display.close(fold([started()]))
    assert "resumed tests#1 ✗bash: make everyth… " in line
