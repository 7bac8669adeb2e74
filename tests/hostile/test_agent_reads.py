"""An agent that looks for what it was not given: environment, /proc, git, files of the machine."""

from __future__ import annotations

import pytest

from ..github.state import TOKEN
from .stage import SECRETS

# Up to the process of the engine, which holds what it was given through a pipe.
ENGINE = """\
pid=$$
while ! tr '\\0' ' ' < /proc/$pid/cmdline | grep -q 'gump_action action run'; do
  pid=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$pid/status)
  test "$pid" -gt 1 || exit 9
done
"""
MEMORY = """\
import re, sys
pid = sys.argv[1]
try:
    for line in open(f"/proc/{pid}/maps"):
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if " rw" in line:
            memory = open(f"/proc/{pid}/mem", "rb")
            memory.seek(start)
            print(re.findall(rb"ghs_[a-z-]+", memory.read(end - start)))
except OSError as why:
    print("refused:", why.strerror)
"""
FILES = {
    ".ssh/id_ed25519": "private key of ssh",
    ".aws/credentials": "login of the cloud",
    ".git-credentials": "login of git",
    ".docker/config.json": "login of docker",
    ".netrc": "login of netrc",
    ".config/gh/hosts.yml": "login of gh",
}
ATTACKS = {
    "environment": "env",
    "own-proc": "tr '\\0' '\\n' < /proc/self/environ",
    "engine-environ": f"{ENGINE}echo engine; tr '\\0' '\\n' < /proc/$pid/environ",
    "engine-memory": f"{ENGINE}echo engine; python3 MEMORY $pid",
    "engine-descriptors": f"{ENGINE}echo engine; cd /proc/$pid; ls -l fd; timeout 5 cat fd/*",
    "engine-trace": f"{ENGINE}echo engine; cd /proc/$pid; cat stack syscall auxv",
    "command-lines": ENGINE.replace("while", "while cat /proc/$pid/cmdline;")
    + "cat /proc/$pid/cmdline",
    "own-descriptors": "echo began; ls -l /proc/self/fd; timeout 2 cat <&3",
    "parents": """\
pid=$$; n=0
while test "$pid" -gt 1 && test $n -lt 4; do
  tr '\\0' '\\n' < /proc/$pid/environ
  pid=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$pid/status); n=$((n + 1))
done
""",
    "git-config": "git config --list --show-origin; cat .git/config ~/.gitconfig; env | grep GIT_",
    "command-files": "ls -R TEMP; cat TEMP/*-run TEMP/_runner_file_commands/*",
    "runner-folder": "find TEMP -type f -size -2000k -print0 | xargs -0 cat",
    "home": f"cd ~ && cat {' '.join(FILES)}",
    "agents-home": 'echo began; find "$GUMP_SCRIPTED_HOME" -type f -print0 | xargs -0 cat',
    "state": "echo began; cat TEMP/gump/*/ledger.ndjson",
}
GATE = """\
env > FOUND/gate-environment
cat /proc/self/environ /proc/$PPID/environ | tr '\\0' '\\n' > FOUND/gate-proc 2>&1
true
"""


@pytest.fixture(scope="module")
def found(stage):
    """What each attack has brought to light."""
    (stage.root / "memory.py").write_text(MEMORY)
    stage.gate = GATE.replace("FOUND", str(stage.root / "found"))
    home = stage.machine / "home"

    def lines(text):
        return text.replace("TEMP", str(home.parent / "temp")).replace(
            "MEMORY", str(stage.root / "memory.py")
        )

    write = [
        f"mkdir -p ~/$(dirname {name}); echo '{text}' > ~/{name}" for name, text in FILES.items()
    ]
    attacks = {"user": "\n".join(write), **{name: lines(text) for name, text in ATTACKS.items()}}
    job = stage.attack(attacks)
    assert job.result["status"] == "passed", job.log
    return stage.found


def secrets_in(text):
    """By name, so that no failure shows a value."""
    return [name for name, value in {**SECRETS, "token": TOKEN}.items() if value in text]


def test_the_environment(found):
    """Checklist, what the agent can read: the environment is an allow list."""
    assert "GUMP_STEP=impl" in found("environment")
    assert secrets_in(found("environment")) == []


def test_no_name_of_the_platform_in_the_environment(found):
    """Checklist: gone are `ACTIONS_*`, GITHUB_ENV/PATH/OUTPUT/STATE/STEP_SUMMARY."""
    names = {line.partition("=")[0] for line in found("environment").splitlines()}
    assert "GUMP_STEP" in names
    assert [name for name in names if name.startswith(("ACTIONS_", "GITHUB_", "RUNNER_"))] == []


def test_proc_self_environ(found):
    """The /proc/self/environ finding (June 2026): an agent's tool reads its own process."""
    assert "GUMP_STEP=impl" in found("own-proc")
    assert secrets_in(found("own-proc")) == []


def test_the_environment_of_the_engine(found):
    """Checklist: /proc/PID/environ of parents is unreadable, though the user is the same."""
    assert found("engine-environ").startswith("engine\n")
    assert "denied" in found("engine-environ").lower()
    assert secrets_in(found("engine-environ")) == []


def test_the_memory_of_the_engine(found):
    """Checklist: /proc/PID/mem of parents is unreadable.  The engine holds the token."""
    assert "refused: Permission denied" in found("engine-memory")
    assert secrets_in(found("engine-memory")) == []


def test_the_open_files_of_the_engine(found):
    """The token came through a pipe: it was read to its end, and nobody can open it again."""
    assert found("engine-descriptors").startswith("engine\n")
    assert "denied" in found("engine-descriptors").lower()
    assert secrets_in(found("engine-descriptors")) == []


def test_what_the_kernel_tells_of_the_engine(found):
    """Checklist: ptrace scope."""
    assert found("engine-trace").startswith("engine\n")
    assert "denied" in found("engine-trace").lower()
    assert secrets_in(found("engine-trace")) == []


def test_the_environments_of_all_between_the_agent_and_the_engine(found):
    """The /proc/self/environ finding, one generation up and another."""
    assert "GUMP_STEP=impl" in found("parents")
    assert secrets_in(found("parents")) == []


def test_the_command_lines_of_agent_and_engine(found):
    """Checklist: no key in argv, which every user of the machine can read."""
    words = found("command-lines").replace("\0", " ")
    assert "gump_action.scripted" in words
    assert "gump_action action run" in words
    assert secrets_in(found("command-lines")) == []


def test_a_pipe_that_was_inherited(found):
    """The descriptor by which the engine got the token is not the agent's."""
    assert found("own-descriptors").startswith("began\n")
    assert secrets_in(found("own-descriptors")) == []


def test_the_configuration_of_git(found):
    """Checklist: the checkout's credential.  (One that a checkout has kept is warned about.)"""
    assert ".git/config" in found("git-config")
    assert secrets_in(found("git-config")) == []


def test_the_files_by_which_a_step_speaks_to_the_runner(found):
    """GITHUB_ENV injection begins with finding the file."""
    assert "event.json" in found("command-files")
    assert [
        name for name in ("ENV-run", "PATH-run", "OUTPUT-run") if name in found("command-files")
    ] == []


def test_the_temporary_folder_of_the_runner(found):
    """Checklist: RUNNER_TEMP.  All that the action keeps there is read, and holds no secret."""
    assert '"ledger"' in found("runner-folder") or "run_started" in found("runner-folder")
    assert secrets_in(found("runner-folder")) == []


def test_the_home_that_is_made_for_the_agent(found):
    """What an agent's CLI keeps is its own sessions."""
    assert "impl" in found("agents-home")
    assert secrets_in(found("agents-home")) == []


def test_the_environment_of_a_gate(found):
    """Checklist: gates run the project's code, without model key, GitHub token, OIDC variables."""
    assert "GUMP_STEP=impl" in found("gate-environment")
    assert secrets_in(found("gate-environment")) == []
    assert "ACTIONS_" not in found("gate-environment")


def test_proc_as_a_gate_sees_it(found):
    """A gate is what the agent wrote: `npm test` is the agent's second process."""
    assert "GUMP_STEP=impl" in found("gate-proc")
    assert secrets_in(found("gate-proc")) == []


@pytest.mark.open("files of the user")
@pytest.mark.parametrize("name", FILES)
def test_a_login_in_home(found, name):
    """HOME is the runner's own: an agent of the same user reads what lies there."""
    assert FILES[name] in found("home")


@pytest.mark.open("the state directory")
def test_the_record_of_the_run(found):
    """The agent can read what earlier attempts said and did."""
    assert "run_started" in found("state")
