"""Runs one try of a job: `python -m workbench.jobs.keeper FOLDER TOKEN`, the same under every engine.

A shell waits for the command and writes its exit code down; the keeper watches over both: it tells that they live, ends
them at their time or when somebody asks, first kindly, then with everything that they started, and writes how it
ended. Whoever kills the keeper kills nothing else: the command goes on and its code is still written, and a keeper
that is started with --adopt looks after it from there. One that is --tied ends its command when whoever started it is
gone: what held the cores and GPUs for it has then given them away.
"""

import argparse
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import BUSY, NO_INPUT, OutputError
from workbench.files import PATIENCE, claim
from workbench.jobs.environment import drop_wakers
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
from workbench.jobs.processes import MARK, ask_to_end, count_members, end_members, has_group

BEAT = 2.0  # seconds between two signs of life
TURN = 0.05  # seconds between two looks
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux
STOPPED, PREEMPTED = "stopped", "preempted"
ABANDONED, REPLACED = "whoever started it is gone", "a newer try has taken its place"
GRACE = 30.0  # seconds for a command to end by itself; a training needs 10 for its checkpoint
KILLED = 137
RETRY = 0.5  # seconds between two tries to write on a disk that is full
# The trap lets the shell outlive a signal to the whole group; a program that it starts gets the default back. Where the
# disk is full, the code is the keeper's to write down; without a keeper, the shell waits until there is room.
SHELL = """
trap : TERM INT HUP
"$@"
code=$?
kept() { read -r words </proc/$PPID/cmdline; case $words in *jobs?keeper*) true ;; *) false ;; esac; }
while [ -d "${0%/*}" ] && ! { (echo $code >"$0.part") && mv "$0.part" "$0"; } && ! kept; do sleep 0.5; done 2>/dev/null
exit $code
"""


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
    told: bool = False  # whether status.json says all this; a full disk may take it later
    yielding: bool = False  # the scheduler wants the place back: the job goes on elsewhere
    beat: float = float("-inf")  # when it last gave a sign of life
    compared: float = 0.0  # when its token was last compared with that of the newest try
    tied: bool = False  # to whoever started it, who holds the other end of its standard input

    @property
    def mark(self) -> str:
        """What all its processes carry."""
        return f"{MARK}={self.folder.path}#{self.token}"


def keep(folder: JobFolder, token: int, *, grace: float = GRACE, tied: bool = False) -> int:
    """Run the command of a job to its end; return its exit code."""
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o644)
    if not claim(lock, patience=PATIENCE) or read_token(folder) != token:
        return BUSY  # another try is alive, or was begun while this one slept
    with suppress(OSError):  # left by a try before
        folder.exit_code(token).unlink()
    job = read_job(folder)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)  # orphans of the command come here, with their exit codes
    watched = Try(
        folder=folder, token=token, job=job, group=0, began=time.monotonic(), grace=grace, tied=tied
    )
    _listen(watched)  # first: who is sent away now must not leave a command behind
    try:
        process = _start(folder, job, token, lock)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        watched.why = f"{job.place}: must be a folder in which it can run, but is not; make it again"
        return _conclude(watched, NO_INPUT)
    watched.group = process.pid
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
    """Take the exit codes of whatever has ended; True when the shell has, and its whole group if it was killed."""
    alone = codes.get(shell, 0) < 0 and not has_group(shell)  # asked first: who ends now is still taken below
    while True:
        try:
            number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if number == 0:
            return alone or codes.get(shell, -1) >= 0
        codes[number] = os.waitstatus_to_exitcode(status)


def _choose_code(codes: Mapping[int, int], shell: int) -> int:
    """The shell's own, or the command's where somebody killed the shell: the first that it started."""
    orphans = sorted(number for number in codes if number != shell)
    return codes[orphans[0]] if codes[shell] < 0 and orphans else codes[shell]


def adopt(folder: JobFolder, token: int, *, grace: float = GRACE, tied: bool = False) -> int:
    """Look after a command whose keeper is gone, until nothing of it is left."""
    if read_token(folder) > token:  # what is in the folder is another one's
        return BUSY
    status = read_json(folder.status) or {}
    if status.get("token") != token:  # it was killed before it could write anything down
        status = {}
    job = read_job(folder)
    spent = time.time() - float(status.get("began", time.time()))
    watched = Try(
        folder=folder,
        token=token,
        job=job,
        group=int(status.get("group", 0)),
        began=time.monotonic() - max(0.0, spent),
        grace=grace,
        tied=tied,
    )
    _listen(watched)
    while read_exit_code(folder, token) is None and _is_alive(watched):
        _look(watched)
        time.sleep(TURN)
    code = read_exit_code(folder, token)
    if (
        code is None and watched.tied
    ):  # on this node nothing is left of it, and from elsewhere nobody sees that
        return _conclude(watched, KILLED)
    if code is None:  # killed as well: there is no end to write down, and whoever launched it tries again
        end_members(watched.group, watched.mark)
        return BUSY
    return _conclude(watched, code)


def _is_alive(watched: Try) -> bool:
    """Whether the shell or the command is; what else of the try has the lock would have it for ever."""
    return is_running(watched.folder) and (not watched.group or has_group(watched.group))


def _start(folder: JobFolder, job: Job, token: int, lock: int) -> "subprocess.Popen[bytes]":
    ours = {MARK: f"{folder.path}#{token}", "PYTHONUNBUFFERED": "1"}
    environment = {**drop_wakers(os.environ), **job.environment, **ours}
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


def _tell(watched: Try) -> None:
    """Write down who keeps the try: another keeper needs it, if this one is killed."""
    status = {
        "token": watched.token,
        "keeper": os.getpid(),
        "group": watched.group,
        "host": socket.gethostname(),
        "began": time.time() - (time.monotonic() - watched.began),
    }
    with suppress(OutputError):
        write_json(watched.folder.status, status)
        watched.told = True


def _look(watched: Try) -> None:
    """Tell that it lives, and end it when it is time."""
    now = time.monotonic()
    if not watched.told:
        _tell(watched)
    _beat(watched)
    if _is_replaced(watched, now):
        watched.why = REPLACED
        end_members(watched.group, watched.mark)  # at once, since two must not write in one place
    elif watched.asked is None:
        watched.why = _find_reason_to_end(watched, now)
        if watched.why:
            watched.asked = now
            ask_to_end(watched.group, watched.mark)
    elif now - watched.asked > watched.grace:
        end_members(watched.group, watched.mark)


def _beat(watched: Try) -> None:
    now = time.monotonic()
    if now - watched.beat > BEAT:
        with suppress(OSError):  # a full disk must not end a job
            watched.folder.heartbeat.touch()
            watched.beat = now


def _is_replaced(watched: Try, now: float) -> bool:
    """Whether the job was begun again elsewhere: this machine was taken for dead, and was not."""
    if now - watched.compared < BEAT:
        return False
    watched.compared = now
    return read_token(watched.folder) > watched.token


def _find_reason_to_end(watched: Try, now: float) -> str:
    if watched.folder.stop.exists() or not watched.folder.path.exists():  # or somebody has cleared it away
        return STOPPED
    if watched.yielding:
        return PREEMPTED
    if watched.tied and select.select([0], [], [], 0)[0]:  # nobody writes there: it has been closed
        return ABANDONED
    if watched.job.limit and now - watched.began > watched.job.limit:
        return f"it took longer than its limit of {watched.job.limit:g} seconds"
    return ""


def _conclude(watched: Try, code: int) -> int:
    """Leave nothing running, and write down how it ended."""
    if code and not watched.why:  # SLURM tells all processes at once, and the command may be the first to end
        watched.why = _find_reason_to_end(watched, time.monotonic())
    if count_members(watched.group, watched.mark):
        end_members(watched.group, watched.mark)
    end = {"code": code, "reason": watched.why, "ended": time.time()}
    while watched.folder.path.exists():
        try:
            write_json(watched.folder.end(watched.token), end)
            break
        except OutputError:  # the disk is full: what the command has done must not be done again for that
            _beat(watched)
            time.sleep(RETRY)
    return code


def main() -> int:
    """Keep one try."""
    parser = argparse.ArgumentParser(prog="workbench.jobs.keeper", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("token", type=int)
    parser.add_argument("--adopt", action="store_true")
    parser.add_argument("--tied", action="store_true")
    parser.add_argument("--grace", type=float, default=GRACE)
    typed = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a closed terminal is no reason to end
    run = adopt if typed.adopt else keep
    return run(JobFolder(path=typed.folder), typed.token, grace=typed.grace, tied=typed.tied)


if __name__ == "__main__":
    sys.exit(main())
