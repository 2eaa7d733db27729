"""This process, this terminal: one job after the other, for looking at what goes wrong."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from workbench.jobs.engines.engine import Sign
from workbench.jobs.folder import JobFolder, read_job, write_json
from workbench.jobs.job import Entry
from workbench.jobs.room import Room


@dataclass(slots=True, kw_only=True)
class Inline:
    """Runs a command to its end as soon as it is started; what it says goes where ours goes, or to that descriptor."""

    home: Path
    output: int | None = None
    begun: set[int] = field(default_factory=set)

    def room(self) -> Room:
        """One at a time, with all that the machine has."""
        return Room(cores=10**6, gpus=tuple(range(64)))

    def start(self, entry: Entry, folder: JobFolder, *, grace: float, adopt: bool = False) -> str:
        """Run it; its limit holds here, too, and Ctrl-C reaches it as it reaches us."""
        job, began = read_job(folder), time.monotonic()
        process = subprocess.Popen(
            job.command, cwd=job.place, env={**os.environ, **job.environment}, stdout=self.output
        )
        reason = ""
        while True:
            try:
                code = process.wait(timeout=_find_rest(job.limit, began))
                break
            except subprocess.TimeoutExpired:
                reason = f"it took longer than its limit of {job.limit:g} seconds"
                process.send_signal(
                    signal.SIGTERM if time.monotonic() - began < job.limit + grace else signal.SIGKILL
                )
                time.sleep(0.1)
            except KeyboardInterrupt:  # the command has got it as well, and may need its time
                reason = "stopped"
        self.begun.add(entry.number)
        write_json(folder.end(entry.token), {"code": code, "reason": reason, "ended": time.time()})
        return str(process.pid)

    def look(self, entry: Entry, folder: JobFolder) -> Sign:
        """What was started has ended."""
        return Sign.GONE if entry.number in self.begun else Sign.MISSING


def _find_rest(limit: float, began: float) -> float | None:
    return max(0.0, began + limit - time.monotonic()) if limit else None
