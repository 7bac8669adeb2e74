"""One host run has one list of artifacts: the storage's, as GitHub's REST API shows it."""

from ..github.state import State
from .storage.server import Storage


def show_artifacts(storage: Storage, github: State, run_id: int = 77) -> None:
    """To be called between two attempts. Hidden ones are in no list, as after "re-run all"."""
    github.artifacts.clear()
    github.blobs.clear()
    for artifact in storage.artifacts(run_id):
        github.add_artifact(artifact.name, artifact.path.read_bytes(), run_id)
