"""Which record a start goes on with, and why a new run begins instead."""

from __future__ import annotations

from pydantic import ValidationError

from gump_action import environment
from gump_action.engine import events as e
from gump_action.engine import record
from gump_action.engine.run import Surroundings, Wish
from gump_action.engine.state import RunState
from gump_action.engine.workspace.source import is_built_on, missing_bases
from gump_action.system.store import Store, ledger_lines


def find_known(
    store: Store, wish: Wish, around: Surroundings, *, has_tree: bool
) -> tuple[RunState, str]:
    """What there is to go on with, and a word on what there was and is not gone on with.

    `has_tree` says that the tree may be as a killed engine has left it.
    """
    first = next(ledger_lines(store.root), None)
    if first is None:
        return RunState(), ""
    state = RunState() if wish.is_fresh else record.read_state(store.root)
    said = "" if wish.is_fresh else _why_anew(state, wish, around, has_tree=has_tree)
    # A run of which nothing was ever attempted has nothing to go on with.
    if state.attempts and not said:
        return state, ""
    store.set_aside(old_name(store, first))
    return RunState(), said


def _why_anew(state: RunState, wish: Wish, around: Surroundings, *, has_tree: bool) -> str:
    """In a job a run over another base starts anew; elsewhere opening it says what to do.

    A base that has moved is taken in, where that is asked for; but not under a tree that is still
    as a killed agent left it.
    """
    if not around.is_job or state.started is None or state.stands_on is None:
        return ""
    run, workflow = state.started.run, state.started.workflow
    if wish.given.yields and workflow != wish.workflow.name:
        return f"run {run} is of the workflow {workflow}: a new run begins"
    env = environment.for_git(around.environ)
    if wish.takes_in and (lacking := missing_bases(wish.repo, env, state.built_on)):
        return (
            f"run {run} is built on {lacking[0][:12]}, which this clone lacks (actions/checkout "
            "brings it with `fetch-depth: 0`): a new run begins"
        )
    base, in_checkout = state.stands_on.base, wish.workspace == "checkout"
    can_take = wish.takes_in and not (in_checkout and has_tree and not state.left)
    if can_take or is_built_on(wish.repo, env, base, in_checkout=in_checkout):
        return ""
    return f"run {run} is built on {base[:12]}, which this is not: a new run begins"


def old_name(store: Store, first: bytes) -> str:
    """Where a record goes whose first line this is: the name of its run, made unique."""
    try:
        name = str(e.RunStarted.model_validate_json(first).run)
    except ValidationError:
        name = "unreadable"
    names = (name, *(f"{name}-{n}" for n in range(2, 1000)))
    return next(n for n in names if not (store.root / "old" / n).exists())
