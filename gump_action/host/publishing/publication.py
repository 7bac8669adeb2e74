"""The inputs of action.yml that say what becomes of a result, and which part of it this job does.

Read apart from the others: the step that publishes needs these, and the one that runs agents none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from gump_action.errors import InputError
from gump_action.host.inputs import Form
from gump_action.host.publishing import rules
from gump_action.host.publishing.destination import COOL_DOWN, Wish
from gump_action.host.publishing.rules import Rule

Mode = Literal["full", "ask", "run", "publish"]
_BUNDLE = re.compile(r"(gump-bundle-[A-Za-z0-9-]{1,80}-a[1-9][0-9]{0,5})@sha256:([0-9a-f]{64})")
_LONGEST = 200
_LONGEST_REASON = 1000
_LONGEST_COOL_DOWN = 3650


@dataclass(frozen=True)
class Bundle:
    """The artifact that a job with `mode: run` has left, and the sha256 of the file in it."""

    name: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}@sha256:{self.digest}"


@dataclass(frozen=True)
class Publication:
    """What `with:` said of it.  `cool_down` in days; `task` and `title` are empty for the default.

    `bundle` is there where the mode is publish, and nowhere else; there `reason` says why not,
    where it is not.
    """

    mode: Mode
    wish: Wish
    bundle: Bundle | None
    allowed: frozenset[Rule]
    signs_commits: bool
    task: str
    title: str
    cool_down: int
    reason: str = ""

    @property
    def needs_workflow(self) -> bool:
        """Whether this job works with a workflow; the one that publishes has no checkout."""
        return self.mode != "publish"

    @property
    def answers(self) -> bool:
        """Whether this job reacts to a comment, and helps or ends runs where that was asked for."""
        return self.mode in ("full", "ask")

    @property
    def may_push(self) -> bool:
        """Whether the result may come onto a pull request's branch, by this job or another."""
        return self.wish is Wish.PUSH or self.mode == "run"

    @property
    def delivers(self) -> bool:
        """Whether this job has the step that publishes: it opens the bundle, too."""
        return self.mode == "publish" or (self.mode == "full" and self.wish is not Wish.NONE)


def read(environ: Mapping[str, str]) -> Publication:
    """Raises InputError that names each input which cannot be understood, and what it may be."""
    form = Form(environ)
    publication = of_form(form)
    form.check()
    return publication


def of_form(form: Form) -> Publication:
    """What is wrong with them is in the form then."""
    read = Publication(
        mode=cast(Mode, form.one_of("mode", get_args(Mode))),
        wish=Wish(form.one_of("publish", (Wish.NONE, Wish.PUSH, Wish.PULL_REQUEST, Wish.PATCH))),
        bundle=form.parsed("bundle", _bundle, None),
        allowed=form.parsed("allow-changes", _allowed, frozenset()),
        signs_commits=form.yes("sign-commits", default=False),
        task=form.line("task")[:_LONGEST],
        title=form.line("title")[:_LONGEST],
        cool_down=form.parsed("cool-down-days", _days, COOL_DOWN),
        reason=form.line("reason")[:_LONGEST_REASON],
    )
    if read.mode in ("ask", "run") and read.wish is not Wish.NONE:
        form.faults.append(f"`publish` belongs to another job than that with `mode: {read.mode}`")
    if read.mode == "publish" and not form.line("bundle") and not read.reason:
        form.faults.append(
            "`bundle` is empty, and `mode: publish` publishes that of another job: either that job "
            "has made none, and its log says why, or give it `${{ needs.JOB.outputs.bundle }}`"
        )
    if read.mode != "publish":
        given = [name for name in ("bundle", "reason") if form.line(name)]
        form.faults += [f"`{name}` is for `mode: publish`" for name in given]
    return read


def _bundle(text: str) -> Bundle:
    found = _BUNDLE.fullmatch(text)
    if not found:
        raise ValueError("it is the output `bundle` of a job with `mode: run`, as it is")
    return Bundle(found[1], found[2])


def _allowed(text: str) -> frozenset[Rule]:
    try:
        return rules.allowed_of(text)
    except InputError as why:
        raise ValueError(f"{why.message} {why.hint}".rstrip(".")) from None


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _LONGEST_COOL_DOWN:
        raise ValueError(f"it may be a number of days up to {_LONGEST_COOL_DOWN}")
    return int(text)
