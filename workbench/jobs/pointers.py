"""From a job to the runs that it works on: who trains here, and which runs it has trained."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.jobs.folder import JobFolder
from workbench.jobs.processes import MARK


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
