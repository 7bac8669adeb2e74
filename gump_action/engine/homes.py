"""What the user's home says to an agent's CLI: looked at before any agent runs, and then obeyed.

Agents can write into the user's home, and what they write there must not say which settings, or
which keys, the next one is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gump_action.errors import InputError
from gump_action.providers.base import Place, Provider, Put, made


@dataclass(frozen=True)
class Found:
    """`settings` go into each home of the run's own; `env` is what the provider sets."""

    settings: tuple[Put, ...]
    env: Mapping[str, str]


def look(provider: Provider, place: Place) -> Found:
    """What is there now, read whole.  Raises InputError where it cannot be read."""
    try:
        settings = tuple(_read(put) for put in provider.settings(place))
        return Found(settings, dict(provider.environment(place)))
    except (OSError, ValueError, RecursionError) as why:
        raise InputError(
            f"the user's settings of {provider.NAME} cannot be read, and its agents are to have "
            f"them: {why}",
            hint="Put that file right or take it away; with --agent-home user none is copied.",
        ) from None


def _read(put: Put) -> Put:
    content = put.source.read_bytes()
    return made(put.rewrite(content) if put.rewrite else content, put.target)
