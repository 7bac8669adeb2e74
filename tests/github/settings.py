"""What the stand-in tells of a repository's settings, secrets, labels and environments."""

from __future__ import annotations

from .description import NOW
from .routes import NOT_FOUND, page, route

ADMIN = "administration=read"


@route("GET", r"/actions/permissions", ADMIN)
def _actions(state, request):
    return 200, state.actions, {}


@route("GET", r"/actions/permissions/selected-actions", ADMIN)
def _selected(state, request):
    return 200, state.selected_actions, {}


@route("GET", r"/actions/permissions/workflow", ADMIN)
def _defaults(state, request):
    told = {
        "default_workflow_permissions": state.default_permissions,
        "can_approve_pull_request_reviews": state.may_open_pulls,
    }
    return 200, told, {}


@route("GET", r"/actions/secrets", "secrets=read")
def _secrets(state, request):
    return page(request, [_secret(state, name) for name in state.secrets], "secrets")


@route("GET", r"/actions/organization-secrets", "secrets=read")
def _shared_secrets(state, request):
    return page(request, [_secret(state, name) for name in state.shared_secrets], "secrets")


def _secret(state, name):
    return state.description.sample("actions-secret", name=name, created_at=NOW, updated_at=NOW)


@route("GET", r"/labels", "issues=read; pull_requests=read")
def _labels(state, request):
    return page(request, [state.label(name) for name in state.labels])


@route("GET", r"/environments/([^/]+)", "actions=read")
def _environment(state, request, name):
    if name not in state.environments:
        return NOT_FOUND
    rules = [{"id": 1, "node_id": "x", "type": kind} for kind in state.environments[name]]
    known = {"name": name, "protection_rules": rules, "created_at": NOW, "updated_at": NOW}
    return 200, state.description.sample("environment", **known), {}


@route("GET", r"/rules/branches/([^/]+)", "metadata=read")
def _rules(state, request, branch):
    return page(request, [{"type": kind} for kind in state.rules.get(branch, [])])
