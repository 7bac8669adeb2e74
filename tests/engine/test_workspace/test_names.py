"""Paths as text, what is left out by them, and a copy of git's files: the small parts."""

from __future__ import annotations

import json
import os

import pytest

from gump_action.engine.workspace.guard import is_not_kept
from gump_action.engine.workspace.names import covers, path_of, shown, some
from gump_action.engine.workspace.said import what_was_put_back
from gump_action.engine.workspace.source import has_password, without_password

PATHS = ["a/b", "tëst ☃", 'quo"te', '"quoted"', "a\nb", "back\\slash", os.fsdecode(b'\xff"\\a')]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_survives_json(path):
    assert path_of(json.loads(json.dumps(shown(path)))) == path
    shown(path).encode()


def test_a_plain_path_is_shown_as_it_is():
    assert shown("a/ü b") == "a/ü b"
    assert shown(os.fsdecode(b"caf\xe9")) == '"caf\\351"'


COVERED = [
    ("a", {"a"}, True),
    ("a/b", {"a/"}, True),
    ("a/b/c", {"a/b/"}, True),
    ("a", {"a/"}, True),
    ("ab", {"a/"}, False),
    ("a/b", {"b/"}, False),
    ("a/b", {"a"}, False),
]


@pytest.mark.parametrize(("path", "left_out", "is_covered"), COVERED)
def test_files_and_folders_cover_what_is_in_them(path, left_out, is_covered):
    assert covers(left_out, path) is is_covered


def test_a_long_list_of_names_is_cut_and_counted():
    assert some(["a", "b"]) == "a, b"
    assert some([str(n) for n in range(12)]).endswith("9 and 2 more")


KEPT = [
    ("objects", False),
    ("refs", True),
    ("lfs/objects", False),
    ("modules/a/objects", False),
    ("modules/objects", True),
    ("modules/a/refs", True),
    ("refs/heads/objects", True),
]


@pytest.mark.parametrize(("path", "is_kept"), KEPT)
def test_only_stores_of_objects_are_not_copied(path, is_kept):
    assert is_not_kept(path) is not is_kept


def test_what_git_writes_whenever_it_is_asked_is_not_worth_a_line():
    assert what_was_put_back(["git/index", "git/logs/HEAD", "git/COMMIT_EDITMSG"]) == ()
    assert what_was_put_back(["git/HEAD", "git/refs/heads/x"]) == (
        "put back, since only the tree counts: HEAD, branches",
    )


ADDRESSES = [
    ("https://u:p@host/x", True),
    ("https://ghp_0123456789abcdefghij@host/x", True),
    ("https://host/x", False),
    ("ssh://git@host/x", False),
    ("git@host:x", False),
    ("https://user@host/x", False),
]


@pytest.mark.parametrize(("address", "has"), ADDRESSES)
def test_an_address_with_a_password_is_told_from_one_without(address, has):
    assert has_password(address) is has
    assert ":p@" not in without_password(address)
