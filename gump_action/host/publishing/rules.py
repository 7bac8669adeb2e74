"""What of a result may be published: pure rules over the files that it changes.

Whoever talked an agent into something wants it to land in these files, so each rule names its
reason, and what is published is a list of paths that were looked at one by one.  Reading the
files is `system.git_changes`; where they go is `destination`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gump_action.engine.instructions import Instructions, folded
from gump_action.errors import InputError
from gump_action.host.publishing import paths as names
from gump_action.host.publishing.paths import is_seen_whole, parts_of
from gump_action.host.words import code, number
from gump_action.redaction import Redactor
from gump_action.system.git_changes import EXECUTABLE, LINK, NO_FILE, SUBMODULE, Changed, Finding

_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_SIZE = 1024
_NAMED = 20


class Rule(StrEnum):
    """What is refused; a user may allow those of `MAY_BE_ALLOWED`, by these names."""

    GITHUB = "github"
    CODEOWNERS = "codeowners"
    GUMP = "gump"
    INSTRUCTIONS = "instructions"
    HOOKS = "hooks"
    LOCK_FILES = "lock-files"
    SUBMODULES = "submodules"
    LINKS = "links"
    EXECUTABLES = "executables"
    TOKENS = "tokens"
    SECRETS = "secrets"
    NAMES = "names"
    LFS = "lfs"
    SIZE = "size"
    COUNT = "count"


_WHY: Mapping[Rule, str] = {
    Rule.GITHUB: "is GitHub's own, and can start host workflows with the rights of this repository",
    Rule.CODEOWNERS: "says whose approval is needed",
    Rule.GUMP: "is what gump-action itself goes by",
    Rule.INSTRUCTIONS: "is what agents obey or are configured by, those of later runs too",
    Rule.HOOKS: "can run commands by itself where this is checked out",
    Rule.LOCK_FILES: "says which code of others is installed, and nobody reads it line by line",
    Rule.SUBMODULES: "brings in another repository",
    Rule.LINKS: "is a link that leads out of the repository",
    Rule.EXECUTABLES: "is made executable, and was not",
    Rule.TOKENS: "holds what looks like a token or a private key",
    Rule.SECRETS: "holds a secret of this job",
    Rule.NAMES: "has a name that people or other file systems would read as another one",
    Rule.LFS: "is kept by Git LFS, whose objects are not sent",
    Rule.SIZE: "is larger than the limit",
    Rule.COUNT: "are more files than the limit",
}
MAY_BE_ALLOWED = frozenset({
    Rule.GITHUB, Rule.CODEOWNERS, Rule.GUMP, Rule.INSTRUCTIONS, Rule.HOOKS, Rule.LOCK_FILES,
    Rule.SUBMODULES, Rule.LINKS, Rule.EXECUTABLES, Rule.TOKENS,
})  # fmt: skip
"""The others have no use that is worth the risk, or are limits with a number of their own."""


@dataclass(frozen=True)
class Limits:
    """How much may be published: files, bytes of one file, bytes of all of them."""

    files: int = 100
    bytes_of_file: int = 1024 * 1024
    bytes_in_all: int = 10 * 1024 * 1024


@dataclass(frozen=True)
class Reason:
    """One rule that a file breaks; the path is as git has it, empty where it is about all."""

    rule: Rule
    path: str = ""
    note: str = ""

    def __str__(self) -> str:
        """In Markdown, on one line; a name that cannot be seen is shown by its escapes."""
        path = self.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        shown = path if is_seen_whole(path) else ascii(path)[1:-1]
        subject = code(shown) if self.path else self.note
        more = f" ({self.note})" if self.path and self.note else ""
        return f"{subject} {_WHY[self.rule]}{more}"


@dataclass(frozen=True)
class Publishable:
    """These paths and no others.  Workflows of GitHub need a right that a job's token never has."""

    paths: tuple[str, ...]
    has_host_workflows: bool = False


@dataclass(frozen=True)
class Refused:
    """Nothing of it is published: half a change is another change."""

    reasons: tuple[Reason, ...]

    def lines(self) -> list[str]:
        """For people: the first reasons, and how many more there are."""
        shown = [str(reason) for reason in self.reasons[:_NAMED]]
        rest = len(self.reasons) - _NAMED
        more = [f"and {number(rest, 'more reason')}"] if rest > 0 else []
        return [*shown, *more]

    @property
    def may_be_allowed(self) -> list[str]:
        """The rules that have to be allowed; none where one is broken that nobody can allow."""
        rules = {reason.rule for reason in self.reasons}
        return sorted(rules) if rules <= MAY_BE_ALLOWED else []


Judgement = Publishable | Refused


def judge(
    changes: Collection[Changed],
    tree: Collection[str],
    allowed: Collection[Rule] = (),
    limits: Limits | None = None,
    *,
    links: Mapping[str, str] | None = None,
) -> Judgement:
    """Whether these changes may be published; `tree` are all paths of the result, `links` by their
    paths what its symbolic links lead to.

    What is removed is judged like what is written: a CODEOWNERS that is gone asks for nobody.
    """
    limits = limits or Limits()
    granted = MAY_BE_ALLOWED & set(allowed)
    obeyed = Instructions(links or {})
    found = [*_of_all(changes, limits), *_of_case(changes, tree)]
    for change in changes:
        found += [Reason(rule, change.path) for rule in _of_path(change.path, obeyed)]
        found += _of_name(change.path)
        found += _of_kind(change)
        found += _of_content(change, limits)
    reasons = [reason for reason in dict.fromkeys(found) if reason.rule not in granted]
    if reasons:
        return Refused(tuple(reasons))
    paths = tuple(sorted(change.path for change in changes))
    is_workflow = any(f"{folded(path)}/".startswith(".github/workflows/") for path in paths)
    return Publishable(paths, is_workflow)


def _of_all(changes: Collection[Changed], limits: Limits) -> Iterator[Reason]:
    if len(changes) > limits.files:
        yield Reason(Rule.COUNT, note=f"{len(changes)}, where {limits.files} may be changed,")
    total = sum(change.size for change in changes)
    if total > limits.bytes_in_all:
        yield Reason(Rule.SIZE, note=f"all together, {total} bytes of {limits.bytes_in_all},")


def _of_path(path: str, obeyed: Instructions) -> Iterator[Rule]:
    name = folded(path)
    parts = name.split("/")
    is_ours = ".gump" in parts
    broken = {
        Rule.GITHUB: parts[0] == ".github",
        Rule.CODEOWNERS: name in names.CODEOWNERS,
        Rule.GUMP: is_ours,
        Rule.INSTRUCTIONS: obeyed.has(path) and not is_ours,
        Rule.HOOKS: any(map(names.is_hook, parts)),
        Rule.LOCK_FILES: parts[-1] in names.LOCK_FILES,
        Rule.SUBMODULES: names.is_modules(parts[-1]),
    }
    return (rule for rule, is_broken in broken.items() if is_broken)


def _of_name(path: str) -> Iterator[Reason]:
    if not is_seen_whole(path):
        yield Reason(Rule.NAMES, path)
    elif any(part in ("", ".", "..") or names.is_git(part) for part in parts_of(folded(path))):
        yield Reason(Rule.NAMES, path, "of git's own folder, or of no file")


def _of_kind(change: Changed) -> Iterator[Reason]:
    if SUBMODULE in (change.old_mode, change.new_mode):
        yield Reason(Rule.SUBMODULES, change.path)
    if change.new_mode == LINK and names.leads_out(change.path, change.target):
        yield Reason(Rule.LINKS, change.path)
    if change.new_mode == EXECUTABLE != change.old_mode:
        yield Reason(Rule.EXECUTABLES, change.path)


def _of_content(change: Changed, limits: Limits) -> Iterator[Reason]:
    if change.size > limits.bytes_of_file:
        yield Reason(Rule.SIZE, change.path, f"{change.size} bytes of {limits.bytes_of_file}")
    match change.finding:
        case Finding.SECRET:
            yield Reason(Rule.SECRETS, change.path)
        case Finding.TOKEN:
            yield Reason(Rule.TOKENS, change.path)
        case Finding.POINTER:
            yield Reason(Rule.LFS, change.path)
        case Finding.UNREAD:
            yield Reason(Rule.SIZE, change.path, "too large to be searched for secrets")


def _of_case(changes: Collection[Changed], tree: Collection[str]) -> Iterator[Reason]:
    """New paths that some file system takes for another path of the tree, or for its folder."""
    fresh = [c.path for c in changes if c.old_mode == NO_FILE]
    spellings: dict[str, set[str]] = {}
    paths = {*tree, *fresh} if fresh else set()
    for place in {place for path in paths for place in _places(path)}:
        spellings.setdefault(folded(place), set()).add(place)
    for path in fresh:
        for place in _places(path):
            others = sorted(spellings[folded(place)] - {place})
            if others:
                yield Reason(Rule.NAMES, path, f"like {ascii(others[0])[1:-1]}")
                break


def _places(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:n]) for n in range(1, len(parts) + 1))


def looked_at(redactor: Redactor, path: str, old: bytes, new: bytes) -> Finding:
    """What is found in a file's new content that its old one had not: for `git_changes`.

    The whole is searched before its added lines: a secret may be completed by an edit.
    """
    named = path.encode("utf-8", "surrogateescape")
    added = added_lines(old, new)
    fresh = redactor.holds_secret(new) and not redactor.holds_secret(old)
    if fresh or redactor.holds_secret(added) or redactor.holds_secret(named):
        return Finding.SECRET
    if new.startswith(_POINTER) and len(new) < _POINTER_SIZE:
        return Finding.POINTER
    text = added.decode("utf-8", "surrogateescape")
    return Finding.TOKEN if redactor.mask(text) != text else Finding.NOTHING


def added_lines(old: bytes, new: bytes) -> bytes:
    """The lines that the old content has nowhere, in their order."""
    there = set(old.splitlines())
    return b"\n".join(line for line in new.splitlines() if line not in there)


def allowed_of(text: str) -> frozenset[Rule]:
    """The rules that a user's words (parted by commas or blanks) allow.  Raises InputError."""
    names = {rule.value: rule for rule in sorted(MAY_BE_ALLOWED)}
    words = re.split(r"[,\s]+", text.strip()) if text.strip() else []
    for word in words:
        if word not in names:
            near = difflib.get_close_matches(word, names, 1)
            raise InputError(
                f"{word!r} is nothing that can be allowed to be published.",
                hint=f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}.",
            )
    return frozenset(names[word] for word in words)
