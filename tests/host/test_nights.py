"""The same task night after night: real git on both sides, and the stand-in's pull requests."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gump_action.host.api import Api, Connection
from gump_action.host.github.pulls import NewPull, Pulls
from gump_action.host.publishing import rules
from gump_action.host.publishing.destination import (
    Destination,
    LeavePull,
    OpenPull,
    Place,
    Result,
    UpdatePull,
    Wish,
    destination,
)
from gump_action.host.publishing.rules import Publishable, Refused
from gump_action.host.publishing.tasks import branch_of, mark_of
from gump_action.host.said.commit_words import Trailers, message_of
from gump_action.redaction import Redactor
from gump_action.system.git import Git
from gump_action.system.git_changes import Reading, changed_files
from gump_action.system.git_commit import Wanted, make_commit
from gump_action.system.git_push import Push, Pushed, push
from gump_action.system.git_trees import files

from ..github.state import OUR_BOT, TOKEN
from ..system.served import Server, git

TASK = "nightly deps"
NOW = datetime(2026, 8, 15, 12, tzinfo=UTC)


@dataclass
class Night:
    """One checkout that a run works in, and what is published of it."""

    clone: Path
    url: str
    pulls: Pulls
    github: object
    env: dict[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})

    def result(self, text: str) -> str:
        """A result on the base, as two steps left it."""
        git(self.clone, "checkout", "-q", "--detach", "main")
        for step in ("half", text):
            (self.clone / "deps.txt").write_text(step)
            git(self.clone, "commit", "-qam", "step", "--allow-empty")
        return git(self.clone, "rev-parse", "HEAD")

    def publish(self, text: str) -> Destination | Refused:
        tip, base = self.result(text), git(self.clone, "rev-parse", "main")
        door = Git(self.clone, self.env)
        redactor = Redactor(["hunter2-hunter2"])
        reading = Reading(lambda *words: rules.looked_at(redactor, *words))
        changes = changed_files(door, base, tip, reading)
        judged = rules.judge(changes, [file.path for file in files(door, tip)])
        if isinstance(judged, Refused):
            return judged
        digest = hashlib.sha256(door.run("diff", base, tip)).hexdigest() if changes else ""
        place = Place(
            "main",
            self.pulls.branch(branch_of(TASK)),
            ours=self.pulls.of_task(TASK, OUR_BOT),
        )
        found = destination(Wish.PULL_REQUEST, Result(base, digest), place, NOW)
        self.do(found, judged, (base, tip, digest))
        return found

    def do(self, found: Destination, judged: Publishable, result: tuple[str, str, str]) -> None:
        if not isinstance(found, OpenPull | UpdatePull):
            return
        base, tip, digest = result
        words = message_of("nightly deps", Trailers("r1", "deps"))
        wanted = Wanted(base, tip, judged.paths, found.push.parents, words)
        commit = make_commit(self.clone, wanted, self.env)
        to = Push(commit, found.push.branch, found.push.expected)
        assert push(self.clone, self.url, to, header="", env=self.env) == Pushed()
        body = f"{mark_of(TASK, [commit], digest)}\nwords"
        self.sync()
        if isinstance(found, OpenPull):
            self.pulls.open(NewPull("deps", body, found.push.branch, found.into))
        else:
            self.pulls.update(found.number, body)

    def sync(self) -> None:
        """GitHub sees what was pushed."""
        heads = git(self.clone, "ls-remote", "--heads", self.url).splitlines()
        known = {line.split("\trefs/heads/")[1]: line.split("\t")[0] for line in heads}
        self.github.branches = known
        for pull in self.github.pulls:
            pull["head"]["sha"] = known.get(pull["head"]["ref"], pull["head"]["sha"])

    def main_goes_on(self) -> None:
        git(self.clone, "checkout", "-q", "main")
        (self.clone / "more.txt").write_text("of others")
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-qm", "more")
        git(self.clone, "push", "-q", str(self.clone.parent / "served/o/r"), "main")


@pytest.fixture
def night(tmp_path, github):
    origin, clone = tmp_path / "served/o/r", tmp_path / "clone"
    origin.mkdir(parents=True)
    git(origin, "init", "-q", "--bare")
    git(tmp_path, "init", "-q", str(clone))
    (clone / "deps.txt").write_text("one")
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "start")
    git(clone, "push", "-q", str(origin), "main")
    connection = Connection(github.url, TOKEN, github.full_name)
    with Server(tmp_path / "served") as server, Api(connection) as api:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Night(clone, f"{server.url}/o/r", api.part(Pulls), github)
        server.shutdown()
        thread.join()


def test_the_second_night_updates_the_first_nights_pull_request(night, github):
    assert isinstance(night.publish("two"), OpenPull)
    night.main_goes_on()
    assert isinstance(night.publish("three"), UpdatePull)
    assert len(github.pulls) == 1
    branch = github.branches[branch_of(TASK)]
    shown = git(night.clone, "diff", "--name-only", f"main...{branch}")
    assert (shown, git(night.clone, "show", f"{branch}:deps.txt")) == ("deps.txt", "three")
    parents = git(night.clone, "show", "-s", "--format=%P", branch).split()
    assert len(parents) == 2


def test_the_same_result_again_leaves_all_as_it_is(night, github):
    night.publish("two")
    before = github.branches, github.pulls[0]["body"]
    assert isinstance(night.publish("two"), LeavePull)
    assert (github.branches, github.pulls[0]["body"]) == before


def test_what_others_pushed_onto_our_branch_stays(night, github, tmp_path):
    night.publish("two")
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", "-b", branch_of(TASK), str(tmp_path / "served/o/r"), str(other))
    git(other, "commit", "-q", "--allow-empty", "-m", "a person's")
    git(other, "push", "-q")
    night.sync()
    assert isinstance(night.publish("three"), LeavePull)


def test_a_closed_pull_request_is_an_answer(night, github):
    night.publish("two")
    github.pulls[0] |= {"state": "closed", "closed_at": "2026-08-14T00:00:00Z"}
    assert isinstance(night.publish("three"), LeavePull)
    assert len(github.pulls) == 1


def test_a_secret_is_not_published(night, github):
    assert isinstance(night.publish("key = hunter2-hunter2"), Refused)
    assert github.pulls == []


def test_no_change_opens_nothing(night, github):
    night.publish("one")
    assert github.pulls == []
