"""The stand-in itself: that it sees what GitHub's description does not allow, on both sides."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from .cut import CUT, operations
from .state import TOKEN, Fault

ROOT = Path(__file__).parents[2]
AUTH = {"Authorization": f"token {TOKEN}"}
HERE = "/repos/octo/plant"


def taken(github):
    """What deviated; the fixture is not to see it."""
    deviations, github.deviations = github.deviations, []
    return deviations


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/issues/5/comments", {"body": 5}),
        ("POST", "/issues/5/comments", {}),
        ("POST", "/issues/5/comments", None),
        ("POST", "/issues/5/comments", {"body": "x", "bodyy": 1}),
        ("POST", "/pulls", {"head": "x", "title": "t"}),
        ("POST", "/pulls", {"head": "x", "base": "m", "title": "t", "draft": "yes"}),
        ("POST", "/issues/5/reactions", {"content": "wave"}),
        ("GET", "/issues/abc/comments", None),
        ("GET", "/issues/5/comments?per_page=many", None),
        ("GET", "/issues/5/comments?per_pages=100", None),
        ("GET", "/no-such", None),
        ("PUT", "/issues/5/comments", {"body": "x"}),
    ],
)
def test_a_request_that_is_not_described_is_a_deviation(method, path, body, github):
    reply = requests.request(method, github.url + HERE + path, json=body, headers=AUTH)
    assert reply.status_code == 422
    assert len(taken(github)) == 1


def test_an_answer_that_is_not_described_is_a_deviation(github):
    github.add_pull(5)["number"] = "5"
    requests.get(f"{github.url}{HERE}/pulls/5", headers=AUTH)
    assert taken(github)[0].startswith("answer GET")


def test_a_token_that_reaches_the_store_is_a_deviation(github):
    artifact = github.add_artifact("state", b"x")
    requests.get(f"{github.blob_url}/{artifact['id']}.zip", headers=AUTH)
    assert "Authorization" in taken(github)[0]


def test_a_head_that_was_deleted_is_no_deviation(github):
    github.add_pull(5, head_repository=None)
    reply = requests.get(f"{github.url}{HERE}/pulls/5", headers=AUTH)
    assert reply.json()["head"]["repo"] is None


def test_a_pull_request_is_made_listed_labelled_and_closed(github):
    new = {"head": "gump/x", "base": "main", "title": "t", "draft": True}
    number = requests.post(f"{github.url}{HERE}/pulls", json=new, headers=AUTH).json()["number"]
    issue, pull = f"{github.url}{HERE}/issues/{number}", f"{github.url}{HERE}/pulls/{number}"
    requests.post(f"{issue}/labels", json={"labels": ["a", "b c"]}, headers=AUTH)
    requests.delete(f"{issue}/labels/a", headers=AUTH)
    listed = requests.get(f"{github.url}{HERE}/pulls?head=octo:gump/x", headers=AUTH).json()
    assert [label["name"] for label in listed[0]["labels"]] == ["b c"]
    requests.patch(pull, json={"state": "closed"}, headers=AUTH)
    assert requests.get(f"{github.url}{HERE}/pulls", headers=AUTH).json() == []


def test_a_user_is_told_who_they_are_and_a_job_is_refused(github):
    github.tokens["ghp_alice"] = "alice"
    mine = requests.get(f"{github.url}/user", headers={"Authorization": "Bearer ghp_alice"})
    assert mine.json()["login"] == "alice"
    assert requests.get(f"{github.url}/user", headers=AUTH).status_code == 403


def test_a_fault_comes_as_often_as_it_is_told(github):
    github.faults = [Fault("/comments", times=2, status=429, headers={"Retry-After": "1"})]
    url = f"{github.url}{HERE}/issues/5/comments"
    assert [requests.get(url, headers=AUTH).status_code for _ in range(3)] == [429, 429, 200]


def test_another_process_tells_it_what_to_know_and_sees_what_it_knows(tmp_path):
    ready, seed = tmp_path / "ready.json", tmp_path / "seed.json"
    archive = tmp_path / "state.zip"
    archive.write_bytes(b"zip")
    seed.write_text(json.dumps({"full_name": "a/b", "permissions": {"alice": "write"}}))
    argv = [sys.executable, "-m", "tests.github.server", "--ready", ready, "--seed", seed]
    server = subprocess.Popen(argv, cwd=ROOT)
    try:
        until = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < until:
            time.sleep(0.05)
        told = json.loads(ready.read_text())
        more = {
            "pulls": [{"number": 5, "head_repository": "mallory/b"}],
            "comments": [{"number": 5, "body": "x", "author": "alice", "times": 3}],
            "artifacts": [{"name": "state", "path": str(archive), "run_id": 9}],
            "faults": [{"path": "/pulls", "times": 1}],
        }
        requests.post(f"{told['url']}/_stub/seed", json=more)
        auth = {"Authorization": f"token {told['token']}"}
        requests.get(f"{told['url']}/repos/a/b/actions/artifacts", headers=auth)
        state = requests.get(f"{told['url']}/_stub/state").json()
    finally:
        server.kill()
        server.wait()
    assert (len(state["comments"]), len(state["pulls"]), state["deviations"]) == (3, 1, [])
    assert state["artifacts"][0]["size_in_bytes"] == 3
    assert state["calls"] == ["GET /repos/a/b/actions/artifacts"]


def test_a_seed_that_is_not_known_is_a_mistake(github):
    with pytest.raises(AttributeError):
        github.seed({"permission": {}})


def test_the_cut_is_whole_and_carries_its_licence():
    paths = json.loads(CUT.read_text())["paths"]
    assert all(method in paths[path] for method, path in operations())
    assert "MIT License" in (CUT.parent / "OCTOKIT-LICENSE").read_text()


def test_the_cut_names_no_registry():
    assert re.findall(r"npmjs|rubygems|\bregistry\b", CUT.read_text()) == []
