"""The program behind the provider `scripted`: an agent that plays a script and asks no model.

The script is JSON, named by GUMP_SCRIPT, else `.gump/scripted.json` in the working directory: a
step path (or a step's name, or `*`) to a list of launches, one for each attempt, the last one
repeated.  A launch is a list of actions, in order:

    {"say": TEXT}  {"write": PATH, "text": TEXT}  {"delete": PATH}  {"run": COMMAND}
    {"sleep": SECONDS}  {"print": LINE}  {"spend": USD}
    {"fail": TEXT}  {"block": TEXT}  {"exit": CODE}

Money is played like all else; after {"spend": null} it tells no cost.

Without a script it writes the output that the prompt asks for, else `gump-was-here.txt`.  It keeps
its sessions as lines in GUMP_SCRIPTED_HOME/sessions/ID.jsonl, and after a resume says what it
remembers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

Action = Mapping[str, object]
OUTPUTS = {
    ".gump/out/plan.json": '[{"name": "only", "description": "The only item of this plan."}]',
    ".gump/out/artifact.txt": "An artifact of the scripted agent.\n",
    ".gump/out/review.json": '{"pass": true, "comment": "The scripted agent is content."}',
}


def main() -> int:
    """One launch; the exit code is 1 where its last word is not good."""
    parser = argparse.ArgumentParser()
    for option in ("--model", "--resume", "--session-id"):
        parser.add_argument(option, default="")
    given = parser.parse_args()
    prompt = sys.stdin.read()
    session = given.resume or given.session_id
    path = Path(os.environ["GUMP_SCRIPTED_HOME"], "sessions", f"{session}.jsonl")
    if given.resume and not path.exists():
        print(f"no session {session}", file=sys.stderr)
        return 1
    say("session", id=session)
    remembered = remember(path, prompt)
    if given.resume:
        say("say", text=f"I remember {len(remembered)} of our exchanges: {'; '.join(remembered)}")
    return play(actions(prompt), prompt, len(remembered))


def remember(path: Path, prompt: str) -> list[str]:
    """The launches of this session so far; the present one is written down at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.exists() else []
    launch = f"{os.environ.get('GUMP_STEP')}#{os.environ.get('GUMP_ATTEMPT')}"
    with path.open("a") as file:
        file.write(json.dumps({"launch": launch, "prompt": prompt}) + "\n")
    return [json.loads(line)["launch"] for line in lines]


def actions(prompt: str) -> list[Action]:
    """What the script says for this step and attempt; without one, what the prompt asks for."""
    path = Path(os.environ.get("GUMP_SCRIPT") or ".gump/scripted.json")
    if not path.exists():
        return unscripted(prompt)
    script = json.loads(path.read_text())
    step = os.environ.get("GUMP_STEP", "")
    launches = script.get(step) or script.get(step.rpartition("/")[2]) or script.get("*") or [[]]
    attempt = int(os.environ.get("GUMP_ATTEMPT", "1"))
    found: list[Action] = launches[min(attempt, len(launches)) - 1]
    return found


def unscripted(prompt: str) -> list[Action]:
    """Writes the output files that the prompt names, else a note."""
    asked: list[Action] = [
        {"write": name, "text": text} for name, text in OUTPUTS.items() if name in prompt
    ]
    if asked:
        return [*asked, {"say": "I wrote what was asked for."}]
    note = f"{os.environ.get('GUMP_STEP')} was here\n"
    return [{"write": "gump-was-here.txt", "text": note}, {"say": "I left a note."}]


def play(script: list[Action], prompt: str, turns_before: int) -> int:
    """Do what the script says; then the last word."""
    for done, action in enumerate(script, 1):
        if "spend" in action:
            say("usage", cost=spent(script[:done]))
            continue
        code = act(action)
        if code is not None:
            return code
    asked = len(prompt) // 4 + 100 * turns_before
    say("usage", input=asked, output=10 * len(script), cost=spent(script))
    say("end", ok=True, text="done")
    return 0


def spent(script: list[Action]) -> float | None:
    """Dollars so far; None from where the script says that they are not known."""
    usd = [action["spend"] for action in script if "spend" in action]
    known = [one for one in usd if isinstance(one, int | float)]
    return sum(known, 0.0) if len(known) == len(usd) else None


def act(action: Action) -> int | None:
    """One action; the exit code where it ends the launch."""
    match action:
        case {"say": str(text)}:
            say("say", text=text)
        case {"write": str(name), "text": str(text)}:
            say("tool", tool="write", path=name)
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text)
        case {"delete": str(name)}:
            say("tool", tool="delete", path=name)
            Path(name).unlink()
        case {"run": str(command)}:
            say("tool", tool="run", path="")
            subprocess.run(command, shell=True, check=False, stdin=subprocess.DEVNULL)
        case {"sleep": int(seconds) | float(seconds)}:
            time.sleep(seconds)
        case {"print": str(line)}:
            print(line, flush=True)
        case _:
            return leave(action)
    return None


def leave(action: Action) -> int:
    """The actions that end a launch."""
    match action:
        case {"fail": str(text)}:
            say("end", ok=False, text=text)
            return 1
        case {"block": str(text)}:
            print(f"blocked: {text}", file=sys.stderr)
            return 1
        case {"exit": int(code)}:
            return code
    print(f"the script has an action that is not known: {action}", file=sys.stderr)
    return 2


def say(kind: str, **fields: object) -> None:
    """One line of the stream."""
    print(json.dumps({"type": kind, **fields}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
