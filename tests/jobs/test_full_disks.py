"""D9, D10: the queue and the folders of jobs on a disk that is full or read-only; nothing is lost or done twice."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from workbench.cli import main
from workbench.errors import IO_FAILED, NO_PERMISSION, OK, OutputError
from workbench.jobs import waking
from workbench.jobs.folder import read_json
from workbench.jobs.home import HOME
from workbench.jobs.job import FINISHED, QUEUED, STOPPED, Job
from workbench.jobs.processes import find_members
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, write_room
from workbench.jobs.waking import ROOM

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk"),
]
SIZE = ROOM + 2 * 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine does not let root mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def queue(disk: Path) -> Iterator[Queue]:
    queue = Queue(disk / "home")
    write_room(queue.home, Room(cores=4))
    yield queue
    empty(disk)
    for number in find_daemons(queue):
        os.kill(number, signal.SIGKILL)
    for entry in queue.entries():
        for number in find_members(0, f"WORKBENCH_JOB={queue.folder(entry.number).path}#{entry.token}"):
            os.kill(number, signal.SIGKILL)
    queue.close()


def fill(disk: Path, left: int = 0) -> None:
    """Leave so many bytes; what others write meanwhile is taken as well."""
    with (disk / "filler").open("ab", buffering=0) as stream:
        while (free := os.statvfs(disk).f_bavail * 4096 - left) > 0:
            try:
                stream.write(bytes(free))
            except OSError:
                return


def empty(disk: Path) -> None:
    (disk / "filler").unlink(missing_ok=True)


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """What is opened meanwhile is; a disk with files that are open for writing cannot be made so as a whole."""
    subprocess.run(["mount", "--bind", str(disk), str(disk)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def ask(queue: Queue, script: str) -> int:
    return queue.submit(Job(command=(sys.executable, "-S", "-c", script), place="/"))


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def find_daemons(queue: Queue) -> list[int]:
    """By the process table: on a full disk a daemon cannot write down who it is."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"workbench.jobs.daemon" in words and os.fsencode(queue.home) in words:
                found.append(int(place.name))
    return found


def wait_for_daemon(queue: Queue) -> int:
    wait_for(lambda: waking.find_daemon(queue.home) is not None)
    return find_daemons(queue)[0]


def marking(place: Path, *, until: Path | None = None, code: int = 0) -> str:
    """A command that says each time that it is run, and ends with a code once a file is there."""
    wait = f"while not os.path.exists('{until}'): time.sleep(0.02)" if until else ""
    return f"import os, time\nopen('{place}', 'a').write('x')\n{wait}\nraise SystemExit({code})"


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_jobs_that_find_no_room_in_the_queue_are_refused_together_and_nothing_else_changes(
    disk: Path, queue: Queue, share: float
) -> None:
    jobs = [Job(command=("x" * 3000,), place="/") for _ in range(200)]
    for job in jobs[:3]:
        queue.submit(job)
    before, needs = queue.entries(), 200 * 4096
    fill(disk, int(needs * share))
    with pytest.raises(OutputError) as refused, queue.changing():
        for job in jobs:
            queue.submit(job)
    assert refused.value.exit_code == IO_FAILED
    assert "queue.db: cannot be written: the disk is full" in str(refused.value)
    assert queue.entries() == before
    with sqlite3.connect(queue.home / "queue.db") as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    empty(disk)
    assert queue.submit(jobs[0]) == 4


@pytest.mark.parametrize("left", [0, ROOM // 2, int(ROOM * 0.99)])
def test_no_job_is_begun_on_a_full_disk_and_the_daemon_goes_on_when_there_is_room(
    disk: Path, queue: Queue, tmp_path: Path, left: int
) -> None:
    for number in range(3):
        ask(queue, marking(tmp_path / str(number)))
    fill(disk, left)
    waking.wake(queue.home)
    server = wait_for_daemon(queue)
    time.sleep(1.5)
    assert [(entry.state, entry.token) for entry in queue.entries()] == [(QUEUED, 0)] * 3
    empty(disk)
    wait_for(lambda: not queue.has_open())
    assert find_daemons(queue) == [server]
    assert [(entry.state, entry.token) for entry in queue.entries()] == [(FINISHED, 1)] * 3
    assert [(tmp_path / str(number)).read_text() for number in range(3)] == ["x"] * 3


@pytest.mark.parametrize(("left", "killed"), [(0, False), (3 * 4096, False), (6 * 4096, False), (0, True)])
def test_what_ends_on_a_full_disk_has_ended_once(
    disk: Path, queue: Queue, tmp_path: Path, left: int, killed: bool
) -> None:
    """Until its end can be written down it counts as running; it is not run again for that."""
    go = tmp_path / "go"
    numbers = [
        ask(queue, marking(tmp_path / "a", until=go)),
        ask(queue, marking(tmp_path / "b", until=go, code=3)),
    ]
    waking.wake(queue.home)
    folders = [queue.folder(number) for number in numbers]
    wait_for(lambda: all(read_json(folder.status) for folder in folders))
    wait_for(lambda: (tmp_path / "a").exists() and (tmp_path / "b").exists())
    server = wait_for_daemon(queue)
    fill(disk, left)
    if killed:
        for folder in folders:
            os.kill(int((read_json(folder.status) or {})["keeper"]), signal.SIGKILL)
    go.touch()
    time.sleep(1.5)
    fill(disk, 0)
    time.sleep(0.5)
    assert find_daemons(queue) == [server]
    empty(disk)
    wait_for(lambda: not queue.has_open())
    assert [(entry.code, entry.token, entry.losses) for entry in queue.entries()] == [(0, 1, 0), (3, 1, 0)]
    assert [(tmp_path / name).read_text() for name in "ab"] == ["x", "x"]
    assert not list(queue.home.rglob(".*.tmp"))


def test_jobs_on_a_full_disk_are_listed_and_end_when_asked_and_it_is_said_why_none_begins(
    disk: Path,
    queue: Queue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(HOME, str(queue.home))
    number = ask(queue, marking(tmp_path / "a", until=tmp_path / "never"))
    waking.wake(queue.home)
    wait_for((tmp_path / "a").exists)
    fill(disk)
    assert main(["jobs"]) == OK
    said = capsys.readouterr()
    assert "1 running" in said.out
    assert said.err.startswith("warning: no job is begun: ") and "the disk is full" in said.err
    assert main(["jobs", "stop", str(number)]) == IO_FAILED
    assert capsys.readouterr().err.count("\n") == 2
    mark = f"WORKBENCH_JOB={queue.folder(number).path}#1"
    wait_for(lambda: not list(find_members(0, mark)))
    empty(disk)
    wait_for(lambda: not queue.has_open())
    assert queue.find(number).state == STOPPED


def test_a_disk_that_becomes_read_only_is_waited_for(disk: Path, queue: Queue, tmp_path: Path) -> None:
    go = tmp_path / "go"
    number = ask(queue, marking(tmp_path / "a", until=go))
    waking.wake(queue.home)
    wait_for(lambda: read_json(queue.folder(number).status) and (tmp_path / "a").exists())
    server = wait_for_daemon(queue)
    with read_only(disk):
        reader = Queue(queue.home)
        assert [entry.number for entry in reader.entries()] == [number]
        with pytest.raises(OutputError, match="this disk is read-only") as refused:
            ask(reader, "")
        assert refused.value.exit_code == NO_PERMISSION
        go.touch()
        time.sleep(1)
    wait_for(lambda: not queue.has_open())
    assert find_daemons(queue) == [server]
    assert (queue.find(number).state, queue.find(number).token) == (FINISHED, 1)
    assert (tmp_path / "a").read_text() == "x"
