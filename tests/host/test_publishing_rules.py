"""What may be published: each rule at its borders."""

from __future__ import annotations

import pytest

from gump_action.engine.instructions import NAMES
from gump_action.errors import InputError
from gump_action.host.publishing.paths import leads_out
from gump_action.host.publishing.rules import (
    MAY_BE_ALLOWED,
    Limits,
    Publishable,
    Reason,
    Refused,
    Rule,
    allowed_of,
    judge,
    looked_at,
)
from gump_action.redaction import Redactor
from gump_action.system.git_changes import Changed, Finding

NEW, OLD, LINK, SUB, EXE = "000000", "100644", "120000", "160000", "100755"
SECRET = "hunter2-hunter2"


def written(path, *, old=NEW, new=OLD, **more):
    return Changed(path, old, new, **more)


def rules(*changes, tree=(), **how):
    """The rules that are broken, none where it may be published."""
    found = judge(changes, tree, **how)
    return [reason.rule for reason in found.reasons] if isinstance(found, Refused) else []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/a.py", []),
        (".github/workflows/ci.yml", [Rule.GITHUB]),
        (".github/dependabot.yml", [Rule.GITHUB]),
        (".GitHub/workflows/ci.yml", [Rule.GITHUB]),
        (".gith\u200dub/workflows/ci.yml", [Rule.GITHUB, Rule.NAMES]),
        ("docs/.github/x", []),
        (".githubx/x", []),
        ("CODEOWNERS", [Rule.CODEOWNERS]),
        ("docs/CODEOWNERS", [Rule.CODEOWNERS]),
        (".github/CODEOWNERS", [Rule.GITHUB, Rule.CODEOWNERS]),
        ("codeowners", [Rule.CODEOWNERS]),
        ("src/CODEOWNERS", []),
        (".gump/workflows/fix.yaml", [Rule.GUMP]),
        ("packages/a/.gump/x", [Rule.GUMP]),
        (".gumption/x", []),
        (".gump/CLAUDE.md", [Rule.GUMP]),
        ("CLAUDE.md", [Rule.INSTRUCTIONS]),
        ("packages/a/agents.md", [Rule.INSTRUCTIONS]),
        (".claude/settings.json", [Rule.INSTRUCTIONS]),
        (".cl\u200daude/settings.json", [Rule.INSTRUCTIONS, Rule.NAMES]),
        (".cursor/rules/a.mdc", [Rule.INSTRUCTIONS]),
        (".mcp.json", [Rule.INSTRUCTIONS]),
        ("opencode.json", [Rule.INSTRUCTIONS]),
        (".env", [Rule.INSTRUCTIONS]),
        (".env.example", []),
        ("docs/claude.md.txt", []),
        (".husky/pre-commit", [Rule.HOOKS]),
        (".githooks/x", [Rule.HOOKS]),
        ("a/.gitattributes", [Rule.HOOKS]),
        (".pre-commit-config.yaml", [Rule.HOOKS]),
        ("Lefthook.yml", [Rule.HOOKS]),
        (".lefthook-local.toml", [Rule.HOOKS]),
        (".lintstagedrc", [Rule.HOOKS]),
        (".lintstagedrc.mjs", [Rule.HOOKS]),
        ("web/lint-staged.config.ts", [Rule.HOOKS]),
        (".envrc", [Rule.HOOKS]),
        (".vscode/tasks.json", [Rule.HOOKS]),
        (".devcontainer/devcontainer.json", [Rule.HOOKS]),
        ("lefthook.md", []),
        ("husky/x", []),
        ("uv.lock", [Rule.LOCK_FILES]),
        ("web/package-lock.json", [Rule.LOCK_FILES]),
        ("Cargo.lock", [Rule.LOCK_FILES]),
        ("package.json", []),
        ("lock.py", []),
        (".gitmodules", [Rule.SUBMODULES]),
        ("GITMOD~1", [Rule.SUBMODULES]),
        (".gitignore", []),
        ("a/.git/config", [Rule.NAMES]),
        ("a/.GIT/config", [Rule.NAMES]),
        ("a/git~1/config", [Rule.NAMES]),
        ("a/.git /config", [Rule.NAMES]),
        ("a/.git::$INDEX_ALLOCATION/config", [Rule.NAMES]),
        ("a\\.git\\config", [Rule.NAMES]),
        ("a/../b", [Rule.NAMES]),
        ("a/.github.py", []),
        ("a/git~x", []),
        ("new\nline", [Rule.NAMES]),
        ("tab\t", [Rule.NAMES]),
        ("esc\x1b[31m", [Rule.NAMES]),
        ("bidi\u202egpj.py", [Rule.NAMES]),
        ("braille-blank\u2800.py", [Rule.NAMES]),
        ("selector\ufe0f.py", [Rule.NAMES]),
        ("no-utf8-\udcff", [Rule.NAMES]),
        ("é 日本.md", []),
    ],
)
@pytest.mark.parametrize("is_removed", [False, True])
def test_a_path_alone_can_be_a_reason_also_where_it_is_removed(path, expected, is_removed):
    change = Changed(path, OLD, NEW) if is_removed else written(path, old=OLD)
    assert rules(change) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (NEW, SUB, [Rule.SUBMODULES]),
        (SUB, SUB, [Rule.SUBMODULES]),
        (SUB, NEW, [Rule.SUBMODULES]),
        (NEW, EXE, [Rule.EXECUTABLES]),
        (OLD, EXE, [Rule.EXECUTABLES]),
        (LINK, EXE, [Rule.EXECUTABLES]),
        (EXE, EXE, []),
        (EXE, OLD, []),
        (EXE, NEW, []),
        (LINK, NEW, []),
    ],
)
def test_a_mode_can_be_a_reason(old, new, expected):
    assert rules(Changed("a", old, new)) == expected


@pytest.mark.parametrize(
    ("path", "target", "expected"),
    [
        ("a", "b", False),
        ("a", "./b/c", False),
        ("d/a", "../b", False),
        ("d/e/a", "../../b", False),
        ("d/a", "..", False),
        ("a", "..", True),
        ("a", "../b", True),
        ("d/a", "../../b", True),
        ("a", "/etc/passwd", True),
        ("a", "b/../../c", True),
        ("d/a", "l/../x", True),  # l may be a link to `..`
        ("a", "..\\b", True),
        ("a", "\\\\server\\x", True),
        ("a", "C:/x", True),
        ("a", "", True),
        ("a", ".git/config", True),
        ("a", ".GIT/hooks/x", True),
        ("d/a", "../.git/config", True),
        ("a", "...", False),
        ("a", ".gitignore", False),
    ],
)
def test_a_link_is_followed_to_the_border(path, target, expected):
    assert leads_out(path, target) is expected
    link = written(path, new=LINK, target=target)
    assert rules(link) == ([Rule.LINKS] if expected else [])


@pytest.mark.parametrize(
    ("many", "size", "expected"),
    [
        (3, 10, []),
        (4, 1, [Rule.COUNT]),
        (1, 11, [Rule.SIZE]),
        (3, 9, []),
    ],
)
def test_limits_hold_at_their_borders(many, size, expected):
    changes = [written(f"{n}", size=size) for n in range(many)]
    limits = Limits(files=3, bytes_of_file=10, bytes_in_all=30)
    assert rules(*changes, limits=limits) == expected


def test_all_bytes_together_have_a_limit():
    limits = Limits(bytes_of_file=10, bytes_in_all=19)
    assert rules(written("a", size=10), written("b", size=10), limits=limits) == [Rule.SIZE]


@pytest.mark.parametrize(
    ("path", "tree", "expected"),
    [
        ("readme.md", ["README.md"], [Rule.NAMES]),
        ("Src/a.py", ["src/b.py"], [Rule.NAMES]),
        ("src/A", ["src/a/b"], [Rule.NAMES]),
        ("cafe\u0301", ["caf\u00e9"], [Rule.NAMES]),
        ("src/c.py", ["src/b.py", "src/c.py"], []),
        ("src/b", ["lib/B"], []),
    ],
)
def test_a_new_name_that_is_another_ones_in_some_file_system_is_refused(path, tree, expected):
    assert rules(written(path), tree=tree) == expected


def test_two_names_of_one_spelling_that_were_there_before_stay_as_they_are():
    assert rules(written("xt_TCP.h", old=OLD), tree=["xt_tcp.h", "xt_TCP.h"]) == []


def test_two_new_names_of_one_spelling_are_refused():
    assert rules(written("a"), written("A")) == [Rule.NAMES, Rule.NAMES]


@pytest.mark.parametrize("name", sorted(NAMES - {".gump"}))
def test_what_a_run_takes_for_an_instruction_is_not_published_unasked(name):
    for path in (name, f"a/{name}", f"{name}/b"):
        assert rules(written(path)) == [Rule.INSTRUCTIONS]
        assert rules(written(path), allowed=[Rule.INSTRUCTIONS]) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("skills/a/SKILL.md", [Rule.INSTRUCTIONS]),
        ("shared/rules.md", [Rule.INSTRUCTIONS]),
        ("docs/rules.md", []),
    ],
)
def test_what_a_link_makes_an_instruction_counts_as_one(path, expected):
    links = {".claude/skills": "../skills", "CLAUDE.md": "middle", "middle": "shared/rules.md"}
    assert rules(written(path, old=OLD), links=links) == expected


def test_a_refused_instruction_is_said_with_what_allows_it():
    refused = judge([written("AGENTS.md"), written(".husky/pre-push")], [])
    assert isinstance(refused, Refused)
    assert refused.lines() == [
        "`AGENTS.md` is what agents obey or are configured by, those of later runs too",
        "`.husky/pre-push` can run commands by itself where this is checked out",
    ]
    assert refused.may_be_allowed == [Rule.HOOKS, Rule.INSTRUCTIONS]


@pytest.mark.parametrize("rule", sorted(MAY_BE_ALLOWED))
def test_what_is_allowed_is_no_reason_and_allows_nothing_else(rule):
    changes = [
        written(".github/CODEOWNERS"),
        written(".gump/x"),
        written("AGENTS.md"),
        written(".husky/post-checkout"),
        written("go.sum"),
        written("sub", new=SUB),
        written("link", new=LINK, target="/"),
        written("run", new=EXE),
        written("key", finding=Finding.TOKEN),
    ]
    assert {*rules(*changes, allowed=[rule])} == MAY_BE_ALLOWED - {rule}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (written("a", finding=Finding.SECRET), Rule.SECRETS),
        (written("a", finding=Finding.POINTER), Rule.LFS),
        (written("a", finding=Finding.UNREAD), Rule.SIZE),
        (written("a\n"), Rule.NAMES),
    ],
)
def test_some_reasons_cannot_be_allowed(change, rule):
    assert rules(change, allowed=list(Rule)) == [rule]


def test_paths_are_listed_one_by_one():
    assert judge([written("b"), written("a")], ["a", "b"]) == Publishable(("a", "b"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".github/workflows/x.yml", True),
        (".github/Workflows/x.yml", True),
        (".github/workflows", True),
        (".github/dependabot.yml", False),
        (".github/workflowsx/y", False),
    ],
)
def test_allowed_host_workflows_are_told_to_who_pushes(path, expected):
    assert judge([written(path)], [], [Rule.GITHUB]) == Publishable((path,), expected)


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("a", b"", b"x = 1\n", Finding.NOTHING),
        ("a", b"", f"x = {SECRET}".encode(), Finding.SECRET),
        ("a", b"", b"aHVudGVyMi1odW50ZXIy", Finding.SECRET),
        ("a", f"{SECRET}\n".encode(), f"{SECRET}\nmore\n".encode(), Finding.NOTHING),
        ("a", f"{SECRET}\n".encode(), f"{SECRET}\nx{SECRET}\n".encode(), Finding.SECRET),
        ("a", b"hunter2-\n", b"hunter2-\nhunter2\n", Finding.SECRET),
        ("a", f"{SECRET}\n".encode(), b"gone\n", Finding.NOTHING),
        (f"d/{SECRET}", b"", b"", Finding.SECRET),
        ("a", b"", b"ghp_" + b"a" * 36, Finding.TOKEN),
        ("a", b"ghp_" + b"a" * 36, b"ghp_" + b"a" * 36 + b"\nb", Finding.NOTHING),
        ("a", b"", b"version https://git-lfs.github.com/spec/v1\noid x\n", Finding.POINTER),
        ("a", b"", b"version https://git-lfs.github.com/spec/v1\n" + b"x" * 999, Finding.NOTHING),
        ("a", b"", b"\xff\xfe\0", Finding.NOTHING),
    ],
)
def test_a_file_is_searched_for_what_it_did_not_hold_before(path, old, new, expected):
    assert looked_at(Redactor([SECRET]), path, old, new) is expected


def test_reasons_are_said_without_what_could_fool_a_reader():
    refused = judge([written("x\n::error::y\u202e"), written("uv.lock")], [])
    assert isinstance(refused, Refused)
    assert refused.lines() == [
        "<code>x&#92;n&#58;&#58;error&#58;&#58;y&#92;u202e</code> has a name that people or other "
        "file systems would read as another one",
        "`uv.lock` says which code of others is installed, and nobody reads it line by line",
    ]


@pytest.mark.parametrize(
    ("broken", "rules"),
    [
        ([Rule.LOCK_FILES, Rule.GITHUB, Rule.GITHUB], ["github", "lock-files"]),
        ([Rule.LOCK_FILES, Rule.SECRETS], []),
    ],
)
def test_what_may_be_allowed_is_told_where_that_would_help(broken, rules):
    assert Refused(tuple(Reason(rule) for rule in broken)).may_be_allowed == rules


def test_many_reasons_are_counted():
    refused = Refused(tuple(Reason(Rule.NAMES, f"{n}") for n in range(25)))
    assert refused.lines()[-1] == "and 5 more reasons"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("lock-files", {Rule.LOCK_FILES}),
        ("lock-files, github\n codeowners", {Rule.LOCK_FILES, Rule.GITHUB, Rule.CODEOWNERS}),
    ],
)
def test_words_that_allow_are_read(text, expected):
    assert allowed_of(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [("lockfiles", "'lock-files'"), ("secrets", "There are"), ("*", "There are")],
)
def test_what_cannot_be_allowed_is_an_error_with_the_names(text, hint):
    with pytest.raises(InputError) as caught:
        allowed_of(text)
    assert hint in caught.value.hint
