"""What the stand-in does for git's objects and refs: names are not git's, trees are flat."""

from __future__ import annotations

import base64
import hashlib

from .routes import NOT_FOUND, Answer, route, viewer_of

READ, WRITE = "contents=read", "contents=write"


def keep(state, **what) -> str:
    """Its name, which depends on nothing else."""
    name = hashlib.sha1(repr(sorted(what.items())).encode()).hexdigest()
    state.objects[name] = what
    return name


def add_commit(state, files: dict[str, tuple[str, bytes]], parents=()) -> str:
    """A commit of these files: mode and content by path."""
    tree = {path: (mode, keep(state, blob=content)) for path, (mode, content) in files.items()}
    return keep(state, tree=keep(state, entries=tree), parents=[*parents], message="x")


def files_of(state, commit: str) -> dict[str, tuple[str, bytes]]:
    """The other way round."""
    entries = state.objects[state.objects[commit]["tree"]]["entries"]
    return {path: (mode, state.objects[blob]["blob"]) for path, (mode, blob) in entries.items()}


def follows(state, commit: str, before: str) -> bool:
    """Whether one can go from the commit back to the other."""
    waiting = [commit]
    while waiting:
        here = waiting.pop()
        if here == before:
            return True
        waiting += state.objects.get(here, {}).get("parents", [])
    return False


def _refused(message: str) -> Answer:
    return 422, {"message": message, "documentation_url": ""}, {}


@route("POST", r"/git/blobs", WRITE)
def _blob(state, request):
    wanted = request.get_json()
    sha = keep(state, blob=base64.b64decode(wanted["content"], validate=True))
    return 201, {"sha": sha, "url": state.at(f"/git/blobs/{sha}")}, {}


@route("POST", r"/git/trees", WRITE)
def _tree(state, request):
    wanted = request.get_json()
    if wanted["base_tree"] not in state.objects:
        return NOT_FOUND
    entries = dict(state.objects[wanted["base_tree"]]["entries"])
    for row in wanted["tree"]:
        if row["sha"] is None:
            if row["path"] not in entries:
                return _refused("GitRPC::BadObjectState")
            del entries[row["path"]]
        else:
            entries[row["path"]] = (row["mode"], row["sha"])
    return 201, {"sha": keep(state, entries=entries), "tree": [], "truncated": False}, {}


@route("POST", r"/git/commits", WRITE)
def _commit(state, request):
    wanted = request.get_json()
    is_signed = not {"author", "committer", "signature"} & wanted.keys()
    sha = keep(
        state,
        tree=wanted["tree"],
        parents=wanted["parents"],
        message=wanted["message"],
        is_signed=is_signed and viewer_of(state, request).endswith("[bot]"),
    )
    return 201, _told(state, sha), {}


@route("GET", r"/git/commits/([0-9a-f]+)", READ)
def _one_commit(state, request, sha):
    return (200, _told(state, sha), {}) if sha in state.objects else NOT_FOUND


def _told(state, sha: str) -> dict:
    known = state.objects[sha]
    tree = {"sha": known["tree"], "url": state.at(f"/git/trees/{known['tree']}")}
    return state.description.sample("git-commit", sha=sha, tree=tree, message=known["message"])


@route("GET", r"/git/ref/heads/(.+)", READ)
def _ref(state, request, name):
    return (200, _told_ref(state, name), {}) if name in state.branches else NOT_FOUND


@route("POST", r"/git/refs", WRITE)
def _make_ref(state, request):
    wanted = request.get_json()
    name = wanted["ref"].removeprefix("refs/heads/")
    if name in state.branches:
        return _refused("Reference already exists")
    state.branches[name] = wanted["sha"]
    return 201, _told_ref(state, name), {}


@route("PATCH", r"/git/refs/heads/(.+)", WRITE)
def _move_ref(state, request, name):
    wanted = request.get_json()
    if name not in state.branches:
        return _refused("Reference does not exist")
    if not follows(state, wanted["sha"], state.branches[name]) and not wanted.get("force"):
        return _refused("Update is not a fast forward")
    state.branches[name] = wanted["sha"]
    return 200, _told_ref(state, name), {}


def _told_ref(state, name: str) -> dict:
    sha = state.branches[name]
    target = {"type": "commit", "sha": sha, "url": state.at(f"/git/commits/{sha}")}
    return {
        "ref": f"refs/heads/{name}",
        "node_id": "x",
        "url": state.at(f"/git/refs/heads/{name}"),
        "object": target,
    }
