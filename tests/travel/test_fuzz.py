"""2,000 packed states that were cut, flipped, reordered or made by hand, in one process.

Refused or taken: never a traceback, a file outside the target, or a part of a target.
`GUMP_FUZZ_SEED` repeats a run.
"""

import os
import random
import shutil
import struct
import time

import pytest

from gump_action.errors import InputError
from gump_action.travel.manifest import Limits
from gump_action.travel.unpack import unpack

ROUNDS = 2000
LIMITS = Limits(total_bytes=1 << 20, file_bytes=1 << 19)
PARTS = (
    *(
        "attempts",
        "impl",
        "1",
        "2",
        "transcript",
        "output",
        "diff.patch",
        "given",
        "spec.md",
        "lfs",
    ),
    *("ledger.ndjson", "snapshots.bundle", "gate-1.txt", "lock", ".git", "C:", "~", "a", "A"),
    *("..", ".", "", "/", "\0", "\n", "\\", "\u202e", "\ud7ff", "\u00e9", "e\u0301"),
)


def cut(chance, raw):
    return raw[: chance.randrange(len(raw))]


def flip(chance, raw):
    spoilt = bytearray(raw)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        spoilt[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def splice(chance, raw):
    """A part is lost, doubled, moved or replaced by noise."""
    one, two = sorted(chance.sample(range(len(raw)), 2))
    part = raw[one:two]
    middle = chance.choice((b"", part + part, part[::-1], chance.randbytes(len(part))))
    return raw[:one] + middle + raw[two:]


def reorder(chance, raw):
    start = raw.index(b"\n", raw.index(b"\n") + 1) + 1
    frames, rest = [], raw[start:]
    while rest:
        size = 5 + struct.unpack(">I", rest[1:5])[0]
        frames.append(rest[:size])
        rest = rest[size:]
    if chance.random() < 0.5:
        frames.pop(chance.randrange(len(frames)))
    else:
        chance.shuffle(frames)
    return raw[:start] + b"".join(frames)


def odd_name(chance):
    return "/".join(chance.choice(PARTS) for _ in range(chance.randint(1, 6)))


def odd_files(chance, content):
    """Digests are right; names, contents or the ledger are not always."""
    files = list(content.items())
    match chance.randrange(6):
        case 0:
            files += [(odd_name(chance), b"x") for _ in range(chance.randint(1, 3))]
        case 1:
            files[0] = (files[0][0], flip(chance, files[0][1]))
        case 2:
            files[0] = (files[0][0], splice(chance, files[0][1]))
        case 3:
            lines = files[0][1].splitlines(keepends=True)
            chance.shuffle(lines)
            files[0] = (files[0][0], b"".join(lines[: chance.randint(0, len(lines))]))
        case 4:
            files += chance.choices(files, k=2)
        case 5:
            chance.shuffle(files)
    return files


def make(chance, base, forge, content, file):
    """The next packed state, by one of many ways."""
    way = chance.randrange(8)
    if way < 5:
        spoil = (cut, flip, flip, splice, reorder)[way]
        file.write_bytes(spoil(chance, base))
    elif way == 5:
        listed = "".join(f"{len(text)} {name}\n" for name, text in content.items()).encode()
        spoil = chance.choice((cut, flip, splice))
        forge([*content.items()], manifest=spoil(chance, listed), to=file)
    elif way == 6:
        stream = forge([*content.items()], to=file).read_bytes()[130:-32]
        forge([], stream=chance.choice((cut, flip, splice))(chance, stream), to=file)
    else:
        forge(odd_files(chance, content), frame=chance.choice((50, 300, 1 << 20)), to=file)


def names_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def seed():
    return int(os.environ.get("GUMP_FUZZ_SEED") or time.time_ns() % 10**9)


def test_no_packed_state_does_harm(tmp_path, forge, content, seed, key):
    chance = random.Random(seed)
    file, target = tmp_path / "room/file", tmp_path / "room/out"
    file.parent.mkdir()
    plain = forge([*content.items()], frame=200, to=file).read_bytes()
    sealed = forge([*content.items()], frame=200, key=key, to=file).read_bytes()
    taken = 0
    for turn in range(ROUNDS):
        own = chance.choice((None, None, key))
        make(chance, sealed if own else plain, forge, content, file)
        try:
            unpack(file, target, run_key="r", key=own, limits=LIMITS)
        except InputError:
            assert names_in(file.parent) == {"file"}, f"seed {seed}, turn {turn}"
            continue
        taken += 1
        assert names_in(file.parent) == {"file", "out"}, f"seed {seed}, turn {turn}"
        assert (target / "ledger.ndjson").is_file(), f"seed {seed}, turn {turn}"
        shutil.rmtree(target)
    assert names_in(tmp_path) == {"room"}
    assert 0 < taken < ROUNDS / 4, f"seed {seed}: {taken} of {ROUNDS} were taken"
    print(f"seed {seed}: {ROUNDS} packed states, {taken} of them taken")
