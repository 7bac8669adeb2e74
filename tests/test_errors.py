"""What is said of an error of the machine, and which errors are ours."""

import errno
import os

import pytest

from gump_action.errors import of_machine

CASES = {
    "a full disk": (errno.ENOSPC, ("a/b",), "a/b: No space left on device."),
    "a full output": (errno.ENOSPC, (), "what is written or read here: No space left on device."),
    "a folder that is read-only": (errno.EROFS, ("a",), "a: Read-only file system."),
    "no right": (errno.EACCES, ("a",), "a: Permission denied."),
    "a copy": (errno.ENOSPC, ("from", None, "to"), "to: No space left on device."),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_error_of_the_machine_is_said_with_its_place(case):
    number, places, says = case
    fault = of_machine(OSError(number, os.strerror(number), *places))
    assert (fault.message, fault.exit_code) == (says, 4)
    assert "goes on from its record" in fault.hint


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EBADF, errno.EINVAL, errno.ENOTDIR])
def test_what_may_be_a_fault_of_ours_is_none_of_the_machine(number):
    assert of_machine(OSError(number, os.strerror(number))) is None


def test_an_error_without_a_number_is_none_of_the_machine():
    assert of_machine(OSError("odd")) is None
