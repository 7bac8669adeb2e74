"""Real payloads, with small edits, and the variables that GitHub sets beside them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gump_action.host.event import Event
from gump_action.host.trigger.reading import read_event

PAYLOADS = Path(__file__).parent / "payloads"
SHA = "a" * 40
SCHEDULE = {"schedule": "0 3 * * *", "workflow": ".github/workflows/gump.yml"}


def payload_of(name: str) -> dict[str, Any]:
    same = {"pull_request_target": "pull_request"}
    if name == "schedule":
        return copy.deepcopy(SCHEDULE)
    return json.loads((PAYLOADS / f"{same.get(name, name)}.json").read_text())


def edited(payload: dict[str, Any], edits: Mapping[str, object]) -> dict[str, Any]:
    """The payload with these values at these places (`pull_request.head.repo`)."""
    payload = copy.deepcopy(payload)
    for place, value in edits.items():
        *above, last = place.split(".")
        here = payload
        for part in above:
            here = here[part]
        here[last] = value
    return payload


def variables(name: str, payload: Mapping[str, Any], **more: str) -> dict[str, str]:
    sender = payload.get("sender", {}).get("login", "Codertocat")
    return {
        "GITHUB_EVENT_NAME": name,
        "GITHUB_ACTOR": sender,
        "GITHUB_TRIGGERING_ACTOR": sender,
        "GITHUB_REPOSITORY": "Codertocat/Hello-World",
        "GITHUB_SHA": SHA,
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_RUN_ID": "77",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_WORKFLOW_REF": "Codertocat/Hello-World/.github/workflows/gump.yml@refs/heads/main",
        **more,
    }


def event_of(name: str, edits: Mapping[str, object] | None = None, **more: str) -> Event:
    """The recorded event of this name, after these edits, as a job would read it."""
    payload = edited(payload_of(name), edits or {})
    return read_event(variables(name, payload, **more), json.dumps(payload))


def checked(name: str, **edits: object) -> dict[str, object]:
    """Edits by which the recorded check or suite has failed, and is another CI's."""
    known = {f"{name}.conclusion": "failure", f"{name}.app.slug": "other-ci"}
    if name == "check_run":
        known["check_run.check_suite.app.slug"] = "other-ci"
    return {**known, **edits}


def own_pulls(many: int = 1) -> dict[str, object]:
    """Edits by which the recorded `workflow_run` is about pull requests of its own repository."""
    payload = payload_of("workflow_run")
    pull = payload["workflow_run"]["pull_requests"][0]
    ours = {"id": payload["repository"]["id"]}
    pull = edited(pull, {"base.repo": ours, "head.repo": ours})
    return {"workflow_run.pull_requests": [pull] * many}


def user(login: str, type: str = "User") -> dict[str, str]:
    return {"login": login, "type": type}
