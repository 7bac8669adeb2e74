"""Counts its starts in a file that travels, and ends as SAMPLE_MODE says."""

import os
import signal
import sys
import time
from pathlib import Path


def stop(number, frame):
    COUNT.write_text("stopped")
    print(f"stopped by {signal.Signals(number).name}", flush=True)
    sys.exit(130)


COUNT = Path(os.environ["RUNNER_TEMP"]) / "sample" / "count"
COUNT.parent.mkdir(exist_ok=True)
count = int(COUNT.read_text()) + 1 if COUNT.exists() else 1
COUNT.write_text(str(count))
with Path(os.environ["GITHUB_OUTPUT"]).open("a") as outputs:
    outputs.write(f"count={count}\n")
with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a") as summary:
    summary.write(f"start {count}\n")
print("::warning file=a.py,line=3,title=Oh::one%0Atwo", flush=True)
assert not [name for name in os.environ if name.startswith("ACTIONS_")]
if os.environ["SAMPLE_MODE"] == "wait":
    signal.signal(signal.SIGINT, stop)
    Path(os.environ["KEEP"], "waiting").touch()
    time.sleep(60)
sys.exit(3 if os.environ["SAMPLE_MODE"] == "fail" else 0)
