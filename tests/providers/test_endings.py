"""How a launch ended, in words."""

import re

import pytest

from gump_action.providers import endings, services
from gump_action.providers.base import Ended, Exit, Judged


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit code 0"),
        (-15, "killed by SIGTERM"),
        (-99, "killed by signal 99"),
        (143, "exit code 143 (SIGTERM)"),
        (137, "exit code 137 (SIGKILL)"),
        (144, "exit code 144"),
        (255, "exit code 255"),
    ],
)
def test_an_exit_code_in_words(code, words):
    assert endings.how(code) == words


@pytest.mark.parametrize(
    ("exit", "words"),
    [
        (Exit(1, "x", None, None, Ended(False, "said")), "said"),
        (Exit(1, "x\n", None, None, Ended(True, "said")), "exit code 1: x"),
        (Exit(143, "", None, None, None), "exit code 143 (SIGTERM), and its stream has no end"),
        (Exit(1, "", None, None, Ended(False), ("a", "b")), "exit code 1: b"),
    ],
)
def test_the_last_words(exit, words):
    assert endings.last_words(exit) == words


@pytest.mark.parametrize(
    ("ended", "turns", "own"),
    [
        (Ended(True, "401"), 0, False),
        (Ended(False, "401"), 9, True),
        (Ended(False), 0, True),
        (Ended(False), 1, False),
        (None, 0, True),
        (None, 1, False),
    ],
)
def test_when_words_can_be_taken_for_the_clis_own(ended, turns, own):
    assert endings.has_own_words(Exit(1, "401", None, None, ended, (), turns)) is own


@pytest.mark.parametrize(
    ("asked", "turns", "status", "refused"),
    [("s", 0, 400, True), ("s", 0, 413, True), (None, 0, 400, False), ("s", 1, 400, False)]
    + [("s", 0, status, False) for status in (0, 200, 401, 402, 403, 404, 408, 429, 500)],
)
def test_a_4xx_on_the_first_call_after_a_resume_is_a_refusal(asked, turns, status, refused):
    assert endings.is_refusal(Exit(1, "", None, asked, None, (), turns), status) is refused


def test_the_first_block_whose_words_were_said_counts():
    blocks = [endings.Block(re.compile(word), f"{word}!") for word in ("a", "b", "ab")]
    assert endings.find_blocked("X", "ab", blocks) == Judged("blocked", "X says: ab\na!")
    assert endings.find_blocked("X", "c", blocks) is None


@pytest.mark.parametrize(
    ("said", "status", "remedy"),
    [
        ("You exceeded your current quota, please check your plan.", 429, "pay"),
        ("You have exhausted your daily quota on this model.", 0, "pay"),
        ("Insufficient Balance", 402, "pay"),
        ("Your credit balance is too low", 400, "pay"),
        ("Quota exceeded for metric: requests, limit: 50 per day", 429, "pay"),
        ("Quota exceeded for quota metric 'Requests' of limit 'Requests per minute'", 429, ""),
        ("Resource has been exhausted (e.g. check quota).", 429, ""),
        ("Rate limit reached for requests per min (RPM).", 429, ""),
        ("Incorrect API key provided: sk-1.", 401, "login"),
        ("API key not valid. Please pass a valid API key.", 400, "login"),
        ("Anthropic API key is missing.", 0, "login"),
        ("Your session has expired. Please log in again.", 0, "login"),
        ("no", 403, "login"),
        ("The function `login` takes no parameter `api_key`", 400, ""),
        ("The server had an error", 500, ""),
    ],
)
def test_what_lifts_a_refusal_by_a_service(said, status, remedy):
    assert services.find_remedy(said, status, login="login", pay="pay") == remedy
