"""Starts what is queued, as far as there is room, and writes down what ended: `python -m workbench.jobs.daemon HOME`.

There is one for each queue; it is started by whoever has something to do for it, outlives the terminal, and ends when
nothing has been left to do for a while. It may be killed at any time: the next one finds everything in the queue and in
the folders of the jobs.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import BAD_CONFIG, BAD_DATA, BUSY, NO_INPUT, NO_PERMISSION, OK, USAGE
from workbench.files import claim
from workbench.jobs.folder import (
    JobFolder,
    give_token,
    is_running,
    make_folder,
    read_exit_code,
    read_json,
)
from workbench.jobs.job import FAILED, FINISHED, RUNNING, STOPPED, Entry
from workbench.jobs.keeper import GRACE
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room, read_room

TURN = 0.1  # seconds between two looks
REST = 60.0  # seconds with nothing to do, after which it ends
STARTING = 5.0  # seconds that a keeper whose daemon was killed may need until it has its lock
LOSSES = 10  # tries that may be lost to kills and reboots, before the job itself is suspected
KILLED = (137, -9)  # by somebody, or by a system without memory
HOPELESS = {USAGE, BAD_DATA, NO_INPUT, NO_PERMISSION, BAD_CONFIG}  # would end the same way again


@dataclass(slots=True, kw_only=True)
class Daemon:
    """What one process knows beside the queue: the keepers that it started itself."""

    queue: Queue
    room: Room
    grace: float = GRACE
    keepers: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)  # when a try without any sign of life was first met

    def turn(self) -> None:
        """Look at everything once."""
        running = self.queue.entries((RUNNING,))
        for entry in running:
            self._look(entry)
        running = self.queue.entries((RUNNING,))
        room = self.room.without(running)
        for entry in self.queue.upcoming():
            if room.full:
                break
            gpu = room.place(entry.job)
            if gpu is None:  # what it needs is kept free for it, or smaller ones would overtake it for ever
                room = room.reserve(entry.job) if self.room.holds(entry.job) else room
                continue
            taken = self.queue.start(entry, gpu)
            if taken is not None:
                room = room.without([taken])
                self._start(taken)

    def _look(self, entry: Entry) -> None:
        """See how a running job stands."""
        folder = self.queue.folder(entry.number)
        keeper = self.keepers.get(entry.number)
        kept = keeper is not None and keeper.poll() is None
        if entry.stopping and not folder.stop.exists():
            folder.stop.touch()
        if kept:
            return
        self.keepers.pop(entry.number, None)
        if is_running(folder):
            self._care(entry, folder)
            return
        end = read_json(folder.end(entry.token)) or {}
        code = end.get("code", read_exit_code(folder, entry.token))
        if code is not None:
            self._conclude(entry, int(code), str(end.get("reason", "")))
        elif keeper is not None or self._is_overdue(entry):
            self._lose(entry)

    def _care(self, entry: Entry, folder: JobFolder) -> None:
        """Something of the job runs: it needs a keeper, unless the one that an earlier daemon started is alive."""
        status = read_json(folder.status) or {}
        if status.get("token") == entry.token and is_keeper(int(status.get("keeper", 0)), folder):
            return
        if self._is_overdue(entry):
            self._keep(entry, "--adopt")

    def _is_overdue(self, entry: Entry) -> bool:
        """Whether a try has been without a sign of life longer than a keeper takes to begin."""
        key = entry.number * 1_000_000 + entry.token
        return time.monotonic() - self.seen.setdefault(key, time.monotonic()) > STARTING

    def _start(self, entry: Entry) -> None:
        folder = self.queue.folder(entry.number)
        if not folder.job.exists():
            make_folder(folder.path, entry.job)
        if give_token(folder, entry.token):
            self._keep(entry)

    def _keep(self, entry: Entry, *more: str) -> None:
        """Start a keeper that outlives this process."""
        folder = self.queue.folder(entry.number)
        words = [sys.executable, "-m", "workbench.jobs.keeper", str(folder.path), str(entry.token)]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ",".join(map(str, entry.gpu))}
        if not self.room.gpus:
            environment.pop("CUDA_VISIBLE_DEVICES")
        self.keepers[entry.number] = subprocess.Popen(
            [*words, "--grace", f"{self.grace:g}", *more],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _conclude(self, entry: Entry, code: int, reason: str) -> None:
        """Give a try that ended its consequence."""
        if code == OK:
            self.queue.end(entry, FINISHED, code=code)
        elif entry.stopping or reason == "stopped":
            self.queue.end(entry, STOPPED, code=code, reason="stopped")
        elif code in KILLED and not reason:
            self._lose(entry, code)
        elif entry.failures < entry.job.retries and code not in HOPELESS:
            self.queue.put_back(entry, code=code, reason=reason, lost=False)
        else:
            self.queue.end(entry, FAILED, code=code, reason=reason or f"exit code {code}")

    def _lose(self, entry: Entry, code: int | None = None) -> None:
        """A try was killed, or the machine went down: the job is not to blame, unless it happens every time."""
        if entry.stopping:
            self.queue.end(entry, STOPPED, reason="stopped")
        elif entry.losses < LOSSES:
            self.queue.put_back(entry, code=code, reason="killed; tried again", lost=True)
        else:
            reason = f"killed {LOSSES + 1} times, perhaps for lack of memory"
            self.queue.end(entry, FAILED, code=code, reason=reason)


def is_keeper(number: int, folder: JobFolder) -> bool:
    """Whether a process is the keeper of that job, and not another one that was given the same number since."""
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"workbench.jobs.keeper" in words and os.fsencode(folder.path) in words


def serve(home: Path, *, rest: float = REST, grace: float = GRACE) -> int:
    """Work until nothing is left to do."""
    lock = os.open(home / "daemon.lock", os.O_RDWR | os.O_CREAT, 0o644)
    queue = Queue(home)
    while claim(lock):
        daemon = Daemon(queue=queue, room=read_room(home), grace=grace)
        idle = time.monotonic()
        while time.monotonic() - idle < rest:
            daemon.turn()
            if queue.has_open():
                idle = time.monotonic()
            time.sleep(TURN)
        os.close(lock)
        if not queue.has_open():  # what was submitted before the lock was free found nobody to start
            return OK
        lock = os.open(home / "daemon.lock", os.O_RDWR | os.O_CREAT, 0o644)
    return BUSY


def wake(home: Path) -> None:
    """Start a daemon, unless one is there."""
    lock = os.open(home / "daemon.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not claim(lock):
            return
    finally:
        os.close(lock)
    with (home / "daemon.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "workbench.jobs.daemon", str(home)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def main() -> int:
    """Serve one queue."""
    parser = argparse.ArgumentParser(prog="workbench.jobs.daemon", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--rest", type=float, default=REST)
    parser.add_argument("--grace", type=float, default=GRACE)
    typed = parser.parse_args()
    with suppress(ValueError):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal is no reason to end
    return serve(typed.home, rest=typed.rest, grace=typed.grace)


if __name__ == "__main__":
    sys.exit(main())
