import json
from dataclasses import replace

import pytest

from gump_action.errors import InputError
from gump_action.host.answers import Side as Asked
from gump_action.host.answers import read_pull
from gump_action.host.event import Job, Kind, Person, Side, Subject
from gump_action.host.trigger.reading import read_event, with_pull_request

from .occasion import SHA, checked, event_of, own_pulls, payload_of, user, variables

HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
BASE = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
CODER = Person("Codertocat", "User")
SUBJECTS = {
    "pull_request": Subject("pull_request", 2),
    "pull_request_target": Subject("pull_request", 2),
    "pull_request_review": Subject("pull_request", 2),
    "pull_request_review_comment": Subject("pull_request", 2),
    "issue_comment": Subject("issue", 1),
    "issues": Subject("issue", 1),
    "schedule": Subject("schedule", name="0 3 * * *"),
    "workflow_dispatch": Subject("dispatch", name="refs/heads/main"),
    "repository_dispatch": Subject("dispatch", name="refs/heads/main"),
    "workflow_run": Subject("ref", name="refs/heads/main"),
    "check_suite": Subject("ref", name="refs/heads/main"),
    "check_run": Subject("ref", name="refs/heads/main"),
    "push": Subject("ref", name="refs/heads/main"),
    "merge_group": Subject("ref", name="refs/heads/main"),
}
PULL = read_pull(payload_of("pull_request")["pull_request"])


def test_every_known_event_is_tried_here():
    assert set(SUBJECTS) == {*Kind} - {Kind.UNKNOWN}


@pytest.mark.parametrize("name", SUBJECTS)
def test_an_event_is_known_by_its_name_and_its_subject(name):
    event = event_of(name)
    assert (event.kind, event.subject) == (name, SUBJECTS[name])


def test_an_event_of_another_name_is_called_unknown():
    event = event_of("push", GITHUB_EVENT_NAME="gollum")
    assert (event.kind, event.kind.value, event.name) == (Kind.UNKNOWN, "unknown event", "gollum")


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "pull_request_review"])
def test_a_pull_request_names_its_commits(name):
    event = event_of(name)
    assert event.head
    assert event.base
    assert (event.head.sha, event.head.ref, event.head.repository_id) == (
        HEAD,
        "changes",
        186853002,
    )
    assert (event.base.sha, event.base.ref) == (BASE, "master")


def test_a_merge_group_names_its_commits():
    event = event_of("merge_group")
    assert event.head
    assert event.base
    assert event.head.sha.startswith("2ffea6db")
    assert event.base == Side(
        "380387fbc80638b734a49e1be1c4dfec1c01b33c", "refs/heads/main", 17273051
    )


def test_a_repository_says_what_it_is_called():
    repository = event_of("merge_group").repository
    assert (repository.full_name, repository.id) == ("octo-org/octo-repo", 17273051)
    assert repository.default_branch == "main"


def test_without_a_repository_in_the_payload_the_variables_name_it():
    repository = event_of("schedule", GITHUB_REPOSITORY_ID="7").repository
    assert (repository.full_name, repository.id) == ("Codertocat/Hello-World", 7)


@pytest.mark.parametrize(
    ("repo", "is_fork"),
    [
        ({"id": 186853002, "full_name": "Codertocat/Hello-World"}, False),
        ({"id": 5, "full_name": "stranger/Hello-World"}, True),
        (
            {"id": 5, "full_name": "Codertocat/Hello-World"},
            True,
        ),  # a name can be made to look alike
        (None, True),
    ],
)
def test_a_fork_is_told_by_the_number_of_its_repository(repo, is_fork):
    assert event_of("pull_request", {"pull_request.head.repo": repo}).is_fork is is_fork


@pytest.mark.parametrize("repo", [{"id": 5, "full_name": "stranger/octo-repo"}, None])
def test_a_host_run_of_a_fork_is_of_a_fork(repo):
    assert event_of("workflow_run", {"workflow_run.head_repository": repo}).is_fork is True


def test_a_workflow_run_names_the_run_before_it():
    upstream = event_of("workflow_run").upstream
    assert upstream
    assert (upstream.id, upstream.event, upstream.conclusion) == (
        289782451, "repository_dispatch", "success",
    )  # fmt: skip
    assert upstream.path == ".github/workflows/test.yml"
    assert upstream.head.sha == "3484a3fb816e0859fd6e1cea078d76385ff50625"
    assert upstream.head.ref == "master"


@pytest.mark.parametrize(("many", "number"), [(0, 0), (1, 2), (2, 0)])
def test_a_workflow_run_is_about_a_pull_request_only_where_it_is_one(many, number):
    event = event_of("workflow_run", own_pulls(many))
    assert (event.base is not None, event.number) == (many == 1, number)


def test_a_pull_request_of_another_repository_is_none_of_ours():
    """As recorded: GitHub names those of forks, too, that were opened from a branch of ours."""
    event = event_of("workflow_run")
    assert (event.base, event.number) == (None, 0)


@pytest.mark.parametrize(
    ("name", "suite", "check"),
    [("check_suite", 118578147, 0), ("check_run", 118578147, 128620228)],
)
def test_a_check_names_its_suite_and_the_code_by_its_pull_request(name, suite, check):
    event = event_of(name, checked(name))
    upstream = event.upstream
    assert upstream
    assert (upstream.id, upstream.check, upstream.attempt) == (suite, check, 0)
    assert (upstream.is_suite, upstream.conclusion, upstream.path) == (True, "failure", "")
    assert event.code == Side(HEAD, "changes", 186853002)
    assert event.base
    assert (event.base.sha, event.number, event.is_fork) == (BASE, 2, False)
    assert event.people.author == Person("other-ci[bot]", "Bot")


@pytest.mark.parametrize("name", ["check_suite", "check_run"])
@pytest.mark.parametrize("pulls", [0, 2])
def test_checks_of_none_or_of_several_pull_requests_are_of_nobody_knows_whose_code(name, pulls):
    suite = "check_suite" if name == "check_suite" else "check_run.check_suite"
    (pull,) = payload_of("check_suite")["check_suite"]["pull_requests"]
    event = event_of(name, {f"{suite}.pull_requests": [pull] * pulls})
    assert (event.number, event.base, event.is_fork) == (0, None, True)


def test_the_message_of_a_checked_commit_is_read_where_it_is_told():
    assert event_of("check_suite").message == "Update README.md"
    assert event_of("check_run").message == ""


def test_what_a_dispatch_a_label_and_a_push_tell_is_read():
    assert event_of("workflow_dispatch", {"inputs": {"workflow": " fix "}}).wanted == "fix"
    assert event_of("workflow_dispatch", {"inputs": {"workflow": True}}).wanted == ""
    assert event_of("workflow_dispatch", {"inputs": None}).wanted == ""
    labeled = {"action": "labeled", "label": {"name": "gump:fix"}}
    assert event_of("pull_request", labeled).label == "gump:fix"
    assert event_of("push", {"head_commit": {"message": "x"}}).message == "x"
    assert event_of("workflow_run").message == "build(test): check workflow run event payload"


@pytest.mark.parametrize(
    ("name", "edits", "author"),
    [
        ("pull_request", {"pull_request.user": user("opener")}, "opener"),
        ("pull_request", {"pull_request.user": user("o"), "action": "labeled"}, "Codertocat"),
        ("issues", {"issue.user": user("opener")}, "opener"),
        ("issues", {"issue.user": user("opener"), "action": "edited"}, "opener"),
        ("issues", {"issue.user": user("opener"), "action": "labeled"}, "Codertocat"),
        ("issues", {"issue.user": user("opener"), "action": "assigned"}, "Codertocat"),
        ("issue_comment", {"comment.user": user("writer")}, "writer"),
        ("pull_request_review", {"review.user": user("reviewer")}, "reviewer"),
        ("pull_request_review_comment", {"comment.user": user("writer")}, "writer"),
        ("workflow_dispatch", {"sender": user("sender")}, "sender"),
        ("repository_dispatch", {"sender": user("sender")}, "sender"),
        ("workflow_run", {"workflow_run.actor": user("before")}, "before"),
    ],
)
def test_the_author_is_whose_text_starts_it(name, edits, author):
    found = event_of(name, edits).people.author
    assert found
    assert found.login == author


def test_a_schedule_has_no_author():
    assert event_of("schedule").people.author is None


@pytest.mark.parametrize(
    ("name", "edits"),
    [
        ("pull_request", {"pull_request.user": None}),
        ("issue_comment", {"comment.user": None}),
        ("issues", {"issue.user": None}),
    ],
)
def test_an_account_that_is_gone_is_nobody(name, edits):
    assert event_of(name, edits).people.author is None


@pytest.mark.parametrize(
    ("account", "is_bot"),
    [
        (Person("octocat", "User"), False),
        (Person("octocat"), False),
        (Person("dependabot[bot]"), True),
        (Person("dependabot[bot]", "User"), True),
        (Person("Copilot", "Bot"), True),
    ],
)
def test_a_bot_is_told_by_its_type_or_by_its_brackets(account, is_bot):
    assert account.is_bot is is_bot


def test_the_type_of_an_actor_is_what_the_payload_says_of_it():
    people = event_of("pull_request", {"sender": user("Copilot", "Bot")}).people
    assert people.actor == people.triggering_actor == Person("Copilot", "Bot")


def test_who_runs_it_again_is_the_triggering_actor():
    more = {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "other"}
    people = event_of("pull_request", None, **more).people
    assert (people.actor, people.triggering_actor) == (CODER, Person("other"))


def test_the_text_is_kept_as_it_was_written():
    text = event_of("issue_comment", {"comment.body": "{{ 7*7 }}\n::error::x"}).text
    assert text.title == "Spelling error in the README file"
    assert text.comment == "{{ 7*7 }}\n::error::x"
    assert text.written_at == "2019-05-15T15:20:21Z"


def test_a_review_without_a_word_is_an_empty_text():
    text = event_of("pull_request_review").text
    assert (text.comment, text.written_at) == ("", "2019-05-15T15:20:38Z")


def test_the_job_is_named_by_the_variables():
    assert event_of("push", GITHUB_RUN_ATTEMPT="3").job == Job(
        run_id="77", attempt=3, workflow_path=".github/workflows/gump.yml", sha=SHA,
        ref="refs/heads/main",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("o/r/.github/workflows/a b.yaml@refs/heads/x@y", ".github/workflows/a b.yaml"),
        ("o/r/.github/workflows/x.yml@refs/pull/1/merge", ".github/workflows/x.yml"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_the_host_workflow_is_named_by_its_path(given, path):
    assert event_of("push", None, GITHUB_WORKFLOW_REF=given).job.workflow_path == path


def test_a_comment_on_a_pull_request_needs_its_commits_looked_up():
    event = event_of("issue_comment", {"issue.pull_request": {}, "issue.number": 2})
    assert event.needs_pull_request
    assert event.is_fork is None
    filled = with_pull_request(event, PULL, "2026-01-01T00:00:00Z")
    assert filled.head
    assert filled.base
    assert (filled.head.sha, filled.base.sha) == (HEAD, BASE)
    assert filled.is_fork is False
    assert filled.head.pushed_at == "2019-05-15T15:20:32Z"
    assert filled.head.committed_at == "2026-01-01T00:00:00Z"
    assert not filled.needs_pull_request


def test_another_pull_request_than_the_one_asked_for_is_refused():
    event = event_of("issue_comment", {"issue.pull_request": {}})
    with pytest.raises(InputError, match="asked for pull request 1, GitHub told of 2"):
        with_pull_request(event, PULL, "2026-01-01T00:00:00Z")


def test_a_commit_that_is_none_is_refused():
    event = event_of("issue_comment", {"issue.pull_request": {}, "issue.number": 2})
    pull = replace(PULL, base=Asked("main", "--upload-pack=x", 1, "o/r"))
    with pytest.raises(InputError, match="commit '--upload-pack=x', which is none"):
        with_pull_request(event, pull, "")


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"pull_request": None}, "has no pull_request"),
        ({"pull_request.number": "2"}, "pull_request.number"),
        ({"pull_request.head.sha": "--upload-pack=x"}, "pull_request.head.sha"),
        ({"pull_request.head.sha": HEAD + "\n"}, "pull_request.head.sha"),
        ({"pull_request.user": user("a b")}, "pull_request.user.login"),
        ({"sender": user("x](http://evil)")}, "sender.login"),
        ({"repository": 7}, "repository"),
        ({"action": ["opened"]}, "action"),
    ],
)
def test_a_payload_that_is_not_as_described_is_one_clear_error(edits, said):
    with pytest.raises(InputError, match=said):
        event_of("pull_request", edits)


@pytest.mark.parametrize("raw", ["", "{", "[]", "null", '{"action": NaN}', b"\xff\xfe", "[" * 9999])
def test_a_payload_that_is_no_json_object_is_one_clear_error(raw):
    with pytest.raises(InputError, match="the payload of the event 'push'"):
        read_event(variables("push", {}), raw)


def test_many_faults_are_one_error_of_bounded_length():
    payload = payload_of("workflow_run")
    payload["workflow_run"]["pull_requests"] = [7] * 50
    with pytest.raises(InputError, match="and 45 more") as caught:
        read_event(variables("workflow_run", payload), json.dumps(payload))
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITHUB_ACTOR", ""),
        ("GITHUB_ACTOR", "a b"),
        ("GITHUB_TRIGGERING_ACTOR", "@x"),
        ("GITHUB_RUN_ATTEMPT", "two"),
        ("GITHUB_SHA", "main"),
        ("GITHUB_SHA", ""),
    ],
)
def test_a_variable_that_cannot_be_is_named(variable, value):
    with pytest.raises(InputError, match=f"{variable} is {value!r}"):
        event_of("push", None, **{variable: value})


def test_a_rerun_that_does_not_say_who_started_it_is_refused():
    more = {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": ""}
    with pytest.raises(InputError, match="does not say who started it"):
        event_of("push", None, **more)


def test_a_payload_of_another_repository_is_refused():
    with pytest.raises(InputError, match="of repository 186853002, and this job of 7"):
        event_of("push", None, GITHUB_REPOSITORY_ID="7")
