"""Instruction files of a base commit in a checkout of another, by real git."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from gump_action.engine.workspace.swap import BaseMissing, Swapped, swap_instructions
from gump_action.errors import InputError

from .conftest import FIRST, Ground

BASE = {
    **FIRST,
    "CLAUDE.md": "base\n",
    "pkg/AGENTS.md": "base\n",
    ".gump/workflows/x.yaml": "base\n",
}


class Proposal:
    """`repo` with a base on main, and a change on top that the test makes."""

    def __init__(self, ground: Ground, files: dict[str, str]) -> None:
        self.ground, self.top = ground, ground.repo
        ground.make(files)
        self.base = ground.git("rev-parse", "HEAD").strip()

    def commit(self) -> None:
        self.ground.git("add", "-A")
        self.ground.git("commit", "-qm", "change")

    def swap(self, *also: str) -> Swapped:
        done = swap_instructions(self.top, self.base, self.ground.env, also=also)
        assert isinstance(done, Swapped)
        return done

    def read(self, name: str) -> str:
        return (self.top / name).read_text()

    def status(self) -> list[str]:
        return self.ground.git("status", "--porcelain=v1", "-uall").splitlines()


@pytest.fixture
def proposal(tmp_path: Path) -> Proposal:
    return Proposal(Ground(tmp_path, "checkout"), BASE)


def test_files_of_the_change_are_as_in_the_base_and_all_else_stays(proposal):
    proposal.ground.write(
        proposal.top,
        {"CLAUDE.md": "evil\n", ".gump/workflows/x.yaml": "evil\n", "src/a.py": "print(9)\n"},
    )
    (proposal.top / "pkg/AGENTS.md").unlink()
    proposal.ground.write(proposal.top, {"new/.claude/settings.json": "{}", "GEMINI.md": "evil\n"})
    proposal.commit()
    assert proposal.swap() == Swapped(
        taken=(".gump/workflows/x.yaml", "CLAUDE.md", "pkg/AGENTS.md"),
        removed=("GEMINI.md", "new/.claude/settings.json"),
    )
    assert [proposal.read(name) for name in BASE] == [
        *(FIRST | {"src/a.py": "print(9)\n"}).values(), "base\n", "base\n", "base\n",
    ]  # fmt: skip
    assert not (proposal.top / "new").exists()


def test_head_and_index_stay(proposal):
    proposal.ground.write(proposal.top, {"CLAUDE.md": "evil\n", "AGENTS.md": "evil\n"})
    (proposal.top / "pkg/AGENTS.md").unlink()
    proposal.commit()
    before = proposal.ground.git("rev-parse", "HEAD") + proposal.ground.git("ls-files", "-s")
    proposal.swap()
    assert before == proposal.ground.git("rev-parse", "HEAD") + proposal.ground.git(
        "ls-files", "-s"
    )
    assert proposal.status() == [" D AGENTS.md", " M CLAUDE.md", "?? pkg/AGENTS.md"]


def test_done_again_it_does_the_same(proposal):
    proposal.ground.write(proposal.top, {"CLAUDE.md": "evil\n", "AGENTS.md": "evil\n"})
    proposal.commit()
    first, status = proposal.swap(), proposal.status()
    assert (proposal.swap(), proposal.status()) == (first, status)


def test_where_nothing_of_it_differs_nothing_is_done(proposal):
    proposal.ground.write(proposal.top, {"src/a.py": "print(9)\n"})
    proposal.commit()
    proposal.ground.write(proposal.top, {"CLAUDE.md": "an earlier step of the job\n"})
    assert proposal.swap() == Swapped()
    assert proposal.status() == [" M CLAUDE.md"]


def test_a_file_that_became_a_link_is_a_file_again_and_what_it_led_to_is_untouched(proposal):
    outside = proposal.ground.root / "outside.md"
    outside.write_text("outside\n")
    (proposal.top / "CLAUDE.md").unlink()
    (proposal.top / "CLAUDE.md").symlink_to(outside)
    proposal.commit()
    proposal.swap()
    assert not (proposal.top / "CLAUDE.md").is_symlink()
    assert (proposal.read("CLAUDE.md"), outside.read_text()) == ("base\n", "outside\n")


@pytest.mark.parametrize("name", ["pkg", ".gump", ".gump/workflows"])
def test_a_folder_that_became_a_link_is_a_folder_again(proposal, name):
    outside = proposal.ground.root / "outside"
    (outside / "workflows").mkdir(parents=True)
    shutil.rmtree(proposal.top / name)
    (proposal.top / name).symlink_to(outside)
    proposal.commit()
    proposal.swap()
    assert [proposal.read(path) for path in BASE if path not in FIRST] == ["base\n"] * 3
    assert [path for path in outside.rglob("*") if path.is_file()] == []


def test_a_file_that_became_a_folder_is_a_file_again(proposal):
    (proposal.top / "CLAUDE.md").unlink()
    proposal.ground.write(proposal.top, {"CLAUDE.md/x": "evil\n"})
    proposal.commit()
    proposal.swap()
    assert proposal.read("CLAUDE.md") == "base\n"


def test_a_folder_that_became_a_file_is_a_folder_again(proposal):
    shutil.rmtree(proposal.top / ".gump")
    proposal.ground.write(proposal.top, {".gump": "evil\n"})
    proposal.commit()
    proposal.swap()
    assert proposal.read(".gump/workflows/x.yaml") == "base\n"


def test_a_link_that_was_added_is_removed_and_not_followed(proposal):
    outside = proposal.ground.root / "outside"
    outside.mkdir()
    (outside / "settings.json").write_text("mine")
    (proposal.top / ".claude").symlink_to(outside)
    proposal.commit()
    assert proposal.swap().removed == (".claude",)
    assert not (proposal.top / ".claude").is_symlink()
    assert (outside / "settings.json").exists()


def test_nothing_is_removed_through_a_link_that_an_earlier_step_made(proposal):
    ground = proposal.ground
    ground.write(proposal.top, {"new/AGENTS.md": "evil\n"})
    proposal.commit()
    ground.write(ground.root, {"outside/AGENTS.md": "mine\n"})
    shutil.rmtree(proposal.top / "new")
    (proposal.top / "new").symlink_to(ground.root / "outside")
    proposal.swap()
    assert (ground.root / "outside/AGENTS.md").read_text() == "mine\n"


def test_another_spelling_is_removed(proposal):
    proposal.ground.write(proposal.top, {"Claude.MD": "evil\n", ".CODEX/config.toml": "evil\n"})
    proposal.commit()
    assert proposal.swap().removed == (".CODEX/config.toml", "Claude.MD")
    assert proposal.read("CLAUDE.md") == "base\n"


def test_a_file_keeps_the_mode_of_the_base(tmp_path):
    ground = Ground(tmp_path, "checkout")
    ground.make()
    hook = ground.repo / ".claude/hook.sh"
    ground.write(ground.repo, {".claude/hook.sh": "base\n", "CLAUDE.md": "x\n"})
    hook.chmod(0o755)
    ground.git("add", "-A")
    ground.git("commit", "-qm", "base")
    base = ground.git("rev-parse", "HEAD").strip()
    hook.chmod(0o644)
    (ground.repo / "CLAUDE.md").chmod(0o755)
    ground.git("commit", "-qam", "change")
    swap_instructions(ground.repo, base, ground.env)
    assert os.access(hook, os.X_OK)
    assert not os.access(ground.repo / "CLAUDE.md", os.X_OK)


def test_a_link_of_the_base_leads_to_the_file_of_the_base(tmp_path):
    ground = Ground(tmp_path, "checkout")
    ground.make({"docs/rules.md": "base\n"})
    (ground.repo / "CLAUDE.md").symlink_to("docs/rules.md")
    ground.git("add", "-A")
    ground.git("commit", "-qm", "base")
    base = ground.git("rev-parse", "HEAD").strip()
    (ground.repo / "CLAUDE.md").unlink()
    ground.write(ground.repo, {"CLAUDE.md": "evil\n", "docs/rules.md": "evil\n"})
    ground.git("commit", "-qam", "change")
    swap_instructions(ground.repo, base, ground.env)
    assert (ground.repo / "CLAUDE.md").readlink() == Path("docs/rules.md")
    assert (ground.repo / "CLAUDE.md").read_text() == "base\n"


def test_the_gump_workflow_is_the_bases_wherever_it_lies(tmp_path):
    proposal = Proposal(Ground(tmp_path, "checkout"), {"ci/fix.yaml": "base\n"})
    (proposal.top / "ci/fix.yaml").unlink()
    proposal.ground.write(proposal.top, {"evil/fix.yaml": "evil\n"})
    (proposal.top / "ci").rmdir()
    (proposal.top / "ci").symlink_to("evil")
    proposal.commit()
    proposal.swap("ci/fix.yaml")
    assert (proposal.read("ci/fix.yaml"), proposal.read("evil/fix.yaml")) == ("base\n", "evil\n")


def test_names_that_are_no_utf_8_survive(tmp_path):
    ground = Ground(tmp_path, "checkout")
    ground.make()
    name = os.fsdecode(b".claude/\xff \n.md")
    ground.write(ground.repo, {name: "base\n"})
    ground.git("add", "-A")
    ground.git("commit", "-qm", "base")
    base = ground.git("rev-parse", "HEAD").strip()
    ground.write(ground.repo, {name: "evil\n"})
    ground.git("commit", "-qam", "change")
    swap_instructions(ground.repo, base, ground.env)
    assert (ground.repo / name).read_text() == "base\n"


def test_filters_and_hooks_of_the_checkout_are_not_run(proposal):
    ground = proposal.ground
    ground.git("config", "filter.evil.smudge", f"touch {ground.root}/ran; cat")
    ground.git("config", "core.fsmonitor", f"touch {ground.root}/ran")
    ground.write(proposal.top, {".gitattributes": "* filter=evil\n", "CLAUDE.md": "evil\n"})
    proposal.commit()
    (ground.root / "ran").unlink(missing_ok=True)
    proposal.swap()
    assert proposal.read("CLAUDE.md") == "base\n"
    assert not (ground.root / "ran").exists()


def test_a_submodule_that_differs_is_named(proposal):
    ground = proposal.ground
    ground.git("clone", "-q", str(proposal.top), str(ground.root / "other"), cwd=ground.root)
    ground.git("submodule", "--quiet", "add", str(ground.root / "other"), "vendor")
    proposal.commit()
    assert proposal.swap().submodules == ("vendor",)


def test_a_base_that_a_shallow_clone_lacks_is_said_and_nothing_is_done(proposal):
    ground = proposal.ground
    ground.write(proposal.top, {"CLAUDE.md": "evil\n"})
    proposal.commit()
    clone = ground.root / "clone"
    ground.git("clone", "-q", "--depth=1", f"file://{proposal.top}", str(clone), cwd=ground.root)
    assert swap_instructions(clone, proposal.base, ground.env) == BaseMissing(proposal.base)
    assert (clone / "CLAUDE.md").read_text() == "evil\n"


@pytest.mark.parametrize("name", ["CLAUDE.md", "link"])
def test_files_that_a_partial_clone_lacks_are_said_and_nothing_is_done(proposal, name):
    ground = proposal.ground
    (proposal.top / name).unlink(missing_ok=True)
    if name == "link":
        (proposal.top / name).symlink_to("nowhere")
    else:
        ground.write(proposal.top, {name: "only here\n"})
    proposal.commit()
    base = ground.git("rev-parse", "HEAD").strip()
    (proposal.top / name).unlink()
    ground.write(proposal.top, {name: "evil\n"})
    proposal.commit()
    ground.git("config", "uploadpack.allowFilter", "true")
    clone = ground.root / "clone"
    words = ("clone", "-q", "--filter=blob:none", f"file://{proposal.top}", str(clone))
    ground.git(*words, cwd=ground.root)
    assert swap_instructions(clone, base, ground.env) == BaseMissing(base)
    assert (clone / name).read_text() == "evil\n"


@pytest.mark.parametrize("base", ["main", "HEAD", "--all", "", "a" * 39, "a" * 40 + "\n"])
def test_what_is_no_commit_is_refused(proposal, base):
    with pytest.raises(InputError, match="is no commit"):
        swap_instructions(proposal.top, base, proposal.ground.env)


def test_what_was_done_is_said_in_lines_of_bounded_length():
    done = Swapped(("CLAUDE.md",), tuple(f"{n}/AGENTS.md" for n in range(12)), ("vendor",))
    assert done.lines("abcdef" * 7) == (
        "instruction files as in the base abcdefabcdef: CLAUDE.md",
        "instruction files that the base abcdefabcdef lacks, taken away: "
        + ", ".join(f"{n}/AGENTS.md" for n in range(10))
        + " and 2 more",
        "submodules that differ from the base, not looked into: vendor",
    )
    assert Swapped().lines("abcdef" * 7) == ()
