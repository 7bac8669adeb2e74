"""What was recorded of a real program, as the `Exit` that its provider judges."""

from pathlib import Path

import pytest

from gump_action.providers.base import Complained, Ended, Exit, SessionKnown, TurnBegan

RECORDED = Path(__file__).parent.parent / "recorded"


def exit_of(provider, case, asked=None):
    """`case` is `VERSION/NAME`, a file under tests/recorded/PROVIDER."""
    stem = RECORDED / provider.NAME / case
    lines = Path(f"{stem}.ndjson").read_text().splitlines()
    events = [event for line in lines for event in provider.parse(line)]
    sessions = [event.session for event in events if isinstance(event, SessionKnown)]
    return Exit(
        code=int(Path(f"{stem}.rc").read_text()),
        stderr=Path(f"{stem}.stderr.txt").read_text(),
        session=sessions[-1] if sessions else None,
        asked=sessions[-1] if sessions and asked == "the same" else asked,
        ended=next((event for event in reversed(events) if isinstance(event, Ended)), None),
        complaints=tuple(event.text for event in events if isinstance(event, Complained)),
        turns=sum(isinstance(event, TurnBegan) for event in events),
    )


@pytest.fixture
def recorded():
    return exit_of
