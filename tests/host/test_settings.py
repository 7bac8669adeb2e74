"""What a token may see of a repository's settings, against the stand-in for GitHub."""

import pytest

from gump_action.host.api import Api, Connection
from gump_action.host.setup.settings import Environment, Unseen, look

from ..github.state import OUR_BOT, TOKEN, Fault


@pytest.fixture
def api(github):
    github.branches["main"] = "a" * 40
    with Api(Connection(github.url, TOKEN, github.full_name), patience=0) as api:
        yield api


def test_a_token_that_may_sees_all_of_it(api, github):
    github.given = {"admin": True}
    github.secrets = [f"S{n}" for n in range(120)]
    github.shared_secrets = ["ANTHROPIC_API_KEY"]
    github.labels = ["bug", "gump:implement"]
    github.protected = ["main"]
    github.environments = {"gump": ["required_reviewers"]}
    seen = look(api, ["gump"])
    assert seen.viewer == OUR_BOT
    assert (seen.repository.default_branch, seen.repository.permissions.admin) == ("main", True)
    assert (seen.actions.enabled, seen.selected) == (True, None)
    assert seen.defaults.default_workflow_permissions == "read"
    assert seen.defaults.can_approve_pull_request_reviews
    assert (len(seen.secrets), seen.shared_secrets) == (120, {"ANTHROPIC_API_KEY"})
    assert seen.labels == {"bug", "gump:implement"}
    assert seen.is_protected is True
    assert seen.environments["gump"].waits_for_people


def test_nothing_is_written(api, github):
    look(api, ["gump"])
    assert {call.split()[0] for call in github.calls if "graphql" not in call} == {"GET"}


def test_selected_actions_are_asked_for_where_it_is_some(api, github):
    github.actions = {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True}
    github.selected_actions = {"verified_allowed": True, "patterns_allowed": ["gump/*"]}
    seen = look(api)
    assert list(seen.selected.patterns_allowed) == ["gump/*"]
    assert seen.actions.sha_pinning_required


@pytest.mark.parametrize(
    ("protected", "rules", "is_protected"),
    [
        (["main"], [], True),
        ([], ["pull_request"], True),
        ([], ["creation", "update"], True),
        ([], ["creation"], False),
        ([], [], False),
    ],
)
def test_a_branch_is_protected_by_itself_or_by_a_ruleset(
    protected, rules, is_protected, api, github
):
    github.protected, github.rules = protected, {"main": rules}
    assert look(api).is_protected is is_protected


def test_what_a_jobs_token_may_not_see_is_unseen_and_the_rest_is_there(api, github):
    github.rights = {"contents": "read", "metadata": "read", "issues": "read"}
    seen = look(api, ["gump"])
    hidden = Unseen("it may not, 403", 403)
    assert (seen.actions, seen.defaults, seen.secrets, seen.shared_secrets) == (hidden,) * 4
    assert seen.environments == {"gump": hidden}
    assert seen.labels == frozenset()
    assert seen.is_protected is False


def test_an_environment_that_is_not_found_may_be_hidden(api, github):
    github.environments = {"other": []}
    seen = look(api, ["gump", "other"])
    assert seen.environments["gump"].status == 404
    assert seen.environments["other"] == Environment(protection_rules=[])


def test_of_a_repository_that_is_not_found_nothing_more_is_asked(github):
    with Api(Connection(github.url, TOKEN, "octo/other"), patience=0) as api:
        seen = look(api, ["gump"])
    assert seen.repository.status == 404
    assert len(github.calls) == 2


def test_a_token_that_is_not_accepted(github):
    with Api(Connection(github.url, "ghp_old", github.full_name), patience=0) as api:
        seen = look(api)
    assert (seen.viewer.status, seen.repository.status) == (401, 401)
    assert "ghp_old" not in repr(seen)


def test_a_server_in_trouble_is_said_in_its_words(api, github):
    github.faults = [Fault("/labels", status=502)]
    assert "GitHub is in trouble (502)" in look(api).labels.why
