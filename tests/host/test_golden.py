"""What comment and summary look like for the runs that matter; `golden/` is what one reads.

Written anew by `pytest tests/host/test_golden.py --rewrite-goldens`; then read the difference.
"""

from pathlib import Path

import pytest

from gump_action.host.report import report
from gump_action.host.said.comment import render

from .deliveries import TOLD
from .runs import RUNS

GOLDEN = Path(__file__).parent / "golden"
ALL = {**{name: (make().state, facts) for name, (make, facts) in RUNS.items()}, **TOLD}


def summary(state, facts):
    return report(state, None, facts=facts)


@pytest.mark.parametrize("say", [render, summary], ids=["comment", "summary"])
@pytest.mark.parametrize("name", ALL)
def test_it_looks_as_it_did(name, say, request):
    text = say(*ALL[name])
    path = GOLDEN / f"{name}.{'comment' if say is render else 'summary'}.md"
    if request.config.getoption("--rewrite-goldens"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_each_golden_file_is_of_a_run():
    names = {path.name.partition(".")[0] for path in GOLDEN.iterdir()}
    assert names == set(ALL)
