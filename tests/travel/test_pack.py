"""What goes into a packed state, what stays behind, and that people are told."""

import os
import random
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gump_action.errors import InputError
from gump_action.redaction import Redactor
from gump_action.travel.manifest import Limits
from gump_action.travel.pack import pack
from gump_action.travel.unpack import unpack

from .conftest import SESSION

SECRET = "hunter2-hunter2-hunter2"
ENCODED = [SECRET, "aHVudGVyMi1odW50ZXIyLWh1bnRlcjI=", "hunter2%2Dhunter2%2dhunter2"]
MACHINE_BOUND = ("tree/a.txt", "home/claude/x", "git/HEAD", "guard/x", "old/r0/ledger.ndjson")


def there(packed, tmp_path, wanted):
    """The names of what comes out of a packed state."""
    out = tmp_path / "out"
    unpack(packed.target, out, run_key=wanted.run_key, key=wanted.key)
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def transcripts(names):
    return sorted({name.split("/transcript/")[0] for name in names if "/transcript/" in name})


BOTH = ["attempts/build/grün/impl/@1", "attempts/impl/@1"]


@pytest.mark.parametrize("is_sealed", [True, False])
def test_what_is_packed_comes_back_byte_for_byte(
    wanted, tmp_path, content, content_of, key, is_sealed
):
    wanted = replace(wanted, key=key if is_sealed else None)
    packed = pack(wanted)
    done = unpack(wanted.target, tmp_path / "a/b/out", run_key="repo/run/1", key=wanted.key)
    assert content_of(tmp_path / "a/b/out") == {**content, ".gitignore": b"*\n"}
    assert (packed.files, packed.transcripts) == (len(content), 2)
    assert (done.run, done.files, done.is_sealed) == ("20260101-abcdef", len(content), is_sealed)
    assert done.content_bytes == packed.content_bytes == sum(map(len, content.values()))
    assert wanted.target.stat().st_mode & 0o777 == 0o600


def test_thirty_attempts_of_a_growing_conversation_cost_little_more_than_the_last(wanted, put):
    """A retry that resumes adds to what it resumes; each attempt's transcript is kept whole."""
    chance = random.Random(1)
    lines = [b"%d %s\n" % (n, chance.randbytes(5000).hex().encode()) for n in range(30)]
    last = f"attempts/impl/@30/transcript/{SESSION}.jsonl"
    put(wanted.root, {last: b"".join(lines)})
    alone = pack(wanted).packed_bytes
    for number in range(2, 30):
        name = f"attempts/impl/@{number}/transcript/{SESSION}.jsonl"
        put(wanted.root, {name: b"".join(lines[:number])})
    assert pack(wanted).packed_bytes < 1.1 * alone


def test_packing_again_replaces_the_file_and_leaves_nothing_beside_it(wanted):
    pack(wanted)
    pack(wanted)
    assert {path.name for path in wanted.target.parent.iterdir()} == {"state", "packed"}


def test_what_is_bound_to_the_machine_stays(wanted, tmp_path, put, content):
    put(
        wanted.root, {name: b"x" for name in (*MACHINE_BOUND, "lock", "live", "staged/x", "set-up")}
    )
    put(wanted.root, {"attempts/impl/@1/output.part": b"half"})
    packed = pack(wanted)
    assert there(packed, tmp_path, wanted) == {*content, ".gitignore"}
    assert packed.behind == ()


def test_a_torn_last_line_of_the_ledger_is_not_packed(wanted, tmp_path, content):
    with (wanted.root / "ledger.ndjson").open("ab") as ledger:
        ledger.write(b'{"type":"noted')
    pack(wanted)
    unpack(wanted.target, tmp_path / "out", run_key="repo/run/1", key=wanted.key)
    assert (tmp_path / "out/ledger.ndjson").read_bytes() == content["ledger.ndjson"]


def test_links_and_sockets_are_not_followed_and_it_is_said(wanted, tmp_path, monkeypatch):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("not of the run")
    attempt = wanted.root / "attempts/impl/@1"
    (attempt / "gate-2.txt").symlink_to(tmp_path / "outside/secret")
    (attempt / "transcript/more").symlink_to(tmp_path / "outside")
    os.mkfifo(attempt / "gate-3.txt")
    monkeypatch.chdir(attempt)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("gate-4.txt")
    packed = pack(wanted)
    assert not there(packed, tmp_path, wanted) & {"attempts/impl/@1/gate-2.txt"}
    assert len([one for one in packed.behind if "link" in one.why]) == 4
    assert packed.behind[-1].what == "transcript of impl#1"
    assert b"not of the run" not in (tmp_path / "packed").read_bytes()


@pytest.mark.parametrize("name", ["attempts", "ledger.ndjson"])
def test_a_link_for_the_record_itself_is_refused_or_left(wanted, tmp_path, name):
    (wanted.root / name).rename(tmp_path / "elsewhere")
    (wanted.root / name).symlink_to(tmp_path / "elsewhere")
    if name == "ledger.ndjson":
        with pytest.raises(InputError, match="link"):
            pack(wanted)
    else:
        assert "'attempts': it is a link" in "\n".join(pack(wanted).lines())


@pytest.mark.parametrize(
    "name",
    [
        "attempts/impl/@1/notes.txt",
        "given/A.md",
        "attempts/x",
    ],
)
def test_a_name_that_would_be_refused_stays_behind_with_the_reason(wanted, tmp_path, put, name):
    put(wanted.root, {name: b"x"})
    packed = pack(wanted)
    assert name not in there(packed, tmp_path, wanted)
    assert [one.what for one in packed.behind] == [ascii(name)]


def link(path):
    path.symlink_to(path.with_name(f"{SESSION}.jsonl"))


TALK = f"{SESSION}.jsonl"
UNFIT = [
    ("a\u202eb", Path.touch, "cannot be seen"),
    ("a\nb", Path.touch, "cannot be seen"),
    (TALK.upper(), Path.touch, "upper and lower case"),
    (f"{'x' * 60}/{'y' * 60}", Path.touch, "too long"),
    ("more.jsonl", link, "a link"),
    ("more.jsonl", os.mkfifo, "no plain file"),
]


@pytest.mark.parametrize(("name", "make", "why"), UNFIT)
def test_a_transcript_of_which_one_file_cannot_travel_is_left_whole(
    wanted, tmp_path, name, make, why
):
    path = wanted.root / "attempts/impl/@1/transcript" / name
    path.parent.mkdir(exist_ok=True)
    make(path)
    wanted = replace(wanted, limits=Limits(name_bytes=120))
    packed = pack(wanted)
    assert transcripts(there(packed, tmp_path, wanted)) == ["attempts/build/grün/impl/@1"]
    assert [one.what for one in packed.behind] == ["transcript of impl#1"]
    assert why in packed.behind[0].why
    assert packed.transcripts == 1


def test_a_linked_folder_of_a_transcript_is_that_transcript_left(wanted, tmp_path):
    folder = wanted.root / "attempts/impl/@1/transcript"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    packed = pack(wanted)
    assert [one.what for one in packed.behind] == ["transcript of impl#1"]
    assert "'transcript' cannot travel" in packed.behind[0].why


def test_transcripts_that_are_unfit_are_not_said_to_want_a_seal(unsealed):
    for folder in BOTH:
        link(unsealed.root / folder / "transcript/more.jsonl")
    packed = pack(unsealed)
    assert packed.transcripts == 0
    assert not packed.has_left_all_transcripts


def test_a_directory_without_a_run_is_refused(wanted):
    (wanted.root / "ledger.ndjson").write_bytes(b'{"torn')
    with pytest.raises(InputError, match="holds no run"):
        pack(wanted)


def test_a_directory_that_does_not_exist_is_refused(wanted, tmp_path):
    with pytest.raises(InputError, match="holds no run"):
        pack(replace(wanted, root=tmp_path / "nowhere"))


@pytest.mark.parametrize("place", ["state", "nowhere/packed"])
def test_a_target_that_cannot_be_written_is_refused(wanted, tmp_path, place):
    with pytest.raises(InputError, match="folder"):
        pack(replace(wanted, target=tmp_path / place))


def test_what_is_no_file_is_not_replaced_by_a_packed_state(wanted):
    os.mkfifo(wanted.target)
    with pytest.raises(InputError, match="is a device or the like"):
        pack(wanted)
    assert wanted.target.is_fifo()


@pytest.mark.parametrize("limits", [Limits(total_bytes=10), Limits(files=1), Limits(file_bytes=9)])
def test_more_than_would_be_taken_back_is_refused_before_it_travels(wanted, limits):
    with pytest.raises(InputError, match="the limit"):
        pack(replace(wanted, limits=limits))
    assert not wanted.target.exists()


class Meddler:
    """A redactor in whose time somebody else works in the state directory."""

    reach = 4096

    def __init__(self, act):
        self.act = act

    def holds_secret(self, data):
        self.act()
        return False


@pytest.mark.parametrize(
    ("said", "act"),
    [
        ("was changed", lambda path: path.write_bytes(b"something else")),
        ("No such file", lambda path: path.unlink(missing_ok=True)),
        ("no plain file", lambda path: path.unlink() or os.mkfifo(path)),
    ],
)
def test_a_file_that_is_changed_meanwhile_is_refused(unsealed, said, act):
    path = unsealed.root / "attempts/impl/@1/diff.patch"
    with pytest.raises(InputError, match=said):
        pack(replace(unsealed, redactor=Meddler(lambda: act(path))))
    assert not unsealed.target.exists()


# --- transcripts: who carries them ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_sealed", "asked", "is_job", "is_private", "are_carried"),
    [
        (True, "auto", True, None, True),
        (True, "auto", True, False, True),
        (True, "never", False, None, False),
        (False, "auto", False, None, True),
        (False, "auto", False, False, True),
        (False, "auto", True, True, True),
        (False, "auto", True, None, False),
        (False, "auto", True, False, False),
        (False, "always", True, False, True),
        (False, "never", False, True, False),
    ],
)
def test_transcripts_do_not_lie_open_where_strangers_read(
    wanted, tmp_path, is_sealed, asked, is_job, is_private, are_carried
):
    wanted = replace(
        wanted,
        key=wanted.key if is_sealed else None,
        transcripts=asked,
        is_job=is_job,
        is_private_repository=is_private,
    )
    packed = pack(wanted)
    names = there(packed, tmp_path, wanted)
    assert transcripts(names) == (BOTH if are_carried else [])
    assert len(packed.behind) == (0 if are_carried else 2)
    assert "attempts/impl/@1/diff.patch" in names


def test_people_are_told_what_stays_behind_and_what_to_do(unsealed):
    lines = pack(replace(unsealed, is_job=True)).lines()
    assert "not sealed" in lines[0]
    assert "transcript of impl#1" in lines[1]
    assert "GUMP_STATE_KEY" in lines[1]
    assert len(lines) == 2


def test_the_seal_is_said(wanted):
    assert "sealed with GUMP_STATE_KEY" in pack(wanted).lines()[0]


# --- what goes unsealed is searched ---------------------------------------------------------------


@pytest.mark.parametrize("text", ENCODED)
def test_a_secret_in_a_transcript_leaves_that_one_out(unsealed, tmp_path, put, text):
    put(unsealed.root, {"attempts/impl/@1/transcript/more.jsonl": f"x {text} y\n".encode()})
    unsealed = replace(unsealed, redactor=Redactor([SECRET]))
    packed = pack(unsealed)
    assert transcripts(there(packed, tmp_path, unsealed)) == ["attempts/build/grün/impl/@1"]
    assert [one.what for one in packed.behind] == ["transcript of impl#1"]
    assert "holds a secret" in packed.behind[0].why


@pytest.mark.parametrize("at", [0, (1 << 20) - 8, (2 << 20) - 20])
def test_a_secret_over_the_border_of_two_chunks_is_found(unsealed, put, at):
    text = b"x" * at + SECRET.encode() + b"x" * 100
    put(unsealed.root, {"attempts/impl/@1/transcript/more.jsonl": text})
    packed = pack(replace(unsealed, redactor=Redactor([SECRET])))
    assert [one.what for one in packed.behind] == ["transcript of impl#1"]


RECORD = (
    "ledger.ndjson",
    "given/spec.md",
    "attempts/impl/@1/diff.patch",
    "attempts/impl/@1/error.txt",
)


@pytest.mark.parametrize("name", RECORD)
def test_a_secret_elsewhere_stops_the_packing(unsealed, name):
    with (unsealed.root / name).open("ab") as file:
        file.write(SECRET.encode() + b"\n")
    with pytest.raises(InputError, match=f"secret of this job in {name}") as refused:
        pack(replace(unsealed, redactor=Redactor([SECRET])))
    assert "GUMP_STATE_KEY" in refused.value.hint
    assert SECRET not in str(refused.value)
    assert {path.name for path in unsealed.target.parent.iterdir()} == {"state"}


def test_a_secret_in_a_file_name_stops_the_packing(unsealed, put):
    put(unsealed.root, {f"attempts/impl/@1/transcript/{SECRET}.jsonl": b""})
    with pytest.raises(InputError, match="name of a file"):
        pack(replace(unsealed, redactor=Redactor([SECRET])))


def test_what_is_sealed_is_carried_whole(wanted, tmp_path, put):
    put(wanted.root, {"attempts/impl/@1/transcript/more.jsonl": SECRET.encode()})
    packed = pack(replace(wanted, redactor=Redactor([SECRET])))
    assert transcripts(there(packed, tmp_path, wanted)) == BOTH


def test_unsealed_snapshots_that_cannot_be_searched_stop_the_packing(unsealed, put):
    put(unsealed.root, {"snapshots.bundle": b"a bundle"})
    with pytest.raises(InputError, match="cannot be searched"):
        pack(unsealed)


@pytest.fixture
def bundled(unsealed, told):
    """`bundled(text)`: a state with real snapshots, of which one file holds this text."""
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null"}
    folder = unsealed.root / "git"
    work = unsealed.root / "tree"

    def git(*words):
        who = ("-c", "user.name=u", "-c", "user.email=u@localhost")
        argv = ["git", *who, f"--git-dir={folder}", f"--work-tree={work}", *words]
        done = subprocess.run(argv, check=True, env=env, capture_output=True, text=True)
        return done.stdout.strip()

    def bundled(text):
        work.mkdir()
        git("init", "-q")
        (work / "a.txt").write_text("\n".join(map(str, range(1000))))
        git("add", "-A")
        git("commit", "-qm", "base")
        base = git("rev-parse", "HEAD")
        (work / "a.txt").write_text("\n".join([*map(str, range(1000)), text]))
        git("commit", "-qam", "snapshot")
        git("update-ref", "refs/gump/r0/impl/1", "HEAD")
        bundle = str(unsealed.root / "snapshots.bundle")
        git("bundle", "create", "-q", bundle, "--glob=refs/gump/*", f"^{base}")
        first = told[0].model_copy(update={"base": base})
        lines = [first, *told[1:]]
        text = "".join(event.model_dump_json() + "\n" for event in lines)
        (unsealed.root / "ledger.ndjson").write_text(text)
        return replace(unsealed, redactor=Redactor([SECRET]))

    return bundled


def test_snapshots_travel_as_their_bundle(bundled, tmp_path, content_of):
    wanted = bundled("harmless")
    pack(wanted)
    unpack(wanted.target, tmp_path / "out", run_key=wanted.run_key, key=None)
    bundle = (wanted.root / "snapshots.bundle").read_bytes()
    assert content_of(tmp_path / "out")["snapshots.bundle"] == bundle


@pytest.mark.parametrize("text", ENCODED)
def test_a_secret_in_a_snapshot_stops_the_packing(bundled, text):
    with pytest.raises(InputError, match=r"secret of this job in snapshots\.bundle"):
        pack(bundled(text))


# --- a real run -----------------------------------------------------------------------------------


def test_nothing_that_a_real_run_keeps_by_attempt_stays_behind(project, wanted, tmp_path):
    shutil.rmtree(project.state)
    project.script({"one": [[{"write": "b.txt", "text": "x"}, {"run": "echo no >&2"}]]})
    done = project.run(
        "- {name: one, agent: scripted, gate: ['bash: echo red; false'], on_failure: {retry: 1}}"
    )
    assert done.verdict == "failed"
    packed = pack(wanted)
    unpack(wanted.target, tmp_path / "out", run_key=wanted.run_key, key=wanted.key)
    assert packed.behind == ()
    assert packed.transcripts == 2
    for folder in ("attempts", "given"):
        kept = {path.relative_to(project.state) for path in (project.state / folder).rglob("*")}
        there = {p.relative_to(tmp_path / "out") for p in (tmp_path / "out" / folder).rglob("*")}
        assert there == kept
