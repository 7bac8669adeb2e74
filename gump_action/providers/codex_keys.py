"""The keys that config.toml names for model services of the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path


def named(settings: Path) -> set[str]:
    """The variables that the user's own model providers take their keys and headers from."""
    try:
        config: dict[str, object] = tomllib.loads(settings.read_text())
    except (OSError, ValueError):
        return set()
    match config:
        case {"model_providers": dict(services)}:
            return {name for service in services.values() for name in _variables(service)}
    return set()


def _variables(service: object) -> Iterator[str]:
    match service:
        case {"env_key": str(name)}:
            yield name
    match service:
        case {"env_http_headers": dict(headers)}:
            yield from (str(name) for name in headers.values())
