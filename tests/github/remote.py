"""The repository on the server: real git by HTTP, and GitHub's stand-in over the same folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..system.served import Server, git
from .state import State


@dataclass
class Remote:
    """`bare` is what was pushed; `checkout` what a job finds, which has the same commits."""

    bare: Path
    checkout: Path
    github: State
    server: Server

    def begin(self, *branches: str) -> str:
        """These branches are on the checkout's commit, which is told."""
        places = [f"HEAD:refs/heads/{name}" for name in branches]
        git(self.checkout, "push", "-q", "--force", str(self.bare), *places)
        return git(self.checkout, "rev-parse", "HEAD")

    def shown(self, branch: str, path: str) -> str:
        return git(self.bare, "show", f"{branch}:{path}")

    def head(self, branch: str) -> str:
        return git(self.bare, "rev-parse", branch)

    def changed(self, branch: str, base: str) -> list[str]:
        return git(self.bare, "diff", "--name-only", base, branch).splitlines()

    @property
    def variables(self) -> dict[str, str]:
        """Of a server that GitHub's own clients do not take for an Enterprise Server."""
        return {"GITHUB_SERVER_URL": f"http://github.localhost:{self.server.server_port}"}

    @property
    def ours(self) -> list[dict]:
        """Pull requests that the action has opened."""
        return [each for each in self.github.pulls if each["user"]["login"].endswith("[bot]")]


@contextmanager
def remote_of(checkout: Path, github: State, root: Path) -> Iterator[Remote]:
    """For the repository of that stand-in."""
    bare = root / github.full_name
    bare.mkdir(parents=True)
    git(bare, "init", "-q", "--bare")
    git(bare, "config", "core.logAllRefUpdates", "always")
    github.git = str(bare)
    with Server(root) as server:
        server.logins = github.tokens
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Remote(bare, checkout, github, server)
        finally:
            server.shutdown()
            thread.join()
