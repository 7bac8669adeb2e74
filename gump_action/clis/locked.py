"""The agents' CLIs at the versions that were tried: what is installed, and what `doctor` compares.

The folder of each, beside this file, holds npm's lock of it; `scripts/agents --lock` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILES = ("package.json", "package-lock.json")
_NUMBER = re.compile(r"\d+(?:\.\d+)+\S*")


@dataclass(frozen=True)
class Cli:
    """One provider's CLI.

    `node` is the least Node, by its first number, with which it installs and runs.  `finish` is
    the script of its package that has to run after `npm ci --ignore-scripts`.  `folder` holds the
    `FILES` for npm.
    """

    provider: str
    program: str
    package: str
    version: str
    node: int
    folder: Path
    finish: str = ""

    @property
    def install(self) -> str:
        """How a person installs it, one line."""
        newer = f" (Node {self.node} or newer)" if self.node > _COMMON_NODE else ""
        return f"npm install -g {self.package}@{self.version}{newer}"


_COMMON_NODE = 20


def _cli(
    name: str, package: str, version: str, *, node: int = _COMMON_NODE, finish: str = ""
) -> Cli:
    return Cli(name, name, package, version, node, Path(__file__).with_name(name), finish)


# Claude's package asks for Node 22, but its program is no JavaScript, and Node 20 installs it.
# Both scripts put the program where a stub lies.
CLIS: Mapping[str, Cli] = {
    cli.provider: cli
    for cli in (
        _cli("claude", "@anthropic-ai/claude-code", "2.1.330", finish="install.cjs"),
        _cli("codex", "@openai/codex", "0.169.0"),
        _cli("gemini", "@google/gemini-cli", "0.61.0"),
        _cli("qwen", "@qwen-code/qwen-code", "0.24.4", node=22),
        _cli("opencode", "opencode-ai", "1.18.33", finish="postinstall.mjs"),
    )
}
"""By provider.  Cursor's is on no registry, and `scripted` is ours."""


def number_in(said: str) -> str:
    """The version in what `--version` printed first; empty where there is none."""
    first = (said.strip().splitlines() or [""])[0]
    number = _NUMBER.search(first)
    return number[0] if number else ""
