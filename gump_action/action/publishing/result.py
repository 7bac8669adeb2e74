"""The result of a run in a git folder made for that: on the base as the server has it.

No file of a checkout has a say there, and no object that an agent could have forged: the base is
fetched, and what the run added comes from its record's bundle, which git checks.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gump_action import carrying, environment
from gump_action.action.job.place import Place, clear
from gump_action.action.job.remote import Remote
from gump_action.engine import apply
from gump_action.engine.state import RunState
from gump_action.engine.workspace.folder import BUNDLE
from gump_action.engine.workspace.publish import RESULT
from gump_action.errors import HostError, InputError
from gump_action.host.publishing import rules
from gump_action.host.publishing.rules import Rule
from gump_action.redaction import Redactor
from gump_action.system import git_history, git_trees
from gump_action.system.git import ALONE, Git
from gump_action.system.git_changes import LINK, Changed, Reading, changed_files


@dataclass(frozen=True)
class Result:
    """`base` and `tip` are commits in `git`; `digest` is that of the patch, empty without one."""

    git: Git
    folder: Path
    base: str
    tip: str
    patch: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.patch).hexdigest() if self.patch else ""

    def changes(self, redactor: Redactor) -> tuple[Changed, ...]:
        """Each file with what was found in it."""
        reading = Reading(lambda *words: rules.looked_at(redactor, *words))
        return changed_files(self.git, self.base, self.tip, reading)

    def judged(self, changes: Sequence[Changed], allowed: Collection[Rule]) -> rules.Judgement:
        """Whether these changes may be published."""
        files = git_trees.files(self.git, self.tip)
        leading = {file.path: file.id for file in files if file.mode == LINK}
        held = git_trees.contents(self.git, leading.values())
        links = {path: os.fsdecode(held[identity]) for path, identity in leading.items()}
        return rules.judge(changes, [file.path for file in files], allowed, links=links)


def lay_out(here: Place, state: RunState, environ: Mapping[str, str], remote: Remote) -> Result:
    """Raises HostError where the base cannot be had, InputError where the record lacks the result.

    What an earlier call has left is thrown away.
    """
    assert state.stands_on, "only a run that has begun has a base"
    assert state.ended, "only a run at its end has a result"
    base = state.stands_on.base
    git = _new_folder(here.result, environ, is_sha1=len(base) == 40)
    for commit in state.built_on:
        why = remote.fetch(here.result, commit, is_alone=True)
        if why:
            raise HostError(f"The commit {commit[:12]}, that the run is on, cannot be had: {why}")
    carrying.lay_out(here.state, environ)
    if (here.state / BUNDLE).is_file():
        git_history.unbundle(git, here.state / BUNDLE)
    tip = git_history.ref_tip(git, RESULT) or base
    if state.ended.commit not in ("", base, tip):
        raise InputError(f"The record of the run lacks its own result ({state.ended.commit[:12]}).")
    return Result(git, here.result, base, tip, apply.patch_between(git, base, tip))


def _new_folder(folder: Path, environ: Mapping[str, str], *, is_sha1: bool) -> Git:
    try:
        clear(folder)
        folder.mkdir()
    except OSError as why:
        raise InputError(f"{folder}: no folder of our own can be made here: {why}.") from None
    # HOME too: an ignore or attributes file there is none of ours.
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    git = Git(folder, {**environment.for_git(environ), **home}).with_env(**ALONE)
    kind = [] if is_sha1 else ["--object-format=sha256"]
    git.run("init", "-q", "--bare", "--template=", *kind, str(folder))
    return git
