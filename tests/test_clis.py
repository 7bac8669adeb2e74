"""The table of the agents' CLIs, npm's locks, and what else names a version say the same."""

import json
import re
from pathlib import Path

import pytest

from gump_action.clis.locked import CLIS, FILES, number_in
from gump_action.providers import PROVIDERS

ROOT = Path(__file__).parents[1]
each = pytest.mark.parametrize("cli", CLIS.values(), ids=CLIS)


def read(cli):
    return [json.loads((cli.folder / name).read_text()) for name in FILES]


@each
def test_the_lock_is_of_the_version_in_the_table(cli):
    package, lock = read(cli)
    assert package["dependencies"] == {cli.package: cli.version}
    assert lock["packages"][""]["dependencies"] == {cli.package: cli.version}
    assert lock["packages"][f"node_modules/{cli.package}"]["version"] == cli.version
    assert cli.program in lock["packages"][f"node_modules/{cli.package}"]["bin"]


@each
def test_no_lock_names_a_host(cli):
    assert not re.search("https?:|resolved", (cli.folder / FILES[1]).read_text())


@each
def test_what_is_installed_on_linux_x64_is_bound_by_a_digest(cli):
    _, lock = read(cli)
    unbound = {
        name: entry
        for name, entry in lock["packages"].items()
        if name and not entry.get("integrity", "").startswith("sha512-")
    }
    assert all(entry["optional"] and entry["os"] and entry["cpu"] for entry in unbound.values())
    assert not [
        name
        for name, entry in unbound.items()
        if entry["os"] == ["linux"] and entry["cpu"] == ["x64"] and entry.get("libc") != ["musl"]
    ]


@each
def test_the_lock_has_every_package_that_npm_ci_looks_for(cli):
    _, lock = read(cli)
    names = {key.rpartition("node_modules/")[2] for key in lock["packages"]}
    wanted = {
        name
        for entry in lock["packages"].values()
        for kind in ("dependencies", "optionalDependencies")
        for name in entry.get(kind, {})
    }
    assert wanted <= names


@each
def test_provider_and_recordings_are_of_the_same_cli(cli):
    provider = PROVIDERS[cli.provider]
    assert (cli.program, cli.install) == (provider.PROGRAM, provider.INSTALL)
    recorded = [path.name for path in (ROOT / "tests" / "recorded" / cli.provider).iterdir()]
    assert recorded == [cli.version]


@each
def test_the_page_tells_how_it_is_installed(cli):
    page = (ROOT / "docs" / "providers.md").read_text()
    part = page.partition(f"\n## {cli.provider}\n")[2].partition("\n## ")[0]
    assert f"`npm install -g {cli.package}@{cli.version}`, with Node {cli.node} or newer." in part
    assert re.search(rf"^\| `{cli.provider}` \| .* \| {re.escape(cli.version)} \|", page, re.M)


def test_the_readme_names_no_other_version():
    text = (ROOT / "README.md").read_text()
    versions = {cli.package: cli.version for cli in CLIS.values()}
    named = re.findall(r"([@\w/-]+)@(\d+\.\d+\.\d+)", text)
    assert all(versions.get(name, version) == version for name, version in named)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("2.1.330 (Claude Code)\n", "2.1.330"),
        ("codex-cli 0.169.0\n", "0.169.0"),
        ("v22.23.3\n", "22.23.3"),
        ("0.169.0-beta.1", "0.169.0-beta.1"),
        ("\n1.18.33", "1.18.33"),
        ("unknown\n1.2.3", ""),
        ("", ""),
    ],
)
def test_the_number_in_what_a_program_says_of_its_version(said, number):
    assert number_in(said) == number
