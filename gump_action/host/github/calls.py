"""How GitHub is asked: try after try within the patience given, page after page, answer by answer.

What is asked is `api`'s; through which door the requests go is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from gump_action.errors import HostError
from gump_action.host.answers import Json
from gump_action.host.github import blob
from gump_action.host.github.patience import Ask, Reply, failure, wait_after

if TYPE_CHECKING:
    from requests import RequestException

_TIMEOUT = 10
_GOOD = range(200, 300)
_Record = TypeVar("_Record")


class Door(Protocol):
    """What makes requests: PyGithub's `Requester`."""

    @property
    def graphql_url(self) -> str: ...

    def requestJson(
        self,
        verb: str,
        url: str,
        *,
        parameters: dict[str, Any] | None,
        input: Any | None,
    ) -> tuple[int, dict[str, Any], str]: ...

    def close(self) -> None: ...


class Calls:
    """Requests that lose at most about `patience` seconds to failures, over all of them.

    `make_door` opens one whose requests wait no longer than so many seconds for an answer.
    """

    def __init__(
        self,
        make_door: Callable[[int], Door],
        *,
        patience: float,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self._make_door = make_door
        self._doors: dict[int, Door] = {}
        self._patience = patience
        self._sleep = sleep
        self._clock = clock

    def close(self) -> None:
        """Closes all connections."""
        for door in self._doors.values():
            door.close()
        self._doors.clear()

    def door(self) -> Door:
        """One that waits no longer than there is patience left, and a second."""
        seconds = self.timeout()
        if seconds not in self._doors:
            self._doors[seconds] = self._make_door(seconds)
        return self._doors[seconds]

    def timeout(self) -> int:
        """Seconds that a single try may wait for an answer."""
        return int(min(_TIMEOUT, max(1, self._patience)))

    def one(self, ask: Ask, read: Callable[[Json], _Record]) -> _Record:
        """The record that is read of the answer.  Raises HostError."""
        return _read(read, ask, self.call(ask))

    def pages(self, ask: Ask, read: Callable[[Json], _Record], key: str = "") -> Iterator[_Record]:
        """All pages, one after the other as they are asked for."""
        page = 1
        while page:
            query = {**ask.query, "per_page": 100, "page": page}
            reply = self.call(replace(ask, query=query))
            yield from _read(lambda json: [read(each) for each in _rows(json, key)], ask, reply)
            page = _next_page(ask, reply, page)

    def call(self, ask: Ask) -> Reply:
        """The answer, after as many tries as it takes.  Raises HostError."""
        return self.persist(ask, lambda: self.once(ask))

    def persist(self, ask: Ask, attempt: Callable[[], Reply]) -> Reply:
        """Tries until it goes well, is of no use, or costs more patience than there is."""
        tries = 0
        while True:
            began = self._clock()
            reply = attempt()
            if reply.status in _GOOD:
                return reply
            tries += 1
            self._patience -= self._clock() - began
            wait = wait_after(ask, reply, tries)
            if wait is None or wait > self._patience:
                raise failure(ask, reply, wait)
            self._patience -= wait
            self._sleep(wait)

    def fetch(self, ask: Ask, target: Path, *, limit: int, needs_https: bool) -> str:
        """Writes what lies where GitHub redirects to, a store that never gets the token.

        The sha256 of it.  An address is good for a minute, so each try has one.  Raises HostError.
        """

        def attempt() -> Reply:
            reply = self.once(ask)
            if reply.status != 302:
                return reply if reply.status >= 300 else Reply(0, text="no store was named")
            return blob.fetch(
                reply.headers.get("location", ""),
                target,
                limit=limit,
                timeout=self.timeout(),
                clock=self._clock,
                needs_https=needs_https,
            )

        return self.persist(ask, attempt).text

    def once(self, ask: Ask) -> Reply:
        """One try, as it went.  The words of exceptions are left: they can hold a token."""
        import requests

        try:
            status, headers, text = self.door().requestJson(
                ask.method, ask.path, parameters=dict(ask.query), input=ask.body
            )
        except requests.RequestException as why:
            return _no_answer(why)
        except RuntimeError:
            return Reply(301)  # PyGithub follows none to another host, and says so in this way.
        except ValueError:
            return Reply(0, text="headers that cannot be read")
        return Reply(status, headers, text)


def _no_answer(why: RequestException) -> Reply:
    import requests

    text = "no answer in time" if isinstance(why, requests.Timeout) else "no connection"
    reason = getattr(why.args[0] if why.args else None, "reason", None)
    did_nothing = isinstance(why, requests.ConnectTimeout) or (
        type(reason).__name__ in ("NewConnectionError", "NameResolutionError")
    )
    return Reply(0, text=f"{text} ({type(why).__name__})", did_nothing=did_nothing)


def _rows(json: Json, key: str) -> list[Json]:
    rows = json[key] if key else json
    if not isinstance(rows, list):
        raise TypeError("no list")
    return rows


def _next_page(ask: Ask, reply: Reply, page: int) -> int:
    """The page that comes next, 0 after the last; of the link only the number is taken."""
    link = re.search(r'<([^>]*)>;[^,]*rel="next"', reply.headers.get("link", ""))
    if not link:
        return 0
    following = parse_qs(urlsplit(link[1]).query).get("page", [""])[0]
    if not following.isdecimal() or int(following) <= page:
        raise HostError(f"GitHub, {ask.method} {ask.path}: the pages do not follow one another.")
    return int(following)


def _read(read: Callable[[Json], _Record], ask: Ask, reply: Reply) -> _Record:
    try:
        return read(json.loads(reply.text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as why:
        raise HostError(
            f"GitHub, {ask.method} {ask.path}: an answer that we cannot read ({why}).",
            status=reply.status,
        ) from None
