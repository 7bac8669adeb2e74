"""Installing with an npm and a node that behave as npm 11.19 did with the real packages.

With `--ignore-scripts` Claude Code and OpenCode leave a stub that ends with 1 until their script
has run; a digest that differs is EINTEGRITY and code 1. `scripts/agents` installs the real ones.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gump_action import installing
from gump_action.clis.locked import CLIS
from gump_action.providers import PROVIDERS
from gump_action.workflow.model import AgentStep, GateStep, Group, OnFailure, Strategy, Workflow

ROOT = Path(__file__).parents[1]
FINISHED_BY = {"@anthropic-ai/claude-code": "install.cjs", "opencode-ai": "postinstall.mjs"}

NPM = f"""#!{sys.executable}
import json, os, sys, time
from pathlib import Path
here = Path(__file__).parent
with (here / "calls").open("a") as file:
    file.write(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]) + "\\n")
if (here / "together").exists():
    until = time.monotonic() + 20
    while len((here / "calls").read_text().splitlines()) < 4 and time.monotonic() < until:
        time.sleep(0.02)
if (here / "npm-says").exists():
    sys.exit((here / "npm-says").read_text())
((package, version),) = json.loads(Path("package.json").read_text())["dependencies"].items()
assert json.loads(Path("package-lock.json").read_text())["lockfileVersion"] == 3
program = {json.dumps({cli.package: cli.program for cli in CLIS.values()})}[package]
folder = Path("node_modules", package)
folder.mkdir(parents=True)
says = (here / "says").read_text() if (here / "says").exists() else version
(folder / "real").write_text("#!/bin/sh\\necho " + says + "\\n")
(folder / "main").write_text("#!/bin/sh\\necho run the script >&2\\nexit 1\\n")
if package not in {json.dumps(FINISHED_BY)}:
    (folder / "main").write_bytes((folder / "real").read_bytes())
(folder / "main").chmod(0o755)
Path("node_modules", ".bin").mkdir()
Path("node_modules", ".bin", program).symlink_to(Path("..", package, "main"))
"""
NODE = f"""#!{sys.executable}
import sys
from pathlib import Path
if sys.argv[1:] == ["--version"]:
    print((Path(__file__).parent / "node-is").read_text())
else:
    assert sys.argv[1] == {json.dumps(FINISHED_BY)}["/".join(Path.cwd().parts[
        Path.cwd().parts.index("node_modules") + 1:])]
    Path("main").write_bytes(Path("real").read_bytes())
"""


class Machine:
    """A PATH with npm and Node alone, and what `install` said."""

    def __init__(self, folder):
        self.bin = folder / "path"
        self.where = folder / "cache"
        self.lines = []
        self.environ = {"PATH": str(self.bin), "HOME": str(folder), "TMPDIR": str(folder)}
        self.bin.mkdir()
        self.put("npm", NPM)
        self.put("node", NODE)
        self.note("node-is", "v22.23.3")

    def put(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def note(self, name, text):
        (self.bin / name).write_text(text)

    def install(self, *agents, **options):
        return installing.install(
            of(*agents), self.where, self.environ, self.lines.append, **options
        )

    def calls(self):
        path = self.bin / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def names(self):
        return sorted(path.name for path in self.where.iterdir() if path.name != ".lock")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def of(*agents):
    return Workflow(name="w", steps=tuple(AgentStep(name=a, agent=a) for a in agents))


def step(agent, *escalations, retry=1):
    strategy = tuple(Strategy(kind="escalate", agent=name) for name in escalations)
    rules = OnFailure(retry=retry, strategy=(Strategy(kind="same"), *strategy))
    return AgentStep(name=agent, agent=agent, on_failure=rules)


def version_of(folder, program):
    return installing.version(folder / program, {"PATH": ""})


REACHED = {
    "steps in their order, once": (
        (step("codex-o3"), step("claude"), step("codex")), "", "codex claude",
    ),
    "escalations": ((step("claude-haiku", "claude-opus", "gemini-pro"),), "", "claude gemini"),
    "no escalation without a retry": ((step("claude", "gemini", retry=0),), "", "claude"),
    "steps of groups": (
        (Group(name="g", steps=(Group(name="h", steps=(step("qwen"),)),)),), "", "qwen",
    ),
    "gates need none": ((GateStep(name="check", gate=()),), "", ""),
    "--agent is put on all steps, and escalations stay": (
        (step("claude", "opencode-opus"), step("gemini")), "codex-o3", "codex opencode",
    ),
    "--agent without agent steps": ((GateStep(name="check", gate=()),), "codex", ""),
    "the others": ((step("cursor-opus"), step("scripted")), "", "cursor scripted"),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "agent", "providers"), REACHED.values(), ids=REACHED)
def test_what_a_workflow_reaches(steps, agent, providers):
    assert installing.reached(Workflow(name="w", steps=steps), agent) == tuple(providers.split())


@pytest.mark.parametrize("provider", CLIS)
def test_each_cli_runs_from_the_folder_that_goes_before_path(provider, machine):
    (folder,) = machine.install(provider).path
    assert version_of(folder, CLIS[provider].program) == CLIS[provider].version
    assert [path.name for path in folder.iterdir()] == [CLIS[provider].program]
    assert folder.is_relative_to(machine.where)


def test_only_what_is_reached_is_installed(machine):
    done = machine.install("codex-o3", "gemini", "scripted")
    assert [path.parent.name.partition("-")[0] for path in done.path] == ["codex", "gemini"]
    assert done.missed == ()
    assert len(machine.names()) == 2


def test_npm_runs_without_scripts_away_from_the_repository_and_without_keys(machine):
    secret = {"ANTHROPIC_API_KEY": "sk-1", "GITHUB_TOKEN": "t", "NODE_OPTIONS": "-r ./x.js"}
    machine.environ |= secret | {"npm_config_registry": "http://localhost:1/"}
    machine.install("claude")
    ((argv, cwd, env),) = machine.calls()
    assert argv[:2] == ["ci", "--ignore-scripts"]
    assert not secret.keys() & env.keys()
    assert env["npm_config_registry"] == "http://localhost:1/"
    assert Path(cwd).is_relative_to(machine.where)


def test_the_locked_version_on_path_is_taken(machine):
    machine.put("codex", "#!/bin/sh\necho codex-cli 0.169.0\n")
    assert machine.install("codex") == installing.Installed((), ())
    assert machine.calls() == []
    assert machine.lines == [f"codex 0.169.0 is on PATH already: {machine.bin}/codex"]


@pytest.mark.parametrize("other", ["codex-cli 0.169.1", "codex-cli 0.169.0-beta.1", "none"])
def test_ours_goes_before_another_version_on_path(other, machine):
    machine.put("codex", f"#!/bin/sh\necho {other}\n")
    (folder,) = machine.install("codex").path
    assert version_of(folder, "codex") == "0.169.0"
    assert machine.lines[0].endswith(f" is on PATH: {machine.bin}/codex")


def test_a_whole_folder_is_taken_again(machine):
    first = machine.install("gemini")
    assert machine.install("gemini") == first
    assert len(machine.calls()) == 1
    assert machine.lines[1].startswith("gemini 0.61.0 was installed before")


@pytest.mark.parametrize("harm", ["stamp", "file", "cut", "empty stamp"])
def test_a_folder_that_is_not_whole_is_made_anew(harm, machine):
    (folder,) = machine.install("gemini").path
    main = folder.parent / "node_modules/@google/gemini-cli/main"
    match harm:
        case "stamp":
            (folder.parent / "whole").unlink()
        case "file":
            main.unlink()
        case "cut":
            main.write_text("")
        case "empty stamp":
            (folder.parent / "whole").write_text("")
    assert machine.install("gemini").path == (folder,)
    assert version_of(folder, "gemini") == "0.61.0"
    assert len(machine.calls()) == 2
    assert machine.names() == [folder.parent.name]


def test_what_a_cli_writes_beside_itself_does_no_harm(machine):
    (folder,) = machine.install("gemini").path
    (folder.parent / "node_modules" / "cache").write_text("x")
    machine.install("gemini")
    assert len(machine.calls()) == 1


JOB = """
import sys
from pathlib import Path
from gump_action import installing
from gump_action.workflow.model import AgentStep, Workflow
workflow = Workflow(name="w", steps=(AgentStep(name="impl", agent="claude"),))
done = installing.install(workflow, Path(sys.argv[1]), {"PATH": sys.argv[2]}, lambda line: None)
print(*done.path, *done.missed)
"""


@pytest.mark.parametrize("is_broken", [False, True], ids=["nothing", "a broken one"])
def test_jobs_at_once_get_one_whole_folder_in_the_place_of(is_broken, machine):
    if is_broken:
        (machine.where / installing.folder_name(CLIS["claude"]) / "bin").mkdir(parents=True)
    machine.note("together", "")
    command = [sys.executable, "-c", JOB, str(machine.where), str(machine.bin)]
    jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    (told,) = {job.communicate()[0].strip() for job in jobs}
    assert len(machine.calls()) == 4
    assert installing.is_whole(Path(told).parent)
    assert machine.names() == [Path(told).parent.name]


def test_what_was_cut_short_long_ago_is_cleared_away(machine):
    for name, age in ((".new-old", 1), (".new-now", 0)):
        (machine.where / name / "x").mkdir(parents=True)
        if age:
            os.utime(machine.where / name, (0, 0))
    machine.install("codex")
    assert ".new-old" not in machine.names()
    assert ".new-now" in machine.names()


def test_npm_that_fails_is_told_with_its_words_and_leaves_nothing(machine):
    stack = "\nnpm error     at ClientRequest.emit (node:events:524:28)"
    machine.note("npm-says", f"npm error code ECONNREFUSED{stack}\nnpm error request failed")
    done = machine.install("claude", "codex")
    assert [miss.provider for miss in done.missed] == ["claude", "codex"]
    assert done.missed[0].why == (
        "claude 2.1.330 could not be installed: `npm ci` ended with 1.\n"
        "npm error code ECONNREFUSED\nnpm error request failed"
    )
    assert machine.names() == []


def test_a_program_on_path_is_named_where_ours_cannot_be_had(machine):
    machine.put("codex", "#!/bin/sh\necho codex-cli 0.150.0\n")
    machine.note("npm-says", "npm error code E404")
    (miss,) = machine.install("codex").missed
    assert miss.why.endswith(f"\ncodex from PATH is used: {machine.bin}/codex")


def test_a_warning_beside_the_version_is_not_taken_for_it(machine):
    """Codex 0.169.0 has one where HOME is below the folder for temporary files."""
    machine.put("codex", "#!/bin/sh\necho WARNING: proceeding >&2\necho codex-cli 0.169.0\n")
    assert version_of(machine.bin, "codex") == "0.169.0"


def test_a_program_that_says_another_version_is_not_kept(machine):
    machine.note("says", "0.1.2")
    (miss,) = machine.install("codex").missed
    assert "but `codex --version` says 0.1.2, so it is not used." in miss.why
    assert machine.names() == []


@pytest.mark.parametrize("name", ["node", "npm"])
def test_without_node_or_npm_it_says_what_to_do(name, machine):
    (machine.bin / name).unlink()
    (miss,) = machine.install("codex").missed
    assert miss.why.startswith(f"{name} is not on PATH, and codex is installed with it.")
    assert "`uses: actions/setup-node` with `node-version: 22`" in miss.why
    assert machine.calls() == []


@pytest.mark.parametrize(
    ("node", "missed"), [("v20.20.2", ["qwen"]), ("v18.1.0", ["qwen", "claude"])]
)
def test_a_node_that_is_too_old_is_told_before_npm_is_asked(node, missed, machine):
    machine.note("node-is", node)
    done = machine.install("qwen", "claude")
    assert [miss.provider for miss in done.missed] == missed
    assert done.missed[0].why.startswith(
        f"Node {node[1:]} is on PATH ({machine.bin}/node), and qwen 0.24.4 needs 22 or newer."
    )
    assert "setup-node" in done.missed[0].why


def test_a_node_that_is_too_old_is_told_also_where_the_cli_lies_ready(machine):
    machine.install("qwen")
    machine.note("node-is", "v20.20.2")
    assert [miss.provider for miss in machine.install("qwen").missed] == ["qwen"]


def test_cursor_is_asked_for(machine):
    (miss,) = machine.install("cursor-opus").missed
    assert miss.why.startswith("cursor-agent is not on PATH, and it is on no package registry")
    assert PROVIDERS["cursor"].INSTALL in miss.why
    machine.put("cursor-agent", "#!/bin/sh\n")
    assert machine.install("cursor-opus").missed == ()


def test_a_cache_that_cannot_be_written_is_told(machine):
    machine.where.write_text("a file")
    (miss,) = machine.install("codex").missed
    assert miss.why.startswith(f"codex 0.169.0 could not be put into {machine.where}: ")


def test_locks_of_other_versions_have_folders_of_their_own(tmp_path):
    other = tmp_path / "codex"
    shutil.copytree(CLIS["codex"].folder, other)
    (other / "package-lock.json").write_text("{}")
    names = {installing.folder_name(CLIS["codex"])}
    names.add(installing.folder_name(replace(CLIS["codex"], version="1")))
    names.add(installing.folder_name(replace(CLIS["codex"], folder=other)))
    assert len(names) == 3


def test_the_cache_is_the_runners_where_it_can_be_written(tmp_path):
    tools = tmp_path / "tools"
    environ = {"RUNNER_TOOL_CACHE": str(tools), "HOME": "/h"}
    assert installing.cache(environ) == Path("/h/.cache/gump-action/clis")
    tools.mkdir()
    assert installing.cache(environ) == tools / "gump-action"
    assert installing.cache({"XDG_CACHE_HOME": "/x"}) == Path("/x/gump-action/clis")


def test_a_cli_can_be_left_in_mid_installation(machine):
    """The wish to stop is there before npm is."""
    stop = installing.Stop()
    stop.request(15)
    (miss,) = machine.install("codex", stop=stop).missed
    assert "`npm ci` was cancelled" in miss.why
    assert machine.names() == []
