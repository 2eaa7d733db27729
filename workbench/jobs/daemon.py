"""Starts what is queued, as far as there is room, and writes down what ended: `python -m workbench.jobs.daemon HOME`.

There is one for each queue; it is started by whoever has something to do for it, outlives the terminal, and ends when
nothing has been left to do for a while. It may be killed at any time: the next one finds everything in the queue and in
the folders of the jobs.
"""

import argparse
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import BUSY, OK, JobError, MissingExtra, OutputError, WorkbenchError
from workbench.files import claim
from workbench.jobs.consequences import conclude, lose
from workbench.jobs.engines.engine import Begun, Engine, EngineBusy, Gathering, Sign
from workbench.jobs.engines.table import find_engine
from workbench.jobs.environment import WOKEN, choose_environment
from workbench.jobs.folder import (
    JobFolder,
    give_token,
    is_running,
    make_folder,
    read_end,
)
from workbench.jobs.job import FAILED, RUNNING, Entry
from workbench.jobs.keeper import GRACE
from workbench.jobs.queue import Queue
from workbench.jobs.room import Room
from workbench.jobs.waking import LOCK, require_room

TURN = 0.1  # seconds between two looks
REST = 60.0  # seconds with nothing to do, after which it ends
PAUSE = 30.0  # seconds for an engine that takes nothing at the moment
STARTING = 5.0  # seconds that a keeper whose daemon was killed may need until it has its lock
PATIENCE = 2.0  # seconds until the next turn, when something went wrong in one
MANY = 100  # jobs with which something went wrong: it will with the rest as well


@dataclass(slots=True, kw_only=True)
class Daemon:
    """What one process knows beside the queue."""

    queue: Queue
    grace: float = GRACE
    engines: dict[str, Engine] = field(default_factory=dict)
    seen: dict[tuple[int, int], float] = field(
        default_factory=dict
    )  # when a try was first met without a sign
    resting: dict[str, float] = field(default_factory=dict)  # until when an engine is not asked again
    begun: list[Begun] = field(default_factory=list)  # what an engine is to start together
    troubles: list[Exception] = field(
        default_factory=list
    )  # what went wrong in this turn, and may be tried again

    def turn(self) -> None:
        """Look at everything once; what goes wrong with one job is raised when the others have had their turn."""
        self.troubles.clear()
        for entry in self.queue.entries((RUNNING,)):
            with self._apart(entry):
                self._look(entry)
        require_room(self.queue.home)
        running = self.queue.entries((RUNNING,))
        rooms: dict[str, Room] = {}
        for entry in self.queue.upcoming():
            name = entry.job.engine
            with self._apart():
                if name not in rooms:
                    rooms[name] = self._measure_room(entry, running)
                rooms[name] = self._place(entry, rooms[name])
            if all(room.full for room in rooms.values()) and len(rooms) == len(self.engines):
                break
            if len(self.troubles) > MANY:
                break
        self._start_together()
        if self.troubles:
            raise self.troubles[0]

    @contextmanager
    def _apart(self, *entries: Entry) -> Iterator[None]:
        """Keep what goes wrong with jobs from all others: the disk may take it later, a fault of ours ends them."""
        try:
            yield
        except (WorkbenchError, OSError) as error:
            self.troubles.append(error)
        except Exception as error:
            _say(traceback.format_exc())
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            for entry in entries:
                self._give_up(entry, f"{reason}; a fault of the workbench: daemon.log has the rest")
            if not entries:
                self.troubles.append(JobError(reason))

    def _give_up(self, entry: Entry, reason: str) -> None:
        """End a job that nobody knows how to go on with, and whatever of it runs."""
        with suppress(OSError):
            self.queue.folder(entry.number).stop.touch()
        self.queue.end(entry, FAILED, reason=reason)

    def _measure_room(self, entry: Entry, running: Sequence[Entry]) -> Room:
        name = entry.job.engine
        if time.monotonic() < self.resting.get(name, 0.0):
            return Room(cores=0)
        return self._find_engine(entry).room().without(one for one in running if one.job.engine == name)

    def _find_engine(self, entry: Entry) -> Engine:
        name = entry.job.engine
        if name not in self.engines:
            self.engines[name] = find_engine(name, self.queue.home)
        return self.engines[name]

    def _place(self, entry: Entry, room: Room) -> Room:
        """Start a job if there is room for it; return the room that is left."""
        if room.full:
            return room
        gpu = room.place(entry.job)
        if gpu is None:  # what it needs is kept free for it, or smaller ones would overtake it for ever
            return room.reserve(entry.job) if self._find_engine(entry).room().holds(entry.job) else room
        if entry.token and is_running(self.queue.folder(entry.number)):  # the end of its last try is near
            return room
        taken = self.queue.start(entry, gpu)
        if taken is None:
            return room
        folder = None
        with self._apart(taken):
            folder = self._prepare(taken)
        if folder is not None:
            if isinstance(self._find_engine(taken), Gathering):
                self.begun.append((taken, folder))
            else:
                self._start([(taken, folder)])
        return room.without([taken])

    def _prepare(self, entry: Entry) -> JobFolder | None:
        """Make the folder ready for a try; None while an older one is alive."""
        folder = self.queue.folder(entry.number)
        try:
            if not folder.job.exists():
                make_folder(folder.path, entry.job)
            return folder if give_token(folder, entry.token) else None
        except (OSError, OutputError):  # a full disk: nothing was started
            self.queue.put_back(entry, code=None, reason="")
            raise

    def _start_together(self) -> None:
        """Give each engine what it can start as one."""
        waiting, self.begun = self.begun, []
        for name, engine in self.engines.items():
            mine = [one for one in waiting if one[0].job.engine == name]
            if mine and isinstance(engine, Gathering):
                with self._apart(*(entry for entry, _ in mine)):
                    for tries in engine.gather(mine):
                        self._start(tries)

    def _start(self, tries: Sequence[Begun], *, adopt: bool = False) -> None:
        """Start tries of one engine, apart from all others."""
        with self._apart(*(entry for entry, _ in tries)):
            self._ask_to_start(tries, adopt=adopt)

    def _ask_to_start(self, tries: Sequence[Begun], *, adopt: bool) -> None:
        """What an engine refuses has failed, and what it cannot take now waits."""
        engine = self._find_engine(tries[0][0])
        try:
            if len(tries) > 1 and isinstance(engine, Gathering):
                handles = engine.start_together(tries, grace=self.grace)
            else:
                handles = [engine.start(*one, grace=self.grace, adopt=adopt) for one in tries]
        except (EngineBusy, MissingExtra) as error:
            self.resting[tries[0][0].job.engine] = time.monotonic() + PAUSE
            for entry, folder in tries:
                if give_token(
                    folder, entry.token + 1
                ):  # it may have been taken all the same, and begin later
                    self.queue.put_back(entry, code=None, reason=str(error))
        except JobError as error:
            for entry, _ in tries:
                self.queue.end(entry, FAILED, reason=str(error))
        else:
            for (entry, _), handle in zip(tries, handles, strict=True):
                self.queue.remember(entry, handle)

    def _look(self, entry: Entry) -> None:
        """See how a running job stands, and do what follows."""
        folder = self.queue.folder(entry.number)
        if entry.stopping and not folder.stop.exists():
            with suppress(
                FileNotFoundError
            ):  # nobody came so far as to make its folder, or it was cleared away
                folder.stop.touch()
        sign = self._find_engine(entry).look(entry, folder)
        if sign is Sign.ALIVE:
            return
        if (
            sign is Sign.ORPHAN and not folder.end(entry.token).exists()
        ):  # else what is left could not be killed
            if self._is_overdue(entry):
                self._start([(entry, folder)], adopt=True)
                del self.seen[entry.number, entry.token]
            return
        end = read_end(folder, entry.token)
        if end is not None:
            conclude(self.queue, entry, *end)
        elif sign is Sign.GONE or self._is_overdue(entry):
            lose(self.queue, entry)

    def _is_overdue(self, entry: Entry) -> bool:
        """Whether a try has been without a sign of life longer than a keeper takes to begin."""
        since = self.seen.setdefault((entry.number, entry.token), time.monotonic())
        return time.monotonic() - since > STARTING


def serve(home: Path, *, rest: float = REST, grace: float = GRACE) -> int:
    """Work until nothing is left to do."""
    while (lock := _claim(home)) is not None:
        _work(Daemon(queue=Queue(home), grace=grace), rest)
        os.close(lock)
        if not (home / LOCK).exists() or not Queue(home).has_open():
            return OK  # what was submitted before the lock was free found nobody to start
    return BUSY


def _claim(home: Path) -> int | None:
    """Be the one daemon, and say so; a full disk does not hinder that."""
    lock = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    if not claim(lock):
        os.close(lock)
        return None
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _work(daemon: Daemon, rest: float) -> None:
    """Take turns until there was nothing to do for a while; what the disk does not take now, it may take later."""
    idle, told = time.monotonic(), ""
    while time.monotonic() - idle < rest and (daemon.queue.home / LOCK).exists():
        try:
            daemon.turn()
            if daemon.queue.has_open():
                idle = time.monotonic()
            told = ""
            time.sleep(TURN)
        except (WorkbenchError, OSError) as error:
            idle = time.monotonic()
            if str(error) != told:
                told = str(error)
                _say(told)
            time.sleep(PATIENCE)


def _say(text: str) -> None:
    """A line for daemon.log, where there is room for it."""
    with suppress(OSError):
        sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
        sys.stderr.flush()


def main() -> int:
    """Serve one queue."""
    parser = argparse.ArgumentParser(prog="workbench.jobs.daemon", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--rest", type=float, default=REST)
    parser.add_argument("--grace", type=float, default=GRACE)
    typed = parser.parse_args()
    os.environ[WOKEN] = " ".join(choose_environment(os.environ))
    with suppress(ValueError):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal is no reason to end
    return serve(typed.home, rest=typed.rest, grace=typed.grace)


if __name__ == "__main__":
    sys.exit(main())
