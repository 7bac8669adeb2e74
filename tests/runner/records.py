"""What act says with --json, one record a line, as the tests look at it."""

import json
from dataclasses import dataclass
from pathlib import Path

Record = dict


@dataclass(frozen=True)
class Annotation:
    level: str
    text: str
    places: dict[str, str]


@dataclass(frozen=True)
class HostRun:
    """One attempt of a host workflow. A step that did not run is in no table.

    Steps have the name of their path: `gump.run` is the step `run` of the action that `gump` uses.
    """

    code: int
    records: tuple[Record, ...]
    kept: Path

    def of(self, job: str, **matrix: object) -> "HostRun":
        """The same of one job, or of one leg of it."""
        fits = [r for r in self.records if r.get("jobID") == job]
        fits = [r for r in fits if matrix.items() <= (r.get("matrix") or {}).items()]
        return HostRun(self.code, tuple(fits), self.kept)

    @property
    def log(self) -> str:
        return "\n".join(record.get("msg", "") for record in self.records)

    @property
    def steps(self) -> dict[str, str]:
        main = [r for r in self.records if r.get("stage") == "Main" and "stepResult" in r]
        return {path_of(record): record["stepResult"] for record in main}

    @property
    def jobs(self) -> dict[str, str]:
        """Of a matrix: how the leg ended that ended last."""
        return {r["jobID"]: r["jobResult"] for r in self.records if "jobResult" in r}

    @property
    def outputs(self) -> dict[str, str]:
        said = self.commands("set-output")
        return {f"{path_of(record)}.{record['name']}": record["arg"] for record in said}

    @property
    def summary(self) -> str:
        """act repeats that of a composite's last step on the step that used it."""
        inner = [r for r in self.commands("summary") if len(r["stepID"]) > 1]
        return "".join(record["content"] for record in inner)

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        said = self.commands("error", "warning", "notice")
        return tuple(Annotation(r["command"], r["arg"], r.get("kvPairs") or {}) for r in said)

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(note.text for note in self.annotations if note.level == "error")

    def commands(self, *names: str) -> list[Record]:
        return [record for record in self.records if record.get("command") in names]


def path_of(record: Record) -> str:
    return ".".join(record["stepID"])


def read_records(code: int, text: str, kept: Path) -> HostRun:
    """The last line of a failed run is no JSON."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    return HostRun(code, tuple(json.loads(line) for line in lines), kept)
