"""Files kept by git-lfs, with the real git-lfs: contents go through our own command line only."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gump_action.engine.workspace.checkout import open_checkout
from gump_action.engine.workspace.isolated import open_isolated
from gump_action.engine.workspace.records import Workspace

pytestmark = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
OLD, NEW = b"old content\n" * 99, b"new content\n" * 99


class Ground:
    def __init__(self, root: Path, kind: str) -> None:
        self.kind, self.repo, self.state = kind, root / "repo", root / "state"
        (root / "home").mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(root / "home")}
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("lfs", "install", "--local")
        (self.repo / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
        (self.repo / "a.bin").write_bytes(OLD)
        self.git("add", "-A")
        self.git("commit", "-qm", "start")

    def git(self, *words: str, cwd: Path | None = None) -> bytes:
        who = ("-c", "user.name=u", "-c", "user.email=u@localhost")
        place = cwd or self.repo
        return subprocess.run(
            ["git", *who, *words], cwd=place, env=self.env, check=True, capture_output=True
        ).stdout

    def open(self) -> Workspace:
        if self.kind == "isolated":
            return open_isolated(self.repo, self.state, None, share=[], env=self.env)
        return open_checkout(self.repo, self.state, None, left=None, in_job=False, env=self.env)

    def step(self, ws: Workspace, content: bytes) -> str:
        ws.before_attempt()
        (ws.tree / "a.bin").write_bytes(content)
        ws.after_attempt()
        return ws.snapshot(ws.opened.start, "one", "one#1").commit


@pytest.fixture(params=["isolated", "checkout"])
def ground(tmp_path: Path, request: pytest.FixtureRequest) -> Ground:
    return Ground(tmp_path, request.param)


def stored(folder: Path, content: bytes) -> Path:
    name = hashlib.sha256(content).hexdigest()
    return folder / "lfs/objects" / name[:2] / name[2:4] / name


def test_an_untouched_file_is_neither_found_state_nor_a_change(ground):
    ws = ground.open()
    assert ws.opened.start == ws.opened.base
    assert (ws.tree / "a.bin").read_bytes() == OLD
    taken = ws.snapshot(ws.opened.start, "m", "r")
    assert ws.changed_files(ws.opened.start, taken.commit) == ()


def test_a_changed_file_is_a_pointer_in_the_snapshot_and_its_content_is_ours(ground):
    ws = ground.open()
    commit = ground.step(ws, NEW)
    diff = ws.compare(ws.opened.start, commit).patch
    assert f"+oid sha256:{hashlib.sha256(NEW).hexdigest()}".encode() in diff
    assert stored(ground.state / "git", NEW).read_bytes() == NEW


def test_going_back_and_forth_gives_the_contents_again(ground):
    ws = ground.open()
    commit = ground.step(ws, NEW)
    ws.go_back(ws.opened.start)
    assert (ws.tree / "a.bin").read_bytes() == OLD
    ws.go_back(commit)
    assert (ws.tree / "a.bin").read_bytes() == NEW


def test_the_result_branch_can_be_checked_out_with_its_contents(ground):
    ws = ground.open()
    commit = ground.step(ws, NEW)
    ws.publish("gump/r", [("one", commit)])
    ws.finish(None)
    ws.close()
    assert stored(ground.repo / ".git", NEW).read_bytes() == NEW
    ground.git("checkout", "-q", "gump/r")
    assert (ground.repo / "a.bin").read_bytes() == NEW


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


def test_a_content_that_is_not_here_stays_a_pointer_and_nobody_is_asked_for_it(ground, server):
    shutil.rmtree(ground.repo / ".git/lfs/objects")
    ground.env["GIT_LFS_SKIP_SMUDGE"] = "1"
    (ground.repo / "a.bin").unlink()
    ground.git("checkout", "-q", "a.bin")
    address = f"http://127.0.0.1:{server.getsockname()[1]}/"
    (ground.repo / ".lfsconfig").write_text(f"[lfs]\n\turl = {address}\n")
    ground.git("config", "remote.origin.url", f"{address}x.git")
    ground.git("config", "remote.origin.lfsurl", address)
    ground.git("add", "-A")
    ground.git("commit", "-qm", "a server")
    ws = ground.open()
    assert (ws.tree / "a.bin").read_bytes().startswith(b"version https://git-lfs")
    commit = ground.step(ws, NEW)
    ws.go_back(ws.opened.start)
    assert (ws.tree / "a.bin").read_bytes().startswith(b"version https://git-lfs")
    ws.go_back(commit)
    assert (ws.tree / "a.bin").read_bytes() == NEW
    with pytest.raises(BlockingIOError):
        server.accept()


def test_a_program_that_an_agent_sets_as_filter_is_not_run(ground, tmp_path):
    mark = tmp_path / "ran"
    ws = ground.open()
    ws.before_attempt()
    for name in ("clean", "smudge", "process"):
        ground.git("config", f"filter.lfs.{name}", f"touch {mark}", cwd=ws.tree)
    (ws.tree / "a.bin").write_bytes(NEW)
    taken = ws.snapshot(ws.opened.start, "m", "r")
    ws.go_back(ws.opened.start)
    ws.go_back(taken.commit)
    assert (ws.tree / "a.bin").read_bytes() == NEW
    assert not mark.exists()
