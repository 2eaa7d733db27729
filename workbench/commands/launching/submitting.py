"""Jobs into the queue, or through this terminal; the only way in, for every verb that makes jobs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import say
from workbench.errors import FAILED, OK, JobError

if TYPE_CHECKING:
    from workbench.jobs.job import Entry, Job
    from workbench.jobs.queue import Queue

Keep = Callable[[Path, Sequence[int]], None]  # told the home of the queue, and the numbers
STDERR = 2
Needs = Sequence[Sequence[int]]  # for each job, which of those before it in the list must have finished


def submit_jobs(
    jobs: "Sequence[Job]", needs: Needs, *, after: Sequence[int] = (), keep: Keep | None = None
) -> list[int]:
    """Put all into the queue of this machine, or none, and see that somebody works on it; return their numbers.

    `keep` writes them down before anybody can begin with them; where it fails, nothing is in the queue.
    """
    from workbench.jobs import waking
    from workbench.jobs.home import find_home
    from workbench.jobs.queue import Queue

    require_startable(jobs)
    queue = Queue(find_home())
    numbers = _enter(queue, jobs, needs, after, keep)
    waking.wake(queue.home)
    return numbers


def work_here(jobs: "Sequence[Job]", needs: Needs, *, as_json: bool = False) -> "list[Entry]":
    """Run everything in this terminal, one after the other; the queue is one for this time only."""
    from tempfile import TemporaryDirectory

    from workbench.jobs.daemon import Daemon
    from workbench.jobs.engines.inline import Inline
    from workbench.jobs.queue import Queue

    with TemporaryDirectory(prefix="workbench-jobs-") as home:
        queue = Queue(Path(home))
        _enter(queue, jobs, needs)
        engine = Inline(home=queue.home, output=STDERR if as_json else None)  # stdout is for the document
        daemon = Daemon(queue=queue, engines={"inline": engine})
        while queue.has_open():
            daemon.turn()
        ends = queue.entries()
        queue.close()
    for entry in ends:
        say(f"{entry.state.ljust(8)}  {entry.job.name}  {entry.reason}".rstrip())
    return ends


def judge(ends: "Sequence[Entry]") -> int:
    """The exit code of jobs that were run here."""
    from workbench.jobs.job import FINISHED

    return OK if all(entry.state == FINISHED for entry in ends) else FAILED


def chain(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The needs of chains that are laid end to end: each job needs the one before it in its own chain."""
    place = 0
    for length in lengths:
        for link in range(length):
            yield [place - 1] if link else []
            place += 1


def _enter(
    queue: "Queue", jobs: "Sequence[Job]", needs: Needs, after: Sequence[int] = (), keep: Keep | None = None
) -> list[int]:
    numbers: list[int] = []
    with queue.changing():
        for job, needed in zip(jobs, needs, strict=True):
            wanted = [numbers[place] for place in needed] or after
            numbers.append(queue.submit(replace(job, after=tuple(wanted))))
        if keep:
            keep(queue.home, numbers)
    return numbers


def require_startable(jobs: "Sequence[Job]", after: Sequence[int] = ()) -> None:
    """Refuse at once what could never start."""
    from workbench.jobs.engines.table import find_engine
    from workbench.jobs.home import find_home

    rooms = {name: find_engine(name, find_home()).room() for name in {job.engine for job in jobs}}
    for job in jobs:
        room = rooms[job.engine]
        if not room.holds(job):
            raise JobError(
                f"{job.name}: must fit on this machine, but wants {job.cores} cores and {job.gpus} GPUs "
                f"where there are {room.cores} and {len(room.gpus)}; ask for less"
            )
    if after:
        from workbench.jobs.queue import Queue

        queue = Queue(find_home())
        for number in after:
            queue.find(number)
        queue.close()
