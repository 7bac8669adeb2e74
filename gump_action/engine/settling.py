"""Settles what an engine that was killed has left: its children, and attempts under way."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from gump_action import environment
from gump_action.engine import record, step, transcripts
from gump_action.engine.outcome import Verdict
from gump_action.engine.run import Given, Run, Surroundings
from gump_action.engine.state import Attempt, RunState
from gump_action.engine.transcripts import Talk
from gump_action.engine.workspace.opening import Place, open_workspace
from gump_action.errors import InputError
from gump_action.system import process
from gump_action.system.store import Store
from gump_action.workflow.model import Workflow, provider_of

PLACE = "place.json"
"""Says where on this machine the run works."""
LIVE = "live"
"""Holds the mark of the engine that works here, or has died here."""


def end_what_lives(store: Store) -> None:
    """End all that a killed engine had started, before anything that it may write to is touched."""
    mark = store.read(LIVE)
    if mark:
        process.end_marked(mark.decode())


def leave_mark(store: Store) -> str:
    """A mark for this engine, to be found should it die; before it starts anything."""
    mark = process.new_mark()
    store.write(LIVE, mark.encode())
    return mark


def is_at(store: Store, place: Place) -> bool:
    """Whether the last engine of this record worked at this place, and its tree is there."""
    kept = _kept_place(store)
    return kept is not None and kept.is_same(place)


def _kept_place(store: Store) -> Place | None:
    text = store.read(PLACE)
    if text is None or not (store.root / "git").exists():
        return None
    try:
        return Place.model_validate_json(text)
    except ValidationError:
        return None


def keep_place(store: Store, place: Place) -> None:
    """Say where the run works, before any agent does."""
    store.write(PLACE, place.model_dump_json().encode())


def settle(here: Run, *, has_tree: bool) -> None:
    """End what a killed engine has left under way, and keep what its agent had done.

    `has_tree` says that the tree is still the one in which it worked.
    """
    for attempt in here.state.unfinished():
        _settle_attempt(here, attempt, has_tree=has_tree)


def _settle_attempt(here: Run, attempt: Attempt, *, has_tree: bool) -> None:
    has_tree = has_tree and bool(attempt.agent) and not here.workspace.is_new
    here.note(
        "its engine ended before it was done, and what is left of it is kept now", step=attempt.step
    )
    if has_tree and attempt.known and not attempt.kept:
        provider = here.around.providers[provider_of(attempt.agent)]
        place = transcripts.place_of(here, provider)
        talk = Talk(attempt.step, attempt.number, provider, place)
        transcripts.keep(here, talk, attempt.known)
    if has_tree and not attempt.snapshot:
        for text in here.workspace.after_attempt():
            here.note(text, step=attempt.step)
        here.workspace.drop_output_folder()
        step.take_snapshot(here, attempt.step, attempt.number)
    ending = step.Ending(Verdict.CANCELLED, "its engine ended before it")
    step.end_attempt(here, attempt.step, attempt.number, ending)
    here.tree_at = ""


def settle_alone(store: Store, around: Surroundings) -> list[str]:
    """Settle a record whose engine is gone, without going on; lines on what could not be done.

    For who takes the record elsewhere, or goes on in another tree.  `store` is open.
    """
    end_what_lives(store)
    state = record.read_state(store.root)
    place = _kept_place(store)
    if not state.unfinished() or place is None:
        return []
    try:
        return _settle_at(place, store, state, around)
    except InputError as why:
        return [f"what the last attempt had done could not be kept: {why.message}"]


def _settle_at(place: Place, store: Store, state: RunState, around: Surroundings) -> list[str]:
    mark = leave_mark(store)
    env = process.for_git(environment.for_git(around.environ), mark)
    around = replace(around, is_own_home=place.is_own_home, is_job=place.is_job)
    workspace = open_workspace(place, store.root, state, env, has_tree=True)
    assert state.started, "a record with attempts has begun"
    workflow = Workflow(name=state.started.workflow, steps=())
    here = Run(workflow, Given(), around, store, workspace, state, mark)
    try:
        settle(here, has_tree=True)
        workspace.finish(state.head)
    finally:
        workspace.close()
    return list(workspace.notes)
