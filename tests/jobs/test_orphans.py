"""C4 and the death of everything at once: what a job leaves behind ends with it, and nothing of it is waited for."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.jobs import waking
from workbench.jobs.daemon import Daemon
from workbench.jobs.folder import read_json, write_json
from workbench.jobs.job import FAILED, FINISHED, RUNNING, STOPPED, Entry, Job
from workbench.jobs.processes import find_members
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
STRAGGLER = "subprocess.Popen(['sleep', '60'], start_new_session=True, close_fds=False)"


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "home")
    write_room(queue.home, Room(cores=8))
    yield queue
    for number in find_all(queue):
        os.kill(number, signal.SIGKILL)
    queue.close()


def find_all(queue: Queue) -> list[int]:
    """Every process of a queue: daemon, keepers, and whatever carries the mark of one of its jobs."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(queue.home) in words and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


def find_members_of(queue: Queue, entry: Entry) -> list[int]:
    marks = [
        f"WORKBENCH_JOB={queue.folder(entry.number).path}#{token}" for token in range(1, entry.token + 1)
    ]
    return [number for mark in marks for number in find_members(0, mark)]


def ask(queue: Queue, script: str, **more: object) -> int:
    command = (sys.executable, "-S", "-c", f"import os, subprocess, sys, time\n{script}")
    return queue.submit(Job(command=command, **{"place": "/", **more}))  # type: ignore[arg-type]


def wait_for(what: Callable[[], object], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


@pytest.mark.parametrize("keeper", [False, True], ids=["keeper lives", "keeper killed"])
def test_what_left_the_group_of_a_command_that_was_killed_is_not_waited_for(
    queue: Queue, tmp_path: Path, keeper: bool
) -> None:
    """It holds the lock of the job and would hold it for ever."""
    tries = tmp_path / "tries"
    number = ask(
        queue,
        f"open('{tries}', 'a').write('x')\nif len(open('{tries}').read()) == 1:\n  {STRAGGLER}; time.sleep(60)",
    )
    waking.wake(queue.home)
    folder = queue.folder(number)
    wait_for(lambda: read_json(folder.status) and len(find_members_of(queue, queue.find(number))) == 3)
    status = read_json(folder.status) or {}
    if keeper:
        os.kill(int(status["keeper"]), signal.SIGKILL)
    os.killpg(int(status["group"]), signal.SIGKILL)
    wait_for(lambda: not queue.has_open())
    entry = queue.find(number)
    assert (entry.state, entry.losses, tries.read_text()) == (FINISHED, 1, "xx")
    assert find_members_of(queue, entry) == []


def test_a_daemon_that_a_job_has_woken_outlives_that_job(queue: Queue) -> None:
    """A search submits what follows; the end of the job that did so must not end the queue."""
    command = (
        sys.executable,
        "-c",
        f"from pathlib import Path; from workbench.jobs.waking import wake; wake(Path('{queue.home}'))",
    )
    number = queue.submit(Job(command=command, place="/"))
    mine = Daemon(queue=queue)

    def look() -> bool:
        """Do what the daemon does, without its lock: it is the job that starts one."""
        mine.turn()
        return queue.find(number).state == FINISHED

    wait_for(look)
    wait_for(lambda: waking.find_daemon(queue.home))
    later = ask(queue, "")
    wait_for(lambda: queue.find(later).state == FINISHED)


def test_a_folder_to_run_in_that_is_gone_is_named_and_not_tried_again(queue: Queue, tmp_path: Path) -> None:
    number = ask(queue, "", place=str(tmp_path / "gone"), retries=3)
    waking.wake(queue.home)
    wait_for(lambda: not queue.has_open())
    entry = queue.find(number)
    assert (entry.state, entry.token) == (FAILED, 1)
    assert (
        entry.reason
        == f"{tmp_path / 'gone'}: must be a folder in which it can run, but is not; make it again"
    )


def test_after_a_reboot_everything_goes_on_and_what_had_ended_stays(queue: Queue, tmp_path: Path) -> None:
    """Every process is killed at once: none has a last word, and the numbers of all will be others'."""
    done = [ask(queue, f"open('{tmp_path}/{number}', 'a').write('x')") for number in range(2)]
    go = tmp_path / "go"
    wait = f"while not os.path.exists('{go}'): time.sleep(0.02)"
    runs = [ask(queue, f"open('{tmp_path}/{number}', 'a').write('x')\n{wait}") for number in range(2, 5)]
    stopping = ask(queue, "import signal; signal.signal(15, signal.SIG_IGN); time.sleep(60)")
    after = ask(queue, f"open('{tmp_path}/after', 'a').write('x')", after=(*done, *runs))
    waking.wake(queue.home)
    wait_for(lambda: all(queue.find(number).state == FINISHED for number in done))
    wait_for(lambda: all((tmp_path / str(number)).exists() for number in range(5)))
    queue.ask_to_stop(stopping)
    wait_for(lambda: queue.folder(stopping).stop.exists())
    for _ in range(3):
        for number in find_all(queue):
            os.kill(number, signal.SIGKILL)
    assert waking.find_daemon(queue.home) is None
    for number in runs:
        invent_reboot(queue, number)
    go.touch()
    waking.wake(queue.home)
    wait_for(lambda: not queue.has_open())
    found = {entry.number: entry for entry in queue.entries()}
    assert [found[number].state for number in (*done, *runs, after)] == [FINISHED] * 6
    assert found[stopping].state == STOPPED
    assert [(tmp_path / str(number)).read_text() for number in range(5)] == ["x"] * 2 + ["xx"] * 3
    assert (tmp_path / "after").read_text() == "x"
    assert [found[number].losses for number in (*done, *runs)] == [0, 0, 1, 1, 1]


def invent_reboot(queue: Queue, number: int) -> None:
    """Let the numbers that a try has written down be those of a process that has nothing to do with it: this one."""
    folder = queue.folder(number)
    status = {**(read_json(folder.status) or {}), "keeper": os.getpid(), "group": os.getpgid(0)}
    assert queue.find(number).state == RUNNING
    write_json(folder.status, status)
