"""A run from its first start, or from its ledger, to its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gump_action import environment
from gump_action.engine import events as e
from gump_action.engine import gates, readiness, record, settling, step, taking
from gump_action.engine.group import Walk
from gump_action.engine.known import find_known, old_name
from gump_action.engine.outcome import Verdict
from gump_action.engine.retry import Stop
from gump_action.engine.run import Run, Surroundings, Wish
from gump_action.engine.state import Attempt, RunState
from gump_action.engine.workspace.opening import Place, open_workspace
from gump_action.engine.workspace.source import find_source
from gump_action.errors import CommandError, InputError, LostError, Stopped
from gump_action.system import git, process
from gump_action.system.store import Store, ledger_lines

SET_UP = "set-up"
"""Names the commands that have set up the tree of this state directory."""


def run(wish: Wish, store: Store, around: Surroundings) -> Run:
    """Begin or continue, walk, and end; the state of what is returned has the verdict.

    The caller closes it.  Raises InputError where nothing may be begun.
    """
    _check_first(wish, store, around)
    store.open()
    git.heed(around.stop)
    try:
        settling.end_what_lives(store)
        place = _place(wish, around)
        has_tree = settling.is_at(store, place)
        lost = [] if has_tree or wish.is_fresh else settling.settle_alone(store, around)
        state, said = find_known(store, wish, around, has_tree=has_tree)
        here = _open(wish, store, state, around, place=place, has_tree=has_tree)
        if here.workspace.incoming and here.workspace.incoming.why:
            said = _set_aside_unmerged(here)
            here = _open(wish, store, RunState(), around, place=place, has_tree=False)
        settling.keep_place(store, place)
    except BaseException:
        git.ignore(around.stop)
        store.close()
        raise
    others = record.other_words(wish.given, here.given) if here.state.started else ()
    try:
        here.homes = readiness.homes(here)
        _begin(here, wish, [*lost, said, *map(_kept_instead, others)])
        settling.settle(here, has_tree=has_tree)
        if here.workspace.incoming:
            _take_in(here)
        _set_up(here, wish)
        _walk_unless_lost(here)
    except Stopped as why:
        _leave_open(here, why)
    except BaseException:
        here.close()
        raise
    return here


def _check_first(wish: Wish, store: Store, around: Surroundings) -> None:
    """What can be refused before there is a state directory: a first start then leaves none."""
    record.check_inputs(wish.workflow, wish.given, store.root, is_fresh=wish.is_fresh)
    if not store.root.exists():
        find_source(wish.repo, environment.for_git(around.environ))


def _open(
    wish: Wish, store: Store, state: RunState, around: Surroundings, *, place: Place, has_tree: bool
) -> Run:
    """The parts of a run that goes on with this state, before it has said anything."""
    given = record.keep_given(wish.workflow, wish.given, store, state)
    around = _with_templates(wish, store, state, around)
    mark = settling.leave_mark(store)
    env = process.for_git(environment.for_git(around.environ), mark)
    workspace = open_workspace(
        place, store.root, state, env, has_tree=has_tree, takes_in=wish.takes_in
    )
    return Run(wish.workflow, given, around, store, workspace, state, mark)


def _set_aside_unmerged(here: Run) -> str:
    """The run does not merge with what came in: its record is kept aside; a word on that."""
    incoming, on = here.workspace.incoming, here.state.stands_on
    assert incoming, "that is why it is asked"
    assert on, "only a run that has begun can meet something"
    here.workspace.close()
    first = next(ledger_lines(here.store.root))
    here.store.set_aside(old_name(here.store, first))
    return (
        f"run {here.id}, built on {on.base[:12]}, does not merge with {incoming.opened.base[:12]} "
        f"({incoming.why}): a new run begins; the record of the old one is kept aside"
    )


def _leave_open(here: Run, why: Stopped) -> None:
    """There was no time to keep all: as where an engine was killed, the next start does that.

    Where only a session was left, the tree holds its snapshot, and is looked at for changes of
    others before anything is done in it.
    """
    told = f"{here.around.stop.why}: {why.message} {why.hint}"
    here.emit(e.RunEnded(verdict=Verdict.CANCELLED, why=told, left=here.tree_at))


def _place(wish: Wish, around: Surroundings) -> Place:
    return Place(
        repo=wish.repo.resolve(),
        kind=wish.workspace,
        share=wish.workflow.workspace.share,
        is_own_home=around.is_own_home,
        is_job=around.is_job,
    )


def _with_templates(
    wish: Wish, store: Store, state: RunState, around: Surroundings
) -> Surroundings:
    """In a checkout agents may have written the templates that lie there now."""
    if wish.workspace == "isolated":
        return around
    record.check_words(store, wish.workflow, wish.repo.resolve(), state)
    is_first = state.started is None
    kept = record.keep_templates(store, around.templates, is_first=is_first)
    return replace(around, templates=kept)


def _kept_instead(what: str) -> str:
    return f"another `{what}` is given now; the run keeps that with which it began"


def _begin(here: Run, wish: Wish, said: Sequence[str]) -> None:
    if here.state.started is None:
        here.emit(_started(here, wish))
    else:
        limit = wish.limit
        here.emit(e.RunContinued(engine=wish.engine, workspace=wish.workspace, max_budget=limit))
    for text in (*filter(None, said), *here.workspace.notes):
        here.note(text, is_warning=True)
    if here.state.starts == 1:
        readiness.tell_held_back(here)


def _take_in(here: Run) -> None:
    """What set-up commands have made may not fit what came in: they run again."""
    here.store.remove(SET_UP)
    taking.take_in(here)


def _set_up(here: Run, wish: Wish) -> None:
    """Run the set-up commands once in each new tree; a tree where they failed is still new."""
    commands = here.workflow.workspace.setup
    if wish.workspace != "isolated" or not commands:
        if here.state.starts == 1:
            here.tree_at = here.workspace.opened.start
        return
    asked = "\n".join(commands).encode()
    if not here.workspace.is_new and here.store.read(SET_UP) == asked:
        return
    here.store.remove(SET_UP)
    if here.state.bases.taken:
        here.put_tree_at(here.workspace.opened.start)
    complaint = gates.setup(here)
    if here.around.stop.is_wanted:
        return
    if complaint:
        raise InputError(f"workspace.setup: {complaint}", hint="No step was run.")
    here.workspace.after_setup()
    here.store.write(SET_UP, asked)


def _started(here: Run, wish: Wish) -> e.RunStarted:
    opened = here.workspace.opened
    return e.RunStarted(
        run=wish.run,
        workflow=here.workflow.name,
        engine=wish.engine,
        workspace=wish.workspace,
        agent=here.given.agent,
        base=opened.base,
        start=opened.start,
        found=opened.found,
        untracked=opened.untracked,
        ignored=opened.ignored,
        spec_digest=record.spec_digest(here.given),
        inputs_digest=record.inputs_digest(here.given),
        max_budget=wish.limit,
    )


def _walk_unless_lost(here: Run) -> None:
    """Agents can remove what the run stands on: then it has failed, in clear words.

    Raises LostError where not even that can be written down.
    """
    try:
        _walk(here)
    except (LostError, CommandError, OSError) as fault:
        lost = fault if isinstance(fault, LostError) else here.workspace.find_lost()
        if lost is None:
            raise
        try:
            _end_lost(here, lost)
        except OSError:
            raise lost from None


def _end_lost(here: Run, lost: LostError) -> None:
    """Nothing is published or put back: the tree is all that there may be of the work."""
    ending = step.Ending(Verdict.FAILED, str(lost))
    for attempt in here.state.unfinished():
        step.end_attempt(here, attempt.step, attempt.number, ending)
    here.emit(e.RunEnded(verdict=Verdict.FAILED, why=str(lost)))
    here.store.remove(settling.LIVE)


def _walk(here: Run) -> None:
    missing = readiness.missing(here, readiness.declared(here))
    if missing:
        _end(here, Stop(Verdict.BLOCKED, missing[0]))
        return
    for text in readiness.missing(here, readiness.escalations(here)):
        here.note(f"{text} (needed only where its turn comes)", is_warning=True)
    readiness.warn_of_keys(here)
    readiness.warn_of_costs(here)
    _end(here, Walk(here).workflow())


def _end(here: Run, end: Stop) -> None:
    """Publish what has passed, put the tree in order, and write down the verdict."""
    head = taking.current(here, here.state.head) if here.state.passes else ""
    commits = [
        (f"{attempt.step}: {here.workflow.name}\n\nGump-Run: {here.id}\nGump-Step: {name}", commit)
        for name, commit, attempt in _passed_commits(here)
    ]
    branch = f"gump/{here.id}"
    told = len(here.workspace.notes)
    starts = {c: here.state.start_of(c) for _, c in commits if not here.state.is_current(c)}
    tip = here.workspace.publish(branch, commits, here.state.published, starts)
    for text in here.workspace.notes[told:]:
        here.note(text, is_warning=True)
    here.workspace.finish(head or here.workspace.opened.start)
    ended = e.RunEnded(
        verdict=end.verdict,
        why=end.why,
        branch=branch if tip else "",
        commit=tip or "",
        left=head or here.workspace.opened.start,
    )
    here.emit(ended)
    here.store.remove(settling.LIVE)


def _passed_commits(here: Run) -> list[tuple[str, str, Attempt]]:
    return [(a.name, here.state.bases.now(a.end), a) for a in here.state.passes.values()]
