"""What every provider owes, whatever its CLI."""

import json
import random
import re
from pathlib import Path

import pytest

from gump_action.errors import ProviderError
from gump_action.providers import PROVIDERS
from gump_action.providers.base import (
    Capture,
    Command,
    Complained,
    Ended,
    Exit,
    Judged,
    Place,
    Provider,
    Put,
    Request,
    Restore,
    Said,
    SessionKnown,
    ToolUsed,
    TurnBegan,
    UsageSeen,
)

RECORDED = Path(__file__).parent.parent / "recorded"
UUID = "6bf7eec6-1a7d-4a29-ab4a-2ea8da8c668b"
OTHER = {"opencode": "ses_000000000000000000000000"}
SESSIONS = {"opencode": "ses_df019c608ffesinhGxvzURsQf9"}
NEW = "00000000-0000-4000-8000-000000000000"
SESSION_FLAGS = {"resume", "--resume", "--session", "--session-id"}
EVENTS = (Complained, Ended, Said, SessionKnown, ToolUsed, TurnBegan, UsageSeen)
NO_SESSIONS = ["", "../x", "-x", "--help", "latest", "\n", "a/b", "a" * 10_000]

CASES = [(path.parts[-3], f"{path.parent.name}/{path.stem}") for path in RECORDED.glob("*/*/*.rc")]
providers = pytest.mark.parametrize("name", PROVIDERS)


@pytest.fixture
def place(tmp_path):
    home, cwd = tmp_path / "own", tmp_path / "tree"
    home.mkdir()
    cwd.mkdir()
    return Place(home, cwd, own=True, environ={"HOME": str(tmp_path / "user")})


def at(place, *, own=True, **environ):
    return Place(place.home, place.cwd, own, {**place.environ, **environ})


def session_of(name):
    return SESSIONS.get(name, UUID)


def launch(name, place, session=None, model="some-model"):
    return PROVIDERS[name].command(Request("Do it.", model, session, NEW, place))


@providers
def test_it_says_what_it_is(name):
    provider: Provider = PROVIDERS[name]
    assert name == provider.NAME
    assert provider.PROGRAM
    assert provider.INSTALL
    assert isinstance(provider.SESSION, re.Pattern)
    words = [*provider.KEYS, *provider.PASSED, *provider.ALIASES, *provider.ALIASES.values()]
    assert isinstance(provider.KEYS, tuple)
    assert isinstance(provider.TELLS_COST, bool)
    assert isinstance(provider.PASSED, tuple)
    assert all(isinstance(word, str) for word in words)
    assert not [variable for variable in provider.PASSED if not re.fullmatch(r"\w+\*?", variable)]
    assert not [one for one in provider.PASSED if one.startswith(("GITHUB_", "ACTIONS_", "*"))]


@providers
def test_it_says_whether_the_id_of_a_new_session_is_ours(name, place):
    assert (NEW in launch(name, place).argv) == PROVIDERS[name].IS_ID_OURS


@providers
@pytest.mark.parametrize("session", NO_SESSIONS)
def test_what_is_no_session_becomes_neither_argument_nor_path(name, place, session):
    provider = PROVIDERS[name]
    assert not provider.SESSION.fullmatch(session)
    with pytest.raises(ProviderError):
        launch(name, place, session)
    with pytest.raises(ProviderError):
        provider.capture(session, place, place.home)
    with pytest.raises(ProviderError):
        provider.restore(session, (), place, place.home)


@providers
def test_a_session_with_a_line_after_it_is_none(name, place):
    assert PROVIDERS[name].SESSION.fullmatch(session_of(name))
    with pytest.raises(ProviderError):
        launch(name, place, session_of(name) + "\n")


@providers
def test_the_session_of_another_provider_is_refused(name, place):
    foreign = UUID if name == "opencode" else SESSIONS["opencode"]
    with pytest.raises(ProviderError, match=foreign):
        launch(name, place, foreign)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_who_tells_its_cost_has_told_it_and_who_does_not_never_did(name):
    seen = [
        event.usage.cost_usd is not None
        for path in (RECORDED / name).glob("*/*.ndjson")
        for line in path.read_text(errors="replace").splitlines()
        for event in PROVIDERS[name].parse(line)
        if isinstance(event, UsageSeen)
    ]
    assert seen
    assert any(seen) == PROVIDERS[name].TELLS_COST


@providers
@pytest.mark.parametrize("model", ["", "some-model", "-"])
@pytest.mark.parametrize("own", [True, False])
def test_fresh_and_resumed_are_the_same_but_for_the_session(name, place, model, own):
    where = at(place, own=own)
    session = session_of(name)
    fresh, resumed = launch(name, where, None, model), launch(name, where, session, model)
    assert session in resumed.argv
    assert session not in fresh.argv
    same = [word for word in resumed.argv if word not in SESSION_FLAGS | {session}]
    assert same == [word for word in fresh.argv if word not in SESSION_FLAGS | {NEW}]
    assert (fresh.env, fresh.stdin, fresh.stop) == (resumed.env, resumed.stdin, resumed.stop)


@providers
def test_the_prompt_goes_by_stdin(name, place):
    command = launch(name, place)
    assert isinstance(command, Command)
    assert command.stdin == "Do it."
    assert "Do it." not in command.argv


@providers
def test_no_key_stands_in_the_command_line(name, place):
    provider = PROVIDERS[name]
    variables = [one.replace("*", "X") for one in (*provider.KEYS, *provider.PASSED)]
    where = at(place, **{one: "sk-secret" for one in variables})
    for session in (None, session_of(name)):
        command = launch(name, where, session)
        assert "sk-secret" not in " ".join((*command.argv, command.stdin))


def paths_of(env):
    return [Path(value) for value in env.values() if value.startswith("/")]


@providers
def test_a_home_of_the_runs_own_is_where_the_place_says(name, place):
    paths = paths_of(PROVIDERS[name].environment(place))
    assert paths
    assert all(path.is_relative_to(place.home) for path in paths)


@providers
def test_the_users_own_home_stays_where_it_is(name, place):
    provider, user = PROVIDERS[name], Path(place.environ["HOME"])
    home = provider.user_home(place.environ)
    assert home.is_relative_to(user)
    env = provider.environment(Place(home, place.cwd, own=False, environ=place.environ))
    assert all(path.is_relative_to(home) for path in paths_of(env))
    assert env.get("HOME", str(user)) == str(user)


@providers
def test_settings_are_written_into_a_home_of_the_runs_own_only(name, place):
    assert PROVIDERS[name].settings(at(place, own=False)) == ()
    for put in PROVIDERS[name].settings(place):
        assert put.target.is_relative_to(place.home)


@providers
def test_what_belongs_to_the_host_is_handed_to_no_agent(name, place):
    secrets = {"GITHUB_TOKEN": "t", "ACTIONS_RUNTIME_TOKEN": "t", "SOME_SECRET": "t"}
    assert not set(secrets) & set(PROVIDERS[name].environment(at(place, **secrets)))


@providers
def test_what_is_not_there_is_neither_kept_nor_put_back(name, place):
    provider, session = PROVIDERS[name], session_of(name)
    capture = provider.capture(session, place, place.home)
    assert isinstance(capture, Capture)
    assert [keep for keep in capture.keep if keep.source.exists()] == []
    names = ("../x", "/etc/passwd", "settings.json", f"../{session}.jsonl")
    restore = provider.restore(session, names, place, place.home / "kept")
    assert isinstance(restore, Restore)
    assert [put for put in restore.put if isinstance(put, Put)] == []
    assert restore.after == ()


def recorded_lines(name):
    """One line of each sort that was recorded; of what was never recorded, lines of its form."""
    made = {
        "cursor": [
            {"type": "system", "subtype": "init", "session_id": UUID},
            {"type": "assistant", "message": {"content": [{"type": "text", "text": "a"}]}},
            {
                "type": "tool_call",
                "subtype": "started",
                "tool_call": {"editToolCall": {"args": {"path": "/a"}}},
            },
            {
                "type": "result",
                "subtype": "success",
                "is_error": False,
                "result": "x",
                "usage": {"inputTokens": 1},
            },
        ],
        "scripted": [
            {"type": "session", "id": UUID},
            {"type": "usage", "input": 1, "output": 1},
            {"type": "end", "ok": True, "text": ""},
        ],
    }
    files = sorted((RECORDED / name).glob("*/*.ndjson"))
    found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    sorts = {str((one.get("type"), sorted(one), one.get("subtype"))): one for one in found}
    return [*sorts.values(), *made.get(name, [])]


WRONG = ["null", "true", "-1", "1e999", "1" + "0" * 400, '"x"', '"\\ud800"', "[]", "[7]", "{}"]
DEEP = ["[" * depth + "]" * depth for depth in (300, 950, 985, 100_000)]


def spoilt(value, wrong):
    """The JSON of a value, once for each place in it, with something wrong at that place."""
    yield wrong
    if isinstance(value, dict):
        for key in value:
            rest = {other: value[other] for other in value if other != key}
            before = json.dumps(rest)[:-1] + (", " if rest else "")
            for text in spoilt(value[key], wrong):
                yield f"{before}{json.dumps(key)}: {text}}}"
    if isinstance(value, list) and value:
        for text in spoilt(value[0], wrong):
            yield f"[{text}]"


def check_parse(name, line):
    events = list(PROVIDERS[name].parse(line))
    assert all(isinstance(event, EVENTS) for event in events)
    for event in events:
        str(event).encode()


@providers
@pytest.mark.parametrize("wrong", [*WRONG, *DEEP], ids=lambda text: text[:8] + str(len(text)))
def test_a_line_with_something_wrong_in_it_is_survived(name, wrong):
    for value in recorded_lines(name):
        for line in spoilt(value, wrong):
            check_parse(name, line)


@providers
def test_garbage_is_survived(name):
    rng = random.Random(7)
    for _ in range(300):
        check_parse(name, rng.randbytes(rng.randrange(200)).decode("utf-8", "replace"))
    for line in ("", "\n", "\0", "[1]", "x" * (1 << 20), '{"type": "' + "x" * (1 << 20) + '"}'):
        check_parse(name, line)


@providers
def test_what_is_cut_off_anywhere_is_survived(name):
    for value in recorded_lines(name):
        line = json.dumps(value)
        for end in range(0, len(line), 1 + len(line) // 40):
            check_parse(name, line[:end])


TOLD = (
    "401 Unauthorized: invalid api key. Not logged in, please log in again. 429 rate limit reached:"
    " you exceeded your current quota, check billing details; your credit balance is too low."
    " No conversation found with session ID. Session not found. No saved session found with ID."
    " Error resuming session. thread/resume failed. Chat not found. Unexpected server error."
    " no session 6bf7eec6-1a7d-4a29-ab4a-2ea8da8c668b (HTTP 401) (model service: 401)"
)
"""What an agent may write about, or print by its tools."""


@providers
@pytest.mark.parametrize(
    ("verdicts", "how"),
    [
        ({"passed"}, {"ended": Ended(True, "done")}),
        ({"passed"}, {"ended": Ended(True, TOLD), "stderr": TOLD, "complaints": (TOLD,)}),
        ({"passed"}, {"ended": Ended(True, TOLD), "stderr": TOLD, "turns": 0}),
        ({"failed", "passed"}, {"ended": Ended(True, TOLD), "stderr": TOLD, "code": 1}),
        ({"failed"}, {}),
        ({"failed"}, {"turns": 0}),
        ({"failed"}, {"code": 1}),
        ({"failed"}, {"code": -9}),
        ({"failed"}, {"code": -15, "turns": 0}),
        ({"failed"}, {"code": 143}),
        ({"failed"}, {"code": 130}),
        ({"failed"}, {"ended": Ended(False)}),
        ({"failed"}, {"ended": Ended(False), "code": 1, "turns": 0}),
        ({"failed"}, {"ended": Ended(False, "it is late"), "code": 1}),
        ({"failed"}, {"stderr": TOLD}),
        ({"failed"}, {"stderr": TOLD, "complaints": (TOLD,), "code": 1}),
        ({"failed"}, {"stderr": TOLD, "complaints": (TOLD,), "code": -9}),
        ({"failed"}, {"ended": Ended(False), "stderr": TOLD, "complaints": (TOLD,), "code": 1}),
    ],
)
@pytest.mark.parametrize("resumed", [False, True])
def test_common_endings(name, verdicts, how, resumed):
    session = session_of(name)
    given = {"code": 0, "stderr": "", "ended": None, "turns": 2} | how
    exit = Exit(session=session, asked=session if resumed else None, **given)
    judged = PROVIDERS[name].judge(exit)
    assert isinstance(judged, Judged)
    assert judged.verdict in verdicts
    assert judged.verdict == "passed" or judged.why


@providers
@pytest.mark.parametrize("ended", [None, Ended(True), Ended(False, "no")])
def test_another_session_than_asked_for_is_a_refusal(name, ended):
    other = OTHER.get(name, NEW)
    exit = Exit(0, "", other, session_of(name), ended, (), 1)
    assert PROVIDERS[name].judge(exit).verdict == "refused"


FRESH = dict.fromkeys(("fresh", "resume"), "passed")
FRESH |= dict.fromkeys(("bad-key", "no-key", "login", "billing", "quota"), "blocked")
RESUMED = FRESH | dict.fromkeys(("refused", "resume-bad-history", "resume-overlong"), "refused")
ODD = {
    ("claude", "rate-limit"): "blocked",
    ("claude", "budget"): "blocked",
    ("codex", "rate-limit"): "blocked",
    ("opencode", "resume-overlong"): "passed",
}
"""Of two a limit of the rate cannot be told from one of the plan; OpenCode compacts."""


@pytest.mark.parametrize(("asked", "verdicts"), [(None, FRESH), ("the same", RESUMED)])
@pytest.mark.parametrize(("name", "case"), sorted(CASES))
def test_recorded_endings_are_blocked_or_refused_only_where_they_say_so(
    name, case, asked, verdicts, recorded
):
    sort = case.rpartition("/")[2]
    expected = ODD.get((name, sort), verdicts.get(sort, "failed"))
    assert PROVIDERS[name].judge(recorded(PROVIDERS[name], case, asked)).verdict == expected


SAYING = {
    "claude": [{"type": "assistant", "message": {"content": [{"type": "text", "text": TOLD}]}}],
    "codex": [
        {"type": "item.completed", "item": {"type": "agent_message", "text": TOLD}},
        {
            "type": "item.completed",
            "item": {"type": "command_execution", "aggregated_output": TOLD, "exit_code": 1},
        },
    ],
    "gemini": [
        {"type": "message", "role": "assistant", "content": TOLD},
        {"type": "tool_result", "status": "error", "error": {"message": TOLD}},
    ],
    "qwen": [{"type": "assistant", "message": {"content": [{"type": "text", "text": TOLD}]}}],
    "opencode": [
        {"type": "text", "part": {"text": TOLD}},
        {"type": "tool_use", "part": {"tool": "bash", "state": {"output": TOLD}}},
    ],
}
ENDS = ["fresh", "resume", "server-error", "unreachable", "killed", "killed-in-text"]


@pytest.mark.parametrize("name", SAYING)
@pytest.mark.parametrize("case", ENDS)
def test_what_the_agent_says_changes_no_verdict(name, case, tmp_path):
    """Said at the beginning of a recorded stream, and printed by a tool on stderr."""
    provider, session = PROVIDERS[name], session_of(name)
    stem = next((RECORDED / name).glob(f"*/{case}.ndjson"))
    said = [json.dumps(line) for line in SAYING[name]]
    events = [e for line in (*said, *stem.read_text().splitlines()) for e in provider.parse(line)]
    exit = Exit(
        code=int(stem.with_suffix(".rc").read_text()),
        stderr=TOLD,
        session=session,
        asked=session,
        ended=next((e for e in reversed(events) if isinstance(e, Ended)), None),
        complaints=tuple(e.text for e in events if isinstance(e, Complained)),
        turns=max(1, sum(isinstance(e, TurnBegan) for e in events)),
    )
    expected = "passed" if case in ("fresh", "resume") else "failed"
    assert provider.judge(exit).verdict == expected
