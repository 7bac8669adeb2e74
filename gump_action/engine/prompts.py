"""What an agent is told: prompt, output form, and what a retry has to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gump_action import templating
from gump_action.engine.retry import Again

PARAGRAPHS = {
    "plan": "output_plan.md.j2",
    "artifact": "output_artifact.md.j2",
    "review": "output_review.md.j2",
}


@dataclass(frozen=True)
class Told:
    """What a prompt is made from.

    `values` are the variables, with `error` and `diff` already cut and masked; `is_own` says
    that the agent goes on with its own session, and its changes are still there;
    `moved_to` is the working directory where it is another one than the session knows; `came_in`
    are the values of what came into the base and is not known yet, cut and masked.
    """

    template: str
    name: str
    output: str
    move: Again
    values: Mapping[str, object]
    is_own: bool
    moved_to: str
    overrides: Mapping[str, str]
    came_in: Mapping[str, str] = field(default_factory=dict)


def message(told: Told) -> str:
    """The whole message for one launch."""
    parts = [templating.prompt(told.template, told.values, name=told.name)]
    parts += [_packaged(name, told) for name in _paragraphs(told)]
    if told.came_in:
        parts.append(templating.render("came_in.md.j2", told.came_in, told.overrides))
    if told.moved_to:
        parts.append(templating.render("moved.md.j2", {"path": told.moved_to}, told.overrides))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _paragraphs(told: Told) -> list[str]:
    names = [PARAGRAPHS[told.output]] if told.output in PARAGRAPHS else []
    if told.move.is_after_cut and told.is_own:
        names.append("retry_cut.md.j2")
    elif told.move.kind == "retry" and not names_either(told.template):
        names.append("retry_resumed.md.j2" if told.is_own else "retry_fresh.md.j2")
    return names


def names_either(template: str) -> bool:
    """Whether the prompt itself says where error and diff go."""
    return bool({"error", "diff"} & templating.names_used(template))


def _packaged(name: str, told: Told) -> str:
    values = {key: told.values[key] for key in ("error", "diff", "attempt")}
    return templating.render(name, values, told.overrides)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, half from the head and half from the tail, on line borders.

    A line in the middle says what was left out; it is not counted.
    """
    if len(text) <= limit:
        return text
    lines = text.splitlines(keepends=True)
    head = _fitting(lines, limit // 2)
    tail = _fitting(lines[len(head) :][::-1], limit - limit // 2)[::-1]
    if not head and not tail:
        end = len(text) - (limit - limit // 2)
        left_out = len(text) - limit
        return f"{text[: limit // 2]}\n… {left_out} characters left out …\n{text[end:]}"
    left_out = len(lines) - len(head) - len(tail)
    return f"{''.join(head)}… {left_out} lines left out …\n{''.join(tail)}"


def _fitting(lines: list[str], limit: int) -> list[str]:
    size, count = 0, 0
    for line in lines:
        size += len(line)
        if size > limit:
            break
        count += 1
    return lines[:count]
