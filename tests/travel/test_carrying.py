"""`state pack` and `state unpack` as commands, on the record of a real run."""

import shlex
import shutil
import subprocess
from functools import partial

import pytest

from ..conftest import GUMP

ONE = "- {name: one, agent: scripted}"
MORE = {"--max-files": 1, "--max-file-bytes": 10, "--max-bytes": 100}


@pytest.fixture
def state(project):
    """`state(…)`: the command of that name, as a person runs it."""
    how = {"env": project.environ, "capture_output": True, "text": True, "check": False}
    run = partial(subprocess.run, **how)
    return lambda *words: run([str(GUMP), "state", *map(str, words)])


@pytest.fixture
def packed(project, state):
    project.run(ONE)
    target = project.root / "packed"
    assert state("pack", project.state, target).returncode == 0
    return target


@pytest.mark.parametrize(("option", "limit"), MORE.items(), ids=MORE)
def test_a_limit_of_ones_own_is_held_and_named(project, state, packed, option, limit):
    target = project.root / "elsewhere"
    done = state("unpack", packed, target, option, str(limit))
    assert done.returncode == 2
    assert f"{limit} are the limit" in done.stderr
    assert f"allow it with {option} N" in done.stderr
    assert not target.exists()
    again = state("pack", project.state, packed, option, str(limit))
    assert f"{limit} are the limit" in again.stderr


@pytest.mark.parametrize("option", MORE)
def test_a_limit_that_is_none_is_wrong_input(project, state, packed, option):
    assert state("unpack", packed, project.root / "no", option, "0").returncode == 2


def test_a_limit_that_is_high_enough_lets_all_through(project, state, packed):
    words = [word for option in MORE for word in (option, "1000000")]
    assert state("unpack", packed, project.root / "there", *words).returncode == 0
    assert (project.root / "there/ledger.ndjson").is_file()


def test_git_of_a_killed_pack_can_be_found_by_the_next_start(project, state, packed):
    """It may hold a lock, or write on, when nobody waits for it any more."""
    marks, place, live = (project.root / name for name in ("marks", "bin", "state/live"))
    place.mkdir()
    real = shutil.which("git", path=project.environ["PATH"])
    told = f'echo "$GUMP_LAUNCH $(cat {shlex.quote(str(live))}).git $*" >> {marks}'
    (place / "git").write_text(f'#!/bin/sh\n{told}\nexec {real} "$@"\n')
    (place / "git").chmod(0o755)
    project.environ["PATH"] = f"{place}:{project.environ['PATH']}"
    assert state("pack", project.state, packed).returncode == 0
    said = [line.split() for line in marks.read_text().splitlines()]
    acts = [words for words in said if words[-1] != "version"]
    assert any("bundle" in words for words in acts)
    assert [words for words in acts if words[0] != words[1]] == []
    assert not live.exists()
