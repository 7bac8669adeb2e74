"""The registry: provider name to module.  A new provider is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from gump_action.providers import claude, codex, cursor, gemini, opencode, qwen, scripted
from gump_action.providers.base import Provider

PROVIDERS: Mapping[str, Provider] = {
    "claude": claude,
    "codex": codex,
    "gemini": gemini,
    "qwen": qwen,
    "opencode": opencode,
    "cursor": cursor,
    "scripted": scripted,
}
KEYS = tuple(key for provider in PROVIDERS.values() for key in provider.KEYS)
"""Every variable that may hold a provider's key."""
