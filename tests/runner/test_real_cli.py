"""A real agent's CLI: the action installs it on two machines, and the second remembers the first.

Gemini CLI is the lightest of the five. Its model is ours, on loopback: what that was asked is what
is believed. npm asks the registry that this machine has set.
"""

import os
import re
import shutil
import subprocess

import pytest

from gump_action import installing
from gump_action.clis.locked import CLIS

from ..agents.models import ModelServer, talk_of
from .act import Trigger, make_repository
from .conftest import HOST
from .storage.server import storage_at
from .told import launches

CLI = CLIS["gemini"]
KEY = "gemini-key-0123456789abcdefghijklmnop"
# What a user writes. A runner has a folder for tools, which act only names; mkdir fails where one
# is there, and so nothing can be installed in it.
BEFORE, USES, WITH = "      - id: gump\n", "        uses: gump/action@v1\n", "workflow: fix\n"
NO_TOOLS = '      - run: mkdir "$RUNNER_TOOL_CACHE"\n'
ENV = """\
        env:
          GEMINI_API_KEY: ${{ secrets.GEMINI_API_KEY }}
          GOOGLE_GEMINI_BASE_URL: MODEL_URL
"""
OPTIONS = "          state: cache\n          install-agents: 'true'\n"
HOST = HOST.replace(BEFORE, NO_TOOLS + BEFORE).replace(USES, USES + ENV)
HOST = HOST.replace(WITH, WITH + OPTIONS)
WORKFLOW = """\
name: fix
steps:
  - name: impl
    agent: gemini-2.5-flash
    session: reuse-on-retry
    prompt: "Do TASK-ONE: {spec}"
    gate: ['bash: grep -q good one.txt || { echo GATE-SAYS-$(cat one.txt); exit 1; }']
"""
ASKED, ANSWER, EVIDENCE = "Do TASK-ONE", "ANSWER-ONE", "GATE-SAYS-bad"
AGAIN = "Your last attempt failed"
BAD, GOOD = [{"write": "one.txt", "text": f"{word}\n"} for word in ("bad", "good")]
SCRIPT = [
    {"on": ASKED, "turns": [BAD, {"say": ANSWER}]},
    {"on": EVIDENCE, "turns": [GOOD, {"say": "Now it is good."}]},
]
MARKS = re.compile("|".join((ASKED, ANSWER, AGAIN, EVIDENCE)))


def npm_variables():
    """Where packages come from here: in a job HOME is another, and the settings in it are."""
    command = ["npm", "config", "get", "registry", "cafile"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = dict(line.split("=", 1) for line in said.split())
    own = {k: v for k, v in os.environ.items() if k == "NODE_EXTRA_CA_CERTS"}
    own |= {"NPM_CONFIG_CAFILE": found["cafile"]} if found["cafile"] != "null" else {}
    return own | {"NPM_CONFIG_REGISTRY": found["registry"]}


def older_cli(folder):
    """A PATH with another version, which is no use: what this machine may have is not met."""
    folder.mkdir()
    program = folder / CLI.program
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo 0.0.1\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def leave(run):
    """The machine is gone, but for what the test looks at."""
    (run.kept.parent / "cache/tool_cache").rename(run.kept / "tools")
    for name in ("cache", "home"):
        shutil.rmtree(run.kept.parent / name)


@pytest.fixture(scope="module")
def lasting_bed(make_bed, tmp_path_factory):
    with storage_at(tmp_path_factory.mktemp("storage")) as storage:
        bed = make_bed(storage)
        yield bed
        bed.end()


@pytest.fixture(scope="module")
def ran(lasting_bed, action, tmp_path_factory):
    """Of both attempts of the job: (it, what the model was asked meanwhile)."""
    base = tmp_path_factory.mktemp("real")
    how = {"event": "workflow_dispatch", "payload": {"inputs": {"spec": "Make it good"}}}
    how |= {"secrets": {"GEMINI_API_KEY": KEY}, "env": npm_variables()}
    how |= {"path": older_cli(base / "older")}
    with ModelServer(SCRIPT, base / "asked") as models:
        files = {".gump/workflows/fix.yaml": WORKFLOW}
        files |= {".github/workflows/gump.yml": HOST.replace("MODEL_URL", models.url)}

        def attempt(number):
            repository = make_repository(base / f"repository-{number}", files)
            known = len(models.requests())
            run = lasting_bed.run(repository, action, Trigger(attempt=number, **how))
            leave(run)
            return run, models.requests()[known:]

        return attempt(1), attempt(2)


@pytest.mark.parametrize("number", [1, 2])
def test_each_machine_gets_the_locked_cli_by_the_actions_own_step(ran, number):
    run, asked = ran[number - 1]
    assert run.steps["gump.agents"] == "success", run.log
    folder = installing.folder_name(CLI)
    said = f"installing gemini {CLI.version} ({CLI.package}) into "
    assert re.search(f"{re.escape(said)}.*/tool_cache/gump-action/{folder}; 0.0.1 is ", run.log)
    assert installing.is_whole(run.kept / "tools/gump-action" / folder)
    assert {request["key"] for request in asked} == {KEY}


def test_the_second_attempt_goes_on_where_the_first_has_failed(ran):
    (first, _), (second, _) = ran
    assert first.steps["gump.run"] == "failure"
    assert first.outputs["gump.status"] == "failed"
    assert launches(first) == ["impl#1"]
    assert second.steps["gump.run"] == "success", second.log
    assert second.outputs["gump.status"] == "passed"
    assert second.outputs["gump.resumed-from"] == "the cache"
    assert second.outputs["gump.run-id"] == first.outputs["gump.run-id"]
    assert launches(second) == ["impl#1", "impl#2"]
    assert (second.kept / "tree/one.txt").read_text() == "good\n"


def test_the_model_is_asked_with_the_conversation_of_the_other_machine(ran):
    (first, began), (second, went_on) = ran
    assert marks(began[0]) == [("user", ASKED)]
    new = [("user", words) for words in (ASKED, AGAIN, EVIDENCE)]
    assert marks(went_on[0]) == marks(went_on[-1]) == [("user", ASKED), ("model", ANSWER), *new]
    there, here = folder_of(first), folder_of(second)
    assert there != here
    assert f"{there}/one.txt" in said(went_on[0], "call")
    assert f"The working directory is now {here};" in said(went_on[0], "user")


def marks(request):
    """Who said which of the words that tell, in their order."""
    return [(who, mark) for who, text in talk_of(request) for mark in MARKS.findall(text)]


def said(request, by):
    return "\n".join(text for who, text in talk_of(request) if who == by)


def folder_of(run):
    """Where the job worked."""
    (line,) = re.findall("^GITHUB_WORKSPACE=(.*)$", (run.kept / "env").read_text(), re.M)
    return line
