"""The folder of a job: every file in it, who holds it, and how a try ended.

job.json          what was asked for
lock              held by the keeper and by all that the command starts: as long as somebody has it, something runs
token             which try is the one that counts
status.json       the newest try: token, process, host, when
heartbeat         touched every two seconds by the keeper; its age counts where locks are not seen
exit-<token>      the exit code of the command, written by the shell that waited for it
end-<token>.json  how the try ended: code and reason, written by the keeper
stop              somebody wants it to end
log.txt           what the command said, all tries
runs              the run folders that it has worked on, one a line
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.files import claim, is_locked, write_atomically
from workbench.jobs.job import Job, json_to_job

NAME = "%06d"  # of the folder of a job, by its number


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFolder:
    """One job's files; nobody else spells their names."""

    path: Path

    @property
    def job(self) -> Path:
        """What was asked for."""
        return self.path / "job.json"

    @property
    def lock(self) -> Path:
        """Held while anything of the job runs."""
        return self.path / "lock"

    @property
    def token(self) -> Path:
        """Which try is the one that counts."""
        return self.path / "token"

    @property
    def status(self) -> Path:
        """The newest try."""
        return self.path / "status.json"

    @property
    def heartbeat(self) -> Path:
        """A file whose age says when the keeper was last alive."""
        return self.path / "heartbeat"

    @property
    def stop(self) -> Path:
        """There, when somebody wants the job to end."""
        return self.path / "stop"

    @property
    def log(self) -> Path:
        """What the command said."""
        return self.path / "log.txt"

    @property
    def runs(self) -> Path:
        """The run folders that it has worked on."""
        return self.path / "runs"

    def exit_code(self, token: int) -> Path:
        """What the shell that waited for the command wrote."""
        return self.path / f"exit-{token}"

    def end(self, token: int) -> Path:
        """How the try ended."""
        return self.path / f"end-{token}.json"


def make_folder(path: Path, job: Job) -> JobFolder:
    """Make the folder of a new job."""
    folder = JobFolder(path=path)
    write_atomically(folder.job, _dump(job.to_json()))
    return folder


def read_job(folder: JobFolder) -> Job:
    """Read what was asked for."""
    return json_to_job(json.loads(folder.job.read_text(encoding="utf-8")))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write one small file, whole or not at all."""
    write_atomically(path, _dump(content))


def read_json(path: Path) -> dict[str, Any] | None:
    """Read one small file, None where it is not there."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def read_exit_code(folder: JobFolder, token: int) -> int | None:
    """Return the exit code of a try, None while it has none."""
    with suppress(OSError, ValueError):
        return int(folder.exit_code(token).read_text())
    return None


def read_end(folder: JobFolder, token: int) -> tuple[int, str] | None:
    """Return the code of a try and why it ended, None while nobody has written that down."""
    with suppress(OSError):
        list(folder.path.iterdir())  # else a network disk may say for a minute that a file is not there
    end = read_json(folder.end(token)) or {}
    code = end.get("code", read_exit_code(folder, token))
    return None if code is None else (int(code), str(end.get("reason", "")))


def read_token(folder: JobFolder) -> int:
    """Return the number of the try that counts, 0 before the first."""
    with suppress(OSError, ValueError):
        return int(folder.token.read_text())
    return 0


def give_token(folder: JobFolder, token: int) -> bool:
    """Make a try the one that counts; False while anything of an older one is alive.

    The lock is held meanwhile: a keeper that was slow to start either has it already, or finds the new number.
    """
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not claim(descriptor):
            return False
        for left in (folder.stop, folder.heartbeat):  # a new try is judged by its own signs of life
            left.unlink(missing_ok=True)
        write_atomically(folder.token, f"{token}\n".encode())
        return True
    finally:
        os.close(descriptor)


def is_running(folder: JobFolder) -> bool:
    """Whether the keeper or anything that the command started is alive on this machine."""
    return is_locked(folder.lock)


def measure_silence(folder: JobFolder) -> float:
    """Return the seconds since the keeper was last alive."""
    try:
        return time.time() - folder.heartbeat.stat().st_mtime
    except OSError:
        return float("inf")


def _dump(content: Mapping[str, Any]) -> bytes:
    """A name that is no UTF-8 has no bytes of its own there: it is written with a backslash, as all beyond ASCII."""
    return f"{json.dumps(content, indent=1)}\n".encode()
