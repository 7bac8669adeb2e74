"""What the stand-in does for each operation: method and path → status, JSON and headers."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from urllib.parse import urlencode

from .description import NOW
from .state import State

Answer = tuple[int, object, dict[str, str]]
NOT_FOUND: Answer = (404, {"message": "Not Found", "documentation_url": "", "status": "404"}, {})

Routes = list[tuple[str, re.Pattern[str], Callable, str]]
ROUTES: Routes = []
REAL: Routes = []
"""Those that stand before the others where there is a real repository."""


def route(method: str, path: str, needs: str = "", routes: Routes = ROUTES):
    """For paths below the repository; `needs` as GitHub's header says it, any of them will do."""
    pattern = re.compile(r"/repos/[^/]+/[^/]+" + path)

    def keep(function):
        routes.append((method, pattern, function, needs))
        return function

    return keep


def answer(state: State, request, path: str) -> Answer:
    """What GitHub would say to a request that its description allows."""
    viewer = viewer_of(state, request)
    if viewer is None:
        return 401, {"message": "Bad credentials", "documentation_url": "", "status": "401"}, {}
    if path == "/user":
        return _user(state, viewer)
    if not path.startswith(f"/repos/{state.full_name}"):
        return NOT_FOUND
    for method, pattern, function, needs in [*(REAL if state.git else ()), *ROUTES]:
        found = pattern.fullmatch(path)
        if found and method == request.method:
            if needs and not _may(state, needs):
                return _refusal(needs)
            return function(state, request, *found.groups())
    return NOT_FOUND


def viewer_of(state: State, request) -> str | None:
    """Who the token is; None for one that is not known."""
    _, _, token = request.headers.get("Authorization", "").partition(" ")
    return state.tokens.get(token)


def _user(state: State, viewer: str) -> Answer:
    if viewer.endswith("[bot]"):
        return _refusal("")
    return (
        200,
        state.description.sample("private-user", **state.account(viewer), user_view_type="private"),
        {},
    )


def _may(state: State, needs: str) -> bool:
    """`rights` is what the host workflow grants; empty: everything."""
    levels = ["none", "read", "write"]
    choices = [each.strip().split("=") for each in needs.split(";")]
    return not state.rights or any(
        levels.index(state.rights.get(name.replace("_", "-"), "none")) >= levels.index(level)
        for name, level in choices
    )


def _refusal(needs: str) -> Answer:
    message = "Resource not accessible by integration"
    told = {"X-Accepted-GitHub-Permissions": needs} if needs else {}
    return 403, {"message": message, "documentation_url": "", "status": "403"}, told


def page(request, rows: list, key: str = "") -> Answer:
    """One page of them, with the links that GitHub gives."""
    size = min(int(request.args.get("per_page", 30)), 100)
    page = int(request.args.get("page", 1))
    last = max(1, -(-len(rows) // size))
    links = []
    for relation, number in (("next", page + 1), ("last", last)):
        if page < last:
            query = urlencode({**request.args, "page": number})
            links.append(f'<{request.base_url}?{query}>; rel="{relation}"')
    shown = rows[(page - 1) * size : page * size]
    json = {"total_count": len(rows), key: shown} if key else shown
    return 200, json, {"Link": ", ".join(links)} if links else {}


def _found(rows: list[dict], key: str, value: str) -> dict | None:
    return next((row for row in rows if str(row[key]) == value), None)


def _one(rows: list[dict], key: str, value: str) -> Answer:
    row = _found(rows, key, value)
    return (200, row, {}) if row else NOT_FOUND


COMMENT_WRITE = "issues=write; pull_requests=write"


@route("GET", "")
def _repository(state, request):
    return 200, state.repository(), {}


@route("GET", r"/collaborators/([^/]+)/permission", "metadata=read")
def _permission(state, request, login):
    role = state.permissions.get(login, "none" if login.endswith("[bot]") else "read")
    level = {"maintain": "write", "triage": "read"}.get(role, role)
    user = state.account(login)
    return 200, {"permission": level, "role_name": role, "user": user | {"role_name": role}}, {}


@route("GET", r"/issues/(\d+)/comments", "issues=read; pull_requests=read")
def _comments(state, request, number):
    on = state.at(f"/issues/{number}")
    return page(request, [each for each in state.comments if each["issue_url"] == on])


@route("POST", r"/issues/(\d+)/comments", COMMENT_WRITE)
def _create_comment(state, request, number):
    body = request.get_json()["body"]
    return 201, state.add_comment(int(number), body, viewer_of(state, request)), {}


@route("GET", r"/issues/comments/(\d+)", "issues=read; pull_requests=read")
def _comment(state, request, number):
    return _one(state.comments, "id", number)


@route("PATCH", r"/issues/comments/(\d+)", COMMENT_WRITE)
def _edit_comment(state, request, number):
    comment = _found(state.comments, "id", number)
    if not comment:
        return NOT_FOUND
    comment |= {"body": request.get_json()["body"], "updated_at": NOW}
    return 200, comment, {}


@route("DELETE", r"/issues/comments/(\d+)", COMMENT_WRITE)
def _delete_comment(state, request, number):
    state.comments = [each for each in state.comments if str(each["id"]) != number]
    return 204, None, {}


@route("POST", r"/(issues|issues/comments|pulls/comments)/(\d+)/reactions", COMMENT_WRITE)
def _react(state, request, subject, number):
    content, login = request.get_json()["content"], viewer_of(state, request)
    there = [
        each
        for each in state.reactions
        if (each["subject"], each["content"], each["login"])
        == (f"{subject}/{number}", content, login)
    ]
    if not there:
        here = {"subject": f"{subject}/{number}", "content": content, "login": login}
        state.reactions.append(here | {"id": state.next_id()})
    reaction = (there or state.reactions)[-1]
    told = state.description.sample(
        "reaction", id=reaction["id"], content=content, user=state.account(login)
    )
    return (200 if there else 201), told, {}


@route("GET", r"/pulls", "pull_requests=read")
def _pulls(state, request):
    wanted = request.args.get("state", "open")
    rows = [each for each in state.pulls if wanted in ("all", each["state"])]
    for side in ("head", "base"):
        name = request.args.get(side)
        rows = [
            each for each in rows if not name or name in (each[side]["label"], each[side]["ref"])
        ]
    return page(request, [_simple(state, each) for each in rows])


def _simple(state, pull):
    """As lists give it: with fewer words."""
    known = state.description.json["components"]["schemas"]["pull-request-simple"]["properties"]
    told = state.description.sample("pull-request-simple")
    return told | {key: value for key, value in pull.items() if key in known}


@route("POST", r"/pulls", "pull_requests=write")
def _create_pull(state, request):
    wanted = request.get_json()
    if not state.may_open_pulls:
        message = "GitHub Actions is not permitted to create or approve pull requests."
        return 403, {"message": message, "documentation_url": "", "status": "403"}, {}
    there = [
        each
        for each in state.pulls
        if (each["state"], each["head"]["ref"], each["base"]["ref"])
        == ("open", wanted["head"].rpartition(":")[2], wanted["base"])
    ]
    if there:
        error = {"resource": "PullRequest", "code": "custom", "message": "A pull request already"}
        return 422, {"message": "Validation Failed", "documentation_url": "", "errors": [error]}, {}
    head = state.branches.get(wanted["head"].rpartition(":")[2])
    pull = state.add_pull(
        author=viewer_of(state, request),
        head_ref=wanted["head"].rpartition(":")[2],
        base_ref=wanted["base"],
        **({"head_sha": head} if head else {}),
        title=wanted.get("title", ""),
        body=wanted.get("body"),
        draft=wanted.get("draft", False),
    )
    return 201, pull, {}


@route("GET", r"/pulls/(\d+)", "pull_requests=read")
def _pull(state, request, number):
    return _one(state.pulls, "number", number)


@route("PATCH", r"/pulls/(\d+)", "pull_requests=write")
def _edit_pull(state, request, number):
    pull = _found(state.pulls, "number", number)
    if not pull:
        return NOT_FOUND
    wanted = request.get_json()
    pull |= {key: wanted[key] for key in ("title", "body", "state") if key in wanted}
    return 200, pull, {}


@route("GET", r"/branches/(.+)", "contents=read")
def _branch(state, request, name):
    if name not in state.branches:
        return NOT_FOUND
    told = state.description.sample(
        "branch-with-protection",
        name=name,
        commit=state.description.sample("commit", sha=state.branches[name]),
        protected=name in state.protected,
    )
    return 200, told, {}


@route("GET", r"/issues/(\d+)/labels", "issues=read; pull_requests=read")
def _labels(state, request, number):
    pull = _found([*state.pulls, *state.issues], "number", number)
    return page(request, pull["labels"]) if pull else NOT_FOUND


@route("POST", r"/issues/(\d+)/labels", COMMENT_WRITE)
def _add_labels(state, request, number):
    pull = _found(state.pulls, "number", number)
    if not pull:
        return NOT_FOUND
    there = {label["name"] for label in pull["labels"]}
    wanted = request.get_json()["labels"]
    pull["labels"] += [state.label(name) for name in wanted if name not in there]
    return 200, pull["labels"], {}


@route("DELETE", r"/issues/(\d+)/labels/([^/]+)", COMMENT_WRITE)
def _remove_label(state, request, number, name):
    pull = _found(state.pulls, "number", number)
    if not pull or not _found(pull["labels"], "name", name):
        return NOT_FOUND
    pull["labels"] = [label for label in pull["labels"] if label["name"] != name]
    return 200, pull["labels"], {}


@route("GET", r"/contents/(.+)", "contents=read")
def _contents(state, request, path):
    if path not in state.files:
        return NOT_FOUND
    text = state.files[path].encode()
    known = {
        "type": "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "size": len(text),
        "encoding": "base64",
        "content": base64.encodebytes(text).decode(),
        "_links": {"git": None, "html": None, "self": state.at(f"/contents/{path}")},
    }
    return 200, state.description.sample("content-file", **known), {}


@route("GET", r"/commits/([^/]+)", "contents=read")
def _commit(state, request, sha):
    heads = {pull["head"]["sha"] for pull in state.pulls}
    return (200, state.commit(sha), {}) if sha in {*heads, *state.messages} else NOT_FOUND


@route("GET", r"/compare/([^/]+)", "contents=read")
def _compare(state, request, basehead):
    if basehead not in state.comparisons:
        return NOT_FOUND
    files = [state.changed_file(**each) for each in state.comparisons[basehead]]
    return 200, state.description.sample("commit-comparison", files=files), {}


@route("GET", r"/pulls/(\d+)/reviews/(\d+)/comments", "pull_requests=read")
def _remarks(state, request, number, review):
    rows = [each for each in state.remarks if str(each["pull_request_review_id"]) == review]
    return page(request, rows)


@route("GET", r"/actions/runs/(\d+)/attempts/(\d+)/jobs", "actions=read")
def _jobs(state, request, number, attempt):
    here = (int(number), int(attempt))
    rows = [each for each in state.jobs if (each["run_id"], each["run_attempt"]) == here]
    return page(request, rows, "jobs")


@route("GET", r"/check-suites/(\d+)/check-runs", "checks=read")
def _checks(state, request, number):
    rows = [each for each in state.checks if each["check_suite"]["id"] == int(number)]
    return page(request, rows, "check_runs")


@route("GET", r"/check-runs/(\d+)/annotations", "checks=read")
def _findings(state, request, number):
    return page(request, state.findings.get(int(number), []))


@route("GET", r"/actions/jobs/(\d+)/logs", "actions=read")
def _log(state, request, number):
    if int(number) not in state.blobs:
        return NOT_FOUND
    return 302, None, {"Location": f"{state.blob_url}/{number}.txt?sig=secret-of-the-store"}


@route("GET", r"/actions/runs/(\d+)", "actions=read")
def _run(state, request, number):
    return _one(state.runs, "id", number)


@route("POST", r"/actions/runs/(\d+)/cancel", "actions=write")
def _cancel(state, request, number):
    run = _found(state.runs, "id", number)
    if not run:
        return NOT_FOUND
    if run["status"] == "completed":
        message = "Cannot cancel a workflow run that is completed."
        return 409, {"message": message, "documentation_url": ""}, {}
    run |= {"status": "completed", "conclusion": "cancelled"}
    return 202, {}, {}


@route("GET", r"/actions/runs/(\d+)/artifacts", "actions=read")
def _artifacts_of_run(state, request, number):
    rows = [each for each in state.artifacts if str(each["workflow_run"]["id"]) == number]
    return _artifacts_of(request, rows)


@route("GET", r"/actions/artifacts", "actions=read")
def _artifacts(state, request):
    return _artifacts_of(request, state.artifacts)


def _artifacts_of(request, rows):
    name = request.args.get("name")
    rows = [each for each in rows if name in (None, each["name"])]
    return page(request, rows[::-1], "artifacts")


@route("GET", r"/actions/artifacts/(\d+)", "actions=read")
def _artifact(state, request, number):
    return _one(state.artifacts, "id", number)


@route("GET", r"/actions/artifacts/(\d+)/zip", "actions=read")
def _download(state, request, number):
    artifact = _found(state.artifacts, "id", number)
    if not artifact:
        return NOT_FOUND
    if artifact["expired"]:
        return 410, {"message": "Artifact has expired", "documentation_url": ""}, {}
    return 302, None, {"Location": f"{state.blob_url}/{number}.zip?sig=secret-of-the-store"}
