"""What to make of a call to GitHub that did not go well: try again, after how long; or say what.

Decisions only; the calls are made by `api`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from gump_action.errors import HostError
from gump_action.host import words

_SECONDARY_WAIT = 60.0
"""Seconds that GitHub asks for where a secondary limit names none."""
_BACKOFF = (1.0, 2.0, 4.0, 8.0)
_SAID = 300


@dataclass(frozen=True)
class Ask:
    """One request: the path under the API's address, and the permission that it needs.

    `needs` is what the host workflow has to grant, as `pull-requests: write`; empty: nothing.
    `once` is said of what must not be done twice: it is tried again only where the first try
    surely did nothing.
    """

    method: str
    path: str
    needs: str = "contents: read"
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    once: bool = False


@dataclass(frozen=True)
class Reply:
    """What one try brought.  Status 0: no answer, and `text` says why, in our own words.

    Names of headers are lower case.  `did_nothing`: the request surely never reached GitHub.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    did_nothing: bool = False

    @property
    def said(self) -> str:
        """GitHub's own words, on one line."""
        try:
            message = str(json.loads(self.text)["message"])
        except (ValueError, KeyError, TypeError, RecursionError):
            message = self.text if self.status == 0 else ""
        return words.one_line(message)[:_SAID]


def wait_after(ask: Ask, reply: Reply, tries: int) -> float | None:
    """Seconds to wait before the same is asked again; None: asking again is of no use.

    `tries` counts those that were made.  Limits say how long to wait
    (docs.github.com, "Rate limits for the REST API"); a 403 without one is a refusal.
    """
    backoff = _BACKOFF[min(tries, len(_BACKOFF)) - 1]
    if reply.status in (403, 429):
        return _wait_of_limit(reply, backoff)
    if reply.status == 0 or reply.status >= 500:
        return backoff if reply.did_nothing or not ask.once else None
    return None


def _wait_of_limit(reply: Reply, backoff: float) -> float | None:
    """What the limit asks for; None where a 403 is no limit."""
    told = reply.headers.get("retry-after", "")
    if told.isdecimal():
        return max(float(told), backoff)
    if reply.headers.get("x-ratelimit-remaining") == "0":
        return max(_until_reset(reply.headers), backoff)
    if reply.status == 429 or re.search(r"rate limit|abuse detection", reply.said, re.I):
        return _SECONDARY_WAIT
    return None


def _until_reset(headers: Mapping[str, str]) -> float:
    """By the server's own clock: ours may be wrong."""
    reset, now = headers.get("x-ratelimit-reset", ""), _date(headers)
    if not reset.isdecimal() or now is None:
        return _SECONDARY_WAIT
    return int(reset) - now.timestamp() + 1


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None


def failure(ask: Ask, reply: Reply, wait: float | None = None) -> HostError:
    """The error for a reply that is final, or whose wait is longer than we have."""
    said = f" ({reply.said})" if reply.said and reply.status else ""
    why, hint = _why(ask, reply, wait)
    return HostError(
        f"GitHub, {ask.method} {ask.path}: {why}{said}.", hint=hint, status=reply.status
    )


def _why(ask: Ask, reply: Reply, wait: float | None) -> tuple[str, str]:
    """What is wrong, and what to do."""
    match reply.status:
        case 0:
            return reply.said or "no answer", ""
        case 401:
            return (
                "the token is not accepted (401)",
                "Give a token that is valid; that of a job ends with its job.",
            )
        case 403 | 429 if wait is not None:
            return f"a rate limit, to be waited for {words.span(wait)} ({reply.status})", ""
        case 403:
            return "the token may not do this (403)", _grant(permission_of(ask, reply))
        case 404:
            return (
                "not found, or not to be seen by this token (404)",
                f"If it is there, {_grant(permission_of(ask, reply), 'give')}",
            )
        case status if status >= 500:
            return f"GitHub is in trouble ({status})", ""
        case status if 300 <= status < 400:
            return f"a redirect that is not followed ({status})", "Correct the API's address."
        case status:
            return f"refused ({status})", ""


def _grant(permission: str, verb: str = "Give") -> str:
    if not permission:
        return f"{verb} another token."
    return f"{verb} the job `permissions:` with {permission}, or another token."


def permission_of(ask: Ask, reply: Reply) -> str:
    """What the token lacks, as a host workflow writes it: what GitHub says, else what we know.

    Empty where it is nothing that a job can be given: every token may read metadata.
    The header reads `issues=write; pull_requests=write` where each of them would do.
    """
    told = reply.headers.get("x-accepted-github-permissions", "")
    choices = [
        " and ".join(
            f"`{name.replace('_', '-')}: {level}`"
            for name, level in re.findall(r"(\w+)=(\w+)", choice)
            if name != "metadata"
        )
        for choice in told.split(";")
    ]
    return " or ".join(filter(None, choices)) or (f"`{ask.needs}`" if ask.needs else "")
