"""Whether somebody serves a queue, and how to see that somebody does; small, since every command asks."""

import os
import sys
from pathlib import Path

from workbench.files import claim
from workbench.jobs.processes import MARK

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
    if find_daemon(home) is not None:
        return
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
