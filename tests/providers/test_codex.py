import json
from pathlib import Path

import pytest

from gump_action.errors import ProviderError
from gump_action.providers import codex
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

T = "01a20fe5-d133-7ff0-96ca-52b5dd3c133d"
PARENT = "01a20fe5-0000-7000-8000-000000000001"
CHILD = "01a20fe5-0000-7000-8000-000000000002"
OTHER = "01a20fe5-0000-7000-8000-000000000003"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
RECORDED = Path(__file__).parent.parent / "recorded" / "codex"
provider: Provider = codex


@pytest.fixture
def place(tmp_path):
    home, cwd = tmp_path / "home", tmp_path / "tree"
    home.mkdir()
    cwd.mkdir()
    return Place(home, cwd, own=True, environ={"HOME": str(tmp_path)})


def with_environ(place, **environ):
    return Place(place.home, place.cwd, place.own, {**place.environ, **environ})


def write(path, text="{}\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def rollout(home, thread, day="2026/11/23", **meta):
    name = f"sessions/{day}/rollout-2026-11-23T10-00-00-{thread}.jsonl"
    instructions = {"text": f'he said "parent_thread_id":"{OTHER}"'}
    payload = {"id": thread, "base_instructions": instructions, **meta}
    write(home / name, json.dumps({"type": "session_meta", "payload": payload}) + "\n{}\n")
    return name


def family(home):
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": T, "depth": 1}}}
    return {
        T: rollout(home, T, forked_from_id=PARENT),
        PARENT: rollout(home, PARENT, "2026/11/20"),
        CHILD: rollout(home, CHILD, source=spawned),
        OTHER: rollout(home, OTHER),
    }


def test_fresh_and_resume_have_the_same_options(place):
    fresh = codex.command(Request("Do it.", "gpt54-mini", None, UNKNOWN, place))
    resume = codex.command(Request("Go on.", "gpt54-mini", T, UNKNOWN, place))
    assert fresh.argv[:2] == ("codex", "exec")
    assert fresh.argv[-3:] == ("-m", "gpt-5.4-mini", "-")
    assert resume.argv == ("codex", "exec", "resume", *fresh.argv[2:-1], T, "-")
    assert {"-C", "--cd", "-s"}.isdisjoint(resume.argv)
    assert (fresh.stdin, resume.stdin, fresh.stop) == ("Do it.", "Go on.", "INT")


@pytest.mark.parametrize(("model", "flag"), [("", []), ("some-model", ["-m", "some-model"])])
def test_an_unknown_model_goes_as_it_is_and_none_gives_no_flag(place, model, flag):
    argv = codex.command(Request("x", model, None, UNKNOWN, place)).argv
    assert [word for word in argv if word in ("-m", model)] == flag


@pytest.mark.parametrize("session", ["a-name", "--last", "../x", T + "\n"])
def test_what_is_no_session_id_becomes_neither_argument_nor_path(place, session):
    with pytest.raises(ProviderError, match="UUID"):
        codex.command(Request("x", "", session, UNKNOWN, place))
    with pytest.raises(ProviderError, match="UUID"):
        codex.capture(session, place, place.home)
    with pytest.raises(ProviderError, match="UUID"):
        codex.restore(session, (), place, place.home)


def events_of(case):
    lines = (RECORDED / f"{case}.ndjson").read_text().splitlines()
    return [event for line in lines for event in codex.parse(line)]


def test_a_recorded_launch_is_read_whole():
    session, warning, *rest = events_of("0.169.0/fresh")
    assert isinstance(session, SessionKnown)
    assert isinstance(warning, Complained)
    assert rest == [
        TurnBegan(),
        ToolUsed("file_change", "/lab/tree/one.txt"),
        TurnBegan(),
        ToolUsed("command_execution"),
        TurnBegan(),
        Said("answer one"),
        UsageSeen(Usage(3000, 0, 0, 150), of="session"),
        Ended(True),
    ]


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("", []),
        ("not json", [Complained("not json")]),
        ("[" * 100_000, [Complained("[" * 500)]),
        ('{"type": "turn.started"}', []),
        ('{"type": "thread.started", "thread_id": "../x"}', []),
        ('{"type": "turn.completed"}', [Ended(True)]),
        ('{"type": "item.started", "item": {"type": "todo_list"}}', []),
        ('{"type": "item.completed", "item": {"type": "reasoning", "text": "hm"}}', []),
        (
            '{"type": "item.started", "item": {"type": "mcp_tool_call", "tool": "look_up"}}',
            [TurnBegan(), ToolUsed("look_up")],
        ),
        (
            '{"type": "error", "message": "Reconnecting... 1/5"}',
            [Complained("Reconnecting... 1/5")],
        ),
        (
            '{"type": "turn.completed", "usage": {"input_tokens": 1000, "cached_input_tokens": 700,'
            ' "cache_write_input_tokens": 100, "output_tokens": 10}}',
            [UsageSeen(Usage(200, 700, 100, 10), of="session"), Ended(True)],
        ),
        (
            '{"type": "turn.completed", "usage": {"output_tokens": "many"}}',
            [UsageSeen(Usage(), of="session"), Ended(True)],
        ),
    ],
)
def test_single_lines(line, events):
    assert list(codex.parse(line)) == events


@pytest.mark.parametrize(
    ("case", "asked", "verdict", "said"),
    [
        ("fresh", None, "passed", ""),
        ("resume", "the same", "passed", ""),
        ("resume", UNKNOWN, "refused", "instead"),
        ("refused", UNKNOWN, "refused", "no rollout found"),
        ("resume-overlong", "the same", "refused", "ran out of room"),
        ("resume-overlong", None, "failed", "ran out of room"),
        ("resume-bad-history", "the same", "refused", "No tool output found"),
        ("bad-key", "the same", "blocked", "CODEX_API_KEY"),
        ("no-key", "the same", "blocked", "Missing environment variable"),
        ("unreachable", "the same", "failed", "Connection failed"),
        ("login", None, "blocked", "--agent-home user"),
        ("billing", None, "blocked", "Quota exceeded"),
        ("quota", "the same", "blocked", "add credit"),
        ("rate-limit", "the same", "blocked", "Wait"),
        ("server-error", "the same", "failed", "high demand"),
        ("unknown-model", "the same", "failed", "does not exist"),
        ("killed", None, "failed", "SIGTERM"),
        ("killed-in-text", "the same", "failed", "SIGKILL"),
    ],
)
def test_recorded_endings(recorded, case, asked, verdict, said):
    judged = codex.judge(recorded(codex, f"0.169.0/{case}", asked))
    assert judged.verdict == verdict
    assert said in judged.why


NOT_CONFIGURED = 'Error: This chat uses model provider "fake", which is no longer configured\n'


@pytest.mark.parametrize(
    ("exit", "verdict", "said"),
    [
        (Exit(0, "", T, None, None), "failed", "exit code 0"),
        (Exit(1, "", T, None, Ended(True)), "failed", "exit code 1"),
        (Exit(1, "", T, None, Ended(False)), "failed", "exit code 1"),
        (Exit(1, NOT_CONFIGURED, None, T, None), "refused", "no longer configured"),
        (Exit(1, NOT_CONFIGURED, None, None, None), "failed", "no longer configured"),
        (Exit(2, "error: unexpected argument '-C'\n", None, T, None), "failed", "argument '-C'"),
        (Exit(-9, "", T, T, None, ("Reconnecting",)), "failed", "no end: Reconnecting"),
        (
            Exit(1, "", T, T, Ended(False, "bad (invalid_request_error)"), turns=1),
            "failed",
            "bad",
        ),
        (
            Exit(1, "", T, T, Ended(False, "unexpected status 413 Payload Too Large")),
            "refused",
            "413",
        ),
        (
            Exit(1, "", T, None, Ended(False, "Missing environment variable: `X_KEY`.")),
            "blocked",
            "X_KEY",
        ),
    ],
)
def test_endings_that_were_not_recorded(exit, verdict, said):
    judged = codex.judge(exit)
    assert judged.verdict == verdict
    assert said in judged.why


def test_capture_keeps_the_thread_with_its_parents_and_children(place):
    names = family(place.home)
    write(place.home / "shell_snapshots" / f"{T}.1.sh")
    write(place.home / "auth.json")
    kept = codex.capture(T, place, place.home).keep
    mine = sorted(names[thread] for thread in (T, PARENT, CHILD))
    assert kept == tuple(Keep(place.home / name, name, lines=True) for name in mine)


def test_capture_of_an_unknown_thread_keeps_nothing(place):
    family(place.home)
    assert codex.capture(UNKNOWN, place, place.home).keep == ()


def test_a_packed_rollout_is_kept_as_it_is_and_a_link_is_not(place):
    name = f"sessions/2026/11/23/rollout-2026-11-23T10-00-00-{T}.jsonl.zst"
    path = write(place.home / name)
    path.with_name(name.rsplit("/")[-1].removesuffix(".zst")).symlink_to(path)
    assert codex.capture(T, place, place.home).keep == (Keep(path, name),)


def test_restore_puts_the_family_into_an_empty_home(place, tmp_path):
    kept = tmp_path / "kept"
    names = family(kept)
    del names[OTHER]
    restore = codex.restore(T, tuple(names.values()), place, kept)
    assert restore.clear == ()
    assert {put.target for put in restore.put} == {place.home / name for name in names.values()}


def test_restore_clears_what_later_attempts_made_and_leaves_the_forks_source(place, tmp_path):
    kept = tmp_path / "kept"
    family(kept)
    later = rollout(place.home, T, "2026/11/24", forked_from_id=PARENT)
    rollout(place.home, PARENT, "2026/11/20")
    child = rollout(place.home, UNKNOWN, parent_thread_id=T)
    rollout(place.home, OTHER)
    names = tuple(keep.name for keep in codex.capture(T, _at(kept, place), kept).keep)
    restore = codex.restore(T, names, place, kept)
    assert set(restore.clear) == {place.home / later, place.home / child}
    assert sorted(put.source.name[-41:-6] for put in restore.put) == sorted([CHILD[1:], T[1:]])


def _at(home, place):
    return Place(home, place.cwd, own=True, environ={})


@pytest.mark.parametrize(
    "name", ["auth.json", f"sessions/../rollout-1-{T}.jsonl", f"/sessions/rollout-1-{T}.jsonl"]
)
def test_a_name_that_was_never_kept_is_not_put_back(place, name):
    assert codex.restore(T, (name,), place, place.home).put == ()


def test_the_home_is_moved_when_it_is_the_runs_own(place):
    assert codex.environment(place) == {"CODEX_HOME": str(place.home)}
    users = Place(place.home, place.cwd, own=False, environ={})
    assert codex.environment(users) == {}
    moved = Place(place.home, place.cwd, own=False, environ={"CODEX_HOME": "/c"})
    assert codex.environment(moved) == {"CODEX_HOME": "/c"}


def test_openais_key_and_url_are_lent_together(place):
    lent = with_environ(place, OPENAI_API_KEY="sk-1", OPENAI_BASE_URL="http://x/v1")
    assert codex.environment(lent)["CODEX_API_KEY"] == "sk-1"
    argv = codex.command(Request("x", "", T, UNKNOWN, lent)).argv
    assert 'openai_base_url="http://x/v1"' in argv
    assert "sk-1" not in " ".join(argv)


@pytest.mark.parametrize("own", [True, False])
def test_the_users_plugins_stay_on_in_the_users_home(place, own):
    there = Place(place.home, place.cwd, own, environ={})
    argv = codex.command(Request("x", "", None, UNKNOWN, there)).argv
    assert ("features.plugins=false" in argv) is own


@pytest.mark.parametrize(
    "environ",
    [
        {"OPENAI_API_KEY": "sk-1", "CODEX_API_KEY": "sk-2", "OPENAI_BASE_URL": "http://x"},
        {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://me:secret@x"},
        {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://secret@x"},
        {"OPENAI_BASE_URL": "http://x"},
        {"OPENAI_API_KEY": "sk-1"},
    ],
)
def test_the_url_of_another_key_or_with_a_password_is_not_passed(place, environ):
    argv = codex.command(Request("x", "", None, UNKNOWN, with_environ(place, **environ))).argv
    assert "openai_base_url" not in " ".join(argv)


def test_a_login_in_the_users_home_is_not_overruled(place):
    write(place.home / "auth.json")
    users = Place(place.home, place.cwd, own=False, environ={"OPENAI_API_KEY": "sk-1"})
    assert "CODEX_API_KEY" not in codex.environment(users)


CONFIG = """
[model_providers.a]
env_key = "A_KEY"
[model_providers.b]
env_http_headers = { "X-Team" = "B_TEAM", "X-Host" = "GITHUB_TOKEN", "X-None" = "NOT_SET" }
"""


def test_the_variables_that_its_configuration_names_are_handed_on(place, tmp_path):
    write(tmp_path / ".codex" / "config.toml", CONFIG)
    env = codex.environment(with_environ(place, A_KEY="a", B_TEAM="b", C_KEY="c", GITHUB_TOKEN="t"))
    assert env == {"CODEX_HOME": str(place.home), "A_KEY": "a", "B_TEAM": "b"}


@pytest.mark.parametrize("text", ["not [toml", "model_providers = 3", "[model_providers]\na = 1"])
def test_an_odd_configuration_names_nothing(place, tmp_path, text):
    write(tmp_path / ".codex" / "config.toml", text)
    assert codex.environment(place) == {"CODEX_HOME": str(place.home)}


def test_settings_are_copied_into_a_home_of_the_runs_own_only(place, tmp_path):
    assert codex.settings(place) == ()
    source = write(tmp_path / "moved" / "config.toml")
    moved = with_environ(place, CODEX_HOME=str(source.parent))
    (put,) = codex.settings(moved)
    assert (put.source, put.target) == (source, place.home / "config.toml")
    users = Place(source.parent, place.cwd, own=False, environ=moved.environ)
    assert codex.settings(users) == ()


@pytest.mark.parametrize("nested", [True, False])
def test_the_program_behind_npms_wrapper_is_found(tmp_path, nested):
    packages = tmp_path / "node_modules" / "@openai"
    wrapper = write(packages / "codex" / "bin" / "codex.js")
    below = packages / "codex" / "node_modules" / "@openai" if nested else packages
    program = below / f"codex-{codex._platform()}" / "vendor" / "some-triple" / "bin" / "codex"
    link = tmp_path / "codex"
    link.symlink_to(wrapper)
    assert codex.native(link) == link
    write(program).chmod(0o755)
    assert codex.native(link) == program
    assert codex.native(program) == program
