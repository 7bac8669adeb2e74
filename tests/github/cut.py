"""Cuts GitHub's description of its REST API down to the operations that we use.

    python -m tests.github.cut api.github.com.json

The file comes with the package `@octokit/openapi` (MIT; OCTOKIT-LICENSE), in its folder
`generated`.  Writes openapi.json beside this: operations, and every schema they lead to, without
words and examples; one line each, so that a newer cut can be read as a diff.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

CUT = Path(__file__).parent / "openapi.json"

REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = """
get
get /activity
get post /issues
get patch /issues/{issue_number}
get /issues/{issue_number}/events
get /issues/{issue_number}/timeline
get post /issues/{issue_number}/comments
get patch delete /issues/comments/{comment_id}
get post /issues/comments/{comment_id}/reactions
delete /issues/comments/{comment_id}/reactions/{reaction_id}
get post /issues/{issue_number}/reactions
delete /issues/{issue_number}/reactions/{reaction_id}
get post /issues/{issue_number}/labels
delete /issues/{issue_number}/labels/{name}
get post /labels
get post /pulls
get patch /pulls/{pull_number}
get /pulls/{pull_number}/commits
get /pulls/{pull_number}/files
get post /pulls/{pull_number}/reviews
get /pulls/{pull_number}/reviews/{review_id}
get /pulls/{pull_number}/reviews/{review_id}/comments
get post /pulls/{pull_number}/comments
get patch /pulls/comments/{comment_id}
post /pulls/comments/{comment_id}/reactions
post /pulls/{pull_number}/comments/{comment_id}/replies
post /pulls/{pull_number}/requested_reviewers
get /collaborators/{username}/permission
get /actions/artifacts
get /actions/artifacts/{artifact_id}
get /actions/artifacts/{artifact_id}/{archive_format}
get /actions/caches
get /actions/jobs/{job_id}
get /actions/jobs/{job_id}/logs
get /actions/organization-secrets
get /actions/permissions
get /actions/permissions/selected-actions
get /actions/permissions/workflow
get /actions/runs
get /actions/runs/{run_id}
get /actions/runs/{run_id}/artifacts
get /actions/runs/{run_id}/attempts/{attempt_number}
get /actions/runs/{run_id}/attempts/{attempt_number}/jobs
get /actions/runs/{run_id}/jobs
post /actions/runs/{run_id}/cancel
post /actions/runs/{run_id}/rerun-failed-jobs
get /actions/secrets
get /actions/workflows/{workflow_id}
post /actions/workflows/{workflow_id}/dispatches
get /actions/workflows/{workflow_id}/runs
get /branches/{branch}
post /check-runs
get patch /check-runs/{check_run_id}
get /check-runs/{check_run_id}/annotations
get /check-suites/{check_suite_id}/check-runs
get /commits/{ref}
get /commits/{ref}/check-runs
get /commits/{ref}/status
get /commits/{commit_sha}/pulls
get /compare/{basehead}
get /contents/{path}
post /dispatches
get /environments/{environment_name}
post /git/blobs
get /git/blobs/{file_sha}
post /git/commits
get /git/commits/{commit_sha}
get /git/matching-refs/{ref}
get /git/ref/{ref}
post /git/refs
patch delete /git/refs/{ref}
post /git/trees
get /git/trees/{tree_sha}
get /rules/branches/{branch}
post /statuses/{sha}
"""
BESIDE = "get /user\nget /users/{username}\nget /rate_limit"
_WORDS = {"description", "summary", "examples", "example", "externalDocs", "tags", "title"}
_KEPT_EXTENSIONS = {"x-multi-segment"}


def operations() -> Iterator[tuple[str, str]]:
    """Method and path of each operation that is kept."""
    for lines, prefix in ((OPERATIONS, REPOSITORY), (BESIDE, "")):
        for line in lines.strip().splitlines():
            *methods, path = line.split() if "/" in line else [*line.split(), ""]
            yield from ((method, prefix + path) for method in methods)


def without_words(node, *, are_names=False):
    """The node less what is only for people; under `properties` the keys are GitHub's own."""
    if isinstance(node, list):
        return [without_words(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_words(value, are_names=key == "properties" and not are_names)
        for key, value in node.items()
        if are_names or key in _KEPT_EXTENSIONS or not (key in _WORDS or key.startswith("x-"))
    }


def with_descriptions(operation):
    """OpenAPI demands one of each response."""
    for response in operation.get("responses", {}).values():
        if "$ref" not in response:
            response["description"] = ""
    return operation


def references(node) -> Iterator[str]:
    """All that a node names by `$ref`."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def cut(full):
    """The description with these operations alone, and all that they refer to."""
    paths: dict = {}
    for method, path in operations():
        operation = with_descriptions(without_words(full["paths"][path][method]))
        paths.setdefault(path, {})[method] = operation
    components: dict = {}
    wanted = list(references(paths))
    while wanted:
        _, _, kind, name = wanted.pop().split("/", 3)
        if name in components.setdefault(kind, {}):
            continue
        part = without_words(full["components"][kind][name])
        components[kind][name] = part | ({"description": ""} if kind == "responses" else {})
        wanted += references(part)
    return {
        "openapi": full["openapi"],
        "info": {"title": full["info"]["title"], "version": full["info"]["version"]},
        "paths": paths,
        "components": {kind: dict(sorted(parts.items())) for kind, parts in components.items()},
    }


def lines_of(node, depth: int) -> str:
    """JSON with one line for each member down to this depth."""
    if depth == 0 or not isinstance(node, dict):
        return json.dumps(node, separators=(",", ":"))
    members = (f"{json.dumps(key)}: {lines_of(value, depth - 1)}" for key, value in node.items())
    return "{\n" + ",\n".join(members) + "\n}"


if __name__ == "__main__":
    CUT.write_text(lines_of(cut(json.loads(Path(sys.argv[1]).read_text())), 3) + "\n")
