"""The isolated workspace: a tree of the run's own, and a user who is left alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gump_action.engine.workspace.isolated import open_isolated
from gump_action.errors import InputError


def listing(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and "objects" not in p.parts]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def test_the_users_tree_index_branch_and_configuration_are_untouched(isolated):
    isolated.git("stash", "list")
    before = listing(isolated.repo)
    ws = isolated.open()
    commit = isolated.step(ws, lambda tree: (tree / "new").write_text("x"))
    ws.undo(commit)
    ws.publish("gump/r", [("one", commit)])
    ws.finish(commit)
    after = listing(isolated.repo)
    mine = {n for n in after if n not in before}
    assert mine == {".git/refs/heads/gump/r", ".git/logs/refs/heads/gump/r"}
    assert {n: after[n] for n in before} == before


def test_the_tree_is_new_until_an_agent_has_been_there(isolated):
    assert isolated.open().is_new
    ws = isolated.open()
    assert ws.is_new
    ws.before_attempt()
    assert not isolated.open().is_new


def test_work_of_a_killed_run_is_still_there_even_when_the_agent_took_its_git_folder_away(isolated):
    ws = isolated.open()
    ws.before_attempt()
    shutil.rmtree(ws.tree / ".git")
    (ws.tree / "new").write_text("x")
    again = isolated.open()
    assert not again.is_new
    taken = again.snapshot(again.opened.start, "cut", "one#1")
    assert again.changed_files(again.opened.start, taken.commit) == ("new",)


def test_what_setup_adds_stays_and_is_in_no_snapshot(isolated):
    ws = isolated.open()
    added = {".venv/bin/python": "x", "src/made.py": "x", "README.md": "by setup\n"}
    isolated.write(ws.tree, added)
    ws.after_setup()
    assert (ws.tree / "README.md").read_text() == "a project\n"
    ws.go_back(ws.opened.start)
    commit = isolated.step(ws, lambda tree: (tree / ".venv/more").write_text("x"))
    assert ws.changed_files(ws.opened.start, commit) == ()
    assert (ws.tree / ".venv/bin/python").exists()
    assert (ws.tree / "src/made.py").exists()
    again = isolated.open()
    again.go_back(again.opened.start)
    assert (ws.tree / ".venv/bin/python").exists()


def test_a_shared_link_that_an_agent_replaced_is_there_again_for_the_next(isolated):
    isolated.write(isolated.repo, {"build/lib.o": "o"})
    ws = isolated.open(share=("build",))
    isolated.step(ws, lambda tree: [(tree / "build").unlink(), (tree / "build").mkdir()])
    ws.before_attempt()
    assert (ws.tree / "build/lib.o").read_text() == "o"


def test_a_sparse_checkout_gives_a_sparse_tree_and_a_whole_result(isolated):
    isolated.write(isolated.repo, {"big/a": "a\n", "small/a": "a\n"})
    isolated.git("add", "-A")
    isolated.git("commit", "-qm", "more")
    isolated.git("sparse-checkout", "set", "small")
    ws = isolated.open()
    assert not (ws.tree / "big").exists()
    commit = isolated.step(ws, lambda tree: (tree / "small/a").write_text("changed\n"))
    assert ws.changed_files(ws.opened.start, commit) == ("small/a",)
    ws.publish("gump/r", [("one", commit)])
    assert isolated.git("show", "gump/r:big/a") == "a\n"


def test_agents_see_history_branches_and_tags_but_no_remote_and_no_credentials(isolated):
    isolated.git("tag", "v1")
    isolated.git("branch", "other")
    isolated.git("remote", "add", "origin", "https://user:hunter2@example.invalid/x")
    isolated.git("config", "http.https://example.invalid/.extraheader", "AUTHORIZATION: basic x")
    ws = isolated.open()
    ws.before_attempt()
    assert isolated.git("describe", "--tags", cwd=ws.tree).strip() == "v1"
    assert isolated.git("rev-parse", "other", "HEAD", cwd=ws.tree).split() == [ws.opened.base] * 2
    assert isolated.git("branch", "--show-current", cwd=ws.tree).strip() == "main"
    assert isolated.git("status", "--porcelain", cwd=ws.tree) == ""
    assert isolated.git("remote", cwd=ws.tree) == ""
    told = (ws.tree / ".git/config").read_text()
    assert "hunter2" not in told
    assert "extraheader" not in told
    assert str(isolated.repo / ".git/config") not in "".join(map(str, listing(ws.tree / ".git")))


def test_the_agents_git_is_as_on_the_first_day_before_each_attempt(isolated):
    ws = isolated.open()

    def act(tree: Path) -> None:
        isolated.git("checkout", "-q", "-b", "own", cwd=tree)
        (tree / "x").write_text("x")
        isolated.git("add", "-A", cwd=tree)
        isolated.git("commit", "-qm", "x", cwd=tree)
        isolated.git("config", "core.fsmonitor", "/bin/false", cwd=tree)

    commit = isolated.step(ws, act)
    ws.before_attempt()
    assert isolated.git("branch", "--format=%(refname:short)", cwd=ws.tree).split() == ["main"]
    assert "fsmonitor" not in (ws.tree / ".git/config").read_text()
    assert ws.changed_files(ws.opened.start, commit) == ("x",)


@pytest.mark.parametrize("how", ["link", "file", "gone"])
def test_an_agent_that_puts_something_else_in_place_of_its_git_folder_changes_nothing(
    isolated, how
):
    outside = isolated.root / "outside"
    isolated.write(outside, {"HEAD": "mine"})
    ws = isolated.open()

    def act(tree: Path) -> None:
        (tree / ".git").rename(isolated.root / f"away-{how}")
        if how == "link":
            (tree / ".git").symlink_to(outside)
        elif how == "file":
            (tree / ".git").write_text(f"gitdir: {outside}")
        (tree / "x").write_text("x")

    commit = isolated.step(ws, act)
    assert ws.changed_files(ws.opened.start, commit) == ("x",)
    ws.before_attempt()
    assert (ws.tree / ".git/HEAD").read_text() == "ref: refs/heads/main\n"
    assert (outside / "HEAD").read_text() == "mine"


def test_changed_files_are_refused_by_name_and_with_what_to_do(isolated):
    (isolated.repo / "README.md").write_text("changed by me\n")
    with pytest.raises(InputError, match=r"README\.md.*\n.*Commit or stash.*--workspace checkout"):
        isolated.open()


def test_staged_files_are_refused_too(isolated):
    (isolated.repo / "staged").write_text("x")
    isolated.git("add", "staged")
    with pytest.raises(InputError, match="staged"):
        isolated.open()


def test_changed_files_below_gump_are_no_reason_to_refuse(isolated):
    isolated.write(isolated.repo, {".gump/workflows/a.yaml": "a"})
    isolated.git("add", "-A")
    isolated.git("commit", "-qm", "w")
    isolated.write(isolated.repo, {".gump/workflows/a.yaml": "b", ".gump/workflows/c.yaml": "c"})
    assert isolated.open().notes == ()


def test_untracked_files_get_one_line_that_they_will_not_be_seen(isolated):
    isolated.write(isolated.repo, {"notes.md": "mine", "more/x": "x"})
    (note,) = isolated.open().notes
    assert "more/x, notes.md" in note
    assert "not seen" in note


def test_the_state_directory_may_lie_in_the_checkout(isolated):
    isolated.state = isolated.repo / ".gump/state"
    ws = isolated.open()
    assert ws.notes == ()
    assert isolated.git("status", "--porcelain", "--ignored", cwd=ws.tree) == ""


def test_a_moved_head_is_said_and_the_run_stays_on_its_base(isolated):
    first = isolated.open()
    isolated.git("commit", "-q", "--allow-empty", "-m", "later")
    again = isolated.open()
    assert again.opened == first.opened
    assert "HEAD is" in again.notes[0]


def test_a_base_that_is_gone_is_refused_with_fresh_as_the_remedy(isolated):
    isolated.open()
    isolated.git("checkout", "-q", "--orphan", "new")
    isolated.git("commit", "-qm", "other")
    isolated.git("branch", "-D", "main")
    isolated.git("reflog", "expire", "--expire=now", "--all")
    isolated.git("prune", "--expire=now")
    with pytest.raises(InputError, match=rf"{isolated.recorded.base}(.|\n)*--fresh"):
        isolated.open()


def test_a_partial_clone_is_refused_with_what_to_do(isolated):
    isolated.git("config", "uploadpack.allowFilter", "true")
    words = ("clone", "-q", "--filter=blob:none", f"file://{isolated.repo}", "partial")
    isolated.git(*words, cwd=isolated.root)
    isolated.repo = isolated.root / "partial"
    with pytest.raises(InputError, match=r"partial clone(.|\n)*--workspace checkout"):
        isolated.open()


def test_shared_paths_are_linked_and_in_no_snapshot(isolated):
    isolated.write(isolated.repo, {"build/lib.o": "o", "deep/node_modules/x.js": "x"})
    isolated.write(isolated.repo, {".git/info/exclude": "node_modules/\n"})
    ws = isolated.open(share=("build", "deep/node_modules"))
    assert (ws.tree / "build/lib.o").read_text() == "o"
    assert (ws.tree / "deep/node_modules").is_symlink()
    commit = isolated.step(ws, lambda tree: (tree / "deep/x").write_text("x"))
    assert ws.changed_files(ws.opened.start, commit) == ("deep/x",)
    ws.go_back(ws.opened.start)
    assert (ws.tree / "build").is_symlink()
    assert isolated.git("status", "--porcelain", cwd=ws.tree) == ""


def test_a_shared_path_that_is_not_there_is_said(isolated):
    (note,) = isolated.open(share=("node_modules",)).notes
    assert "node_modules is not in" in note


@pytest.mark.parametrize("path", ["../x", "/etc", "src", ".git/hooks", "."])
def test_what_cannot_be_shared_is_refused(isolated, path):
    with pytest.raises(InputError, match=r"workspace\.share"):
        isolated.open(share=(path,))


@pytest.mark.parametrize("how", ["shared", "active"])
def test_an_environment_that_points_into_the_checkout_is_warned_about_by_name(isolated, how):
    told = {"url": f"file://{isolated.repo}", "dir_info": {"editable": True}}
    place = "build/lib/python3.11/site-packages/myproject-1.0.dist-info/direct_url.json"
    isolated.write(isolated.repo, {place: json.dumps(told), "build/pyvenv.cfg": ""})
    if how == "active":
        isolated.env["VIRTUAL_ENV"] = str(isolated.repo / "build")
    notes = isolated.open(share=("build",) if how == "shared" else ()).notes
    assert any("myproject" in note for note in notes)


def test_a_submodule_is_empty_and_what_agents_put_there_is_not_kept(isolated):
    isolated.git("init", "-q", "lib", cwd=isolated.root)
    isolated.git("commit", "-qm", "x", "--allow-empty", cwd=isolated.root / "lib")
    isolated.git("submodule", "add", "-q", str(isolated.root / "lib"), "lib")
    isolated.git("commit", "-qm", "sub")
    ws = isolated.open()
    assert any("submodule lib is empty" in note for note in ws.notes)
    ws.before_attempt()
    (ws.tree / "lib/x").write_text("x")
    assert ws.after_attempt() == ("submodule lib: changes are not kept",)
    taken = ws.snapshot(ws.opened.start, "m", "r")
    assert ws.changed_files(ws.opened.start, taken.commit) == ()


def test_a_half_made_state_is_made_again(isolated):
    isolated.open()
    (isolated.state / "git/whole").unlink()
    ws = isolated.open()
    assert ws.is_new
    assert (ws.tree / "src/a.py").exists()


def test_a_commit_in_the_checkout_while_the_run_goes_on_harms_nothing(isolated):
    ws = isolated.open()
    isolated.git("commit", "-q", "--allow-empty", "-m", "meanwhile")
    commit = isolated.step(ws, lambda tree: (tree / "x").write_text("x"))
    tip = ws.publish("gump/r", [("one", commit)])
    assert isolated.git("rev-parse", f"{tip}^").strip() == ws.opened.base


def test_a_subfolder_stands_for_its_repository(isolated):
    ws = open_isolated(isolated.repo / "src", isolated.state, None, share=[], env=isolated.env)
    assert (ws.tree / "src/a.py").exists()
