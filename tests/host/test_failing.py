"""The part of a host job's log that tells why it failed."""

import time

import pytest

from gump_action.host.spec.failing import complaints, failing_part

STAMP = "2026-08-01T12:00:00.1234567Z "


def log_of(*lines):
    return "\ufeff" + "\r\n".join(STAMP + line for line in lines)


SETUP = ("Current runner version: '2.330.0'", "##[group]Runner Image", "Ubuntu", "##[endgroup]")
CHECKOUT = ("##[group]Run actions/checkout@v5", "with:", "  token: ***", "##[endgroup]", "cloned")
TEST = (
    "##[group]Run npm test",
    "\x1b[36;1mnpm test\x1b[0m",
    "shell: /usr/bin/bash -e {0}",
    "env:",
    "  CI: true",
    "##[endgroup]",
)
POST = ("Post job cleanup.", "[command]/usr/bin/git version", "Cleaning up orphan processes")
EXIT = "##[error]Process completed with exit code 1."


def test_the_failing_step_alone_is_told_without_times_colours_and_settings():
    log = log_of(*SETUP, *CHECKOUT, *TEST, "\x1b[31m✗ adds\x1b[0m", "expected 3", EXIT, *POST)
    assert failing_part(log, 5000).splitlines() == [
        "$ npm test",
        "npm test",
        "✗ adds",
        "expected 3",
        "error: Process completed with exit code 1.",
    ]


def test_two_failing_steps_are_both_told():
    log = log_of(*TEST, "one", EXIT, *CHECKOUT, *TEST, "two", EXIT)
    told = failing_part(log, 5000)
    assert "one" in told
    assert "two" in told
    assert "cloned" not in told


def test_without_a_mark_the_end_of_the_log_is_told():
    log = log_of(*(f"line {number}" for number in range(1000)), *POST)
    told = failing_part(log, 50_000).splitlines()
    assert told[0] == "line 850"
    assert told[-1] == "line 999"


COMPLAINTS = {
    "pytest": "E       AssertionError: assert 1 == 2",
    "pytest-summary": "FAILED tests/test_a.py::test_x - assert 1 == 2",
    "python": "ValueError: no such thing",
    "go": "--- FAIL: TestAdd (0.00s)",
    "go-panic": "panic: runtime error: index out of range",
    "rust": "error[E0308]: mismatched types",
    "tsc": "src/a.ts(1,2): error TS2322: no",
    "jest": "  ● adds two numbers",
    "vitest": " \u00d7 adds two numbers",
    "npm": "npm ERR! code ELIFECYCLE",
    "make": "make: *** [Makefile:2: test] Error 1",
    "gcc": "a.c:1:2: fatal error: x.h: No such file",
    "maven": "[ERROR] COMPILATION ERROR : x",
    "gradle": "FAILURE: Build failed with an exception.",
    "workflow-command": "::error file=a.py,line=3::unused",
    "linker": "a.o: undefined reference to `main'",
}


@pytest.mark.parametrize("tool", COMPLAINTS)
def test_in_a_long_log_what_tools_complain_of_is_kept_with_what_is_near(tool):
    quiet = [f"compiling unit {number}, 0 errors" for number in range(3000)]
    lines = [*quiet[:1500], COMPLAINTS[tool], "the line below", *quiet[1500:]]
    told = failing_part(log_of(*TEST, *lines, EXIT), 6000)
    assert COMPLAINTS[tool] in told
    assert "the line below" in told
    assert "lines left out" in told
    assert len(told) < 6500


def test_more_complaints_than_there_is_room_for_keep_the_first_and_the_last():
    lines = [f"error: number {number}" for number in range(5000)]
    told = failing_part(log_of(*TEST, *lines, EXIT), 3000)
    assert "error: number 0\n" in told
    assert "error: number 4999" in told
    assert len(told) < 3200


def test_an_empty_log_is_empty():
    assert failing_part("", 1000) == ""


@pytest.mark.parametrize("line", ["##[error]", "::error" * 50, "error:" * 400, "x" * 10_000])
def test_a_huge_log_costs_little(line):
    began = time.monotonic()
    assert len(failing_part((line + "\n") * (4_000_000 // len(line)), 6000)) < 20_000
    assert time.monotonic() - began < 10


def test_of_a_log_only_complaints_are_compared():
    told = complaints(log_of(*TEST, "collected 7 items", "FAILED a.py::test_x", EXIT))
    assert "FAILED a.py::test_x" in told
    assert "collected" not in told
    assert "nothing of a kind" in complaints("nothing of a kind\n")
