import pytest

from gump_action.engine import events as e
from gump_action.host import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599.6, "1 h 00 min"),
        (7260, "2 h 01 min"),
        (-1, "0.0 s"),
    ],
)
def test_a_span(seconds, text):
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "?"), (0, "0"), (999, "999"), (1000, "1.0k"), (999_949, "999.9k"), (999_950, "1.0M")],
)
def test_a_count(number, text):
    assert words.count(number) == text


@pytest.mark.parametrize(
    ("usage", "text"),
    [
        (e.Usage(), "unknown"),
        (e.Usage(input=5, cache_write=7, output=1), "12 / ? / 1"),
        (e.Usage(input=0, cache_read=0, output=0), "0 / 0 / 0"),
    ],
)
def test_tokens_are_uncached_cached_and_out(usage, text):
    assert words.tokens(usage) == text


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        ("bash: a\n  b", "✓ bash: a b"),
        ("x" * 60, "✓ " + "x" * 60),
        ("x" * 61, "✓ " + "x" * 59 + "…"),
    ],
)
def test_a_gate_on_one_short_line_says_that_it_was_cut(gate, text):
    ended = e.GateEnded(step="a", attempt=1, index=1, gate=gate, passed=True)
    assert words.mark(ended) == text


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("first attempt", "first attempt"),
        ("impl#1 failed; same", "`impl#1` failed; same"),
        (
            '"review" was passed by claude-opus, not claude-sonnet',
            '"review" was passed by claude-opus, not claude-sonnet',
        ),
        ("ask @octocat (now)", "ask `@octocat` (now)"),
        ("a_b *c* d", "`a_b *c*` d"),
        ("all 3 attempts", "all 3 attempts"),
        ("a `b` c", "a `b` c"),
        ("the `make all`: no", "the `make all`: no"),
        ("gate `bash: python3 -m x` failed (1)", "gate `bash: python3 -m x` failed (1)"),
        ("`a b` `c|d`, (`@e f`).", "`a b` <code>c&#124;d</code>, (`@e f`)."),
        ("one ` two `three four", "one <code>&#96;</code> two <code>&#96;three</code> four"),
        ("a ` ` b", "a b"),
        ("a `b`c` d", "a <code>&#96;b&#96;c&#96;</code> d"),
        ("", ""),
    ],
)
def test_prose_keeps_plain_words_plain(text, markdown):
    assert words.prose(text) == markdown
