"""The daemon with real processes: what is started when, what becomes of failures, and kills of everything."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from workbench.errors import BUSY, OK
from workbench.files import claim
from workbench.jobs import consequences, daemon, waking
from workbench.jobs.engines.engine import EngineBusy
from workbench.jobs.engines.local import Local
from workbench.jobs.folder import JobFolder, give_token, make_folder, read_json, read_token, write_json
from workbench.jobs.job import FAILED, FINISHED, QUEUED, RUNNING, SKIPPED, STOPPED, Entry, Job
from workbench.jobs.keeper import PREEMPTED
from workbench.jobs.processes import find_members
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "home")
    write_room(queue.home, Room(cores=4))
    yield queue
    server = waking.find_daemon(queue.home)
    if server:
        os.kill(server, signal.SIGTERM)
    for entry in queue.entries():
        for number in find_members(0, f"WORKBENCH_JOB={queue.folder(entry.number).path}#{entry.token}"):
            os.kill(number, signal.SIGKILL)


def ask(queue: Queue, script: str, **more: object) -> int:
    return queue.submit(Job(command=(sys.executable, "-S", "-c", script), place="/", **more))  # type: ignore[arg-type]


def work(queue: Queue, until: Callable[[], object], *, grace: float = 5.0, seconds: float = 30.0) -> None:
    mine, end = daemon.Daemon(queue=queue, grace=grace), time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, [(entry.number, entry.state) for entry in queue.entries()]
        mine.turn()
        time.sleep(0.02)


def states(queue: Queue) -> list[str]:
    return [entry.state for entry in queue.entries()]


def test_what_is_needed_runs_first_and_what_needs_a_failure_is_skipped(queue: Queue, tmp_path: Path) -> None:
    first = ask(queue, f"open('{tmp_path}/made', 'w').close()")
    second = ask(queue, f"open('{tmp_path}/made').close(); raise SystemExit(1)", after=(first,))
    ask(queue, "", after=(second,))
    work(queue, lambda: not queue.has_open())
    assert states(queue) == [FINISHED, FAILED, SKIPPED]
    assert queue.find(second).reason == "exit code 1"


def test_no_more_runs_than_there_is_room_for(queue: Queue) -> None:
    for _ in range(6):
        ask(queue, "import time; time.sleep(0.4)", cores=2)
    most = 0

    def look() -> bool:
        nonlocal most
        most = max(most, Counter(states(queue))[RUNNING])
        return not queue.has_open()

    work(queue, look)
    assert most == 2


def test_a_large_job_is_not_overtaken_by_small_ones_for_ever(queue: Queue) -> None:
    ask(queue, "import time; time.sleep(0.6)", cores=2)
    large = ask(queue, "", cores=4, priority=1)
    small = [ask(queue, "") for _ in range(3)]
    queue.start(queue.find(1), ())  # it runs, for all that the queue knows
    daemon.Daemon(queue=queue).turn()
    assert {queue.find(number).state for number in (large, *small)} == {QUEUED}


def test_a_failure_is_tried_again_as_often_as_was_asked(queue: Queue, tmp_path: Path) -> None:
    script = f"f = open('{tmp_path}/tries', 'a'); f.write('x'); f.close(); raise SystemExit(1)"
    number = ask(queue, script, retries=2)
    work(queue, lambda: not queue.has_open())
    assert (tmp_path / "tries").read_text() == "xxx"
    assert (queue.find(number).state, queue.find(number).failures) == (FAILED, 2)


def test_what_would_end_the_same_way_again_is_not_tried_again(queue: Queue, tmp_path: Path) -> None:
    script = f"f = open('{tmp_path}/tries', 'a'); f.write('x'); f.close(); raise SystemExit(78)"
    ask(queue, script, retries=5)
    work(queue, lambda: not queue.has_open())
    assert (tmp_path / "tries").read_text() == "x"


@pytest.mark.parametrize("number", [9, 15])
def test_a_command_that_was_killed_is_tried_again(queue: Queue, tmp_path: Path, number: int) -> None:
    script = f"""
import os, pathlib
tries = pathlib.Path('{tmp_path}/tries')
tries.write_text((tries.read_text() if tries.exists() else '') + 'x')
if len(tries.read_text()) < 3:
    os.kill(os.getpid(), {number})
"""
    number = ask(queue, script)
    work(queue, lambda: not queue.has_open())
    assert (queue.find(number).state, queue.find(number).losses) == (FINISHED, 2)


def test_a_command_that_is_killed_every_time_fails_at_last(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consequences, "LOSSES", 1)
    number = ask(queue, "import os; os.kill(os.getpid(), 9)")
    work(queue, lambda: not queue.has_open())
    assert queue.find(number).reason == "killed 2 times, perhaps for lack of memory"


def test_a_running_job_that_is_asked_to_stop_ends_and_leaves_nothing(queue: Queue) -> None:
    number = ask(queue, "import time; time.sleep(60)")
    work(queue, lambda: queue.folder(number).status.exists())
    queue.ask_to_stop(number)
    work(queue, lambda: not queue.has_open())
    assert queue.find(number).state == STOPPED
    assert not list(find_members(0, f"WORKBENCH_JOB={queue.folder(number).path}#1"))


def test_a_daemon_outlives_who_woke_it_and_there_is_one(queue: Queue) -> None:
    for _ in range(3):
        ask(queue, "import time; time.sleep(0.2)")
    for _ in range(5):
        waking.wake(queue.home)
    end = time.monotonic() + 30
    while queue.has_open():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert states(queue) == [FINISHED] * 3


def test_kills_of_keepers_and_daemons_lose_no_job_and_run_none_twice(queue: Queue, tmp_path: Path) -> None:
    chance = random.Random(1)
    write_room(queue.home, Room(cores=8))
    for number in range(24):
        script = f"""
import os, time
time.sleep({chance.uniform(0.1, 0.6)})
mark = os.open('{tmp_path}/{number}', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(mark, b'x')
"""
        ask(queue, script)
    kills, end = 0, time.monotonic() + 60
    while queue.has_open():
        assert time.monotonic() < end, states(queue)
        waking.wake(queue.home)
        time.sleep(chance.uniform(0.1, 0.4))
        victims = list(find_servants(queue.home))
        if victims and kills < 15:
            os.kill(chance.choice(victims), signal.SIGKILL)
            kills += 1
    assert states(queue) == [FINISHED] * 24
    assert [(tmp_path / str(number)).read_text() for number in range(24)] == ["x"] * 24


def find_servants(home: Path) -> Iterator[int]:
    """The daemon and the keepers of a queue."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(home) in words and (b"jobs.daemon" in words or b"jobs.keeper" in words):
            yield int(place.name)


def test_a_keeper_that_wakes_up_after_its_try_was_taken_for_lost_runs_nothing(
    queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "STARTING", 0.0)
    mark = f"mark = open('{tmp_path}/mark', 'a'); mark.write('x'); mark.close()"
    number = ask(queue, mark)
    folder = make_folder(queue.folder(number).path, queue.find(number).job)
    taken = queue.start(queue.find(number), ())
    assert taken and give_token(folder, taken.token)  # a daemon was killed as soon as it had started a keeper
    write_room(queue.home, Room(cores=0))  # whoever takes over has no room for another try just now
    work(queue, lambda: queue.find(number).state == QUEUED)
    slow = [sys.executable, "-m", "workbench.jobs.keeper", str(folder.path), str(taken.token)]
    assert subprocess.run(slow, check=False, timeout=20).returncode == BUSY
    write_room(queue.home, Room(cores=1))
    work(queue, lambda: not queue.has_open())
    assert (tmp_path / "mark").read_text() == "x"


def test_words_and_folders_that_are_no_utf8_are_run_like_others(queue: Queue, tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"caf\xe9")
    place.mkdir()
    script = "import os, sys; sys.exit(os.fsencode(sys.argv[1] + os.environ['GIVEN']) != b'\\xff\\xfe')"
    command = (sys.executable, "-S", "-c", script, os.fsdecode(b"\xff"))
    queue.submit(Job(command=command, place=str(place), environment={"GIVEN": os.fsdecode(b"\xfe")}))
    gone = queue.submit(Job(command=("true",), place=os.fsdecode(b"/gone-\xe9")))
    ask(queue, "")
    work(queue, lambda: not queue.has_open())
    assert states(queue) == [FINISHED, FAILED, FINISHED]
    assert queue.find(gone).reason.startswith("/gone-\\udce9: must be a folder")


def test_a_fault_of_ours_ends_its_own_job_and_no_other(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = ask(queue, ""), ask(queue, "")
    begin = Local.start

    def fail(self: Local, entry: Entry, folder: JobFolder, **more: Any) -> str:
        if entry.number == bad:
            raise RuntimeError("nobody\nforesaw it")
        return begin(self, entry, folder, **more)

    monkeypatch.setattr(Local, "start", fail)
    work(queue, lambda: not queue.has_open())
    assert [queue.find(number).state for number in (bad, good)] == [FAILED, FINISHED]
    assert queue.find(bad).reason.startswith("RuntimeError: nobody foresaw it")
    assert queue.folder(bad).stop.exists()  # whatever of it runs must end


def test_a_fault_in_a_look_at_one_job_ends_that_one(queue: Queue, tmp_path: Path) -> None:
    bad = ask(queue, "import time; time.sleep(60)")
    work(queue, lambda: read_json(queue.folder(bad).status))
    good = ask(queue, "")
    status = read_json(queue.folder(bad).status) or {}
    write_json(queue.folder(bad).status, {**status, "keeper": "nonsense"})
    work(queue, lambda: not queue.has_open())  # by a daemon that did not start it
    assert [queue.find(number).state for number in (bad, good)] == [FAILED, FINISHED]
    mark = f"WORKBENCH_JOB={queue.folder(bad).path}#1"
    wait = time.monotonic() + 10
    while list(find_members(0, mark)):
        assert time.monotonic() < wait
        time.sleep(0.02)


def test_trouble_with_the_files_of_one_job_does_not_stop_the_others(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "STARTING", 0.1)
    gone, broken = ask(queue, ""), ask(queue, "")
    for number in (gone, broken):  # a daemon was killed before it could make their folders
        assert queue.start(queue.find(number), ()) is not None
        queue.ask_to_stop(number)
    queue.folder(broken).path.parent.mkdir()
    queue.folder(broken).path.write_text("in the way")
    good = ask(queue, "")
    mine = daemon.Daemon(queue=queue)
    end = time.monotonic() + 20
    while queue.find(good).state != FINISHED or queue.find(gone).state != STOPPED:
        assert time.monotonic() < end
        with suppress(OSError):
            mine.turn()
        time.sleep(0.02)
    with pytest.raises(NotADirectoryError):  # and it is said
        mine.turn()


def begin(queue: Queue, **more: object) -> tuple[Entry, JobFolder]:
    """A job that runs, for all that the queue and its folder know."""
    number = ask(queue, "", **more)
    folder = make_folder(queue.folder(number).path, queue.find(number).job)
    entry = queue.start(queue.find(number), ())
    assert entry and give_token(folder, entry.token)
    return entry, folder


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Somebody who cannot be killed or found has a lock."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT)
    assert claim(lock)
    yield
    os.close(lock)


def refuse(self: Local, entry: Entry, folder: JobFolder, **more: object) -> str:
    raise EngineBusy("later")


def test_a_try_that_an_engine_did_not_take_for_sure_does_not_begin_late(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sbatch may give up waiting for a controller that has the job all the same."""
    monkeypatch.setattr(Local, "start", refuse)
    number = ask(queue, "")
    daemon.Daemon(queue=queue).turn()
    entry = queue.find(number)
    assert (entry.state, entry.reason) == (QUEUED, "later")
    assert read_token(queue.folder(number)) > entry.token


def test_a_try_that_has_begun_though_its_engine_said_no_is_not_begun_again(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ask(queue, "")
    with ExitStack() as held:

        def take_and_refuse(self: Local, entry: Entry, folder: JobFolder, **more: object) -> str:
            held.enter_context(holding(folder.lock))
            raise EngineBusy("later")

        monkeypatch.setattr(Local, "start", take_and_refuse)
        daemon.Daemon(queue=queue).turn()
        assert queue.find(number).state == RUNNING


@pytest.mark.parametrize(
    ("code", "state", "losses"), [(0, FINISHED, 0), (1, QUEUED, 0), (137, QUEUED, 1)], ids=str
)
def test_a_try_has_ended_when_its_keeper_says_so_whatever_cannot_be_killed(
    queue: Queue, code: int, state: str, losses: int
) -> None:
    entry, folder = begin(queue, retries=1)
    write_json(folder.end(1), {"code": code, "reason": ""})
    with holding(folder.lock):
        mine = daemon.Daemon(queue=queue)
        for _ in range(2):  # and no other try begins beside what is left
            mine.turn()
    found = queue.find(entry.number)
    assert (found.state, found.losses, found.token) == (state, losses, 1)


def test_keepers_for_what_cannot_be_killed_are_not_started_without_pause(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def start(self: Local, entry: Entry, folder: JobFolder, **more: object) -> str:
        started.append(more["adopt"])
        return ""

    monkeypatch.setattr(Local, "start", start)
    entry, folder = begin(queue)
    mine = daemon.Daemon(queue=queue, seen={(entry.number, 1): 0.0})
    with holding(folder.lock):
        for _ in range(3):
            mine.turn()
    assert started == [True]


def test_an_end_that_a_network_disk_shows_only_to_who_opens_the_folder_is_seen(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, folder = begin(queue)
    look = os.listdir

    def revalidate(path: Any) -> list[str]:
        if path == folder.path:
            write_json(folder.end(1), {"code": 0, "reason": ""})
        return look(path)

    monkeypatch.setattr(os, "listdir", revalidate)
    daemon.Daemon(queue=queue, seen={(entry.number, 1): 0.0}).turn()
    assert queue.find(entry.number).state == FINISHED


def test_an_end_that_is_written_while_a_try_is_given_up_counts(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, _ = begin(queue)

    def give_slowly(folder: JobFolder, token: int) -> bool:
        write_json(folder.end(1), {"code": 0, "reason": ""})
        return give_token(folder, token)

    monkeypatch.setattr(consequences, "give_token", give_slowly)
    daemon.Daemon(queue=queue, seen={(entry.number, 1): 0.0}).turn()
    assert queue.find(entry.number).state == FINISHED


def test_a_job_sees_its_own_gpus_and_no_others(queue: Queue) -> None:
    write_room(queue.home, Room(cores=4, gpus=(2, 3)))
    script = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
    numbers = [ask(queue, script, gpus=gpus) for gpus in (0, 1)]
    work(queue, lambda: not queue.has_open())
    assert [queue.folder(number).log.read_text() for number in numbers] == ["\n", "2\n"]


def test_a_daemon_looks_once_more_when_others_could_have_taken_its_place(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []

    def work_meanwhile(mine: daemon.Daemon, rest: float) -> None:
        turns.append(rest)
        if len(turns) == 1:  # somebody finds the daemon there, just before it ends
            ask(queue, "")
        else:
            queue.ask_to_stop(1)

    monkeypatch.setattr(daemon, "_work", work_meanwhile)
    assert daemon.serve(queue.home, rest=0.0) == OK
    assert len(turns) == 2


def give_way(queue: Queue, entry: Entry, seconds: float) -> Entry:
    """The try had to, after so many seconds; return the next one, or how the job ended."""
    folder = queue.folder(entry.number)
    write_json(folder.status, {"token": entry.token, "began": 1000.0})
    end = {"code": 143, "reason": PREEMPTED, "ended": 1000.0 + seconds}
    write_json(folder.end(entry.token), end)
    consequences.conclude(queue, entry, 143, PREEMPTED)
    found = queue.find(entry.number)
    return queue.start(found, ()) or found


@pytest.mark.parametrize("seconds", [3.0, 86340.0])
def test_what_begins_anew_each_time_and_never_has_time_enough_fails_at_last(
    queue: Queue, seconds: float
) -> None:
    entry, _ = begin(queue)
    for _ in range(9):
        entry = give_way(queue, entry, seconds)
        assert entry.state == RUNNING
    entry = give_way(queue, entry, seconds)
    assert (entry.state, entry.token) == (FAILED, 10)
    assert entry.reason.startswith("preempted 10 times in a row without getting further, at last after")
    assert "--slurm time=" in entry.reason
    queue.retry(entry.number)
    assert queue.find(entry.number).preemptions == 0


def test_a_training_gives_way_as_often_as_it_has_to_while_it_comes_further(queue: Queue) -> None:
    entry, folder = begin(queue)
    folder.runs.write_text("projects/p/runs/one\n")
    for _ in range(4):
        for _ in range(9):  # sent away again before it has begun
            entry = give_way(queue, entry, 20.0)
        entry = give_way(queue, entry, 600.0)
        assert (entry.state, entry.preemptions) == (RUNNING, 0)


def test_a_job_has_the_environment_of_who_launched_it_whoever_woke_the_daemon(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/branch-of-somebody")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("HTTPS_PROXY", "proxy")
    script = "import os; print(*map(os.environ.get, ('PYTHONPATH', 'OMP_NUM_THREADS', 'HTTPS_PROXY')))"
    number = ask(queue, script, environment={"OMP_NUM_THREADS": "2"})
    waking.wake(queue.home)
    end = time.monotonic() + 30
    while queue.has_open():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert queue.folder(number).log.read_text() == "None 2 proxy\n"
