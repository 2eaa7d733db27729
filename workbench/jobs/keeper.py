"""Runs one try of a job: `python -m workbench.jobs.keeper FOLDER TOKEN [--adopt]`, the same under every engine.

A shell waits for the command and writes its exit code down; the keeper watches over both: it tells that they live, ends
them at their time or when somebody asks, first kindly, then with everything that they started, and writes how it
ended. Whoever kills the keeper kills nothing else: the command goes on and its code is still written, and a keeper
that is started with --adopt looks after it from there.
"""

import argparse
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import BUSY
from workbench.files import claim
from workbench.jobs.folder import (
    JobFolder,
    is_running,
    read_exit_code,
    read_job,
    read_json,
    read_token,
    write_json,
)
from workbench.jobs.job import Job
from workbench.jobs.processes import ask_to_end, count_members, end_members

MARK = "WORKBENCH_JOB"  # in the environment of all that a job starts, so that none of it is overlooked
BEAT = 2.0  # seconds between two signs of life
TURN = 0.05  # seconds between two looks
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux
STOPPED, PREEMPTED = "stopped", "preempted"
GRACE = 30.0  # seconds for a command to end by itself; a training needs 10 for its checkpoint
# The trap lets the shell outlive a signal to the whole group; a program that it starts gets the default back.
SHELL = 'trap : TERM INT HUP; "$@"; code=$?; echo $code >"$0.part" && mv "$0.part" "$0"; exit $code'


@dataclass(slots=True, kw_only=True)
class Try:
    """One try that is being watched."""

    folder: JobFolder
    token: int
    job: Job
    group: int  # the process group of the command
    began: float  # by the clock that nobody sets
    grace: float = GRACE
    asked: float | None = None  # when it was asked to end
    why: str = ""
    yielding: bool = False  # the scheduler wants the place back: the job goes on elsewhere

    @property
    def mark(self) -> str:
        """What all its processes carry."""
        return f"{MARK}={self.folder.path}#{self.token}"


def keep(folder: JobFolder, token: int, *, grace: float = GRACE) -> int:
    """Run the command of a job to its end; return its exit code."""
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o644)
    if (
        not claim(lock) or read_token(folder) != token
    ):  # another try is alive, or was begun while this one slept
        return BUSY
    with suppress(OSError):  # left by a try before
        folder.exit_code(token).unlink()
    job = read_job(folder)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)  # orphans of the command come here, with their exit codes
    process = _start(folder, job, token, lock)
    write_json(folder.status, _describe(token, process.pid))
    watched = Try(folder=folder, token=token, job=job, group=process.pid, began=time.monotonic(), grace=grace)
    _listen(watched)
    codes: dict[int, int] = {}
    while not _reap(codes, process.pid):
        _look(watched)
        time.sleep(TURN)
    return _conclude(watched, _choose_code(codes, process.pid))


def _listen(watched: Try) -> None:
    """SLURM says with TERM that it needs the place, and with USR2 that the time is nearly over."""

    def give_way(number: int, frame: object) -> None:
        watched.yielding = True

    for number in (signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, give_way)


def _reap(codes: dict[int, int], shell: int) -> bool:
    """Take the exit codes of whatever has ended; True when the shell has, and the command as well if it was killed."""
    while True:
        try:
            number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if number == 0:
            return codes.get(shell, -1) >= 0
        codes[number] = os.waitstatus_to_exitcode(status)


def _choose_code(codes: Mapping[int, int], shell: int) -> int:
    """The shell's own, or the command's where somebody killed the shell: the first that it started."""
    orphans = sorted(number for number in codes if number != shell)
    return codes[orphans[0]] if codes[shell] < 0 and orphans else codes[shell]


def adopt(folder: JobFolder, token: int, *, grace: float = GRACE) -> int:
    """Look after a command whose keeper is gone, until nothing of it is left."""
    status = read_json(folder.status) or {}
    job = read_job(folder)
    spent = time.time() - float(status.get("began", time.time()))
    watched = Try(
        folder=folder,
        token=token,
        job=job,
        group=int(status.get("group", 0)),
        began=time.monotonic() - max(0.0, spent),
        grace=grace,
    )
    write_json(folder.status, {**status, "keeper": os.getpid()})
    _listen(watched)
    while read_exit_code(folder, token) is None and is_running(folder):
        _look(watched)
        time.sleep(TURN)
    code = read_exit_code(folder, token)
    if code is None:
        return BUSY  # killed as well: there is no end to write down, and whoever launched it tries again
    return _conclude(watched, code)


def _start(folder: JobFolder, job: Job, token: int, lock: int) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **job.environment, MARK: f"{folder.path}#{token}", "PYTHONUNBUFFERED": "1"}
    os.set_inheritable(lock, True)
    with folder.log.open("ab") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", SHELL, str(folder.exit_code(token)), *job.command],
            cwd=job.place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
            pass_fds=(lock,),
        )


def _describe(token: int, group: int) -> dict[str, object]:
    return {
        "token": token,
        "keeper": os.getpid(),
        "group": group,
        "host": socket.gethostname(),
        "began": time.time(),
    }


def _look(watched: Try) -> None:
    """Tell that it lives, and end it when it is time."""
    now = time.monotonic()
    _beat(watched.folder)
    if watched.asked is None:
        watched.why = _find_reason_to_end(watched, now)
        if watched.why:
            watched.asked = now
            ask_to_end(watched.group, watched.mark)
    elif now - watched.asked > watched.grace:
        end_members(watched.group, watched.mark)


def _beat(folder: JobFolder) -> None:
    with suppress(OSError):  # a full disk must not end a job
        if not folder.heartbeat.exists() or time.time() - folder.heartbeat.stat().st_mtime > BEAT:
            folder.heartbeat.touch()


def _find_reason_to_end(watched: Try, now: float) -> str:
    if watched.folder.stop.exists() or not watched.folder.path.exists():  # or somebody has cleared it away
        return STOPPED
    if watched.yielding:
        return PREEMPTED
    if watched.job.limit and now - watched.began > watched.job.limit:
        return f"it took longer than its limit of {watched.job.limit:g} seconds"
    return ""


def _conclude(watched: Try, code: int) -> int:
    """Leave nothing running, and write down how it ended."""
    if code and not watched.why:  # SLURM tells all processes at once, and the command may be the first to end
        watched.why = _find_reason_to_end(watched, time.monotonic())
    if count_members(watched.group, watched.mark):
        end_members(watched.group, watched.mark)
    if not watched.folder.path.exists():
        return code
    end = {"code": code, "reason": watched.why, "ended": time.time()}
    write_json(watched.folder.end(watched.token), end)
    return code


def main() -> int:
    """Keep one try."""
    parser = argparse.ArgumentParser(prog="workbench.jobs.keeper", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("token", type=int)
    parser.add_argument("--adopt", action="store_true")
    parser.add_argument("--grace", type=float, default=GRACE)
    typed = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a closed terminal is no reason to end
    run = adopt if typed.adopt else keep
    return run(JobFolder(path=typed.folder), typed.token, grace=typed.grace)


if __name__ == "__main__":
    sys.exit(main())
