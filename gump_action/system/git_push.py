"""Sends one commit to one branch of a server, forward only. The login stands in no file.

It is sent from a folder made for that: no configuration of checkout, user or machine, which an
agent could have written, says where it goes, through what, or which hooks run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from gump_action.errors import InputError
from gump_action.redaction import visible
from gump_action.system.git import ALONE, Git
from gump_action.system.git_fetch import SETTINGS, authority, check_address, login_for
from gump_action.system.git_history import FORBIDDEN

_SAID = 800
_SLOW = {"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60"}
"""A server that says nothing for a minute is no longer waited for."""


class Why(StrEnum):
    """Why a push did not happen; the text is for people."""

    MOVED = "the branch has changed meanwhile"
    NOT_FORWARD = "the commit does not follow what the branch is on, and nothing is ever forced"
    PROTECTED = "the branch is protected, or a rule of the repository forbids it"
    SECRET = "GitHub has found a secret in it"
    WORKFLOWS = "the token may not change host workflows: that takes the permission `workflows`"
    NO_RIGHT = "the token may not write here: that takes the permission `contents: write`"
    NETWORK = "the server could not be reached, or is in trouble"
    REFUSED = "the server refused it"


@dataclass(frozen=True)
class Push:
    """A commit for a branch that is to be on `expected`; empty: that is not to be there yet."""

    commit: str
    branch: str
    expected: str


@dataclass(frozen=True)
class Pushed:
    """The branch is on the commit; `was_there`: it was so before, by a push that was cut off."""

    was_there: bool = False


@dataclass(frozen=True)
class NotPushed:
    """Nothing has changed on the server; `said` are git's words, without what cannot be seen."""

    why: Why
    said: str = ""


def push(
    checkout: Path, url: str, push: Push, *, header: str, env: Mapping[str, str]
) -> Pushed | NotPushed:
    """Fast-forward only, and only from the expected commit, which the server compares.

    `checkout` has the objects; nothing of it is changed. `header` as in `git_fetch`, for this
    address alone: no redirect is followed.
    """
    check_address(url, header)
    _check(push)
    source = Git(checkout, env, settings={"safe.directory": "*"})
    if push.expected and not _follows(source, push):
        return NotPushed(Why.NOT_FORWARD)
    with TemporaryDirectory(prefix="gump-push-") as place:
        git = _bare(source, Path(place))
        git = git.with_env(**login_for(url, header), **authority(env))
        return _push(git, url, push)


def _check(push: Push) -> None:
    names = (push.commit, push.expected or push.commit)
    if not all(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", name) for name in names):
        raise InputError(f"{push.commit!r} on {push.expected!r}: these are no commits to push.")
    if FORBIDDEN.search(push.branch) or not re.fullmatch(r"[^-/].*[^/]|[^-/]", push.branch):
        raise InputError(f"{push.branch!r} is no name of a branch, so nothing is pushed there.")


def _follows(source: Git, push: Push) -> bool:
    # The lease alone would let another history through, so long as the branch has not moved.
    return source.try_run("merge-base", "--is-ancestor", push.expected, push.commit)[0] == 0


def _bare(source: Git, place: Path) -> Git:
    """An empty repository that borrows the objects, and knows where a shallow history ends."""
    common = Path(source.text("rev-parse", "--path-format=absolute", "--git-common-dir"))
    is_sha1 = source.text("rev-parse", "--show-object-format") == "sha1"
    settings = {**SETTINGS, **_SLOW}
    env = {**source.env, "HOME": str(place), "XDG_CONFIG_HOME": str(place)}
    git = Git(place, env, settings=settings).with_env(**ALONE)
    kind = [] if is_sha1 else ["--object-format=sha256"]
    git.run("init", "-q", "--bare", "--template=", *kind, str(place))
    (place / "objects/info").mkdir(exist_ok=True)
    (place / "objects/info/alternates").write_text(f"{common / 'objects'}\n")
    if (common / "shallow").is_file():
        (place / "shallow").write_bytes((common / "shallow").read_bytes())
    return git.with_env(GIT_DIR=str(place))


def _push(git: Git, url: str, push: Push) -> Pushed | NotPushed:
    ref = f"refs/heads/{push.branch}"
    code, out, said = git.try_run(
        "push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed",
        "--recurse-submodules=no", f"--force-with-lease={ref}:{push.expected}",
        "--", url, f"{push.commit}:{ref}",
    )  # fmt: skip
    told = out.decode("utf-8", "replace")
    if code == 0:
        return Pushed(was_there=any(line.startswith("=") for line in told.splitlines()))
    why = reason(told, said)
    # Cut off after the server had taken it, by us or by the net: then there is nothing left to do.
    if why in (Why.MOVED, Why.NETWORK) and _tip(git, url, ref) == push.commit:
        return Pushed(was_there=True)
    return NotPushed(why, _shown(told, said))


def _tip(git: Git, url: str, ref: str) -> str:
    """What the branch is on; empty where it is not there, or cannot be seen."""
    code, out, _ = git.try_run("ls-remote", "--", url, ref)
    return "" if code else out.decode("utf-8", "replace").partition("\t")[0]


# What GitHub and git say, the surest first: a workflow that is refused is also "remote rejected".
_WORDS: tuple[tuple[Why, str], ...] = (
    (Why.WORKFLOWS, r"refusing to allow .*workflow"),
    (Why.SECRET, r"cannot contain secrets|GH009|secret-scanning"),
    (Why.PROTECTED, r"GH006|GH013|protected branch|rule violations|protected ref"),
    (Why.MOVED, r"stale info|fetch first|non-fast-forward|cannot lock ref|incorrect old value"),
    (Why.MOVED, r"reference already exists|failed to update ref|needs force"),
    (Why.NO_RIGHT, r"Permission to .* denied|Write access .* not granted|error: 40[13]"),
    (Why.NO_RIGHT, r"Authentication failed|could not read Username|repository .*not found"),
    (Why.REFUSED, r"remote rejected|hook declined|error: 4\d\d|shallow update not allowed"),
)


def reason(told: str, said: str) -> Why:
    """What porcelain output and complaints of a failed push mean."""
    text = f"{told}\n{said}"
    found = (why for why, words in _WORDS if re.search(words, text, re.IGNORECASE))
    return next(found, Why.NETWORK)


def _shown(told: str, said: str) -> str:
    """The lines about what went wrong, on one line."""
    rejected = [line for line in told.splitlines() if line.startswith("!")]
    return " ".join(visible("\n".join([said, *rejected])).split())[:_SAID]
