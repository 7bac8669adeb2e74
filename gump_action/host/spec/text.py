"""An occasion as the text of a spec: each passage cleaned and fenced, in the words of a template.

What others wrote is only ever a value of the template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gump_action import templating
from gump_action.host.outside import cleaning, fence
from gump_action.host.outside.cleaning import Cleaned
from gump_action.host.outside.fence import Fence
from gump_action.host.spec.occasion import ROLES, Occasion, Passage, Role, Room


def spec_of(
    occasion: Occasion,
    overrides: Mapping[str, str],
    *,
    room: Room | None = None,
    draw: Callable[[], str] | None = None,
) -> str:
    """The spec.  `overrides` are the project's own templates; `draw` draws the fence's word."""
    room = room or Room()
    cleaned: dict[Role, list[tuple[Passage, Cleaned]]] = {
        role: _cleaned(occasion.passages.get(role, ()), room.of(role)) for role in ROLES
    }
    everything = [
        part
        for pairs in cleaned.values()
        for passage, done in pairs
        for part in (passage.what, done.text)
    ]
    edge = fence.fence_for(everything, *([draw] if draw else []))
    values: dict[str, object] = {
        role: "\n\n".join(_fenced(passage, done, edge) for passage, done in pairs)
        for role, pairs in cleaned.items()
    }
    notes = "\n".join(f"- {note}" for note in occasion.notes)
    values |= {
        "rule": edge.rule,
        "subject": occasion.subject,
        "task": occasion.task,
        "notes": notes,
    }
    return templating.render(occasion.template, values, overrides).strip() + "\n"


def _cleaned(passages: Sequence[Passage], limit: int) -> list[tuple[Passage, Cleaned]]:
    limits = shares([len(each.text) for each in passages], limit)
    return [
        (each, (cleaning.markdown if each.is_markdown else cleaning.plain)(each.text, most))
        for each, most in zip(passages, limits, strict=True)
    ]


def shares(wants: Sequence[int], limit: int) -> list[int]:
    """What each gets of `limit`: the small ones all that they want, the large ones equal parts."""
    got = [0] * len(wants)
    left = limit
    order = sorted(range(len(wants)), key=lambda at: wants[at])
    for done, at in enumerate(order):
        got[at] = min(wants[at], left // (len(order) - done))
        left -= got[at]
    return got


def _fenced(passage: Passage, done: Cleaned, edge: Fence) -> str:
    return edge.around(
        done.text,
        what=passage.what,
        author=passage.author,
        right=passage.right,
        written=passage.written_at,
        left_out=", ".join(done.left_out),
    )
