"""From its documentation; no stream of the real program was recorded."""

import hashlib
import json

import pytest

from gump_action.errors import ProviderError
from gump_action.providers import cursor
from gump_action.providers.base import (
    Complained,
    Ended,
    Exit,
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

C = "6bf7eec6-1a7d-4a29-ab4a-2ea8da8c668b"
OTHER = "00000000-0000-4000-8000-000000000000"
provider: Provider = cursor


@pytest.fixture
def place(tmp_path):
    home, cwd = tmp_path / "home", tmp_path / "tree"
    home.mkdir()
    cwd.mkdir()
    return Place(home, cwd, own=True, environ={"HOME": str(tmp_path)})


def write(path, text="{}\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def chats_of(place):
    return place.home / ".cursor" / "chats" / hashlib.md5(str(place.cwd).encode()).hexdigest()


@pytest.mark.parametrize(
    ("model", "flag"),
    [
        ("", []),
        ("opus", ["--model", "claude-4.6-opus-high"]),
        ("some-model", ["--model", "some-model"]),
    ],
)
def test_fresh_and_resume_differ_only_in_the_chat(place, model, flag):
    fresh = cursor.command(Request("Do it.", model, None, OTHER, place))
    resume = cursor.command(Request("Go on.", model, C, OTHER, place))
    options = ["cursor-agent", "-p", "--output-format", "stream-json", "--force", "--trust"]
    options += ["--workspace", str(place.cwd), *flag]
    assert fresh.argv == tuple(options)
    assert resume.argv == (*options, "--resume", C)
    assert (fresh.stdin, resume.stdin) == ("Do it.", "Go on.")


@pytest.mark.parametrize("session", ["-1", "../x", C + "\n"])
def test_what_is_no_chat_id_becomes_neither_argument_nor_path(place, session):
    with pytest.raises(ProviderError, match="UUID"):
        cursor.command(Request("x", "", session, OTHER, place))
    with pytest.raises(ProviderError, match="UUID"):
        cursor.capture(session, place, place.home)
    with pytest.raises(ProviderError, match="UUID"):
        cursor.restore(session, ("x",), place, place.home)


@pytest.mark.parametrize(
    ("event", "events"),
    [
        ({"type": "system", "subtype": "init", "session_id": C}, [SessionKnown(C)]),
        ({"type": "system", "subtype": "init", "session_id": "../x"}, []),
        ({"type": "user", "message": {"content": [{"type": "text", "text": "Do it."}]}}, []),
        (
            {
                "type": "assistant",
                "message": {"content": [{"type": "text", "text": "a"}, {"type": "odd"}]},
            },
            [TurnBegan(), Said("a")],
        ),
        (
            {
                "type": "tool_call",
                "subtype": "started",
                "tool_call": {"editToolCall": {"args": {"path": "/a.py"}}, "hookContext": {}},
            },
            [ToolUsed("edit", "/a.py")],
        ),
        (
            {
                "type": "tool_call",
                "subtype": "started",
                "tool_call": {"shellToolCall": {"args": {"command": "ls"}}},
            },
            [ToolUsed("shell")],
        ),
        (
            {"type": "tool_call", "subtype": "completed", "tool_call": {"shellToolCall": {}}},
            [],
        ),
        (
            {
                "type": "result",
                "subtype": "success",
                "is_error": False,
                "result": "done",
                "usage": {"inputTokens": 5, "outputTokens": 6, "cacheReadTokens": 7},
            },
            [UsageSeen(Usage(5, 7, None, 6), of="launch"), Ended(True, "done")],
        ),
        ({"type": "result", "subtype": "success", "is_error": True}, [Ended(False)]),
        ({"type": "result", "subtype": "success"}, [Ended(False)]),
    ],
)
def test_lines_of_the_stream(event, events):
    assert list(cursor.parse(json.dumps(event))) == events


def test_a_line_that_is_no_event_is_a_complaint():
    assert list(cursor.parse("oops\n")) == [Complained("oops")]
    assert list(cursor.parse("\n")) == []


@pytest.mark.parametrize(
    ("exit", "verdict", "said"),
    [
        (Exit(0, "", C, None, Ended(True)), "passed", ""),
        (Exit(0, "", C, C, Ended(True)), "passed", ""),
        (Exit(0, "", OTHER, C, Ended(True)), "refused", OTHER),
        (Exit(-15, "", OTHER, C, None), "refused", OTHER),
        (Exit(1, "Chat 1 was not found\n", None, C, None), "refused", "not found"),
        (Exit(1, "Chat 1 was not found\n", None, None, None), "failed", "not found"),
        (Exit(0, "", C, None, None), "failed", "no end"),
        (Exit(3, "", C, None, Ended(True)), "failed", "exit code 3"),
        (Exit(1, "", C, None, Ended(False)), "failed", "exit code 1"),
        (Exit(-15, "", C, C, None, ("slow",)), "failed", "has no end: slow"),
        (
            Exit(1, "Error: Authentication required. Please run 'agent login' first\n",
                 None, None, None),
            "blocked",
            "CURSOR_API_KEY",
        ),
        (Exit(1, "You've hit your usage limit\n", None, C, None), "blocked", "Wait"),
    ],
)  # fmt: skip
def test_endings(exit, verdict, said):
    judged = cursor.judge(exit)
    assert judged.verdict == verdict
    assert said in judged.why


def test_a_chat_is_kept_with_its_copies_and_without_what_sqlite_makes_anew(place):
    chats, projects = chats_of(place), place.home / ".cursor" / "projects"
    for name in ("store.db", "store.db-wal", "store.db-shm", "meta.json"):
        write(chats / C / name)
    write(chats / f"{C}.jsonl")
    write(chats / OTHER / "store.db")
    write(projects / "tree" / "agent-transcripts" / f"{C}.jsonl")
    write(projects / "tree" / "agent-transcripts" / C / f"{C}.jsonl")
    write(projects / "tree" / "agent-transcripts" / f"{OTHER}.jsonl")
    keep = cursor.capture(C, place, place.home).keep
    assert [(each.name, each.lines) for each in keep] == [
        (f"chats/{C}/meta.json", False),
        (f"chats/{C}/store.db", False),
        (f"chats/{C}/store.db-wal", False),
        (f"chats/{C}.jsonl", True),
        (f"projects/tree/agent-transcripts/{C}/{C}.jsonl", True),
        (f"projects/tree/agent-transcripts/{C}.jsonl", True),
    ]


def test_a_chat_of_another_cwd_is_not_ours(place):
    write(place.home / ".cursor" / "chats" / "0" / C / "store.db")
    assert cursor.capture(C, place, place.home).keep == ()


def test_restore_puts_it_under_the_present_cwd_and_clears_what_came_later(place, tmp_path):
    kept = tmp_path / "kept"
    copy = write(place.home / ".cursor" / "projects" / "p" / "agent-transcripts" / f"{C}.jsonl")
    write(chats_of(place) / C / "store.db-wal")
    write(chats_of(place) / OTHER / "store.db")
    names = (f"chats/{C}/store.db", f"chats/{C}.jsonl", f"projects/p/agent-transcripts/{C}.jsonl")
    restore = cursor.restore(C, names, place, kept)
    assert [(put.source, put.target) for put in restore.put] == [
        (kept / names[0], chats_of(place) / C / "store.db"),
        (kept / names[1], chats_of(place) / f"{C}.jsonl"),
        (kept / names[2], copy),
    ]
    assert restore.clear == (chats_of(place) / C, copy)


@pytest.mark.parametrize(
    "name",
    [
        f"chats/{OTHER}/store.db",
        f"chats/{C}/../../x",
        f"projects/p/agent-transcripts/{OTHER}.jsonl",
        f"projects/p/{C}.jsonl",
        "cli-config.json",
        f"/chats/{C}.jsonl",
    ],
)
def test_a_name_that_was_never_kept_is_not_put_back(place, name):
    assert cursor.restore(C, (name,), place, place.home).put == ()


def test_it_gets_a_home_of_its_own_for_no_variable_moves_its_chats(place):
    env = cursor.environment(place)
    assert env["HOME"] == str(place.home)
    assert env["CURSOR_CONFIG_DIR"] == str(place.home / ".cursor")


def test_in_the_users_home_nothing_is_moved_and_nothing_written(place, tmp_path):
    users = Place(tmp_path / ".cursor", place.cwd, own=False, environ=place.environ)
    assert cursor.user_home(place.environ) == users.home
    assert cursor.environment(users) == {"NO_OPEN_BROWSER": "1"}
    assert cursor.settings(users) == ()
    md5 = hashlib.md5(str(place.cwd).encode()).hexdigest()
    store = write(users.home / "chats" / md5 / C / "store.db")
    assert cursor.capture(C, users, place.home).keep[0].source == store


def test_a_configuration_that_the_user_moved_stays_there(place):
    users = Place(place.home, place.cwd, own=False, environ={"CURSOR_CONFIG_DIR": "/c"})
    assert cursor.environment(users)["CURSOR_CONFIG_DIR"] == "/c"


@pytest.mark.parametrize(
    ("variable", "below"),
    [("CURSOR_CONFIG_DIR", ""), ("XDG_CONFIG_HOME", "cursor"), ("HOME", ".cursor")],
)
def test_the_users_configuration_is_copied_without_the_account(place, tmp_path, variable, below):
    config = {"permissions": {"allow": []}, "authInfo": {"email": "a@b.c"}}
    source = write(tmp_path / "u" / below / "cli-config.json", json.dumps(config))
    there = Place(place.home, place.cwd, own=True, environ={variable: str(tmp_path / "u")})
    (put,) = cursor.settings(there)
    assert (put.source, put.target) == (source, place.home / ".cursor" / "cli-config.json")
    assert json.loads(put.rewrite(source.read_bytes())) == {"permissions": {"allow": []}}


def test_without_a_configuration_an_empty_one_is_put_there(place):
    (put,) = cursor.settings(place)
    assert put.rewrite(put.source.read_bytes()) == b"{}\n"
