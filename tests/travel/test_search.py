"""What is searched for secrets, and what was searched with the file before."""

import pytest

from gump_action.redaction import Redactor
from gump_action.travel.search import Search

SECRET = "b7d1-44c0-9e3a"
HALF, REST = SECRET[:7].encode(), SECRET[7:].encode()
FILL = b"nothing of note, line after line\n" * 400


class Counting(Redactor):
    """Counts the bytes that it was asked about."""

    looked = 0

    def holds_secret(self, data: bytes) -> bool:
        self.looked += len(data)
        return super().holds_secret(data)


def hits(search: Search, *files: list[bytes]) -> list[bool]:
    found = []
    for chunks in files:
        search.begin()
        for chunk in chunks:
            search.look(chunk)
        found.append(search.hit)
    return found


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([[FILL], [FILL + b"more"]], [False, False]),
        ([[FILL], [FILL + SECRET.encode()]], [False, True]),
        ([[FILL + HALF], [FILL + HALF + REST]], [False, True]),
        ([[FILL + HALF], [FILL + HALF, REST]], [False, True]),
        ([[FILL, FILL + HALF], [FILL, FILL + HALF + REST]], [False, True]),
        ([[FILL, HALF], [FILL + HALF, REST]], [False, True]),
        ([[HALF, FILL], [FILL, REST]], [False, False]),
        ([[HALF + FILL, REST], [HALF, REST]], [False, True]),
        ([[FILL + REST], [HALF, FILL + REST]], [False, False]),
        ([[FILL], [HALF + REST + FILL]], [False, True]),
        ([[FILL, REST], [HALF, REST]], [False, True]),
        ([[FILL, REST + FILL], [FILL + HALF, REST + FILL]], [False, True]),
        ([[SECRET.encode() + FILL], [SECRET.encode() + FILL + b"more"]], [True, True]),
        ([[FILL], [SECRET.encode(), FILL], [FILL]], [False, True, False]),
    ],
)
def test_a_secret_is_found_whatever_was_searched_before(files, expected):
    assert hits(Search(Redactor([SECRET])), *files) == expected


def test_what_a_session_had_before_is_not_searched_again():
    redactor = Counting([SECRET])
    told = [FILL * 10 * number for number in range(1, 31)]
    assert not any(hits(Search(redactor), *([session] for session in told)))
    assert redactor.looked < len(told[-1]) + 31 * redactor.reach


def test_a_long_secret_is_found_over_a_border():
    secret = "".join(f"{number:x}-" for number in range(1000))
    lines = b"\n    ".join(bytes([char]) for char in secret.encode().hex().encode())
    assert hits(Search(Redactor([secret])), [FILL, lines[:30000], lines[30000:]]) == [True]
