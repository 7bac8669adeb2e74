"""What a state directory remembers of a run: its ledger as a state, and what it was given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from gump_action.engine import events as e
from gump_action.engine.run import Given
from gump_action.engine.state import RunState, fold
from gump_action.errors import InputError
from gump_action.system.store import LEDGER, Store, ledger_lines
from gump_action.workflow.given import inputs
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
    if found not in (0, e.FORMAT):
        raise InputError(
            f"{root / LEDGER}:1: this record has format {found}, and this version of gump-action "
            f"reads {e.FORMAT}.",
            hint="Use the version that wrote it, or start anew with --fresh.",
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
    """What counts: recorded once, and then for the life of the run.

    Raises InputError where something else is given now, unless `given` yields to the record.
    """
    if state.started is None:
        given = replace(given, inputs=inputs(given.inputs, workflow.inputs))
        store.write(SPEC, _spec(given))
        store.write(INPUTS, _inputs(given))
        return given
    if state.started.workflow != workflow.name:
        raise _other_run(store.root, f'the workflow "{state.started.workflow}"')
    kept = _kept(store, state.started)
    if not given.yields:
        _refuse_other(given, kept, store.root)
    # The workflow may declare more by now than it did then.
    defaults = {name: one.default or "" for name, one in workflow.inputs.items()}
    return replace(kept, inputs={**defaults, **kept.inputs})


def other_words(given: Given, kept: Given) -> tuple[str, ...]:
    """What is given otherwise than it was when the run began."""
    others = {
        "spec": given.spec and given.spec != kept.spec,
        "set": not given.inputs.items() <= kept.inputs.items(),
        "agent": given.agent and given.agent != kept.agent,
    }
    return tuple(what for what, is_other in others.items() if is_other)


def check_inputs(workflow: Workflow, given: Given, root: Path, *, is_fresh: bool) -> None:
    """A run that begins needs what is required; one that goes on has it."""
    if is_fresh or next(ledger_lines(root), None) is None:
        inputs(given.inputs, workflow.inputs)


def _kept(store: Store, started: e.RunStarted) -> Given:
    """What the run was given, as it wrote it down: it has to be that to the byte."""
    contents = {name: store.read(name) or b"" for name in (SPEC, INPUTS)}
    digests = {SPEC: started.spec_digest, INPUTS: started.inputs_digest}
    for name, content in contents.items():
        if _digest(content) != digests[name]:
            raise InputError(
                f"{store.root / name} is missing, or is not what the run began with, so what its "
                "steps were about is not certain.",
                hint="Put the file back as it was, or start anew with --fresh; the record is kept "
                "aside.",
            )
    spec = contents[SPEC].decode("utf-8", "surrogatepass")
    return Given(spec, json.loads(contents[INPUTS]), started.agent)


def _refuse_other(given: Given, kept: Given, root: Path) -> None:
    others = other_words(given, kept)
    if others:
        raise _other_run(root, f"another --{', another --'.join(others)}")


def _other_run(root: Path, what: str) -> InputError:
    return InputError(
        f"{root} holds a run with {what}, and a run keeps what it began with.",
        hint="Start anew with --fresh (the old record is kept aside), or give this run "
        "another state directory with --state.",
    )


def spec_digest(given: Given) -> str:
    """Of the spec's text."""
    return _digest(_spec(given))


def inputs_digest(given: Given) -> str:
    """Of the inputs' names and values."""
    return _digest(_inputs(given))


def _spec(given: Given) -> bytes:
    return given.spec.encode("utf-8", "surrogatepass")


def _inputs(given: Given) -> bytes:
    return json.dumps(dict(given.inputs), sort_keys=True).encode()


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
