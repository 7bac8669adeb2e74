"""What a path says of a file, whatever is in it: lists of names, and where a link leads.

Names are compared as `folded` makes them, so that no other spelling of one gets by.
"""

from __future__ import annotations

import re

from gump_action.engine.instructions import folded
from gump_action.host.outside.cleaning import is_seen

_LOCKS = """
    package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock
    poetry.lock uv.lock pdm.lock pipfile.lock pylock.toml pixi.lock conda-lock.yml requirements.lock
    cargo.lock go.sum go.work.sum gemfile.lock composer.lock packages.lock.json paket.lock
    gradle.lockfile buildscript-gradle.lockfile verification-metadata.xml mix.lock rebar.lock
    pubspec.lock podfile.lock package.resolved cartfile.resolved flake.lock stack.yaml.lock
    cabal.project.freeze conan.lock vcpkg-lock.json .terraform.lock.hcl module.bazel.lock
    chart.lock devbox.lock mise.lock renv.lock
"""
LOCK_FILES = frozenset(_LOCKS.split())
CODEOWNERS = frozenset({"codeowners", ".github/codeowners", "docs/codeowners"})
# Names under which Windows and macOS take a folder for `.git`, and a file for `.gitmodules`.
_GIT = re.compile(r"(?:\.git|git~\d+)[ .]*(?::.*)?")
_MODULES = re.compile(r"(?:\.gitmodules|gitmod~\d+|gi7eba~\d+)[ .]*(?::.*)?")

# What runs commands by itself: hooks of git and who manages them, drivers that git is told to call,
# shells and editors that run what they find in a folder.  A name counts as a folder, too.
_HOOKS = """
    .husky .githooks .git-hooks .pre-commit-config.yaml .pre-commit-config.yml .overcommit.yml
    .lefthook captainhook.json grumphp.yml grumphp.yaml .gitattributes .envrc .vscode
    .devcontainer .devcontainer.json
"""
_HOOK_NAMES = frozenset(_HOOKS.split())
# Each of these in several forms: `lefthook.yml`, `.lintstagedrc.mjs`.
_HOOK_FORMS = re.compile(
    r"(?:\.?lefthook(?:-local)?|\.huskyrc|husky\.config|\.lintstagedrc|lint-staged\.config"
    r"|\.?simple-git-hooks)(?:\.(?:ya?ml|toml|jsonc?|[cm]?[jt]s))?"
)


def is_hook(part: str) -> bool:
    """Of one part of a folded path."""
    return part in _HOOK_NAMES or bool(_HOOK_FORMS.fullmatch(part))


def is_git(part: str) -> bool:
    return bool(_GIT.fullmatch(part))


def is_modules(part: str) -> bool:
    return bool(_MODULES.fullmatch(part))


def is_seen_whole(path: str) -> bool:
    return path.isprintable() and all(map(is_seen, path))


def parts_of(path: str) -> list[str]:
    """Also by the sign that parts names on Windows."""
    return re.split(r"[/\\]", path)


def leads_out(path: str, target: str) -> bool:
    """Whether a link at this path may lead to something that is not in the repository.

    `..` behind a name counts as leading out: that name may itself be a link.
    """
    parts = parts_of(target)
    if not target or parts[0] == "" or re.match("[A-Za-z]:", target):
        return True
    depth, has_gone_down = path.count("/"), False
    for part in parts:
        if part == "..":
            depth -= 1
            if has_gone_down or depth < 0:
                return True
        elif part not in ("", "."):
            has_gone_down = True
    return any(is_git(part) for part in parts_of(folded(target)))
