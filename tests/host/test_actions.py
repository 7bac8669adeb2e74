import io

import pytest

from gump_action.errors import CommandError, Fault, InputError, WorkflowError
from gump_action.host import actions
from gump_action.host.actions import (
    Annotation,
    append_summary,
    printable,
    set_outputs,
    tell_error,
)


def read_outputs(text):
    """As the runner reads the file of GITHUB_OUTPUT."""
    lines = iter(text.split("\n")[:-1])
    found = {}
    for line in lines:
        name, _, mark = line.partition("<<")
        inner = iter(lines.__next__, mark)
        found[name] = "\n".join(inner)
    return found


@pytest.mark.parametrize(
    ("annotation", "command"),
    [
        (Annotation("error", "it broke"), "::error title=gump::it broke"),
        (Annotation("warning", "100% :, ok"), "::warning title=gump::100%25 :, ok"),
        (Annotation("error", "a\r\nb\n::error::c"), "::error title=gump::a%0Ab%0A::error::c"),
        (Annotation("notice", "x", title="a:b,c%"), "::notice title=a%3Ab%2Cc%25::x"),
        (
            Annotation("error", "x", file="a,b\n.py", line=3),
            "::error title=gump,file=a%2Cb%0A.py,line=3::x",
        ),
        (Annotation("error", "##[set-output]x"), "::error title=gump::## [set-output]x"),
    ],
    ids=lambda each: each if isinstance(each, str) else "annotation",
)
def test_nothing_in_an_annotation_ends_it_or_begins_another(annotation, command):
    assert str(annotation) == command


def test_commands_are_lines_of_the_stream():
    stream = io.StringIO()
    actions.group(stream, "impl#1\n::endgroup::")
    actions.error(stream, "no")
    actions.warning(stream, "hm", title="t")
    actions.endgroup(stream)
    assert stream.getvalue().splitlines() == [
        "::group::impl#1%0A::endgroup::",
        "::error title=gump::no",
        "::warning title=t::hm",
        "::endgroup::",
    ]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("a ::b:: c", "a ::b:: c"),
        ("::error::x", "| ::error::x"),
        ("  \t::error::x", "|   \t::error::x"),
        ("in the middle ##[error]x", "in the middle ## [error]x"),
    ],
)
def test_a_harmless_line_is_no_command(line, shown):
    assert actions.harmless(line) == shown


@pytest.mark.parametrize(
    "text", ["", "one", "a\nb\n", "x<<EOF\nEOF\nstatus<<EOF\npassed", "a=b\r\n%"]
)
def test_an_output_is_read_back_as_it_was(text, tmp_path):
    path = tmp_path / "output"
    set_outputs(path, {"reason": text, "status": "failed"})
    with path.open(newline="") as file:
        assert read_outputs(file.read()) == {"reason": text, "status": "failed"}


def test_outputs_are_appended(tmp_path):
    path = tmp_path / "output"
    set_outputs(path, {"a": "1"})
    set_outputs(path, {"b": "2"})
    assert read_outputs(path.read_text()) == {"a": "1", "b": "2"}


def test_a_summary_is_appended_whole_where_it_fits(tmp_path):
    path = tmp_path / "summary"
    append_summary(path, "one ✓\n")
    append_summary(path, "two\n")
    assert path.read_text() == "one ✓\ntwo\n"


@pytest.mark.parametrize("limit", [400, 401, 407, 420, 450, 600])
def test_a_summary_that_is_too_large_is_cut_and_all_that_it_opened_is_closed(limit, tmp_path):
    path = tmp_path / "summary"
    path.write_text("before\n")
    body = "<details>\n\n````text\n" + "✓ ``` line\n</details>\n" * 100 + "````\n</details>\n"
    append_summary(path, body, limit=limit)
    text = path.read_text()
    assert len(text.encode()) <= limit
    assert text.splitlines().count("````") == 1
    assert text.endswith(
        "</details>\n\nThe rest is left out: GitHub shows no more than 1 MiB for each step.\n"
    )


def test_a_summary_with_no_room_left_is_not_touched(tmp_path):
    path = tmp_path / "summary"
    path.write_text("x" * 100)
    append_summary(path, "more\n" * 50, limit=100)
    assert path.read_text() == "x" * 100


@pytest.fixture
def job(tmp_path):
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }


def told(environ, error):
    stream = io.StringIO()
    tell_error(environ, stream, error)
    return stream.getvalue().splitlines()


def test_an_error_goes_to_the_page_in_a_line_and_whole_into_the_summary(job, tmp_path):
    error = InputError("--spec x.md: there is no such file.\n```\n# big", hint="Name another.")
    assert told(job, error) == ["::error title=gump::--spec x.md: there is no such file."]
    assert (tmp_path / "summary").read_text() == (
        "# gump-action has run nothing\n\n"
        "````text\n--spec x.md: there is no such file.\n```\n# big\n  Name another.\n````\n"
    )


def test_an_error_that_is_no_wrong_input_does_not_say_that_nothing_was_run(job, tmp_path):
    assert told(job, CommandError(["git", "gc"], 128, "::add-mask::x")) == [
        "::error title=gump::`git gc` ended with 128:"
    ]
    assert (tmp_path / "summary").read_text().startswith("# gump-action failed\n")


def test_each_fault_of_a_workflow_stands_at_its_line(job, tmp_path):
    faults = [Fault(str(tmp_path / "sub" / "w.yaml"), 3, "no"), Fault("/else/where.md", 1, "a\nb")]
    assert told(job, WorkflowError(faults)) == [
        "::error title=gump,file=sub/w.yaml,line=3::no",
        "::error title=gump,file=/else/where.md,line=1::a%0Ab",
    ]


def test_a_relative_file_is_named_from_the_top_of_the_workspace(job, tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    [line] = told(job, WorkflowError([Fault("w.yaml", 1, "no")]))
    assert line == "::error title=gump,file=sub/w.yaml,line=1::no"


def test_the_tenth_fault_counts_the_rest_and_the_summary_has_all(job, tmp_path):
    faults = [Fault("w.yaml", n, f"fault {n}") for n in range(1, 31)]
    lines = told(job, WorkflowError(faults))
    assert len(lines) == 10
    assert lines[-1] == "::error title=gump::21 more faults are in the summary and in the log"
    assert "w.yaml:30: fault 30\n" in (tmp_path / "summary").read_text()


@pytest.mark.parametrize("place", [{}, {"GITHUB_ACTIONS": "false"}])
def test_outside_of_a_job_an_error_is_only_the_callers(place, job, tmp_path):
    assert told({"GITHUB_STEP_SUMMARY": job["GITHUB_STEP_SUMMARY"], **place}, InputError("x")) == []
    assert not (tmp_path / "summary").exists()


def test_an_error_is_told_where_there_is_no_summary_or_none_that_can_be_written(job, tmp_path):
    assert told({"GITHUB_ACTIONS": "true"}, InputError("x")) == ["::error title=gump::x"]
    (tmp_path / "summary").mkdir()
    line, warning = told(job, InputError("x"))
    assert line == "::error title=gump::x"
    assert warning.startswith("::warning title=gump::The error could not be written into the summa")


def test_an_error_without_a_word_is_still_an_error(job):
    assert told(job, InputError("")) == ["::error title=gump::InputError"]


def test_in_a_job_no_line_of_a_printable_text_is_a_command():
    text = "one\n::add-mask::x\r  ::error::y\r\nz ##[error]w"
    assert printable({}, text) == text
    assert printable({"GITHUB_ACTIONS": "true"}, text).splitlines() == [
        "one",
        "| ::add-mask::x",
        "|   ::error::y",
        "z ## [error]w",
    ]
