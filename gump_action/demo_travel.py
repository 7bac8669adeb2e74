"""The second act of the demo: a job fails, its machine is gone, and another one goes on.

Two clones under two paths with two homes stand for two machines; the one file that goes from the
first to the second is what `gump-action state pack` makes.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gump_action import assembly, carrying, environment
from gump_action.engine.record import read_state
from gump_action.engine.state import RunState
from gump_action.host.display import Out
from gump_action.system.git import Git

BEFORE = """

Second act: the job dies, and another machine goes on

  The same workflow again, but without a retry: so the first job fails where the agent was wrong.

"""
PACKED = """
  $ gump-action state pack STATE run.packed
  {said}

  The first machine is gone: its clone, its home, its state. What is left is run.packed.

  $ gump-action state unpack run.packed STATE      # in another clone, under another path
  {unpacked}
  $ gump-action run {workflow}                     # what "Re-run failed jobs" does

"""
AFTER = """
  analyze was not run again. {last} resumed the session of {resumed}, which was made on the machine
  that is gone; it found that attempt's changes in the tree, and was told the new folder in a line.
"""


class Machine:
    """A clone and a home of its own, under a path of its own."""

    def __init__(self, root: Path, origin: Path, env: Mapping[str, str]) -> None:
        self.root, self.repo, self.state = root, root / "app", root / "state"
        (root / "home").mkdir(parents=True)
        self.env = {**env, "HOME": str(root / "home")}
        git = Git(root, environment.for_git(self.env))
        git.run("clone", "--quiet", str(origin), str(self.repo))

    def run(self, workflow: Path, version: str) -> int:
        options = assembly.Options(
            workflow=str(workflow),
            spec=self.repo / "spec.md",
            repo=self.repo,
            state=self.state,
            workspace="isolated",
            version=version,
        )
        return assembly.run(options, self.env).exit_code


def show(origin: Path, workflow: str, env: Mapping[str, str], version: str) -> int:
    """Play it with clones of `origin`, whose workflow has this path; the code of the second run."""
    root = Path(tempfile.mkdtemp(prefix="gump-jobs-")).resolve()
    try:
        return _play(root, origin, workflow, (env, version))
    finally:
        shutil.rmtree(root)


def _play(root: Path, origin: Path, workflow: str, known: tuple[Mapping[str, str], str]) -> int:
    env, version = known
    out = Out(sys.stdout)
    asked = root / "mend-bill.yaml"
    asked.write_text((origin / workflow).read_text().replace("retry: 2", "retry: 0"))
    out.write(BEFORE)
    first = Machine(root / "machine-1", origin, env)
    first.run(asked, version)
    packed = root / "run.packed"
    said, _ = carrying.pack(
        first.state, packed, first.env, run_key="", key_env=None, transcripts="auto"
    )
    shutil.rmtree(first.root)
    second = Machine(root / "elsewhere" / "machine-2", origin, env)
    unpacked = carrying.unpack(packed, second.state, second.env, run_key="", key_env=None)
    out.write(PACKED.format(said=_short(said), unpacked=_short(unpacked), workflow=workflow))
    code = second.run(asked, version)
    out.write(_after(read_state(second.state)))
    return code


def _short(lines: list[str]) -> str:
    """Without the long path of a folder that is gone at the end."""
    return lines[0].partition(": ")[2]


def _after(state: RunState) -> str:
    last = state.attempts["fix"][-1]
    return AFTER.format(last=last.name, resumed=last.session.resume or "nothing")
