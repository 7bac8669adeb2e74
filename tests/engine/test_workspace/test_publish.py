"""The result branch, and a run that goes on with another clone of the repository."""

from __future__ import annotations

import pytest

from gump_action.engine.workspace.folder import BUNDLE
from gump_action.engine.workspace.records import Onto
from gump_action.errors import InputError


def two_steps(ground, ws) -> list[tuple[str, str]]:
    one = ground.step(ws, lambda t: (t / "one").write_text("1"), ref="one#1")
    two = ground.step(ws, lambda t: (t / "two").write_text("2"), on=one, ref="two#1")
    return [("first", one), ("second", two)]


def test_the_result_is_one_commit_for_each_step_on_the_base(ground):
    ws = ground.open()
    tip = ws.publish("gump/r", two_steps(ground, ws))
    log = ground.git("log", "--format=%s %an %cn", "gump/r").splitlines()
    assert log == ["second gump-action gump-action", "first gump-action gump-action", "start u u"]
    assert ground.git("rev-parse", "gump/r").strip() == tip
    assert ground.git("show", "--name-only", "--format=", "gump/r").split() == ["two"]
    ground.git("fsck", "--strict")


def test_failed_attempts_between_the_steps_are_not_in_the_history(ground):
    ws = ground.open()
    failed = ground.step(ws, lambda t: (t / "bad").write_text("1"), ref="one#1")
    good = ground.step(ws, lambda t: (t / "bad").unlink(), on=failed, ref="one#2")
    good = ground.step(ws, lambda t: (t / "good").write_text("1"), on=good, ref="one#3")
    ws.publish("gump/r", [("one", good)])
    assert ground.git("log", "--format=%s", "--name-only", "main..gump/r").split() == [
        "one",
        "good",
    ]


def test_a_step_that_changed_nothing_makes_no_commit(ground):
    ws = ground.open()
    steps = two_steps(ground, ws)
    same = ground.step(ws, lambda t: None, on=steps[1][1], ref="three#1")
    ws.publish("gump/r", [*steps, ("nothing", same)])
    assert ground.git("log", "--format=%s", "main..gump/r").split() == ["second", "first"]


def test_where_no_step_has_passed_there_is_no_branch(ground):
    assert ground.open().publish("gump/r", []) is None
    assert ground.git("branch", "--format=%(refname:short)").split() == ["main"]


def test_steps_that_changed_nothing_leave_the_branch_on_the_base(ground):
    ws = ground.open()
    same = ground.step(ws, lambda t: None)
    assert ws.publish("gump/r", [("nothing", same)]) == ws.opened.base
    assert ground.git("rev-parse", "gump/r").strip() == ws.opened.base


def test_publishing_again_gives_the_same_commits_and_puts_a_lost_branch_back(ground):
    ws = ground.open()
    steps = two_steps(ground, ws)
    tip = ws.publish("gump/r", steps)
    assert ws.publish("gump/r", steps) == tip
    ground.git("branch", "-D", "gump/r")
    assert ws.publish("gump/r", steps) == tip
    assert ground.git("rev-parse", "gump/r").strip() == tip


def own_result(ground) -> str:
    words = ("--git-dir", str(ground.state / "git"), "for-each-ref", "--format=%(objectname)")
    return ground.git(*words, "refs/gump/result").strip()


def test_the_result_travels_with_the_snapshots(ground):
    ws = ground.open()
    tip = ws.publish("gump/r", two_steps(ground, ws))
    assert own_result(ground) == tip
    ws.bundle(ground.root / "kept.bundle")
    ground.forget_machine()
    (ground.root / "kept.bundle").rename(ground.state / BUNDLE)
    ground.open()
    assert own_result(ground) == tip


def test_no_result_is_kept_where_steps_no_longer_count_or_changed_nothing(ground):
    ws = ground.open()
    steps = two_steps(ground, ws)
    for commits in ([], [("nothing", ws.opened.base)]):
        ws.publish("gump/r", steps)
        ws.publish("gump/r", commits)
        assert own_result(ground) == ""


def test_the_result_is_kept_where_somebody_stands_on_its_branch(ground):
    ws = ground.open()
    steps = two_steps(ground, ws)
    theirs = ground.git("commit-tree", "-p", "HEAD", "-m", "theirs", "HEAD^{tree}").strip()
    ground.git("branch", "gump/r", theirs)
    assert ws.publish("gump/r", steps) is None
    assert ground.git("--git-dir", str(ground.state / "git"), "show", f"{own_result(ground)}:two")


def test_a_result_branch_that_is_checked_out_is_not_moved(isolated):
    ws = isolated.open()
    steps = two_steps(isolated, ws)
    ws.publish("gump/r", steps[:1])
    isolated.git("checkout", "-q", "gump/r")
    with pytest.raises(InputError, match="checked out"):
        ws.publish("gump/r", steps)


def test_a_branch_in_the_way_of_the_result_is_said(ground):
    ground.git("branch", "gump")
    ws = ground.open()
    with pytest.raises(InputError, match=r"gump/r cannot be written(.|\n)*renamed"):
        ws.publish("gump/r", two_steps(ground, ws))


def test_the_result_holds_nothing_of_the_found_state(checkout):
    lines = "".join(f"{n}\n" for n in range(20))
    checkout.write(checkout.repo, {"long": lines})
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", "long")
    checkout.write(checkout.repo, {"README.md": "changed before\n", "long": "found\n" + lines})
    ws = checkout.open()
    commit = checkout.step(ws, lambda t: (t / "long").write_text(f"found\n{lines}agent\n"))
    ws.publish("gump/r", [("one", commit)])
    assert checkout.git("show", "gump/r:README.md") == "a project\n"
    assert checkout.git("show", "gump/r:long") == f"{lines}agent\n"


def test_a_file_that_does_not_merge_is_taken_whole_and_said(checkout):
    checkout.write(checkout.repo, {"README.md": "changed before\n"})
    ws = checkout.open()
    commit = checkout.step(ws, lambda t: (t / "README.md").write_text("changed before\nby agent\n"))
    ws.publish("gump/r", [("one", commit)])
    assert checkout.git("show", "gump/r:README.md") == "changed before\nby agent\n"
    assert any("README.md" in note and "told apart" in note for note in ws.notes)


def test_a_found_file_that_the_run_deletes_is_deleted_in_the_result(checkout):
    checkout.write(checkout.repo, {"README.md": "changed before\n"})
    ws = checkout.open()
    commit = checkout.step(ws, lambda t: (t / "README.md").unlink())
    ws.publish("gump/r", [("one", commit)])
    assert "README.md" not in checkout.git("ls-tree", "--name-only", "gump/r").split()


def test_a_shallow_clone_is_enough(ground):
    ground.git("commit", "-q", "--allow-empty", "-m", "more")
    words = ("clone", "-q", "--depth=1", f"file://{ground.repo}", "shallow")
    ground.git(*words, cwd=ground.root)
    ground.repo = ground.root / "shallow"
    ws = ground.open()
    tip = ws.publish("gump/r", two_steps(ground, ws))
    assert ground.git("rev-list", "--count", tip).strip() == "3"


def travel(ground, ws) -> None:
    file = ground.root / "snapshots"
    assert ws.bundle(file)
    ws.close()
    ground.forget_machine()
    file.rename(ground.state / BUNDLE)


def test_a_run_goes_on_in_another_clone_from_a_bundle(ground):
    ws = ground.open()
    steps = two_steps(ground, ws)
    tip = ws.publish("gump/r", steps)
    travel(ground, ws)
    again = ground.open(left=steps[1][1])
    again.go_back(steps[1][1])
    assert again.is_new == (ground.kind == "isolated")
    assert (again.tree / "two").read_text() == "2"
    assert again.publish("gump/r", steps) == tip
    third = ground.step(again, lambda t: (t / "three").write_text("3"), on=steps[1][1])
    assert again.changed_files(steps[0][1], third) == ("three", "two")


def test_without_snapshots_there_is_no_bundle(ground):
    assert not ground.open().bundle(ground.root / "x")


def test_in_another_clone_the_found_state_comes_out_of_the_record(checkout):
    checkout.write(checkout.repo, {"README.md": "changed before\n"})
    ws = checkout.open()
    commit = checkout.step(ws, lambda t: (t / "new").write_text("x"))
    ws.finish(commit)
    travel(checkout, ws)
    again = checkout.open(left=commit)
    assert (again.tree / "README.md").read_text() == "changed before\n"
    assert not any("since the run left it" in note for note in again.notes)
    again.publish("gump/r", [("one", commit)])
    assert checkout.git("show", "gump/r:README.md") == "a project\n"


def test_in_another_clone_what_was_changed_there_is_refused_or_gives_way(checkout):
    ws = checkout.open()
    commit = checkout.step(ws, lambda t: (t / "new").write_text("x"))
    travel(checkout, ws)
    checkout.write(checkout.repo, {"README.md": "by another host step\n", "creds.json": "{}"})
    with pytest.raises(InputError, match=r"README\.md"):
        checkout.open(left=commit)
    again = checkout.open(left=commit, in_job=True)
    assert (again.tree / "README.md").read_text() == "a project\n"
    assert (again.tree / "creds.json").exists()
    taken = again.snapshot(commit, "m", "r")
    assert again.changed_files(commit, taken.commit) == ()


def test_a_new_machine_without_the_snapshots_is_refused(checkout):
    checkout.write(checkout.repo, {"README.md": "changed before\n"})
    checkout.open()
    checkout.forget_machine()
    with pytest.raises(InputError, match=r"is no longer there(.|\n)*--fresh"):
        checkout.open()


# --- a result branch that others use too ----------------------------------------------------------


def commit_on(ground, branch):
    """A commit of the user's on this branch."""
    tree, parent = f"{branch}^{{tree}}", ground.git("rev-parse", branch).strip()
    made = ground.git("commit-tree", tree, "-p", parent, "-m", "by hand").strip()
    ground.git("update-ref", f"refs/heads/{branch}", made)
    return made


def passes(ground, ws, text):
    return ("one", ground.step(ws, lambda tree: (tree / "new.txt").write_text(text)))


def tip_of(ground, branch):
    return ground.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}").strip()


def test_a_commit_that_the_user_made_on_the_result_branch_is_not_lost(ground):
    ws = ground.open()
    first = ws.publish("gump/r", [passes(ground, ws, "1\n")])
    theirs = commit_on(ground, "gump/r")
    again = ground.open()
    assert again.publish("gump/r", [passes(ground, again, "2\n")], first) is None
    assert tip_of(ground, "gump/r") == theirs
    assert "git branch -m gump/r NAME" in again.notes[-1]


def test_a_result_branch_with_the_users_commits_is_not_deleted_either(ground):
    ws = ground.open()
    first = ws.publish("gump/r", [passes(ground, ws, "1\n")])
    theirs = commit_on(ground, "gump/r")
    assert ws.publish("gump/r", [], first) is None
    assert tip_of(ground, "gump/r") == theirs
    assert "no longer count" in ws.notes[-1]


def test_a_result_of_which_no_step_counts_any_more_is_deleted(ground):
    ws = ground.open()
    ws.publish("gump/r", [passes(ground, ws, "1\n")])
    assert ws.publish("gump/r", []) is None
    assert tip_of(ground, "gump/r") == ""


def test_a_result_that_is_checked_out_and_no_longer_counts_stays_and_is_said(isolated):
    ws = isolated.open()
    first = ws.publish("gump/r", [passes(isolated, ws, "1\n")])
    isolated.git("checkout", "-q", "gump/r")
    assert ws.publish("gump/r", []) is None
    assert tip_of(isolated, "gump/r") == first
    assert "git branch -D gump/r" in ws.notes[-1]


def test_a_branch_that_was_written_and_not_recorded_is_known_again(ground):
    ws = ground.open()
    ws.publish("gump/r", [passes(ground, ws, "1\n")])
    again = ground.open()
    tip = again.publish("gump/r", [passes(ground, again, "2\n")])
    assert tip_of(ground, "gump/r") == tip


def test_the_recorded_tip_is_ours_on_another_machine_too(ground):
    ws = ground.open()
    first = ws.publish("gump/r", [passes(ground, ws, "1\n")])
    ground.forget_machine()
    again = ground.open()
    tip = again.publish("gump/r", [passes(ground, again, "2\n")], first)
    assert tip_of(ground, "gump/r") == tip


def moved(ground, files):
    """HEAD is another commit with these files, and a workspace that has taken it in."""
    ground.git("reset", "-q", "--hard")
    ground.git("clean", "-fdq")
    ground.write(ground.repo, files)
    ground.git("add", "-A")
    ground.git("commit", "-qm", "by others")


def test_a_step_that_does_not_merge_by_itself_is_part_of_the_next_one(ground):
    """The first wrote where others have written meanwhile; the second put that back."""
    ws = ground.open()
    one = ground.step(ws, lambda t: (t / "README.md").write_text("mine\n"), ref="one#1")
    files = {"README.md": "a project\n", "two": "2"}
    two = ground.step(ws, lambda t: ground.write(t, files), on=one, ref="two#1")
    start = ws.opened.start
    ws.finish(two)
    ws.close()
    moved(ground, {"README.md": "theirs\n"})
    ws = ground.open(onto=Onto(two, start), left=two)
    assert ws.incoming.why == ""
    ws.take_in()
    merged = ws.merge_in(two, start)
    assert ws.merge_in(one, start) is None
    tip = ws.publish("gump/r", [("first", one), ("second", merged)], "", {one: start})
    assert ground.git("log", "--format=%s", f"HEAD..{tip}").split() == ["second"]
    assert ground.git("diff", "--name-only", "HEAD", tip).split() == ["two"]


def test_what_does_not_merge_is_named_and_the_tree_is_left_as_it_is(ground):
    ws = ground.open()
    one = ground.step(ws, lambda t: (t / "README.md").write_text("mine\n"), ref="one#1")
    start = ws.opened.start
    ws.finish(one)
    ws.close()
    moved(ground, {"README.md": "theirs\n"})
    ws = ground.open(onto=Onto(one, start), left=one)
    assert ws.incoming.why == "conflicts in README.md"
    assert (ground.repo / "README.md").read_text() == "theirs\n"
