"""What is done once in a repository: an example is written into it, and GitHub is asked whether the
repository is ready for its host workflows.

The examples are those of this project's folder `examples`, which the wheel carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from gump_action import environment
from gump_action.errors import HostError, InputError
from gump_action.host import places
from gump_action.host.api import Api, Connection, connection
from gump_action.host.setup import ready, settings
from gump_action.host.setup.host_workflows import FOLDER, HostWorkflow, read_host_workflow
from gump_action.system.git import Git
from gump_action.workflow.tree import listed, suggest

_PACKAGE = Path(__file__).parent
_TAKEN = (".github", ".gump")
_BY_HAND = {"workflow_dispatch"}
_ON_DEFAULT_BRANCH = {
    "issues", "issue_comment", "schedule", "workflow_run", "check_suite", "check_run",
}  # fmt: skip
"""Events that start host workflows of the default branch alone."""
_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN")
_REMOTE = re.compile(
    r"(?:(?:https?|ssh)://(?:[^/@]*@)?|[^/@:]+@)(?P<host>[^/:]+)(?::\d+(?=/))?[/:]"
    r"(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?",
    re.ASCII,
)
_GITHUB = "github.com"


def list_examples() -> str:
    """A line for each example."""
    hosts = {name: _host_of(folder) for name, folder in examples().items()}
    width = max(map(len, hosts))
    by_hand = {name for name, host in hosts.items() if set(host.events) == _BY_HAND}
    lines = ["Started by events and by the clock:"]
    told = {name: f"  {name:<{width}}  {host.about}" for name, host in hosts.items()}
    lines += [line for name, line in told.items() if name not in by_hand]
    lines += ["Started by hand:", *(line for name, line in told.items() if name in by_hand)]
    return "\n".join([*lines, "", "gump-action init NAME writes one into the repository."])


def init(name: str, repo: Path) -> str:
    """Writes an example into the repository; what was written, and what it needs.

    Raises InputError where one of its files is there already: then nothing is written.
    """
    known = examples()
    if name not in known:
        raise InputError(
            f'there is no example "{name}".{suggest(name, known)}',
            hint=f"There are: {listed(known)}.",
        )
    source = known[name]
    top = places.repository(repo)
    if not (top / ".git").exists():
        raise InputError(f"{repo} is in no git repository.", hint="Name one with --repo.")
    files = [path.relative_to(source).as_posix() for path in _files_of(source)]
    _check_free(top, files)
    for file in files:
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        with (top / file).open("xb") as target:
            target.write((source / file).read_bytes())
    return "\n".join([f"Written into {top}:", *(f"  {file}" for file in files), *_next(source)])


def examples() -> Mapping[str, Path]:
    """Their folders by name, from the wheel or from the checkout that this runs from."""
    is_checkout = (_PACKAGE.parent / "action.yml").is_file()
    folder = (_PACKAGE.parent if is_checkout else _PACKAGE) / "examples"
    if not folder.is_dir():
        raise InputError(
            "the examples are not part of this installation: the action itself leaves them out.",
            hint='Use the one that `uv tool install "git+https://github.com/gump/action"` makes.',
        )
    return {path.name: path for path in sorted(folder.iterdir()) if path.is_dir()}


def _files_of(example: Path) -> list[Path]:
    found = [path for part in _TAKEN for path in (example / part).rglob("*") if path.is_file()]
    return sorted(found)


def _host_of(example: Path) -> HostWorkflow:
    """The one that events start; it has the example's name."""
    return _read_host(example, f"{example.name}.yml")


def _called_by(example: Path) -> list[HostWorkflow]:
    """Those that are there to be called by it."""
    files = sorted(path.name for path in (example / FOLDER).glob("*.yml"))
    return [_read_host(example, file) for file in files if file != f"{example.name}.yml"]


def _read_host(example: Path, name: str) -> HostWorkflow:
    file = f"{FOLDER}/{name}"
    return read_host_workflow((example / file).read_text("utf-8"), file)


def _check_free(top: Path, files: list[str]) -> None:
    outside = [file for file in files if not (top / file).resolve().is_relative_to(top)]
    there = [file for file in files if (top / file).exists() or (top / file).is_symlink()]
    if there or outside:
        names = "".join(f"\n  {file}" for file in (*there, *outside))
        why = "lead out of the repository" if outside and not there else "are there already"
        raise InputError(
            f"these files {why}, and nothing is ever overwritten, so nothing was written:{names}",
            hint="Move them out of the way, or copy by hand what you want of the example.",
        )


def _next(example: Path) -> Iterator[str]:
    """What the example needs of GitHub, and what to do now."""
    host = _host_of(example)
    workflows = [path.stem for path in sorted(example.glob(".gump/workflows/*.yaml"))]
    labels = (*host.labels, *(f"gump:{name}" for name in workflows if host.takes_labels))
    yield from ("", "It needs:")
    for secret in host.secrets:
        yield f"  the secret {secret}: gh secret set {secret}"
    if any(each.opens_pulls for each in (host, *_called_by(example))):
        yield f'  the setting "{ready.PULLS_SETTING}": {ready.GENERAL} → Workflow permissions'
    for label in labels:
        yield f"  the label {label}: gh label create {label}"
    for name in host.environments:
        yield f"  the environment {name}, with required reviewers: Settings → Environments"
    yield from ("", "Next:")
    if host.follows:
        yield f"  put the name of your CI in the place of {listed(host.follows)} in {host.file}"
    yield f"  look through the files; gump-action validate {' '.join(workflows)} says their faults"
    is_late = _ON_DEFAULT_BRANCH & set(host.events)
    where = "merge them: GitHub starts this one from the default branch only"
    yield f"  {where if is_late else 'commit and push them'}"
    yield "  gump-action doctor --github says what is still missing"


def doctor(repo: Path, name: str, environ: Mapping[str, str]) -> tuple[str, bool]:
    """What GitHub says of the repository, as text, and whether something has to be changed.

    `name` is `owner/name`, empty for that of the job or of the remote `origin`.
    """
    top = places.repository(repo)
    hosts, faults = _read_hosts(top)
    asked = _connection(top, name, environ)
    with Api(asked) as api:
        found = (
            *faults,
            *ready.findings(settings.look(api, _environments(hosts)), hosts, asked.repository),
        )
    head = f"{asked.repository}, asked of {asked.api_url}"
    return f"{head}\n\n{ready.text(found)}", ready.is_bad(found)


def _read_hosts(repo: Path) -> tuple[list[HostWorkflow], list[ready.Finding]]:
    """The host workflows of the working copy, and a finding for each that cannot be read."""
    hosts: list[HostWorkflow] = []
    faults: list[ready.Finding] = []
    for path in sorted((repo / FOLDER).glob("*.y*ml")):
        file = f"{FOLDER}/{path.name}"
        try:
            hosts.append(read_host_workflow(path.read_text("utf-8", "replace"), file))
        except InputError as why:
            first = why.message.splitlines()[0]
            faults.append(ready.Finding(ready.Mark.UNKNOWN, f"{file} cannot be read: {first}"))
    return hosts, faults


def _environments(hosts: list[HostWorkflow]) -> list[str]:
    return list(dict.fromkeys(name for host in hosts if host.uses for name in host.environments))


def _connection(repo: Path, name: str, environ: Mapping[str, str]) -> Connection:
    token = next((environ[each] for each in _TOKENS if environ.get(each)), "")
    if not token:
        raise InputError(
            f"there is no token in {' or '.join(_TOKENS)}, so GitHub cannot be asked.",
            hint='With the GitHub CLI: GH_TOKEN="$(gh auth token)" gump-action doctor --github',
        )
    if not name and not environ.get("GITHUB_REPOSITORY"):
        name = _of_origin(repo, environ)
    try:
        given = {"GITHUB_REPOSITORY": name} if name else {}
        return connection({**environ, **given}, token)
    except HostError as why:
        raise InputError(why.message, hint=why.hint) from None


def _of_origin(repo: Path, environ: Mapping[str, str]) -> str:
    """The repository of the remote `origin`.  A token is only ever sent to the host it is for."""
    git = Git(repo.resolve(), environment.for_git(environ))
    url = git.text("remote", "get-url", "origin", ok=(0, 2, 128))
    found = _REMOTE.fullmatch(url)
    if not found:
        raise InputError(
            "the remote `origin` names no repository of GitHub, so it is not known which to ask "
            "about.",
            hint="Name it with --repo-name OWNER/NAME.",
        )
    if found["host"].lower() != _GITHUB and not environ.get("GITHUB_API_URL"):
        raise InputError(
            f"the remote `origin` is on {found['host']}, and the address of its API is not known.",
            hint=f"Set GITHUB_API_URL, on GitHub Enterprise https://{found['host']}/api/v3",
        )
    return found["name"]
