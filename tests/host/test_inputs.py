"""What `with:` may say."""

import pytest

from gump_action.errors import InputError
from gump_action.host import inputs

DAYS = 24 * 3600.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("840h", 35 * DAYS), ("", None)]
)
def test_a_timeout_is_a_time_that_a_job_can_take(text, seconds):
    assert inputs.read({"GUMP_WORKFLOW": "w", "GUMP_TIMEOUT": text}).timeout == seconds


@pytest.mark.parametrize("text", ["0", "841h", "9" * 400, "soon", "-5"])
def test_any_other_timeout_is_refused_in_words(text):
    with pytest.raises(InputError, match="`timeout` is"):
        inputs.read({"GUMP_WORKFLOW": "w", "GUMP_TIMEOUT": text})


@pytest.mark.parametrize(("text", "runs"), [("", 10), ("0", 0), ("9999", 9999)])
def test_how_many_runs_may_begin_unasked(text, runs):
    words = {"GUMP_WORKFLOW": "w", "GUMP_MAX_RUNS_PER_SUBJECT": text}
    assert inputs.read(words).max_runs == runs


@pytest.mark.parametrize("text", ["-1", "10000", "many", "1.5", "٣"])
def test_any_other_number_of_runs_is_refused_in_words(text):
    with pytest.raises(InputError, match="`max-runs-per-subject` is"):
        inputs.read({"GUMP_WORKFLOW": "w", "GUMP_MAX_RUNS_PER_SUBJECT": text})
