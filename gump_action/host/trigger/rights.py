"""What accounts may do in this repository, and which are allowed by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gump_action.errors import InputError
from gump_action.host.answers import Permission
from gump_action.host.event import LOGIN


class Right(StrEnum):
    """What an account may do in this repository, lowest first."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def may_write(self) -> bool:
        return self in (Right.WRITE, Right.MAINTAIN, Right.ADMIN)


@dataclass(frozen=True)
class Unknown:
    """A right that could not be looked up; it counts as none."""

    why: str


Rights = Mapping[str, Right | Unknown]


@dataclass(frozen=True)
class Allowed:
    """What the host workflow allows beyond the default. `own` is the account that we speak as."""

    bots: frozenset[str] = frozenset()
    forks: bool = False
    own: str = "github-actions[bot]"


def parse_bots(text: str) -> frozenset[str]:
    """The input `allow-bots`: exact names, between commas or line ends."""
    names = frozenset(name.strip() for name in re.split(r"[,\n]", text) if name.strip())
    odd = sorted(name for name in names if not LOGIN.fullmatch(name))
    if odd:
        raise InputError(
            f"allow-bots: {odd[0]!r} is no name of an account, and bots are allowed only by name.",
            hint="Write each bot as GitHub shows it, for instance dependabot[bot]; there is no *.",
        )
    return names


def right_of(told: Permission) -> Right | Unknown:
    """The right that GitHub tells of; a role of an organisation's own is as good as its level."""
    names = (told.role, told.level)
    found = (right for name in names for right in Right if right == name)
    return next(found, Unknown(f"{told.role!r} is no right that we know"))
