"""Each finding of `doctor --github`, by what GitHub told and what the host workflows are."""

from dataclasses import replace

import pytest

from gump_action.host.setup.host_workflows import read_host_workflow
from gump_action.host.setup.ready import Finding, Mark, findings, is_bad, text
from gump_action.host.setup.settings import (
    Actions,
    Defaults,
    Environment,
    Given,
    Repository,
    Rule,
    Seen,
    Selected,
    Unseen,
)

from ..example_files import HOSTS

HIDDEN = Unseen("it may not, 403", 403)
ALL_WELL = Seen(
    viewer="alice",
    repository=Repository(default_branch="main", permissions=Given(admin=True, push=True)),
    actions=Actions(enabled=True),
    selected=None,
    defaults=Defaults(
        default_workflow_permissions="read", can_approve_pull_request_reviews=True
    ),
    secrets=frozenset({"ANTHROPIC_API_KEY"}),
    shared_secrets=frozenset(),
    labels=frozenset({"gump:implement"}),
    is_protected=True,
    environments={"gump": Environment(protection_rules=[Rule(type="required_reviewers")])},
)  # fmt: skip


def host(name, **change):
    words = HOSTS[name].read_text()
    for old, new in change.items():
        assert old in words
        words = words.replace(old, new)
    return read_host_workflow(words, f".github/workflows/{name}.yml")


CI = read_host_workflow("name: CI\non: push\njobs: {}\n", ".github/workflows/ci.yml")
TESTS = read_host_workflow("name: Tests\non: push\njobs: {}\n", ".github/workflows/tests.yml")
HOSTS_READ = [host(name) for name in HOSTS]


def found(*hosts, **change):
    return findings(replace(ALL_WELL, **change), hosts or HOSTS_READ, "octo/plant")


def of(mark, told):
    return [each for each in told if each.mark is mark]


def test_all_examples_in_a_repository_that_is_ready():
    told = found(*HOSTS_READ, CI)
    assert {each.mark for each in told} == {Mark.GOOD}
    assert text(told).endswith("Nothing is missing, as far as can be seen.")
    assert not is_bad(told)


def test_where_nothing_can_be_seen_nothing_is_called_good_or_bad_but_the_permissions():
    hidden = dict.fromkeys(
        ("viewer", "actions", "defaults", "secrets", "shared_secrets", "labels", "is_protected"),
        HIDDEN,
    )
    told = found(*HOSTS_READ, CI, **hidden, environments={"gump": HIDDEN})
    known = [each for each in told if each.mark is not Mark.UNKNOWN]
    assert known
    assert all("has the permissions that it needs" in each.what for each in known)
    assert len(of(Mark.UNKNOWN, told)) == 7
    assert all(each.change for each in of(Mark.UNKNOWN, told))
    assert "7 could not be seen: look there yourself." in text(told)


NIGHTLY, ISSUE, TWO, CI_FIX = (
    host(name) for name in ("nightly-deps", "issue-to-pr", "two-jobs", "fix-failing-ci")
)
OFF = Defaults(default_workflow_permissions="read", can_approve_pull_request_reviews=False)
WIDE = Defaults(default_workflow_permissions="write", can_approve_pull_request_reviews=True)


@pytest.mark.parametrize(
    ("hosts", "change", "mark", "what", "to_do"),
    [
        (
            [NIGHTLY],
            {"viewer": Unseen("x", 401)},
            Mark.BAD,
            "token is not accepted",
            "gh auth token",
        ),
        (
            [NIGHTLY],
            {"repository": Unseen("x", 404)},
            Mark.BAD,
            "octo/plant cannot be seen",
            "--repo-name",
        ),
        (
            [NIGHTLY],
            {"repository": Unseen("x", 502)},
            Mark.UNKNOWN,
            "octo/plant cannot be seen",
            "--repo-name",
        ),
        (
            [NIGHTLY],
            {"repository": Repository(default_branch="main", archived=True)},
            Mark.BAD,
            "archived",
            "Unarchive",
        ),
        (
            [NIGHTLY],
            {"actions": Actions(enabled=False)},
            Mark.BAD,
            "Actions is disabled",
            "Actions permissions",
        ),
        (
            [NIGHTLY],
            {"actions": Actions(enabled=True, allowed_actions="local_only")},
            Mark.BAD,
            "of this owner",
            "gump/action@*",
        ),
        (
            [NIGHTLY],
            {"selected": Selected(patterns_allowed=["a/*"])},
            Mark.BAD,
            "not among",
            "gump/action@*",
        ),
        (
            [NIGHTLY],
            {"selected": Selected(verified_allowed=True)},
            Mark.CARE,
            "not among",
            "gump/action@*",
        ),
        ([NIGHTLY], {"selected": HIDDEN}, Mark.UNKNOWN, "Which actions", "gump/action@*"),
        (
            [NIGHTLY],
            {"actions": Actions(enabled=True, sha_pinning_required=True)},
            Mark.BAD,
            "gump/action@v1",
            "full commit",
        ),
        (
            [NIGHTLY],
            {"defaults": OFF},
            Mark.BAD,
            "may not open pull requests, and shall: .github/w",
            "create and approve",
        ),
        ([NIGHTLY], {"defaults": HIDDEN}, Mark.UNKNOWN, "open pull requests", "create and approve"),
        (
            [NIGHTLY],
            {"defaults": WIDE},
            Mark.CARE,
            "a token that writes",
            "Read repository contents",
        ),
        (
            [NIGHTLY],
            {"secrets": frozenset()},
            Mark.BAD,
            "no secret ANTHROPIC_API_KEY",
            "gh secret set",
        ),
        (
            [NIGHTLY],
            {"secrets": frozenset(), "shared_secrets": HIDDEN},
            Mark.UNKNOWN,
            "secret ANTHROPIC_API_KEY",
            "gh secret set",
        ),
        (
            [ISSUE],
            {"labels": frozenset()},
            Mark.CARE,
            "no label gump:implement",
            "gh label create gump:implement",
        ),
        ([TWO], {"labels": frozenset({"bug"})}, Mark.CARE, "no label gump:NAME", "gh label create"),
        (
            [TWO],
            {"environments": {"gump": Environment()}},
            Mark.CARE,
            "waits for nobody",
            "Required reviewers",
        ),
        (
            [TWO],
            {"environments": {"gump": HIDDEN}},
            Mark.UNKNOWN,
            "environment gump",
            "Required reviewers",
        ),
        ([CI_FIX], {}, Mark.BAD, "starts after CI", "that tests there"),
        ([NIGHTLY], {"is_protected": False}, Mark.CARE, "main is not protected", "Rulesets"),
        ([NIGHTLY], {"is_protected": HIDDEN}, Mark.UNKNOWN, "main is protected", "Rules"),
        ([CI_FIX, TESTS], {}, Mark.BAD, "starts after CI", "that tests there: Tests"),
        ([CI], {}, Mark.CARE, "No host workflow here uses gump/action", "gump-action init"),
    ],
)
def test_a_finding_says_what_to_change(hosts, change, mark, what, to_do):
    told = found(*hosts, **change)
    odd = [each for each in told if each.mark is not Mark.GOOD]
    assert [(each.mark, what in each.what, to_do in each.change) for each in odd] == [
        (mark, True, True)
    ]
    assert is_bad(told) is (mark is Mark.BAD)


@pytest.mark.parametrize(
    ("viewer", "given", "words"),
    [
        ("alice", Given(admin=True), "alice: who administers"),
        ("alice", Given(push=True), "alice: who may write"),
        ("alice", Given(), "alice: who may read"),
        ("alice", None, "alice: what it may do here is not told"),
        ("github-actions[bot]", Given(), "GitHub does not tell what tokens of jobs and apps"),
    ],
)
def test_whose_the_token_is_and_what_is_known_of_it(viewer, given, words):
    repository = Repository(default_branch="main", permissions=given)
    assert words in found(NIGHTLY, viewer=viewer, repository=repository)[0].what


@pytest.mark.parametrize(
    ("old", "mark", "what"),
    [
        ("contents: write", Mark.BAD, "yml:51: the job publish lacks `contents: write`"),
        ("pull-requests: write", Mark.BAD, "lacks `pull-requests: write` to open and update"),
        ("actions: read", Mark.CARE, "lacks `actions: read` to find the state"),
    ],
)
def test_a_permission_that_is_missing_is_named_with_its_line(old, mark, what):
    told = found(host("nightly-deps", **{f"      {old} #": "      #"}))
    (odd,) = (each for each in told if each.mark is not Mark.GOOD)
    assert (odd.mark, what in odd.what) == (mark, True)


@pytest.mark.parametrize(
    ("defaults", "marks"),
    [
        (OFF, {Mark.CARE, Mark.BAD}),
        (HIDDEN, {Mark.CARE}),
        (WIDE, {Mark.CARE}),
    ],
)
def test_without_permissions_the_setting_of_the_repository_counts(defaults, marks):
    step = "      - uses: gump/action@v1\n        with: {workflow: w, publish: push}\n"
    words = f"name: x\non: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{step}"
    told = found(read_host_workflow(words, "x.yml"), defaults=defaults)
    odd = [each for each in told if each.what.startswith("x.yml:7: the job a ")]
    assert {each.mark for each in odd if each.mark is not Mark.GOOD} == marks
    assert "contents: write" in odd[0].change


def test_what_others_wrote_stays_on_its_line():
    told = text([Finding(Mark.BAD, "a\nb\x1b[31m", "c\r\nd")])
    assert told.splitlines()[:2] == ["✗ a b", "    c d"]
