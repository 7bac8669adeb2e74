import os
from itertools import pairwise
from pathlib import Path

import pytest

from gump_action.errors import ProviderError
from gump_action.providers import claude
from gump_action.providers.base import (
    Complained,
    Ended,
    Exit,
    Keep,
    Place,
    Provider,
    Request,
    Said,
    SessionKnown,
    ToolUsed,
    TurnBegan,
    Usage,
    UsageSeen,
)

S = "6bf7eec6-1a7d-4a29-ab4a-2ea8da8c668b"
OTHER = "00000000-0000-4000-8000-000000000000"
provider: Provider = claude


@pytest.fixture
def place(tmp_path):
    home, cwd = tmp_path / "home", tmp_path / "my tree"
    home.mkdir()
    cwd.mkdir()
    return Place(home, cwd, own=True, environ={"HOME": str(tmp_path)})


def write(path, text="{}\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def folder_of(place):
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in str(place.cwd))


@pytest.mark.parametrize(
    ("model", "flag"),
    [
        ("", []),
        ("opus", ["--model", "opus"]),
        ("haiku-4-5", ["--model", "claude-haiku-4-5-20251001"]),
        ("some-model", ["--model", "some-model"]),
    ],
)
def test_fresh_and_resume_differ_only_in_the_session(place, model, flag):
    fresh = claude.command(Request("Do it.", model, None, OTHER, place))
    resume = claude.command(Request("Go on.", model, S, OTHER, place))
    options = ["claude", "-p", "--dangerously-skip-permissions"]
    options += ["--output-format", "stream-json", "--verbose", *flag]
    assert fresh.argv == (*options, "--session-id", OTHER)
    assert resume.argv == (*options, "--resume", S)
    assert (fresh.stdin, resume.stdin, fresh.stop) == ("Do it.", "Go on.", "TERM")


@pytest.mark.parametrize(
    ("prompt", "sent"), [("/help me", "\n/help me"), (" /x", " /x"), ("", ""), ("a/b", "a/b")]
)
def test_a_prompt_is_no_command_of_claude_code(place, prompt, sent):
    assert claude.command(Request(prompt, "", None, OTHER, place)).stdin == sent


@pytest.mark.parametrize("session", ["../../etc/passwd", "--model", S + "\n", "ses_123", S.upper()])
def test_what_is_no_session_id_becomes_neither_argument_nor_path(place, session):
    with pytest.raises(ProviderError, match="UUID"):
        claude.command(Request("x", "", session, OTHER, place))
    with pytest.raises(ProviderError, match="UUID"):
        claude.capture(session, place, place.home)
    with pytest.raises(ProviderError, match="UUID"):
        claude.restore(session, (), place, place.home)


def test_a_recorded_launch_is_read_whole(recorded_lines):
    session, *rest = [e for line in recorded_lines("2.1.330/fresh") for e in claude.parse(line)]
    assert isinstance(session, SessionKnown)
    assert rest == [
        TurnBegan(),
        ToolUsed("Write", "/lab/tree/one.txt"),
        TurnBegan(),
        ToolUsed("Bash"),
        TurnBegan(),
        Said("answer one"),
        UsageSeen(Usage(3000, 0, 0, 150, 0.01125), of="launch", cost_of="session"),
        Ended(True, "answer one"),
    ]


def test_a_resume_tells_its_own_tokens_and_the_cost_of_the_session(recorded_lines):
    events = [e for line in recorded_lines("2.1.330/resume") for e in claude.parse(line)]
    assert events[-2] == UsageSeen(Usage(1000, 0, 0, 50, 0.015), of="launch", cost_of="session")


def test_a_launch_that_its_budget_has_ended_tells_its_cost_and_no_tokens(recorded_lines):
    events = [e for line in recorded_lines("2.1.330/budget") for e in claude.parse(line)]
    assert events[-2].usage == Usage(cost_usd=0.000125)
    assert events[-1] == Ended(False, "it has reached its --max-budget-usd")


@pytest.mark.parametrize(
    ("budget", "said"),
    [(None, None), (2.5, "2.500000"), (0.000001, "0.000001")],
)
def test_what_is_left_of_the_budget_is_an_option(place, budget, said):
    argv = claude.command(Request("x", "", None, OTHER, place, budget)).argv
    option = dict(pairwise(argv)).get("--max-budget-usd")
    assert option == said


@pytest.fixture
def recorded_lines():
    folder = Path(__file__).parent.parent / "recorded" / "claude"
    return lambda case: (folder / f"{case}.ndjson").read_text().splitlines()


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("", []),
        ("not json", [Complained("not json")]),
        ("[" * 100_000, [Complained("[" * 500)]),
        ("[1, 2]", [Complained("[1, 2]")]),
        ('{"type": "assistant", "message": {"content": "text"}}', []),
        ('{"type": "system", "subtype": "init", "session_id": "../x"}', []),
        (
            '{"type": "assistant", "parent_tool_use_id": "toolu_1", "message": {"content": '
            '[{"type": "text", "text": "of a sub-agent"}, {"type": "tool_use", '
            '"name": "NotebookEdit", "input": {"notebook_path": "/a.ipynb"}}]}}',
            [ToolUsed("NotebookEdit", "/a.ipynb")],
        ),
        (
            '{"type": "system", "subtype": "permission_denied", "tool_name": "Bash", '
            '"message": "no"}',
            [Complained("Bash was denied: no")],
        ),
        (
            '{"type": "system", "subtype": "api_retry", "attempt": 2, "error": "server_error"}',
            [Complained("the model service says server_error; try 2 failed")],
        ),
        (
            '{"type": "system", "subtype": "status", "compact_error": "empty"}',
            [Complained("compaction failed: empty")],
        ),
        ('{"type": "result", "is_error": true, "subtype": "odd"}', [Ended(False, "odd")]),
        (
            '{"type": "result", "is_error": false, "result": "", "num_turns": 0, "usage": {}}',
            [Ended(True)],
        ),
        (
            '{"type": "result", "is_error": false, "result": "ok", "num_turns": 1, "usage": {}}',
            [UsageSeen(Usage(), of="launch", cost_of="session"), Ended(True, "ok")],
        ),
    ],
)
def test_odd_lines_end_nothing(line, events):
    assert list(claude.parse(line)) == events


@pytest.mark.parametrize(
    ("case", "asked", "verdict", "said"),
    [
        ("fresh", None, "passed", ""),
        ("resume", "the same", "passed", ""),
        ("refused", OTHER, "refused", "No conversation found"),
        ("resume-overlong", "the same", "refused", "Prompt is too long"),
        ("resume-overlong", None, "failed", "Prompt is too long"),
        ("resume-bad-history", "the same", "refused", "tool use concurrency"),
        ("bad-key", None, "blocked", "ANTHROPIC_API_KEY"),
        ("bad-key", "the same", "blocked", "Invalid API key"),
        ("no-key", "the same", "blocked", "Not logged in"),
        ("unreachable", "the same", "failed", "Connection refused"),
        ("login", None, "blocked", "--agent-home user"),
        ("billing", None, "blocked", "Credit balance is too low"),
        ("quota", "the same", "blocked", "You will regain access on"),
        ("rate-limit", "the same", "blocked", "Wait"),
        ("budget", None, "blocked", "it has reached its --max-budget-usd"),
        ("budget", "the same", "blocked", "Give a higher max_budget"),
        ("server-error", "the same", "failed", "500"),
        ("unknown-model", "the same", "failed", "selected model"),
        ("killed", None, "failed", "143"),
        ("killed-in-text", "the same", "failed", "SIGKILL"),
    ],
)
def test_recorded_endings(recorded, case, asked, verdict, said):
    judged = claude.judge(recorded(claude, f"2.1.330/{case}", asked))
    assert judged.verdict == verdict
    assert said in judged.why


@pytest.mark.parametrize(
    ("exit", "verdict", "said"),
    [
        (Exit(0, "", S, None, None), "failed", "no end"),
        (Exit(1, "", S, None, Ended(True, "the quota is fixed")), "failed", "exit code 1"),
        (Exit(0, "", S, None, Ended(False)), "failed", "exit code 0"),
        (Exit(0, "", OTHER, S, Ended(True)), "refused", OTHER),
        (Exit(1, "", S, None, Ended(False, "x it has reached its --max-budget-usd")), "failed", ""),
        (Exit(1, "error: unknown option '--resume'\n", None, S, None), "failed", "unknown option"),
        (
            Exit(-9, "", S, S, None, ("server_error",)),
            "failed",
            "SIGKILL, and its stream has no end: server_",
        ),
        (
            Exit(1, "", S, S, Ended(False, "too long (model service: 413)"), turns=1),
            "failed",
            "too long",
        ),
        (
            Exit(1, "", None, None, Ended(False, "Not logged in · Please run /login")),
            "blocked",
            "Set",
        ),
    ],
)
def test_endings_that_were_not_recorded(exit, verdict, said):
    judged = claude.judge(exit)
    assert judged.verdict == verdict
    assert said in judged.why


def test_capture_keeps_the_files_of_one_session_and_follows_no_link(place):
    folder = place.home / "projects" / folder_of(place)
    transcript = write(folder / f"{S}.jsonl")
    agent = write(folder / S / "subagents" / "agent-1.jsonl")
    result = write(folder / S / "tool-results" / "big.txt")
    task = write(place.home / "tasks" / S / "1.json")
    write(folder / f"{OTHER}.jsonl")
    write(place.home / ".credentials.json")
    (folder / S / "link.txt").symlink_to(write(place.home / "secret"))
    assert claude.capture(S, place, place.home / "unused").keep == (
        Keep(transcript, f"{S}.jsonl", lines=True),
        Keep(agent, f"{S}/subagents/agent-1.jsonl", lines=True),
        Keep(result, f"{S}/tool-results/big.txt"),
        Keep(task, f"tasks/{S}/1.json"),
    )


def test_a_session_is_found_in_the_folder_of_another_cwd_but_its_own_wins(place):
    other = write(place.home / "projects" / "-another" / f"{S}.jsonl")
    assert claude.capture(S, place, place.home).keep[0].source == other
    own = write(place.home / "projects" / folder_of(place) / f"{S}.jsonl")
    assert claude.capture(S, place, place.home).keep[0].source == own
    assert claude.capture(OTHER, place, place.home).keep == ()


def test_restore_puts_it_under_the_present_cwd_and_clears_what_came_later(place, tmp_path):
    kept, projects = tmp_path / "kept", place.home / "projects"
    later = write(projects / "-another" / f"{S}.jsonl")
    write(projects / "-another" / S / "subagents" / "agent-2.jsonl")
    write(projects / "-another" / f"{OTHER}.jsonl")
    write(place.home / "tasks" / S / "2.json")
    names = (f"{S}.jsonl", f"{S}/tool-results/big.txt", f"tasks/{S}/1.json")
    restore = claude.restore(S, names, place, kept)
    assert [put.source for put in restore.put] == [kept / name for name in names]
    assert [put.target for put in restore.put] == [
        projects / folder_of(place) / f"{S}.jsonl",
        projects / folder_of(place) / S / "tool-results" / "big.txt",
        place.home / "tasks" / S / "1.json",
    ]
    assert restore.clear == (later, projects / "-another" / S, place.home / "tasks" / S)


@pytest.mark.parametrize(
    "name",
    [f"{OTHER}.jsonl", "settings.json", f"{S}/../../x", f"/{S}.jsonl", f"tasks/{OTHER}/1.json"],
)
def test_a_name_that_was_never_kept_is_not_put_back(place, name):
    assert claude.restore(S, (name,), place, place.home).put == ()


@pytest.mark.parametrize(
    ("cwd", "folder"),
    [
        ("/srv/lab/w.x_y z/Ünï-A1", "-srv-lab-w-x-y-z--n--A1"),
        ("/a/\N{ROCKET}", "-a---"),
        ("/" + "d" * 300, "-" + "d" * 199),
    ],
)
def test_the_folder_is_named_as_claude_code_names_it(place, cwd, folder):
    there = Place(place.home, Path(cwd), own=True, environ={})
    (put,) = claude.restore(S, (f"{S}.jsonl",), there, place.home).put
    assert put.target == place.home / "projects" / folder / f"{S}.jsonl"


def test_settings_are_copied_into_a_home_of_the_runs_own_only(place, tmp_path):
    assert claude.settings(place) == ()
    source = write(tmp_path / ".claude" / "settings.json")
    write(tmp_path / ".claude" / ".credentials.json")
    (put,) = claude.settings(place)
    assert (put.source, put.target) == (source, place.home / "settings.json")
    assert claude.settings(Place(source.parent, place.cwd, own=False, environ=place.environ)) == ()


def test_the_home_is_moved_when_it_is_the_runs_own(place):
    env = claude.environment(place)
    assert env["CLAUDE_CONFIG_DIR"] == str(place.home)
    assert env["CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"] == "1"
    assert env.get("IS_SANDBOX") == ("1" if os.geteuid() == 0 else None)


def test_the_users_own_home_is_left_where_it_is(place):
    users = Place(place.home, place.cwd, own=False, environ={"CLAUDE_CODE_MAX_RETRIES": "9"})
    assert "CLAUDE_CONFIG_DIR" not in claude.environment(users)
    assert claude.environment(users)["CLAUDE_CODE_MAX_RETRIES"] == "9"
    moved = Place(place.home, place.cwd, own=False, environ={"CLAUDE_CONFIG_DIR": "/c"})
    assert claude.environment(moved)["CLAUDE_CONFIG_DIR"] == "/c"


def test_cloud_logins_are_handed_on_only_where_the_cloud_is_asked_for(place):
    environ = {"AWS_SECRET_ACCESS_KEY": "s", "GOOGLE_APPLICATION_CREDENTIALS": "/g"}
    without = Place(place.home, place.cwd, own=True, environ=environ)
    assert not set(environ) & set(claude.environment(without))
    environ["CLAUDE_CODE_USE_BEDROCK"] = "1"
    assert claude.environment(without)["AWS_SECRET_ACCESS_KEY"] == "s"
    assert "GOOGLE_APPLICATION_CREDENTIALS" not in claude.environment(without)


@pytest.mark.parametrize(
    ("environ", "home"),
    [({"HOME": "/h"}, "/h/.claude"), ({"HOME": "/h", "CLAUDE_CONFIG_DIR": "/c"}, "/c")],
)
def test_where_the_users_home_is(environ, home):
    assert claude.user_home(environ) == Path(home)
