"""A prompt that names the spec, and no spec."""

import pytest

from gump_action.workflow.loader import load
from gump_action.workflow.wanted import unspecified

FLOW = "name: f\nsteps:\n  - {{name: one, agent: claude-haiku, prompt: {prompt!r}}}\n{more}"
TWO = "  - {name: two, agent: claude-haiku}\n"


@pytest.mark.parametrize(
    ("prompt", "more", "words"),
    [
        ("Do {spec}", "", "the prompt of 'one' names it"),
        ("Do {{ spec }}", "", "the prompt of 'one' names it"),
        ("Look around", TWO, "the prompt of 'two' names it"),
        ("Do {spec}", TWO, "the prompt of 'one' and others name it"),
        ("Look around", "", ""),
        ("About specs", "", ""),
        ("{% if spec %}Do {{ spec }}{% endif %}", "", ""),
    ],
)
def test_who_would_read_an_empty_spec_is_said(tmp_path, prompt, more, words):
    path = tmp_path / "f.yaml"
    path.write_text(FLOW.format(prompt=prompt, more=more))
    said = unspecified(load(path).workflow)
    assert words in said
    assert bool(said) is bool(words)
