"""Which failures are the same one."""

import pytest

from gump_action.host.asking.sameness import signature_of, signature_of_logs

from .runs import Teller


def failure(evidence="boom", *, gate="test", step="impl", error=""):
    run = Teller()
    run.begin("fix")
    run.attempt(step)
    run.agent("failed" if error else "passed", why=error)
    if not error:
        run.gate(gate, passed=False, evidence=evidence)
    run.end("failed", error)
    run.done("failed")
    return signature_of(run.state)


SAME = [
    ("FAILED a.py::test_x in 0.13s", "FAILED a.py::test_x in 12.4s"),
    ("a.py:12:4: boom", "a.py:120:1: boom"),
    ('File "/tmp/x-1/repo/a.py", line 3', 'File "/tmp/y-2/repo/a.py", line 30'),
    ("at 0x7f12ab of 4fe1c09", "at 0x11aa of 9ab3d1e"),
    ("2026-11-30T14:00:01Z boom", "2026-12-01T03:12:59Z boom"),
    ("boom\n\n  boom", "boom boom"),
]
OTHER = [
    ("2 failed", "1 failed"),
    ("FAILED a.py::test_x", "FAILED a.py::test_y"),
    ("assert 1 == 2", "assert 1 == 3"),
    ("boom", ""),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_second_look_at_one_fault_is_the_same_failure(one, other):
    assert failure(one) == failure(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_fault_is_another_failure(one, other):
    assert failure(one) != failure(other)


def test_step_gate_and_error_count():
    assert len({failure(), failure(gate="lint"), failure(step="x"), failure(error="gave up")}) == 4
    assert failure(error="gave up") == failure(error="gave up")


def test_an_endless_output_is_read_in_no_time():
    for text in ("a" * 1_000_000, "/a" * 500_000, "0" * 1_000_000, "1:" * 500_000, " " * 10**6):
        assert failure(text)


def test_logs_fail_in_the_same_way_job_by_job_whatever_else_went_well():
    one = signature_of_logs({"test": "a.py:3: boom\n1 failed, 10 passed", "lint": "E1"})
    assert one == signature_of_logs({"lint": "E1", "test": "a.py:9: boom\n1 failed, 12 passed"})
    assert one != signature_of_logs({"test": "a.py:3: boom\n2 failed, 10 passed", "lint": "E1"})
    assert one != signature_of_logs({"test": "a.py:3: boom\n1 failed, 10 passed"})
    assert signature_of_logs({}) == ""
