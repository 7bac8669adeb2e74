"""A commit pushed to a real server on loopback, forward only."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from gump_action.errors import InputError
from gump_action.system.git_fetch import fetch_commit
from gump_action.system.git_push import NotPushed, Push, Pushed, Why, push, reason

from .served import git

TOKEN = "Authorization: basic c2VjcmV0LXRva2Vu"


@dataclass
class World:
    """`clone` has one commit `tip` over the `base` that the branch `topic` of `origin` is on."""

    origin: Path
    clone: Path
    url: str
    base: str
    tip: str
    env: dict[str, str]

    def push(self, branch="topic", *, commit="", expected=None, url=""):
        wanted = Push(commit or self.tip, branch, self.base if expected is None else expected)
        return push(self.clone, url or self.url, wanted, header=TOKEN, env=self.env)

    def on(self, branch="topic"):
        return git(self.origin, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def hook(self, said):
        path = self.origin / "hooks/pre-receive"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ncat <<'E' >&2\n{said}\nE\nexit 1\n")
        path.chmod(0o755)


def committed(where, text):
    (where / "a.txt").write_text(text)
    git(where, "add", "-A")
    git(where, "commit", "-qm", text)
    return git(where, "rev-parse", "HEAD")


@pytest.fixture
def world(tmp_path, server, env):
    clone, origin = tmp_path / "clone", tmp_path / "served/o/r"
    origin.mkdir(parents=True)
    git(origin, "init", "-q", "--bare")
    git(tmp_path, "init", "-q", str(clone))
    base = committed(clone, "one")
    git(clone, "push", "-q", str(origin), "HEAD:refs/heads/topic", "HEAD:refs/heads/main")
    return World(origin, clone, f"{server.url}/o/r", base, committed(clone, "two"), env)


def test_a_commit_is_pushed_with_the_login_and_to_its_branch_alone(world, server):
    assert world.push() == Pushed()
    assert (world.on(), world.on("main")) == (world.tip, world.base)
    assert server.headers
    assert all(each == [TOKEN.removeprefix("Authorization: ")] for each in server.headers)


def test_a_new_branch_is_made(world):
    assert world.push("gump/deps-0a1b2c3d", expected="") == Pushed()
    assert world.on("gump/deps-0a1b2c3d") == world.tip


def test_a_branch_that_was_to_be_new_and_is_there_stays(world):
    found = world.push(expected="")
    assert isinstance(found, NotPushed)
    assert found.why is Why.MOVED
    assert world.on() == world.base


def test_a_branch_that_has_moved_stays(world, tmp_path):
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "-b", "topic", str(world.origin), str(other))
    theirs = committed(other, "theirs")
    git(other, "push", "-q")
    found = world.push()
    assert isinstance(found, NotPushed)
    assert found.why is Why.MOVED
    assert world.on() == theirs


def test_a_branch_that_was_set_back_counts_as_moved_though_it_could_go_forward(world):
    third = committed(world.clone, "three")
    found = world.push(commit=third, expected=world.tip)
    assert isinstance(found, NotPushed)
    assert found.why is Why.MOVED
    assert world.on() == world.base


def test_a_branch_that_is_gone_is_not_made_again(world):
    git(world.origin, "update-ref", "-d", "refs/heads/topic")
    found = world.push()
    assert isinstance(found, NotPushed)
    assert found.why is Why.MOVED
    assert world.on() == ""


def test_another_history_is_not_pushed_though_the_branch_is_where_it_was_expected(world, server):
    git(world.clone, "checkout", "-q", "--orphan", "other")
    foreign = committed(world.clone, "foreign")
    assert world.push(commit=foreign) == NotPushed(Why.NOT_FORWARD)
    assert server.headers == []
    assert world.on() == world.base


def test_what_a_push_that_was_cut_off_has_left_is_found(world):
    assert world.push() == Pushed()
    assert world.push() == Pushed(was_there=True)


def test_an_answer_that_was_lost_is_asked_for_again(world, server):
    server.cut = True
    assert world.push() == Pushed(was_there=True)
    assert world.on() == world.tip


def test_a_merge_on_top_of_both_goes_forward(world):
    assert world.push("own", expected="") == Pushed()
    git(world.clone, "checkout", "-q", "--detach", world.base)
    new = committed(world.clone, "main goes on")
    tree = git(world.clone, "rev-parse", "HEAD^{tree}")
    both = git(world.clone, "commit-tree", tree, "-p", world.tip, "-p", new, "-m", "x")
    assert world.push("own", commit=both, expected=world.tip) == Pushed()
    assert world.on("own") == both


def test_a_shallow_clone_can_push(world, tmp_path):
    whole = world.clone
    git(whole, "push", "-q", str(world.origin), f"{world.tip}:refs/heads/topic")
    world.clone = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", "-b", "topic", f"file://{world.origin}", "shallow")
    new = committed(world.clone, "three")
    assert world.push(commit=new, expected=world.tip) == Pushed()
    assert world.on() == new


def test_a_worktree_of_the_clone_can_push(world, tmp_path):
    git(world.clone, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    world.clone = tmp_path / "tree"
    assert world.push() == Pushed()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("remote: error: GH006: Protected branch update failed for refs/heads/topic.", "PROTECTED"),
        ("error: GH013: Repository rule violations found for refs/heads/topic.", "PROTECTED"),
        ("GH013: Repository rule violations found\n- Push cannot contain secrets", "SECRET"),
        (
            "refusing to allow a GitHub App to create or update workflow `.github/workflows/a.yml`"
            " without `workflows` permission",
            "WORKFLOWS",
        ),
        (
            "refusing to allow a Personal Access Token to create or update workflow `x` without "
            "`workflow` scope",
            "WORKFLOWS",
        ),
        ("GH001: Large files detected.", "REFUSED"),
        ("no", "REFUSED"),
    ],
)
def test_a_refusal_of_the_server_has_its_reason(said, why, world):
    world.hook(said)
    found = world.push()
    assert isinstance(found, NotPushed)
    assert found.why is Why[why]
    assert said.splitlines()[0] in found.said
    assert world.on() == world.base


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "NO_RIGHT"), (403, "NO_RIGHT"), (404, "NO_RIGHT"), (500, "NETWORK"), (503, "NETWORK")],
)
def test_a_status_of_the_server_has_its_reason(status, why, world, server):
    server.status = status
    found = world.push()
    assert isinstance(found, NotPushed)
    assert found.why is Why[why]


def test_a_server_that_is_not_there_is_a_reason_without_the_login(world):
    found = world.push(url="http://127.0.0.1:1/o/r")
    assert isinstance(found, NotPushed)
    assert found.why is Why.NETWORK
    assert "127.0.0.1" in found.said
    assert TOKEN.rpartition(" ")[2] not in found.said


def test_a_redirect_is_not_followed(world, server):
    server.elsewhere = server.url
    found = world.push(url=f"{server.url}/moved/o/r")
    assert isinstance(found, NotPushed)
    assert len({*map(tuple, server.headers)}) == 1
    assert world.on() == world.base


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url.http://127.0.0.1:1/.pushInsteadOf", "http://127.0.0.1:"),
        ("http.proxy", "http://127.0.0.1:1"),
        ("core.hooksPath", "hooks-of-an-agent"),
        ("push.followTags", "true"),
        ("push.pushOption", "ci.skip"),
        ("push.gpgSign", "true"),
        ("credential.helper", "!touch stolen"),
    ],
)
def test_no_configuration_that_an_agent_could_write_has_a_say(name, value, world, tmp_path):
    hook = world.clone / "hooks-of-an-agent/pre-push"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/stolen\n")
    hook.chmod(0o755)
    git(world.clone, "tag", "-am", "v1", "v1")
    for place in (("-C", world.clone, "config"), ("config", "-f", tmp_path / ".gitconfig")):
        subprocess.run(["git", *place, name, value], check=True)
    assert world.push() == Pushed()
    assert not [*tmp_path.rglob("stolen")]
    assert git(world.origin, "tag") == ""


def test_the_login_is_in_no_file_and_no_command_line(world, tmp_path):
    program, words = tmp_path / "bin/git", tmp_path / "words"
    program.parent.mkdir()
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    program.write_text(
        f'#!/bin/sh\ntr "\\0" " " </proc/$$/cmdline >>{words}\n'
        f'cp -r "$GIT_DIR" {tmp_path}/copied 2>/dev/null\nexec {real.stdout.strip()} "$@"\n'
    )
    program.chmod(0o755)
    world.env = {**world.env, "PATH": f"{program.parent}:{world.env['PATH']}"}
    assert world.push() == Pushed()
    assert "force-with-lease" in words.read_text()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    secret = TOKEN.rpartition(" ")[2].encode()
    assert [path for path in kept if secret in path.read_bytes()] == []


def test_an_authority_of_ones_own_is_heeded_by_both_ways(world, tmp_path):
    program, seen = tmp_path / "bin/git", tmp_path / "seen"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$GIT_SSL_CAINFO" >>{seen}\n')
    program.chmod(0o755)
    env = {"PATH": f"{program.parent}:{world.env['PATH']}", "GIT_SSL_CAINFO": "/own/ca.pem"}
    fetch_commit(world.clone, world.url, world.base, header=TOKEN, env=env)
    assert "/own/ca.pem" in seen.read_text()
    seen.unlink()
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *porcelain*) echo "$GIT_SSL_CAINFO" >>{seen};; esac\n'
        f'PATH="{world.env["PATH"]}" exec git "$@"\n'
    )
    world.env = {**world.env, **env}
    assert world.push() == Pushed()
    assert seen.read_text() == "/own/ca.pem\n"


@pytest.mark.parametrize(
    "wanted",
    [
        Push("main", "topic", ""),
        Push("a" * 40, "topic", "main"),
        Push("--all", "topic", ""),
        Push("a" * 40, "", ""),
        Push("a" * 40, "-x", ""),
        Push("a" * 40, "a:b", ""),
        Push("a" * 40, "a..b", ""),
        Push("a" * 40, "a b", ""),
        Push("a" * 40, "a/", ""),
        Push("a" * 40, "+a*", ""),
    ],
)
def test_what_is_no_commit_or_no_branch_is_refused(wanted, tmp_path, env):
    with pytest.raises(InputError):
        push(tmp_path, "http://127.0.0.1:1/o/r", wanted, header=TOKEN, env=env)


@pytest.mark.parametrize("url", ["ext::sh -c x", "file:///x", "http://me:pw@h/o/r", "--exec=x"])
def test_what_is_no_address_is_refused(url, world):
    with pytest.raises(InputError):
        world.push(url=url)


@pytest.mark.parametrize(
    ("told", "said", "why"),
    [
        ("!\tx:refs/heads/t\t[rejected] (stale info)", "", Why.MOVED),
        ("!\tx\t[remote rejected] (cannot lock ref 'x': is at a but expected b)", "", Why.MOVED),
        ("", "remote: Permission to o/r.git denied to github-actions[bot].", Why.NO_RIGHT),
        ("", "remote: Write access to repository not granted.", Why.NO_RIGHT),
        ("", "fatal: unable to access 'x': Could not resolve host: h", Why.NETWORK),
        ("", "", Why.NETWORK),
    ],
)
def test_words_of_git_are_understood(told, said, why):
    assert reason(told, said) is why
