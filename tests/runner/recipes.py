"""An example in a real runner: its files as they are, on both sides.

Only the agents' names are others: `claude-haiku` is `scripted-haiku`, which plays a script.
"""

import json

import pytest

from ..example_files import EXAMPLES, FILES, GATES, NO_GATES
from ..github.remote import remote_of
from .act import Trigger, make_repository
from .told import KEY

CODE = {
    "answer.py": "ANSWER = 42\n",
    "test_answer.py": "from answer import ANSWER\nassert ANSWER\n",
}


def files_of(name, script):
    found = [path for path in (EXAMPLES / name).rglob("*.y*ml")]
    texts = {path.relative_to(EXAMPLES / name).as_posix(): path.read_text() for path in found}
    workflow = f".gump/workflows/{FILES[name].name}"
    texts[workflow] = texts[workflow].replace("claude-", "scripted-").replace(NO_GATES, GATES)
    return texts | {".gump/scripted.json": json.dumps(script)}


def steps_of(run, job):
    """Those of action.yml that were run there; not every example gives its use of it an id."""
    return {path.rpartition(".")[2] for path in run.of(job).steps}


@pytest.fixture
def ground(bed, action, github, github_server, tmp_path):
    """`make(name, script)` puts an example on both sides; `play(event, told)` is a host run."""
    github.permissions |= {"alice": "write"}
    with remote_of(tmp_path / "repository", github, tmp_path / "served") as remote:

        def make(name, script, files=CODE):
            make_repository(remote.checkout, files | files_of(name, script))
            remote.workflow = f".github/workflows/{name}.yml"
            return remote.begin("main", "topic")

        def play(event, told, **how):
            variables = {**remote.variables, **KEY, "SHA_REF": remote.head("main")}
            of_pull = event.startswith("pull_request")
            run = bed.run(
                remote.checkout,
                action,
                Trigger(
                    event=event,
                    payload=told,
                    ref="refs/pull/7/merge" if of_pull else "refs/heads/main",
                    workflow=remote.workflow,
                    api_url=github_server.url,
                    env=variables,
                    **how,
                ),
            )
            assert run.code == 0, run.log
            return run

        remote.make, remote.play = make, play
        yield remote
