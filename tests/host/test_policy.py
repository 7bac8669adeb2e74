from itertools import product
from pathlib import Path

import pytest

from gump_action.errors import InputError
from gump_action.host.answers import Permission, read_pull
from gump_action.host.event import Kind
from gump_action.host.policy import (
    TABLE,
    MayRun,
    Skip,
    decide,
    logins_to_ask,
)
from gump_action.host.trigger.moments import is_newer_than
from gump_action.host.trigger.reading import with_pull_request
from gump_action.host.trigger.rights import Allowed, Right, Unknown, parse_bots, right_of

from .occasion import SHA, checked, edited, event_of, own_pulls, payload_of, user

HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
BASE = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
WRITER = {"Codertocat": Right.WRITE}
FORK = {"id": 5, "full_name": "stranger/Hello-World", "pushed_at": "2019-05-15T15:20:00Z"}
ON_HEAD = ("pull_request", "pull_request_target", "pull_request_review")
NAMES = [*ON_HEAD, "pull_request_review_comment", "issue_comment", "issues", "workflow_dispatch"]
NAMES += ["repository_dispatch", "workflow_run", "push", "merge_group"]
OTHERS_RUN = {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "other"}


NOON, LATER, EARLIER = "2026-01-01T12:00:00Z", "2026-01-01T12:00:01Z", "2026-01-01T11:59:59Z"


def on_pull(edits=None, pull_edits=None, committed_at=EARLIER):
    """A comment of noon on a pull request, looked up."""
    pull = {**payload_of("pull_request")["pull_request"], **(pull_edits or {})}
    told = {"issue.pull_request": {}, "issue.number": 2, "comment.created_at": NOON}
    event = event_of("issue_comment", {**told, **(edits or {})})
    return with_pull_request(event, read_pull(pull), committed_at)


def why(event, rights, allowed=None):
    decided = decide(event, rights, allowed or Allowed())
    assert isinstance(decided, Skip)
    return decided.why


# --- rights ----------------------------------------------------------------------------------


def test_every_known_event_has_its_row():
    assert {*TABLE} == {*Kind} - {Kind.UNKNOWN}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("right", Right)
def test_nobody_starts_a_run_below_write(name, right):
    decided = decide(event_of(name), {"Codertocat": right}, Allowed())
    assert isinstance(decided, MayRun) is right.may_write


@pytest.mark.parametrize(
    ("level", "role", "right"),
    [
        ("admin", "admin", Right.ADMIN),
        ("write", "maintain", Right.MAINTAIN),
        ("write", "write", Right.WRITE),
        ("read", "triage", Right.TRIAGE),
        ("read", "read", Right.READ),
        ("none", "none", Right.NONE),
        ("write", "release-crew", Right.WRITE),
        ("read", "release-crew", Right.READ),
    ],
)
def test_a_right_is_the_role_or_the_level_below_a_role_of_an_organisations_own(level, role, right):
    assert right_of(Permission(level, role)) is right


@pytest.mark.parametrize("name", ["WRITE", "", "owner"])
def test_a_right_that_we_do_not_know_is_none(name):
    right = right_of(Permission(name, name))
    assert isinstance(right, Unknown)
    assert "is no right that we know" in why(event_of("push"), {"Codertocat": right})


VOUCHED = {"workflow_dispatch", "repository_dispatch", "push", "merge_group"}


@pytest.mark.parametrize("name", sorted(set(NAMES) - VOUCHED))
@pytest.mark.parametrize("rights", [{}, {"Codertocat": Unknown("HTTP 502")}])
def test_a_look_up_that_failed_is_a_no(name, rights):
    assert "what is not known is a no" in why(event_of(name), rights)


@pytest.mark.parametrize("name", sorted(VOUCHED))
def test_whom_github_lets_start_it_needs_no_look_up(name):
    assert isinstance(decide(event_of(name), {}, Allowed()), MayRun)
    assert set(logins_to_ask(event_of(name))) == set()


def test_the_reason_is_a_sentence_that_names_who_and_what():
    said = why(event_of("push"), {"Codertocat": Right.READ})
    assert said == (
        "Codertocat (read), who started this, may not start a run here: it needs write. "
        "Somebody who may write can start it."
    )


def test_the_case_of_a_name_makes_no_other_account():
    assert isinstance(decide(event_of("push"), {"CODERTOCAT": Right.ADMIN}, Allowed()), MayRun)


TWO = {
    "author of a comment": ("issue_comment", {"comment.user": user("other")}, {}),
    "author of a review": ("pull_request_review", {"review.user": user("other")}, {}),
    "opener of a pull request": ("pull_request", {"pull_request.user": user("other")}, {}),
    "opener of an issue": ("issues", {"issue.user": user("other")}, {}),
    "sender": ("push", {"sender": user("other")}, {"GITHUB_ACTOR": "Codertocat"}),
    "who ran it again": ("push", {}, OTHERS_RUN),
    "who ran a schedule again": ("schedule", {}, OTHERS_RUN),
    "actor of the run before": ("workflow_run", {"workflow_run.actor": user("other")}, {}),
    "who ran the run before again": (
        "workflow_run", {"workflow_run.triggering_actor": user("other")}, {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TWO)
def test_the_lowest_right_counts(case):
    name, edits, more = TWO[case]
    event = event_of(name, edits, **more)
    assert "other (read)" in why(event, {**WRITER, "other": Right.READ})
    assert isinstance(decide(event, {**WRITER, "other": Right.WRITE}, Allowed()), MayRun)
    assert "other" in logins_to_ask(event) or TABLE[event.kind].is_vouched


def test_all_who_lack_the_right_are_named():
    event = event_of("issue_comment", {"comment.user": user("other")})
    said = why(event, {"Codertocat": Right.TRIAGE, "other": Right.NONE})
    assert "Codertocat (triage)" in said
    assert "other (none)" in said


def test_a_schedule_asks_for_nobodys_rights():
    event = event_of("schedule", GITHUB_ACTOR="gone")
    assert logins_to_ask(event) == ()
    assert decide(event, {}, Allowed()) == MayRun(SHA)


def test_a_label_speaks_for_who_set_it():
    event = event_of("issues", {"issue.user": user("stranger"), "action": "labeled"})
    assert isinstance(decide(event, WRITER, Allowed()), MayRun)
    assert logins_to_ask(event) == ("Codertocat",)


def test_a_label_of_somebody_who_may_not_write_starts_nothing():
    more = {"issue.user": user("owner"), "action": "labeled", "sender": user("triager")}
    assert "triager (triage)" in why(
        event_of("issues", more), {"owner": Right.ADMIN, "triager": Right.TRIAGE}
    )


def test_an_account_that_is_gone_starts_nothing():
    said = why(event_of("issue_comment", {"comment.user": None}), WRITER)
    assert "GitHub does not name the account whose text this is" in said


ASSOCIATIONS = ["OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "NONE", "MANNEQUIN", ""]


@pytest.mark.parametrize("association", ASSOCIATIONS)
@pytest.mark.parametrize("right", [Right.READ, Right.WRITE])
def test_what_the_payload_says_of_an_association_changes_nothing(association, right):
    event = event_of("issue_comment", {"comment.author_association": association})
    decided = decide(event, {"Codertocat": right}, Allowed())
    assert isinstance(decided, MayRun) is (right is Right.WRITE)


def test_each_name_is_asked_for_once():
    assert logins_to_ask(on_pull()) == ("Codertocat",)


# --- bots ------------------------------------------------------------------------------------

BOT = user("dependabot[bot]", "Bot")
BOTS = {
    "as sender": ("push", {"sender": BOT}, {}),
    "as author of a comment": ("issue_comment", {"comment.user": BOT}, {}),
    "as opener": ("pull_request", {"pull_request.user": BOT}, {}),
    "with a run that a person ran again": (
        "pull_request",
        {"pull_request.user": BOT, "sender": BOT},
        {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "Codertocat"},
    ),
    "who ran a person's run again": (
        "pull_request",
        {},
        {"GITHUB_RUN_ATTEMPT": "2", "GITHUB_TRIGGERING_ACTOR": "dependabot[bot]"},
    ),
    "as actor, where the sender is a person": ("push", {}, {"GITHUB_ACTOR": "dependabot[bot]"}),
}


@pytest.mark.parametrize("case", BOTS)
def test_a_bot_starts_runs_only_by_its_name(case):
    name, edits, more = BOTS[case]
    event = event_of(name, edits, **more)
    rights = {**WRITER, "dependabot[bot]": Right.ADMIN}
    assert "is a bot, and bots start runs only by name" in why(event, rights)
    others = Allowed(frozenset({"dependabot", "renovate[bot]"}))
    assert "dependabot[bot]" in why(event, rights, others)
    named = Allowed(frozenset({"dependabot[bot]"}))
    assert isinstance(decide(event, rights, named), MayRun)


def test_a_bot_without_brackets_is_known_by_its_type():
    event = event_of("push", {"sender": user("Copilot", "Bot")})
    assert "Copilot, who started this, is a bot" in why(event, {"Copilot": Right.WRITE})


def test_a_person_is_not_let_in_by_the_list_of_bots():
    event = event_of("push", {"sender": user("dependabot")})
    said = why(event, {"dependabot": Right.READ}, Allowed(frozenset({"dependabot"})))
    assert "dependabot (read)" in said


def test_bots_are_not_asked_for_rights():
    assert logins_to_ask(event_of("push", {"sender": BOT})) == ()


@pytest.mark.parametrize("name", ["issue_comment", "pull_request_review_comment"])
def test_this_action_does_not_answer_itself_even_where_its_name_is_allowed(name):
    own = user("github-actions[bot]", "Bot")
    event = event_of(name, {"comment.user": own, "sender": own})
    said = why(event, {}, Allowed(frozenset({"github-actions[bot]"})))
    assert "does not answer itself" in said


def test_an_app_that_this_action_speaks_as_is_not_answered_either():
    event = event_of("issue_comment", {"comment.user": user("gump[bot]", "Bot")})
    allowed = Allowed(frozenset({"gump[bot]"}), own="gump[bot]")
    assert "does not answer itself" in why(event, WRITER, allowed)


def test_a_host_workflow_does_not_follow_itself():
    event = event_of("workflow_run", {"workflow_run.path": ".github/workflows/gump.yml@main"})
    assert "it would never end" in why(event, WRITER)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", set()),
        (" \n, ,\n", set()),
        ("dependabot[bot]", {"dependabot[bot]"}),
        ("a[bot], b[bot]\nCopilot\r\n", {"a[bot]", "b[bot]", "Copilot"}),
    ],
)
def test_bots_are_listed_between_commas_or_lines(text, names):
    assert parse_bots(text) == names


@pytest.mark.parametrize("text", ["*", "a[bot], *", "*[bot]", "a b", "dependabot[bot", "é"])
def test_a_pattern_is_no_name_of_a_bot(text):
    with pytest.raises(InputError, match=r"allow-bots: .* is no name of an account"):
        parse_bots(text)


# --- checks of another CI ---------------------------------------------------------------------

CHECKS = ("check_suite", "check_run")
OTHER_CI = Allowed(bots=frozenset({"other-ci[bot]"}))
each_check = pytest.mark.parametrize("name", CHECKS)


def on_checks(name, pull_edits=None, edits=None, **more):
    """Checks that failed, with their pull request looked up."""
    pull = {**payload_of("pull_request")["pull_request"], **(pull_edits or {})}
    event = event_of(name, checked(name, **(edits or {})), **more)
    return with_pull_request(event, read_pull(pull), EARLIER)


def suite_of(name):
    return "check_run.check_suite" if name == "check_run" else name


@each_check
def test_a_check_runs_on_its_commit_with_the_instructions_of_the_base(name):
    expected = MayRun(HEAD, takes_base_instructions=True, base=BASE)
    assert decide(on_checks(name), WRITER, OTHER_CI) == expected


@each_check
def test_the_app_whose_check_it_is_has_to_be_named_in_each_job(name):
    for runs_agents in (True, False):
        decided = decide(on_checks(name), WRITER, Allowed(), runs_agents=runs_agents)
        assert isinstance(decided, Skip)
        assert "other-ci[bot], whose text this is, is a bot" in decided.why
        assert isinstance(
            decide(on_checks(name), WRITER, OTHER_CI, runs_agents=runs_agents), MayRun
        )


@each_check
def test_a_check_of_nobody_starts_nothing(name):
    event = on_checks(name, None, {f"{suite_of(name)}.app": None})
    assert "does not name the account whose text this is" in why(event, WRITER, OTHER_CI)


@each_check
@pytest.mark.parametrize("right", Right)
def test_a_check_starts_nothing_below_write(name, right):
    decided = decide(on_checks(name), {"Codertocat": right}, OTHER_CI)
    assert isinstance(decided, MayRun) is right.may_write


@each_check
def test_who_opened_the_pull_request_that_was_checked_counts(name):
    bot = on_checks(name, {"user": user("dependabot[bot]", "Bot")})
    assert "dependabot[bot], who opened the pull request, is a bot" in why(bot, WRITER, OTHER_CI)
    reader = on_checks(name, {"user": user("reader")})
    assert "reader" in logins_to_ask(reader)
    assert "reader (read)" in why(reader, {**WRITER, "reader": Right.READ}, OTHER_CI)


@each_check
def test_a_check_whose_pull_request_could_not_be_looked_up_is_a_doubt(name):
    decided = decide(event_of(name, checked(name)), WRITER, OTHER_CI)
    assert isinstance(decided, Skip)
    assert (decided.is_unknown, "Pull request 2 could not be looked up" in decided.why) == (
        True,
        True,
    )


@each_check
def test_checks_of_an_older_commit_or_of_a_closed_pull_request_start_nothing(name):
    moved = {"head": {**payload_of("pull_request")["pull_request"]["head"], "sha": SHA}}
    assert "has checks of its own" in why(on_checks(name, moved), WRITER, OTHER_CI)
    assert "is closed" in why(on_checks(name, {"state": "closed"}), WRITER, OTHER_CI)
    again = on_checks(name, moved, None, GITHUB_RUN_ATTEMPT="2")
    assert isinstance(decide(again, WRITER, OTHER_CI), MayRun)


@each_check
def test_checks_of_a_fork_name_no_pull_request_and_start_nothing(name):
    event = event_of(name, checked(name, **{f"{suite_of(name)}.pull_requests": []}))
    assert "whose code was checked is not known" in why(event, WRITER, OTHER_CI)


@each_check
def test_a_pull_request_from_a_fork_is_one_also_where_a_check_names_it(name):
    (pull,) = payload_of("check_suite")["check_suite"]["pull_requests"]
    theirs = edited(pull, {"head.repo.id": 5})
    event = on_checks(name, None, {f"{suite_of(name)}.pull_requests": [theirs]})
    assert "Forks do not run by default" in why(event, WRITER, OTHER_CI)


@each_check
def test_only_a_check_that_has_ended_starts_something(name):
    said = why(event_of(name, {"action": "rerequested"}), WRITER, OTHER_CI)
    assert said.endswith("only when something is completed, and this one was 'rerequested'.")


# --- forks -----------------------------------------------------------------------------------

FORKS = {
    **{
        name: (lambda name=name: event_of(name, {"pull_request.head.repo": FORK}))
        for name in (*ON_HEAD, "pull_request_review_comment")
    },
    "deleted": lambda: event_of("pull_request", {"pull_request.head.repo": None}),
    "commented on": lambda: on_pull(None, {"head": {"sha": HEAD, "ref": "x", "repo": FORK}}),
    "followed": lambda: event_of("workflow_run", {"workflow_run.head_repository": FORK}),
    "followed, deleted": lambda: event_of("workflow_run", {"workflow_run.head_repository": None}),
}


@pytest.mark.parametrize("case", FORKS)
def test_a_fork_does_not_run_whoever_asks(case):
    said = why(FORKS[case](), {"Codertocat": Right.ADMIN})
    assert "Forks do not run by default" in said


@pytest.mark.parametrize(
    ("name", "because"),
    [("pull_request", "no secrets"), ("pull_request_target", "a stranger's code with the rights")],
)
def test_the_reason_says_what_is_wrong_with_a_fork(name, because):
    said = why(event_of(name, {"pull_request.head.repo": FORK}), WRITER)
    assert because in said
    assert "the fork stranger/Hello-World" in said
    assert "push it to a branch of this repository" in said


def test_a_fork_that_is_allowed_still_needs_the_right_and_takes_instructions_from_the_base():
    event = event_of("pull_request_target", {"pull_request.head.repo": FORK})
    allowed = Allowed(forks=True)
    assert "Codertocat (read)" in why(event, {"Codertocat": Right.READ}, allowed)
    assert decide(event, {"Codertocat": Right.ADMIN}, allowed) == MayRun(
        HEAD, takes_base_instructions=True, base=BASE
    )


# --- actions and unknown ones ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("issue_comment", "edited"),
        ("issue_comment", "deleted"),
        ("pull_request_review", "edited"),
        ("pull_request_review", "dismissed"),
        ("pull_request_review_comment", "edited"),
    ],
)
def test_an_edited_text_starts_nothing(name, action):
    assert "who edits is not who wrote" in why(event_of(name, {"action": action}), WRITER)


def test_an_unknown_event_starts_nothing():
    said = why(event_of("push", GITHUB_EVENT_NAME="gollum"), WRITER)
    assert "The event 'gollum' is not one that starts runs here: pull_request, " in said
    assert logins_to_ask(event_of("push", GITHUB_EVENT_NAME="gollum")) == ()


def test_a_pull_request_that_was_not_looked_up_starts_nothing():
    event = event_of("issue_comment", {"issue.pull_request": {}})
    assert "Pull request 1 could not be looked up" in why(event, WRITER, Allowed(forks=True))


# --- which commit, whose instructions --------------------------------------------------------


@pytest.mark.parametrize("name", ON_HEAD)
def test_a_pull_request_runs_on_the_head_of_its_event(name):
    assert decide(event_of(name), WRITER, Allowed()) == MayRun(HEAD)


def test_a_comment_runs_on_the_head_that_was_looked_up():
    assert decide(on_pull(), WRITER, Allowed()) == MayRun(HEAD)


def test_a_workflow_run_runs_on_the_commit_of_the_run_before():
    decided = decide(event_of("workflow_run"), WRITER, Allowed())
    assert decided == MayRun("3484a3fb816e0859fd6e1cea078d76385ff50625")


@pytest.mark.parametrize("name", ["push", "issues", "issue_comment", "workflow_dispatch"])
def test_what_is_about_no_pull_request_runs_on_the_commit_of_the_job(name):
    assert decide(event_of(name), WRITER, Allowed()) == MayRun(SHA)


@pytest.mark.parametrize(
    ("opener", "right", "takes_base"),
    [
        (user("opener"), Right.WRITE, False),
        (user("opener"), Right.ADMIN, False),
        (user("opener"), Right.TRIAGE, True),
        (user("opener"), Right.READ, True),
        (user("opener"), Unknown("HTTP 403"), True),
        (user("helpful[bot]", "Bot"), Right.ADMIN, True),
        (None, Right.NONE, True),
    ],
)
def test_instructions_come_from_the_base_unless_the_opener_may_write(opener, right, takes_base):
    event = on_pull(None, {"user": opener})
    decided = decide(event, {**WRITER, "opener": right}, Allowed())
    expected = MayRun(HEAD, takes_base_instructions=True, base=BASE) if takes_base else MayRun(HEAD)
    assert decided == expected


def test_the_opener_of_a_pull_request_is_asked_for_rights():
    assert logins_to_ask(on_pull(None, {"user": user("opener")})) == ("Codertocat", "opener")


def test_a_merge_group_takes_instructions_from_its_base():
    decided = decide(event_of("merge_group"), WRITER, Allowed())
    assert isinstance(decided, MayRun)
    assert decided.takes_base_instructions
    assert decided.base == "380387fbc80638b734a49e1be1c4dfec1c01b33c"


def test_after_a_run_of_a_pull_request_instructions_come_from_its_base():
    decided = decide(
        event_of("workflow_run", {"workflow_run.event": "pull_request", **own_pulls()}),
        WRITER,
        Allowed(),
    )
    assert isinstance(decided, MayRun)
    assert (decided.takes_base_instructions, decided.base) == (True, BASE)


def test_without_a_base_to_take_instructions_from_nothing_runs():
    edits = {"workflow_run.event": "pull_request", "workflow_run.pull_requests": []}
    assert "instruction files cannot be taken" in why(event_of("workflow_run", edits), WRITER)


# --- a head that moved -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moments", "is_newer"),
    [
        ([EARLIER], False),
        ([NOON], True),  # in the same second nobody can tell
        ([LATER], True),
        ([EARLIER, LATER], True),
        (["2026-01-01T13:59:59+02:00"], False),
        (["2026-01-01T11:30:00-02:00"], True),
        (["2026-01-01T11:00:00"], True),
        (["yesterday"], True),
        ([""], True),
        ([], False),
    ],
)
def test_a_moment_is_newer_unless_it_is_surely_before(moments, is_newer):
    assert is_newer_than(NOON, *moments) is is_newer


def test_a_comment_without_a_time_is_older_than_all():
    assert is_newer_than("", EARLIER)


@pytest.mark.parametrize(
    ("committed_at", "runs"), [(EARLIER, True), (NOON, False), (LATER, False), ("", False)]
)
def test_a_push_after_the_comment_stops_the_run(committed_at, runs):
    decided = decide(on_pull(committed_at=committed_at), WRITER, Allowed())
    assert isinstance(decided, MayRun) is runs


@pytest.mark.parametrize(("pushed_at", "runs"), [(EARLIER, True), (LATER, False), (None, False)])
def test_a_fork_cannot_date_its_commits_back(pushed_at, runs):
    head = {"sha": HEAD, "ref": "x", "repo": {**FORK, "pushed_at": pushed_at}}
    decided = decide(on_pull(None, {"head": head}), WRITER, Allowed(forks=True))
    assert isinstance(decided, MayRun) is runs


@pytest.mark.parametrize(("pushed_at", "runs"), [(EARLIER, True), (LATER, False)])
def test_a_review_of_a_fork_is_of_what_was_there_when_it_was_written(pushed_at, runs):
    edits = {"review.submitted_at": NOON}
    edits |= {"pull_request.head.repo": {**FORK, "pushed_at": pushed_at}}
    decided = decide(event_of("pull_request_review", edits), WRITER, Allowed(forks=True))
    assert isinstance(decided, MayRun) is runs


def test_the_reason_says_which_times_were_compared():
    said = why(on_pull(committed_at=LATER), WRITER)
    assert f"after this was written ({NOON}; its head ec26c3e57ca3 is of {LATER})" in said
    assert "is of unknown time" in why(on_pull(committed_at=""), WRITER)


# --- all together ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ON_HEAD)
def test_no_single_no_is_made_up_for_by_anything_else(name):
    """Of all combinations only the one without a no runs."""
    ran = []
    for again, author, fork in product(
        [Right.READ, Right.WRITE], [Right.READ, Right.WRITE], [0, 1]
    ):
        who = {"review.user": user("author")} if "review" in name else {}
        edits = {"pull_request.user": user("author"), **who}
        edits |= {"pull_request.head.repo": FORK} if fork else {}
        rights = {"Codertocat": Right.ADMIN, "other": again, "author": author}
        if isinstance(decide(event_of(name, edits, **OTHERS_RUN), rights, Allowed()), MayRun):
            ran.append((again, author, fork))
    assert ran == [(Right.WRITE, Right.WRITE, 0)]


def test_the_page_on_security_has_a_row_for_each_event():
    page = (Path(__file__).parents[2] / "docs/security.md").read_text()
    table = page.partition("## Who may start a run")[2].partition("\n## ")[0]
    missing = [kind for kind in TABLE if f"`{kind}`" not in table]
    assert missing == []
