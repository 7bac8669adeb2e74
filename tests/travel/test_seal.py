"""Which secret makes which key, and that the reader chooses it."""

import hashlib

import pytest

from gump_action.errors import InputError
from gump_action.travel.seal import Key, Seal, choose_key, key_of

LONG = "0123456789abcdef0123456789abcdef"
OTHER = "another secret with more than thirty-two characters"


def test_a_key_is_the_digest_that_the_contract_names():
    digest = hashlib.blake2b(LONG.encode(), digest_size=32, person=b"gump-state-v1").digest()
    assert key_of(LONG) == Key(digest)


def test_a_secret_of_under_32_characters_makes_no_key():
    assert key_of(LONG[:-1]) is None


def test_a_key_does_not_show_itself():
    key = key_of(LONG)
    assert repr(key) == str(key) == "Key()"
    assert "x" not in repr(Seal(key, b"x", "run")).replace("Seal", "")


@pytest.mark.parametrize(
    ("environ", "key_env", "secret", "name"),
    [
        ({}, None, None, "GUMP_STATE_KEY"),
        ({}, "API_KEY", None, "API_KEY"),
        ({"GUMP_STATE_KEY": LONG}, None, LONG, "GUMP_STATE_KEY"),
        ({"GUMP_STATE_KEY": LONG, "API_KEY": OTHER}, "API_KEY", LONG, "GUMP_STATE_KEY"),
        ({"GUMP_STATE_KEY": "", "API_KEY": OTHER}, "API_KEY", OTHER, "API_KEY"),
        ({"API_KEY": OTHER}, "API_KEY", OTHER, "API_KEY"),
        ({"API_KEY": OTHER}, None, None, "GUMP_STATE_KEY"),
        ({"API_KEY": LONG[:-1]}, "API_KEY", None, "API_KEY"),
    ],
)
def test_the_own_key_comes_before_any_other(environ, key_env, secret, name):
    assert choose_key(environ, key_env) == (key_of(secret) if secret else None, name)


@pytest.mark.parametrize("key_env", [None, "API_KEY"])
def test_an_own_key_that_is_too_short_is_wrong_input(key_env):
    with pytest.raises(InputError, match="31 characters") as refused:
        choose_key({"GUMP_STATE_KEY": LONG[:-1], "API_KEY": OTHER}, key_env)
    assert "openssl rand -hex 32" in refused.value.hint
    assert LONG[:-1] not in str(refused.value)


@pytest.mark.parametrize("secret", [LONG, None])
def test_a_frame_opens_only_where_it_was_shut(secret):
    key = key_of(secret) if secret else None
    seal = Seal(key, b"header", "run")
    shut = seal.shut(b"content", 3, is_last=False)
    assert len(shut) == len(b"content") + seal.overhead
    assert seal.open(shut, 3, is_last=False) == b"content"
    assert seal.open(shut, 4, is_last=False) is None
    assert seal.open(shut, 3, is_last=True) is None
    assert seal.open(shut[:-1], 3, is_last=False) is None
    assert seal.open(b"", 3, is_last=False) is None
    assert Seal(key, b"other", "run").open(shut, 3, is_last=False) is None
    assert Seal(key, b"header", "other").open(shut, 3, is_last=False) is None


def test_another_key_does_not_open():
    shut = Seal(key_of(LONG), b"", "run").shut(b"content", 0, is_last=True)
    assert Seal(key_of(OTHER), b"", "run").open(shut, 0, is_last=True) is None
    assert Seal(None, b"", "run").open(shut, 0, is_last=True) is None
    assert b"content" not in shut
