"""The inputs of action.yml: read from `GUMP_*` variables, all faults of theirs in one go.

GitHub enforces nothing of an input but that it is text, so each is parsed and refused here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar, cast, get_args

from gump_action.engine.outcome import Verdict
from gump_action.errors import InputError
from gump_action.host.trigger.rights import parse_bots

Keeping = Literal["auto", "artifact", "cache", "off"]
Commenting = Literal["auto", "always", "never"]
Where = Literal["checkout", "isolated"]

_DURATION = re.compile(r"(?=[0-9])(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_FAIL_ON = (
    Verdict.FAILED,
    Verdict.BLOCKED,
    Verdict.SKIPPED,
    Verdict.NOTHING_TO_DO,
)
_LONGEST_RETENTION = 400
_LONGEST_RUN = 35 * 24 * 3600
"""Seconds; GitHub ends what takes longer."""
T = TypeVar("T")


@dataclass(frozen=True)
class Inputs:
    """What `with:` said.  `timeout` is in seconds, None for no limit; `max_budget` in USD.

    `max_runs` is how many may begin on a subject unasked, 0 for no limit.
    `fail_on` are the verdicts that make the job red; `leg` and `use` tell this use of the action
    apart from others of the host run.
    """

    workflow: str
    spec: str
    spec_file: str
    sets: tuple[str, ...]
    agent: str
    max_budget: float | None
    timeout: float | None
    working_directory: str
    workspace: Where
    state: Keeping
    retention_days: int
    comment: Commenting
    install_agents: bool
    allow_bots: frozenset[str]
    max_runs: int
    fail_on: frozenset[Verdict]
    is_dry_run: bool
    leg: str
    use: str


def variable(name: str) -> str:
    """`spec-file` → `GUMP_SPEC_FILE`, which action.yml sets."""
    return "GUMP_" + name.upper().replace("-", "_")


def read(environ: Mapping[str, str]) -> Inputs:
    """Raises InputError that names each input which cannot be understood, and what it may be."""
    form = Form(environ)
    inputs = of_form(form)
    form.check()
    return inputs


def of_form(form: Form, *, needs_workflow: bool = True) -> Inputs:
    """What is wrong with them is in the form then."""
    inputs = Inputs(
        workflow=form.required("workflow") if needs_workflow else form.line("workflow"),
        spec=form.text("spec"),
        spec_file=form.line("spec-file"),
        sets=tuple(line for line in form.text("set").splitlines() if line.strip()),
        agent=form.line("agent"),
        max_budget=form.parsed("max-budget", _budget, None),
        timeout=form.parsed("timeout", _duration, None),
        working_directory=form.line("working-directory") or ".",
        workspace=cast(Where, form.one_of("workspace", get_args(Where))),
        state=cast(Keeping, form.one_of("state", get_args(Keeping))),
        retention_days=form.parsed("retention-days", _days, 0),
        comment=cast(Commenting, form.one_of("comment", get_args(Commenting))),
        install_agents=form.yes("install-agents", default=True),
        allow_bots=form.parsed("allow-bots", _bots, frozenset()),
        max_runs=form.parsed("max-runs-per-subject", _runs, 10),
        fail_on=_fail_on(form),
        is_dry_run=form.yes("dry-run", default=False),
        leg=form.line("matrix-leg"),
        use=form.line("use"),
    )
    if inputs.spec and inputs.spec_file:
        form.faults.append("`spec` and `spec-file` are both given, and a run has one spec")
    return inputs


def read_fail_on(environ: Mapping[str, str]) -> frozenset[Verdict]:
    """The verdicts that make the job red."""
    form = Form(environ)
    verdicts = _fail_on(form)
    form.check()
    return verdicts


def _fail_on(form: Form) -> frozenset[Verdict]:
    return form.parsed("fail-on", _verdicts, frozenset(_FAIL_ON[:2]))


class Form:
    """Reads one input after another, and keeps what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        return self._environ.get(variable(name), "")

    def line(self, name: str) -> str:
        text = self.text(name).strip()
        if len(text.splitlines()) > 1:
            self.faults.append(f"`{name}` has several lines, and it is one word or path")
        return text

    def required(self, name: str) -> str:
        text = self.line(name)
        if not text:
            self.faults.append(f"`{name}` is empty, so nothing says what is to be run")
        return text

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        text = self.line(name) or allowed[0]
        if text not in allowed:
            self.faults.append(f"`{name}` is {text!a}; it may be {', '.join(allowed)}")
            return allowed[0]
        return text

    def yes(self, name: str, *, default: bool) -> bool:
        text = self.line(name).lower()
        if text not in ("", "true", "false"):
            self.faults.append(f"`{name}` is {text!a}; it may be true or false")
        return text == "true" if text else default

    def parsed(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self.text(name).strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as why:
            self.faults.append(f"`{name}` is {text[:100]!a}; {why}")
            return default

    def check(self) -> None:
        if self.faults:
            raise InputError(
                "The inputs of the action are not right:\n"
                + "\n".join(f"  {fault}." for fault in self.faults),
                hint="They stand under `with:` of `uses: gump/action` in the host workflow.",
            )


def _duration(text: str) -> float:
    match = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if not 0 < total <= _LONGEST_RUN:
        raise ValueError("it may be like 90s, 45m, 1h30m, or a number of seconds, up to 35 days")
    return float(total)


def _budget(text: str) -> float:
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text) or not float(text):
        raise ValueError("it may be a number of US dollars above zero, like 2.50")
    return float(text)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LONGEST_RETENTION:
        raise ValueError(f"it may be a number of days from 1 to {_LONGEST_RETENTION}")
    return int(text)


def _runs(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise ValueError("it may be a number of runs from 0, which is no limit, to 9999")
    return int(text)


def _bots(text: str) -> frozenset[str]:
    try:
        return parse_bots(text)
    except InputError as why:
        raise ValueError(f"{why.message} {why.hint}".rstrip(".")) from None


def _verdicts(text: str) -> frozenset[Verdict]:
    words = _words(text)
    if words == ("never",):
        return frozenset()
    if not set(words) <= set(_FAIL_ON):
        raise ValueError(f"it may be never, or some of {', '.join(_FAIL_ON)}")
    return frozenset(map(Verdict, words))


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"[\s,]+", text.strip())) if text.strip() else ()
