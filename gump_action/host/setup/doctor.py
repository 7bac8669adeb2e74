"""What this machine has of what runs need: agent CLIs, keys by name, git, commands of gates.

Looks at files on PATH, and starts nothing itself: versions come from a callable.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gump_action.clis.locked import CLIS, number_in
from gump_action.providers.base import Provider
from gump_action.workflow.model import AgentStep, GateStep, Group, Variable, Workflow, provider_of

VersionOf = Callable[[Path, str], str]
"""What `PROGRAM --version` prints, by path and option; empty where it cannot be had."""
_OURS = "scripted"
_WORD = re.compile(r"[\w.+-]+")
_SHELL = (
    "! : . [ [[ alias case cd command echo eval exec exit export false for function if printf "
    "pushd read return set shift source test time trap true ulimit umask unset until wait while {"
)


@dataclass(frozen=True)
class Program:
    """A program on PATH; `path` is None where there is none."""

    name: str
    path: Path | None
    version: str = ""


@dataclass(frozen=True)
class Agent:
    """A provider's CLI: which of its keys are set, and how one gets it.

    `tried` is the version that gump-action was tried with, and installs in a job.  `declared` are
    the agents of the workflow that need it, `escalated` those that only an escalation needs.
    """

    provider: str
    program: Program
    keys: tuple[str, ...]
    known_keys: tuple[str, ...]
    install: str
    tried: str = ""
    declared: tuple[str, ...] = ()
    escalated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """`missing` is what a run would end on; `warnings` is what it may end on."""

    platform: str
    git: Program
    agents: tuple[Agent, ...]
    workflow: str
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def examine(
    providers: Mapping[str, Provider],
    environ: Mapping[str, str],
    *,
    version_of: VersionOf,
    workflow: Workflow | None,
    platform: str = sys.platform,
) -> Findings:
    """What is there, and what would be missing for this workflow."""
    search = environ.get("PATH", "")
    git = _program("git", search, version_of)
    agents = tuple(
        _agent(provider, environ, version_of, workflow)
        for name, provider in providers.items()
        if name != _OURS
    )
    missing = [*_lacks_machine(git, platform), *_lacks_agents(agents)]
    warnings = list(_may_lack_agents(agents, workflow))
    if workflow:
        # What `setup` installs into a new tree cannot be seen from here.
        (warnings if workflow.workspace.setup else missing).extend(_lacks_gates(workflow, search))
        warnings.extend(_unset(workflow, environ))
    where = f"{workflow.name} ({workflow.path})" if workflow else ""
    return Findings(platform, git, agents, where, tuple(missing), tuple(warnings))


def text(findings: Findings) -> str:
    """The findings for a person to read."""
    lines = [f"system  {findings.platform}", f"git     {_found(findings.git)}", "", "agents"]
    for agent in findings.agents:
        lines.append(f"  {agent.provider:<10}{_found(agent.program)}{_other(agent)}")
        lines.append(f"  {'':<10}{_keys(agent)}")
        if not agent.program.path:
            lines.append(f"  {'':<10}install: {agent.install}")
    if findings.workflow:
        lines += ["", f"workflow {findings.workflow}"]
        lines += [line for agent in findings.agents for line in _needs(agent)]
    for title, words in (("warnings", findings.warnings), ("missing", findings.missing)):
        lines += ["", title, *(f"  {word}" for word in words)] if words else []
    return "\n".join([*lines, "", _verdict(findings)])


def _program(name: str, search: str, version_of: VersionOf) -> Program:
    found = shutil.which(name, path=search)
    if not found:
        return Program(name, None)
    said = version_of(Path(found), "--version")
    first = (said.strip().splitlines() or [""])[0]
    return Program(name, Path(found), number_in(said) or first[:40])


def _agent(
    provider: Provider,
    environ: Mapping[str, str],
    version_of: VersionOf,
    workflow: Workflow | None,
) -> Agent:
    declared, escalated = _wanted(provider.NAME, workflow)
    return Agent(
        provider=provider.NAME,
        program=_program(provider.PROGRAM, environ.get("PATH", ""), version_of),
        keys=tuple(key for key in provider.KEYS if environ.get(key)),
        known_keys=tuple(provider.KEYS),
        install=provider.INSTALL,
        tried=CLIS[provider.NAME].version if provider.NAME in CLIS else "",
        declared=declared,
        escalated=escalated,
    )


def _wanted(provider: str, workflow: Workflow | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The agents of this provider that steps declare, and those of escalations alone."""
    steps = [step for _, step in workflow.walk()] if workflow else []
    asked = [step for step in steps if isinstance(step, AgentStep)]
    declared = dict.fromkeys(step.agent for step in asked if provider_of(step.agent) == provider)
    later = [each.agent for step in asked for each in step.on_failure.strategy if each.agent]
    escalated = dict.fromkeys(agent for agent in later if provider_of(agent) == provider)
    return tuple(declared), tuple(agent for agent in escalated if agent not in declared)


def _lacks_machine(git: Program, platform: str) -> Iterator[str]:
    if platform in {"win32", "cygwin", "msys"}:
        yield "Windows is not supported: use Linux, macOS, or Linux inside Windows (WSL)"
    if not git.path:
        yield "git is not on PATH, and every run needs it: install it with the system's packages"


def _lacks_agents(agents: tuple[Agent, ...]) -> Iterator[str]:
    for agent in agents:
        if agent.declared and not agent.program.path:
            names = ", ".join(agent.declared)
            need = "needs" if len(agent.declared) == 1 else "need"
            yield f"{agent.program.name} is not on PATH, and {names} {need} it: {agent.install}"


def _may_lack_agents(agents: tuple[Agent, ...], workflow: Workflow | None) -> Iterator[str]:
    for agent in agents:
        is_there = agent.program.path is not None
        if agent.escalated and not agent.declared and not is_there:
            names = ", ".join(agent.escalated)
            yield (
                f"{agent.program.name} is not on PATH; an escalation to {names} would end the run "
                f"as blocked: {agent.install}"
            )
        if (agent.declared or agent.escalated) and is_there and agent.known_keys and not agent.keys:
            yield (
                f"no key for {agent.provider} is set ({' or '.join(agent.known_keys)}); "
                "that is fine only if its CLI is logged in by other means"
            )
    if workflow is None and not any(agent.program.path for agent in agents):
        yield "no agent CLI is on PATH; `gump-action demo` needs none"


def _lacks_gates(workflow: Workflow, search: str) -> Iterator[str]:
    for name, command in dict.fromkeys(_commands(workflow)):
        program = _first_word(command)
        if program and not shutil.which(program, path=search):
            yield f'{program} is not on PATH, and the gate "{name}" runs it: {command}'


def _commands(workflow: Workflow) -> Iterator[tuple[str, str]]:
    """Each gate that is asked for with a command that the workflow itself gives."""
    for _, step in workflow.walk():
        for gate in () if isinstance(step, Group) else step.gate:
            command = gate.argument if gate.kind == "bash" else workflow.gates.get(gate.kind, "")
            if command:
                yield str(gate.kind), " ".join(command.split())


def _first_word(command: str) -> str:
    """The program of a shell line; empty for the shell's own words, paths, and what is unclear."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    after = [word for word in words if not re.match(r"\w+=", word)]
    word = after[0].rstrip(";") if after else ""
    return word if _WORD.fullmatch(word) and word not in _SHELL.split() else ""


def _unset(workflow: Workflow, environ: Mapping[str, str]) -> Iterator[str]:
    for variable in dict.fromkeys(_variables(workflow)):
        if variable.value is None and variable.name not in environ:
            yield f"{variable.name} is passed on by the workflow's `env`, and is not set here"


def _variables(workflow: Workflow) -> Iterator[Variable]:
    yield from workflow.env
    for _, step in workflow.walk():
        if isinstance(step, AgentStep | GateStep):
            yield from step.env


def _found(program: Program) -> str:
    if not program.path:
        return f"{program.name} is not on PATH"
    return f"{program.version or 'version unknown'}  {program.path}"


def _other(agent: Agent) -> str:
    """What to know of a version that is not the one that was tried."""
    same = not agent.tried or agent.program.version == agent.tried
    return "" if same or not agent.program.path else f"  (tried: {agent.tried})"


def _keys(agent: Agent) -> str:
    if not agent.known_keys:
        return "needs no key"
    if agent.keys:
        return f"key: {', '.join(agent.keys)} set"
    return f"key: none of {', '.join(agent.known_keys)} is set"


def _needs(agent: Agent) -> Iterator[str]:
    sign = "✓" if agent.program.path else "✗"
    for name in agent.declared:
        yield f"  {sign} {name}"
    for name in agent.escalated:
        yield f"  {sign} {name}, for escalation"


def _verdict(findings: Findings) -> str:
    for_what = "this workflow" if findings.workflow else "a run"
    if findings.missing:
        return f"Not ready: put right what is missing for {for_what}."
    if not findings.workflow and not any(agent.program.path for agent in findings.agents):
        return "Nothing is missing for a run but the CLI of an agent."
    return f"Nothing is missing for {for_what}."
