import json
from pathlib import Path

import pytest

from gump_action.errors import ProviderError
from gump_action.providers import qwen
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

S = "8d209a33-1f8d-490b-97f9-373be98b4fef"
OTHER = "00000000-0000-4000-8000-000000000000"
KEYED = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://x"}
provider: Provider = qwen


@pytest.fixture
def place(tmp_path):
    home, cwd = tmp_path / "home", tmp_path / "my tree_ä"
    home.mkdir()
    cwd.mkdir()
    return Place(home, cwd, own=True, environ={"HOME": str(tmp_path)})


def put_on(place, **environ):
    return Place(place.home, place.cwd, place.own, {**place.environ, **environ})


def write(path, text="{}\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def transcript(place):
    folder = "".join(c if c.isascii() and c.isalnum() else "-" for c in str(place.cwd))
    return place.home / "projects" / folder / "chats" / f"{S}.jsonl"


def of_agents(place):
    return transcript(place).parents[1] / "subagents" / S


def settings(place):
    (put,) = qwen.settings(place)
    assert put.target == place.home / "settings.json"
    return json.loads(put.rewrite(put.source.read_bytes()))


@pytest.mark.parametrize(
    ("model", "flag"),
    [
        ("", []),
        ("local", []),
        ("coder", ["--model", "qwen3-coder"]),
        ("qwen9", ["--model", "qwen9"]),
    ],
)
def test_fresh_and_resume_differ_only_in_the_session(place, model, flag):
    fresh = qwen.command(Request("Do it.", model, None, OTHER, place))
    resume = qwen.command(Request("Go on.", model, S, OTHER, place))
    options = ("qwen", "--approval-mode", "yolo", "--output-format", "stream-json", *flag)
    assert fresh.argv == (*options, "--session-id", OTHER)
    assert resume.argv == (*options, "--resume", S)
    assert (fresh.stdin, resume.stdin) == ("Do it.", "Go on.")


def test_past_the_launcher_of_npm_the_real_program_is_started(place, tmp_path):
    entry = write(tmp_path / "lib/cli-entry.js")
    script = write(tmp_path / "lib/cli.js")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/qwen").symlink_to(entry)
    entry.chmod(0o755)
    here = put_on(place, PATH=str(tmp_path / "bin"))
    argv = qwen.command(Request("x", "", S, OTHER, here)).argv
    assert argv[:4] == ("node", "--expose-gc", str(script), "--approval-mode")


def test_a_prompt_like_a_command_of_the_cli_is_sent_as_text(place):
    assert qwen.command(Request("/help me", "", None, OTHER, place)).stdin == "\n/help me"


@pytest.mark.parametrize(
    ("model", "environ", "added"),
    [
        ("coder", KEYED, {"OPENAI_MODEL": "qwen3-coder"}),
        ("coder", {**KEYED, "OPENAI_MODEL": "m"}, {}),
        ("coder", {"OPENAI_API_KEY": "k"}, {}),
        ("", KEYED, {}),
    ],
)
def test_with_key_and_endpoint_the_model_is_named_as_the_cli_wants_it(place, model, environ, added):
    request = Request("x", model, None, OTHER, put_on(place, **environ))
    assert qwen.command(request).env == added


@pytest.mark.parametrize("session", ["latest", "--help", "../x", f"{S}\n"])
def test_only_an_id_of_its_own_is_resumed(place, session):
    with pytest.raises(ProviderError, match="no session of Qwen"):
        qwen.command(Request("x", "", session, OTHER, place))
    with pytest.raises(ProviderError, match="no session of Qwen"):
        qwen.capture(session, place, place.cwd)
    with pytest.raises(ProviderError, match="no session of Qwen"):
        qwen.restore(session, (f"{session}.jsonl",), place, place.cwd)


def test_an_own_home_holds_settings_and_sessions(place):
    env = qwen.environment(put_on(place, QWEN_HOME="/theirs", QWEN_RUNTIME_DIR="/theirs"))
    assert (env["QWEN_HOME"], env["QWEN_RUNTIME_DIR"]) == (str(place.home), str(place.home))


@pytest.mark.parametrize(
    ("environ", "home", "named"),
    [
        ({"HOME": "/h"}, "/h/.qwen", None),
        ({"HOME": "/h", "QWEN_HOME": "/q"}, "/q", "/q"),
        ({"HOME": "/h", "QWEN_HOME": "/q", "QWEN_RUNTIME_DIR": "/r"}, "/r", "/q"),
    ],
)
def test_the_users_own_home_stays_where_it_is(place, environ, home, named):
    assert qwen.user_home(environ) == Path(home)
    env = qwen.environment(Place(Path(home), place.cwd, own=False, environ=environ))
    assert (env["QWEN_RUNTIME_DIR"], env.get("QWEN_HOME")) == (home, named)


SECRETS = {"OPENAI_API_KEY": "a", "MY_KEY": "b", "GITHUB_TOKEN": "c", "MCP": "d", "OTHER": "e"}


@pytest.mark.parametrize(
    ("theirs", "given"),
    [
        ("", {"OPENAI_API_KEY"}),
        ('{"x": "$MCP"}', {"OPENAI_API_KEY", "MCP"}),
        ('{"envKey": "MY_KEY"}', {"MY_KEY"}),
        ('{"envKey": "MY_KEY", "x": "${MCP}", "y": "$GITHUB_TOKEN"}', {"MY_KEY", "MCP"}),
    ],
)
def test_keys_are_those_that_the_users_settings_name(place, tmp_path, theirs, given):
    write(tmp_path / ".qwen/settings.json", theirs)
    write(place.cwd / ".qwen/settings.json", '{"envKey": "OTHER"}')
    env = qwen.environment(put_on(place, **SECRETS))
    assert set(env) & set(SECRETS) == given


def test_the_users_settings_are_kept_and_ours_outrank_them(place, tmp_path):
    theirs = {
        "memory": {"enableManagedAutoMemory": True, "x": 1},
        "model": {"name": "m", "generationConfig": {"maxRetries": 3}},
        "security": {"auth": {"selectedType": "qwen-oauth"}},
    }
    write(tmp_path / ".qwen/settings.json", f"// mine\n{json.dumps(theirs)}")
    written = settings(put_on(place, OPENAI_API_KEY="k"))
    assert written["memory"]["enableManagedAutoMemory"] is False
    assert written["memory"]["x"] == 1
    assert written["model"] == theirs["model"]
    assert written["security"]["auth"]["selectedType"] == "openai"


def test_without_settings_of_the_user_ours_are_written(place):
    written = settings(place)
    assert written["memory"]["enableManagedAutoDream"] is False
    assert written["model"]["generationConfig"] == {"maxRetries": 0}
    assert "auth" not in written["security"]


@pytest.mark.parametrize("text", ["{broken", "[]"])
def test_settings_that_are_none_are_left_to_the_cli(place, tmp_path, text):
    write(tmp_path / ".qwen/settings.json", text)
    (put,) = qwen.settings(place)
    assert put.rewrite(put.source.read_bytes()) == text.encode()


def test_nothing_is_copied_into_the_users_own_home(place):
    assert qwen.settings(Place(place.home, place.cwd, own=False, environ={})) == ()


def answer(*content, **more):
    usage = {"input_tokens": 9, "output_tokens": more.pop("output", 5)}
    return {"type": "assistant", "message": {"content": [*content], "usage": usage}, **more}


EDIT = {"type": "tool_use", "name": "edit", "input": {"file_path": "/a"}}
WORDS = {"type": "text", "text": "hello"}
ERROR = {"type": "text", "text": "[API Error: 401 no]"}
USAGE = {"input_tokens": 1000, "output_tokens": 50, "cache_read_input_tokens": 400}


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ({"type": "system", "subtype": "init", "session_id": S}, [SessionKnown(S)]),
        ({"type": "system", "subtype": "session_start", "session_id": S}, [SessionKnown(S)]),
        ({"type": "system", "subtype": "init", "session_id": "../x"}, []),
        ({"type": "system", "subtype": "other", "session_id": S}, []),
        ({"type": "stream_event", "session_id": S}, []),
        (answer(WORDS, EDIT), [TurnBegan(), Said("hello"), ToolUsed("edit", "/a")]),
        (answer(WORDS, EDIT, parent_tool_use_id="t"), [ToolUsed("edit", "/a")]),
        (answer({"type": "tool_use", "name": "x"}, 7), [TurnBegan(), ToolUsed("x")]),
        (answer(ERROR, output=0), [Complained("[API Error: 401 no]")]),
        (answer(ERROR, output=3), [TurnBegan(), Said("[API Error: 401 no]")]),
        ({"type": "assistant", "message": {"content": "x"}}, [TurnBegan()]),
        (
            {"type": "result", "subtype": "success", "session_id": S, "usage": USAGE},
            [SessionKnown(S), UsageSeen(Usage(600, 400, None, 50), "session"), Ended(True)],
        ),
        (
            {"type": "result", "subtype": "error_during_execution", "error": {"message": "no"}},
            [UsageSeen(Usage(), "session"), Ended(False, "no")],
        ),
        (
            {"type": "result", "subtype": "success", "is_error": True, "result": "no"},
            [UsageSeen(Usage(), "session"), Ended(False, "no")],
        ),
    ],
)
def test_what_a_line_means(line, events):
    assert list(qwen.parse(json.dumps(line))) == events


@pytest.mark.parametrize("line", ["", "garbage", "[]", "null", "{", "[" * 100_000, '{"type": []}'])
def test_a_line_that_is_no_event_means_nothing(line):
    assert list(qwen.parse(line)) == []


@pytest.mark.parametrize(
    ("case", "asked", "verdict", "words"),
    [
        ("fresh", None, "passed", ""),
        ("resume", "the same", "passed", ""),
        ("resume", OTHER, "refused", "another session"),
        ("refused", OTHER, "refused", "No saved session found"),
        ("resume-bad-history", "the same", "refused", "must be followed by tool messages"),
        ("resume-overlong", "the same", "refused", "maximum context length"),
        ("resume-overlong", None, "failed", "maximum context length"),
        ("bad-key", "the same", "blocked", "Incorrect API key"),
        ("no-key", None, "blocked", "Set OPENAI_API_KEY"),
        ("login", None, "blocked", "log in again"),
        ("billing", None, "blocked", "Insufficient Balance\nWait"),
        ("quota", "the same", "blocked", "exceeded your current quota"),
        ("rate-limit", "the same", "failed", "429 Rate limit reached"),
        ("server-error", "the same", "failed", "500 The server"),
        ("unknown-model", None, "failed", "does not exist"),
        ("unreachable", None, "failed", "Connection error"),
        ("killed", None, "failed", "qwen was stopped"),
        ("killed-in-text", "the same", "failed", "killed by SIGKILL"),
    ],
)
def test_how_recorded_launches_are_judged(recorded, case, asked, verdict, words):
    judged = qwen.judge(recorded(qwen, f"0.24.4/{case}", asked))
    assert judged.verdict == verdict
    assert words in judged.why


@pytest.mark.parametrize(
    ("exit", "verdict", "words"),
    [
        (Exit(0, "", S, None, None), "failed", "before it had finished"),
        (Exit(1, "", S, None, Ended(True)), "passed", ""),
        (Exit(1, "", S, None, Ended(False)), "failed", "did not say why"),
        (Exit(53, "Reached max session turns", S, None, None), "failed", "limit of turns: Reached"),
        (Exit(1, "", S, S, Ended(False, "[API Error: 400 odd]"), (), 0), "refused", "odd"),
        (Exit(1, "", S, S, Ended(False, "[API Error: 400 odd]"), (), 1), "failed", "odd"),
        (Exit(1, "No saved session found", None, None, None), "failed", "No saved"),
    ],
)
def test_how_a_launch_is_judged(exit, verdict, words):
    judged = qwen.judge(exit)
    assert judged.verdict == verdict
    assert words in judged.why


def test_the_file_of_the_session_is_kept(place):
    assert qwen.capture(S, place, place.cwd).keep == ()
    path = write(transcript(place))
    assert qwen.capture(S, place, place.cwd).keep == (Keep(path, f"{S}.jsonl", lines=True),)


def test_a_link_is_no_transcript(place, tmp_path):
    path = transcript(place)
    path.parent.mkdir(parents=True)
    path.symlink_to(write(tmp_path / "secret"))
    assert qwen.capture(S, place, place.cwd).keep == ()


SUB, META = "agent-general-purpose-call_1.jsonl", "agent-general-purpose-call_1.meta.json"


def test_the_files_of_its_sub_agents_are_kept_and_no_others(place, tmp_path):
    write(transcript(place))
    found = [write(of_agents(place) / name) for name in (SUB, META)]
    for name in (f"{SUB}.stream", f"{META}.1.tmp", "notes.md", f"deep/{SUB}"):
        write(of_agents(place) / name)
    write(of_agents(place).with_name(OTHER) / SUB)
    (of_agents(place) / "agent-link.jsonl").symlink_to(write(tmp_path / "secret"))
    keep = qwen.capture(S, place, place.cwd).keep
    assert [(one.source, one.lines) for one in keep[1:]] == [(found[0], True), (found[1], False)]
    assert [one.name for one in keep] == [f"{S}.jsonl", f"subagents/{SUB}", f"subagents/{META}"]


def test_a_linked_folder_of_sub_agents_is_not_followed(place, tmp_path):
    write(transcript(place))
    write(tmp_path / "elsewhere" / SUB)
    of_agents(place).parent.mkdir(parents=True)
    of_agents(place).symlink_to(tmp_path / "elsewhere")
    assert [one.name for one in qwen.capture(S, place, place.cwd).keep] == [f"{S}.jsonl"]


def test_sub_agents_without_their_session_are_not_kept(place):
    write(of_agents(place) / SUB)
    assert qwen.capture(S, place, place.cwd).keep == ()


def test_restored_sub_agents_say_where_too(place, tmp_path):
    names = (f"subagents/{SUB}", f"subagents/{META}", f"{S}.jsonl")
    put = qwen.restore(S, names, place, tmp_path).put
    assert [one.target for one in put] == [
        of_agents(place) / SUB,
        of_agents(place) / META,
        transcript(place),
    ]
    assert json.loads(put[0].rewrite(b'{"cwd": "/old"}\n')) == {"cwd": str(place.cwd)}
    assert put[1].rewrite is None


@pytest.mark.parametrize(
    "name",
    [
        f"subagents/../{SUB}",
        "subagents/agent-../../x.jsonl",
        f"subagents/{S}/{SUB}",
        SUB,
        "a.jsonl",
    ],
)
def test_kept_names_that_are_no_sub_agents_are_not_restored(place, name):
    (put,) = qwen.restore(S, (f"{S}.jsonl", name), place, place.cwd).put
    assert put.target == transcript(place)


def test_restored_elsewhere_each_line_says_where(place, tmp_path):
    (put,) = qwen.restore(S, ("x", f"{S}.jsonl"), place, tmp_path / "kept").put
    assert put.target == transcript(place)
    here = json.dumps({"cwd": str(place.cwd), "text": "ä"}).encode()
    lines = [b'{"cwd": "/old", "text": "\\u00e4 \\"cwd\\":\\"/old\\""}', here, b"{}", b"torn {"]
    moved = put.rewrite(b"\n".join(lines) + b"\n").split(b"\n")
    assert json.loads(moved[0]) == {"cwd": str(place.cwd), "text": 'ä "cwd":"/old"'}
    assert moved[1:] == [*lines[1:], b""]


def test_later_states_of_this_session_give_way(place, tmp_path):
    restore = qwen.restore(S, (f"{S}.jsonl",), place, tmp_path)
    assert restore.clear == (transcript(place), of_agents(place))


@pytest.mark.parametrize("names", [(), (f"../{S}.jsonl",), (f"{OTHER}.jsonl",)])
def test_kept_names_that_are_no_transcript_are_not_restored(place, names):
    assert qwen.restore(S, names, place, place.cwd).put == ()
