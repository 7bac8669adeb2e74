"""What came before this job, out of a payload: a host run that ended, or checks of another CI."""

from __future__ import annotations

from gump_action.host.event import Kind, Person, Side, Upstream
from gump_action.host.trigger import payload as p


def upstream_of(
    kind: Kind, told: p.Payload, ours: int | None
) -> tuple[Upstream | None, Side | None]:
    """What the event follows, and the base of the one pull request that it was about.

    GitHub also names those of forks that were opened from a branch of `ours`, by their ids.
    """
    followed = told.workflow_run or suite_of(told)
    if followed is None:
        return None, None
    named = followed.pull_requests
    pulls = [each for each in named if each.base.repo and each.base.repo.id == ours]
    pull = pulls[0] if len(pulls) == 1 else None
    base = side_of(pull.base) if pull else None
    if isinstance(followed, p.HostRun):
        return _of_run(followed, pull), base
    return _of_suite(kind, followed, told.check_run, pull), base


def suite_of(told: p.Payload) -> p.Suite | None:
    """The suite that a check or a suite of checks is about."""
    return told.check_run.check_suite if told.check_run else told.check_suite


def bot_of(app: p.App | None) -> Person | None:
    """The account by which an app writes."""
    return Person(f"{app.slug}[bot]", "Bot") if app and app.slug else None


def person_of(user: p.User | None) -> Person | None:
    return Person(user.login, user.type) if user else None


def side_of(branch: p.Branch) -> Side:
    repo = branch.repo
    if repo is None:
        return Side(branch.sha, branch.ref)
    pushed = repo.pushed_at if isinstance(repo.pushed_at, str) else ""
    return Side(branch.sha, branch.ref, repo.id, repo.full_name, pushed)


def _of_run(run: p.HostRun, pull: p.ShortPull | None) -> Upstream:
    branch = p.Branch(sha=run.head_sha, ref=run.head_branch or "", repo=run.head_repository)
    return Upstream(
        id=run.id,
        event=run.event,
        path=run.path.partition("@")[0],
        head=side_of(branch),
        conclusion=run.conclusion or "",
        attempt=run.run_attempt,
        triggering_actor=person_of(run.triggering_actor),
        pull=pull.number if pull else 0,
    )


def _of_suite(
    kind: Kind, suite: p.Suite, check: p.Check | None, pull: p.ShortPull | None
) -> Upstream:
    """Whose code it is, GitHub says by the pull request alone."""
    branch = p.Branch(
        sha=suite.head_sha, ref=suite.head_branch or "", repo=pull.head.repo if pull else None
    )
    return Upstream(
        id=suite.id,
        event=kind,
        path="",
        head=side_of(branch),
        conclusion=(check or suite).conclusion or "",
        attempt=0,
        check=check.id if check else 0,
        pull=pull.number if pull else 0,
    )
