"""Asks the gates, all of them in order, and gives each its evidence."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from gump_action import environment
from gump_action.engine import detect
from gump_action.engine import events as e
from gump_action.engine.prompts import cut
from gump_action.engine.run import Run
from gump_action.system import process
from gump_action.system.store import attempt_folder
from gump_action.workflow.model import Gate, Variable

SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
KEPT_OUTPUT = 8 * 1024 * 1024
"""Bytes of a gate's output that are kept, half from its head and half from its tail."""


@dataclass(frozen=True)
class Asked:
    """What the gates of one attempt are asked about.

    `old` and `new` are the snapshots between which the step changed things; `complaint` is what is
    wrong with the step's output for the gate `schema`, empty where it is right.
    """

    step: str
    attempt: int
    gates: tuple[Gate, ...]
    env: tuple[Variable, ...]
    seconds: float
    old: str
    new: str
    complaint: str = ""


@dataclass(frozen=True)
class GateResult:
    """How one gate ended; `evidence` is all that it printed, not cut."""

    passed: bool
    evidence: str
    command: str = ""
    exit_code: int | None = None
    is_stopped: bool = False


def ask(run: Run, asked: Asked) -> tuple[tuple[Gate, GateResult], ...]:
    """All gates, without stopping at the first that fails; a wish to end the run stops them."""
    until = time.monotonic() + asked.seconds
    results: list[tuple[Gate, GateResult]] = []
    for index, gate in enumerate(asked.gates, 1):
        began = time.monotonic()
        result = _ask_one(run, asked, gate, until)
        if result.is_stopped:
            return (*results, (gate, result))
        _tell(run, asked, (index, gate, result, time.monotonic() - began))
        results.append((gate, result))
    return tuple(results)


def error_of(results: Iterable[tuple[Gate, GateResult]]) -> str:
    """What the failed gates printed; empty where all held."""
    failed = [(gate, result) for gate, result in results if not result.passed]
    return "\n".join(f"{_heading(gate, result)}\n{result.evidence}" for gate, result in failed)


def _heading(gate: Gate, result: GateResult) -> str:
    code = "" if result.exit_code is None else f" (exit code {result.exit_code})"
    return f"The gate `{gate}` failed{code}:"


def _tell(run: Run, asked: Asked, told: tuple[int, Gate, GateResult, float]) -> None:
    index, gate, result, seconds = told
    evidence = run.around.redactor.clean(result.evidence)
    name = f"{attempt_folder(asked.step, asked.attempt)}/gate-{index}.txt"
    run.store.write(name, evidence.encode("utf-8", "replace"))
    run.emit(
        e.GateEnded(
            step=asked.step,
            attempt=asked.attempt,
            index=index,
            gate=str(gate),
            passed=result.passed,
            command=result.command,
            exit_code=result.exit_code,
            seconds=round(seconds, 3),
            evidence=cut(evidence, run.workflow.error_context.max_error_chars),
        )
    )


def _ask_one(run: Run, asked: Asked, gate: Gate, until: float) -> GateResult:
    match gate.kind:
        case "schema":
            return GateResult(not asked.complaint, asked.complaint)
        case "touched" | "untouched":
            return _touched(run, asked, gate)
        case "bash":
            return _shell(run, asked, [gate.argument], until)
        case _:
            return _found(run, asked, gate, until)


def _touched(run: Run, asked: Asked, gate: Gate) -> GateResult:
    files = run.workspace.matching(asked.old, asked.new, gate.argument)
    if gate.kind == "touched":
        changed = ", ".join(run.workspace.changed_files(asked.old, asked.new)) or "nothing"
        why = f"No changed file matches {gate.argument}; changed: {changed}."
        return GateResult(bool(files), "" if files else why)
    why = f"These must stay as they are: {', '.join(files)}."
    return GateResult(not files, why if files else "")


def _found(run: Run, asked: Asked, gate: Gate, until: float) -> GateResult:
    """A gate by name: the workflow's own command, else what the project's files tell."""
    check = cast(detect.Check, gate.kind)
    own = run.workflow.gates.get(gate.kind)
    commands = [own] if own else list(detect.commands(check, run.workspace.tree))
    if not commands:
        why = (
            f"Nothing was found to run for the gate `{gate.kind}`: no make or just target, "
            "package.json script, Go, Cargo or Python project that has it. "
            f"Name the command in the workflow: `gates: {{{gate.kind}: COMMAND}}`."
        )
        return GateResult(False, why)
    result = _shell(run, asked, commands, until)
    if gate.kind == "coverage" and result.passed:
        return _covered(result, float(gate.argument))
    return result


def _covered(result: GateResult, wanted: float) -> GateResult:
    percent = detect.percentage(result.evidence)
    if percent is None:
        why = f"The command printed no percentage, and {wanted:g} % is asked for."
    else:
        why = f"Coverage is {percent:g} %, and {wanted:g} % is asked for."
    passed = percent is not None and percent >= wanted
    return GateResult(passed, f"{result.evidence}\n{why}", result.command, result.exit_code)


def _shell(run: Run, asked: Asked, commands: Sequence[str], until: float) -> GateResult:
    """The commands one after the other; the gate holds where all of them do."""
    printed: list[str] = []
    for command in commands:
        result = _shell_one(run, asked, command, until)
        printed.append(result.evidence)
        if not result.passed:
            return GateResult(
                False, "\n".join(printed), command, result.exit_code, result.is_stopped
            )
    return GateResult(True, "\n".join(printed), " && ".join(commands), 0)


def _shell_one(run: Run, asked: Asked, command: str, until: float) -> GateResult:
    env = _environment(run, asked)
    kept = _Kept()
    shell = process.find(SHELL[0], env)
    if shell is None:
        return GateResult(False, "bash is not on PATH, and gates run in it.", command)
    launch = process.Launch(
        (str(shell), *SHELL[1:], command),
        run.workspace.tree,
        env,
        wall=max(0.0, until - time.monotonic()),
        mark=run.mark,
    )
    try:
        run.workspace.tree.mkdir(parents=True, exist_ok=True)  # a gate before may have removed it
        finished = process.run(launch, kept.add, kept.add, run.around.stop)
    except (OSError, ValueError) as why:
        return GateResult(False, f"The command cannot be started: {why}", command)
    text = kept.text()
    if finished.cause == "wall":
        text += f"\nThe gates were not done after {asked.seconds:g} s (`timeout`), and were ended."
    passed = finished.code == 0 and finished.cause == "exit"
    return GateResult(passed, text, command, finished.code, finished.cause == "stop")


def _environment(run: Run, asked: Asked) -> dict[str, str]:
    named = [(v.name, v.value) for v in (*run.workflow.env, *asked.env)]
    return environment.for_gate(
        run.around.environ, named=named, run=run.id, step=asked.step, attempt=asked.attempt
    )


def setup(run: Run) -> str:
    """Run the workspace's set-up commands in a new tree; what went wrong, if anything."""
    asked = Asked("setup", 1, (), run.workflow.env, 3600.0, "", "")
    until = time.monotonic() + asked.seconds
    for command in run.workflow.workspace.setup:
        result = _shell_one(run, asked, command, until)
        if not result.passed:
            return f"`{command}` ended with {result.exit_code}:\n{result.evidence.strip()}"
    return ""


@dataclass
class _Kept:
    """The head and the tail of an output of any size, in the order in which it came."""

    head: list[bytes] = field(default_factory=list)
    tail: deque[bytes] = field(default_factory=deque)
    head_size: int = 0
    tail_size: int = 0
    left_out: int = 0

    def add(self, line: bytes) -> None:
        line = line[: KEPT_OUTPUT // 2]
        if self.head_size + len(line) <= KEPT_OUTPUT // 2 and not self.tail:
            self.head.append(line)
            self.head_size += len(line)
            return
        self.tail.append(line)
        self.tail_size += len(line)
        if self.tail_size > KEPT_OUTPUT:
            self._shorten()

    def _shorten(self) -> None:
        while self.tail_size > KEPT_OUTPUT // 2:
            size = len(self.tail.popleft())
            self.tail_size -= size
            self.left_out += size

    def text(self) -> str:
        middle = [f"… {self.left_out} bytes left out …\n".encode()] if self.left_out else []
        return b"".join([*self.head, *middle, *self.tail]).decode("utf-8", "replace")
