"""What a use of our action needs of GitHub, by its inputs and by the events that start it.  Pure.

The table is that of GitHub's permissions for a job's token (docs.github.com, "Permissions required
for GitHub Apps"); that comments on pull requests take `pull-requests` is said there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gump_action.host.setup.host_workflows import Level, Use

OF_PULLS = frozenset({
    "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment",
    "issue_comment", "workflow_run", "check_suite", "check_run",
})  # fmt: skip
"""Events that may be about a pull request."""
_OF_ISSUES = frozenset({"issues", "issue_comment"})
# A host workflow for issues too may leave pull requests out by its `if`, which is not read here.
_CHECKS = frozenset({"check_suite", "check_run"})
_LOOKED_UP = _CHECKS | {"pull_request_review", "pull_request_review_comment", "workflow_run"}


@dataclass(frozen=True)
class Need:
    """A permission of the job's token, and what it is for.

    `is_soft`: without it less is done, and the run goes on.
    """

    name: str
    level: Level
    why: str
    is_soft: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.level}"


def needs_of(use: Use, events: tuple[str, ...]) -> tuple[Need, ...]:
    """What it needs, each permission once, at its highest level."""
    found: dict[str, Need] = {}
    for need in _needs(use, frozenset(events)):
        known = found.get(need.name)
        if known is None or (known.level, need.level) == ("read", "write"):
            found[need.name] = need
    return tuple(found.values())


def _needs(use: Use, events: frozenset[str]) -> Iterator[Need]:
    mode, publish = use.input("mode", "full"), use.input("publish", "none")
    if mode == "ask":
        yield from _to_answer(events)
        return
    if mode != "publish":
        yield from _to_run(use, events)
    if mode == "run":
        return
    if publish in ("push", "pull-request"):
        yield Need("contents", "write", "to push the result")
    if publish == "pull-request":
        yield Need("pull-requests", "write", "to open and update the pull request")
    yield from _to_tell(use.input("comment", "auto"), events)


def _to_answer(events: frozenset[str]) -> Iterator[Need]:
    """Comments of issues and of pull requests take different permissions."""
    yield Need("contents", "read", "to check out what can be asked for")
    if events & OF_PULLS - {"issue_comment"} or events & _OF_ISSUES == {"issue_comment"}:
        yield Need("pull-requests", "write", "to look it up, to react and to answer")
    if events & _OF_ISSUES and "issues" in events:
        yield Need("issues", "write", "to react and to answer")
    yield Need("actions", "write", "to end a run where that is asked for", is_soft=True)


def _to_run(use: Use, events: frozenset[str]) -> Iterator[Need]:
    yield Need("contents", "read", "to check out")
    is_auto = use.input("spec") == "auto"
    if is_auto and "workflow_run" in events:
        yield Need("actions", "read", "to read the logs of what failed")
    elif use.input("state", "auto") in ("auto", "artifact"):
        yield Need("actions", "read", "to find the state of an earlier attempt", is_soft=True)
    if is_auto and events & _CHECKS:
        yield Need("checks", "read", "to read what the checks that failed say")
    if events & _LOOKED_UP or (events & _OF_ISSUES == {"issue_comment"}):
        yield Need("pull-requests", "read", "to look up the pull request and its comments")
    elif is_auto and events & OF_PULLS - _OF_ISSUES:
        yield Need("pull-requests", "read", "to read what was said on the pull request", True)
    if is_auto and "issues" in events:
        yield Need("issues", "read", "to read what was said on the issue", True)


def _to_tell(comment: str, events: frozenset[str]) -> Iterator[Need]:
    if comment != "never" and events & OF_PULLS:
        yield Need("pull-requests", "write", "to keep the comment", is_soft=True)
    if comment == "always" and events & _OF_ISSUES:
        yield Need("issues", "write", "to keep the comment on issues", is_soft=True)
