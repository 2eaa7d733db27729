"""Whether somebody serves a queue, and how to see that somebody does; small, since every command asks."""

import errno
import os
import sys
from pathlib import Path

from workbench.files import claim, explain_os_error
from workbench.jobs.processes import MARK

ROOM = 2 * 2**20  # bytes of the disk without which nothing new is begun: its end has to be written down, too
LOCK = "daemon.lock"  # held by the daemon, which writes its process into it


def find_daemon(home: Path) -> int | None:
    """Return the process that serves a queue, 0 while it has not said who it is, None where there is none."""
    lock = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        return None if claim(lock) else int(os.pread(lock, 20, 0) or 0)
    finally:
        os.close(lock)


def wake(home: Path) -> None:
    """Start a daemon, unless one is there."""
    try:
        if find_daemon(home) is None:
            _start(home)
    except OSError as error:  # jobs are safe in the queue; whoever comes next tries again
        raise explain_os_error(home, error) from error


def require_room(home: Path) -> None:
    """Refuse a disk that has too little room for what a job would write."""
    found = os.statvfs(home)
    if found.f_bavail * found.f_frsize < ROOM:
        raise explain_os_error(home, OSError(errno.ENOSPC, "no room for another job"))


def _start(home: Path) -> None:
    import subprocess

    with (home / "daemon.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "workbench.jobs.daemon", str(home)],
            cwd="/",
            env={
                name: value for name, value in os.environ.items() if name != MARK
            },  # no part of a job that wakes it
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
