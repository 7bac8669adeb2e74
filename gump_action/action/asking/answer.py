"""What whoever asks is told at once: a reaction, and where words are needed one comment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gump_action.action.job.log import Log
from gump_action.errors import HostError
from gump_action.host.api import Api, Reaction, Subject
from gump_action.host.asking import reply
from gump_action.host.event import Event, Kind
from gump_action.workflow.model import Workflow

_PLACES: Mapping[Kind, Subject] = {
    Kind.ISSUE_COMMENT: "issues/comments",
    Kind.REVIEW_COMMENT: "pulls/comments",
}
"""Where a reaction can stand: a review has none, and a label no place for one."""
_ANCHORS = {Kind.REVIEW_COMMENT: "discussion_r", Kind.REVIEW: "pullrequestreview-"}


@dataclass(frozen=True)
class Answer:
    """To what this event asks.  What cannot be said is in the log, and changes nothing."""

    event: Event
    github: Api
    log: Log
    server: str

    def react(self, content: Reaction) -> None:
        place, comment_id = _PLACES.get(self.event.kind), self.event.text.id
        if place is None or not comment_id:
            return
        try:
            self.github.add_reaction(place, comment_id, content)
        except HostError as why:
            self.log.say(f"There is no reaction to the comment: {why.message}")

    def write(self, fault: str, workflows: Mapping[str, Workflow | None]) -> None:
        """The comment that tells what can be asked for; one on each subject."""
        number = self.event.number
        body = reply.reply(number, fault, workflows, self._link())
        try:
            self.github.keep_comment(number, reply.mark_on(number), body)
        except HostError as why:
            self.log.warn(f"The answer could not be written: {why}")

    def _link(self) -> str:
        event = self.event
        page = "pull" if event.subject.kind == "pull_request" else "issues"
        at = f"{self.server.rstrip('/')}/{event.repository.full_name}/{page}/{event.number}"
        anchor = f"{_ANCHORS.get(event.kind, 'issuecomment-')}{event.text.id}"
        return f"{at}#{anchor}" if event.text.id else ""
