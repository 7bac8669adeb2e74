"""The table of policy: for each kind of event whose rights count, as docs/security.md shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gump_action.host.event import Kind


class Role(StrEnum):
    """The part that an account had; the text completes "octocat, …"."""

    ACTOR = "who started this"
    AGAIN = "who ran this again"
    SENDER = "who did what this event tells of"
    AUTHOR = "whose text this is"
    OPENER = "who opened the pull request"
    UPSTREAM = "who started the host run before this one"
    UPSTREAM_AGAIN = "who ran the host run before this one again"


@dataclass(frozen=True)
class Row:
    """One kind of event: who is judged, which actions may start a run (all, if None), and why.

    `is_vouched` says that GitHub lets only those start it, or run it again, who may write: nobody
    has to be looked up then, so a run does not hang on that, and bots are still judged by name.
    """

    judged: tuple[Role, ...]
    why: str
    actions: frozenset[str] | None = None
    is_vouched: bool = False


STARTERS = (Role.ACTOR, Role.AGAIN, Role.SENDER)
_OF_CHECKS = Row(
    (*STARTERS, Role.AUTHOR, Role.OPENER),
    "an app wrote its text, and it has rights that the check had not: no bot's code without a name",
    frozenset({"completed"}),
)
TABLE: Mapping[Kind, Row] = {
    Kind.PULL_REQUEST: Row(
        (*STARTERS, Role.AUTHOR), "its title and body are read; a label speaks for who set it"
    ),
    Kind.PULL_REQUEST_TARGET: Row(
        (*STARTERS, Role.AUTHOR), "as pull_request, but with secrets also for forks"
    ),
    Kind.ISSUE_COMMENT: Row(
        (*STARTERS, Role.AUTHOR), "anybody can comment; others can edit", frozenset({"created"})
    ),
    Kind.REVIEW: Row(
        (*STARTERS, Role.AUTHOR), "anybody can review; others can edit", frozenset({"submitted"})
    ),
    Kind.REVIEW_COMMENT: Row(
        (*STARTERS, Role.AUTHOR), "anybody can review; others can edit", frozenset({"created"})
    ),
    Kind.ISSUES: Row(
        (*STARTERS, Role.AUTHOR), "anybody can open one; a label speaks for who set it"
    ),
    Kind.SCHEDULE: Row(
        (Role.AGAIN,),
        "GitHub's clock starts it; its actor only once wrote the cron line",
        is_vouched=True,
    ),
    Kind.WORKFLOW_DISPATCH: Row(
        STARTERS, "who can dispatch can write; no text of others", is_vouched=True
    ),
    Kind.REPOSITORY_DISPATCH: Row(
        STARTERS, "who can dispatch can write; no text of others", is_vouched=True
    ),
    Kind.WORKFLOW_RUN: Row(
        (*STARTERS, Role.UPSTREAM, Role.UPSTREAM_AGAIN),
        "it has rights that the run before had not",
    ),
    Kind.CHECK_SUITE: _OF_CHECKS,
    Kind.CHECK_RUN: _OF_CHECKS,
    Kind.PUSH: Row(STARTERS, "who can push can write; no text of others", is_vouched=True),
    Kind.MERGE_GROUP: Row(STARTERS, "who can queue can write; no text of others", is_vouched=True),
}
