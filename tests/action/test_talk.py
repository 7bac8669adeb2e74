"""What is told while a run goes on."""

import threading

from gump_action.action.saying.talk import Talker
from gump_action.engine import events as e
from gump_action.errors import HostError
from gump_action.system.store import LEDGER

STARTED = e.RunStarted(
    seq=1, run="r", workflow="w", engine="0", workspace="isolated", base="b", start="s"
)


class Ears:
    """Waits for what is told, so that no test sleeps."""

    def __init__(self):
        self.told, self.news = [], threading.Semaphore(0)

    def hear(self, state):
        self.told.append(state.seq)
        self.news.release()

    def wait(self):
        assert self.news.acquire(timeout=20), "nothing was told"


def write(root, *events):
    with (root / LEDGER).open("a") as ledger:
        ledger.writelines(f"{event.model_dump_json()}\n" for event in events)


def note(seq):
    return e.Noted(seq=seq, level="info", text="news")


def test_it_tells_what_the_ledger_says_and_again_when_there_is_more(tmp_path):
    ears = Ears()
    write(tmp_path, STARTED)
    with Talker(tmp_path, ears.hear, first=0.01, every=0.01):
        ears.wait()
        write(tmp_path, note(2), note(3))
        ears.wait()
    assert ears.told[0] == 1
    assert ears.told[-1] == 3


def test_it_tells_nothing_twice(tmp_path):
    ears = Ears()
    write(tmp_path, STARTED)
    with Talker(tmp_path, ears.hear, first=0.01, every=0.01):
        ears.wait()
        assert not ears.news.acquire(timeout=0.3)


def test_a_comment_that_can_never_be_written_ends_the_talking_alone(tmp_path):
    ears = Ears()
    write(tmp_path, STARTED)

    def refuse(state):
        ears.hear(state)
        raise HostError("no rights")

    with Talker(tmp_path, refuse, first=0.01, every=0.01) as talker:
        talker._thread.join(20)
    assert talker.complaint == "no rights"
    assert ears.told == [1, 1, 1]


def test_one_call_that_fails_is_made_again(tmp_path):
    ears = Ears()
    write(tmp_path, STARTED)

    def fail_once(state):
        ears.hear(state)
        if len(ears.told) == 1:
            raise HostError("not now")

    with Talker(tmp_path, fail_once, first=0.01, every=0.01):
        ears.wait()
        ears.wait()
        assert not ears.news.acquire(timeout=0.3)


def test_a_call_that_hangs_does_not_keep_the_run_from_ending(tmp_path):
    write(tmp_path, STARTED)
    hangs, begun = threading.Event(), threading.Event()

    def hang(state):
        begun.set()
        hangs.wait(60)

    with Talker(tmp_path, hang, first=0.01, every=0.01) as talker:
        assert begun.wait(20)
    assert talker._thread.daemon
    hangs.set()
