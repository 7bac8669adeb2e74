"""Says in a few lines what an agent had done to a repository's own files."""

from __future__ import annotations

from collections.abc import Collection

# First that fits. What git writes by itself whenever it is asked something is not worth a line.
KINDS = (
    ("index", ""),
    ("sharedindex.", ""),
    ("ORIG_HEAD", ""),
    ("COMMIT_EDITMSG", ""),
    ("gc.", ""),
    ("HEAD", "HEAD"),
    ("refs/heads", "branches"),
    ("packed-refs", "branches"),
    ("refs/stash", "the stash"),
    ("refs/tags", "tags"),
    ("refs", "refs"),
    ("logs/refs/stash", "the stash"),
    ("logs", ""),
    ("config", "configuration"),
    ("hooks", "hooks"),
    ("info", "ignore and attribute files of git"),
    ("modules", "git folders of submodules"),
    ("worktrees", "working trees"),
    ("rebase", "an unfinished rebase"),
    ("MERGE", "an unfinished merge"),
    ("CHERRY_PICK", "an unfinished cherry-pick"),
    ("REVERT", "an unfinished revert"),
    ("BISECT", "an unfinished bisect"),
)


def what_was_put_back(changed: Collection[str]) -> tuple[str, ...]:
    """One line that names the kinds of things, or none."""
    kinds = dict.fromkeys(kind_of(name.partition("/")[2]) for name in changed)
    named = [kind for kind in kinds if kind]
    return (f"put back, since only the tree counts: {', '.join(named)}",) if named else ()


def kind_of(path: str) -> str:
    for start, kind in KINDS:
        if path.startswith(start):
            return kind
    return "other files of git"
