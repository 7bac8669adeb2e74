"""What a state directory remembers of a run: its ledger as a state, and what it was given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from gump_action.engine import events as e
from gump_action.engine.run import Given
from gump_action.engine.state import RunState, fold
from gump_action.errors import InputError
from gump_action.system.store import LEDGER, Store, ledger_lines
from gump_action.workflow.model import Workflow

SPEC = "given/spec.md"
INPUTS = "given/inputs.json"
TEMPLATES = "given/templates.json"


def read_state(root: Path) -> RunState:
    """What the ledger of this state directory says.  Raises InputError with the line at fault."""
    return fold(_events(root))


def _events(root: Path) -> Iterator[e.AnyEvent]:
    for number, line in enumerate(ledger_lines(root), 1):
        if number == 1:
            _check_format(root, line)
        try:
            event = e.parse_event(line)
        except ValidationError as why:
            raise _unreadable(root, number, str(why.errors()[0]["msg"])) from None
        if event.seq != number:
            raise _unreadable(root, number, f"event {number} was to be here, not {event.seq}")
        yield event


def _check_format(root: Path, line: bytes) -> None:
    found = _format(line)
    if found > e.FORMAT:
        raise InputError(
            f"{root / LEDGER}:1: this record has format {found}, and this version of gump-action "
            f"reads up to {e.FORMAT}.",
            hint="Use the version that wrote it or a newer one, or start anew with --fresh.",
        )


def _unreadable(root: Path, number: int, why: str) -> InputError:
    return InputError(
        f"{root / LEDGER}:{number}: this line is not the event that was written there ({why}), so "
        "what the run knows is not certain.",
        hint="Put the file back as it was, or start anew with --fresh; the record is kept aside.",
    )


def _format(line: bytes) -> int:
    try:
        return int(json.loads(line).get("format", 0))
    except (ValueError, AttributeError, TypeError):
        return 0


def keep_given(workflow: Workflow, given: Given, store: Store, state: RunState) -> Given:
    """What counts: recorded once, and then for the life of the run."""
    if state.started is None:
        inputs = json.dumps(dict(given.inputs), sort_keys=True)
        store.write(SPEC, given.spec.encode("utf-8", "surrogatepass"))
        store.write(INPUTS, inputs.encode())
        return given
    _refuse_other(workflow, given, state.started, store.root)
    spec = (store.read(SPEC) or b"").decode("utf-8", "surrogatepass")
    inputs = json.loads(store.read(INPUTS) or b"{}")
    return Given(spec, inputs, state.started.agent)


def _refuse_other(workflow: Workflow, given: Given, started: e.RunStarted, root: Path) -> None:
    others = {
        f'the workflow "{started.workflow}", not "{workflow.name}"': workflow.name
        != started.workflow,
        "another --spec": given.spec and spec_digest(given) != started.spec_digest,
        "other values of --set": given.inputs and inputs_digest(given) != started.inputs_digest,
        f"--agent {started.agent or '(none)'}": given.agent and given.agent != started.agent,
    }
    for what, is_other in others.items():
        if is_other:
            raise InputError(
                f"{root} holds a run with {what}, and a run keeps what it began with.",
                hint="Start anew with --fresh (the old record is kept aside), or give this run "
                "another state directory with --state.",
            )


def spec_digest(given: Given) -> str:
    """Of the spec's text."""
    return _digest(given.spec.encode("utf-8", "surrogatepass"))


def inputs_digest(given: Given) -> str:
    """Of the inputs' names and values."""
    return _digest(json.dumps(dict(given.inputs), sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def keep_templates(store: Store, templates: Mapping[str, str], *, is_first: bool) -> dict[str, str]:
    """The project's templates as they were at the first start, before any agent ran."""
    if is_first:
        store.write(TEMPLATES, json.dumps(dict(templates), sort_keys=True).encode())
        return dict(templates)
    return dict(json.loads(store.read(TEMPLATES) or b"{}"))
