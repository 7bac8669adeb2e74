"""The state directory: what is written is whole, on disk, and under a lock."""

import os
import stat
from pathlib import Path

import pytest

from gump_action.errors import InputError
from gump_action.system.store import LEDGER, Store, attempt_folder, check_is_ours, ledger_lines


def open_files():
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def store(root):
    opened = Store(root)
    opened.open()
    yield opened
    opened.close()


def test_a_new_directory_is_for_its_owner_alone_and_ignored_by_git(store, root):
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / ".gitignore").read_text() == "*\n"


def test_a_directory_is_known_again_from_the_moment_it_is_opened(root):
    first = Store(root)
    first.open()
    first.close()
    make(root, ["agents-git/HEAD", "given/spec.md"])
    again = Store(root)
    again.open()
    again.close()
    assert list(ledger_lines(root)) == []


def test_an_ignore_file_that_is_there_is_left_alone(root):
    root.mkdir()
    (root / ".gitignore").write_text("mine\n")
    store = Store(root)
    store.open()
    store.close()
    assert (root / ".gitignore").read_text() == "mine\n"


def test_lines_are_appended_and_read_back(store, root):
    store.append(b'{"a": 1}')
    store.append(b'{"a": 2}')
    assert list(ledger_lines(root)) == [b'{"a": 1}\n', b'{"a": 2}\n']


def test_there_are_no_lines_without_a_ledger(root):
    assert list(ledger_lines(root)) == []


TORN = {
    "a half line": (b"one\ntw", b"one\nnew\n"),
    "only a half line": (b"on", b"new\n"),
    "nothing": (b"", b"new\n"),
    "whole lines": (b"one\ntwo\n", b"one\ntwo\nnew\n"),
    "a long half line": (b"one\n" + b"x" * 10_000, b"one\nnew\n"),
    "a long half line alone": (b"x" * 10_000, b"new\n"),
    "half a line of as much as is read at once": (b"one\n" + b"x" * 4096, b"one\nnew\n"),
}


@pytest.mark.parametrize("case", TORN.values(), ids=TORN.keys())
def test_a_torn_last_line_is_no_line_and_the_next_does_not_join_it(store, root, case):
    before, after = case
    (root / LEDGER).write_bytes(before)
    assert b"".join(ledger_lines(root)) == after.removesuffix(b"new\n")
    store.append(b"new")
    assert (root / LEDGER).read_bytes() == after


def test_a_file_is_written_read_and_removed(store, root):
    assert store.write("a/b/c", b"x") == root / "a/b/c"
    assert store.read("a/b/c") == b"x"
    store.remove("a/b/c")
    store.remove("a/b/c")
    assert store.read("a/b/c") is None


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(store, root):
    store.write("f", b"long old content")
    store.write("f", b"new")
    assert store.read("f") == b"new"
    assert not list(root.glob("*.part"))


class Stopped(BaseException):
    pass


def stops(at, name=None):
    def hook(moment, which):
        if moment == at and name in (None, which):
            raise Stopped

    return hook


@pytest.mark.parametrize("moment", ["before", "half"])
def test_a_write_that_is_cut_leaves_the_old_file(root, moment):
    store = Store(root)
    store.open()
    store.write("f", b"old")
    store.hook = stops(moment)
    with pytest.raises(Stopped):
        store.write("f", b"new content")
    assert store.read("f") == b"old"
    store.hook = None
    store.write("f", b"newer")
    assert store.read("f") == b"newer"
    store.close()


def test_an_append_that_is_cut_leaves_no_line(root):
    store = Store(root)
    store.open()
    store.append(b"one")
    store.hook = stops("half")
    with pytest.raises(Stopped):
        store.append(b"a second line")
    store.close()
    assert (root / LEDGER).read_bytes() == b"one\na secon"
    assert list(ledger_lines(root)) == [b"one\n"]


def test_the_hook_is_called_around_each_write_with_its_name(root):
    told = []
    store = Store(root, lambda moment, name: told.append((moment, name)))
    store.open()
    store.append(b"line")
    store.write("a/f", b"x")
    store.remove("a/f")
    store.close()
    assert told == [
        ("before", LEDGER), ("half", LEDGER), ("after", LEDGER),
        ("before", "a/f"), ("half", "a/f"), ("after", "a/f"),
        ("before", "a/f"), ("after", "a/f"),
    ]  # fmt: skip


def test_a_file_is_flushed_before_it_is_told_of_and_its_folders_before_the_next_line(
    root, monkeypatch
):
    order = []

    def fsync(number):
        is_folder = stat.S_ISDIR(os.fstat(number).st_mode)
        order.append("folder" if is_folder else "fsync")

    monkeypatch.setattr(os, "fsync", fsync)
    store = Store(root, lambda moment, name: order.append(moment))
    store.open()
    store.append(b"line")
    store.write("new/f", b"x")
    store.append(b"line")
    store.append(b"line")
    store.close()
    written = ["before", "half", "fsync", "after"]
    folders = ["folder", "folder"]  # the new one, and the one that it is in
    assert order == ["folder", *written, *written, *folders, *written, *written]


def test_a_second_one_is_refused_while_the_first_is_open(store, root):
    with pytest.raises(InputError, match="another run works") as refused:
        Store(root).open()
    assert "--state" in refused.value.hint
    store.close()
    second = Store(root)
    second.open()
    second.close()


def test_one_that_was_refused_holds_nothing_open(store, root):
    before = open_files()
    second = Store(root)
    with pytest.raises(InputError):
        second.open()
    try:
        assert open_files() == before
    finally:
        second.close()


def test_closing_twice_is_no_fault(store):
    store.close()
    store.close()


def test_the_whole_record_is_set_aside_and_what_is_the_directorys_own_stays(store, root):
    store.append(b"line")
    store.write("attempts/one/@1/prompt.md", b"p")
    assert store.set_aside("r1") == root / "old/r1"
    assert (root / "old/r1" / LEDGER).read_bytes() == b"line\n"
    assert (root / "old/r1/attempts/one/@1/prompt.md").read_bytes() == b"p"
    assert {path.name for path in root.iterdir()} == {"old", "lock", ".gitignore"}


def test_what_was_set_aside_before_is_not_set_aside_again(store, root):
    for name in ("r1", "r2"):
        (root / LEDGER).write_text(name)
        store.set_aside(name)
    assert (root / "old/r1" / LEDGER).read_text() == "r1"
    assert not (root / "old/r2/old").exists()


def test_the_first_line_after_setting_aside_is_in_a_ledger_of_its_own(root):
    (root / "x").parent.mkdir()
    (root / LEDGER).write_bytes(b"old\n")
    store = Store(root)
    store.open()
    store.set_aside("r1")
    store.append(b"new")
    store.close()
    assert (root / LEDGER).read_bytes() == b"new\n"


@pytest.mark.parametrize("moved", range(4))
def test_what_a_killed_engine_had_begun_to_set_aside_is_set_aside_whole(root, moved):
    store, before = Store(root), f"old/{['ledger.ndjson', 'attempts', 'given', 'x'][moved]}"
    store.open()
    store.append(b"line")
    make(root, ["attempts/one/@1/prompt.md", "given/spec.md", "x"])
    store.hook = stops("before", before)
    with pytest.raises(Stopped):
        store.set_aside("r1")
    store.close()
    again = Store(root)
    again.open()
    again.close()
    own = {"old", "lock", ".gitignore"}
    record = {LEDGER, "attempts", "given", "x"}
    there = {path.name for path in root.iterdir()}
    aside = {path.name for path in (root / "old/r1").iterdir()}
    assert (there, aside) == ((own | record, set()) if moved == 0 else (own, record))


def test_the_folder_of_an_attempt_is_below_its_step_path():
    assert attempt_folder("build/red/impl", 3) == "attempts/build/red/impl/@3"


def make(root: Path, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if name:
            (root / name).write_text("x")


OURS = {
    "missing": [],
    "empty": [""],
    "a run": [LEDGER, "thesis.tex"],
    "a start that was refused": [LEDGER, "lock", ".gitignore", "given/spec.md", "git/HEAD"],
}
NOT_OURS = {"other things": ["thesis.tex"], "a repository": [".git/HEAD", "lock", "src/a"]}


@pytest.mark.parametrize("names", OURS.values(), ids=OURS.keys())
def test_a_directory_that_may_be_used(root, names):
    make(root, names)
    check_is_ours(root)


@pytest.mark.parametrize("names", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_a_directory_of_others_is_refused_and_nothing_is_written_into_it(root, names):
    make(root, names)
    with pytest.raises(InputError, match="not the state directory of a run"):
        Store(root).open()
    assert not (root / ".gitignore").exists()


def test_a_file_of_that_name_is_refused(root):
    root.write_text("x")
    with pytest.raises(InputError, match="is a file"):
        check_is_ours(root)
