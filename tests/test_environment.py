"""What children are given of the environment, and what they never are."""

import pytest

from gump_action.environment import (
    check_named,
    for_agent,
    for_children,
    for_gate,
    for_git,
    held_back,
)
from gump_action.errors import InputError

WHERE = {"run": "r1", "step": "build/red/impl", "attempt": 3}
ADDRESS = {"GUMP_RUN": "r1", "GUMP_STEP": "build/red/impl", "GUMP_ATTEMPT": "3"}

GIVEN = """
    PATH HOME USER LOGNAME SHELL TMPDIR TEMP TZ LANG LANGUAGE LC_ALL LC_CTYPE TERM CI HTTP_PROXY
    https_proxy no_proxy ALL_PROXY SSL_CERT_FILE NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE JAVA_HOME
    JAVA_HOME_17_X64 VIRTUAL_ENV CARGO_HOME RUSTUP_HOME GOPATH GOROOT GOROOT_1_22_X64 NVM_DIR
    PYENV_ROOT pythonLocation DOTNET_ROOT ANDROID_HOME GEM_HOME LD_LIBRARY_PATH CHROME_BIN
    PIP_INDEX_URL GOPROXY
""".split()  # noqa: SIM905  a list of words is read more easily
HELD = """
    GITHUB_TOKEN GH_TOKEN GITHUB_OUTPUT GITHUB_ENV GITHUB_PATH GITHUB_STATE GITHUB_STEP_SUMMARY
    GITHUB_ACTIONS GITHUB_WORKSPACE ACTIONS_RUNTIME_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL RUNNER_TEMP
    RUNNER_TOOL_CACHE GIT_DIR GIT_CONFIG_COUNT GIT_SSH_COMMAND GIT_ASKPASS LD_PRELOAD LD_AUDIT
    DYLD_INSERT_LIBRARIES BASH_ENV ENV PYTHONSTARTUP PYTHONPATH NODE_OPTIONS SSH_AUTH_SOCK
    ANTHROPIC_API_KEY OPENAI_API_KEY AWS_SECRET_ACCESS_KEY GOOGLE_APPLICATION_CREDENTIALS
    DATABASE_URL NPM_CONFIG_USERCONFIG GUMP_STATE_KEY INPUT_STATE-KEY GUMP_RUN PWD OLDPWD
    PATHS MY_PATH path LCALL JAVA_HOMES XDG_CONFIG_HOME DOCKER_HOST
""".split()  # noqa: SIM905  a list of words is read more easily


@pytest.mark.parametrize("name", GIVEN)
def test_children_are_given(name):
    assert for_children({name: "/some/value"}) == {name: "/some/value"}


@pytest.mark.parametrize("name", HELD)
def test_children_are_not_given(name):
    assert for_children({name: "/some/value"}) == {}


@pytest.mark.parametrize("name", HELD)
def test_git_is_not_given(name):
    assert for_git({name: "/some/value"}) == {}


def test_a_mirror_with_a_login_is_held_back_but_a_proxy_is_given():
    environ = {
        "PIP_INDEX_URL": "https://me:pass@mirror/simple",
        "GOPROXY": "https://tok@proxy,direct",
        "UV_INDEX_URL": "https://mirror/@scope/simple",
        "https_proxy": "http://me:pass@proxy:8080",
    }
    assert set(for_children(environ)) == {"UV_INDEX_URL", "https_proxy"}


def test_git_gets_nothing_but_what_it_needs():
    environ = dict.fromkeys([*GIVEN, *HELD], "x")
    needs = {"PATH", "HOME", "TMPDIR", "TEMP", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE"}
    assert set(for_git(environ)) == needs


def test_a_gate_gets_what_the_workflow_names_and_its_address():
    environ = {"PATH": "/bin", "DATABASE_URL": "db", "OTHER": "x", "ANTHROPIC_API_KEY": "k"}
    named = [("DATABASE_URL", None), ("NODE_ENV", "test"), ("EMPTY", ""), ("NOT_SET", None)]
    assert for_gate(environ, named=named, **WHERE) == {
        "PATH": "/bin",
        "DATABASE_URL": "db",
        "NODE_ENV": "test",
        "EMPTY": "",
        **ADDRESS,
    }


def test_a_workflow_may_set_what_the_allow_list_gives():
    assert for_gate({"CI": "true"}, named=[("CI", "")], **WHERE)["CI"] == ""


def test_named_pairs_may_come_from_a_generator():
    given = for_gate({"A": "a"}, named=((name, None) for name in "AB"), **WHERE)
    assert given == {"A": "a", **ADDRESS}


def test_an_agent_also_gets_what_its_provider_lists():
    environ = {"HOME": "/me", "ANTHROPIC_API_KEY": "k", "CLAUDE_CODE_X": "1", "OPENAI_API_KEY": "o"}
    given = for_agent(
        environ, passed=["ANTHROPIC_API_KEY", "CLAUDE_CODE_*"], added={"A": "b"}, named=[], **WHERE
    )
    assert given == {
        "HOME": "/me",
        "ANTHROPIC_API_KEY": "k",
        "CLAUDE_CODE_X": "1",
        "A": "b",
        **ADDRESS,
    }


def test_the_workflow_outranks_the_job_and_the_provider_outranks_the_workflow():
    given = for_agent(
        {"BASE_URL": "job", "CODEX_HOME": "job"},
        passed=["BASE_URL", "CODEX_HOME"],
        added={"CODEX_HOME": "provider", "GUMP_RUN": "provider"},
        named=[("BASE_URL", "workflow"), ("CODEX_HOME", None)],
        **WHERE,
    )
    assert given == {"BASE_URL": "workflow", "CODEX_HOME": "provider", **ADDRESS}


@pytest.mark.parametrize("passed", ["*", "G*", "GITHUB_TOKEN", "ACTIONS_*"])
def test_no_provider_brings_in_the_platform_s_tokens(passed):
    environ = dict.fromkeys(
        "GITHUB_TOKEN GH_TOKEN GITHUB_OUTPUT ACTIONS_RUNTIME_TOKEN GIT_DIR GUMP_STATE_KEY".split(),  # noqa: SIM905
        "x",
    )
    assert for_agent(environ, passed=[passed], added={}, named=[], **WHERE) == ADDRESS


def test_the_github_token_is_given_to_who_names_it():
    environ = {"GITHUB_TOKEN": "t"}
    assert for_gate(environ, named=[("GITHUB_TOKEN", None)], **WHERE) == {**environ, **ADDRESS}


@pytest.mark.parametrize(
    "name",
    ["ACTIONS_RUNTIME_TOKEN", "GITHUB_OUTPUT", "GITHUB_ENV", "GUMP_STATE_KEY", "GUMP_RUN"],
)
def test_a_workflow_that_names_it_is_refused(name):
    for asked in (check_named, lambda named: for_gate({name: "x"}, named=named, **WHERE)):
        with pytest.raises(InputError, match=name):
            asked([("FINE", None), (name, None)])


def test_a_value_of_the_workflow_s_own_is_no_leak():
    check_named([("GITHUB_OUTPUT", "/tmp/out"), ("ACTIONS_STEP_DEBUG", "true")])
    with pytest.raises(InputError, match="GUMP_RUN"):
        check_named([("GUMP_RUN", "mine")])


def test_what_was_held_back_is_said_without_the_platform_and_the_dull():
    dull = ["PWD", "OLDPWD", "SHLVL", "_", "ImageOS", "STATS_D"]
    platform = ["GITHUB_SHA", "ACTIONS_X", "RUNNER_OS", "GUMP_X", "INPUT_AGENT"]
    names = ["PATH", "MY_FLAG", "ANTHROPIC_API_KEY", "LD_PRELOAD", *dull, *platform]
    environ = dict.fromkeys(names, "x")
    assert held_back(environ, ["PATH"]) == ("ANTHROPIC_API_KEY", "LD_PRELOAD", "MY_FLAG")
