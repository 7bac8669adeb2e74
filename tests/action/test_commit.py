"""Whose instruction files and whose workflow count in a checkout."""

import os

import pytest

from gump_action.action.given.commit import Checkout


@pytest.mark.parametrize("how", ["from the folder", "out of the folder", "absolute"])
def test_a_workflow_that_is_named_by_its_path_comes_from_the_base_in_any_folder(project, how):
    project.commit({"sub/ci/fix.yaml": "of the base", "sub/deep/x": "1"})
    base = project.git("rev-parse", "HEAD").strip()
    project.commit({"sub/ci/fix.yaml": "of the pull request"})
    path = project.repo / "sub" / "ci" / "fix.yaml"
    folder, named = {
        "from the folder": ("sub", "ci/fix.yaml"),
        "out of the folder": ("sub/deep", "../ci/fix.yaml"),
        "absolute": ("sub", str(path)),
    }[how]
    checkout = Checkout(project.repo / folder, {"PATH": os.environ["PATH"]}, "")
    assert checkout.take_instructions(base, named).taken == ("sub/ci/fix.yaml",)
    assert path.read_text() == "of the base"


def test_a_workflow_out_of_the_checkout_is_nobodys(project):
    project.commit({"sub/x": "1"})
    base = project.git("rev-parse", "HEAD").strip()
    checkout = Checkout(project.repo, {"PATH": os.environ["PATH"]}, "")
    assert checkout.take_instructions(base, "../fix.yaml").taken == ()
