"""What the user's home says to an agent's CLI counts as it was before any agent ran."""

import pytest

from gump_action.errors import InputError


def cli_named(project, name, text):
    """A program of ours under the name of a CLI, first on PATH; it always fails."""
    path = project.root / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat > /dev/null\n{text}\nexit 9\n")
    path.chmod(0o755)
    project.environ["PATH"] = f"{path.parent}:{project.environ['PATH']}"


def users(project, name, text):
    path = project.root / "home" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


TWICE = "- {name: one, agent: %s, on_failure: {retry: 1}}"
THEIRS = {
    "claude": ("CLAUDE_CONFIG_DIR", ".claude/settings.json", "settings.json"),
    "codex": ("CODEX_HOME", ".codex/config.toml", "config.toml"),
    "qwen": ("QWEN_HOME", ".qwen/settings.json", "settings.json"),
    "gemini": ("GEMINI_CLI_HOME", ".gemini/settings.json", ".gemini/settings.json"),
}


@pytest.mark.parametrize("name", THEIRS)
def test_what_an_agent_writes_into_the_users_settings_is_not_the_next_ones(project, name):
    variable, theirs, own = THEIRS[name]
    users(project, theirs, '{"user": 1}' if own.endswith("json") else 'user = "1"\n')
    seen = project.root / "seen"
    cli_named(project, name, f'cat "${variable}/{own}" >> {seen}; echo agent > "$HOME/{theirs}"')
    project.run(TWICE % name)
    assert (seen.read_text().count("user"), seen.read_text().count("agent")) == (2, 0)


def test_settings_that_an_agent_makes_are_not_the_next_ones(project):
    cli_named(project, "claude", 'ls "$CLAUDE_CONFIG_DIR" >&2; mkdir -p ~/.claude; '
              'echo agent > "$HOME/.claude/settings.json"')  # fmt: skip
    done = project.run(TWICE % "claude")
    assert "settings.json" not in done.text("one#2", "agent.stderr")


def test_a_key_that_an_agent_names_in_the_users_settings_is_not_handed_out(project):
    project.environ["OTHERS_TOKEN"] = "0123456789"
    config = '[model_providers.x]\nenv_key = "OTHERS_TOKEN"\n'
    name = users(project, ".codex/config.toml", "")
    (project.root / "config").write_text(config)
    cli_named(project, "codex", f"env >&2; cp {project.root}/config {name}")
    done = project.run(TWICE % "codex")
    assert name.read_text() == config
    assert "OTHERS_TOKEN" not in done.text("one#2", "agent.stderr")


def test_another_start_looks_at_the_users_settings_again(project):
    path = users(project, ".claude/settings.json", "first")
    cli_named(project, "claude", 'cat "$CLAUDE_CONFIG_DIR/settings.json" >&2')
    step = "- {name: one, agent: claude}"
    project.run(step)
    path.write_text("second")
    done = project.run(step)
    assert done.text("one#2", "agent.stderr").startswith("second")


@pytest.mark.parametrize("name", THEIRS)
def test_settings_that_cannot_be_read_are_refused_before_anything_is_run(project, name):
    path = users(project, THEIRS[name][1], "")
    path.unlink()
    path.symlink_to("/proc/self/mem")
    cli_named(project, name, "")
    with pytest.raises(InputError, match=f"settings of {name} cannot be read") as refused:
        project.run(TWICE % name)
    assert "--agent-home user" in refused.value.hint
    assert not (project.state / "ledger.ndjson").exists()


def test_settings_of_an_agent_that_has_no_turn_are_not_looked_at(project):
    users(project, ".claude/settings.json", "").unlink()
    (project.root / "home/.claude/settings.json").symlink_to("/proc/self/mem")
    assert project.run("- {name: one, agent: scripted}").verdict == "passed"
