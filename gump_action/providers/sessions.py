"""Session ids on their way into an argument or a path."""

from __future__ import annotations

import re

from gump_action.errors import ProviderError
from gump_action.providers.base import Request


def checked(session: str, pattern: re.Pattern[str], whose: str) -> str:
    """The session as it is; what is another provider's, or none at all, is refused."""
    if not pattern.fullmatch(session):
        raise ProviderError(f"{session!r} is no session of {whose}")
    return session


def flags(request: Request, pattern: re.Pattern[str], whose: str) -> tuple[str, str]:
    """The two words of a CLI that lets us choose the id of a new session."""
    if request.session is None:
        return ("--session-id", checked(request.new_session, pattern, whose))
    return ("--resume", checked(request.session, pattern, whose))
