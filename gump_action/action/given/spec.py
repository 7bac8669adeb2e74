"""The spec of a run as a file; text from outside is only ever content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from gump_action import templating
from gump_action.action.job.place import Place
from gump_action.errors import InputError
from gump_action.host import places
from gump_action.host.api import Api, Connection
from gump_action.host.event import Event
from gump_action.host.inputs import Inputs
from gump_action.host.spec.gathering import gather
from gump_action.host.spec.text import spec_of
from gump_action.workflow import loader

AUTO = "auto"
"""The value of the input `spec` that has it made out of the event."""


def is_auto(asked: Inputs) -> bool:
    return asked.spec.strip() == AUTO


def as_made(asked: Inputs, digest: str) -> Inputs:
    """The inputs in a later step: where a spec was made, that one is meant, whatever they say."""
    return replace(asked, spec=AUTO, spec_file="") if digest else asked


def spec_file(asked: Inputs, here: Place, folder: Path) -> Path | None:
    """The file that has the spec; None where none was given.  `folder` is the working directory."""
    if asked.spec_file:
        return folder / asked.spec_file
    if is_auto(asked):
        return here.spec
    return _written(asked.spec, here) if asked.spec else None


@dataclass(frozen=True)
class Made:
    """`digest` is that of the file (sha256), `lines` are for the log."""

    digest: str
    lines: tuple[str, ...]


def make_spec(asked: Inputs, here: Place, event: Event, connection: Connection) -> Made:
    """Writes the spec of this event for the steps that follow.

    Templates and workflow are those of the checkout that was judged, as the run finds them: called
    in the working directory, which may be a folder of it.
    """
    project = places.repository(Path())
    overrides = templating.read_overrides(project / ".gump" / "templates")
    workflow = loader.load(loader.find_workflow(asked.workflow, project)).workflow
    with Api(connection) as github:
        occasion = gather(event, github.sources(), task=workflow.description)
    text = spec_of(occasion, overrides, draw=_words_of(event.job.run_id))
    return Made(_digest(_written(text, here)), (*occasion.notes, *occasion.troubles))


def check(asked: Inputs, here: Place, digest: str) -> None:
    """The spec is what was made of the event: earlier steps of the job can write to its file."""
    if is_auto(asked) and (not here.spec.is_file() or _digest(here.spec) != digest):
        raise InputError(
            f"{here.spec} is not the spec that was made of the event, so something in this job has "
            "changed it, and nothing is run.",
            hint="Look for what an earlier step of this job has left running.",
        )


def _written(text: str, here: Place) -> Path:
    here.spec.parent.mkdir(parents=True, exist_ok=True)
    here.spec.write_text(text, encoding="utf-8", errors="surrogateescape")
    return here.spec


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _words_of(run_id: str) -> Callable[[], str]:
    """The same words in each attempt of a host run, so that a re-run gives the same spec.

    They need not be secret: a word that is in a text is never taken.
    """
    numbers = count()

    def draw() -> str:
        return hashlib.sha256(f"gump fence {run_id} {next(numbers)}".encode()).hexdigest()[:16]

    return draw
