"""The checkout workspace: only the tree counts, and all the rest of the user's is as it was."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from gump_action.engine.workspace.checkout import open_checkout
from gump_action.errors import InputError, LostError


def git_files(repo: Path) -> dict[str, tuple[int, bytes]]:
    """All of .git but objects, byte for byte."""
    folder = repo / ".git"
    files = [p for p in folder.rglob("*") if not p.is_dir() and "objects" not in p.parts]
    return {str(p.relative_to(folder)): (p.lstat().st_mode, p.read_bytes()) for p in files}


def rampage(ground, tree: Path) -> None:
    """Everything that an agent may do to git."""
    (tree / "x").write_text("x")
    (tree / "README.md").write_text("agent\n")
    ground.git("stash", "-u", cwd=tree)
    ground.git("stash", "apply", cwd=tree)
    ground.git("checkout", "-qb", "own", cwd=tree)
    ground.git("add", "-A", cwd=tree)
    ground.git("commit", "-qm", "mine", cwd=tree)
    ground.git("branch", "-D", "main", cwd=tree)
    ground.git("tag", "mine", cwd=tree)
    ground.git("config", "user.name", "somebody", cwd=tree)
    ground.git("pack-refs", "--all", cwd=tree)
    ground.git("gc", "-q", cwd=tree)
    (tree / ".git/MERGE_HEAD").write_text("x")
    (tree / ".git/index.lock").write_text("")
    ground.write(tree, {".git/hooks/pre-commit": "#!/bin/sh\nexit 1\n", ".git/rebase-merge/x": "x"})
    shutil.rmtree(tree / ".git/info", ignore_errors=True)


def test_what_an_agent_did_to_git_is_put_back_byte_for_byte_and_said(checkout):
    checkout.git("branch", "other")
    before = git_files(checkout.repo)
    ws = checkout.open()
    ws.before_attempt()
    rampage(checkout, ws.tree)
    (said,) = ws.after_attempt()
    assert git_files(checkout.repo) == before
    for what in ("HEAD", "branches", "the stash", "configuration", "hooks", "merge"):
        assert what in said
    taken = ws.snapshot(ws.opened.start, "m", "r")
    assert ws.changed_files(ws.opened.start, taken.commit) == ("README.md", "x")


def test_what_gates_do_to_git_is_put_back_too(checkout):
    before = git_files(checkout.repo)
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: None)
    rampage(checkout, ws.tree)
    assert ws.after_attempt()
    ws.undo(commit)
    assert git_files(checkout.repo) == before


def test_what_gates_do_to_git_is_put_back_after_a_kill_too_where_no_agent_has_been(checkout):
    before = git_files(checkout.repo)
    ws = checkout.open()
    ws.before_gates()
    rampage(checkout, ws.tree)
    assert any("was cut" in note for note in checkout.open().notes)
    assert git_files(checkout.repo) == before


def test_a_lock_of_a_git_at_work_is_not_put_back_later(checkout):
    lock = checkout.repo / ".git/index.lock"
    lock.write_text("")
    ws = checkout.open()
    lock.unlink()
    checkout.step(ws, lambda tree: None)
    assert not lock.exists()


def test_a_lock_of_the_user_that_was_there_before_stays(checkout):
    lock = checkout.repo / ".git/index.lock"
    lock.write_text("")
    ws = checkout.open()
    checkout.step(ws, lambda tree: None)
    assert lock.exists()


def test_what_an_agent_changed_in_a_submodule_is_put_back_after_a_kill_too(checkout):
    lib = checkout.root / "lib"
    checkout.git("init", "-q", "lib", cwd=checkout.root)
    checkout.write(lib, {"a": "a\n"})
    checkout.git("add", "-A", cwd=lib)
    checkout.git("commit", "-qm", "x", cwd=lib)
    checkout.git("submodule", "add", "-q", str(lib), "lib")
    checkout.git("commit", "-qm", "sub")
    ws = checkout.open()
    ws.before_attempt()
    checkout.write(ws.tree, {"lib/a": "agent\n", "lib/b": "agent\n"})
    again = checkout.open()
    assert any("submodule lib" in note for note in again.notes)
    assert (again.tree / "lib/a").read_text() == "a\n"
    assert not (again.tree / "lib/b").exists()


def test_a_state_directory_of_another_checkout_puts_nothing_back_there(checkout):
    ws = checkout.open()
    ws.before_attempt()
    checkout.git("branch", "mine")
    other, checkout.repo = checkout.repo, checkout.root / "other"
    checkout.git("clone", "-q", str(other), str(checkout.repo), cwd=checkout.root)
    checkout.recorded = None
    checkout.open()
    assert "mine" in checkout.git("branch", cwd=other)


def test_a_stash_of_the_user_is_still_there(checkout):
    (checkout.repo / "README.md").write_text("stashed by me\n")
    checkout.git("stash")
    ws = checkout.open()
    checkout.step(ws, lambda tree: checkout.git("stash", "drop", cwd=tree))
    assert "+stashed by me" in checkout.git("stash", "show", "-p")


def test_an_agent_that_only_asks_git_is_not_told_on(checkout):
    ws = checkout.open()
    ws.before_attempt()
    (ws.tree / "README.md").write_text("x")
    checkout.git("status", cwd=ws.tree)
    checkout.git("add", "-A", cwd=ws.tree)
    assert ws.after_attempt() == ()
    assert checkout.git("diff", "--cached", "--name-only") == ""


LINKED = {
    ".git": pytest.raises(LostError, match="objects in"),
    ".git/refs": nullcontext(),
    ".git/hooks": nullcontext(),
    ".git/config": nullcontext(),
}


@pytest.mark.parametrize(("what", "ending"), LINKED.items(), ids=LINKED)
def test_a_link_in_the_place_of_git_files_is_replaced_and_nothing_behind_it_is_touched(
    checkout, what, ending
):
    before = git_files(checkout.repo)
    ws = checkout.open()
    ws.before_attempt()
    away = checkout.root / "away"
    (ws.tree / what).rename(away)
    (ws.tree / what).symlink_to(away)
    content = git_files(checkout.root) if away.is_dir() else away.read_bytes()
    with ending:
        ws.after_attempt()
    assert git_files(checkout.repo) == before
    assert not (ws.tree / what).is_symlink()
    assert away.exists()
    assert content == (git_files(checkout.root) if away.is_dir() else away.read_bytes())


def test_when_the_engine_was_killed_the_next_start_puts_git_back_first(checkout):
    before = git_files(checkout.repo)
    ws = checkout.open()
    ws.before_attempt()
    rampage(checkout, ws.tree)
    again = checkout.open()
    assert git_files(checkout.repo) == before
    assert any("was cut" in note for note in again.notes)
    taken = again.snapshot(again.opened.start, "cut", "one#1")
    assert again.changed_files(again.opened.start, taken.commit) == ("README.md", "x")


def test_what_is_replaced_after_a_kill_is_set_aside(checkout):
    ws = checkout.open()
    ws.before_attempt()
    checkout.git("commit", "-q", "--allow-empty", "-m", "by the user, later")
    lost = checkout.git("rev-parse", "HEAD").strip()
    checkout.open()
    assert (checkout.state / "set-aside/git/refs/heads/main").read_text().strip() == lost


def test_a_run_that_ended_well_puts_nothing_back_at_the_next_start(checkout):
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "x").write_text("x"))
    ws.finish(commit)
    ws.close()
    checkout.git("branch", "mine")
    assert checkout.open(left=commit).notes == ()
    assert "mine" in checkout.git("branch")


def test_a_copy_of_another_clone_is_not_put_into_this_one(checkout):
    ws = checkout.open()
    ws.before_attempt()
    checkout.repo.rename(checkout.root / "old")
    checkout.git("clone", "-q", "old", "repo", cwd=checkout.root)
    before = git_files(checkout.repo)
    checkout.open()
    assert git_files(checkout.repo) == before


def test_head_branch_and_index_are_never_moved(checkout):
    before = git_files(checkout.repo)
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "x").write_text("x"))
    ws.go_back(ws.opened.start)
    ws.go_back(commit)
    ws.finish(commit)
    assert git_files(checkout.repo) == before
    assert checkout.git("status", "--porcelain") == "?? x\n"


def test_untracked_files_of_the_start_are_left_alone_and_in_no_snapshot(checkout):
    checkout.write(checkout.repo, {"notes.md": "mine", "gha-creds-1.json": "{}", "dir/a": "mine"})
    ws = checkout.open()
    assert ws.opened.untracked == ("dir/a", "gha-creds-1.json", "notes.md")

    def act(tree: Path) -> None:
        checkout.write(tree, {".gitignore": "!*\n", "dir/b": "agent", "notes.md": "agent was here"})

    commit = checkout.step(ws, act)
    assert ws.changed_files(ws.opened.start, commit) == (".gitignore", "dir/b")
    ws.go_back(ws.opened.start)
    assert (checkout.repo / "dir/a").read_text() == "mine"
    assert not (checkout.repo / "dir/b").exists()
    assert (checkout.repo / "notes.md").exists()


def test_an_untracked_repository_of_the_user_is_left_alone(checkout):
    checkout.git("init", "-q", "theirs")
    checkout.write(checkout.repo, {"theirs/x": "x"})
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "y").write_text("y"))
    ws.go_back(ws.opened.start)
    assert ws.changed_files(ws.opened.start, commit) == ("y",)
    assert (checkout.repo / "theirs/.git/HEAD").exists()


def test_changed_files_of_the_start_are_its_found_state_and_in_no_diff(checkout):
    checkout.write(checkout.repo, {"README.md": "changed before\n", "staged": "x"})
    checkout.git("add", "staged")
    (checkout.repo / "src/b.py").unlink()
    ws = checkout.open()
    assert ws.opened.found == ("README.md", "src/b.py", "staged")
    assert any("README.md, src/b.py, staged" in note for note in ws.notes)
    commit = checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    assert ws.changed_files(ws.opened.start, commit) == ("new",)
    ws.go_back(ws.opened.start)
    assert (checkout.repo / "README.md").read_text() == "changed before\n"
    assert not (checkout.repo / "src/b.py").exists()


def test_what_was_there_is_recorded_once(checkout):
    checkout.write(checkout.repo, {"README.md": "changed before\n", "notes.md": "mine"})
    ws = checkout.open()
    first = ws.opened
    commit = checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    ws.finish(commit)
    assert checkout.open(left=commit).opened == first


def test_a_state_directory_inside_the_checkout_is_refused(checkout):
    checkout.state = checkout.repo / ".gump/state"
    with pytest.raises(InputError, match=r"inside the checkout(.|\n)*--state"):
        checkout.open()


def test_a_moved_head_is_refused_with_both_names_and_fresh_as_the_remedy(checkout):
    ws = checkout.open()
    checkout.git("commit", "-q", "--allow-empty", "-m", "later")
    now = checkout.git("rev-parse", "HEAD").strip()
    with pytest.raises(InputError, match=rf"{ws.opened.base}.*{now}(.|\n)*--fresh"):
        checkout.open()


def test_a_file_that_the_user_changed_since_is_refused_by_name(checkout):
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    ws.finish(commit)
    checkout.write(checkout.repo, {"README.md": "mine now\n", "new": "mine too"})
    with pytest.raises(InputError, match=r"since the run left it: README\.md, new"):
        checkout.open(left=commit)
    assert (checkout.repo / "README.md").read_text() == "mine now\n"


def test_in_a_job_what_was_changed_since_gives_way_to_the_record_and_is_named(checkout):
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    ws.finish(commit)
    checkout.write(checkout.repo, {"README.md": "another host step\n"})
    again = checkout.open(left=commit, in_job=True)
    assert any("put to the run's record: README.md" in note for note in again.notes)
    assert (checkout.repo / "README.md").read_text() == "a project\n"
    assert (checkout.repo / "new").read_text() == "x"


def test_untracked_files_that_came_since_are_left_alone_and_said(checkout):
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    ws.finish(commit)
    (checkout.repo / "later.md").write_text("mine")
    again = checkout.open(left=commit)
    assert any("later.md" in note for note in again.notes)
    taken = again.snapshot(commit, "m", "r")
    assert again.changed_files(commit, taken.commit) == ()
    again.go_back(commit)
    assert (checkout.repo / "later.md").exists()
    third = checkout.open(left=commit)
    assert not any("later.md" in note for note in third.notes)


def test_at_the_end_the_tree_holds_the_result_and_no_output_folder(checkout):
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    checkout.write(ws.tree, {"failed": "x", ".gump/out/plan.json": "[]"})
    ws.finish(commit)
    assert checkout.git("status", "--porcelain") == "?? new\n"


def test_at_the_end_of_a_run_without_a_passed_step_the_tree_is_as_it_was(checkout):
    checkout.write(checkout.repo, {"README.md": "changed before\n"})
    ws = checkout.open()
    checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    ws.finish(None)
    assert checkout.git("status", "--porcelain") == " M README.md\n"


CREDENTIALS = [
    ("http.https://github.com/.extraheader", "AUTHORIZATION: basic s3cret"),
    ("remote.origin.url", "https://x-access-token:s3cret@github.com/o/r"),
    ("url.https://u:s3cret@github.com/.insteadof", "https://github.com/"),
]


@pytest.mark.parametrize(("name", "value"), CREDENTIALS)
def test_credentials_in_gits_configuration_are_named_and_never_shown(checkout, name, value):
    checkout.git("config", name, value)
    (note,) = checkout.open().notes
    assert name.split(".")[0] in note
    assert "persist-credentials: false" in note
    assert "s3cret" not in note


def test_credentials_in_an_included_file_are_named(checkout):
    file = checkout.root / "creds"
    file.write_text('[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic x\n')
    checkout.git("config", f"includeIf.gitdir:{checkout.repo}/.git.path", str(file))
    (note,) = checkout.open().notes
    assert "http.https://github.com/.extraheader" in note


def test_an_address_without_a_password_is_no_credential(checkout):
    checkout.git("config", "remote.origin.url", "ssh://git@github.com/o/r")
    assert checkout.open().notes == ()


def test_what_an_agent_changes_in_a_submodule_is_put_back_and_said(checkout):
    lib = checkout.root / "lib"
    checkout.git("init", "-q", "lib", cwd=checkout.root)
    checkout.write(lib, {"a": "a\n", ".gitignore": "*.o\n"})
    checkout.git("add", "-A", cwd=lib)
    checkout.git("commit", "-qm", "x", cwd=lib)
    checkout.git("submodule", "add", "-q", str(lib), "lib")
    checkout.git("commit", "-qm", "sub")
    checkout.write(checkout.repo, {"lib/mine": "mine", "lib/x.o": "o"})
    mark = checkout.root / "ran"
    before = git_files(checkout.repo)
    ws = checkout.open()
    ws.before_attempt()
    inner = ws.tree / "lib"
    checkout.write(inner, {"a": "agent\n", "new": "x", "mine": "agent"})
    checkout.git("add", "-A", cwd=inner)
    checkout.git("commit", "-qm", "agent", cwd=inner)
    checkout.git("config", "core.fsmonitor", f"touch {mark}", cwd=inner)
    said = ws.after_attempt()
    mark.unlink(missing_ok=True)
    assert "submodule lib: changes are not kept" in said
    assert git_files(checkout.repo) == before
    assert (inner / "a").read_text() == "a\n"
    assert (inner / "mine").read_text() == "mine"
    assert (inner / "x.o").exists()
    assert not (inner / "new").exists()
    taken = ws.snapshot(ws.opened.start, "m", "r")
    assert ws.changed_files(ws.opened.start, taken.commit) == ()
    assert not mark.exists()


def test_a_submodule_that_an_agent_removed_comes_back(checkout):
    lib = checkout.root / "lib"
    checkout.git("init", "-q", "lib", cwd=checkout.root)
    checkout.write(lib, {"a": "a\n"})
    checkout.git("add", "-A", cwd=lib)
    checkout.git("commit", "-qm", "x", cwd=lib)
    checkout.git("submodule", "add", "-q", str(lib), "lib")
    checkout.git("commit", "-qm", "sub")
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: shutil.rmtree(tree / "lib"))
    assert (checkout.repo / "lib/a").read_text() == "a\n"
    assert checkout.git("status", "--porcelain") == ""
    assert ws.changed_files(ws.opened.start, commit) == ()


def test_a_linked_worktree_is_a_checkout_too(checkout):
    checkout.git("worktree", "add", "-q", "-b", "side", str(checkout.root / "side"))
    main, checkout.repo = checkout.repo, checkout.root / "side"
    before = git_files(main)
    ws = checkout.open()

    def act(tree: Path) -> None:
        (tree / "x").write_text("x")
        checkout.git("add", "-A", cwd=tree)
        checkout.git("commit", "-qm", "x", cwd=tree)
        checkout.git("branch", "more", cwd=tree)

    commit = checkout.step(ws, act)
    assert git_files(main) == before
    assert ws.publish("gump/r", [("one", commit)])
    assert checkout.git("show", "gump/r:x") == "x"


def test_a_sparse_checkout_stays_sparse_and_whole_in_the_result(checkout):
    checkout.write(checkout.repo, {"big/a": "a\n", "big/b": "b\n", "small/a": "a\n"})
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", "more")
    checkout.git("sparse-checkout", "set", "small")
    assert not (checkout.repo / "big").exists()
    ws = checkout.open()
    act = {"small/a": "changed\n", "big/new": "new\n", "big/b": "agent\n"}
    commit = checkout.step(ws, lambda tree: checkout.write(tree, act))
    assert ws.changed_files(ws.opened.start, commit) == ("big/b", "big/new", "small/a")
    ws.go_back(ws.opened.start)
    assert not (checkout.repo / "big/a").exists()
    assert not (checkout.repo / "big/new").exists()
    ws.go_back(commit)
    assert (checkout.repo / "big/b").read_text() == "agent\n"
    ws.publish("gump/r", [("one", commit)])
    assert checkout.git("show", "gump/r:big/a") == "a\n"


def test_a_sparse_index_is_no_obstacle(checkout):
    checkout.write(checkout.repo, {"big/a": "a\n", "big/b": "b\n", "small/a": "a\n"})
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", "more")
    checkout.git("sparse-checkout", "set", "--cone", "--sparse-index", "small")
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "small/a").write_text("changed\n"))
    assert ws.changed_files(ws.opened.start, commit) == ("small/a",)


def test_a_split_index_with_an_untracked_cache_is_no_obstacle(checkout):
    checkout.git("update-index", "--split-index", "--untracked-cache")
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "new").write_text("x"))
    assert ws.changed_files(ws.opened.start, commit) == ("new",)


def test_a_partial_clone_works_on_what_is_there(checkout):
    checkout.git("config", "uploadpack.allowFilter", "true")
    words = ("clone", "-q", "--filter=blob:none", f"file://{checkout.repo}", "partial")
    checkout.git(*words, cwd=checkout.root)
    checkout.repo.rename(checkout.root / "gone")
    checkout.repo = checkout.root / "partial"
    ws = checkout.open()
    commit = checkout.step(ws, lambda tree: (tree / "src/a.py").write_text("changed\n"))
    assert ws.publish("gump/r", [("one", commit)])
    assert checkout.git("show", "gump/r:src/a.py") == "changed\n"


def test_a_subfolder_stands_for_its_repository(checkout):
    src = checkout.repo / "src"
    ws = open_checkout(src, checkout.state, None, left=None, in_job=False, env=checkout.env)
    assert ws.tree == checkout.repo
