"""Artifacts: found over pages, fetched without the token, checked, and unpacked within limits."""

from __future__ import annotations

import io
import os
import random
import struct
import time
import zipfile

import pytest

from gump_action.errors import HostError
from gump_action.host.api import Api, Connection
from gump_action.host.github import blob

from ..github.state import TOKEN, Fault

STORED = b"the packed state\n" * 1000


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return content.getvalue()


STATE = zipped(("state.gump", STORED))


@pytest.fixture
def waits():
    return []


@pytest.fixture
def api(github, waits):
    with Api(Connection(github.url, TOKEN, github.full_name), sleep=waits.append) as api:
        yield api


@pytest.fixture
def target(tmp_path):
    return tmp_path / "state.gump"


def download(api, target, limit=100_000):
    api.download(api.artifacts(1, "state")[0], "state.gump", target, limit=limit)


def test_artifacts_of_a_run_are_found_over_all_pages_by_the_start_of_their_names(api, github):
    for number in range(250):
        github.add_artifact(f"report-{number}", b"x", run_id=9)
    github.add_artifact("gump-state-1", b"x", run_id=9)
    github.add_artifact("gump-state-2", b"x", run_id=10)
    assert [each.name for each in api.artifacts(9, "gump-state-")] == ["gump-state-1"]


@pytest.mark.parametrize(("told", "is_foreign"), [({}, False), ({"head_repository_id": 2}, True)])
def test_an_artifact_says_whose_it_is(told, is_foreign, api, github):
    github.add_artifact("state", b"x", run_id=9, **told)
    (found,) = api.artifacts(9)
    assert (found.run, found.is_foreign) == (9, is_foreign)


def test_an_artifact_is_fetched_without_the_token(api, github, target):
    artifact = github.add_artifact("state", STATE)
    download(api, target)
    assert target.read_bytes() == STORED
    # That no Authorization came with it, the stand-in itself sees to.
    assert github.blob_calls == [f"/{artifact['id']}.zip"]


def test_an_artifact_without_a_digest_is_taken(api, github, target):
    github.add_artifact("state", STATE, digest=None)
    download(api, target)
    assert target.read_bytes() == STORED


@pytest.mark.parametrize(
    ("content", "values", "words"),
    [
        (STATE, {"digest": "sha256:" + "0" * 64}, "not what was stored"),
        (STATE, {"digest": "sha512:" + "0" * 128}, "not what was stored"),
        (STATE, {"size_in_bytes": 10**9}, "larger than"),
        (STATE, {"expired": True}, "expired"),
        (os.urandom(300_000), {"size_in_bytes": 10}, "more than"),
        (zipped(("state.gump", b"0" * 10**7)), {}, "more than"),
        (zipped(("../state.gump", STORED)), {}, "alone"),
        (zipped(("other", STORED)), {}, "alone"),
        (zipped(("state.gump", STORED), ("more", b"x")), {}, "alone"),
        (zipped(), {}, "alone"),
        (zipped(("state.gump", STORED), method=zipfile.ZIP_LZMA), {}, "no zip"),
        (STATE[:-30], {}, "no zip"),
        (b"no zip", {}, "no zip"),
    ],
    ids=[
        "another-digest",
        "another-kind-of-digest",
        "too-large-as-said",
        "expired",
        "larger-than-said",
        "a-bomb",
        "a-path-out",
        "another-name",
        "two-files",
        "empty",
        "another-method",
        "cut",
        "no-zip",
    ],
)
def test_what_is_not_as_expected_is_refused_and_leaves_nothing(
    content, values, words, api, github, tmp_path
):
    github.add_artifact("state", content, **values)
    with pytest.raises(HostError, match=words):
        download(api, tmp_path / "state.gump")
    assert list(tmp_path.iterdir()) == []


def test_a_changed_byte_is_refused_by_the_zip_where_no_digest_is_given(api, github, tmp_path):
    at = len(zipped(("state.gump", b""), method=zipfile.ZIP_STORED)) // 2 + 20
    content = bytearray(zipped(("state.gump", STORED), method=zipfile.ZIP_STORED))
    content[at] ^= 1
    github.add_artifact("state", bytes(content), digest=None)
    with pytest.raises(HostError, match="no zip"):
        download(api, tmp_path / "state.gump")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(r"\.zip$", status=503),
        Fault(r"\.zip$", status=403),
        Fault(r"\.zip$", kind="drop"),
        Fault(r"\.zip$", kind="cut"),
        Fault("/zip$", status=500),
    ],
    ids=["503", "link-too-old", "dropped", "cut-short", "api-500"],
)
def test_a_store_in_trouble_is_asked_again_under_a_new_address(fault, api, github, waits, target):
    github.add_artifact("state", STATE)
    fault.times, fault.seen = 2, 0
    github.faults = [fault]
    download(api, target)
    assert target.read_bytes() == STORED
    assert waits == [1, 2]
    assert sum("/zip" in call for call in github.calls) == 3


def test_a_store_that_is_down_costs_the_patience_and_shows_no_address(api, github, waits, target):
    github.add_artifact("state", STATE)
    github.faults = [Fault(r"\.zip$", status=503)]
    with pytest.raises(HostError, match="the store of artifacts answered 503") as caught:
        download(api, target)
    assert sum(waits) <= 30
    assert "sig=" not in str(caught.value)


def test_a_store_without_https_is_not_asked(github, target):
    url = f"{github.blob_url}/{github.add_artifact('state', STATE)['id']}.zip"
    reply = blob.fetch(url, target, limit=1000, timeout=1, clock=time.monotonic)
    assert (reply.status, reply.text) == (0, "the store of artifacts has no https address")
    assert github.blob_calls == []


def test_a_store_that_trickles_is_given_up(target):
    ticks = iter(range(0, 10_000, 20))
    reply = blob._written([b"x"] * 100, target, 1000, lambda: next(ticks))
    assert (reply.status, reply.text) == (0, "the store of artifacts is too slow")


@pytest.mark.parametrize("is_zip64", [False, True])
def test_a_zip_with_a_huge_list_is_refused_before_it_is_read(is_zip64, tmp_path):
    """A list is read into memory whole: its own size is not believed to be small."""
    content = bytearray(STATE)
    end = content.rfind(b"PK\5\6")
    if is_zip64:
        content[end:end] = b"PK\6\7" + bytes(16)
    else:
        struct.pack_into("<L", content, end + 12, 10**9)
    archive = tmp_path / "zip"
    archive.write_bytes(content)
    with pytest.raises(HostError, match="list is too long"):
        blob.take(archive, "state.gump", tmp_path / "out", limit=100_000)


@pytest.mark.parametrize("start", range(0, 1000, 250))
def test_bytes_that_are_changed_at_random_are_refused_or_harmless(start, tmp_path):
    whole = zipped(("státe.gump", STORED))
    outcomes = {_outcome(changed(whole, seed), tmp_path) for seed in range(start, start + 250)}
    assert outcomes == {"refused", STORED}


def changed(content, seed):
    """One to four bytes are others, mostly in the list at the end; or the end is missing."""
    chance, content = random.Random(seed), bytearray(content)
    for _ in range(chance.randint(1, 4)):
        first = len(content) - 140 if chance.random() < 0.8 else 0
        content[chance.randrange(first, len(content))] = chance.choice([0, 255, 0xC3])
    return bytes(content[: chance.randrange(len(content))] if chance.random() < 0.1 else content)


def _outcome(content, folder):
    (folder / "zip").write_bytes(content)
    (folder / "out").unlink(missing_ok=True)
    try:
        blob.take(folder / "zip", "státe.gump", folder / "out", limit=100_000)
    except HostError:
        return "refused"
    return (folder / "out").read_bytes()


def test_a_target_that_cannot_be_written_is_an_error_of_ours(api, github, tmp_path):
    github.add_artifact("state", STATE)
    with pytest.raises(HostError, match="cannot be written"):
        download(api, tmp_path / "missing" / "state.gump")


def test_what_is_fetched_is_for_this_user_alone(api, github, target):
    github.add_artifact("state", STATE)
    download(api, target)
    assert target.stat().st_mode & 0o777 == 0o600
