"""A cancelled job as GitHub ends it, which act does not: it kills the step at once.

GitHub signals the one process of the running step: SIGINT, after 7.5 s SIGTERM, after 2.5 s
SIGKILL (actions/runner 258d6c857, ProcessInvoker); then the steps with always() or cancelled() run.
"""

import os
import signal
import time
from pathlib import Path

import yaml

from .act import Started

SIGNALS = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 1.0))


def make_cancellable(action: Path, step: str) -> None:
    """Changes a copy of an action so that act only marks the job, and leaves the step to us.

    The host step that uses it needs `if: always()`, or act leaves out what follows in it.
    """
    path = action / "action.yml"
    content = yaml.safe_load(path.read_text())
    entry = next(each for each in content["runs"]["steps"] if each.get("id") == step)
    entry["if"] = f"(success() || cancelled()) && ({entry.get('if', 'true')})"
    entry["run"] = (
        'echo $$ > "$TEST_BED_PID.new"; mv "$TEST_BED_PID.new" "$TEST_BED_PID"\n' + (entry["run"])
    )
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def cancel_as_github(started: Started, when: Path) -> str:
    """Waits for the file `when`, then cancels. The name of the signal that ended the step."""
    wait_until(lambda: when.exists() and started.pid.exists(), 60, f"{when} did not come")
    pid = int(started.pid.read_text())
    started.act.send_signal(signal.SIGINT)
    time.sleep(0.2)  # act has to have marked the job before its step ends
    for number, seconds in SIGNALS:
        os.kill(pid, number)
        if ends_within(pid, seconds):
            return number.name
    raise AssertionError(f"the process {pid} is still there")


def ends_within(pid: int, seconds: float) -> bool:
    """The step's process is the child of act, which reaps it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def wait_until(is_so, seconds: float, words: str) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, words
        time.sleep(0.02)
