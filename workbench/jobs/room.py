"""How much runs at once on this machine: cores and GPUs, and what of them is free."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from workbench.jobs.folder import read_json, write_json
from workbench.jobs.job import Entry, Job
from workbench.parallel import available_cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What is free; a job takes cores and whole GPUs."""

    cores: int
    gpus: tuple[int, ...] = ()
    reserved: frozenset[str] = field(
        default=frozenset(), compare=False
    )  # of what somebody has a share already

    @property
    def full(self) -> bool:
        """Whether nothing more can be started."""
        return self.cores <= 0

    def without(self, running: Iterable[Entry]) -> "Room":
        """Return what these leave free."""
        running = list(running)
        used = {gpu for entry in running for gpu in entry.gpu}
        cores = self.cores - sum(entry.job.cores for entry in running)
        return replace(self, cores=cores, gpus=tuple(gpu for gpu in self.gpus if gpu not in used))

    def place(self, job: Job) -> tuple[int, ...] | None:
        """Return the GPUs that a job would get, None where it has to wait."""
        if job.cores > self.cores or job.gpus > len(self.gpus):
            return None
        return self.gpus[: job.gpus]

    def reserve(self, job: Job) -> "Room":
        """Return what is left when a job that cannot start yet is to have its share next.

        Of those that wait for GPUs, and of those that wait for cores, the first one has a share: all of them together
        would have what nobody else may use meanwhile.
        """
        lacking = "gpus" if job.gpus > len(self.gpus) else "cores"
        if lacking in self.reserved:
            return self
        left = replace(self, cores=self.cores - job.cores, gpus=self.gpus[job.gpus :])
        return replace(left, reserved=self.reserved | {lacking})

    def holds(self, job: Job) -> bool:
        """Whether a job would ever fit, if nothing else ran."""
        return self.place(job) is not None


def read_room(home: Path) -> Room:
    """Return what may be used: what somebody has set, else all that is there."""
    found = read_json(home / "room.json")
    if found is not None:
        return Room(cores=int(found["cores"]), gpus=tuple(found["gpus"]))
    return Room(cores=available_cores(), gpus=tuple(range(count_gpus())))


def write_room(home: Path, room: Room) -> None:
    """Set what may be used."""
    write_json(home / "room.json", {"cores": room.cores, "gpus": room.gpus})


@cache
def count_gpus() -> int:
    """Ask the driver; without one there is none."""
    import subprocess
    from shutil import which  # loads all compressors; small as it looks, launch is to answer at once

    if which("nvidia-smi") is None:
        return 0
    try:
        told = subprocess.run(
            ["nvidia-smi", "--list-gpus"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in told.stdout.splitlines())
