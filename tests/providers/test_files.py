"""What is looked at beside an agent's program and its files."""

import json

import pytest

from gump_action.providers.files import version_of


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ('{"name": "@a/cli", "version": "1.2.3"}', "@a/cli 1.2.3"),
        ('{"name": "@a/cli"}', ""),
        ("[]", ""),
        ("{", ""),
    ],
)
def test_the_version_is_that_of_the_package_which_the_program_is_of(tmp_path, package, told):
    program = tmp_path / "lib" / "bin" / "cli"
    program.parent.mkdir(parents=True)
    program.touch()
    (tmp_path / "lib" / "package.json").write_text(package)
    link = tmp_path / "cli"
    link.symlink_to(program)
    assert version_of(link) == told


def test_a_program_of_no_package_has_no_version(tmp_path):
    (tmp_path / "cli").write_text(json.dumps({}))
    assert version_of(tmp_path / "cli") == ""
