"""What a process of the same user can read of the engine."""

import os
import subprocess
import sys

import pytest

READ = "cat /proc/$PPID/environ /proc/$PPID/mem 2>&1 | tr '\\0' '\\n' | grep -c 'SECRET=x'"
PROGRAM = f"""
import subprocess, sys
from gump_action.system import private
private.hide()
done = subprocess.run(["sh", "-c", {READ!r}], capture_output=True, text=True)
print(done.stdout.strip())
"""
DUMPABLE = """
import ctypes
from gump_action.system import private
private.hide()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.parametrize(
    ("program", "said"),
    # root may read everything, so for root it is asked what the kernel was told.
    [(DUMPABLE, "0")] if os.geteuid() == 0 else [(DUMPABLE, "0"), (PROGRAM, "0")],
)
def test_a_child_cannot_read_the_environment_of_the_engine(program, said):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "SECRET": "x"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == said
