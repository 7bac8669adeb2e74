"""The commit that runs, and the instruction files that agents see in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gump_action import environment
from gump_action.action.job.remote import Remote
from gump_action.engine.workspace.swap import BaseMissing, Swapped, swap_instructions
from gump_action.errors import InputError
from gump_action.host import places
from gump_action.host.event import Event, Kind
from gump_action.host.policy import MayRun
from gump_action.system.git import Git

_HEAD = "${{ github.event.pull_request.head.sha }}"
_NOT_CHECKED_OUT = {
    Kind.ISSUE_COMMENT: "refs/pull/${{ github.event.issue.number }}/head",
    Kind.WORKFLOW_RUN: "${{ github.event.workflow_run.head_sha }}",
    Kind.CHECK_SUITE: "${{ github.event.check_suite.head_sha }}",
    Kind.CHECK_RUN: "${{ github.event.check_run.head_sha }}",
    Kind.PULL_REQUEST_TARGET: _HEAD,
}
"""Events after which actions/checkout takes the default branch, or the one that is targeted, and
the `ref` to give it."""
_MERGED = dict.fromkeys((Kind.PULL_REQUEST, Kind.REVIEW, Kind.REVIEW_COMMENT), _HEAD)
"""After these it takes a merge of both branches, on which nothing can be pushed to one of them."""


@dataclass(frozen=True)
class Checkout:
    """What the job has checked out.  `token` fetches what a shallow clone lacks."""

    folder: Path
    environ: Mapping[str, str]
    token: str = field(repr=False)

    def check(self, event: Event, decision: MayRun, *, is_pushed_to: bool = False) -> None:
        """Raises InputError where it holds other code than that which was judged.

        Or, where the result `is_pushed_to` the branch, another commit than that branch is on.
        """
        refs = _NOT_CHECKED_OUT | (_MERGED if is_pushed_to else {})
        ref = refs.get(event.kind)
        is_about_code = event.subject.kind == "pull_request" or event.upstream
        if not ref or not is_about_code:
            return
        git = Git(self.folder, self._env, settings={"safe.directory": "*"})
        head = git.text("rev-parse", "--verify", "-q", "HEAD", ok=(0, 1, 128))
        if head != decision.commit:
            raise InputError(
                f"The checkout is on {head[:12] or 'no commit'}, and this event is about "
                f"{decision.commit[:12]}: an agent would work on other code than was meant.",
                hint=f"Give `uses: actions/checkout` the input `ref: {ref}`. Where it has that, "
                "the branch has moved since the event: ask again.",
            )

    def take_instructions(self, base: str, workflow: str) -> Swapped:
        """Instruction files as the base has them, which is fetched where the clone lacks it.

        Raises InputError where that cannot be had: then nothing may run.
        """
        also = _inside(workflow, self.folder, places.repository(self.folder))
        done = swap_instructions(self.folder, base, self._env, also=also)
        why = ""
        if isinstance(done, BaseMissing):
            why = Remote(self.environ, self.token).fetch(self.folder, done.commit)
            done = swap_instructions(self.folder, base, self._env, also=also)
        if isinstance(done, BaseMissing):
            raise InputError(
                f"The instruction files have to come from the base {base[:12]}, since those of "
                f"the branch are not believed here, and that commit cannot be had: {why}.",
                hint="Give `uses: actions/checkout` the input `fetch-depth: 0`.",
            )
        return done

    @property
    def _env(self) -> Mapping[str, str]:
        return environment.for_git(self.environ)


def _inside(workflow: str, folder: Path, top: Path) -> tuple[str, ...]:
    """A workflow that is named by its path is an instruction file wherever it lies.

    The path begins in the working directory, which may be a folder of the checkout.
    """
    path = Path(workflow)
    is_path = "/" in workflow or path.suffix in (".yaml", ".yml")
    place = Path(os.path.normpath(folder.resolve() / path))
    return (place.relative_to(top).as_posix(),) if is_path and place.is_relative_to(top) else ()
