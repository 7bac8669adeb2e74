"""Model services, for CLIs that speak to many: whose keys they are given, what a refusal means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

KEYS = (
    "ANTHROPIC_API_KEY",
    "DEEPSEEK_API_KEY",
    "GEMINI_API_KEY",
    "MISTRAL_API_KEY",
    "MOONSHOT_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "XAI_API_KEY",
)
"""Those that all of these CLIs know."""

_HELD = re.compile(r"(?:GITHUB|ACTIONS|RUNNER|GUMP)_")
_KEY = re.compile(
    r"\b(?:invalid|incorrect|wrong|missing|expired|no) api[ _-]?key|API_KEY_INVALID"
    r"|api[ _-]?key (?:is |was |has )?(?:not|been|missing|invalid|incorrect|required|expired)\b"
    r"|api[ _-]?key environment variable|reported as leaked|not authenticated|unauthorized"
    r"|authentication (?:failed|required|error)|failed to authenticate|UNAUTHENTICATED"
    r"|PERMISSION_DENIED|invalid (?:authentication )?credentials|default credentials"
    r"|not logged in|\blog ?in again|(?:please|must|need to) log ?in\b",
    re.IGNORECASE,
)
_QUOTA = re.compile(
    r"(?:exceeded|exhausted) (?:your|the) (?:\w+ ){0,3}quota"
    r"|quota (?:has been )?(?:exhausted|exceeded)(?!.{0,200}per[ _]?minute)"
    r"|insufficient[_ ](?:quota|balance|funds|credits?)|credit balance|arrearage|usage limit"
    r"|requires billing|billing (?:details|hard limit|account|is not|has not)",
    re.IGNORECASE,
)
"""Not every limit: one of the rate is lifted by waiting, and a retry may help."""


def given(environ: Mapping[str, str], named: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """The variables that settings name, else the known ones, as far as they are set.

    What belongs to the host or to us is nobody's key.
    """
    names = [name for name in named if not _HELD.match(name)] or known
    return {name: environ[name] for name in names if environ.get(name)}


def find_remedy(said: str, status: int, *, login: str, pay: str) -> str:
    """What lifts a refusal for which no retry helps; empty for any other."""
    if status == 402 or _QUOTA.search(said):
        return pay
    return login if status in (401, 403) or _KEY.search(said) else ""
