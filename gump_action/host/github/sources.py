"""What `spec.gathering` looks up, asked of GitHub by the calls of `api`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gump_action.errors import HostError
from gump_action.host import answers
from gump_action.host.answers import Comment, Json
from gump_action.host.event import COMMIT
from gump_action.host.github.calls import Calls
from gump_action.host.github.patience import Ask
from gump_action.host.spec.material import ChangedFile, Check, Finding, Remark, RunJob
from gump_action.host.trigger.rights import Right, Unknown, right_of

if TYPE_CHECKING:
    from gump_action.host.answers import Permission

_ACTIONS = "actions: read"
_CHECKS = "checks: read"
_PULLS = "pull-requests: read"
_FINDINGS = 200
"""Of a check, at most: a linter may say something of every line."""
_LONGEST_LOG = 64 * 1024 * 1024


class Asked:
    """`spec.material.Sources` of one repository; `at` makes a path of what stands below it."""

    def __init__(
        self,
        calls: Calls,
        at: Callable[[str], str],
        permission: Callable[[str], Permission],
        *,
        needs_https: bool,
    ) -> None:
        self._calls, self._at, self._permission = calls, at, permission
        self._needs_https = needs_https

    def changed_files(self, base: str, head: str) -> Sequence[ChangedFile]:
        """Of two commits, so that what is pushed meanwhile is not in it."""
        for sha in (base, head):
            if not COMMIT.fullmatch(sha):
                raise HostError(f"{sha!r} is no commit.")
        ask = Ask("GET", self._at(f"compare/{base}...{head}"))
        return self._calls.one(ask, _read_files)

    def comments(self, number: int) -> Sequence[Comment]:
        ask = Ask("GET", self._at(f"issues/{number}/comments"), _PULLS)
        return tuple(self._calls.pages(ask, answers.read_comment))

    def remarks(self, number: int, review: int) -> Sequence[Remark]:
        ask = Ask("GET", self._at(f"pulls/{number}/reviews/{review}/comments"), _PULLS)
        return tuple(self._calls.pages(ask, Remark.model_validate))

    def jobs(self, run: int, attempt: int) -> Sequence[RunJob]:
        ask = Ask("GET", self._at(f"actions/runs/{run}/attempts/{attempt}/jobs"), _ACTIONS)
        return tuple(self._calls.pages(ask, RunJob.model_validate, "jobs"))

    def log(self, job: int) -> str:
        """GitHub redirects to a store, which never gets the token."""
        ask = Ask("GET", self._at(f"actions/jobs/{job}/logs"), _ACTIONS)
        with TemporaryDirectory(prefix="gump-log-") as folder:
            target = Path(folder) / "log"
            self._calls.fetch(ask, target, limit=_LONGEST_LOG, needs_https=self._needs_https)
            return target.read_text(encoding="utf-8", errors="replace")

    def checks(self, suite: int) -> Sequence[Check]:
        ask = Ask("GET", self._at(f"check-suites/{suite}/check-runs"), _CHECKS)
        return tuple(self._calls.pages(ask, Check.model_validate, "check_runs"))

    def findings(self, check: Check) -> Sequence[Finding]:
        if not check.output.annotations_count:
            return ()
        ask = Ask("GET", self._at(f"check-runs/{check.id}/annotations"), _CHECKS)
        return tuple(islice(self._calls.pages(ask, Finding.model_validate), _FINDINGS))

    def right(self, login: str) -> Right | Unknown:
        try:
            return right_of(self._permission(login))
        except HostError as why:
            return Unknown(why.message)


def _read_files(json: Json) -> tuple[ChangedFile, ...]:
    return tuple(map(ChangedFile.model_validate, json.get("files") or ()))
