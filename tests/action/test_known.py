"""Which workflows can be asked for in a working directory."""

import subprocess

import pytest

from gump_action.action.asking.known import Known

STEPS = "steps:\n  - {name: a, agent: scripted, prompt: x}\n"


@pytest.fixture
def folder(tmp_path):
    """A folder inside of a repository with workflows at its top."""
    own = tmp_path / ".gump" / "workflows"
    own.mkdir(parents=True)
    (own / "fix.yaml").write_text(f"name: fix-it\ninputs: {{level: {{}}}}\n{STEPS}")
    (own / "broken.yml").write_text("name: [\n")
    (own / "odd name.yaml").write_text(f"name: odd\n{STEPS}")
    (own / "-x.yaml").write_text(f"name: x\n{STEPS}")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "part" / "ci").mkdir(parents=True)
    (tmp_path / "part" / "ci" / "mend.yaml").write_text(f"name: mends\n{STEPS}")
    return tmp_path / "part"


def test_the_projects_own_are_known_by_the_names_of_their_files(folder):
    known = Known(folder, "asked")
    assert list(known.all) == ["broken", "fix"]
    assert known.all["broken"] is None
    assert (known.inputs_of("fix"), known.title_of("fix")) == (("level",), "fix-it")
    assert (known.inputs_of("broken"), known.title_of("broken")) == ((), "broken")
    assert (known.find("gone"), known.inputs_of("gone")) == (None, ())


@pytest.mark.parametrize("given", ["ci/mend.yaml", "./ci/mend.yaml"])
def test_the_one_of_the_input_is_known_wherever_it_lies(folder, given):
    known = Known(folder, given)
    assert set(known.all) == {"broken", "fix", "mend"}
    assert known.title_of("mend") == "mends"


def test_a_built_in_is_known_where_it_is_the_one(folder):
    assert Known(folder, "bugfix").find("bugfix")
    assert "bugfix" not in Known(folder, "fix").all
