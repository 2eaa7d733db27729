"""From a run to the job that works for it, and back: who trains here, and which runs a job has trained.

Whoever looks at a run on another machine than the one that trains sees no lock; there the heartbeat of its job counts.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.jobs.folder import JobFolder, measure_silence, read_json
from workbench.jobs.processes import MARK

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


def find_own_job() -> JobFolder | None:
    """Return the folder of the job that this process is a part of."""
    folder, mark, token = os.environ.get(MARK, "").rpartition("#")
    return JobFolder(path=Path(folder)) if mark and token.isdecimal() and Path(folder).is_dir() else None


def join_run(run: Path) -> dict[str, Any] | None:
    """Let our job know of a run, and return what the run is to say of our job; None without a job."""
    folder = find_own_job()
    if folder is None:
        return None
    with suppress(OSError):  # a full disk must not end a training for that
        if str(run) not in list_runs(folder):
            with folder.runs.open("a", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write(f"{run}\n")
    return {"number": read_number(folder), "folder": str(folder.path)}


def read_number(folder: JobFolder) -> int:
    """Return the number by which the queue knows the job of a folder."""
    return int(folder.path.name) if folder.path.name.isdecimal() else 0


def list_runs(folder: JobFolder, command: Sequence[str] = ()) -> list[str]:
    """Return the runs that a job has worked on, or will: its command names one."""
    with suppress(OSError):
        return folder.runs.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    words = list(command)
    if "train" in words[:4] and "--run" in words[:-1]:
        project = words[words.index("train") + 1]
        return [str(Path(project) / "runs" / words[words.index("--run") + 1])]
    return []


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
