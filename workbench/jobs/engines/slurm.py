"""A SLURM cluster, through submitit: each try is a batch job whose command is a keeper, or a task of an array of them.

squeue says what waits and what runs; how a try ended, and whether it lives, is read from the folder of the job, which
all nodes must see: sacct may be missing, and a node that dies tells nobody. Before a time limit, and when somebody more
important needs the node, SLURM sends a signal: the keeper lets the command write its checkpoint, and the job is
submitted again.
"""

import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.jobs.engines.engine import Begun, Sign, name_try
from workbench.jobs.engines.slurm_batch import gather, name_task, submit
from workbench.jobs.folder import JobFolder, is_running, measure_silence, read_json
from workbench.jobs.job import Entry
from workbench.jobs.room import Room

PATIENCE = 5.0  # seconds that an answer of squeue is good for
LIMIT = 20.0  # seconds for a program of SLURM to answer, while all other jobs wait
SHARE = 5  # a squeue that is slow is asked so much more rarely than it takes
SILENCE = 60.0  # seconds without a heartbeat after which a running job is dead, whatever SLURM says
WAITING = ("PENDING", "CONFIGURING", "SUSPENDED", "REQUEUED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT")
LONGEST = 1001  # tasks of an array where the cluster does not say, which is what it has from the beginning
OLD = 3600.0  # seconds after which the scripts of an array that SLURM does not know any more are thrown away


@dataclass(slots=True, kw_only=True)
class Slurm:
    """Talks to the cluster whose programs are on the path."""

    home: Path
    until: float = 0.0  # when squeue is asked again
    states: Mapping[str, tuple[str, str]] | None = field(default_factory=dict)  # None: SLURM does not answer
    names: frozenset[str] = frozenset()  # of our batch jobs
    longest: int = 0  # tasks that an array may have; 0: nobody has asked yet

    def room(self) -> Room:
        """SLURM has a queue of its own: whatever is queued here is given to it."""
        return Room(cores=10**9, gpus=tuple(range(10**4)))

    def start(self, entry: Entry, folder: JobFolder, *, grace: float, adopt: bool = False) -> str:
        """Submit one try; none is ever adopted, since SLURM ends what has lost its keeper."""
        return self.start_together([(entry, folder)], grace=grace)[0]

    def gather(self, tries: Iterable[Begun]) -> list[list[Begun]]:
        """Make arrays of what belongs together."""
        self.longest = self.longest or _ask_for_longest()
        return gather(tries, self.longest)

    def start_together(self, tries: Sequence[Begun], *, grace: float) -> list[str]:
        """Submit a batch job, an array where there are several, whose name tells which tries they are."""
        scripts = tries[0][1].path / "slurm"
        if len(tries) > 1:  # which outlives the folder of any one of them
            scripts = self.home / "slurm" / name_try(*tries[0])
            self._throw_away(scripts.parent)
        self.until = 0.0
        return submit(tries, scripts, grace=grace)

    def look(self, entry: Entry, folder: JobFolder) -> Sign:
        """Ask SLURM, and believe the files."""
        if read_json(folder.end(entry.token)):
            return Sign.GONE
        states = self._ask()
        if states is None:  # nobody knows; a job is not lost because its scheduler sleeps
            return Sign.ALIVE
        place, state = states.get(name_try(entry, folder), ("", ""))
        if not state:
            alive = is_running(folder) or measure_silence(folder) < SILENCE / 2
            return Sign.ALIVE if alive and not read_json(folder.end(entry.token)) else Sign.MISSING
        if state in WAITING:
            return self._look_at_waiting(place, folder)
        if measure_silence(folder) > SILENCE and folder.heartbeat.exists() and not is_running(folder):
            _cancel(place)
            return Sign.GONE
        return Sign.ALIVE

    def _look_at_waiting(self, place: str, folder: JobFolder) -> Sign:
        if not folder.stop.exists():
            return Sign.ALIVE
        _cancel(place)  # no keeper is there to see it
        return Sign.GONE

    def _ask(self) -> Mapping[str, tuple[str, str]] | None:
        """SLURM's number and word for each of our tries; one question serves all jobs of a turn."""
        began = time.monotonic()
        if began >= self.until:
            told = _run("squeue", "--me", "--array", "--noheader", "--format=%j %i %T")
            lines = [] if told is None else [line.split() for line in told.splitlines()]
            mine = [words for words in lines if len(words) == 3]
            self.names = frozenset(name for name, _, _ in mine)
            found = {name_task(name, place): (place, state) for name, place, state in mine}
            self.states = None if told is None else found
            ended = time.monotonic()
            self.until = ended + max(PATIENCE, SHARE * (ended - began))
        return self.states

    def _throw_away(self, place: Path) -> None:
        """Remove the scripts of arrays of which nothing is left."""
        if self._ask() is None:
            return
        for old in place.glob("workbench-*"):
            with suppress(OSError):
                if old.name not in self.names and time.time() - old.stat().st_mtime > OLD:
                    shutil.rmtree(old)


def _run(*words: str) -> str | None:
    """What a program of SLURM says; None where it fails, is not there or does not answer."""
    try:
        told = subprocess.run(words, capture_output=True, text=True, check=False, timeout=LIMIT)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if told.returncode else told.stdout


def _ask_for_longest() -> int:
    for line in (_run("scontrol", "show", "config") or "").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "MaxArraySize" and value.strip().isdecimal():
            return int(value)
    return LONGEST


def _cancel(place: str) -> None:
    _run("scancel", place)
