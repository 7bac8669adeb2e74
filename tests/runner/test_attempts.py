"""A run over several attempts of its job, in a real runner with the real clients of its storage."""

import json

import pytest

from .act import Trigger, copy_action, make_repository
from .cancel import cancel_as_github, make_cancellable
from .conftest import HOST, WORKFLOW

# act goes on inside of a composite after a cancel only where the host step has always().
CANCELLED = HOST.replace("      - id: gump\n", "      - id: gump\n        if: always()\n")
KEPT = {"gump.save": "success", "gump.artifact": "success", "gump.cached": "success"}
TELLS = KEPT | {"gump.report": "success", "gump.publish": "success", "after": "success"}


@pytest.fixture
def attempt(bed, tmp_path, action):
    """An attempt, with the launches of the one step, and `files` changed."""

    def start(number, *launches, files=None, action=action, **how):
        files = {
            ".github/workflows/gump.yml": HOST,
            ".gump/workflows/fix.yaml": WORKFLOW + "    session: reuse-on-retry\n",
            ".gump/scripted.json": json.dumps({"impl": launches}),
        } | (files or {})
        repository = make_repository(tmp_path / f"repository-{number}", files)
        payload = {"inputs": {"spec": "Say hello"}}
        trigger = Trigger(event="workflow_dispatch", payload=payload, attempt=number, **how)
        return bed.start(repository, action, trigger)

    return start


def test_what_was_cancelled_goes_on_in_the_next_attempt(bed, attempt, tmp_path):
    cancellable = copy_action(tmp_path / "cancellable")
    make_cancellable(cancellable, "run")
    waiting = bed.base / "waiting"
    busy = [{"run": f"touch {waiting}"}, {"sleep": 60}]
    right = [{"write": "gump-was-here.txt", "text": "here\n"}]
    files = {".github/workflows/gump.yml": CANCELLED}
    started = attempt(1, busy, right, files=files, action=cancellable)
    assert cancel_as_github(started, waiting) == "SIGINT"
    first = started.finish()
    assert first.steps.items() >= (TELLS | {"gump.run": "failure"}).items(), first.log
    assert first.outputs["gump.status"] == "cancelled"
    second = attempt(2, busy, right, files=files).finish()
    assert second.code == 0, second.log
    assert second.steps.items() >= (TELLS | {"gump.run": "success"}).items()
    assert second.outputs["gump.resumed-from"] == "the cache"
    assert second.outputs["gump.run-id"] == first.outputs["gump.run-id"]
