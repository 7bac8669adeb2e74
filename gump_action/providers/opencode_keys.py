"""The keys that OpenCode is given, by what its user has configured."""

from __future__ import annotations

import re
from pathlib import Path

from gump_action.providers import files, services
from gump_action.providers.base import Place

SERVICES = (
    *services.KEYS,
    "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_API_KEY",
    "AZURE_COGNITIVE_SERVICES_RESOURCE_NAME",
    "AZURE_RESOURCE_NAME",
    "CEREBRAS_API_KEY",
    "COHERE_API_KEY",
    "DEEPINFRA_API_KEY",
    "FIREWORKS_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_GENERATIVE_AI_API_KEY",
    "GOOGLE_VERTEX_LOCATION",
    "GROQ_API_KEY",
    "OPENCODE_API_KEY",
    "PERPLEXITY_API_KEY",
    "TOGETHER_API_KEY",
    "VERTEX_LOCATION",
    "ZHIPU_API_KEY",
)


def given(place: Place) -> dict[str, str]:
    """Those that the user's configuration names (`{env:NAME}`), else those of known services."""
    texts = [place.environ.get("OPENCODE_CONFIG_CONTENT", "")]
    texts += [files.read(path) for path in _configurations(place)]
    named = re.findall(r"\{env:\s*(\w+)\s*\}", "\n".join(texts))
    return services.given(place.environ, named, SERVICES)


def _configurations(place: Place) -> list[Path]:
    """The user's files.  One inside the tree does not count: agents and strangers write there."""
    environ = place.environ
    root = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    folders = [root / "opencode", Path(environ.get("OPENCODE_CONFIG_DIR") or root / "opencode")]
    names = ("config.json", "opencode.json", "opencode.jsonc")
    paths = [folder / name for folder in folders for name in names]
    if environ.get("OPENCODE_CONFIG"):
        paths.append(Path(environ["OPENCODE_CONFIG"]))
    real = [(place.cwd / path).resolve() for path in paths]
    return [path for path in real if not path.is_relative_to(place.cwd)]
