"""Whose a run is: the job that a run names as its own, and whether somebody goes on with it.

Whoever looks at a run on another machine than the one that trains sees no lock; there the heartbeat of its job counts.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.jobs.folder import JobFolder, measure_silence, read_json
from workbench.jobs.pointers import read_number

SILENCE = 60.0  # seconds without a sign of life after which nobody believes that a job runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The job that a run belongs to, as it stands."""

    number: int
    state: str  # of the job; unknown to a queue that forgot it, or that is not here
    host: str = ""  # another machine, on which it is alive

    @property
    def is_open(self) -> bool:
        """Whether the queue will go on with the run."""
        return self.state in ("waiting", "queued", "running")


def find_owner(told: object) -> Owner | None:
    """Understand what a run says of its job."""
    if not isinstance(told, Mapping) or not isinstance(told.get("folder"), str):
        return None
    folder = JobFolder(path=Path(told["folder"]))
    return Owner(number=read_number(folder), state=_find_state(folder) or "unknown", host=_find_host(folder))


def _find_state(folder: JobFolder) -> str:
    """Ask the queue beside the folder, without making one."""
    home = folder.path.parent.parent
    if not (home / "queue.db").exists():
        return ""
    from workbench.errors import WorkbenchError
    from workbench.jobs.queue import Queue

    with suppress(WorkbenchError):
        queue = Queue(home)
        try:
            return queue.find(read_number(folder)).state
        finally:
            queue.close()
    return ""


def _find_host(folder: JobFolder) -> str:
    """Return the other machine on which a keeper gave a sign of life just now."""
    status = read_json(folder.status) or {}
    host, token = str(status.get("host", "")), status.get("token", 0)
    if host == socket.gethostname() or folder.end(int(token)).exists():
        return ""
    return host if measure_silence(folder) < SILENCE else ""
