import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gump_action.errors import ProviderError
from gump_action.providers import opencode
from gump_action.providers.base import (
    Command,
    Complained,
    Ended,
    Exit,
    Keep,
    Place,
    Provider,
    Request,
    Restore,
    Said,
    SessionKnown,
    ToolUsed,
    TurnBegan,
    Usage,
    UsageSeen,
)

S = "ses_df019c608ffesinhGxvzURsQf9"
CHILD = "ses_0f019c608ffesinhGxvzURsQf9"
GRANDCHILD = "ses_af019c608ffesinhGxvzURsQf9"
OTHER = "ses_000000000000000000000000"
provider: Provider = opencode
RECORDED = Path(__file__).parent.parent / "recorded"


@pytest.fixture
def place(tmp_path):
    home, cwd = tmp_path / "home", tmp_path / "tree"
    home.mkdir()
    cwd.mkdir()
    return Place(home, cwd, own=True, environ={"HOME": str(tmp_path)})


def put_on(place, **environ):
    return Place(place.home, place.cwd, place.own, {**place.environ, **environ})


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def database(path, *rows):
    with closing(sqlite3.connect(path)) as con, con:
        con.execute("create table session (id text primary key, parent_id text)")
        con.executemany("insert into session values (?, ?)", rows)


@pytest.mark.parametrize(
    ("model", "flag"),
    [
        ("", []),
        ("sonnet", ["--model", "anthropic/claude-sonnet-4-6"]),
        ("fake/model", ["--model", "fake/model"]),
    ],
)
def test_fresh_and_resume_differ_only_in_the_session(place, model, flag):
    fresh = opencode.command(Request("Do it.", model, None, "unused", place))
    resume = opencode.command(Request("Go on.", model, S, "unused", place))
    assert fresh.argv == ("opencode", "run", "--format", "json", "--auto", *flag)
    assert resume.argv == (*fresh.argv, "--session", S)
    assert (fresh.stdin, resume.stdin) == ("Do it.", "Go on.")


@pytest.mark.parametrize("session", ["latest", "--help", "ses_../../../../../../../x", f"{S}\n"])
def test_only_an_id_of_its_own_is_resumed(place, session):
    with pytest.raises(ProviderError, match="no session of OpenCode"):
        opencode.command(Request("x", "", session, "", place))
    with pytest.raises(ProviderError, match="no session of OpenCode"):
        opencode.capture(session, place, place.cwd)
    with pytest.raises(ProviderError, match="no session of OpenCode"):
        opencode.restore(session, (f"{session}.json",), place, place.cwd)


def test_in_an_own_home_the_database_is_moved_and_no_login_counts(place):
    env = opencode.environment(put_on(place, OPENCODE_DB="/theirs", XDG_DATA_HOME="/data"))
    assert env["OPENCODE_DB"] == str(place.home / "opencode.db")
    assert env["OPENCODE_AUTH_CONTENT"] == "{}"
    assert "XDG_DATA_HOME" not in env
    assert opencode.settings(place) == ()


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"HOME": "/h"}, "/h/.local/share/opencode/opencode.db"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/d"}, "/d/opencode/opencode.db"),
        ({"HOME": "/h", "OPENCODE_DB": "x.db"}, "/h/.local/share/opencode/x.db"),
        ({"HOME": "/h", "OPENCODE_DB": "/x.db"}, "/x.db"),
    ],
)
def test_the_users_own_database_and_logins_stay(place, environ, path):
    home = opencode.user_home(environ)
    env = opencode.environment(Place(home, place.cwd, own=False, environ=environ))
    assert env["OPENCODE_DB"] == path
    assert "OPENCODE_AUTH_CONTENT" not in env


@pytest.mark.parametrize(
    ("theirs", "configured"),
    [
        ("", opencode.SWITCHES),
        ('{"model": "m", "autoupdate": true}', {"model": "m", **opencode.SWITCHES}),
    ],
)
def test_our_switches_go_into_the_inline_configuration(place, theirs, configured):
    env = opencode.environment(put_on(place, OPENCODE_CONFIG_CONTENT=theirs))
    assert json.loads(env["OPENCODE_CONFIG_CONTENT"]) == configured


def test_an_inline_configuration_with_comments_goes_on_as_it_is(place):
    env = opencode.environment(put_on(place, OPENCODE_CONFIG_CONTENT="{} // mine"))
    assert env["OPENCODE_CONFIG_CONTENT"] == "{} // mine"


SECRETS = {"OPENAI_API_KEY": "a", "MY_KEY": "b", "GITHUB_TOKEN": "c", "OTHER": "e"}


@pytest.mark.parametrize(
    ("theirs", "given"),
    [
        ("{}", {"OPENAI_API_KEY"}),
        ('{"k": "{env:MY_KEY}"}', {"MY_KEY"}),
        ('{"k": "{env:GITHUB_TOKEN}"}', {"OPENAI_API_KEY"}),
    ],
)
def test_keys_are_those_that_the_users_configuration_names(place, tmp_path, theirs, given):
    write(tmp_path / ".config/opencode/opencode.jsonc", theirs)
    inside = write(place.cwd / "opencode.json", '{"k": "{env:OTHER}"}')
    env = opencode.environment(put_on(place, OPENCODE_CONFIG=str(inside), **SECRETS))
    assert set(env) & set(SECRETS) == given


def test_a_configuration_that_a_variable_names_counts(place, tmp_path):
    path = write(tmp_path / "mine.json", '"{env:MY_KEY}"')
    env = opencode.environment(put_on(place, OPENCODE_CONFIG=str(path), **SECRETS))
    assert set(env) & set(SECRETS) == {"MY_KEY"}


def step(reason, **part):
    return {"type": "step_finish", "sessionID": S, "part": {"reason": reason, **part}}


TOKENS = {"input": 600, "output": 50, "reasoning": 7, "cache": {"read": 400, "write": 1}}
NOTHING = UsageSeen(Usage(), "call", "call")


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ({"type": "step_start", "sessionID": S}, [SessionKnown(S), TurnBegan(), Ended(False)]),
        ({"type": "step_start", "sessionID": "../x"}, [TurnBegan(), Ended(False)]),
        ({"type": "text", "sessionID": S, "part": {"text": "hello"}}, [Said("hello")]),
        ({"type": "text", "part": "hello"}, []),
        ({"type": "text", "part": {"text": "Continue.", "synthetic": True}}, []),
        (
            {"type": "tool_use", "part": {"tool": "edit", "state": {"input": {"filePath": "/a"}}}},
            [ToolUsed("edit", "/a")],
        ),
        ({"type": "tool_use", "part": {"tool": "bash", "state": 7}}, [ToolUsed("bash")]),
        (
            step("stop", tokens=TOKENS, cost=0.5),
            [UsageSeen(Usage(600, 400, 1, 57, 0.5), "call", "call"), Ended(True)],
        ),
        (step("tool-calls", cost=0), [NOTHING]),
        (step("unknown"), [NOTHING]),
        (step("length"), [NOTHING, Ended(False, "the model stopped early: length")]),
        (
            {
                "type": "error",
                "sessionID": S,
                "error": {"name": "APIError", "data": {"message": "no", "statusCode": 401}},
            },
            [
                SessionKnown(S),
                Complained("APIError: no (HTTP 401)"),
                Ended(False, "APIError: no (HTTP 401)"),
            ],
        ),
        (
            {"type": "error", "error": "x"},
            [Complained("an error without words"), Ended(False, "an error without words")],
        ),
    ],
)
def test_what_a_line_means(line, events):
    assert list(opencode.parse(json.dumps(line))) == events


@pytest.mark.parametrize("line", ["", "garbage", "[]", "null", "{", "[" * 100_000, '{"type": []}'])
def test_a_line_that_is_no_event_means_nothing(line):
    assert list(opencode.parse(line)) == []


@pytest.mark.parametrize(
    ("case", "asked", "verdict", "words"),
    [
        ("fresh", None, "passed", ""),
        ("resume", "the same", "passed", ""),
        ("resume", OTHER, "refused", "another session"),
        ("refused", OTHER, "refused", "Error: Session not found"),
        ("resume-bad-history", "the same", "refused", "must be followed by tool messages"),
        ("resume-overlong", "the same", "passed", ""),
        ("bad-key", "the same", "blocked", "Incorrect API key"),
        ("no-key", None, "blocked", "Set the key"),
        ("login", None, "blocked", "log in again"),
        ("billing", None, "blocked", "Insufficient Balance (HTTP 402)\nWait"),
        ("quota", "the same", "blocked", "exceeded your current quota"),
        ("rate-limit", "the same", "failed", "Rate limit reached"),
        ("server-error", "the same", "failed", "HTTP 500"),
        ("unknown-model", None, "failed", "does not exist"),
        ("unreachable", None, "failed", "Cannot connect"),
        ("killed", None, "failed", "without a last answer"),
        ("killed-in-text", "the same", "failed", "killed by SIGKILL"),
    ],
)
def test_how_recorded_launches_are_judged(recorded, case, asked, verdict, words):
    judged = opencode.judge(recorded(opencode, f"1.18.33/{case}", asked))
    assert judged.verdict == verdict
    assert words in judged.why


OVERLONG = Ended(False, "ContextOverflowError: too long")
ODD = Ended(False, "APIError: odd (HTTP 400)")


@pytest.mark.parametrize(
    ("exit", "verdict", "words"),
    [
        (Exit(0, "auto-rejecting", S, None, None, (), 2), "failed", "auto-rejecting"),
        (Exit(1, "", S, None, Ended(True)), "passed", ""),
        (Exit(1, "", S, S, OVERLONG, (), 0), "refused", "too long"),
        (Exit(1, "", S, S, OVERLONG, (), 3), "failed", "too long"),
        (Exit(1, "", S, S, ODD, (), 0), "refused", "odd"),
        (Exit(1, "", S, S, ODD, (), 1), "failed", "odd"),
        (Exit(-9, "", S, S, Ended(False), (), 3), "failed", "killed by SIGKILL"),
        (Exit(1, "Unexpected server error", None, S, None), "refused", "Unexpected server error"),
        (Exit(1, "Unexpected server error", None, None, None), "failed", "Unexpected"),
    ],
)
def test_how_a_launch_is_judged(exit, verdict, words):
    judged = opencode.judge(exit)
    assert judged.verdict == verdict
    assert words in judged.why


def test_an_end_does_not_hold_once_another_turn_has_begun():
    """A compaction ends in `stop`, and the program goes on."""
    lines = (RECORDED / "opencode/1.18.33/resume-overlong.ndjson").read_text().splitlines()
    begun = [index for index, line in enumerate(lines) if '"step_start"' in line]
    events = [event for line in lines[: begun[-1] + 1] for event in opencode.parse(line)]
    assert Ended(True) in events
    assert [event for event in events if isinstance(event, Ended)][-1] == Ended(False)


def test_a_session_is_exported_with_its_sub_sessions(place, tmp_path):
    rows = [(GRANDCHILD, CHILD), (CHILD, S), (S, None), (OTHER, None), ("odd; id", S)]
    database(place.home / "opencode.db", *rows)
    capture = opencode.capture(S, place, tmp_path)
    ids = [S, CHILD, GRANDCHILD]
    assert capture.keep == tuple(
        Keep(tmp_path / f"{id}.json", f"{id}.json", check="json") for id in ids
    )
    assert capture.before[1] == Command(
        ("opencode", "export", CHILD), stdout=tmp_path / f"{CHILD}.json"
    )


@pytest.mark.parametrize("content", [None, "garbage", ""])
def test_a_database_that_cannot_be_asked_has_no_sub_sessions(place, tmp_path, content):
    if content is not None:
        write(place.home / "opencode.db", content)
    assert len(opencode.capture(S, place, tmp_path).keep) == 1


def test_a_session_is_imported_parent_first(place, tmp_path):
    names = (f"{CHILD}.json", f"{S}.json", "../x.json", f"{GRANDCHILD}.txt")
    restore = opencode.restore(S, names, place, tmp_path)
    files = [str(tmp_path / f"{S}.json"), str(tmp_path / f"{CHILD}.json")]
    assert restore == Restore((), after=tuple(Command(("opencode", "import", f)) for f in files))


def test_a_session_that_is_there_is_deleted_first(place, tmp_path):
    home = Path(place.home)
    database(home / "opencode.db", (S, None))
    restore = opencode.restore(S, (f"{S}.json",), place, tmp_path)
    assert restore.before == (Command(("opencode", "session", "delete", S)),)


def test_without_the_session_itself_nothing_is_restored(place, tmp_path):
    assert opencode.restore(S, (f"{CHILD}.json",), place, tmp_path) == Restore(())
