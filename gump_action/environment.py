"""Which variables the children of a run are given: pure functions over a mapping.

Agents and gates get an allow-list and what the workflow names; an agent also gets what its provider
lists.  `PWD` is left to who starts the child, for it must be the child's folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from gump_action.errors import InputError

Named = Iterable[tuple[str, str | None]]

_WHO_AND_WHERE = "PATH HOME USER LOGNAME SHELL TMPDIR TEMP TMP TZ TERM COLORTERM NO_COLOR CI"
_LOCALE = "LANG LANGUAGE LC_*"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")
_AUTHORITIES = """
    SSL_CERT_FILE SSL_CERT_DIR NIX_SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE AWS_CA_BUNDLE
    NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA NPM_CONFIG_CAFILE DENO_CERT DENO_TLS_CA_STORE PIP_CERT
    CARGO_HTTP_CAINFO UV_NATIVE_TLS UV_SYSTEM_CERTS
"""
# LD_LIBRARY_PATH is among them because actions/setup-python sets it; it gives no more power than
# PATH does.  LD_PRELOAD and its like are not.
_TOOLCHAINS = """
    JAVA_HOME JAVA_HOME_* JDK_HOME GRAALVM_HOME M2_HOME MAVEN_HOME ANT_HOME GRADLE_HOME
    GRADLE_USER_HOME KOTLIN_HOME SCALA_HOME SDKMAN_DIR LEIN_HOME
    ANDROID_HOME ANDROID_SDK_ROOT ANDROID_NDK ANDROID_NDK_HOME ANDROID_NDK_ROOT
    VIRTUAL_ENV CONDA CONDA_PREFIX CONDA_DEFAULT_ENV PYENV_ROOT PYENV_VERSION pythonLocation
    Python_ROOT_DIR Python2_ROOT_DIR Python3_ROOT_DIR PIPX_HOME PIPX_BIN_DIR POETRY_HOME
    UV_CACHE_DIR UV_PYTHON UV_PYTHON_INSTALL_DIR UV_TOOL_DIR UV_PROJECT_ENVIRONMENT PIP_CACHE_DIR
    NVM_DIR NVM_BIN NVM_INC NODE_HOME NODENV_ROOT NODENV_VERSION FNM_DIR FNM_MULTISHELL_PATH
    VOLTA_HOME N_PREFIX PNPM_HOME BUN_INSTALL DENO_DIR DENO_INSTALL DENO_INSTALL_ROOT COREPACK_HOME
    CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN
    GOPATH GOROOT GOROOT_* GOBIN GOCACHE GOMODCACHE GOTOOLCHAIN GOENV_ROOT CGO_ENABLED
    GEM_HOME GEM_PATH BUNDLE_PATH RBENV_ROOT RBENV_VERSION rvm_path
    DOTNET_ROOT DOTNET_INSTALL_DIR DOTNET_CLI_HOME NUGET_PACKAGES
    COMPOSER_HOME GHCUP_INSTALL_BASE_PREFIX STACK_ROOT CABAL_DIR OPAMROOT OPAM_SWITCH_PREFIX
    ERLANG_HOME ELIXIR_HOME MIX_HOME HEX_HOME JULIA_DEPOT_PATH FLUTTER_ROOT PUB_CACHE
    SWIFT_PATH DEVELOPER_DIR SDKROOT
    CC CXX CMAKE_PREFIX_PATH PKG_CONFIG_PATH VCPKG_ROOT VCPKG_INSTALLATION_ROOT CUDA_HOME CUDA_PATH
    LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH
    ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR HOMEBREW_PREFIX HOMEBREW_CELLAR HOMEBREW_REPOSITORY
    NIX_PATH NIX_PROFILES XDG_DATA_DIRS XDG_CONFIG_DIRS
    CHROME_BIN CHROMEWEBDRIVER EDGEWEBDRIVER GECKOWEBDRIVER SELENIUM_JAR_PATH
    PLAYWRIGHT_BROWSERS_PATH PUPPETEER_EXECUTABLE_PATH PUPPETEER_CACHE_DIR
"""
_REGISTRIES = """
    PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX
    NPM_CONFIG_REGISTRY npm_config_registry YARN_NPM_REGISTRY_SERVER
    GOPROXY GOSUMDB GOPRIVATE GONOSUMDB GONOPROXY RUSTUP_DIST_SERVER
"""
_ALLOWED = tuple(f"{_WHO_AND_WHERE} {_LOCALE} {_AUTHORITIES} {_TOOLCHAINS} {_REGISTRIES}".split())
_FOR_GIT = tuple(f"PATH HOME TMPDIR TEMP TMP {_LOCALE}".split())

_NETWORK = (
    *(*_PROXIES, *(name.lower() for name in _PROXIES)),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
)
REACH = frozenset(_NETWORK)
"""How GitHub is reached from here; our own process keeps it, for `requests` looks for it there."""

HARMLESS = frozenset({"TERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM"})
"""What our own process keeps besides what git needs: how its terminal is to be written to."""

_COMMAND_FILES = "GITHUB_ENV GITHUB_OUTPUT GITHUB_PATH GITHUB_STATE GITHUB_STEP_SUMMARY"
_NEVER = ("ACTIONS_*", *_COMMAND_FILES.split())
_OURS = ("GUMP_*",)
# What a provider's list cannot bring in, whatever its prefixes are.
_NOT_FOR_PROVIDERS = (*_NEVER, *_OURS, "GITHUB_TOKEN", "GH_TOKEN", "GIT_*", "INPUT_*", "RUNNER_*")

_PLATFORM = "GITHUB_* ACTIONS_* RUNNER_* GUMP_* INPUT_*"
_IMAGE_AND_SHELL = """
    PWD OLDPWD SHLVL _
    ACCEPT_EULA AGENT_TOOLSDIRECTORY AZURE_EXTENSION_DIR BOOTSTRAP_HASKELL_NONINTERACTIVE
    DEBIAN_FRONTEND DOTNET_MULTILEVEL_LOOKUP DOTNET_NOLOGO DOTNET_SKIP_FIRST_TIME_EXPERIENCE
    ENABLE_RUNNER_TRACING HOMEBREW_CLEANUP_PERIODIC_FULL_DAYS HOMEBREW_NO_AUTO_UPDATE
    INVOCATION_ID ImageOS ImageVersion JOURNAL_STREAM LEIN_JAR MEMORY_PRESSURE_WATCH
    MEMORY_PRESSURE_WRITE PERFLOG_LOCATION_SETTING POWERSHELL_DISTRIBUTION_CHANNEL PSModulePath
    SGX_AESM_ADDR STATS_* SYSTEMD_EXEC_PID USE_BAZEL_FALLBACK_VERSION XDG_CONFIG_HOME
    XDG_RUNTIME_DIR XDG_SESSION_* DBUS_SESSION_BUS_ADDRESS LESSOPEN LESSCLOSE LS_COLORS
"""
_DULL = tuple(f"{_PLATFORM} {_IMAGE_AND_SHELL}".split())
_LOGIN_IN_URL = re.compile(r"://[^\s/?#@]+@")


def for_children(environ: Mapping[str, str]) -> dict[str, str]:
    """What every agent and gate gets.

    A package mirror whose address holds a login is held back; a proxy is given as it is, for
    without it nothing is reached.
    """
    return {
        name: value
        for name, value in environ.items()
        if name.upper() in _PROXIES or (_is_one_of(name, _ALLOWED) and not _holds_login(value))
    }


def for_gate(
    environ: Mapping[str, str], *, named: Named, run: str, step: str, attempt: int
) -> dict[str, str]:
    """The allow-list, and what the workflow names.  Gates run what agents wrote."""
    return {
        **for_children(environ),
        **_named(environ, named),
        **_address(run, step, attempt),
    }


def for_agent(
    environ: Mapping[str, str],
    *,
    passed: Iterable[str],
    added: Mapping[str, str],
    named: Named,
    run: str,
    step: str,
    attempt: int,
) -> dict[str, str]:
    """Like a gate's, with what the provider lists (`passed`: names, or prefixes with a `*`).

    What the provider sets itself (`added`) outranks what the workflow names: an agent's home is the
    run's own, also where the workflow names a `CODEX_HOME`.
    """
    return {
        **for_children(environ),
        **_passed(environ, passed),
        **_named(environ, named),
        **added,
        **_address(run, step, attempt),
    }


def for_git(environ: Mapping[str, str]) -> dict[str, str]:
    """Nothing but what git needs: no secret, and no `GIT_*` that would move it elsewhere."""
    return {name: value for name, value in environ.items() if _is_one_of(name, _FOR_GIT)}


def for_git_on_network(environ: Mapping[str, str]) -> dict[str, str]:
    """The same, for a git that fetches: also through a proxy, and by an authority of one's own."""
    reach = {name: value for name, value in environ.items() if name in _NETWORK}
    return {**for_git(environ), **reach}


def held_back(environ: Mapping[str, str], given: Iterable[str]) -> tuple[str, ...]:
    """The names that children do not get, without the platform's own and the dull ones."""
    known = (*given, *_DULL)
    return tuple(sorted(name for name in environ if not _is_one_of(name, known)))


def why_not(name: str, value: str | None) -> str:
    """Why no child is given this variable, however it is asked for; empty where one may be.

    `value` is the workflow's own; None passes on the job's.  GITHUB_TOKEN is given to who names it.
    """
    if _is_one_of(name, _OURS):
        return (
            f"names {name}, but GUMP_* are the engine's own, and its state key is not for agents. "
            "Give the variable another name."
        )
    if value is None and _is_one_of(name, _NEVER):
        return (
            f"passes {name} on, with which an agent could act as the job itself. Take it out; a "
            "value of your own (`NAME: value`) is fine."
        )
    return ""


def check_named(named: Named) -> None:
    """Raises InputError for what no child is given; a workflow file is refused for it before."""
    for name, value in named:
        why = why_not(name, value)
        if why:
            raise InputError(f"`env` {why}")


def _named(environ: Mapping[str, str], named: Named) -> dict[str, str]:
    pairs = list(named)
    check_named(pairs)
    own = {name: environ.get(name) if value is None else value for name, value in pairs}
    return {name: value for name, value in own.items() if value is not None}


def _passed(environ: Mapping[str, str], passed: Iterable[str]) -> dict[str, str]:
    wanted = tuple(passed)
    return {
        name: value
        for name, value in environ.items()
        if _is_one_of(name, wanted) and not _is_one_of(name, _NOT_FOR_PROVIDERS)
    }


def _address(run: str, step: str, attempt: int) -> dict[str, str]:
    return {"GUMP_RUN": run, "GUMP_STEP": step, "GUMP_ATTEMPT": str(attempt)}


def _holds_login(value: str) -> bool:
    return bool(_LOGIN_IN_URL.search(value))


def _is_one_of(name: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern is the name, or ends in `*` and is its beginning."""
    names, beginnings = _split(tuple(patterns))
    return name in names or name.startswith(beginnings)


@cache
def _split(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    beginnings = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
    return frozenset(patterns), beginnings
