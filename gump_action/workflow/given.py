"""What the command line gives to a workflow: values for its inputs, an agent for its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gump_action.errors import InputError
from gump_action.workflow.forms import NO_BUDGET, agent_problem, parse_usd
from gump_action.workflow.model import Input
from gump_action.workflow.tree import listed, suggest


def chosen(words: Sequence[str], declared: Mapping[str, Input]) -> dict[str, str]:
    """The values in `NAME=VALUE` words, each of a declared input."""
    return dict(_pair(word, declared) for word in words)


def inputs(given: Mapping[str, str], declared: Mapping[str, Input]) -> dict[str, str]:
    """The value of each declared input: what was given, else its default."""
    missing = [n for n, one in declared.items() if one.required and n not in given]
    if missing:
        raise InputError(
            f"the workflow requires the input {listed(missing)}, and it was not given.",
            hint=f"Add --set {missing[0]}=VALUE.",
        )
    return {name: given.get(name, one.default or "") for name, one in declared.items()}


def _pair(word: str, declared: Mapping[str, Input]) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise InputError(f'--set "{word}": it has no `=`.', hint="Write --set NAME=VALUE.")
    if name not in declared:
        raise InputError(
            f'--set "{name}": the workflow declares no such input, so nothing would read it. '
            f"It declares: {listed(declared) or 'none'}.{suggest(name, declared)}",
            hint="Declare it under `inputs:` in the workflow, or leave it out.",
        )
    return name, value


def check_agent(agent: str) -> None:
    """Raises InputError where no provider of ours runs it."""
    problem = agent_problem(agent)
    if problem:
        raise InputError(f"--agent {problem}")


def max_budget(given: str | None) -> float | None:
    """The dollars of --max-budget.  Raises InputError where that is no amount."""
    usd = parse_usd(given) if given is not None else None
    if given is not None and usd is None:
        raise InputError(f'--max-budget is "{given}", {NO_BUDGET}')
    return usd
