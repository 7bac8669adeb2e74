"""The repository of this job, as git reaches it on GitHub's server."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gump_action import environment
from gump_action.host.said.facts import server_of
from gump_action.system import git_fetch, git_push
from gump_action.system.git_push import NotPushed, Push, Pushed


@dataclass(frozen=True)
class Remote:
    """`token` stands in a header that git sends to this one address, and in no file."""

    environ: Mapping[str, str]
    token: str = field(repr=False)

    def fetch(self, folder: Path, commit: str, *, is_alone: bool = False) -> str:
        """Why the commit could not be brought into the folder; empty where it was."""
        return git_fetch.fetch_commit(
            folder, self._url, commit, header=self._header, env=self._env, is_alone=is_alone
        )

    def push(self, folder: Path, push: Push) -> Pushed | NotPushed:
        return git_push.push(folder, self._url, push, header=self._header, env=self._env)

    @property
    def _url(self) -> str:
        return f"{server_of(self.environ)}/{self.environ.get('GITHUB_REPOSITORY', '')}"

    @property
    def _header(self) -> str:
        login = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return f"Authorization: basic {login}" if self.token else ""

    @property
    def _env(self) -> Mapping[str, str]:
        return environment.for_git_on_network(self.environ)
