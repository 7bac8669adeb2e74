"""What a re-run goes on with: artifacts and cache entries that somebody else has put there."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from ..action.job import zipped

STATE = "state.gump"


@pytest.fixture(scope="module")
def first(stage):
    """The first attempt of a job, which failed and left its state in both stores."""
    stage.gate = "exit 1"
    job = stage.attack({})
    assert job.result["status"] == "failed"
    assert job.outputs["save"]["artifact"] == job.outputs["save"]["cache"] == "true", job.log
    return job


@pytest.fixture
def second(stage, first):
    """Looks for the state of the first attempt; with `forge` the stores are changed before."""
    kept = stage.root / "kept-store"
    shutil.copytree(first.store, kept)
    artifacts, blobs = list(stage.github.artifacts), dict(stage.github.blobs)
    before = [dict(each) for each in artifacts]

    def restore(forge=None, **how):
        job = stage.job(2, **how)
        if forge:
            forge(first.store)
        job.temp.mkdir()
        job.step("resolve")
        job._restore_cache()
        job.step("restore")
        return job

    yield restore
    shutil.rmtree(first.store)
    kept.rename(first.store)
    stage.github.artifacts[:], stage.github.blobs = before, blobs


def went_on(job):
    assert job.codes["restore"] == 0, job.log
    return job.outputs["restore"].get("resumed-from", "")


def entry(store):
    return next((store / "cache").iterdir())


def test_what_is_untouched_is_gone_on_with(second):
    """Without this, no refusal below would show anything."""
    assert went_on(second()) == "the cache"
    assert went_on(second(state="artifact")).startswith("the artifact")


def flip(store):
    whole = bytearray(entry(store).read_bytes())
    whole[len(whole) // 2] ^= 1
    entry(store).write_bytes(whole)


CACHE = {
    "nothing": lambda store: entry(store).write_bytes(b""),
    "garbage": lambda store: entry(store).write_bytes(b"x" * 100_000),
    "one-bit": flip,
    "cut": lambda store: entry(store).write_bytes(entry(store).read_bytes()[:-40]),
    "added-to": lambda store: entry(store).write_bytes(entry(store).read_bytes() + b"x"),
    "a-zip": lambda store: entry(store).write_bytes(zipped(entry(store))),
    "another-header": lambda store: entry(store).write_bytes(
        b'{"format": 1}\n' + entry(store).read_bytes().partition(b"\n")[2]
    ),
}


@pytest.mark.parametrize("forgery", CACHE)
def test_a_cache_entry_that_was_changed(second, forgery):
    """Cache poisoning (Clinejection; gh-aw#26586): who may write an entry writes a memory."""
    job = second(CACHE[forgery], state="cache")
    assert went_on(job) == ""
    assert "is not gone on with" in job.log


def test_a_cache_entry_without_a_seal(stage, second):
    """Cache poisoning: an entry that needs no key, with a forged record, where there is a key."""
    other = stage.job(environ={}, state_key="")
    other.store = stage.root / "other-store"
    other.play()
    packed = next((other.store / "cache").iterdir())
    job = second(lambda store: shutil.copy(packed, entry(store)), state="cache")
    assert went_on(job) == ""
    assert "is not gone on with" in job.log


def test_a_state_of_another_job_of_the_same_key(stage, second):
    """A swapped state: sealed with the right key, for another job of the same host run."""
    other = stage.job(use="other")
    other.store = stage.root / "swapped-store"
    other.play()
    packed = next((other.store / "cache").iterdir())
    job = second(lambda store: shutil.copy(packed, entry(store)), state="cache")
    assert went_on(job) == ""
    assert "is not gone on with" in job.log


def test_a_state_of_another_host_run(stage, second):
    """Artifact of another run: what seals it names the run."""
    job = second(environ={"GITHUB_RUN_ID": "101"}, state="cache")
    assert went_on(job) == ""


def test_an_artifact_of_a_fork(stage, second):
    """Artifact poisoning: same repository, and not a head of a fork."""

    def forge(store):
        for artifact in stage.github.artifacts:
            artifact["workflow_run"] = artifact["workflow_run"] | {"head_repository_id": 2}

    assert went_on(second(forge, state="artifact")) == ""


def test_an_artifact_of_another_host_workflow(stage, second):
    """Checklist: the same workflow path."""
    (run,) = [each for each in stage.github.runs if each["id"] == 100]
    path, run["path"] = run["path"], ".github/workflows/evil.yml"
    job = second(state="artifact")
    run["path"] = path
    assert went_on(job) == ""
    assert "are not trusted" in job.log


def archive(*members):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return whole.getvalue()


def link():
    member = zipfile.ZipInfo(STATE)
    member.external_attr = 0o120777 << 16
    return member


ZIPS = {
    "path-out": lambda: archive(("../../evil", b"x")),
    "absolute": lambda: archive(("/tmp/evil", b"x")),
    "two-files": lambda: archive((STATE, b"x"), ("more", b"x")),
    "same-name-twice": lambda: archive((STATE, b"x"), (STATE.upper(), b"y")),
    "link": lambda: archive((link(), b"/etc/passwd")),
    "bomb": lambda: archive((STATE, b"\0" * 200_000_000)),
    "no-zip": lambda: b"x" * 1000,
}


@pytest.mark.parametrize("trick", ZIPS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_a_trick(stage, second, trick):
    """Zip slip, links and bombs in an artifact under our name."""

    def forge(store):
        (artifact,) = stage.github.artifacts[-1:]
        name, run = artifact["name"], artifact["workflow_run"]["id"]
        stage.github.artifacts.clear()
        stage.github.add_artifact(name, ZIPS[trick](), run_id=run)

    job = second(forge, state="artifact")
    assert went_on(job) == ""
    assert not [path for path in job.root.rglob("evil")]
    assert not [path for path in job.temp.rglob("*") if path.is_symlink()]


def test_an_artifact_that_is_not_the_one_of_its_digest(stage, second):
    """Checklist: the digest that GitHub tells is compared."""

    def forge(store):
        stage.github.artifacts[-1]["digest"] = "sha256:" + "0" * 64

    assert went_on(second(forge, state="artifact")) == ""


def test_a_key_of_a_cache_entry_is_of_no_text_from_outside(stage, first):
    """Checklist: keys not made from outside text, so nobody aims at the entry of another."""
    names = first.outputs["resolve"]
    title = stage.job(pull={"title": "another title", "body": "other"})
    title.temp.mkdir()
    title.step("resolve")
    assert title.outputs["resolve"]["cache-key"] == names["cache-key"]


def test_no_secret_in_what_is_stored(first):
    """Checklist: cache and artifact hold no secret, as far as they are not sealed; these are."""
    for path in (first.store / "cache", first.store / "artifact"):
        (file,) = path.iterdir()
        assert b"scripted" not in file.read_bytes()


def as_a_record(planted, first):
    shutil.copytree(first.state, planted, symlinks=True)
    (planted / "planted").touch()


def as_files_of_a_record(planted, first):
    (planted / "attempts").mkdir(parents=True)
    (planted / "planted").touch()


def as_a_link(planted, first):
    as_a_record(planted.parent / "elsewhere", first)
    planted.symlink_to("elsewhere")


def as_a_file(planted, first):
    planted.write_text("planted")


PLANTED = [as_a_record, as_files_of_a_record, as_a_link, as_a_file]


@pytest.mark.parametrize("plant", PLANTED, ids=[one.__name__ for one in PLANTED])
@pytest.mark.parametrize("attempt", [1, 2])
def test_a_state_directory_that_is_there_already(stage, first, plant, attempt):
    """An agent of another use in the job, or of the last job of the runner: its path is known."""
    job = stage.job(attempt, state="artifact")
    planted = job.temp / "gump" / first.state.name
    planted.parent.mkdir(parents=True)
    plant(planted, first)
    job.play_only("resolve", "restore")
    assert went_on(job).startswith("the artifact") is (attempt == 2)
    assert planted.is_dir() is (attempt == 2)
    assert not planted.is_symlink()
    assert not (planted / "planted").exists()
    assert f"Something lay at {planted}" in job.log


def test_a_state_directory_that_cannot_be_moved(stage, first):
    """Then nothing is run, nor is it stored, nor told as what this job has done."""
    job = stage.job(1, state="artifact")
    planted = job.temp / "gump" / first.state.name
    planted.parent.mkdir(parents=True)
    as_a_record(planted, first)
    (job.temp / "gump-action").mkdir()
    (job.temp / "gump-action" / planted.name).write_text("where it would be moved to")
    job.play_only("resolve", "restore")
    assert job.codes["restore"] == 2
    assert "cannot be moved" in job.log
    (job.temp / "gump-action" / planted.name).unlink()
    job.play_only("save", "publish")
    assert job.outputs["save"] == {}
    assert job.result["status"] == "failed"
    assert job.result["reason"].startswith("nothing could be done")


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("moment", ["before the job", "beside it"])
def test_a_file_where_a_cache_entry_would_be(stage, first, attempt, moment):
    """It may even have the right seal: what agents know the key of, they can seal."""
    job = stage.job(attempt, state="artifact")
    place = first.outputs["resolve"]["cache-path"]
    planted = job.temp / Path(place).relative_to(first.temp)
    planted.parent.mkdir(parents=True)
    if moment == "beside it":
        job.play_only("resolve")
    shutil.copy(entry(first.store), planted)
    job.play_only(*([] if moment == "beside it" else ["resolve"]), "restore")
    assert went_on(job).startswith("the artifact") is (attempt == 2)


def test_a_file_where_a_cache_entry_would_be_and_none_is(stage, first):
    """The store has nothing, so what lies there is of somebody else."""
    job = stage.job(2, state="cache")
    place = first.outputs["resolve"]["cache-path"]
    planted = job.temp / Path(place).relative_to(first.temp)
    planted.parent.mkdir(parents=True)
    shutil.copy(entry(first.store), planted)
    job.play_only("resolve")
    assert not planted.exists()
    shutil.copy(entry(first.store), planted)
    job.play_only("restore")
    assert went_on(job) == ""
