"""Template and values to text: the only user of Jinja2, sandboxed and strict.

Text from outside (spec, diff, output of gates) is a value here and never becomes a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gump_action.errors import InputError

ITEM_PARTS = ("name", "description", "files")
STEP_PARTS = ("output", "diff", "files", "status")
RUN_PARTS = ("id", "cost", "duration", "tokens_in", "tokens_out", "retries")
NAMES = ("spec", "error", "diff", "attempt", "item", "steps", "run")

_SPEC = (
    *("rule", "subject", "task", "title", "body", "request", "spots", "diff", "thread", "logs"),
    "notes",
)

# What a project may replace under .gump/templates/, and the names that each may use.
REPLACEABLE: Mapping[str, tuple[str, ...]] = {
    "retry_fresh.md.j2": ("error", "diff", "attempt"),
    "retry_resumed.md.j2": ("error", "diff", "attempt"),
    "retry_cut.md.j2": ("error", "diff", "attempt"),
    "moved.md.j2": ("path",),
    "came_in.md.j2": ("files", "diff"),
    "output_plan.md.j2": (),
    "output_artifact.md.j2": (),
    "output_review.md.j2": (),
    "spec_pull_request.md.j2": _SPEC,
    "spec_review.md.j2": _SPEC,
    "spec_issue.md.j2": _SPEC,
    "spec_failure.md.j2": _SPEC,
    "spec_task.md.j2": _SPEC,
}

_PACKAGED = Path(__file__).parent / "templates"
_MAX_CHARS = 20_000_000
_MAX_REPEATED = 100_000
_INSIDE = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"'])*?"""
_TOKEN = re.compile(
    r"\{%[-+]?\s*raw\s*-?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}"
    rf"|\{{\{{{_INSIDE}\}}\}}|\{{%{_INSIDE}%\}}"
    r"|\{(?P<name>[A-Za-z_][\w-]*(?:\.[\w.-]+)?)\}",
    re.DOTALL | re.ASCII,
)
_FAILURES = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)

Parts = tuple[str, ...]


class TemplateError(InputError):
    """A template that cannot be rendered: which, at which line, and why."""

    def __init__(self, reason: str, *, name: str, line: int, hint: str = "") -> None:
        super().__init__(f"{name}:{line}: {reason}", hint=hint)
        self.reason, self.name, self.line = reason, name, line


@dataclass(frozen=True)
class Reference:
    """A name in a template: in single braces, in Jinja, or in Jinja with a `-` in it."""

    parts: Parts
    line: int
    form: Literal["brace", "jinja", "dashed"]

    @property
    def dotted(self) -> str:
        return ".".join(self.parts)


class _Environment(ImmutableSandboxedEnvironment):
    """Keys of a mapping come before its methods, and nothing grows without end."""

    intercepted_binops = frozenset(["*", "**"])

    def getattr(self, obj: object, attribute: str) -> object:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(
        self, context: jinja2.runtime.Context, operator: str, left: object, right: object
    ) -> object:
        if operator == "**":
            raise SecurityError("powers (`**`) are not allowed in templates")
        for many, times in ((left, right), (right, left)):
            long = isinstance(many, str | list | tuple) and isinstance(times, int)
            if long and len(many) * times > _MAX_REPEATED:  # type: ignore[arg-type, operator]
                raise SecurityError("the repeated text is too long")
        return super().call_binop(context, operator, left, right)


def prompt(text: str, values: Mapping[str, object], *, name: str = "prompt") -> str:
    """The prompt `text` with `{name}` and Jinja replaced; each value goes in once, as it is."""
    return _render(_environment(packaged=False), text, values, name)


def render(template_name: str, values: Mapping[str, object], overrides: Mapping[str, str]) -> str:
    """A packaged template, or the project's own text for it, which follows the same rules."""
    if template_name in overrides:
        name = f".gump/templates/{template_name}"
        return _render(_environment(packaged=True), overrides[template_name], values, name)
    text = (_PACKAGED / template_name).read_text(encoding="utf-8")
    return _render(_environment(packaged=True), text, values, template_name)


def read_overrides(folder: Path) -> dict[str, str]:
    """The project's own templates by name, checked; empty where there is no such folder."""
    found = {}
    for path in sorted(folder.glob("*.j2")):
        if path.name not in REPLACEABLE:
            problem = f"{path}: there is no template of this name to replace, so it has no effect."
            hint = f"{_near(path.name, REPLACEABLE)} Templates: {', '.join(REPLACEABLE)}."
            raise InputError(problem, hint=hint.lstrip())
        found[path.name] = _read(path)
        _check_names(found[path.name], path)
    return found


def names_used(text: str) -> set[str]:
    """The names that a template mentions, without their parts: `steps` for `{steps.one.diff}`."""
    return {reference.parts[0] for reference in references(text)}


def references(text: str, *, name: str = "prompt") -> tuple[Reference, ...]:
    """Each name in a template that it does not define itself; single braces that may be literal.

    Raises TemplateError where the template is not Jinja.
    """
    try:
        tree = _environment(packaged=False).parse(text)
        chains = tuple(_chains(tree))
        free = meta.find_undeclared_variables(tree) - set(_environment(packaged=False).globals)
    except jinja2.TemplateSyntaxError as failure:
        hint = _hint(failure, {})
        raise TemplateError(_reason(failure), name=name, line=failure.lineno, hint=hint) from None
    _refuse_others(tree, name)
    _refuse_unknown(tree, name)
    assigned = {each.name for each in tree.find_all(nodes.Name) if each.ctx != "load"}
    found = list(_braces(text))
    for reference in chains:
        root = reference.parts[0]
        if root in free:
            parts = (root,) if root in assigned else reference.parts
            found.append(Reference(parts, reference.line, reference.form))
    return tuple(sorted(found, key=lambda reference: reference.line))


def split_name(dotted: str) -> Parts:
    """`steps.v1.2.diff` → steps, v1.2, diff: step names may hold dots, the parts do not."""
    root, _, rest = dotted.partition(".")
    if root == "steps" and "." in rest:
        step, _, part = rest.rpartition(".")
        return (root, step, part)
    return (root, rest) if rest else (root,)


@cache
def _environment(*, packaged: bool) -> _Environment:
    environment = _Environment(
        # `{#` is literal text: prompts hold shell's `${#list}`, and never a zero byte.
        comment_start_string="\x00#",
        comment_end_string="#\x00",
        trim_blocks=packaged,
        lstrip_blocks=packaged,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        finalize=_plain,
    )
    del environment.globals["lipsum"]
    return environment


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return "" if value is None else value


def _render(environment: _Environment, text: str, values: Mapping[str, object], name: str) -> str:
    try:
        template = environment.from_string(_translate(text, values))
        return "".join(_bounded(template.generate(dict(values))))
    except _FAILURES as failure:
        line = _line_of(failure)
        raise TemplateError(
            _reason(failure), name=name, line=line, hint=_hint(failure, values)
        ) from None


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _MAX_CHARS:
            raise SecurityError(f"the text is longer than {_MAX_CHARS} characters")
        yield piece


def _translate(text: str, values: Mapping[str, object]) -> str:
    """Single-brace names that have a value, as Jinja; all else as it was."""

    def replaced(match: re.Match[str]) -> str:
        if match["name"] is None:
            return match[0]
        parts = split_name(match["name"])
        return _expression(parts) if _has_value(parts, values) else match[0]

    return _TOKEN.sub(replaced, text)


def _expression(parts: Parts) -> str:
    return "{{ " + parts[0] + "".join(f'["{part}"]' for part in parts[1:]) + " }}"


def _has_value(parts: Parts, values: Mapping[str, object]) -> bool:
    here: object = values
    for part in parts:
        if not isinstance(here, Mapping) or part not in here:
            return False
        here = here[part]
    return not isinstance(here, Mapping) and parts[0].isidentifier()


def _line_of(failure: Exception) -> int:
    if isinstance(failure, jinja2.TemplateSyntaxError):
        return failure.lineno
    line, frame = 1, failure.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<template>":
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def _reason(failure: Exception) -> str:
    message = failure.message if isinstance(failure, jinja2.TemplateError) else str(failure)
    return (message or "").rstrip(".")


def _hint(failure: Exception, values: Mapping[str, object]) -> str:
    environment = _environment(packaged=False)
    if found := re.match(r"No (filter|test) named '([^']+)'", str(failure)):
        return _near(found[2], environment.filters if found[1] == "filter" else environment.tests)
    if name := re.match(r"'([^']+)' is undefined", str(failure)):
        return f"{_near(name[1], values)} Names: {', '.join(values)}.".lstrip()
    if isinstance(failure, jinja2.TemplateSyntaxError):
        return "Text that is to stay as it is goes between {% raw %} and {% endraw %}."
    return ""


def _near(name: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(name, known, n=1)
    return f'Did you mean "{close[0]}"?' if close else ""


def _refuse_others(tree: nodes.Template, name: str) -> None:
    for statement in tree.find_all(nodes.Stmt):
        if isinstance(statement, nodes.Include | nodes.Extends | nodes.Import | nodes.FromImport):
            reason = "a template cannot take in another one"
            hint = "Write its text here."
            raise TemplateError(reason, name=name, line=statement.lineno, hint=hint)


def _refuse_unknown(tree: nodes.Template, name: str) -> None:
    """Filters and tests inside of an `if`, which Jinja looks for only when it gets there."""
    environment = _environment(packaged=False)
    for node in tree.find_all(nodes.Expr):
        kind, known = "filter", dict(environment.filters)
        if isinstance(node, nodes.Test):
            kind, known = "test", dict(environment.tests)
        if isinstance(node, nodes.Filter | nodes.Test) and node.name not in known:
            reason = f"No {kind} named '{node.name}'"
            raise TemplateError(reason, name=name, line=node.lineno, hint=_near(node.name, known))


def _braces(text: str) -> Iterator[Reference]:
    for match in _TOKEN.finditer(text):
        if match["name"] is not None:
            line = text.count("\n", 0, match.start()) + 1
            yield Reference(split_name(match["name"]), line, "brace")


def _chains(node: nodes.Node) -> Iterator[Reference]:
    if dashed := _dashed(node):
        yield Reference(dashed, node.lineno, "dashed")
    elif chain := _chain(node):
        yield Reference(chain, node.lineno, "jinja")
    elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        # `spec.upper()`: the last word is a method, not a part.
        for child in (node.node.node, *node.args, *node.kwargs):
            yield from _chains(child)
    else:
        for child in node.iter_child_nodes():
            yield from _chains(child)


def _chain(node: nodes.Node) -> Parts:
    """`a.b["c"]` as its words; empty where the node is something else."""
    match node:
        case nodes.Name(name=name, ctx="load"):
            return (str(name),)
        case nodes.Getattr(node=inner, attr=part):
            return (*before, str(part)) if (before := _chain(inner)) else ()
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str(part))):
            return (*before, part) if (before := _chain(inner)) else ()
    return ()


def _dashed(node: nodes.Node) -> Parts:
    """`steps.none-yet.output`, which Jinja takes for a subtraction, as it was meant."""
    if not isinstance(node, nodes.Sub):
        return ()
    left, right = _dashed(node.left) or _chain(node.left), _right(node.right)
    if len(left) != 2 or left[0] != "steps" or not right:
        return ()
    return ("steps", f"{left[1]}-{right[0]}", *right[1:])


def _right(node: nodes.Node) -> Parts:
    match node:
        case nodes.Getattr(node=nodes.Const(value=int(number)), attr=part):
            return (str(number), str(part))
        case nodes.Const(value=int(number)):
            return (str(number),)
    return _chain(node)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise InputError(f"{path}: cannot be read as text: {failure}") from None


def _check_names(text: str, path: Path) -> None:
    allowed = REPLACEABLE[path.name]
    for reference in references(text, name=str(path)):
        if reference.form != "brace" and reference.parts[0] not in allowed:
            raise TemplateError(
                f"{reference.dotted} is not a name that this template gets",
                name=str(path),
                line=reference.line,
                hint=f"It gets: {', '.join(allowed) or 'no names at all'}.",
            )
