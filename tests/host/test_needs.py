"""What is read of host workflows, and what their jobs need."""

import pytest

from gump_action.errors import WorkflowError
from gump_action.host.setup.host_workflows import Rights, is_pinned, read_host_workflow
from gump_action.host.setup.needs import needs_of

from ..example_files import HOST_FILES, HOSTS
from ..host_files import SHOWN

HOST = """\
# Does something. And more.
name: do
on: {on}
permissions: {top}
jobs:
  one:
    runs-on: ubuntu-latest
{job}
    steps:
      - uses: actions/checkout@v7
      - uses: {uses}
        with: {{{given}}}
        env:
          KEY: ${{{{ secrets.THE_KEY }}}}
"""


def read(on="push", top="{}", job="", uses="gump/action@v1", given="workflow: w"):
    text = HOST.format(on=on, top=top, job=job, uses=uses, given=given)
    return read_host_workflow(text, ".github/workflows/do.yml")


def needs(on, given):
    host = read(on=f"[{on}]", given=f"workflow: w, {given}")
    return {str(need) for need in needs_of(host.uses[0], host.events)}


BASE = {"contents: read", "actions: read"}


@pytest.mark.parametrize(
    ("on", "given", "wanted"),
    [
        ("schedule", "state: off", {"contents: read"}),
        ("schedule", "state: cache", {"contents: read"}),
        ("schedule", "state: auto", BASE),
        (
            "schedule",
            "publish: pull-request",
            {"contents: write", "actions: read", "pull-requests: write"},
        ),
        ("pull_request", "publish: none", {*BASE, "pull-requests: write"}),
        ("pull_request", "comment: never", BASE),
        ("pull_request", "comment: never, spec: auto", {*BASE, "pull-requests: read"}),
        ("issue_comment", "mode: run", {*BASE, "pull-requests: read"}),
        ("workflow_run", "mode: run, spec: auto, state: off", {*BASE, "pull-requests: read"}),
        (
            "check_suite",
            "mode: run, spec: auto, state: off",
            {"contents: read", "checks: read", "pull-requests: read"},
        ),
        ("'issues', issue_comment", "mode: run, spec: auto", {*BASE, "issues: read"}),
        (
            "issue_comment",
            "mode: publish, publish: push",
            {"contents: write", "pull-requests: write"},
        ),
        (
            "'issues', issue_comment",
            "mode: publish, publish: pull-request, comment: always",
            {"contents: write", "pull-requests: write", "issues: write"},
        ),
        ("issues", "mode: publish, publish: patch, comment: always", {"issues: write"}),
    ],
)  # fmt: skip
def test_a_use_needs_this(on, given, wanted):
    assert needs(on, given) == wanted


@pytest.mark.parametrize("file", HOST_FILES.values(), ids=HOST_FILES)
def test_each_example_grants_what_it_needs_and_no_more(file):
    host = read_host_workflow(file.read_text(), file.name)
    assert host.uses or any(each.startswith("./") for each in host.actions)
    for use in host.uses:
        needed = {need.name: need.level for need in needs_of(use, host.events)}
        assert dict(use.rights.names) == needed


@pytest.mark.parametrize("text", SHOWN.values(), ids=SHOWN)
def test_what_a_page_shows_grants_what_it_needs_and_no_more(text):
    host = read_host_workflow(text, "shown.yml")
    assert host.uses
    for use in host.uses:
        needed = {need.name: need.level for need in needs_of(use, host.events)}
        assert dict(use.rights.names) == needed


@pytest.mark.parametrize(
    ("top", "job", "rights"),
    [
        ("{}", "", Rights({})),
        ("{contents: read}", "", Rights({"contents": "read"})),
        ("{contents: read}", "    permissions: {issues: write}", Rights({"issues": "write"})),
        ("{contents: read}", "    permissions: {}", Rights({})),
        ("read-all", "", Rights({}, "read")),
        ("{}", "    permissions: write-all", Rights({}, "write")),
    ],
)
def test_the_rights_of_a_job_are_its_own_or_those_at_the_top(top, job, rights):
    assert read(top=top, job=job).uses[0].rights == rights


def test_without_permissions_the_setting_counts():
    text = HOST.format(on="push", top="", job="", uses="gump/action@v1", given="workflow: w")
    host = read_host_workflow(text.replace("permissions: \n", ""), "do.yml")
    assert host.uses[0].rights.is_default


@pytest.mark.parametrize(
    ("uses", "is_ours"),
    [
        ("gump/action@v1", True),
        ("Gump/Action@main", True),
        ("gump/action-other@v1", False),
        ("other/gump/action@v1", False),
        ("./", False),
    ],
)
def test_a_use_is_known_by_its_name(uses, is_ours):
    assert bool(read(uses=uses).uses) is is_ours


@pytest.mark.parametrize(
    ("on", "events"),
    [("push", ("push",)), ("[push, issues]", ("push", "issues")), ("{push: {}}", ("push",))],
)
def test_events_are_written_in_three_ways(on, events):
    assert read(on=on).events == events


def test_what_a_host_workflow_names():
    host = read_host_workflow(HOSTS["two-jobs"].read_text(), "two-jobs.yml")
    assert host.about.startswith("Runs the workflow NAME")
    assert host.secrets == ("ANTHROPIC_API_KEY",)
    assert (host.takes_labels, host.labels, host.environments) == (True, (), ("gump",))
    issue = read_host_workflow(HOSTS["issue-to-pr"].read_text(), "issue-to-pr.yml")
    assert (issue.labels, issue.opens_pulls) == (("gump:implement",), True)
    ci = read_host_workflow(HOSTS["fix-failing-ci"].read_text(), "fix-failing-ci.yml")
    assert ci.follows == ("CI",)
    # What is commented out is not asked for.
    assert ci.secrets == ("ANTHROPIC_API_KEY",)


def test_an_environment_by_expression_or_as_a_map():
    of_map = read(job="    environment: {name: prod, url: x}")
    of_expression = read(job="    environment: ${{ inputs.where }}")
    assert (of_map.environments, of_expression.environments) == (("prod",), ())


def test_no_yaml_is_said_with_its_line():
    with pytest.raises(WorkflowError, match=r"do\.yml:2: "):
        read_host_workflow("a: [", "do.yml")


@pytest.mark.parametrize(
    ("action", "pinned"),
    [("a/b@v1", False), ("a/b@" + "0" * 40, True), ("a/b", False), ("./x", True)],
)
def test_a_pin_is_a_full_commit(action, pinned):
    assert is_pinned(action) is pinned
