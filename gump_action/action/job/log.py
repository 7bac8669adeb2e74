"""What a step of action.yml says: lines in its log, annotations, and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gump_action.host import actions
from gump_action.host.actions import Stream


@dataclass(frozen=True)
class Log:
    """`stream` is the step's log.  Nothing that is said can be taken for a command of ours."""

    environ: Mapping[str, str]
    stream: Stream

    def say(self, text: str) -> None:
        self.stream.write(actions.printable(self.environ, text) + "\n")

    def warn(self, text: str) -> None:
        """On the page of the host run as well."""
        actions.warning(self.stream, text)

    def outputs(self, values: Mapping[str, str]) -> None:
        file = self.environ.get("GITHUB_OUTPUT")
        if file:
            actions.set_outputs(Path(file), values)

    def summary(self, text: str) -> None:
        file = self.environ.get("GITHUB_STEP_SUMMARY")
        if file:
            actions.append_summary(Path(file), text)
