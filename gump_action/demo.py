"""`gump-action demo`: the whole story in a throw-away repository, with no key and no network.

The agent plays a script (`demo_project/scripted.json`); git, sessions, the gate and the record are
the real ones.
"""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path

from gump_action import assembly, environment
from gump_action.engine.record import read_state
from gump_action.engine.state import RunState
from gump_action.errors import InputError
from gump_action.host.display import Out
from gump_action.host.places import is_job
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

BEFORE = """\
A small repository with a bug is mended by a workflow of three steps: analyze, fix, document.
The agent is a stand-in that plays a script, so there is no key and no network. All else is real.

  repository  {repo}
  workflow    {workflow}
  bug         {bug}
"""
STORY = """
What you have just seen

  analyze   wrote notes. They stood in the prompt of the next step: {{steps.analyze.output}}
  fix       Attempt {first} changed the wrong thing, and the gate said so. Attempt {second} resumed
            the session of {resumed} (`session: reuse-on-retry`): it remembered what it had tried,
            and was told what the gate had printed. The gate passed.
  document  went on with the session of {documented} (`session: "reuse: fix"`).

The branch {main} is as it was. The result is a branch of its own, with a commit for each step:

{log}

{diff}
"""
NEXT = """
The folder is kept, to look around in:

  cd {repo}
  {program} report    # each attempt: why it was made, its session, its gates
  {program} apply     # merge the result branch as one commit
  cat {workflow}
"""
FAILED = """
The demo did not end as it should. Its record is in {repo}/.gump/state, and this tells more:

  cd {repo} && {program} report
"""


def run(environ: Mapping[str, str], version: str) -> int:
    """Make the repository, run its workflow while the person watches, and tell what it was."""
    out = Out(sys.stdout)
    env = _clean(environ)
    repo = Path(tempfile.mkdtemp(prefix="gump-demo-")).resolve()
    git = _make_repository(repo, env)
    bug = " ".join((PROJECT / FILES[SPEC]).read_text().split(". ")[0].split())
    _say(out, BEFORE.format(repo=repo, workflow=WORKFLOW, bug=bug))
    code = assembly.run(_options(repo, version), env)
    state = read_state(repo / ".gump" / "state")
    _say(out, _told(git, state, repo) if code == 0 else FAILED, repo)
    return code


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """No key, nothing of a job, and this Python first on PATH, for the gate calls `python3`.

    A job's log keeps its groups: that alone is said again.
    """
    kept = environment.for_children(environ)
    here = str(Path(sys.executable).parent)
    kept["PATH"] = os.pathsep.join((here, kept.get("PATH", os.defpath)))
    return kept
