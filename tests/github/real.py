"""The same operations over a real bare repository, so that what is pushed and what REST says agree.

Where a state has a `git` folder these stand before the routes of `objects` and `routes`.
"""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from .description import NOW
from .routes import NOT_FOUND, REAL, Answer, page, route, viewer_of

READ, WRITE = "contents=read", "contents=write"
WHO = {"GIT_COMMITTER_NAME": "GitHub", "GIT_COMMITTER_EMAIL": "noreply@github.com"}


def git(folder: str, *words: str, stdin: bytes = b"", ok: bool = True, **env: str) -> str:
    """What git prints; empty where it refuses and that may be."""
    done = subprocess.run(
        ["git", "--git-dir", folder, *words],
        input=stdin, capture_output=True, check=False, env={"PATH": os.environ["PATH"], **env},
    )  # fmt: skip
    assert done.returncode == 0 or not ok, done.stderr
    return "" if done.returncode else done.stdout.decode().strip()


def branches(folder: str) -> dict[str, str]:
    lines = git(folder, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
    return dict(line.split() for line in lines.splitlines())


def follow_branches(state) -> None:
    """Open pull requests are on what their branches are on."""
    known = branches(state.git)
    for pull in state.pulls:
        repo = pull["head"]["repo"]
        if pull["state"] == "open" and repo and repo["id"] == state.repository_id:
            pull["head"]["sha"] = known.get(pull["head"]["ref"], pull["head"]["sha"])


def _refused(message: str) -> Answer:
    return 422, {"message": message, "documentation_url": ""}, {}


@route("POST", r"/git/blobs", WRITE, REAL)
def _blob(state, request):
    content = base64.b64decode(request.get_json()["content"], validate=True)
    sha = git(state.git, "hash-object", "-w", "--stdin", stdin=content)
    return 201, {"sha": sha, "url": state.at(f"/git/blobs/{sha}")}, {}


@route("POST", r"/git/trees", WRITE, REAL)
def _tree(state, request):
    wanted = request.get_json()
    with tempfile.TemporaryDirectory() as place:
        index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        git(state.git, "read-tree", wanted["base_tree"], **index)
        there = git(state.git, "ls-files", **index).splitlines()
        for row in wanted["tree"]:
            if row["sha"] is None and row["path"] not in there:
                return _refused("GitRPC::BadObjectState")
            mode, sha = (row["mode"], row["sha"]) if row["sha"] else ("0", "0" * 40)
            line = f"{mode} {sha}\t{row['path']}\n".encode()
            git(state.git, "update-index", "--index-info", stdin=line, **index)
        sha = git(state.git, "write-tree", **index)
    return 201, {"sha": sha, "tree": [], "truncated": False}, {}


@route("POST", r"/git/commits", WRITE, REAL)
def _make_commit(state, request):
    wanted = request.get_json()
    words = [word for parent in wanted["parents"] for word in ("-p", parent)]
    message = wanted["message"].encode()
    sha = git(
        state.git,
        "commit-tree",
        wanted["tree"],
        *words,
        stdin=message,
        **WHO,
        **_author(viewer_of(state, request)),
    )
    is_signed = not {"author", "committer", "signature"} & wanted.keys()
    if is_signed and viewer_of(state, request).endswith("[bot]"):
        state.signed.append(sha)
    return 201, _told(state, sha), {}


def _author(login: str) -> dict[str, str]:
    return {"GIT_AUTHOR_NAME": login, "GIT_AUTHOR_EMAIL": f"1+{login}@users.noreply.github.com"}


@route("GET", r"/git/commits/([0-9a-f]+)", READ, REAL)
def _one_commit(state, request, sha):
    is_there = git(state.git, "cat-file", "-t", sha, ok=False) == "commit"
    return (200, _told(state, sha), {}) if is_there else NOT_FOUND


def _told(state, sha: str) -> dict:
    name = git(state.git, "rev-parse", f"{sha}^{{tree}}")
    tree = {"sha": name, "url": state.at(f"/git/trees/{name}")}
    said = git(state.git, "show", "-s", "--format=%an%n%cn%n%P%n%B", sha)
    author, committer, parents, message = said.split("\n", 3)
    known = {"sha": sha, "tree": tree, "message": message}
    for role, name in (("author", author), ("committer", committer)):
        known[role] = {"name": name, "email": "a@example.test", "date": NOW}
    known["parents"] = [_parent(state, each) for each in parents.split()]
    return state.description.sample("git-commit", **known)


def _parent(state, sha: str) -> dict:
    url = state.at(f"/git/commits/{sha}")
    return {"sha": sha, "url": url, "html_url": url}


def _as(state, request) -> dict[str, str]:
    """Whoever asks is who the branch's log names."""
    who = viewer_of(state, request) or ""
    return {"GIT_COMMITTER_NAME": who, "GIT_COMMITTER_EMAIL": "at@localhost"}


@route("PATCH", r"/git/refs/heads/(.+)", WRITE, REAL)
def _move_ref(state, request, name):
    wanted, there = request.get_json(), branches(state.git)
    if name not in there:
        return _refused("Reference does not exist")
    sha = wanted["sha"]
    is_forward = git(state.git, "merge-base", there[name], sha, ok=False) == there[name]
    if not is_forward and not wanted.get("force"):
        return _refused("Update is not a fast forward")
    git(state.git, "update-ref", f"refs/heads/{name}", sha, there[name], **_as(state, request))
    return 200, _told_ref(state, name, sha), {}


@route("POST", r"/git/refs", WRITE, REAL)
def _make_ref(state, request):
    wanted = request.get_json()
    name = wanted["ref"].removeprefix("refs/heads/")
    if name in branches(state.git):
        return _refused("Reference already exists")
    git(state.git, "update-ref", wanted["ref"], wanted["sha"], **_as(state, request))
    return 201, _told_ref(state, name, wanted["sha"]), {}


def _told_ref(state, name: str, sha: str) -> dict:
    target = {"type": "commit", "sha": sha, "url": state.at(f"/git/commits/{sha}")}
    url = state.at(f"/git/refs/heads/{name}")
    return {"ref": f"refs/heads/{name}", "node_id": "x", "url": url, "object": target}


@route("GET", r"/commits/([^/]+)", READ, REAL)
def _commit(state, request, sha):
    is_there = git(state.git, "cat-file", "-t", sha, ok=False) == "commit"
    return (200, _whole(state, sha), {}) if is_there else NOT_FOUND


def _whole(state, sha: str) -> dict:
    """With time, words and parents of its own."""
    commit = state.commit(sha)
    told = git(state.git, "show", "-s", "--format=%ct %P%n%B", sha)
    head, _, message = told.partition("\n")
    moment, *parents = head.split(" ")
    commit["commit"]["committer"]["date"] = _time(moment)
    commit["commit"]["message"] = state.messages.get(sha, message)
    commit["parents"] = [
        {"sha": each, "url": state.at(f"/commits/{each}")} for each in filter(None, parents)
    ]
    return commit


def _time(seconds: str) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@route("GET", r"/activity", READ, REAL)
def _activity(state, request):
    """What the log of one branch says, the newest first: whoever asked REST or gave git a token."""
    log = Path(state.git) / "logs/refs/heads" / request.args["ref"].removeprefix("refs/heads/")
    lines = log.read_text().splitlines() if log.is_file() else []
    return page(request, [_pushed(state, request, line) for line in reversed(lines)])


def _pushed(state, request, line: str) -> dict:
    before, after, rest = line.split(" ", 2)
    name, _, behind = rest.partition(" <")
    is_forward = git(state.git, "merge-base", before, after, ok=False) == before
    return state.description.sample(
        "activity",
        before=before,
        after=after,
        ref=f"refs/heads/{request.args['ref'].removeprefix('refs/heads/')}",
        timestamp=_time(behind.split("> ")[1].split(" ")[0]),
        activity_type=_kind(before, is_forward=is_forward),
        actor=state.account(name) if name else None,
    )


def _kind(before: str, *, is_forward: bool) -> str:
    if not before.strip("0"):
        return "branch_creation"
    return "push" if is_forward else "force_push"


@route("GET", r"/compare/([^/]+)", READ, REAL)
def _compare(state, request, basehead):
    base, _, head = basehead.partition("...")
    both = [git(state.git, "rev-parse", "-q", "--verify", each, ok=False) for each in (base, head)]
    if not all(both):
        return NOT_FOUND
    counts = git(state.git, "rev-list", "--left-right", "--count", "...".join(both)).split()
    behind, ahead = map(int, counts)
    status = {(0, 0): "identical", (0, 1): "ahead", (1, 0): "behind", (1, 1): "diverged"}
    words = git(state.git, "diff", "--name-only", "...".join(both), ok=False).splitlines()
    files = [state.changed_file(name) for name in words]
    told = {"status": status[(min(behind, 1), min(ahead, 1))], "files": files}
    return 200, state.description.sample("commit-comparison", **told), {}
