"""The answer to `/gump help` and to what cannot be understood: one comment on each subject."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gump_action.host.marks import mark_of
from gump_action.host.words import code, prose
from gump_action.workflow.model import Input, Workflow

_WORKFLOWS = 50
_INPUTS = 20
_ABOUT = 300
_URL = re.compile(r"https?://[\w.:-]+(?:/[\w.%~+-]+)+#[\w-]+")

WORDS = (
    "A line that begins with `/gump` asks: `/gump WORKFLOW [name=value …] [free text]` starts one, "
    "`/gump again [WORKFLOW]` goes on with the last run, `/gump stop [WORKFLOW]` ends what is "
    "under way, `/gump help` shows this. One comment, one command."
)


def mark_on(number: int) -> str:
    """The hidden first line of this comment: no workflow's own has it."""
    return mark_of("/gump help", str(number))


def reply(number: int, fault: str, workflows: Mapping[str, Workflow | None], link: str) -> str:
    """The whole comment.  `fault` is Markdown of ours; `link` leads to what is answered.

    A workflow that is None has faults of its own.
    """
    where = f'<a href="{link}">this comment</a>' if _URL.fullmatch(link) else "what was asked here"
    said = f"⚠️ {fault}\n\nNothing was started." if fault else ""
    title = f"In answer to {where}:" if fault else f"What can be asked for, since {where} asks:"
    return "\n\n".join([mark_on(number), title, *filter(None, [said]), _table(workflows), WORDS])


def _table(workflows: Mapping[str, Workflow | None]) -> str:
    if not workflows:
        return "There is no workflow in `.gump/workflows/` to ask for."
    rows = [_row(name, one) for name, one in list(workflows.items())[:_WORKFLOWS]]
    more = len(workflows) - _WORKFLOWS
    left = f"\n\n{more} more are left out here for want of room." if more > 0 else ""
    return "\n".join(["| workflow | what it does | inputs |", "|---|---|---|", *rows]) + left


def _row(name: str, workflow: Workflow | None) -> str:
    if workflow is None:
        return f"| {code(name)} | its file has faults: `gump-action validate` says which | |"
    about = prose(workflow.description[:_ABOUT])
    inputs = ", ".join(_inputs(workflow.inputs))
    return f"| {code(name)} | {about} | {inputs} |"


def _inputs(inputs: Mapping[str, Input]) -> Iterator[str]:
    for name, one in list(inputs.items())[:_INPUTS]:
        need = " (required)" if one.required and one.default is None else ""
        default = f" (else {code(one.default[:60])})" if one.default else ""
        yield f"{code(name)}{need}{default}"
    if len(inputs) > _INPUTS:
        yield f"{len(inputs) - _INPUTS} more"
