"""The settings of Qwen Code: where they are, the keys that they name, what a job needs in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gump_action.providers import files, lines, services
from gump_action.providers.settings import Settings

SERVICES = (
    *services.KEYS,
    "ANTHROPIC_AUTH_TOKEN",
    "AZURE_OPENAI_API_KEY",
    "BAILIAN_CODING_PLAN_API_KEY",
    "BAILIAN_TOKEN_PLAN_API_KEY",
    "DASHSCOPE_API_KEY",
    "GOOGLE_API_KEY",
    "MINIMAX_API_KEY",
    "MODELSCOPE_API_KEY",
    "QWEN_API_KEY",
    "REQUESTY_API_KEY",
    "ZAI_API_KEY",
)


def folder(environ: Mapping[str, str]) -> Path:
    """The folder with settings.json."""
    return Path(environ.get("QWEN_HOME") or Path(environ.get("HOME", "/")) / ".qwen")


def keys(environ: Mapping[str, str]) -> dict[str, str]:
    """Those that the user's settings name as keys (`envKey`), else those of all known services;
    and what the settings use besides (`$NAME`).  Settings inside the tree name nothing: agents and
    strangers write there."""
    text = files.read(folder(environ) / "settings.json")
    named = re.findall(r'"envKey"\s*:\s*"(\w+)"', text)
    used = re.findall(r"\$\{?(\w+)", text)
    return services.given(environ, named, SERVICES) | services.given(environ, used, ())


def fitted(found: Settings, *, keyed: bool) -> Settings:
    """Settings without updates, memory and endless retries, with sessions recorded.

    With `maxRetries` 0 a limit of rate still takes 80 seconds of silence, else many minutes.
    Memory costs a second call of the model for each prompt.  The discontinued browser login gives
    way to a key.
    """
    security = lines.part(found, "security") | {"folderTrust": {"enabled": False}}
    login = lines.part(security, "auth")
    if keyed and login.get("selectedType") == "qwen-oauth":
        security["auth"] = login | {"selectedType": "openai"}
    found["security"] = security
    recorded = {"enableAutoUpdate": False, "chatRecording": True}
    found["general"] = lines.part(found, "general") | recorded
    forgetful = {"enableManagedAutoMemory": False, "enableManagedAutoDream": False}
    found["memory"] = lines.part(found, "memory") | forgetful
    model = lines.part(found, "model")
    generation = {"maxRetries": 0} | lines.part(model, "generationConfig")
    found["model"] = model | {"generationConfig": generation}
    return found
