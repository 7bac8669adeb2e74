"""The stand-in as pytest fixtures: one server for all tests, which forgets between them."""

from __future__ import annotations

import pytest

from .server import GitHub


@pytest.fixture(scope="session")
def github_server():
    with GitHub() as github:
        yield github


@pytest.fixture
def github(github_server):
    """What GitHub knows.  At the end nothing may have deviated from its description."""
    state = github_server.renew()
    yield state
    assert state.deviations == [], "\n".join(state.deviations)
