"""What the host knows of a run and the ledger does not, for comment and summary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gump_action.host.publishing.delivery import Delivery
from gump_action.workflow.model import Workflow

_URL = re.compile(r"https?://[\w.:-]+(?:/[\w.%~+-]+)+")


@dataclass(frozen=True)
class Change:
    """A file of the diff, and how many lines came and went; None for what has no lines."""

    name: str
    added: int | None = None
    removed: int | None = None


Kept = Literal["whole", "without transcripts", "nothing", "elsewhere"]


@dataclass(frozen=True)
class Facts:
    """`ledger` is the hidden line below the mark; `notes` are more to be told, as
    Markdown of ours.

    `kept` is what a re-run will find of the state, and `state_note` what is to be said of it;
    `elsewhere`: another job has run it, and stored what it could.  `may_be_lost`: only the cache
    could have it, whose client says of no failure (actions/cache/save v5.0.5).  `has_report`: the
    report artifact is stored after this is told, as far as can be known.

    `from_base` are the instruction files that were taken from the base; `changes` the diff's files,
    None where nobody has looked; `workflow` is what was run, where it is at hand.  `delivery` is
    what became of the result, and `patch` the result itself, where it went nowhere.  `is_in_pull`:
    it is told in the pull request that has the result.
    """

    mark: str = ""
    ledger: str = ""
    url: str = ""
    attempt: int = 1
    artifact: str = ""
    kept: Kept = "whole"
    may_be_lost: bool = False
    has_report: bool = True
    state_note: str = ""
    notes: tuple[str, ...] = ()
    from_base: tuple[str, ...] = ()
    changes: tuple[Change, ...] | None = None
    workflow: Workflow | None = None
    is_running: bool = False
    delivery: Delivery | None = None
    patch: str = ""
    is_in_pull: bool = False

    @property
    def is_branch_here(self) -> bool:
        """Whether the result branch is in this job's checkout, and not told to be elsewhere."""
        done = self.delivery
        is_told = done is not None and (done.lines or done.has_no_change)
        return not (is_told or self.is_in_pull or self.kept == "elsewhere")

    @property
    def link(self) -> str:
        """The address where it is one, and nothing that Markdown could read otherwise."""
        return self.url if _URL.fullmatch(self.url) else ""

    @property
    def artifacts(self) -> str:
        """The list on the page of the host run, whichever attempt is looked at; empty as `link`.

        Where the page had no such place (it was not tried on GitHub), the page itself would open.
        """
        page = self.link.rpartition("/attempts/")[0] or self.link
        return f"{page}#artifacts" if page else ""


def server_of(environ: Mapping[str, str]) -> str:
    """The address of GitHub for people and git; an Enterprise Server has its own."""
    return environ.get("GITHUB_SERVER_URL") or "https://github.com"


def url_of_run(server: str, repository: str, run: str, attempt: int) -> str:
    """The page of this attempt of the host run; without the number it would be the last one's."""
    return f"{server.rstrip('/')}/{repository}/actions/runs/{run}/attempts/{attempt}"
