"""What is refused, and that it leaves nothing behind."""

import fcntl
import json
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from gump_action.errors import InputError
from gump_action.travel.frames import make_header
from gump_action.travel.manifest import Limits
from gump_action.travel.pack import pack
from gump_action.travel.seal import Seal, key_of
from gump_action.travel.unpack import unpack

from .conftest import SESSION

FOLDER = "attempts/impl/@1"
LFS = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"  # of `[]`


@pytest.fixture
def refused(tmp_path):
    """`refused(file)`: the reason; and that nothing was made or changed."""

    def refused(file: Path, *, run_key="r", key=None, target=None, **limits) -> str:
        target = target or tmp_path / "out"
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(InputError) as why:
            unpack(file, target, run_key=run_key, key=key, limits=Limits(**limits))
        assert sorted(tmp_path.rglob("*")) == before
        assert why.value.exit_code == 2
        return str(why.value)

    return refused


@pytest.fixture
def packed(wanted):
    pack(wanted)
    return wanted.target


# --- the outside: key, run, damage ----------------------------------------------------------------


def test_another_run_key_does_not_open(packed, key, refused):
    assert "another run" in refused(packed, run_key="repo/run/2", key=key)


def test_another_key_does_not_open(packed, refused):
    assert "another key" in refused(packed, run_key="repo/run/1", key=key_of("k" * 32))


def test_a_sealed_state_without_a_key_names_the_variable_that_the_writer_had(packed, refused):
    assert "sealed with GUMP_STATE_KEY" in refused(packed, run_key="repo/run/1")


def test_where_there_is_a_key_an_unsealed_state_is_refused(unsealed, key, refused):
    pack(unsealed)
    assert "not sealed" in refused(unsealed.target, run_key="repo/run/1", key=key)


def test_another_run_key_is_noticed_without_a_seal_too(unsealed, refused):
    pack(unsealed)
    assert "another run" in refused(unsealed.target, run_key="repo/run/2")


def test_a_header_that_claims_a_seal_does_not_choose_the_way(unsealed, key, refused):
    pack(unsealed)
    raw = unsealed.target.read_bytes().replace(b'"sealed": false', b'"sealed": true')
    unsealed.target.write_bytes(raw)
    assert "does not open" in refused(unsealed.target, run_key="repo/run/1", key=key)


def flipped(raw):
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 255]) + raw[middle + 1 :]


DAMAGE = {
    "empty": lambda raw: b"",
    "half": lambda raw: raw[: len(raw) // 2],
    "short": lambda raw: raw[:-1],
    "long": lambda raw: raw + b"\0",
    "flip": flipped,
    "id": lambda raw: raw.replace(b'"id": "', b'"id": "0'),
    "key": lambda raw: raw.replace(b'"key": "', b'"key": "A'),
    "version": lambda raw: raw.replace(b"gump state 2\n", b"gump state 3\n"),
    "line": lambda raw: raw.replace(b"gump state 2\n", b"gump state 2"),
    "other": lambda raw: b"\x1f\x8b" + raw,
}


@pytest.mark.parametrize("is_sealed", [True, False])
@pytest.mark.parametrize("spoil", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_refused(wanted, key, refused, is_sealed, spoil):
    wanted = replace(wanted, key=key if is_sealed else None)
    pack(wanted)
    wanted.target.write_bytes(spoil(wanted.target.read_bytes()))
    assert refused(wanted.target, run_key="repo/run/1", key=wanted.key)


@pytest.mark.parametrize("number", [1, 7])
def test_another_format_is_refused_naming_both(packed, key, refused, number):
    other = b"gump state %d\n" % number
    packed.write_bytes(packed.read_bytes().replace(b"gump state 2\n", other))
    said = refused(packed, run_key="repo/run/1", key=key)
    assert f"format {number}" in said
    assert "reads 2" in said


def test_frames_in_another_order_are_refused(forge, content, refused):
    file = forge([*content.items()], frame=100)
    header, frames = split(file.read_bytes())
    file.write_bytes(header + b"".join([frames[1], frames[0], *frames[2:]]))
    assert refused(file)
    file.write_bytes(header + b"".join([*frames[:3], *frames[4:]]))
    assert refused(file)


def test_a_frame_of_another_file_with_the_same_key_is_refused(forge, content, refused, key):
    one = split(forge([*content.items()], frame=100, key=key).read_bytes())
    file = forge([*content.items()], frame=100, key=key)
    header, frames = split(file.read_bytes())
    file.write_bytes(header + b"".join([frames[0], one[1][1], *frames[2:]]))
    assert refused(file, key=key)


def split(raw):
    """The header of a packed state, and its frames."""
    start = raw.index(b"\n", raw.index(b"\n") + 1) + 1
    header, rest, frames = raw[:start], raw[start:], []
    while rest:
        size = 5 + int.from_bytes(rest[1:5], "big")
        frames.append(rest[:size])
        rest = rest[size:]
    return header, frames


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[" * 900,
        b'{"id": "a", "key": "", "sealed": 1}',
        b'{"id": "a", "key": "\\u001b[31m", "sealed": true}',
        b'{"id": "a", "key": "", "sealed": false, "run": "r"}',
        b"\xff",
    ],
)
def test_a_header_that_says_other_things_is_refused(tmp_path, refused, line):
    (tmp_path / "file").write_bytes(b"gump state 2\n" + line + b"\n")
    assert "header" in refused(tmp_path / "file")


def test_a_frame_that_claims_to_be_huge_is_not_read(tmp_path, refused):
    header = make_header(is_sealed=False, key="")
    (tmp_path / "file").write_bytes(header + b"\x01\xff\xff\xff\xff" + b"x" * 100)
    assert "damaged" in refused(tmp_path / "file")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: None])
def test_what_is_no_file_is_refused(tmp_path, refused, make):
    make(tmp_path / "file")
    assert str(tmp_path / "file") in refused(tmp_path / "file")


# --- the inside: names, counts, sizes -------------------------------------------------------------

HOSTILE = [
    "/etc/passwd",
    "../outside",
    "attempts/../../outside",
    "attempts/impl/@1/../output",
    "attempts/impl/@1/transcript/../../../../../outside",
    "attempts//@1/output",
    "attempts/./@1/output",
    "attempts/impl/1/output",
    "attempts/impl/@1/more/@1/output",
    "attempts/impl/@1/transcript/",
    "attempts/impl/@1/transcript/.",
    "attempts/impl/@1/transcript/a\0b",
    "attempts/impl/@1/transcript/a\\b",
    "attempts/impl/@1/transcript/a\rb",
    "attempts/impl/@1/transcript/a\u202eb",
    "attempts/impl/@1/transcript/a\ufeff",
    "attempts/impl/@1/transcript/" + "a" * 256,
    "attempts/impl/@1/transcript/" + "ä" * 128,
    "attempts/impl/@1/transcript/" + "a/" * 600 + "a",
    "attempts/impl/@0/output",
    "attempts/impl/@01/output",
    "attempts/impl/output",
    "attempts/@1/output",
    "attempts/impl/@1/run.sh",
    "attempts/impl/@1/gate-.txt",
    "given/../x.md",
    "given/.hidden",
    "given/deep/x.md",
    ".gitignore",
    "lock",
    "live",
    "old/r0/ledger.ndjson",
    "git/config",
    "tree/a.txt",
    "home/claude/settings.json",
    "ledger.ndjson.part",
    "lfs/4f/53/" + LFS[:-1],
    "lfs/4f/54/" + LFS,
    "lfs/../" + LFS,
    "",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_no_state_has_is_refused(forge, content, refused, name):
    said = refused(forge([*content.items(), (name, b"x")]))
    assert "refused" in said or "cannot be read" in said


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (f"{FOLDER}/output", f"{FOLDER}/output"),
        (f"{FOLDER}/transcript/a", f"{FOLDER}/transcript/A"),
        (f"{FOLDER}/transcript/ä", f"{FOLDER}/transcript/a\u0308"),
        (f"{FOLDER}/transcript/straße", f"{FOLDER}/transcript/STRASSE"),
        (f"{FOLDER}/transcript/a", f"{FOLDER}/transcript/a/b"),
        (f"{FOLDER}/transcript/a/b", f"{FOLDER}/transcript/a"),
        (f"{FOLDER}/transcript/a/b", f"{FOLDER}/transcript/A/c"),
        ("attempts/impl/@1/diff.patch", "attempts/Impl/@2/diff.patch"),
        ("ledger.ndjson", "ledger.ndjson"),
    ],
)
def test_two_names_for_one_place_are_refused(forge, content, refused, one, two):
    others = [(name, text) for name, text in content.items() if name == "ledger.ndjson" != one]
    assert "is refused" in refused(forge([*others, (one, b"x"), (two, b"x")]))


def test_a_state_without_a_ledger_is_refused(forge, content, refused):
    del content["ledger.ndjson"]
    assert "no ledger.ndjson" in refused(forge([*content.items()]))


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"\n",
        b"x",
        b"-1 ledger.ndjson\n",
        b"1e3 ledger.ndjson\n",
        b"99999999999999999 ledger.ndjson\n",
        b"1  ledger.ndjson\n",
        b"\xff\xfe",
        b"3 ledger.ndjson\n\n3 given/spec.md\n",
    ],
)
def test_a_list_of_files_that_is_none_is_refused(forge, refused, manifest):
    assert refused(forge([("ledger.ndjson", b"abc")], manifest=manifest))


def test_less_or_more_than_the_list_says_is_refused(forge, content, refused):
    files = [*content.items()]
    listed = "".join(f"{len(text)} {name}\n" for name, text in files)
    more = f"{listed}9 {FOLDER}/gate-9.txt\n".encode()
    less = listed.rpartition(f"{len(files[-1][1])} ")[0].encode()
    assert refused(forge(files, manifest=more))
    assert refused(forge(files, manifest=less))
    assert refused(forge(files, stream=b"not compressed"))
    assert refused(forge(files, stream=zstandard.compress(b"\0" * 8)))
    assert refused(forge(files, stream=zstandard.compress(b"\xff" * 8)))
    assert refused(forge(files, stream=b""))


def test_what_follows_the_digests_is_refused(forge, content, refused):
    file = forge([*content.items()])
    stream = file.read_bytes()[file.read_bytes().index(b"\x28\xb5\x2f\xfd") : -32]
    assert "more than its list" in refused(forge([], stream=stream + zstandard.compress(b"x")))
    assert "more than its list" not in refused(forge([], stream=stream + b"x"))


def test_a_list_of_files_that_is_endless_is_not_read(forge, content, refused):
    assert "list of files has" in refused(forge([*content.items()]), files=1, name_bytes=8)


def test_a_file_that_is_not_the_one_of_its_digest_is_refused(forge, content, refused):
    said = refused(forge([*content.items()], digests=b"\0" * 16 * len(content)))
    assert "not the one that was packed" in said


def test_a_large_file_of_git_must_be_what_its_name_says(forge, content, refused, tmp_path):
    name = f"lfs/4f/53/{LFS}"
    assert "name says" in refused(forge([*content.items(), (name, b"[1]")]))
    unpack(forge([*content.items(), (name, b"[]")]), tmp_path / "out", run_key="r", key=None)
    assert (tmp_path / "out" / name).read_bytes() == b"[]"


@pytest.mark.parametrize(
    "limit", [{"files": 5}, {"file_bytes": 100}, {"total_bytes": 1000}, {"name_bytes": 20}]
)
def test_too_much_is_refused(forge, content, refused, limit):
    said = refused(forge([*content.items()]), **limit)
    assert "limit" in said or "too long" in said


def test_what_grows_out_of_all_proportion_is_refused(forge, content, refused):
    bomb = (f"{FOLDER}/output", b"\0" * (8 << 20))
    del content[bomb[0]]
    said = refused(forge([*content.items(), bomb]), free=1 << 20)
    assert "more than 1000 times" in said


def test_a_window_that_takes_much_memory_is_refused(forge, content, refused):
    how = zstandard.ZstdCompressionParameters.from_level(1, window_log=27)
    stream = zstandard.ZstdCompressor(compression_params=how).compressobj()
    assert "decompressed" in refused(
        forge([*content.items()], stream=stream.compress(b"x" * 1000) + stream.flush())
    )


# --- the ledger inside ----------------------------------------------------------------------------


def change(line, **to):
    return json.dumps({**json.loads(line), **to}).encode()


def taken(**what):
    return json.dumps({"type": "base_taken", "seq": 2, "before": "c" * 40, **what}).encode()


def merged(**what):
    return json.dumps({"type": "snapshot_merged", "seq": 2, **what}).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [],
        lambda lines: [b"\0" * 20, *lines[1:]],
        lambda lines: [change(lines[0], format=99), *lines[1:]],
        lambda lines: [change(lines[0], run="../../x"), *lines[1:]],
        lambda lines: [change(lines[0], run="-x"), *lines[1:]],
        lambda lines: [change(lines[0], base="--upload-pack=x"), *lines[1:]],
        lambda lines: [change(lines[0], start="HEAD"), *lines[1:]],
        lambda lines: [lines[0], change(lines[0], seq=2)],
        lambda lines: [change(lines[1], seq=1)],
        lambda lines: [change(lines[5], seq=1)],
        lambda lines: [lines[0], change(lines[5], seq=2)],
        lambda lines: [lines[0], change(lines[1], step="../../x")],
        lambda lines: [lines[0], change(lines[1], step="/x")],
        lambda lines: [lines[0], change(lines[1], step="")],
        lambda lines: [lines[0], change(lines[1], attempt=0)],
        lambda lines: [lines[0], change(lines[1], start="-x")],
        lambda lines: [*lines[:2], change(lines[2], session="../x")],
        lambda lines: [*lines[:2], change(lines[2], session="--yolo")],
        lambda lines: [*lines[:2], change(lines[3], seq=3, files={"../../x": "0" * 64})],
        lambda lines: [*lines[:2], change(lines[3], seq=3, files={"/x": "0" * 64})],
        lambda lines: [*lines[:2], change(lines[3], seq=3, files={"": "0" * 64})],
        lambda lines: [*lines[:2], change(lines[3], seq=3, files={"a\0b": "0" * 64})],
        lambda lines: [*lines[:2], change(lines[3], seq=3, files={"x": "no digest"})],
        lambda lines: [*lines[:2], change(lines[4], seq=3, commit="HEAD")],
        lambda lines: [lines[0], b'{"type":"items_planned","seq":2,"step":"b","items":[".."]}'],
        lambda lines: [lines[0], b'{"type":"items_planned","seq":2,"step":"b","items":["a/b"]}'],
        lambda lines: [lines[0], b'{"type":"run_ended","seq":2,"verdict":"failed","left":"-x"}'],
        lambda lines: [lines[0], taken(base="-x", start="c" * 40)],
        lambda lines: [lines[0], taken(base="", start="c" * 40)],
        lambda lines: [lines[0], taken(base="c" * 40, start="../x")],
        lambda lines: [lines[0], merged(snapshot="c" * 40, commit="HEAD")],
        lambda lines: [lines[0], merged(snapshot="x/../y", commit="c" * 40)],
        lambda lines: [lines[0], b"[" * 5000],
        lambda lines: [lines[0], b'{"type":"unknown","seq":2}'],
        lambda lines: [lines[1], lines[0]],
        lambda lines: [change(lines[0], run="")],
        lambda lines: lines[1:],
    ],
)
def test_a_ledger_that_cannot_be_gone_by_is_refused(forge, content, refused, spoil):
    lines = spoil(content["ledger.ndjson"].splitlines())
    content["ledger.ndjson"] = b"".join(line + b"\n" for line in lines)
    said = refused(forge([*content.items()]))
    assert "ledger.ndjson" in said
    assert ".gump-unpack" not in said


@pytest.mark.parametrize("name", ["a\u202eb", "x" * 2000, "a\\b", "\ufffd"])
def test_a_state_is_taken_though_a_transcript_of_it_had_a_file_that_cannot_travel(
    wanted, tmp_path, content, name
):
    lines = content["ledger.ndjson"].splitlines(keepends=True)
    files = {f"{SESSION}.jsonl": "0" * 64, name: "0" * 64}
    lines[3] = change(lines[3], files=files) + b"\n"
    (wanted.root / "ledger.ndjson").write_bytes(b"".join(lines))
    pack(wanted)
    unpack(wanted.target, tmp_path / "out", run_key=wanted.run_key, key=wanted.key)
    assert (tmp_path / "out/ledger.ndjson").read_bytes() == b"".join(lines)


def test_a_ledger_with_a_torn_last_line_is_refused(forge, content, refused):
    content["ledger.ndjson"] = content["ledger.ndjson"][:-1]
    assert "cut off" in refused(forge([*content.items()]))


# --- the target -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ledger.ndjson", "other.txt", "git/HEAD"])
def test_a_target_that_holds_something_is_left_as_it_is(packed, key, refused, tmp_path, put, name):
    put(tmp_path / "out", {name: b"mine"})
    assert refused(packed, run_key="repo/run/1", key=key)
    assert (tmp_path / "out" / name).read_bytes() == b"mine"


def test_a_target_that_is_a_file_or_a_link_is_refused(packed, key, refused, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link", "dangling"):
        assert refused(packed, run_key="repo/run/1", key=key, target=tmp_path / name)


def test_a_target_below_a_file_is_refused(packed, key, refused):
    assert refused(packed, run_key="repo/run/1", key=key, target=packed / "out")


def test_an_empty_state_directory_gives_way(packed, key, tmp_path, put, content, content_of):
    put(tmp_path / "out", {"lock": b"", ".gitignore": b"*\n"})
    unpack(packed, tmp_path / "out", run_key="repo/run/1", key=key)
    assert content_of(tmp_path / "out") == {**content, ".gitignore": b"*\n"}


def test_a_state_directory_in_which_a_run_works_does_not_give_way(packed, key, refused, tmp_path):
    (tmp_path / "out").mkdir()
    with (tmp_path / "out/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "a run works" in refused(packed, run_key="repo/run/1", key=key)


def test_what_is_unpacked_is_for_its_owner_alone(packed, key, tmp_path):
    out = tmp_path / "out"
    unpack(packed, out, run_key="repo/run/1", key=key)
    folders = {path for path in [out, *out.rglob("*")] if path.is_dir()}
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert {p.stat().st_mode & 0o777 for p in out.rglob("*") if p not in folders} == {0o600}


def test_nothing_is_left_beside_the_target(packed, key, tmp_path):
    unpack(packed, tmp_path / "out", run_key="repo/run/1", key=key)
    assert {path.name for path in tmp_path.iterdir()} == {"state", "packed", "out"}


def test_memory_does_not_grow_with_what_travels(wanted, key, tmp_path, put):
    block = os.urandom(1 << 20)
    files = {f"attempts/impl/@{n}/transcript/x.jsonl": block * 8 for n in range(1, 6)}
    put(wanted.root, files)
    tracemalloc.start()
    pack(wanted)
    unpack(wanted.target, tmp_path / "out", run_key="repo/run/1", key=key)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    assert wanted.target.stat().st_size < 2 << 20


def test_a_seal_of_the_empty_run_key_is_one_like_others(forge, content, refused, tmp_path, key):
    file = forge([*content.items()], run_key="", key=key)
    assert refused(file, run_key="r", key=key)
    assert unpack(file, tmp_path / "out", run_key="", key=key).is_sealed
    assert Seal(key, b"", "").shut(b"", 0, is_last=True)
