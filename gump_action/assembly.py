"""Builds the parts of each command, with what stands for options not given, and lets them meet."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from gump_action import environment, templating
from gump_action.engine import apply as applying
from gump_action.engine import engine, record
from gump_action.engine import events as e
from gump_action.engine.outcome import Verdict
from gump_action.engine.run import Given, Surroundings, Wish
from gump_action.engine.state import RunState
from gump_action.errors import InputError
from gump_action.host import actions, display, places, run_key
from gump_action.host import report as reports
from gump_action.host.log import plan
from gump_action.host.log.annotations import Tree, annotations_of
from gump_action.host.setup import doctor as doctors
from gump_action.providers import KEYS, PROVIDERS
from gump_action.redaction import Redactor, secrets_of
from gump_action.system import private, process
from gump_action.system.process import Stop
from gump_action.system.store import LEDGER, Store, attempt_folder, check_is_ours
from gump_action.workflow import given, loader
from gump_action.workflow.loader import Loaded
from gump_action.workflow.model import Workflow
from gump_action.workflow.wanted import unspecified

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Options:
    """What `run` was asked.

    `timeout` is in seconds, for this start alone; with `yields` a record outranks spec, inputs and
    agent; with `takes_in` what HEAD has moved to is merged into the run; `secrets` are masked,
    besides those that the environment has.
    """

    workflow: str
    spec: Path | None
    repo: Path
    version: str
    state: Path | None = None
    inputs: tuple[str, ...] = ()
    agent: str = ""
    workspace: Literal["isolated", "checkout"] | None = None
    is_own_home: bool = True
    is_fresh: bool = False
    takes_in: bool = False
    max_budget: float | None = None
    timeout: float | None = None
    yields: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    as_json: bool = False


def describe(options: Options, environ: Mapping[str, str]) -> list[str]:
    """What `run` would do, as lines.  Raises InputError where the run itself would be refused."""
    if options.as_json:
        raise InputError(
            "--dry-run runs nothing, so there are no events for --json to tell.",
            hint="Leave one of the two out.",
        )
    where = _where(options, environ)
    root = where.root
    loaded = loader.load(loader.find_workflow(options.workflow, where.repo))
    asked = _given(options, loaded.workflow)
    check_is_ours(root)
    record.check_inputs(loaded.workflow, asked, root, is_fresh=options.is_fresh)
    state = RunState() if options.is_fresh else record.read_state(root)
    if state.attempts:
        asked = record.keep_given(loaded.workflow, asked, Store(root), state)
    workflow = loaded.workflow
    if options.max_budget:
        workflow = workflow.model_copy(update={"max_budget": options.max_budget})
    lines = plan.lines(workflow, asked.agent)
    return [*_warnings(loaded, options, where), *lines, *plan.known(state, root)]


@dataclass(frozen=True)
class _Where:
    """Where this run works, and where its record lies."""

    repo: Path
    root: Path
    workspace: Literal["isolated", "checkout"]


def _warnings(loaded: Loaded, options: Options, where: _Where) -> list[str]:
    """Of the workflow file, and of what is not said.  A run that is there has its spec already."""
    is_new = options.is_fresh or not (where.root / LEDGER).exists()
    missed = unspecified(loaded.workflow) if is_new and not options.spec else ""
    return [*map(str, loaded.warnings), *filter(None, [missed])]


def _where(options: Options, environ: Mapping[str, str]) -> _Where:
    repo = places.repository(options.repo)
    workspace = options.workspace or ("checkout" if places.is_job(environ) else "isolated")
    return _Where(repo, places.state(options.state, repo, workspace, environ), workspace)


def run(options: Options, environ: Mapping[str, str]) -> Verdict:
    """Run or continue."""
    private.hide()
    where = _where(options, environ)
    loaded = loader.load(loader.find_workflow(options.workflow, where.repo))
    wish = Wish(
        workflow=loaded.workflow,
        given=_given(options, loaded.workflow),
        repo=where.repo,
        workspace=where.workspace,
        run=f"{time.strftime('%Y%m%d', time.gmtime())}-{os.urandom(3).hex()}",
        engine=options.version,
        is_fresh=options.is_fresh,
        takes_in=options.takes_in,
        max_budget=options.max_budget,
    )
    screen = _display(options, where, environ)
    for warning in _warnings(loaded, options, where):
        screen.show(e.Noted(level="warning", text=warning))
    around = Surroundings(
        providers=PROVIDERS,
        environ=environ,
        redactor=_redactor(loaded.workflow, environ, options.secrets),
        stop=_stop_on_signals(options.timeout),
        listen=screen.show,
        clock=time.time,
        templates=templating.read_overrides(where.repo / ".gump" / "templates"),
        is_own_home=options.is_own_home,
        is_job=places.is_job(environ),
        job_attempt=run_key.job_attempt(environ),
    )
    return _watched(wish, Store(where.root), around, screen)


def _display(options: Options, where: _Where, environ: Mapping[str, str]) -> display.Display:
    return display.make_display(
        environ,
        json=options.as_json,
        stream=sys.stdout,
        is_terminal=sys.stdout.isatty(),
        record=where.root if options.state or where.workspace == "checkout" else None,
        annotate=_annotate(_tree(where, environ), where.root),
    )


def _watched(wish: Wish, store: Store, around: Surroundings, screen: display.Display) -> Verdict:
    """The run, with the display closed at its end, however it ends."""
    state = RunState()
    try:
        done = engine.run(wish, store, around)
        state = done.state
        done.close()
    finally:
        _ignore_signals()
        screen.close(state)
    assert state.ended, "a run that was walked has ended"
    return state.ended.verdict


def _annotate(tree: Tree, root: Path) -> Callable[[RunState], list[actions.Annotation]]:
    """Annotations with the places of the files in this tree, from the whole output of gates."""

    def printed(gate: e.GateEnded) -> str:
        path = root / attempt_folder(gate.step, gate.attempt) / f"gate-{gate.index}.txt"
        return path.read_text("utf-8", "replace") if path.is_file() else gate.evidence

    return partial(annotations_of, tree=tree, printed=printed)


def _tree(where: _Where, environ: Mapping[str, str]) -> Tree:
    """Where gates run, and where the repository lies in the workspace of the job."""
    top = Path(environ.get("GITHUB_WORKSPACE") or where.repo).resolve()
    at = str(where.repo.relative_to(top)) if where.repo.is_relative_to(top) else ""
    tree = where.repo if where.workspace == "checkout" else where.root / "tree"
    return Tree(str(tree), lambda name: (tree / name).is_file(), at)


def _given(options: Options, workflow: Workflow) -> Given:
    spec = places.read_spec(options.spec) if options.spec else ""
    if options.agent:
        given.check_agent(options.agent)
    chosen = given.chosen(options.inputs, workflow.inputs)
    return Given(spec, chosen, options.agent, yields=options.yields)


def _redactor(workflow: Workflow, environ: Mapping[str, str], more: tuple[str, ...]) -> Redactor:
    named = [(v.name, v.value) for v in workflow.env]
    return Redactor(secrets_of(environ, KEYS, named).union(more))


def _stop_on_signals(timeout: float | None) -> Stop:
    """After `timeout` seconds the run is stopped as by a signal: its work is kept."""
    stop = Stop()
    for number in (*SIGNALS, signal.SIGALRM):
        signal.signal(number, lambda signum, frame: stop.request(signum))
    if timeout:
        signal.setitimer(signal.ITIMER_REAL, timeout)
    return stop


def _ignore_signals() -> None:
    """All is written down: a further signal must not change how the run is said to have ended."""
    for number in (*SIGNALS, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)


def report(state: Path | None, environ: Mapping[str, str]) -> str:
    """The Markdown report of a run."""
    root = places.existing_state(state, environ)
    check_is_ours(root)
    return reports.report(record.read_state(root), root)


def apply(state: Path | None, repo: Path, environ: Mapping[str, str]) -> str:
    """Merge the result of a run; what was done, in words."""
    root = places.existing_state(state, environ)
    known = record.read_state(root)
    return applying.apply(known, places.repository(repo), environment.for_git(environ))


def doctor(workflow: str | None, repo: Path, environ: Mapping[str, str]) -> int:
    """Say what is there; 4 where something that the workflow needs is missing."""
    found = None
    if workflow:
        path = loader.find_workflow(workflow, places.repository(repo))
        found = loader.load(path).workflow
    env = environment.for_children(environ)
    findings = doctors.examine(
        PROVIDERS, environ, version_of=lambda p, option: _version(p, option, env), workflow=found
    )
    print(doctors.text(findings))
    return Verdict.BLOCKED.exit_code if findings.missing else 0


def _version(program: Path, option: str, env: Mapping[str, str]) -> str:
    """What a program says of its version within ten seconds; stderr, with warnings, comes last."""
    said: list[bytes] = []
    complained: list[bytes] = []
    launch = process.Launch((str(program), option), Path.cwd(), env, wall=10.0)
    try:
        process.run(launch, said.append, complained.append)
    except OSError:
        return ""
    return b"".join(said + complained).decode("utf-8", "replace")
