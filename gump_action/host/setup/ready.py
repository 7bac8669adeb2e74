"""Whether a repository is ready for its host workflows: each finding with what to change.  Pure.

What cannot be seen is said as that, with where a person sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from gump_action.host.setup.host_workflows import HostWorkflow, Rights, Use, is_pinned
from gump_action.host.setup.needs import Need, needs_of
from gump_action.host.setup.settings import (
    Actions,
    Defaults,
    Repository,
    Seen,
    Selected,
    Unseen,
)
from gump_action.host.words import one_line

GENERAL = "Settings → Actions → General"
PULLS_SETTING = "Allow GitHub Actions to create and approve pull requests"
_PULLS = f'{GENERAL} → Workflow permissions: switch on "{PULLS_SETTING}"'
_USED = "astral-sh/setup-uv@*"
_RIGHTS = {"read": Rights({}, "read"), "write": Rights({}, "write")}


class Mark(StrEnum):
    """What a finding means for a run."""

    GOOD = "✓"
    BAD = "✗"
    CARE = "!"
    UNKNOWN = "?"


@dataclass(frozen=True)
class Finding:
    """What was seen, and what to change; nothing is to be changed where that is empty."""

    mark: Mark
    what: str
    change: str = ""


def findings(seen: Seen, hosts: Sequence[HostWorkflow], name: str) -> tuple[Finding, ...]:
    """All that is to be said of the repository `name`; `hosts` are all its host workflows."""
    ours = [host for host in hosts if host.uses]
    found = [*_of_token(seen), *_of_repository(seen.repository, name)]
    if not isinstance(seen.repository, Unseen):
        found += _of_actions(seen, ours)
        found += _of_defaults(seen.defaults, ours)
        found += _of_secrets(seen, ours)
        found += _of_labels(seen.labels, ours)
        found += _of_branch(seen, seen.repository.default_branch)
        found += _of_environments(seen)
    if not ours:
        found.append(
            Finding(
                Mark.CARE,
                "No host workflow here uses gump/action",
                "gump-action init lists examples, and writes one into the repository",
            )
        )
    for host in ours:
        found += _of_followed(host, hosts)
        for use in host.uses:
            found += _of_use(host, use, seen.defaults)
    return tuple(dict.fromkeys(found))


def is_bad(found: Sequence[Finding]) -> bool:
    """Whether something has to be changed before all of it can run."""
    return any(each.mark is Mark.BAD for each in found)


def text(found: Sequence[Finding]) -> str:
    """The findings for a person to read."""
    lines = []
    for each in found:
        lines.append(f"{each.mark} {one_line(each.what)}")
        lines += [f"    {one_line(each.change)}"] if each.change else []
    bad = sum(each.mark is Mark.BAD for each in found)
    unknown = sum(each.mark is Mark.UNKNOWN for each in found)
    end = f"Not ready: {bad} to change." if bad else "Nothing is missing, as far as can be seen."
    hidden = f" {unknown} could not be seen: look there yourself." if unknown else ""
    return "\n".join([*lines, "", f"{end}{hidden}"])


def _of_token(seen: Seen) -> Iterator[Finding]:
    viewer = seen.viewer
    if isinstance(viewer, Unseen):
        change = "Put a valid one into GH_TOKEN or GITHUB_TOKEN; `gh auth token` prints yours"
        if viewer.status == 401:
            yield Finding(Mark.BAD, "The token is not accepted", change)
        else:
            yield Finding(Mark.UNKNOWN, f"Whose the token is cannot be seen ({viewer.why})", change)
        return
    given = None if isinstance(seen.repository, Unseen) else seen.repository.permissions
    if viewer.endswith("[bot]"):
        may = "GitHub does not tell what tokens of jobs and apps may do"
    elif given is None:
        may = "what it may do here is not told"
    else:
        may = "who " + ("administers" if given.admin else "may write" if given.push else "may read")
        may += " this repository; the token itself may be narrower"
    yield Finding(Mark.GOOD, f"The token is that of {viewer}: {may}")


def _of_repository(repository: Repository | Unseen, name: str) -> Iterator[Finding]:
    if isinstance(repository, Unseen):
        change = "Look at the name (--repo-name), and whether the token may see this repository"
        mark = Mark.BAD if repository.status in (401, 404) else Mark.UNKNOWN
        yield Finding(mark, f"{name} cannot be seen ({repository.why})", change)
    elif repository.archived:
        yield Finding(Mark.BAD, f"{name} is archived, so nothing runs there", "Unarchive it")


def _of_actions(seen: Seen, hosts: Sequence[HostWorkflow]) -> Iterator[Finding]:
    actions, where = seen.actions, f"{GENERAL} → Actions permissions"
    if isinstance(actions, Unseen):
        yield _unknown("Whether Actions is enabled, and for which actions", actions, where)
        return
    if not actions.enabled:
        yield Finding(Mark.BAD, "Actions is disabled", where)
        return
    yield Finding(Mark.GOOD, "Actions is enabled")
    yield from _of_allowed(actions, seen.selected, where)
    if actions.sha_pinning_required:
        for host in hosts:
            tags = [each for each in host.actions if not is_pinned(each)]
            if tags:
                what = f"{host.file}: GitHub refuses actions without a commit: {', '.join(tags)}"
                yield Finding(Mark.BAD, what, "Name each by its full commit, as in `@0123…`")


def _of_allowed(
    actions: Actions, selected: Selected | Unseen | None, where: str
) -> Iterator[Finding]:
    add = f"{where}: allow `gump/action@*`, and what it uses: GitHub's own, `{_USED}`"
    if actions.allowed_actions == "local_only":
        yield Finding(Mark.BAD, "Only actions of this owner may be used", add)
    elif isinstance(selected, Unseen):
        yield _unknown("Which actions may be used", selected, add)
    elif selected and not any(fnmatchcase("gump/action@v1", p) for p in selected.patterns_allowed):
        # Those of creators that GitHub has verified may be used then; who is one is not told.
        mark = Mark.CARE if selected.verified_allowed else Mark.BAD
        yield Finding(mark, "gump/action is not among the actions that may be used", add)


def _of_defaults(defaults: Defaults | Unseen, hosts: Sequence[HostWorkflow]) -> Iterator[Finding]:
    opening = ", ".join(host.file for host in hosts if host.opens_pulls)
    if isinstance(defaults, Unseen):
        if opening:
            yield _unknown(f"Whether jobs may open pull requests ({opening})", defaults, _PULLS)
        return
    if opening and not defaults.can_approve_pull_request_reviews:
        yield Finding(Mark.BAD, f"Jobs may not open pull requests, and shall: {opening}", _PULLS)
    elif opening:
        yield Finding(Mark.GOOD, "Jobs may open pull requests")
    if defaults.default_workflow_permissions == "write":
        yield Finding(
            Mark.CARE,
            "Jobs for which nothing is said get a token that writes",
            f'{GENERAL} → Workflow permissions: "Read repository contents"',
        )


def _of_secrets(seen: Seen, hosts: Sequence[HostWorkflow]) -> Iterator[Finding]:
    for name in dict.fromkeys(name for host in hosts for name in host.secrets):
        known = [
            each for each in (seen.secrets, seen.shared_secrets) if not isinstance(each, Unseen)
        ]
        hidden = [each for each in (seen.secrets, seen.shared_secrets) if isinstance(each, Unseen)]
        change = f"gh secret set {name}, if it is not one of an environment of the job"
        if any(name in names for names in known):
            yield Finding(Mark.GOOD, f"The secret {name} is there")
        elif hidden:
            yield _unknown(f"Whether there is a secret {name}", hidden[0], change)
        else:
            yield Finding(Mark.BAD, f"There is no secret {name}", change)


def _of_labels(labels: frozenset[str] | Unseen, hosts: Sequence[HostWorkflow]) -> Iterator[Finding]:
    wanted = dict.fromkeys(name for host in hosts for name in host.labels)
    if isinstance(labels, Unseen):
        if wanted:
            yield _unknown(f"Whether there are the labels {', '.join(wanted)}", labels, "Labels")
        return
    for name in wanted:
        if name in labels:
            yield Finding(Mark.GOOD, f"The label {name} is there")
        else:
            yield Finding(
                Mark.CARE, f"There is no label {name}, by which a run is asked for",
                f"gh label create {name}",
            )  # fmt: skip
    if any(host.takes_labels for host in hosts) and not any(n.startswith("gump:") for n in labels):
        yield Finding(
            Mark.CARE, "There is no label gump:NAME, by which the workflow NAME is asked for",
            "gh label create gump:NAME",
        )  # fmt: skip


def _of_branch(seen: Seen, branch: str) -> Iterator[Finding]:
    match seen.is_protected:
        case True:
            yield Finding(Mark.GOOD, f"The default branch {branch} is protected")
        case False:
            yield Finding(
                Mark.CARE,
                f"The default branch {branch} is not protected: a job that may write could push "
                "to it (gump-action never does)",
                "Settings → Rules → Rulesets",
            )
        case Unseen():
            yield _unknown(f"Whether {branch} is protected", seen.is_protected, "Settings → Rules")


def _of_environments(seen: Seen) -> Iterator[Finding]:
    for name, environment in seen.environments.items():
        where = f"Settings → Environments → {name}: Required reviewers"
        if isinstance(environment, Unseen):
            yield _unknown(f"Whether the environment {name} waits for people", environment, where)
        elif environment.waits_for_people:
            yield Finding(Mark.GOOD, f"The environment {name} waits for people")
        else:
            yield Finding(Mark.CARE, f"The environment {name} waits for nobody", where)


def _of_followed(host: HostWorkflow, hosts: Sequence[HostWorkflow]) -> Iterator[Finding]:
    titles = {each.title for each in hosts}
    others = ", ".join(sorted(each.title for each in hosts if not each.uses))
    for name in host.follows:
        if name not in titles:
            what = f"{host.file} starts after {name}, and no host workflow here is called so"
            change = f"Put the name of the one that tests there{others and f': {others}'}"
            yield Finding(Mark.BAD, what, change)


def _of_use(host: HostWorkflow, use: Use, defaults: Defaults | Unseen) -> Iterator[Finding]:
    where = f"{host.file}:{use.line}: the job {use.job}"
    needs = needs_of(use, host.events)
    rights = use.rights
    if rights.is_default:
        yield Finding(
            Mark.CARE,
            f"{where} has no `permissions:`, so the repository's setting counts",
            "Write into the job: " + ", ".join(map(str, needs)),
        )
        if isinstance(defaults, Unseen):
            return
        rights = _RIGHTS.get(defaults.default_workflow_permissions, _RIGHTS["read"])
    lacking = [need for need in needs if not rights.holds(need.name, need.level)]
    yield from (_of_need(where, need) for need in lacking)
    if not lacking:
        yield Finding(Mark.GOOD, f"{where} has the permissions that it needs")


def _of_need(where: str, need: Need) -> Finding:
    mark = Mark.CARE if need.is_soft else Mark.BAD
    return Finding(mark, f"{where} lacks `{need}` {need.why}", "Write it below `permissions:`")


def _unknown(what: str, unseen: Unseen, where: str) -> Finding:
    return Finding(Mark.UNKNOWN, f"{what} cannot be seen by this token ({unseen.why})", where)
