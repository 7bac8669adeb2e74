"""What a pull request and a commit of ours say: our own words, and others' only as plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from gump_action.engine.state import RunState
from gump_action.host.said import comment, commit_words
from gump_action.host.said.commit_words import Trailers
from gump_action.host.said.facts import Facts

_SUBJECT = re.compile(r"(issue|pull_request) ([1-9][0-9]{0,11})")
_LONGEST_TITLE = 200


@dataclass(frozen=True)
class Subject:
    """What the run is about; without a number it is about no issue and no pull request."""

    kind: Literal["issue", "pull_request", ""] = ""
    number: int = 0


def subject_of(text: str) -> Subject:
    """Out of `issue 12`, as the step that read the event has said it."""
    found = _SUBJECT.fullmatch(text)
    if not found:
        return Subject()
    return Subject("issue" if found[1] == "issue" else "pull_request", int(found[2]))


def task_of(state: RunState, subject: Subject) -> str:
    """The id of a task that was given none: the workflow, and what it is about."""
    about = f" for {subject.kind} {subject.number}" if subject.number else ""
    return f"{_workflow(state)}{about}"


def title_of(asked: str, state: RunState, subject: Subject) -> str:
    """In which nothing of others is a mention, a reference or a link."""
    if asked:
        return commit_words.subject_of(asked, _LONGEST_TITLE)
    about = f" for #{subject.number}" if subject.number else ""
    return f"gump: {commit_words.subject_of(_workflow(state), _LONGEST_TITLE)}{about}"


def message_of(title: str, state: RunState) -> str:
    """Of the commit."""
    run = state.started.run if state.started else ""
    agents = tuple(attempt.agent for attempt in state.passes.values() if attempt.agent)
    return commit_words.message_of(title, Trailers(run, _workflow(state), agents), [*state.passes])


def body_of(state: RunState, facts: Facts, subject: Subject, cool_down: int) -> str:
    """Of the pull request, below its mark: what the comment would say, and what closing it does."""
    closes = f"Closes #{subject.number}.\n\n" if subject.kind == "issue" else ""
    told = comment.render(state, replace(facts, mark="", delivery=None, is_in_pull=True))
    rest = (
        f"\n\nClosed without a merge, it is not opened again for {cool_down} days."
        if cool_down
        else ""
    )
    return f"{closes}{told}{rest}"


def _workflow(state: RunState) -> str:
    return state.started.workflow if state.started else "gump-action"
