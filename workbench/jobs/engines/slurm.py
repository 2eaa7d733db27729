"""A SLURM cluster, through submitit: each try is one batch job whose command is a keeper.

submitit writes and submits the batch file; of its pickles none is used. squeue says what waits and what runs; how a try
ended, and whether it lives, is read from the folder of the job, which all nodes must see: sacct may be missing, and a
node that dies tells nobody. Before a time limit, and when somebody more important needs the node, SLURM sends a
signal: the keeper lets the command write its checkpoint, and the job is submitted again.
"""

import shlex
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

from workbench.errors import USAGE, JobError, nearest
from workbench.jobs.engines.engine import Sign, name_keeper
from workbench.jobs.folder import JobFolder, is_running, measure_silence, read_json
from workbench.jobs.job import Entry
from workbench.jobs.room import Room

PATIENCE = 1.0  # seconds that an answer of squeue is good for
SILENCE = 60.0  # seconds without a heartbeat after which a running job is dead, whatever SLURM says
WAITING = ("PENDING", "CONFIGURING", "SUSPENDED", "REQUEUED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT")
NOTICE = 60  # seconds before the time limit at which the command is asked to write its checkpoint
MARGIN = 2  # minutes that SLURM gives beyond a job's own limit, which the keeper looks after
# What submitit may be told beside what we say ourselves.
OPTIONS = (
    *(
        "partition",
        "account",
        "qos",
        "mem",
        "mem_per_cpu",
        "mem_per_gpu",
        "constraint",
        "exclude",
        "nodelist",
    ),
    *("gres", "comment", "time", "nodes", "exclusive", "mail_type", "mail_user", "dependency"),
)


@dataclass(slots=True, kw_only=True)
class Slurm:
    """Talks to the cluster whose programs are on the path."""

    home: Path
    asked: float = 0.0
    states: Mapping[str, str] | None = field(default_factory=dict)  # None: SLURM does not answer

    def room(self) -> Room:
        """SLURM has a queue of its own: whatever is queued here is given to it."""
        return Room(cores=10**9, gpus=tuple(range(10**4)))

    def start(self, entry: Entry, folder: JobFolder, *, grace: float, adopt: bool = False) -> str:
        """Submit a batch job whose name tells which try it is."""
        from workbench.extras import require

        submitit = require("submitit", extra="scale")
        scripts = folder.path / "slurm"
        scripts.mkdir(parents=True, exist_ok=True)
        try:
            executor = submitit.SlurmExecutor(folder=scripts)
        except RuntimeError as error:
            raise JobError(
                f"--on slurm: sbatch and srun must be on the path, but are not ({error})"
            ) from error
        executor.update_parameters(**self._choose_parameters(entry, folder))
        command = shlex.join(name_keeper(entry, folder, grace=grace, adopt=adopt))
        self.asked = 0.0
        try:
            return str(executor._submit_command(command).job_id)
        except submitit.core.utils.FailedJobError as error:
            reason = " ".join(str(error).split())[-300:]
            raise JobError(f"job {entry.number}: SLURM must take it, but does not: {reason}") from error

    def _choose_parameters(self, entry: Entry, folder: JobFolder) -> dict[str, Any]:
        job = entry.job
        found: dict[str, Any] = {
            "job_name": name_try(entry, folder),
            "cpus_per_task": job.cores,
            "time": ceil(job.limit / 60) + MARGIN if job.limit else 60 * 24,
            "signal_delay_s": NOTICE,
            "stderr_to_stdout": True,
            "additional_parameters": {
                "no-requeue": True
            },  # it is submitted again from here, with a new token
            **({"gpus_per_node": job.gpus} if job.gpus else {}),
            **job.options,
        }
        return found

    def look(self, entry: Entry, folder: JobFolder) -> Sign:
        """Ask SLURM, and believe the files."""
        if read_json(folder.end(entry.token)):
            return Sign.GONE
        states = self._ask()
        if states is None:  # nobody knows; a job is not lost because its scheduler sleeps
            return Sign.ALIVE
        state = states.get(name_try(entry, folder))
        if state is None:
            alive = is_running(folder) or measure_silence(folder) < SILENCE / 2
            return Sign.ALIVE if alive and not read_json(folder.end(entry.token)) else Sign.MISSING
        if state in WAITING:
            return self._look_at_waiting(entry, folder)
        if measure_silence(folder) > SILENCE and folder.heartbeat.exists() and not is_running(folder):
            _cancel(entry, folder)
            return Sign.GONE
        return Sign.ALIVE

    def _look_at_waiting(self, entry: Entry, folder: JobFolder) -> Sign:
        if not folder.stop.exists():
            return Sign.ALIVE
        _cancel(entry, folder)  # no keeper is there to see it
        return Sign.GONE

    def _ask(self) -> Mapping[str, str] | None:
        """What SLURM has of us, by name; one question serves all jobs of a turn."""
        if time.monotonic() - self.asked > PATIENCE:
            told = subprocess.run(
                ["squeue", "--me", "--noheader", "--format=%j %T"],
                capture_output=True,
                text=True,
                check=False,
            )
            lines = [line.split() for line in told.stdout.splitlines()]
            self.states = None if told.returncode else {words[0]: words[-1] for words in lines if words}
            self.asked = time.monotonic()
        return self.states


def name_try(entry: Entry, folder: JobFolder) -> str:
    """A name that no other try has, in any queue: how it is known though nobody wrote its number down."""
    from hashlib import sha256

    home = sha256(str(folder.path.parent).encode()).hexdigest()[:8]
    return f"workbench-{home}-{entry.number}-{entry.token}"


def _cancel(entry: Entry, folder: JobFolder) -> None:
    subprocess.run(["scancel", f"--name={name_try(entry, folder)}"], capture_output=True, check=False)


def require_options(options: Mapping[str, str]) -> None:
    """Refuse what SLURM could not be told."""
    for name in options:
        if name not in OPTIONS:
            words = f"must be one of {', '.join(OPTIONS)}, but is not{nearest(name, OPTIONS)}"
            raise JobError(f"--slurm {name}: {words}", USAGE)
