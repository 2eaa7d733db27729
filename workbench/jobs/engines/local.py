"""This machine: keepers are processes of their own, which outlive whoever started them."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.jobs.engines.engine import Sign, name_keeper
from workbench.jobs.folder import JobFolder, is_running, read_json
from workbench.jobs.job import Entry
from workbench.jobs.room import Room, read_room

if TYPE_CHECKING:
    import subprocess


@dataclass(slots=True, kw_only=True)
class Local:
    """Knows the keepers that this process started; those of an earlier one are found by their files."""

    home: Path
    keepers: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def room(self) -> Room:
        """Cores and GPUs of this machine, or what somebody set."""
        return read_room(self.home)

    def start(self, entry: Entry, folder: JobFolder, *, grace: float, adopt: bool = False) -> str:
        """Start a keeper that sees no other GPUs than its own."""
        import subprocess  # whoever launches only asks for room

        environment = dict(os.environ)
        if self.room().gpus:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, entry.gpu))
        keeper = subprocess.Popen(
            name_keeper(entry, folder, grace=grace, adopt=adopt),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.keepers[entry.number] = keeper
        return str(keeper.pid)

    def look(self, entry: Entry, folder: JobFolder) -> Sign:
        """Ask the system: the lock is held by all that runs."""
        keeper = self.keepers.get(entry.number)
        if keeper is not None and keeper.poll() is None:
            return Sign.ALIVE
        if is_running(folder):
            status = read_json(folder.status) or {}
            known = status.get("token") == entry.token and is_keeper(int(status.get("keeper", 0)), folder)
            return Sign.ALIVE if known else Sign.ORPHAN
        return Sign.MISSING if self.keepers.pop(entry.number, None) is None else Sign.GONE


def is_keeper(number: int, folder: JobFolder) -> bool:
    """Whether a process is the keeper of that job, and not another one that was given the same number since."""
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"workbench.jobs.keeper" in words and os.fsencode(folder.path) in words
