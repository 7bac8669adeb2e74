"""One real program, one small repository, one run of the engine; the model's side is played.

What is asserted is what the model was asked: no program's word counts for its memory.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models import ModelServer, talk_of

GUMP = Path(__file__).parents[2] / ".venv" / "bin" / "gump-action"
SEEN_TWICE = {"gemini": 2}
"""Gemini CLI 0.61.0 sends each tool result twice after a resume; it records it so by itself."""


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
        self.cli, self.models = cli, models
        self.home, self.repo, self.state = folder / "home", folder / "repo", folder / "state"
        self.home.mkdir()
        for name, text in cli.settings(models.url).items():
            (self.home / name).parent.mkdir(parents=True)
            (self.home / name).write_text(text)
        self._repository()

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
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        env |= self.cli.environ(self.models.url) | environ
        out = (self.home / "run.txt").open("wb")
        with out:
            return subprocess.Popen(argv, env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

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

    def printed(self):
        return (self.home / "run.txt").read_text(errors="replace")[-6000:]

    def asked(self, words):
        """The first request whose user says these words: what the model knew when told them."""
        return self.all_asked(words)[0]

    def all_asked(self, words):
        each = SEEN_TWICE.get(self.cli.name, 1)
        found = [Asked(talk_of(row), each) for row in self.models.requests()]
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

    def wait_for_request(self, count, seconds=60):
        """Until the model has had this many requests and begun to answer."""
        until = time.monotonic() + seconds
        while len(self.models.requests()) < count:
            assert time.monotonic() < until, f"no request {count} in time\n{self.printed()}"
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
    results_each: int

    def said(self, *who):
        return "\n".join(text for by, text in self.talk if by in who)

    def holds_once(self, answer, calls):
        """The conversation that ended with this answer is there, whole and once."""
        assert self.said("model").count(answer) == 1, self
        assert self.calls() == calls, self
        results = sum(who == "result" for who, _ in self.talk)
        assert results in (calls, calls * self.results_each), self

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
