"""The real programs, offline: `scripts/agents` installs them and cuts the network."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from netns import interfaces
from stage import CLIS, GUMP, Stage, model_server


@pytest.fixture(scope="session", autouse=True)
def offline():
    """Fails loudly where a key or a network could be reached, or a program is missing."""
    if interfaces() != ["lo"]:
        pytest.exit("tests/agents runs in a network namespace only: use scripts/agents", 2)
    missing = [cli.name for cli in CLIS if not shutil.which(cli.name)]
    if missing or not GUMP.exists():
        pytest.exit(f"missing: {missing or GUMP}; use scripts/agents", 2)


@pytest.fixture(params=CLIS, ids=lambda cli: cli.name)
def stage(request, tmp_path_factory):
    """`stage(script)`: the engine's world with a model that plays the script."""
    opened = []

    def build(script):
        folder = tmp_path_factory.mktemp(request.param.name)
        opened.append(model_server(script, folder).__enter__())
        return Stage(request.param, folder, opened[-1])

    yield build
    for models in opened:
        models.__exit__()
