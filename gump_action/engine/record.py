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
from gump_action.workflow.model import AgentStep, Workflow

SPEC = "given/spec.md"
INPUTS = "given/inputs.json"
TEMPLATES = "given/templates.json"
WORDS = "given/words.json"


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


def check_words(store: Store, workflow: Workflow, repo: Path, state: RunState) -> None:
    """Keep what workflow and prompt files say at first; refuse what an agent has made of them.

    In a checkout the tree holds agents' work when the run goes on, and what they write there must
    not say what gates ask, or which variables they are given.
    """
    now = {name: _digest(path.read_bytes()) for name, path in _words(workflow, repo).items()}
    if state.started is None:
        store.write(WORDS, json.dumps(now, sort_keys=True).encode())
        return
    before = json.loads(store.read(WORDS) or b"{}")
    for name, digest in now.items():
        writer = _writer(name, state)
        if writer and before.get(name) != digest:
            raise InputError(
                f"{name} is not as it was when the run began: {writer} has changed it, and agents "
                "do not say what a run does.",
                hint="Put it back as it was to go on, or start anew with --fresh if you agree.",
            )


def _words(workflow: Workflow, repo: Path) -> dict[str, Path]:
    """The files in the repository that say what the run does."""
    steps = [step for _, step in workflow.walk()]
    prompts = [step.prompt_file for step in steps if isinstance(step, AgentStep)]
    paths = [workflow.path, *(workflow.path.parent / name for name in prompts if name)]
    found = [path.resolve() for path in paths if path.is_file()]
    return {p.relative_to(repo).as_posix(): p for p in found if p.is_relative_to(repo)}


def _writer(name: str, state: RunState) -> str:
    """The attempt that has changed a file, if one has; one with very many files may have."""
    for attempts in state.attempts.values():
        for attempt in attempts:
            if name in attempt.files or attempt.more_files:
                return attempt.name
    return ""
