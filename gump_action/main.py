"""The command line: parses and calls; maps errors to exit codes.

What a command needs is imported when it is called, so that `--version` costs next to nothing.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from gump_action import environment
from gump_action.errors import GumpError, InputError, of_machine

if TYPE_CHECKING:
    from gump_action.travel.manifest import Limits

VERSION = "0.1.0"
STATE = "Where the run keeps its record."


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="gump-action")
def cli() -> None:
    """Runs declarative workflows of coding agents, with sessions that survive retries."""


@cli.command()
@click.argument("workflow")
@click.option("--spec", type=click.Path(path_type=Path), help="A file that says what is wanted.")
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="The repository.")
@click.option("--state", "root", type=click.Path(path_type=Path), help=STATE)
@click.option("--set", "inputs", multiple=True, metavar="NAME=VALUE", help="An input's value.")
@click.option("--agent", default="", help="Put all agent steps on this agent.")
@click.option("--max-budget", metavar="USD", help="What the run may cost, over all its jobs.")
@click.option("--workspace", type=click.Choice(["isolated", "checkout"]))
@click.option("--agent-home", type=click.Choice(["run", "user"]), default="run")
@click.option("--fresh", is_flag=True, help="Start anew; the old record is kept aside.")
@click.option("--take-in", is_flag=True, help="Merge what HEAD has moved to into the run.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, and run nothing.")
@click.option("--json", "as_json", is_flag=True, help="Each event as a line of JSON.")
@click.pass_obj
def run(  # noqa: PLR0917  (click gives one parameter for each option)
    environ: Mapping[str, str],
    workflow: str,
    spec: Path | None,
    repo: Path,
    root: Path | None,
    inputs: tuple[str, ...],
    agent: str,
    max_budget: str | None,
    workspace: Literal["isolated", "checkout"] | None,
    agent_home: str,
    fresh: bool,
    take_in: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run WORKFLOW (a path, a name in .gump/workflows/, or a built-in), or go on with its run."""
    from gump_action import assembly
    from gump_action.workflow import given

    options = assembly.Options(
        workflow=workflow,
        spec=spec,
        repo=repo,
        state=root,
        inputs=inputs,
        agent=agent,
        workspace=workspace,
        is_own_home=agent_home == "run",
        is_fresh=fresh,
        takes_in=take_in,
        max_budget=given.max_budget(max_budget),
        as_json=as_json,
        version=VERSION,
    )
    if dry_run:
        _print(environ, "\n".join(assembly.describe(options, environ)))
        return
    sys.exit(assembly.run(options, environ).exit_code)


@cli.command()
@click.argument("workflows", nargs=-1)
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="The repository.")
@click.pass_obj
def validate(environ: Mapping[str, str], workflows: tuple[str, ...], repo: Path) -> None:
    """Say every fault of these workflows, else of all in .gump/workflows/, with file and line."""
    from gump_action import checks

    sound, faults = checks.validate(workflows, repo)
    _print(environ, "\n".join(sound))
    if faults:
        raise faults


@cli.command()
def schema() -> None:
    """Print the JSON Schema of a workflow file, for editors."""
    from gump_action import checks

    click.echo(checks.json_schema())


@cli.command()
@click.option("--state", "root", type=click.Path(path_type=Path), help=STATE)
@click.pass_obj
def report(environ: Mapping[str, str], root: Path | None) -> None:
    """Print what happened in a run, as Markdown."""
    from gump_action import assembly

    click.echo(assembly.report(root, environ))


@cli.command()
@click.option("--state", "root", type=click.Path(path_type=Path), help=STATE)
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="The repository.")
@click.pass_obj
def apply(environ: Mapping[str, str], root: Path | None, repo: Path) -> None:
    """Merge the result branch of a run into the present branch, as one commit."""
    from gump_action import assembly

    click.echo(assembly.apply(root, repo, environ))


@cli.group()
def state() -> None:
    """Take the record of a run to another machine."""


run_key_option = click.option("--run-key", default="", help="Of which run it is, for both sides.")
key_env_option = click.option("--key-env", metavar="NAME", help="The variable that has the key.")
_MOST = click.IntRange(min=1)


def limits_options(command: Callable[..., None]) -> Callable[..., None]:
    """What is refused as too much; the defaults are those of `travel.manifest.Limits`."""
    for name, what in (
        ("--max-bytes", "Bytes of all files together; 8 GiB."),
        ("--max-file-bytes", "Bytes of one file; 2 GiB."),
        ("--max-files", "Number of files; 200000."),
    ):
        command = click.option(name, type=_MOST, metavar="N", help=what)(command)
    return command


def _limits(**given: int | None) -> Limits:
    from gump_action.travel.manifest import Limits

    return Limits(**{name: value for name, value in given.items() if value is not None})


@state.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@run_key_option
@key_env_option
@click.option("--transcripts", type=click.Choice(["auto", "always", "never"]), default="auto")
@limits_options
@click.pass_obj
def pack(  # noqa: PLR0917  (click gives one parameter for each option)
    environ: Mapping[str, str],
    folder: Path,
    file: Path,
    run_key: str,
    key_env: str | None,
    transcripts: Literal["auto", "always", "never"],
    max_files: int | None,
    max_file_bytes: int | None,
    max_bytes: int | None,
) -> None:
    """Make one FILE of the state directory FOLDER; sealed where there is a key."""
    from gump_action import carrying

    lines, _ = carrying.pack(
        folder.resolve(),
        file.absolute(),
        environ,
        run_key=run_key,
        key_env=key_env,
        transcripts=transcripts,
        limits=_limits(files=max_files, file_bytes=max_file_bytes, total_bytes=max_bytes),
    )
    _print(environ, "\n".join(lines))


@state.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@run_key_option
@key_env_option
@limits_options
@click.pass_obj
def unpack(  # noqa: PLR0917  (click gives one parameter for each option)
    environ: Mapping[str, str],
    file: Path,
    folder: Path,
    run_key: str,
    key_env: str | None,
    max_files: int | None,
    max_file_bytes: int | None,
    max_bytes: int | None,
) -> None:
    """Put the packed FILE down as the state directory FOLDER, after checking it whole."""
    from gump_action import carrying

    lines = carrying.unpack(
        file,
        folder.absolute(),
        environ,
        run_key=run_key,
        key_env=key_env,
        limits=_limits(files=max_files, file_bytes=max_file_bytes, total_bytes=max_bytes),
    )
    _print(environ, "\n".join(lines))


@cli.command()
@click.argument("workflow", required=False)
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="The repository.")
@click.option("--github", "asks_github", is_flag=True, help="Ask GitHub about the repository.")
@click.option("--repo-name", default="", metavar="OWNER/NAME", help="Which, else that of origin.")
@click.pass_obj
def doctor(  # noqa: PLR0917  (click gives one parameter for each option)
    environ: Mapping[str, str], workflow: str | None, repo: Path, asks_github: bool, repo_name: str
) -> None:
    """Say which agent CLIs and keys are there, and what WORKFLOW would miss.

    With --github: whether token, settings, secrets and permissions on GitHub are as they have to
    be for the host workflows of the repository, and what to change.
    """
    if not asks_github:
        from gump_action import assembly

        if repo_name:
            raise InputError("--repo-name says what --github asks about; give both.")
        sys.exit(assembly.doctor(workflow, repo, environ))
    from gump_action import setting_up
    from gump_action.engine.outcome import Verdict

    if workflow:
        raise InputError("--github is about the whole repository; leave the workflow out.")
    told, is_bad = setting_up.doctor(repo, repo_name, environ)
    _print(environ, told)
    sys.exit(Verdict.BLOCKED.exit_code if is_bad else 0)


@cli.command()
@click.argument("example", required=False)
@click.option("--repo", type=click.Path(path_type=Path), default=".", help="The repository.")
@click.pass_obj
def init(environ: Mapping[str, str], example: str | None, repo: Path) -> None:
    """Write EXAMPLE into the repository, and say what it needs; without one, list them."""
    from gump_action import setting_up

    _print(environ, setting_up.init(example, repo) if example else setting_up.list_examples())


@cli.command()
@click.pass_obj
def demo(environ: Mapping[str, str]) -> None:
    """The whole story in a throw-away repository: no key, no network."""
    from gump_action import demo as story

    sys.exit(story.run(environ, VERSION))


@cli.command(hidden=True)
@click.argument("step")
@click.pass_obj
def action(environ: Mapping[str, str], step: str) -> None:
    """A step of action.yml, asked by variables alone."""
    from gump_action.action import steps
    from gump_action.action.job.log import Log

    if step not in steps.NAMES:
        raise InputError(f"action.yml has no step {step!a}; it has {', '.join(steps.NAMES)}.")
    sys.exit(steps.play(step, environ, Log(environ, sys.stdout), VERSION))


def main() -> None:
    """The program.  The one place that catches everything."""
    _open_streams()
    environ = _take_environment()
    try:
        _check_platform()
        cli(standalone_mode=False, obj=environ)
    except GumpError as error:
        _say(environ, error, f"gump-action: {error}")
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _say(environ, InputError(error.format_message()), f"gump-action: {error.format_message()}")
        sys.exit(InputError.exit_code)
    except click.exceptions.Abort:
        sys.exit(130)
    except Exception as bug:
        fault = of_machine(bug) if isinstance(bug, OSError) else None
        if fault:
            _say(environ, fault, f"gump-action: {fault}")
            sys.exit(fault.exit_code)
        ours = GumpError(
            f"A fault of gump-action: {type(bug).__name__}: {bug}",
            hint="Please report it, with the traceback that is in the log.",
        )
        _say(environ, ours, f"{traceback.format_exc()}gump-action: {ours}")
        sys.exit(ours.exit_code)


def _open_streams() -> None:
    """Where we were started with closed ones, no file of ours may get their numbers."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


def _take_environment() -> Mapping[str, str]:
    """The environment as it was given; from here on none of our own children can inherit it."""
    environ = dict(os.environ)
    kept = environment.for_git(environ).keys() | environment.HARMLESS | environment.REACH
    for name in environ.keys() - kept:
        del os.environ[name]
    return environ


def _say(environ: Mapping[str, str], error: GumpError, text: str) -> None:
    """For a person; inside a job also as annotation and in the summary."""
    from gump_action.host import actions

    click.echo(actions.printable(environ, text), err=True)
    actions.tell_error(environ, sys.stderr, error)


def _print(environ: Mapping[str, str], text: str) -> None:
    """Text that others wrote: in a job no line of it is a command."""
    from gump_action.host import actions

    if text:
        click.echo(actions.printable(environ, text))


def _check_platform() -> None:
    if sys.platform not in ("linux", "darwin"):
        raise InputError(
            f"gump-action does not run on {sys.platform}: it needs the processes and files "
            "of Linux or macOS.",
            hint="On Windows, use WSL, or `runs-on: ubuntu-latest` in a job.",
        )
