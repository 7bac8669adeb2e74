"""Children: what they print, how they are ended, and that nothing of them lives on."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gump_action.system import process
from gump_action.system.process import Launch, Stop

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux adopts orphans")
ENV = {"PATH": os.environ["PATH"]}


def launch(script, **how):
    return Launch(("/bin/sh", "-c", script), Path("/"), ENV, **how)


def run(script, on_stdout=None, *, stop=None, **how):
    out, err = [], []
    done = process.run(launch(script, **how), on_stdout or out.append, err.append, stop)
    return done, b"".join(out), b"".join(err)


def open_files():
    return len(list(Path("/dev/fd").iterdir()))


def alive(mark):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if mark.encode() in words and state not in "ZX":
                found.append(int(entry.name))
    return found


@pytest.fixture
def mark():
    return f"8{os.getpid()}.{time.monotonic_ns() % 10**9}"


def test_lines_come_one_by_one_with_their_newline_and_the_last_without():
    lines = []
    process.run(launch("printf 'a\\nb\\n\\nc'"), lines.append, print)
    assert lines == [b"a\n", b"b\n", b"\n", b"c"]


def test_both_streams_are_heard_and_the_code_is_told():
    done, out, err = run("echo out; echo err >&2; exit 7")
    assert (done.code, done.cause, out, err) == (7, "exit", b"out\n", b"err\n")
    assert done.stderr == "err\n"


def test_a_child_that_was_killed_has_a_negative_code():
    done, _, _ = run("kill -9 $$")
    assert (done.code, done.cause) == (-9, "exit")


def test_a_line_comes_before_the_child_ends(tmp_path):
    flag = tmp_path / "flag"
    script = f"echo now; while [ ! -e {flag} ]; do sleep 0.01; done"
    done, _, _ = run(script, lambda line: flag.touch(), wall=5)
    assert done.cause == "exit"


@pytest.mark.parametrize("size", [1, 65_536, 3_000_000])
def test_what_is_given_to_its_input_arrives_whole(size):
    done, out, _ = run("wc -c", stdin=b"x" * size)
    assert (done.code, int(out)) == (0, size)


@pytest.mark.parametrize("script", ["exec <&-; sleep 0.1", "true", "head -c 10 > /dev/null"])
def test_a_child_that_does_not_read_its_input_is_no_fault(script):
    done, _, _ = run(script, stdin=b"x" * 3_000_000)
    assert (done.code, done.cause) == (0, "exit")


def test_a_child_that_prints_much_while_it_is_given_much_does_not_stand_still():
    done, out, _ = run("cat", stdin=b"x\n" * 300_000, wall=20)
    assert (done.cause, len(out)) == ("exit", 600_000)


def test_without_input_it_reads_nothing():
    assert run("wc -c")[1].strip() == b"0"


def test_only_the_given_environment_is_there(monkeypatch):
    monkeypatch.setenv("LEAK", "1")
    names = {line.split(b"=")[0] for line in run("env")[1].splitlines()}
    assert names <= {b"PATH", b"PWD", b"GUMP_LAUNCH", b"_", b"SHLVL"}


def test_the_wall_limit_ends_it_and_says_so():
    began = time.monotonic()
    done, out, _ = run("echo on; sleep 60", wall=0.3)
    assert (done.cause, out) == ("wall", b"on\n")
    assert time.monotonic() - began < 2


def test_the_idle_limit_looks_at_stdout_alone():
    done, _, _ = run("while :; do echo x >&2; sleep 0.05; done", idle=0.4, wall=20)
    assert done.cause == "idle"


def test_talking_moves_the_idle_limit():
    done, out, _ = run("for i in 1 2 3 4; do echo $i; sleep 0.2; done", idle=0.6, wall=20)
    assert (done.cause, out) == ("exit", b"1\n2\n3\n4\n")


def test_a_child_that_ignores_the_gentle_signal_is_killed(monkeypatch):
    monkeypatch.setattr(process, "GRACE", 0.3)
    done, out, _ = run("trap 'echo no' TERM; while :; do sleep 0.05; done", wall=0.3)
    assert (done.cause, done.code, out) == ("wall", -9, b"no\n")


def test_what_it_says_after_the_gentle_signal_is_heard():
    done, out, _ = run(
        "trap 'echo bye; exit 3' INT; sleep 60 & wait", wall=0.3, gentle=signal.SIGINT
    )
    assert (done.code, out) == (3, b"bye\n")


def test_a_listener_that_has_heard_enough_ends_it():
    done, _, _ = run("echo a; sleep 60", lambda line: False, wall=20)
    assert done.cause == "enough"


def test_a_listener_that_fails_leaves_nothing_behind(mark):
    def listen(line):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        run(f"echo a; sleep {mark}", listen)
    assert sys.platform != "linux" or alive(mark) == []


def test_a_wish_to_stop_wakes_it_at_once_and_the_first_signal_counts():
    stop = Stop()
    timer = threading.Timer(0.2, lambda: [stop.request(n) for n in (15, 2)])
    timer.start()
    began = time.monotonic()
    done, _, _ = run("sleep 60", stop=stop)
    timer.join()
    assert (done.cause, stop.signal, stop.is_wanted) == ("stop", 15, True)
    assert time.monotonic() - began < 2


def test_after_a_wish_to_stop_no_child_lives_long():
    stop = Stop()
    stop.request(15)
    began = time.monotonic()
    assert run("sleep 60", stop=stop)[0].cause == "stop"
    assert time.monotonic() - began < 1


def test_a_program_that_is_not_there_is_an_error_of_the_system():
    with pytest.raises(OSError, match="no-such"):
        process.run(Launch(("/no-such",), Path("/"), ENV), print, print)


def test_the_tail_of_stderr_is_kept_and_bounded():
    done, _, err = run("yes 123456789 | head -c 200000 >&2; echo end >&2")
    assert done.stderr.endswith("end\n")
    assert process.TAIL - 100 < len(done.stderr) <= process.TAIL
    assert len(err) == 200_004


@pytest.mark.parametrize("after", ["", "\\n"])
def test_of_a_last_line_of_stderr_that_is_too_long_the_end_is_kept_from_a_whole_word_on(after):
    long = "printf 'key=%s ' $(seq 100000 120000) >&2"
    said = run(f"{long}; printf 'why{after}' >&2")[0].stderr
    assert said.startswith("key=")
    assert said.rstrip("\n").endswith("key=120000 why")
    assert process.TAIL - 100 < len(said) <= process.TAIL


@pytest.mark.parametrize("after", ["", "; echo >&2"])
def test_a_last_line_of_stderr_without_a_gap_is_cut_anywhere(after):
    said = run(f"head -c 200000 /dev/zero | tr '\\0' x >&2{after}")[0].stderr
    assert len(said) == process.TAIL


def test_stderr_that_is_no_text_is_read_all_the_same():
    assert run("printf '\\377x' >&2")[0].stderr == "\ufffdx"


def test_a_line_of_ten_megabytes_comes_whole():
    lines = []
    process.run(launch("head -c 10000000 /dev/zero | tr '\\0' x; echo"), lines.append, print)
    assert [len(line) for line in lines] == [10_000_001]


def test_a_line_that_is_too_long_is_cut_and_the_next_comes_whole(monkeypatch):
    monkeypatch.setattr(process, "LONGEST_LINE", 1000)
    lines = []
    process.run(launch("head -c 900000 /dev/zero; echo; echo next"), lines.append, print)
    assert len(lines) == 2
    assert len(lines[0]) < 300_000
    assert lines[1] == b"next\n"


@LINUX
@pytest.mark.parametrize(
    "script",
    ["sleep {} &", "setsid sleep {} &", "(setsid sh -c 'sleep {} & exit' &); sleep 0.1",
     "env -i setsid /bin/sleep {} &", "setsid env -i sh -c 'setsid sleep {} & sleep {}' &",
     "trap '' TERM; setsid sleep {} &"],
)  # fmt: skip
def test_nothing_that_it_started_lives_after_it(mark, script):
    done, _, _ = run(script.format(mark, mark), wall=0.5)
    assert done.cause in ("exit", "wall")
    assert alive(mark) == []


@LINUX
def test_a_pipe_that_a_daemon_holds_open_does_not_hold_us_up(mark):
    began = time.monotonic()
    done, out, _ = run(f"setsid sleep {mark} & echo done")
    assert (done.code, out) == (0, b"done\n")
    assert time.monotonic() - began < 1


@LINUX
def test_another_child_of_ours_is_left_alone(mark):
    other = subprocess.Popen(["sleep", mark])
    try:
        run("setsid sleep 60 &")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@LINUX
def test_a_launch_at_the_same_time_is_left_alone(mark):
    seen = []
    slow = threading.Thread(
        target=lambda: seen.append(run(f"setsid sleep {mark} & sleep 0.8; echo on"))
    )
    slow.start()
    time.sleep(0.2)
    run("true")
    assert alive(mark)
    slow.join()
    assert (seen[0][1], alive(mark)) == (b"on\n", [])


@LINUX
def test_what_an_engine_left_that_has_died_is_found_by_its_mark(mark):
    script = (
        "import sys; from pathlib import Path; from gump_action.system import process as p\n"
        f"script = 'setsid sleep {mark} & sleep {mark}'\n"
        f"launch = p.Launch(('/bin/sh', '-c', script), Path('/'), {ENV!r}, mark='m{mark}')\n"
        "p.run(launch, print, print)\n"
    )
    engine = subprocess.Popen([sys.executable, "-c", script])
    until = time.monotonic() + 10
    while len(alive(f"sleep\0{mark}")) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    engine.kill()
    engine.wait()
    assert process.end_marked(f"m{mark}") >= 2
    assert alive(f"sleep\0{mark}") == []
    assert process.end_marked(f"m{mark}") == 0


def test_fifty_launches_leave_no_descriptor_open():
    stop = Stop()
    run("true", stop=stop)
    before = open_files()
    for _ in range(50):
        run("echo x; echo y >&2", stop=stop, stdin=b"x")
    assert open_files() == before


def test_a_program_that_cannot_be_started_leaves_no_descriptor_open():
    before = open_files()
    for _ in range(5):
        with pytest.raises(OSError, match="No such file"):
            process.run(Launch(("/no-such",), Path("/"), ENV), print, print)
    assert open_files() == before


MEMORY = """
import resource, sys
from pathlib import Path
from gump_action.system import process
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rest, size = peak(), 0
def hear(line):
    global size
    size += len(line)
script = sys.argv[1]
argv = ("/bin/sh", "-c", script)
process.run(process.Launch(argv, Path("/"), {"PATH": "/usr/bin:/bin"}), hear, hear)
print(size, peak() - rest)
"""


@LINUX
def test_two_hundred_megabytes_pass_through_little_memory():
    script = f"yes {'x' * 199} | head -c 200000000"
    argv = [sys.executable, "-c", MEMORY, script]
    size, more = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    assert int(size) == 200_000_000
    assert int(more) < 100_000


def test_a_program_is_found_on_the_path_of_that_environment_alone(tmp_path):
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    assert process.find("tool", {"PATH": str(tmp_path)}) == tmp_path / "tool"
    assert process.find("tool", {"PATH": "/nowhere"}) is None
    assert process.find("sh", {}) is not None


def test_marks_differ():
    assert process.new_mark() != process.new_mark()
