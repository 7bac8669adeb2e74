"""What GitHub tells of a repository's settings, as far as a token may see them.

Each question has an answer or says why it has none: nothing here is guessed.  The calls are those
of REST's "Actions permissions", "Actions secrets" and "Labels"; most want the right to administer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar
from urllib.parse import quote

from gump_action.errors import HostError
from gump_action.host.api import Api
from gump_action.host.github.calls import Calls
from gump_action.host.github.patience import Ask
from gump_action.host.github.pulls import Pulls
from gump_action.host.trigger.payload import Part

T = TypeVar("T")

_GUARDS = ("pull_request", "update")
_SHORT = {
    401: "the token is not accepted",
    403: "it may not, 403",
    404: "not found, or not for this token, 404",
}


@dataclass(frozen=True)
class Unseen:
    """No answer; `why` is for people."""

    why: str
    status: int = 0


class Given(Part):
    """What the account of the token may do here; of no meaning for tokens of jobs and apps."""

    admin: bool = False
    push: bool = False


class Repository(Part):
    """The repository: `permissions` is None where GitHub does not say them."""

    default_branch: str
    archived: bool = False
    permissions: Given | None = None


class Actions(Part):
    """Whether host workflows run, and which actions they may use (`all`, `selected`, …)."""

    enabled: bool
    allowed_actions: str = "all"
    sha_pinning_required: bool = False


class Selected(Part):
    """Where only selected actions may be used: which."""

    verified_allowed: bool = False
    patterns_allowed: Sequence[str] = ()


class Defaults(Part):
    """What a job's token may do where nothing is said, and whether it may open pull requests."""

    default_workflow_permissions: str
    can_approve_pull_request_reviews: bool


class Rule(Part):
    """A rule of an environment (`required_reviewers`, …) or of a branch (`pull_request`, …)."""

    type: str


class Environment(Part):
    """Where a job may have to wait.  One that is not there is made by GitHub, without rules."""

    protection_rules: Sequence[Rule] = ()

    @property
    def waits_for_people(self) -> bool:
        return any(rule.type == "required_reviewers" for rule in self.protection_rules)


class _Named(Part):
    name: str


@dataclass(frozen=True)
class Seen:
    """The answers, each as it was when it was asked.

    `selected` is None where that is no question; `is_protected` is of the default branch, and
    `shared_secrets` are the organization's.
    """

    viewer: str | Unseen
    repository: Repository | Unseen
    actions: Actions | Unseen
    selected: Selected | Unseen | None
    defaults: Defaults | Unseen
    secrets: frozenset[str] | Unseen
    shared_secrets: frozenset[str] | Unseen
    labels: frozenset[str] | Unseen
    is_protected: bool | Unseen
    environments: Mapping[str, Environment | Unseen]


def look(api: Api, environments: Collection[str] = ()) -> Seen:
    """Asks all of it; nothing more of a repository that cannot be seen."""
    settings = api.part(Settings)
    viewer = seen(api.viewer)
    repository = seen(settings.repository)
    if isinstance(repository, Unseen):
        none = Unseen("the repository cannot be seen")
        return Seen(viewer, repository, none, None, none, none, none, none, none, {})
    branch = repository.default_branch
    actions = seen(settings.actions)
    is_some = not isinstance(actions, Unseen) and actions.allowed_actions == "selected"
    return Seen(
        viewer=viewer,
        repository=repository,
        actions=actions,
        selected=seen(settings.selected) if is_some else None,
        defaults=seen(settings.defaults),
        secrets=seen(lambda: settings.secrets("secrets")),
        shared_secrets=seen(lambda: settings.secrets("organization-secrets")),
        labels=seen(settings.labels),
        is_protected=seen(
            lambda: bool(api.part(Pulls).branch(branch).is_protected) or settings.has_rules(branch)
        ),
        environments={name: seen(partial(settings.environment, name)) for name in environments},
    )


def seen(ask: Callable[[], T]) -> T | Unseen:
    """The answer, or why there is none."""
    try:
        return ask()
    except HostError as why:
        return Unseen(_SHORT.get(why.status, why.message.rstrip(".")), why.status)


class Settings:
    """Calls to the repository `owner/name`, made through the connection of an `Api`; none writes.

    Each raises HostError.
    """

    def __init__(self, calls: Calls, repository: str) -> None:
        self._calls, self._repository = calls, repository

    def repository(self) -> Repository:
        return self._calls.one(self._ask(""), Repository.model_validate)

    def actions(self) -> Actions:
        return self._calls.one(self._ask("/actions/permissions"), Actions.model_validate)

    def selected(self) -> Selected:
        ask = self._ask("/actions/permissions/selected-actions")
        return self._calls.one(ask, Selected.model_validate)

    def defaults(self) -> Defaults:
        return self._calls.one(self._ask("/actions/permissions/workflow"), Defaults.model_validate)

    def secrets(self, whose: Literal["secrets", "organization-secrets"]) -> frozenset[str]:
        """The names of its own secrets, or of those of its organization that it may use."""
        ask = self._ask(f"/actions/{whose}")
        found = self._calls.pages(ask, _Named.model_validate, "secrets")
        return frozenset(secret.name for secret in found)

    def labels(self) -> frozenset[str]:
        found = self._calls.pages(self._ask("/labels"), _Named.model_validate)
        return frozenset(label.name for label in found)

    def environment(self, name: str) -> Environment:
        ask = self._ask(f"/environments/{quote(name, safe='')}")
        return self._calls.one(ask, Environment.model_validate)

    def has_rules(self, branch: str) -> bool:
        """Whether a ruleset keeps direct pushes from this branch, or those of most people."""
        ask = self._ask(f"/rules/branches/{quote(branch, safe='')}")
        return any(rule.type in _GUARDS for rule in self._calls.pages(ask, Rule.model_validate))

    def _ask(self, path: str) -> Ask:
        # Most of it is nothing that a job could be granted.
        return Ask("GET", f"/repos/{self._repository}{path}", needs="")
