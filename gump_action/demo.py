"""`gump-action demo`: the whole story in a throw-away repository, with no key and no network.

The agent plays a script (`demo_project/scripted.json`); git, sessions, the gate and the record are
the real ones.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path

from gump_action import assembly, demo_travel, environment
from gump_action.engine.record import read_state
from gump_action.engine.state import RunState
from gump_action.host.display import Out
from gump_action.system.git import ALONE, Git

PROJECT = Path(__file__).parent / "demo_project"
WORKFLOW = ".gump/workflows/mend-bill.yaml"
SPEC = "spec.md"
# The names in the package are not the real ones: there, they would be files of its own.
FILES = {
    "bill.py": "bill.py.txt",
    "test_bill.py": "test_bill.py.txt",
    SPEC: "spec.md",
    WORKFLOW: "mend-bill.yaml",
    ".gump/scripted.json": "scripted.json",
    ".gitignore": "gitignore.txt",
}
BRANCH = "main"
IDENTITY = {"user.name": "Demo", "user.email": "demo@localhost"}

BEFORE = """\
A small Python project has a bug: a bill of 10.00 is split into three times 3.33.
A workflow of three steps mends it: analyze, fix, document. Its agent is a stand-in that plays a
script, so there is no key and no network; git, sessions, the gate and the record are the real ones.

  repository  {repo}
  workflow    {workflow}

"""
STORY = """
What you have just seen

  analyze   wrote notes, which stood in the prompt of the next step.
  fix       {first} changed the wrong thing, and the gate failed. {second} resumed the session of
            {resumed} (`session: reuse-on-retry`), so it remembered what it had tried, and was told
            what the gate had printed. The gate passed.
  document  went on with the session of {documented} (`session: "reuse: fix"`).

The branch {branch} is as it was. The result is on a branch of its own:

  $ git log --oneline {result}
{log}

  $ git diff {result}
{diff}
"""
NEXT = """
The folder is kept. To look around:

  cd {repo}
  {program} report    # each attempt: why it was made, its session, its gates
  {program} apply     # merge the result branch as one commit
  cat {workflow}
"""
FAILED = """
The demo did not end as it should. Its folder is kept, and the record tells more:

  cd {repo}
  {program} report
"""


def run(environ: Mapping[str, str], version: str) -> int:
    """Make the repository, run its workflow while the person watches, and tell what it was."""
    out = Out(sys.stdout)
    env = _clean(environ)
    repo = Path(tempfile.mkdtemp(prefix="gump-demo-")).resolve()
    git = _make_repository(repo, env)
    program = _program(environ)
    out.write(BEFORE.format(repo=repo, workflow=WORKFLOW))
    code = assembly.run(_options(repo, version), env).exit_code
    state = read_state(repo / ".gump" / "state")
    if code == 0:
        out.write(_story(state, git))
        out.flush()
        code = demo_travel.show(repo, WORKFLOW, env, version)
    ending = NEXT if code == 0 else FAILED
    out.write(ending.format(repo=repo, program=program, workflow=WORKFLOW))
    out.flush()
    return code


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """No key and nothing of a job; this Python is first on PATH, for the gate calls `python3`."""
    kept = environment.for_children(environ)
    here = str(Path(sys.executable).parent)
    return {**kept, "PATH": os.pathsep.join((here, kept.get("PATH", os.defpath)))}


def _make_repository(repo: Path, env: Mapping[str, str]) -> Git:
    """One commit with the project; it needs no identity and no configuration of the person's."""
    for name, packaged in FILES.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((PROJECT / packaged).read_bytes())
    git = Git(repo, environment.for_git(env)).with_env(**ALONE)
    git.run("init", "--quiet", f"--initial-branch={BRANCH}", "--template=")
    for name, value in IDENTITY.items():
        git.run("config", name, value)
    git.run("add", "--all")
    git.run("commit", "--quiet", "--message=A bill that does not add up")
    return git


def _program(environ: Mapping[str, str]) -> str:
    """How the person can call this program: by its name where that is on PATH."""
    if shutil.which("gump-action", path=environ.get("PATH", os.defpath)):
        return "gump-action"
    beside = Path(sys.executable).parent / "gump-action"
    return shlex.quote(str(beside)) if beside.exists() else f"{sys.executable} -m gump_action"


def _options(repo: Path, version: str) -> assembly.Options:
    return assembly.Options(
        workflow=str(repo / WORKFLOW),
        spec=repo / SPEC,
        repo=repo,
        workspace="isolated",
        version=version,
    )


def _story(state: RunState, git: Git) -> str:
    """What happened, told from the record."""
    assert state.ended, "a run that has passed has ended"
    fix, document = state.attempts["fix"], state.attempts["document"]
    result = f"{BRANCH}..{state.ended.branch}"
    log = git.text("log", "--oneline", result)
    diff = git.text("diff", "--unified=1", result)
    return STORY.format(
        first=fix[0].name,
        second=fix[-1].name,
        resumed=fix[-1].session.resume,
        documented=document[-1].session.resume,
        branch=BRANCH,
        result=result,
        log=textwrap.indent(log, "  "),
        diff=textwrap.indent(diff, "  "),
    )
