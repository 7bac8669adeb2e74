"""The agent programs for `scripts/agents`: installed as a job would, locked anew, or the newest.

programs.py install FOLDER [LOCKS]    prints what has to stand before PATH
programs.py lock LOCKS                writes npm's locks of the versions in the table
programs.py newest LOCKS              writes locks of the newest versions
programs.py report LOCKS LOG          Markdown on what is new, with the end of the tests' log
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from gump_action import installing
from gump_action.clis.locked import CLIS, FILES
from gump_action.workflow.model import AgentStep, Workflow

QUIET = ("--no-audit", "--no-fund", "--loglevel=error")
ONLY_LOCK = ("--package-lock-only", "--ignore-scripts", "--no-engine-strict")
SHOWN = 12_000
SYSTEM = re.compile(r"(?P<os>darwin|linux|win32|windows)-(?P<cpu>x64|arm64)(?P<rest>[\w-]*)$")


def npm(*words, cwd):
    done = subprocess.run(("npm", *words, *QUIET), cwd=cwd, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"npm {words[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout.strip()


def install(folder, locks=None):
    steps = tuple(AgentStep(name=name, agent=name) for name in CLIS)
    clis = CLIS if locks is None else locked_in(Path(locks))
    say = lambda line: print(line, file=sys.stderr)  # noqa: E731
    workflow = Workflow(name="all", steps=steps)
    done = installing.install(workflow, Path(folder), os.environ, say, clis=clis)
    for miss in done.missed:
        say(f"{miss.provider}: {miss.why}")
    if done.missed:
        sys.exit(1)
    print(os.pathsep.join(map(str, done.path)))


def locked_in(locks):
    """The table with the versions of these locks."""
    return {name: replace(CLIS[name], version=version_in(locks / name), folder=locks / name)
            for name in CLIS}  # fmt: skip


def version_in(folder):
    (version,) = json.loads((folder / FILES[0]).read_text())["dependencies"].values()
    return version


def lock(locks):
    for cli in CLIS.values():
        write_lock(cli, cli.version, Path(locks))


def newest(locks):
    for cli in CLIS.values():
        write_lock(cli, npm("view", cli.package, "dist-tags.latest", cwd="/"), Path(locks))


def write_lock(cli, version, locks):
    package = {"name": f"gump-action-{cli.provider}", "private": True}
    package["dependencies"] = {cli.package: version}
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch, FILES[0])
        written.write_text(json.dumps(package, indent=2) + "\n")
        npm("install", *ONLY_LOCK, "--omit-lockfile-registry-resolved", cwd=scratch)
        made = json.loads(Path(scratch, FILES[1]).read_text())
        made["packages"] = completed(made["packages"])
        (locks / cli.provider).mkdir(parents=True, exist_ok=True)
        (locks / cli.provider / FILES[0]).write_text(written.read_text())
        (locks / cli.provider / FILES[1]).write_text(json.dumps(made, indent=2) + "\n")


def completed(packages):
    """With an entry, less its digest, for each package of another system that this registry lacks.

    `npm ci` refuses a lock without them. Addresses go: they name hosts, and npm asks its own.
    """
    made = {name: {key: value for key, value in entry.items() if key not in ("resolved", "funding")}
            for name, entry in packages.items()}  # fmt: skip
    for entry in packages.values():
        for name, version in entry.get("optionalDependencies", {}).items():
            system = SYSTEM.search(name)
            if system and not any(key.endswith(f"node_modules/{name}") for key in packages):
                made[f"node_modules/{name}"] = entry_for(version, system)
    return dict(sorted(made.items()))


def entry_for(version, system):
    entry = {"version": version, "cpu": [system["cpu"]], "optional": True}
    entry["os"] = [system["os"].replace("windows", "win32")]
    libc = {"musl": "musl", "gnu": "glibc"}.get(system["rest"].rpartition("-")[2])
    return entry | ({"libc": [libc]} if libc else {})


def report(locks, log):
    """Nothing where nothing is new and all tests held."""
    rows = [(name, CLIS[name].version, version_in(Path(locks, name))) for name in CLIS]
    lines = Path(log).read_text(errors="replace").splitlines()
    end = re.sub(r"\x1b\[[\d;]*m", "", lines[-1]).strip("= ") if lines else "the tests did not run"
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    if all(tried == new for _, tried, new in rows) and not failed and "passed" in end:
        return
    print("| CLI | tried | newest |\n|---|---|---|")
    for name, tried, new in rows:
        print(f"| {name} | {tried} | {new if new == tried else f'**{new}**'} |")
    print(f"\n`scripts/agents --newest`: {end}\n")
    print("```text\n" + "\n".join(failed or lines[-40:]).replace("```", "'''")[:SHOWN] + "\n```")


if __name__ == "__main__":
    {"install": install, "lock": lock, "newest": newest, "report": report}[sys.argv[1]](
        *sys.argv[2:]
    )
