"""What a test asks of the ledger of a run of the action."""

import json

from .records import HostRun

KEY = {"ANTHROPIC_API_KEY": "sk-ant-0123456789abcdefghijklmnopqrstuvwxyz"}


def launches(run: HostRun) -> list[str]:
    """`STEP#ATTEMPT` of each attempt in the ledger, also of those before this job."""
    return [f"{e['step']}#{e['attempt']}" for e in events(run) if e["type"] == "attempt_started"]


def events(run: HostRun) -> list[dict]:
    lines = (run.kept / "state/ledger.ndjson").read_text().splitlines()
    return [json.loads(line) for line in lines]
