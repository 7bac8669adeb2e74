import re
from types import SimpleNamespace

import pytest

from gump_action.host.setup.doctor import examine, text
from gump_action.workflow.model import (
    AgentStep,
    Gate,
    GateStep,
    Group,
    OnFailure,
    Strategy,
    Variable,
    Workflow,
    WorkspaceRules,
)

PROVIDERS = {
    "claude": SimpleNamespace(
        NAME="claude", PROGRAM="claude", KEYS=("ANTHROPIC_API_KEY",), INSTALL="npm i claude"
    ),
    "codex": SimpleNamespace(
        NAME="codex",
        PROGRAM="codex",
        KEYS=("CODEX_API_KEY", "OPENAI_API_KEY"),
        INSTALL="npm i codex",
    ),
    "scripted": SimpleNamespace(NAME="scripted", PROGRAM="python", KEYS=(), INSTALL="shipped"),
}
VERSIONS = {"git": "git version 2.39.5\n", "claude": "2.1.330 (Claude Code)\n", "codex": ""}


@pytest.fixture
def machine(tmp_path):
    """A PATH with these programs on it."""

    def made(*programs):
        for name in programs:
            (tmp_path / name).write_text("#!/bin/sh\n")
            (tmp_path / name).chmod(0o755)
        return {"PATH": str(tmp_path)}

    return made


def found(environ, workflow=None, platform="linux"):
    return examine(
        PROVIDERS,
        environ,
        version_of=lambda path, option: VERSIONS[path.name],
        workflow=workflow,
        platform=platform,
    )


def one_step(*gates, **other):
    step = AgentStep(name="impl", agent="claude-sonnet", gate=gates)
    return Workflow(name="fix", path="fix.yaml", steps=(step,), **other)


def escalating():
    rules = OnFailure(retry=1, strategy=(Strategy(kind="escalate", agent="codex-gpt54"),))
    inner = AgentStep(name="impl", agent="claude-sonnet", on_failure=rules)
    return Workflow(name="fix", path="fix.yaml", steps=(Group(name="build", steps=(inner,)),))


def bash(command):
    return Gate(kind="bash", argument=command)


def test_the_text_tells_what_is_there(machine):
    environ = {**machine("git", "claude"), "ANTHROPIC_API_KEY": "sk-very-secret"}
    told = text(found(environ, one_step()))
    assert told.splitlines() == [
        "system  linux",
        f"git     2.39.5  {environ['PATH']}/git",
        "",
        "agents",
        f"  claude    2.1.330  {environ['PATH']}/claude",
        "            key: ANTHROPIC_API_KEY set",
        "  codex     codex is not on PATH",
        "            key: none of CODEX_API_KEY, OPENAI_API_KEY is set",
        "            install: npm i codex",
        "",
        "workflow fix (fix.yaml)",
        "  ✓ claude-sonnet",
        "",
        "Nothing is missing for this workflow.",
    ]


def test_a_cli_without_a_version_is_there_all_the_same(machine):
    told = text(found(machine("git", "codex")))
    assert "codex     version unknown  /" in told


def test_a_version_that_was_not_tried_is_told_with_the_one_that_was(machine, monkeypatch):
    monkeypatch.setitem(VERSIONS, "codex", "codex-cli 0.150.0\n")
    told = text(found(machine("git", "claude", "codex")))
    assert re.search(r"^  codex     0\.150\.0  \S+  \(tried: 0\.169\.0\)$", told, re.M)
    assert "(tried: 2.1.330)" not in told


def test_a_missing_cli_of_a_declared_agent_is_missing(machine):
    findings = found(machine("git"), one_step())
    assert findings.missing == ("claude is not on PATH, and claude-sonnet needs it: npm i claude",)
    assert text(findings).endswith("Not ready: put right what is missing for this workflow.")


def test_several_agents_need_one_cli(machine):
    steps = tuple(AgentStep(name=name, agent=f"claude-{name}") for name in ("opus", "haiku"))
    findings = found(machine("git"), Workflow(name="w", steps=steps))
    assert findings.missing[0].startswith(
        "claude is not on PATH, and claude-opus, claude-haiku need it: "
    )


def test_where_no_agent_is_there_it_is_not_said_that_nothing_is_missing(machine):
    told = text(found(machine("git")))
    assert told.endswith("Nothing is missing for a run but the CLI of an agent.")
    assert text(found(machine("git", "claude"))).endswith("Nothing is missing for a run.")


def test_a_missing_cli_of_an_escalation_is_a_warning(machine):
    environ = {**machine("git", "claude"), "ANTHROPIC_API_KEY": "x"}
    findings = found(environ, escalating())
    assert findings.missing == ()
    assert findings.warnings == (
        "codex is not on PATH; an escalation to codex-gpt54 would end the run as blocked: "
        "npm i codex",
    )
    assert "  ✗ codex-gpt54, for escalation" in text(findings).splitlines()


def test_a_missing_key_is_a_warning(machine):
    findings = found(machine("git", "claude"), one_step())
    assert findings.missing == ()
    assert findings.warnings == (
        "no key for claude is set (ANTHROPIC_API_KEY); "
        "that is fine only if its CLI is logged in by other means",
    )


@pytest.mark.parametrize(
    ("gate", "missing"),
    [
        (bash("nosuch --all"), 'nosuch is not on PATH, and the gate "bash" runs it: nosuch --all'),
        (bash("A=1 nosuch"), 'nosuch is not on PATH, and the gate "bash" runs it: A=1 nosuch'),
        (Gate(kind="test"), 'runner is not on PATH, and the gate "test" runs it: runner -q'),
        (bash("git diff"), ""),
        (bash("cd sub && nosuch"), ""),
        (bash("./scripts/check"), ""),
        (bash("'unclosed"), ""),
        (bash("$TOOL x"), ""),
        (Gate(kind="lint"), ""),
        (Gate(kind="touched", argument="src/*"), ""),
    ],
    ids=str,
)
def test_the_commands_of_gates_are_looked_for(gate, missing, machine):
    environ = {**machine("git", "claude"), "ANTHROPIC_API_KEY": "x"}
    findings = found(environ, one_step(gate, gates={"test": "runner -q"}))
    assert findings.missing == ((missing,) if missing else ())


def test_a_command_that_setup_may_install_is_a_warning(machine):
    environ = {**machine("git", "claude"), "ANTHROPIC_API_KEY": "x"}
    rules = WorkspaceRules(setup=("uv sync",))
    findings = found(environ, one_step(bash("nosuch"), workspace=rules))
    assert findings.missing == ()
    assert findings.warnings == ('nosuch is not on PATH, and the gate "bash" runs it: nosuch',)


def test_a_variable_that_is_passed_on_and_not_set_is_a_warning(machine):
    environ = {**machine("git"), "THERE": ""}
    names = tuple(Variable(name=name) for name in ("THERE", "DATABASE_URL", "DATABASE_URL"))
    step = GateStep(name="check", gate=(), env=(Variable(name="SET", value="x"),))
    findings = found(environ, Workflow(name="w", steps=(step,), env=names))
    assert findings.warnings == (
        "DATABASE_URL is passed on by the workflow's `env`, and is not set here",
    )


def test_a_machine_with_nothing_on_it(machine):
    findings = found(machine(), platform="win32")
    assert findings.missing == (
        "Windows is not supported: use Linux, macOS, or Linux inside Windows (WSL)",
        "git is not on PATH, and every run needs it: install it with the system's packages",
    )
    assert findings.warnings == ("no agent CLI is on PATH; `gump-action demo` needs none",)
