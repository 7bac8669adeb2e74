import pytest

from gump_action.engine.instructions import Base, Change, Swap, folded, is_instruction, plan_swap

FILE, EXE, LINK, SUB, NONE = "100644", "100755", "120000", "160000", "000000"


def base(*paths: str, links: dict[str, str] | None = None) -> Base:
    links = links or {}
    return Base({path: LINK if path in links else FILE for path in (*paths, *links)}, links)


def changed(path, old=FILE, new=FILE):
    return Change(path, old, new)


@pytest.mark.parametrize(
    "path",
    [
        "CLAUDE.md", "a/b/CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "x/AGENTS.override.md",
        "GEMINI.md", "QWEN.md", ".claude/settings.json", "x/.claude/hooks/a.sh", ".claude",
        ".codex/config.toml", ".gemini/settings.json", ".qwen/x", ".opencode/x", "opencode.json",
        "a/opencode.jsonc", ".cursor/rules/x.mdc", ".cursorrules", ".mcp.json", "a/.mcp.json",
        ".gump/workflows/x.yaml", ".gump/templates/retry_fresh.md.j2", ".gump/scripted.json",
        ".env", "app/.env", "CONTEXT.md", ".agents/skills/x/SKILL.md",
        # macOS and Windows know no case, nor some of the signs
        "claude.md", "Agents.MD", ".CLAUDE/x", ".Gump/workflows/x.yaml", ".clau\u200cde/x",
        "\ufeffCLAUDE.md", "CLAUDE\u202e.md", ".cur\u017for/rules",
        "\uff23LAUDE.md", "\u212aeep/claude.md",
    ],
)  # fmt: skip
def test_these_are_instruction_files(path):
    assert is_instruction(path)


@pytest.mark.parametrize(
    "path",
    ["README.md", "docs/claude.md.txt", "claude", "src/agents.py", "env", "gump/x", ".github/x.yml",
     "MYCLAUDE.md", ".envrc", ".env.example", "cursor/x", "opencode.yaml"],
)  # fmt: skip
def test_these_are_none(path):
    assert not is_instruction(path)


def test_two_spellings_of_one_name_are_one():
    assert folded("Caf\u00e9/CLAUDE.md") == folded("cafe\u0301/claude.MD")


@pytest.mark.parametrize(
    ("change", "swap"),
    [
        (changed("CLAUDE.md"), Swap(take=("CLAUDE.md",))),
        (changed("CLAUDE.md", new=EXE), Swap(take=("CLAUDE.md",))),
        (changed("CLAUDE.md", new=LINK), Swap(take=("CLAUDE.md",))),
        (changed("CLAUDE.md", new=NONE), Swap(take=("CLAUDE.md",))),
        (changed("CLAUDE.md", old=LINK), Swap(take=("CLAUDE.md",))),
        (changed("a/AGENTS.md", old=NONE), Swap(remove=("a/AGENTS.md",))),
        (changed(".claude", old=NONE, new=LINK), Swap(remove=(".claude",))),
        (changed(".claude", old=NONE, new=SUB), Swap(remove=(".claude",))),
        (changed(".claude", old=SUB, new=SUB), Swap(remove=(".claude",))),
        (changed("vendor", old=NONE, new=SUB), Swap(submodules=("vendor",))),
        (changed("vendor", old=SUB, new=SUB), Swap(submodules=("vendor",))),
        (changed("vendor", old=SUB, new=NONE), Swap()),
        (changed("src/a.py"), Swap()),
        (changed("src/a.py", old=NONE), Swap()),
    ],
)
def test_what_is_done_follows_from_what_differs(change, swap):
    assert plan_swap([change], base("CLAUDE.md", "src/a.py")) == swap


def test_another_spelling_of_a_file_of_the_base_is_removed_and_the_base_s_taken():
    """Where case does not count, removing the one removes the other."""
    swap = plan_swap([changed("claude.md", old=NONE)], base("CLAUDE.md"))
    assert swap == Swap(take=("CLAUDE.md",), remove=("claude.md",))


def test_the_gump_workflow_counts_wherever_it_lies():
    changes = [changed("ci/fix.yaml"), changed("ci/prompts/a.md"), changed("ci/other.py")]
    swap = plan_swap(changes, base(), also=["./ci/fix.yaml", "ci/prompts/"])
    assert swap.take == ("ci/fix.yaml", "ci/prompts/a.md")


LINKED = {
    "a file": ({"CLAUDE.md": "docs/rules.md"}, "docs/rules.md"),
    "a file beside it": ({"a/CLAUDE.md": "rules.md"}, "a/rules.md"),
    "a file above it": ({"a/CLAUDE.md": "../docs/./rules.md"}, "docs/rules.md"),
    "what is in a folder": ({".claude": "config/claude"}, "config/claude/settings.json"),
    "what a link in a folder leads to": ({".claude/skills": "../skills"}, "skills/a/SKILL.md"),
    "what a second link leads to": (
        {"CLAUDE.md": "docs/rules.md", "docs/rules.md": "../house/rules.md"}, "house/rules.md",
    ),
    "a link on the way": ({".claude": "config/claude", "config": "etc"}, "config"),
    "what is behind a link on the way": (
        {".claude": "config/claude", "config": "etc"}, "etc/claude/x",
    ),
    "what a link in such a folder leads to": (
        {".claude": "conf", "conf/hooks": "../scripts/hooks"}, "scripts/hooks/a.sh",
    ),
    "another spelling": ({"CLAUDE.md": "docs/Rules.md"}, "docs/rules.md"),
}  # fmt: skip


@pytest.mark.parametrize("case", LINKED)
def test_what_an_instruction_file_is_a_link_to_counts_too(case):
    links, path = LINKED[case]
    assert plan_swap([changed(path)], base(links=links)).take == (path,)


@pytest.mark.parametrize(
    "links",
    [
        {"README.md": "docs/rules.md"},
        {"CLAUDE.md": "/docs/rules.md"},
        {"CLAUDE.md": "../docs/rules.md"},
        {"CLAUDE.md": "a/../../docs/rules.md"},
        {"CLAUDE.md": "."},
        {"CLAUDE.md": "AGENTS.md", "AGENTS.md": "CLAUDE.md"},
    ],
)
def test_other_links_lead_to_nothing(links):
    assert plan_swap([changed("docs/rules.md")], base(links=links)) == Swap()


def test_a_link_of_the_change_makes_nothing_an_instruction():
    """Only the base's links say what counts: the change's own are taken away."""
    changes = [changed("CLAUDE.md", new=LINK), changed("evil.md", old=NONE)]
    assert plan_swap(changes, base("CLAUDE.md")) == Swap(take=("CLAUDE.md",))
