"""One real program, one small repository, one run of the engine; the model's side is played.

What is asserted is what the model was asked: no program's word counts for its memory.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from models import ModelServer, talk_of

GUMP = Path(__file__).parents[2] / ".venv" / "bin" / "gump-action"
REPEATS = {"gemini"}
"""Gemini CLI 0.61.0 sends each tool result twice after a resume, now and then three times after two
of them, one right after the other; it records it so by itself."""


@dataclass(frozen=True)
class Cli:
    """A program as a user has it: the agent's name in a workflow, keys, settings in his home."""

    name: str
    agent: str
    environ: Callable[[str], dict[str, str]]
    settings: Callable[[str], dict[str, str]] = lambda url: {}


def _openai(url):
    names = {"OPENAI_API_KEY": "sk-good", "OPENAI_BASE_URL": f"{url}/v1"}
    return names | {"OPENAI_MODEL": "fake-model"}


def _codex_settings(url):
    service = {"name": "fake", "base_url": f"{url}/v1", "wire_api": "responses"}
    lines = ['model = "gpt-5.1-codex"', 'model_provider = "fake"', "[model_providers.fake]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in service.items()]
    lines += ['env_key = "CODEX_API_KEY"', "request_max_retries = 1", "stream_max_retries = 1"]
    return {".codex/config.toml": "\n".join(lines)}


def _opencode_settings(url):
    limits = {"tool_call": True, "limit": {"context": 128000, "output": 8192}}
    service = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": f"{url}/v1", "apiKey": "{env:FAKE_API_KEY}"},
        "models": {"fake-model": limits | {"cost": {"input": 1, "output": 2}}},
    }
    model = {"model": "fake/fake-model", "small_model": "fake/fake-model"}
    config = model | {"enabled_providers": ["fake"], "provider": {"fake": service}}
    return {".config/opencode/opencode.json": json.dumps(config)}


_GEMINI = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
"""Without it a base URL makes the CLI choose a way to log in that it then refuses."""

CLIS = [
    Cli(
        "claude",
        "claude-haiku",
        lambda url: {"ANTHROPIC_API_KEY": "sk-good", "ANTHROPIC_BASE_URL": url, "IS_SANDBOX": "1"},
    ),
    Cli("codex", "codex", lambda url: {"CODEX_API_KEY": "sk-good"}, _codex_settings),
    Cli(
        "gemini",
        "gemini-2.5-flash",
        lambda url: {"GEMINI_API_KEY": "sk-good", "GOOGLE_GEMINI_BASE_URL": url},
        lambda url: {".gemini/settings.json": json.dumps(_GEMINI)},
    ),
    Cli("qwen", "qwen", _openai),
    Cli("opencode", "opencode", lambda url: {"FAKE_API_KEY": "sk-good"}, _opencode_settings),
]


class Stage:
    """Build with the model's script; then `run` a workflow and look at `asked`."""

    def __init__(self, cli, folder, models):
        self.cli, self.models, self.folder = cli, models, folder
        self.left = []
        self._settle(folder)
        self._repository()

    def _settle(self, place):
        """A machine is a home, a repository and a state directory below one path."""
        self.arrived = len(self.models.requests())
        self.home, self.repo, self.state = place / "home", place / "repo", place / "state"
        self.home.mkdir(parents=True)
        for name, text in self.cli.settings(self.models.url).items():
            (self.home / name).parent.mkdir(parents=True)
            (self.home / name).write_text(text)

    def _repository(self):
        self._git("init", "-q", "-b", "main", str(self.repo))
        (self.repo / "README.md").write_text("A small project.\n")
        self._git("-C", str(self.repo), "add", "-A")
        self._git("-C", str(self.repo), "commit", "-q", "-m", "first")

    def _git(self, *args):
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(["git", *who, *args], check=True, capture_output=True, text=True)
        return done.stdout

    def start(self, workflow, *options, **environ):
        """The engine as a child; the workflow's AGENT is this program's."""
        path = self.home / "flow.yaml"
        path.write_text(workflow.replace("AGENT", self.cli.agent))
        spec = self.home / "spec.md"
        spec.write_text("Make it work.\n")
        argv = [GUMP, "run", path, "--spec", spec, "--repo", self.repo, "--state", self.state]
        argv += options
        env = self._environ(environ)
        out = (self.home / "run.txt").open("wb")
        with out:
            return subprocess.Popen(argv, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def _environ(self, given):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        return env | self.cli.environ(self.models.url) | given

    def run(self, workflow, *options, expected=0, **environ):
        self.ends(self.start(workflow, *options, **environ), expected)

    def ends(self, engine, expected=0):
        try:
            code = engine.wait(240)
        except subprocess.TimeoutExpired:
            engine.terminate()
            engine.wait(20)
            code = "no end"
        assert code == expected, f"exit {code}\n{self.printed()}"

    def move(self, name, **environ):
        """Pack the record, delete this machine whole, unpack on another: other path, HOME, clone.

        `environ` is there for pack and unpack alone.
        """
        origin, self.packed = self.folder / f"{name}.git", self.folder / f"{name}.packed"
        bare = ["clone", "-q", "--bare", "--no-local", "--single-branch", "-b", "main"]
        self._git(*bare, str(self.repo), str(origin))
        self.state_command("pack", self.state, self.packed, **environ)
        assert not self.agents(), "something of the agent's lives on where the record was packed"
        self._leave()
        self._settle(self.folder / "Else_where.d" / name)
        self._git("clone", "-q", "--no-local", str(origin), str(self.repo))
        self.state_command("unpack", self.packed, self.state, **environ)

    def _leave(self):
        for gone in (self.home, self.repo, self.state):
            shutil.rmtree(gone)
            self.left.append(gone)

    def state_command(self, *words, expected=0, **environ):
        argv = [GUMP, "state", *words]
        done = subprocess.run(argv, env=self._environ(environ), capture_output=True, text=True)
        assert done.returncode == expected, f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @property
    def tree(self):
        """Where agents work on this machine."""
        return self.state / "tree"

    def transcripts(self, attempt):
        """The files of a session that are kept for an attempt, `one/@1` say."""
        found = (self.state / "attempts" / attempt / "transcript").rglob("*")
        return sorted(path for path in found if path.is_file())

    def asked_here(self):
        """All requests since this machine is in use, the first one first."""
        rows = self.models.requests()[self.arrived :]
        assert rows, f"the model was asked nothing\n{self.printed()}"
        return [Asked(talk_of(row), self.cli.name in REPEATS) for row in rows]

    def printed(self):
        return (self.home / "run.txt").read_text(errors="replace")[-6000:]

    def asked(self, words):
        """The first request whose user says these words: what the model knew when told them."""
        return self.all_asked(words)[0]

    def all_asked(self, words):
        repeats = self.cli.name in REPEATS
        found = [Asked(talk_of(row), repeats) for row in self.models.requests()]
        found = [asked for asked in found if words in asked.said("user")]
        assert found, f"the model was never told {words!r}\n{self.printed()}"
        return found

    def used(self):
        """Tokens of each attempt by its path: (uncached in, cached in, out)."""
        lines = (self.state / "ledger.ndjson").read_text().splitlines()
        ended = [event for event in map(json.loads, lines) if event.get("usage")]
        return [
            (e["usage"]["input"], e["usage"]["cache_read"], e["usage"]["output"]) for e in ended
        ]

    def result(self, path):
        """A file of the result branch."""
        refs = self._git(
            "-C", str(self.repo), "for-each-ref", "--format=%(refname)", "refs/heads/gump/"
        )
        assert len(refs.split()) == 1, f"result branches: {refs!r}\n{self.printed()}"
        return self._git("-C", str(self.repo), "show", f"{refs.strip()}:{path}")

    def wait_for_request(self, count):
        """Until the model has had this many requests and begun to answer."""
        self._wait(lambda rows: len(rows) >= count, f"request {count}")

    def wait_for(self, words):
        """Until the model has begun to say these words."""
        self._wait(lambda rows: any(words in row["turn"].get("say", "") for row in rows), words)

    def _wait(self, has_come, what, seconds=60):
        until = time.monotonic() + seconds
        while not has_come(self.models.requests()):
            assert time.monotonic() < until, f"no {what} in time\n{self.printed()}"
            time.sleep(0.3)
        time.sleep(1)

    def kill_agent(self):
        """SIGKILL to the program; the engine lives, and what the agent left behind."""
        found = [pid for pid in self.agents() if self.cli.name in _command_line(pid)]
        assert found, f"no process of {self.cli.name} was found"
        for pid in found:
            os.kill(pid, signal.SIGKILL)

    def agents(self):
        """All processes that this run's agents are or have started."""
        return [pid for pid in _processes() if self._is_agents(pid)]

    def _is_agents(self, pid):
        try:
            environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
        ours = f"HOME={self.home}".encode() in environ
        return ours and any(line.startswith(b"GUMP_STEP=") for line in environ)


def _command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


@dataclass(frozen=True)
class Asked:
    """One request to the model as a conversation."""

    talk: list[tuple[str, str]]
    repeats: bool

    def said(self, *who):
        return "\n".join(text for by, text in self.talk if by in who)

    def holds_once(self, answer, calls):
        """The conversation that ended with this answer is there, whole and once."""
        assert self.said("model").count(answer) == 1, self
        self.holds_calls(calls)

    def holds_calls(self, calls):
        """So many tool calls, each with its result, once."""
        assert self.calls() == calls, self
        told = [said for said, _ in groupby(self.talk)] if self.repeats else self.talk
        assert sum(who == "result" for who, _ in told) == calls, self

    def order(self, marks):
        """Each place where one of these words is said, by user or model, in their order."""
        either = re.compile("|".join(map(re.escape, marks)))
        talk = [said for said in self.talk if said[0] in ("user", "model")]
        return [(who, mark) for who, text in talk for mark in either.findall(text)]

    def is_new(self):
        """Nothing was said or done before: no answer, no call, no result."""
        assert not [who for who, _ in self.talk if who in ("model", "call", "result")], self

    def calls(self):
        return sum(who == "call" for who, _ in self.talk)

    def __str__(self):
        lines = [f"{who}: {' '.join(text.split())[-160:]}" for who, text in self.talk]
        return "\n".join(line for line in lines if not line.startswith("system"))


def model_server(script, folder):
    return ModelServer(script, folder / "asked.ndjson")
