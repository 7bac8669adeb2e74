import json
from pathlib import Path

import pytest

from gump_action.errors import ProviderError
from gump_action.providers import gemini
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

S = "e267c1f4-e3a9-49fd-937a-ea0b46090489"
OTHER = "00000000-0000-4000-8000-000000000000"
NAME = "session-2026-11-24T23-30-e267c1f4.jsonl"
provider: Provider = gemini


@pytest.fixture
def place(tmp_path):
    home, cwd = tmp_path / "home", tmp_path / "My Tree"
    home.mkdir()
    cwd.mkdir()
    return Place(home, cwd, own=True, environ={"HOME": str(tmp_path)})


@pytest.fixture
def user_place(place):
    return Place(place.home, place.cwd, own=False, environ=place.environ)


def write(path, text="{}\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def chat(home, folder, session=S, name=NAME):
    line = json.dumps({"sessionId": session, "kind": "main"})
    return write(home / ".gemini/tmp" / folder / "chats" / name, f"{line}\n{{}}\n")


def settings(place):
    (put,) = gemini.settings(place)
    assert put.target == place.home / ".gemini/settings.json"
    return json.loads(put.rewrite(put.source.read_bytes()))


@pytest.mark.parametrize(
    ("model", "flag"),
    [
        ("", []),
        ("pro", ["--model", "pro"]),
        ("25-pro", ["--model", "gemini-2.5-pro"]),
        ("2.5-flash", ["--model", "gemini-2.5-flash"]),
        ("gemini-9", ["--model", "gemini-9"]),
    ],
)
def test_fresh_and_resume_differ_only_in_the_session(place, model, flag):
    fresh = gemini.command(Request("Do it.", model, None, OTHER, place))
    resume = gemini.command(Request("Go on.", model, S, OTHER, place))
    options = ("gemini", "--approval-mode", "yolo", "--output-format", "stream-json", *flag)
    assert fresh.argv == (*options, "--session-id", OTHER)
    assert resume.argv == (*options, "--resume", S)
    assert (fresh.stdin, resume.stdin) == ("Do it.", "Go on.")


@pytest.mark.parametrize("session", ["latest", "--help", "../x", f"{S}\n"])
def test_only_an_id_of_its_own_is_resumed(place, session):
    with pytest.raises(ProviderError, match="no session of Gemini"):
        gemini.command(Request("x", "", session, OTHER, place))
    with pytest.raises(ProviderError, match="no session of Gemini"):
        gemini.capture(session, place, place.cwd)
    with pytest.raises(ProviderError, match="no session of Gemini"):
        gemini.restore(session, (NAME,), place, place.cwd)


def test_an_own_home_is_moved_and_the_users_is_not(place, user_place):
    assert gemini.environment(place)["GEMINI_CLI_HOME"] == str(place.home)
    assert "GEMINI_CLI_HOME" not in gemini.environment(user_place)
    assert gemini.environment(user_place)["GEMINI_CLI_TRUST_WORKSPACE"] == "true"


def test_the_users_home_is_where_the_variable_says():
    assert gemini.user_home({"HOME": "/h"}) == Path("/h")
    assert gemini.user_home({"HOME": "/h", "GEMINI_CLI_HOME": "/g"}) == Path("/g")


def test_without_settings_of_the_user_ours_are_written(place):
    written = settings(place)
    assert written["general"]["enableAutoUpdate"] is False
    assert written["general"]["sessionRetention"] == {"enabled": False}
    assert written["telemetry"] == {"enabled": False}
    assert "security" not in written


def test_the_users_settings_are_kept_and_ours_outrank_them(place, tmp_path):
    text = '{ // mine\n"ui": {"a": "http://x"}, "general": {"maxAttempts": 9, "vimMode": true}}'
    write(tmp_path / ".gemini/settings.json", text)
    written = settings(place)
    assert written["ui"] == {"a": "http://x"}
    assert written["general"]["maxAttempts"] == 9
    assert written["general"]["vimMode"] is True
    assert written["general"]["enableAutoUpdate"] is False


@pytest.mark.parametrize("text", ["{broken", "[]", '"x"'])
def test_settings_that_are_none_are_left_to_the_cli(place, tmp_path, text):
    write(tmp_path / ".gemini/settings.json", text)
    (put,) = gemini.settings(place)
    assert put.rewrite(put.source.read_bytes()) == text.encode()


@pytest.mark.parametrize(
    ("environ", "theirs", "chosen"),
    [
        ({"GEMINI_API_KEY": "k"}, {}, "gemini-api-key"),
        ({"GEMINI_API_KEY": "k"}, {"selectedType": "oauth-personal"}, "gemini-api-key"),
        ({"GEMINI_API_KEY": "k"}, {"selectedType": "vertex-ai"}, "vertex-ai"),
        ({"GOOGLE_GENAI_USE_VERTEXAI": "true"}, {}, "vertex-ai"),
        ({}, {"selectedType": "oauth-personal"}, "oauth-personal"),
    ],
)
def test_the_way_to_log_in_is_one_that_works_here(place, tmp_path, environ, theirs, chosen):
    write(tmp_path / ".gemini/settings.json", json.dumps({"security": {"auth": theirs}}))
    here = Place(place.home, place.cwd, own=True, environ=place.environ | environ)
    assert settings(here)["security"]["auth"]["selectedType"] == chosen


def test_nothing_is_copied_into_the_users_own_home(user_place):
    assert gemini.settings(user_place) == ()


STATS = {"total_tokens": 1300, "input_tokens": 1000, "output_tokens": 50, "cached": 400}


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ({"type": "init", "session_id": S, "model": "m"}, [SessionKnown(S)]),
        ({"type": "init", "session_id": "../x"}, []),
        ({"type": "message", "role": "user", "content": "x"}, []),
        (
            {"type": "message", "role": "assistant", "content": "a", "delta": True},
            [Said("a", is_part=True)],
        ),
        ({"type": "message", "role": "assistant", "content": 7}, []),
        (
            {"type": "tool_use", "tool_name": "write_file", "parameters": {"file_path": "/a"}},
            [TurnBegan(), ToolUsed("write_file", "/a")],
        ),
        ({"type": "tool_use", "tool_name": "t", "parameters": []}, [TurnBegan(), ToolUsed("t")]),
        ({"type": "tool_result", "status": "error"}, []),
        ({"type": "error", "severity": "warning", "message": "Loop"}, [Complained("Loop")]),
        ({"type": "error"}, [Complained("an error without words")]),
        (
            {"type": "result", "status": "success", "stats": {**STATS, "input": 600}},
            [TurnBegan(), UsageSeen(Usage(600, 400, None, 300), "launch"), Ended(True)],
        ),
        (
            {"type": "result", "status": "success", "stats": STATS},
            [TurnBegan(), UsageSeen(Usage(600, 400, None, 300), "launch"), Ended(True)],
        ),
        (
            {"type": "result", "status": "success", "stats": {"output_tokens": True}},
            [TurnBegan(), UsageSeen(Usage(), "launch"), Ended(True)],
        ),
        (
            {"type": "result", "status": "error", "error": {"message": "no"}},
            [UsageSeen(Usage(), "launch"), Ended(False, "no")],
        ),
    ],
)
def test_what_a_line_means(line, events):
    assert list(gemini.parse(json.dumps(line))) == events


@pytest.mark.parametrize("line", ["", "garbage", "[]", "null", "{", "[" * 100_000, '{"type": []}'])
def test_a_line_that_is_no_event_means_nothing(line):
    assert list(gemini.parse(line)) == []


@pytest.mark.parametrize(
    ("case", "asked", "verdict", "words"),
    [
        ("fresh", None, "passed", ""),
        ("resume", "the same", "passed", ""),
        ("resume", OTHER, "refused", "another session"),
        ("refused", OTHER, "refused", "Invalid session identifier"),
        ("resume-bad-history", "the same", "refused", "function response parts"),
        ("resume-overlong", "the same", "refused", "exceeds the maximum"),
        ("resume-overlong", None, "failed", "exceeds the maximum"),
        ("bad-key", None, "blocked", "API key not valid"),
        ("bad-key", "the same", "blocked", "Set GEMINI_API_KEY"),
        ("no-key", None, "blocked", "must specify the GEMINI_API_KEY"),
        ("login", None, "blocked", "invalid authentication"),
        ("billing", None, "blocked", "requires billing"),
        ("quota", "the same", "blocked", "exhausted your daily quota on this model.\nWait"),
        ("rate-limit", "the same", "failed", "Resource has been exhausted (e.g. check quota)."),
        ("server-error", "the same", "failed", "internal error"),
        ("unknown-model", None, "failed", "is not found"),
        ("unreachable", None, "failed", "fetch failed"),
        ("killed", None, "failed", "before it had finished, exit code 0"),
        ("killed-in-text", "the same", "failed", "killed by SIGKILL"),
    ],
)
def test_how_recorded_launches_are_judged(recorded, case, asked, verdict, words):
    judged = gemini.judge(recorded(gemini, f"0.61.0/{case}", asked))
    assert judged.verdict == verdict
    assert words in judged.why


@pytest.mark.parametrize(
    ("exit", "verdict", "words"),
    [
        (Exit(0, "", S, None, None), "failed", "before it had finished"),
        (Exit(137, "", S, None, Ended(True)), "passed", ""),
        (Exit(0, "", S, None, Ended(False), ("No text came.",)), "failed", "No text came."),
        (Exit(1, "", S, None, Ended(False)), "failed", "did not say why"),
        (Exit(53, "", S, None, None), "failed", "limit of turns"),
        (Exit(41, "Invalid auth method selected.", None, None, None), "blocked", "selectedType"),
        (Exit(144, "", S, S, Ended(False, "[API Error: odd]"), (), 0), "refused", "odd"),
        (Exit(144, "", S, S, Ended(False, "[API Error: odd]"), (), 1), "failed", "odd"),
        (Exit(42, "No previous sessions found", None, None, None), "failed", "No previous"),
    ],
)
def test_how_a_launch_is_judged(exit, verdict, words):
    judged = gemini.judge(exit)
    assert judged.verdict == verdict
    assert words in judged.why


def test_the_file_of_the_session_is_kept_and_no_other(place):
    path = chat(place.home, "my-tree")
    chat(place.home, "my-tree", OTHER, "session-2026-11-24T23-31-00000000.jsonl")
    chat(place.home, "my-tree", "e267c1f4-0000-4000-8000-000000000000", "session-x-e267c1f4.jsonl")
    assert gemini.capture(S, place, place.cwd).keep == (Keep(path, NAME, lines=True),)


def test_of_two_files_of_a_session_that_of_this_directory_is_kept(user_place):
    path = chat(user_place.home, "my-tree")
    chat(user_place.home, "elsewhere")
    assert [keep.source for keep in gemini.capture(S, user_place, user_place.cwd).keep] == [path]


def test_a_link_is_no_transcript(place, tmp_path):
    real = write(tmp_path / "secret", json.dumps({"sessionId": S}))
    link = place.home / ".gemini/tmp/x/chats" / NAME
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    assert gemini.capture(S, place, place.cwd).keep == ()


AGENT = f"{S}/{OTHER}.jsonl"


def test_the_files_of_its_sub_agents_are_kept_and_no_others(place, tmp_path):
    path = chat(place.home, "my-tree")
    agent = write(path.parent / AGENT, "{}\n")
    for name in (f"{S}/notes.md", f"{S}/deep/x.jsonl", f"{OTHER}/{S}.jsonl"):
        write(path.parent / name, "{}\n")
    (path.parent / S / "link.jsonl").symlink_to(write(tmp_path / "secret", "{}\n"))
    keep = gemini.capture(S, place, place.cwd).keep
    assert keep[1:] == (Keep(agent, AGENT, lines=True),)


def test_sub_agents_are_put_back_beside_their_session(place, tmp_path):
    later = write(place.home / ".gemini/tmp/x/chats" / S / "later.jsonl", "{}\n").parent
    restore = gemini.restore(
        S, (AGENT, f"{S}/../x.jsonl", f"{OTHER}/a.jsonl", NAME), place, tmp_path
    )
    chats = place.home / ".gemini/tmp/work/chats"
    assert [put.target for put in restore.put[:-1]] == [chats / NAME, chats / AGENT]
    assert restore.clear == (later,)


def test_restored_into_an_own_home_the_registry_is_ours(place, tmp_path):
    kept = tmp_path / "kept"
    write(kept / NAME, "line\n")
    file, registry = gemini.restore(S, (NAME,), place, kept).put
    assert (file.source, file.rewrite) == (kept / NAME, None)
    assert file.target == place.home / ".gemini/tmp/work/chats" / NAME
    assert registry.target == place.home / ".gemini/projects.json"
    assert json.loads(registry.rewrite(b"")) == {"projects": {str(place.cwd): "work"}}


def test_in_the_users_home_later_states_of_this_session_give_way(user_place, tmp_path):
    home, kept = user_place.home, tmp_path / "kept"
    later, elsewhere = chat(home, "my-tree"), chat(home, "elsewhere")
    foreign = chat(home, "my-tree", OTHER, "session-x-00000000.jsonl")
    restore = gemini.restore(S, (NAME,), user_place, kept)
    assert [put.target for put in restore.put] == [later]
    assert set(restore.clear) == {later, elsewhere}
    assert foreign not in restore.clear


@pytest.mark.parametrize(
    ("listed", "owner", "folder"),
    [
        ({}, "", "my-tree"),
        ({"CWD": "known"}, "", "known"),
        ({"CWD": "../../x"}, "", "my-tree"),
        ({"/other": "my-tree"}, "", "my-tree-1"),
        ({}, "/other", "my-tree-1"),
        ({}, "CWD", "my-tree"),
    ],
)
def test_the_folder_is_the_one_that_the_cli_will_come_to(user_place, listed, owner, folder):
    base, cwd = user_place.home / ".gemini", str(user_place.cwd)
    projects = {path.replace("CWD", cwd): name for path, name in listed.items()}
    write(base / "projects.json", json.dumps({"projects": projects}))
    write(base / "tmp/my-tree/.project_root", owner.replace("CWD", cwd))
    (put,) = gemini.restore(S, (NAME,), user_place, user_place.cwd).put
    assert put.target.parent.parent.name == folder


@pytest.mark.parametrize("names", [(), ("../x.jsonl",), ("other.txt",), ("/etc/passwd",)])
def test_kept_names_that_are_no_transcript_are_not_restored(place, names):
    assert gemini.restore(S, names, place, place.cwd).put == ()
