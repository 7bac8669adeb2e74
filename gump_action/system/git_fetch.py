"""Brings one commit from a server. The login stands in no command line and in no file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gump_action.errors import InputError
from gump_action.system.git import ALONE, Git

# No other host is followed to, and nothing but the web's protocols is spoken.
SETTINGS = {
    "http.followRedirects": "false",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "safe.directory": "*",
}


def fetch_commit(
    checkout: Path,
    url: str,
    commit: str,
    *,
    header: str,
    env: Mapping[str, str],
    is_alone: bool = False,
) -> str:
    """The commit with its files is in the checkout afterwards; refs and configuration stay.

    `is_alone` leaves its history where it is, and is for a folder of our own: no configuration of
    user or machine, which an agent could have written, says by which proxy the login goes.

    `header` is a whole HTTP header (`Authorization: basic …`), sent to this address alone; one that
    the configuration has for it is not sent too. Gives why it did not work, empty where it did.
    """
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit):
        raise InputError(f"{commit!r} is no commit, so it cannot be fetched.")
    check_address(url, header)
    around = {**login_for(url, header), **authority(env), **(ALONE if is_alone else {})}
    git = Git(checkout, env, settings=SETTINGS).with_env(**around)
    code, _, said = git.try_run(
        "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
        *_how(git, commit, is_alone=is_alone), "--", url, commit,
    )  # fmt: skip
    return (said.strip() or f"git fetch ended with {code}") if code else ""


def check_address(url: str, header: str) -> None:
    """Raises InputError for what is no address on the web, or has a login in it."""
    if not re.fullmatch(r"https?://[^@\s]+", url) or "\n" in header:
        raise InputError(f"{url!r} is no address of a repository without a login in it.")


def login_for(url: str, header: str) -> dict[str, str]:
    """Variables by which git sends this header to this address, and no other login."""
    # An empty value forgets those that were before: two logins in one request are refused.
    name = f"http.{url}.extraHeader"
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": name,
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": name,
        "GIT_CONFIG_VALUE_1": header,
    }


def authority(env: Mapping[str, str]) -> dict[str, str]:
    """The one variable of git's own that says whom to trust; the door takes all of them away."""
    return {name: env[name] for name in ("GIT_SSL_CAINFO",) if name in env}


def _how(git: Git, commit: str, *, is_alone: bool) -> list[str]:
    # In a clone with all its history a depth would cut that off. A commit that is here, and yet
    # wanted, is that of a partial clone without its files: git would take it for whole.
    is_shallow = git.text("rev-parse", "--is-shallow-repository") == "true"
    is_here = git.try_run("cat-file", "-e", f"{commit}^{{tree}}")[0] == 0
    return ["--depth=1"] * (is_shallow or is_alone) + ["--refetch"] * is_here
