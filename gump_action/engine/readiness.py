"""What a run needs besides a tree (CLIs, keys, homes, known costs), looked at before its steps.

Whether an agent is logged in, its CLI alone can say.
"""

from __future__ import annotations

from collections.abc import Iterable

from gump_action import environment
from gump_action.engine import budget, transcripts
from gump_action.engine.homes import Found, look
from gump_action.engine.run import Run
from gump_action.providers.base import Provider
from gump_action.system import process
from gump_action.workflow.model import AgentStep, Group, provider_of


def homes(here: Run) -> dict[str, Found]:
    """What the user's home says to each provider that may get its turn."""
    providers = _providers(here, (*declared(here), *escalations(here)))
    return {p.NAME: look(p, transcripts.place_of(here, p)) for p in providers}


def _providers(here: Run, agents: Iterable[str]) -> list[Provider]:
    """Each one once."""
    return [here.around.providers[name] for name in dict.fromkeys(map(provider_of, agents))]


def tell_held_back(here: Run) -> None:
    """Which variables no child is given, by name: a test that misses one is quickly put right."""
    environ = here.around.environ
    steps = [s for _, s in here.workflow.walk() if not isinstance(s, Group)]
    named = [v.name for of in (here.workflow, *steps) for v in of.env]
    providers = _providers(here, declared(here))
    passed = [name for provider in providers for name in provider.PASSED + provider.KEYS]
    given = [*environment.for_children(environ), *named, *passed]
    held_back = environment.held_back(environ, given)
    if held_back:
        here.note(
            f"held back from agents and gates: {', '.join(held_back)} "
            "(name what they need under `env:` in the workflow)"
        )


def _agent_steps(here: Run) -> list[AgentStep]:
    return [s for _, s in here.workflow.walk() if isinstance(s, AgentStep)]


def declared(here: Run) -> list[str]:
    """The agents of all steps, each of which runs if nothing fails before it."""
    return [here.given.agent or s.agent for s in _agent_steps(here)]


def escalations(here: Run) -> list[str]:
    """Those whose turn may come."""
    rules = [s.on_failure for s in _agent_steps(here) if s.on_failure.retry]
    return [strategy.agent for rule in rules for strategy in rule.strategy if strategy.agent]


def missing(here: Run, agents: Iterable[str]) -> list[str]:
    """One line for each CLI that is not on PATH."""
    env = environment.for_children(here.around.environ)
    found = _providers(here, agents)
    return [say_missing(p) for p in found if process.find(p.PROGRAM, env) is None]


def say_missing(provider: Provider) -> str:
    """With the command to be copied as one piece, and what is to be known of it behind."""
    command, bracket, note = provider.INSTALL.partition(" (")
    return f"{provider.PROGRAM} is not on PATH. Install it: `{command}`{bracket}{note}"


def warn_of_keys(here: Run) -> None:
    """A CLI may be logged in by other means, so what it then says decides."""
    environ = here.around.environ
    for provider in _providers(here, declared(here)):
        keys = provider.KEYS
        if here.around.is_own_home and keys and not any(environ.get(key) for key in keys):
            text = (
                f"none of {', '.join(keys)} is set; {provider.NAME} then has to be logged in by "
                "other means (settings, a cloud login, --agent-home user)"
            )
            here.note(text, is_warning=True)


def warn_of_costs(here: Run) -> None:
    """Once in the life of the run, for each CLI that may be launched and tells no cost."""
    if here.state.max_budget is None:
        return
    told = {note.text for note in here.state.notes}
    for provider in _providers(here, (*declared(here), *escalations(here))):
        text = budget.never_told(provider.NAME)
        if not provider.TELLS_COST and text not in told:
            here.note(text, is_warning=True)
