"""What a re-run goes on with: artifacts and cache entries that somebody else has put there."""

from __future__ import annotations

import io
import shutil
import zipfile

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
