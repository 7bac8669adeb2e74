"""Comments that only announce a run: closed where that run has nothing more to tell.

The job that stops it says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gump_action.host.api import Api
from gump_action.host.asking import standing
from gump_action.host.github.thread import Thread
from gump_action.host.said import comment
from gump_action.host.said.facts import Facts, server_of, url_of_run

STOPPED = "It was stopped by `/gump stop`. Where its job had begun, `/gump again` goes on with it."


@dataclass(frozen=True)
class Announced:
    """Those on one issue or pull request.  All calls raise HostError."""

    github: Api
    number: int
    environ: Mapping[str, str]

    def close(self, host_runs: Collection[int], why: str) -> None:
        """Of these host runs; a comment that tells more stays as it is.  `why` is Markdown."""
        said = self.github.part(Thread).ours(self.number, {self.github.viewer()})
        for each in said if self.number else ():
            run = standing.waits_for(standing.read(each.body))
            if run in host_runs and comment.is_waiting(each.body):
                told = f"{why}{self._page(run)}"
                self.github.edit_comment(each.id, comment.came_to_nothing(each.body, told))

    def _page(self, host_run: int) -> str:
        repository = self.environ.get("GITHUB_REPOSITORY", "")
        link = Facts(url=url_of_run(server_of(self.environ), repository, str(host_run), 1)).link
        return f" Its log is in [the host run]({link})." if link else ""
