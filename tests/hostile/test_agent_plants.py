"""An agent that leaves behind what the engine, git or the next step might run."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from ..action.job import STEPS
from ..github.state import TOKEN
from .stage import AS_USER

PYTHON_NAMES = (
    "sitecustomize.py",
    "usercustomize.py",
    "json.py",
    "yaml.py",
    "gump_action/errors.py",
)
PROGRAMS = ("git", "bin/git", "node_modules/.bin/git", "python3", "uv", "env", "sha256sum")
HOOKS = (
    *("pre-commit", "commit-msg", "post-commit", "post-checkout", "post-merge", "pre-push"),
    *(
        "post-index-change",
        "reference-transaction",
        "post-rewrite",
        "pre-auto-gc",
        "fsmonitor-watchman",
    ),
)
# What of git's configuration is a command line (git 2.47, git-config(1)).
SETTINGS = (
    *("core.fsmonitor", "core.sshCommand", "core.askPass", "core.pager", "core.editor"),
    *("core.gitProxy", "core.alternateRefsCommand", "credential.helper", "diff.external"),
    *("filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv", "diff.x.command"),
    *(
        "merge.x.driver",
        "gpg.program",
        "gpg.ssh.program",
        "sequence.editor",
        "interactive.diffFilter",
    ),
    *("uploadpack.packObjectsHook", "pager.diff", "pager.log", "alias.diff", "trailer.x.command"),
)
SWITCHES = {
    "commit.gpgSign": "true",
    "tag.gpgSign": "true",
    "core.attributesFile": "HERE/attributes",
}
ATTRIBUTES = "* filter=x diff=x merge=x\n"


def runs(stage, name):
    """A program that leaves a trace where it is executed."""
    return f"#!/bin/sh\\ntouch {stage.root}/found/{name}-was-run\\ncat 2>/dev/null\\n"


def plant(stage, name, path):
    program = runs(stage, name)
    return f"mkdir -p $(dirname {path}); printf '{program}' > {path}; chmod +x {path}"


def settings(stage, name, where):
    """Every setting of git that is a command, each with the same trace."""
    program = f"{stage.root}/attacks/{name}"
    lines = [
        plant(stage, name, program),
        f"printf '{ATTRIBUTES}' > {stage.root}/attacks/attributes",
    ]
    lines += [f"git config {where} {key} {program}" for key in SETTINGS]
    lines += [
        f"git config {where} {key} {value.replace('HERE', f'{stage.root}/attacks')}"
        for key, value in SWITCHES.items()
    ]
    return "\n".join([*lines, "echo planted"])


def python_code(stage, name):
    return f"open('{stage.root}/found/{name}-was-run', 'w')"


@pytest.fixture(scope="module")
def job(stage):
    """What is planted by the first agent is there for the second one, and for all steps after."""
    site = f"~/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    hooks = "; ".join(plant(stage, "hooks", f".git/hooks/{hook}") for hook in HOOKS)
    attacks = {
        "programs": "; ".join(plant(stage, "programs", path) for path in PROGRAMS),
        "modules": "\n".join(
            f'mkdir -p "$(dirname {path})"; echo "{python_code(stage, "modules")}" > {path}'
            for path in PYTHON_NAMES
        ),
        "user-site": f'mkdir -p {site}; echo "{python_code(stage, "user-site")}"'
        f" | tee {site}/usercustomize.py > {site}/evil.pth",
        "hooks": hooks,
        "hooks-path": f"{plant(stage, 'hooks-path', f'{stage.root}/attacks/hooks/pre-commit')}\n"
        f"git config core.hooksPath {stage.root}/attacks/hooks",
        "repository-config": settings(stage, "repository-config", "--local"),
        "attributes": f"printf '{ATTRIBUTES}' | tee .gitattributes > .git/info/attributes",
        "user-config": settings(stage, "user-config", "--global"),
        "shell": "; ".join(
            f"printf 'touch {stage.root}/found/shell-was-run\\n' > ~/{name}"
            for name in (
                ".bashrc",
                ".bash_profile",
                ".profile",
                ".bash_login",
                ".bash_env",
                ".zshenv",
            )
        ),
        "worktree": "mkdir -p nested && printf 'gitdir: ../../evil\\n' > nested/.git"
        " && mkdir -p ../evil && git init -q --bare ../evil"
        f" && git -C ../evil config core.fsmonitor '{stage.root}/attacks/repository-config'",
        "alternates": f"echo {stage.root} > .git/objects/info/alternates",
        "links": "ln -s /etc/passwd link-out; ln -s ../../.. link-up; ln -s .git link-to-git",
        "workflow": "mkdir -p .github/workflows; echo 'on: push' > .github/workflows/evil.yml",
        "templates": "mkdir -p .gump/templates; cd .gump/templates"
        "; echo '{{ 7 * 7 }} evil' | tee comment.md.j2 > report.md.j2",
        "lock": "touch .git/index.lock .git/HEAD.lock .git/config.lock",
    }
    job = stage.attack(attacks)
    assert job.result["status"] == "passed", job.log
    job.comment = stage.github.comments[-1]["body"]
    job.fired = [name for name in attacks if stage.was_run(name)]
    return job


@pytest.mark.parametrize(
    "name",
    [
        "programs",
        "modules",
        "user-site",
        "hooks",
        "hooks-path",
        "repository-config",
        "user-config",
        "shell",
    ],
)
def test_what_was_planted_is_not_run_by_the_action(stage, job, name):
    """CVE-2026-12537 (code from an untrusted workspace is run), by each way to have code run."""
    assert "No such file" not in stage.found(name)
    assert name not in job.fired


def user_git(job, home, *words):
    """As a later step of the job would call it."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(job.root / home)}
    who = ("-c", "user.name=u", "-c", "user.email=u@localhost")
    argv = ["git", *who, *words]
    return subprocess.run(
        argv, cwd=job.repo, env=environ, capture_output=True, check=False, text=True
    )


def test_a_later_step_that_uses_git_in_the_checkout_runs_nothing_of_it(stage, job):
    """Hooks and settings in `.git` would fire in the step that pushes.  They are put back."""
    for words in (
        ["status"],
        ["diff", "HEAD"],
        ["add", "-A"],
        ["commit", "-qm", "x"],
        ["log", "-p"],
    ):
        done = user_git(job, "elsewhere", *words)
        assert done.returncode == 0, done.stderr
    assert not stage.was_run("hooks")
    assert not stage.was_run("hooks-path")
    assert not stage.was_run("repository-config")
    assert "put back, since only the tree counts" in job.log


def test_a_folder_of_objects_elsewhere(stage, job):
    """`alternates` make git read objects of another repository of the machine."""
    assert stage.found("alternates") == ""
    alternates = job.repo / ".git/objects/info/alternates"
    assert not alternates.exists() or str(stage.root) not in alternates.read_text()


def test_links_that_lead_out(stage, job):
    """A symlink in the result is text: what it leads to is in no patch and no report."""
    assert stage.found("links") == ""
    patch = (job.temp / "gump-action" / job.result["run-key"] / "result.patch").read_text()
    assert "/etc/passwd" in patch
    assert "root:" not in patch


def test_a_host_workflow_is_there_to_be_seen(stage, job):
    """Clinejection: an agent that writes a workflow file.  People see it; see test_publishing."""
    assert stage.found("workflow") == ""
    assert ".github/workflows/evil.yml" in job.comment


def test_templates_of_an_agent_are_not_those_of_comment_and_report(stage, job):
    """Forged templates: a sandbox that an agent fills would speak in our name."""
    assert stage.found("templates") == ""
    assert "49 evil" not in job.comment + job.summary


DIES = """\
pid=$$
while ! tr '\\0' ' ' < /proc/$pid/cmdline | grep -q 'gump_action action run'; do
  pid=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$pid/status)
done
kill -9 $pid
"""


def test_git_of_a_checkout_that_was_not_put_back(stage):
    """The agent kills the engine, so that its settings are there for the steps with the token."""
    stage.project.commit({"before.txt": "x\n"})
    attacks = {
        "dead-config": settings(stage, "dead-config", "--local"),
        "dead-attributes": f"printf '{ATTRIBUTES}' | tee .gitattributes > .git/info/attributes",
        "dies": DIES,
    }
    job = stage.attack(attacks)
    assert job.codes["run"] not in (0, 1)
    assert job.result["status"] in ("failed", "cancelled")
    assert "planted" in stage.found("dead-config")
    assert not stage.was_run("dead-config"), job.log


@pytest.mark.open("what later steps of the job go by")
def test_the_users_configuration_of_git_is_there_for_later_steps(stage, job):
    """`~/.gitconfig` is the user's: a later step of the job that calls git runs what is in it."""
    user_git(job, "home", "status")
    assert stage.was_run("user-config")


@pytest.mark.open("programs on PATH")
@pytest.mark.parametrize("step", ["save", "deliver", "publish"])
def test_a_program_that_a_later_step_calls_beside_the_token(stage, step):
    """CVE-2026-12537, by PATH: on hosted runners `~/.local/bin` is on it, and is the agent's."""
    seen = stage.root / "found" / f"{step}-token"
    folder = stage.root / "on-path" / step
    folder.mkdir(parents=True)
    (folder / "sha256sum").write_text(f'#!/bin/sh\necho "$GUMP_GITHUB_TOKEN" > {seen}\n')
    (folder / "sha256sum").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "RUNNER_TEMP": str(stage.root), "GUMP_GITHUB_TOKEN": TOKEN}
    argv = ["bash", "-c", STEPS[step]["run"]]
    subprocess.run(argv, env=given | {"GUMP_ENGINE": "x"}, capture_output=True, check=False)
    assert seen.read_text().strip() == TOKEN


@pytest.mark.parametrize(
    "start",
    [
        "sleep SECONDS &",
        "setsid sleep SECONDS &",
        "nohup setsid sleep SECONDS &",
        "(setsid sh -c 'sleep SECONDS & sleep SECONDS' &)",
    ],
    ids=["child", "session", "nohup", "daemon"],
)
def test_a_process_that_waits_for_the_step_with_the_token(stage, start):
    """Checklist: own process group, all of it ended.  It would read /proc of later steps."""
    seconds = str(1_000_000 + os.getpid())
    job = stage.attack({"waits": f"{start.replace('SECONDS', seconds)}\necho began"})
    assert job.result["status"] == "passed", job.log
    assert stage.found("waits").startswith("began\n")  # its shell may say that it was killed
    assert processes(f"sleep\0{seconds}") == []


OUTLIVES = """\
env -i PATH="$PATH" setsid sh -c '
n=0
until grep -haz KEY /proc/[0-9]*/environ || test $n -gt 1200; do n=$((n + 1)); sleep 0.1; done
' > FOUND 2> /dev/null < /dev/null &
"""


@pytest.mark.open("what outlives the engine")
def test_a_process_that_outlives_the_engine_sees_what_later_steps_are_given(stage, tmp_path):
    """The /proc/self/environ finding, of steps to come: no mark to find it by, and no parent."""
    key, seen = f"a-state-key-of-forty-characters-{os.getpid():08}", tmp_path / "seen"
    waits = OUTLIVES.replace("KEY", key).replace("FOUND", str(seen))
    job = stage.attack({"outlives": waits + DIES}, state_key=key)
    assert job.codes["run"] not in (0, 1)
    (tmp_path / "sha256sum").write_text("#!/bin/sh\nsleep 5\n")  # the digest of the engine
    (tmp_path / "sha256sum").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "RUNNER_TEMP": str(stage.root), "GUMP_STATE_KEY": key}
    argv = [*AS_USER, "bash", "-c", STEPS["save"]["run"]]
    subprocess.run(argv, env=given | {"GUMP_ENGINE": "x"}, capture_output=True, check=False)
    assert f"GUMP_STATE_KEY={key}" in seen.read_text()


def processes(words):
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [place] if words in place.read_text() else []
    return found
