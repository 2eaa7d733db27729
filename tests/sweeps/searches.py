"""Searches of stand-ins, in a queue of their own."""

import sys
from pathlib import Path

from workbench.jobs.job import Job
from workbench.jobs.queue import Queue
from workbench.sweeps.names import name_trial
from workbench.sweeps.plan import Repeat, SearchPlan, write_plan
from workbench.sweeps.record import Sweep, SweepFolder, SweepTrial, make_sweep, write_sweep

TRAIN = (sys.executable, "-S", str(Path(__file__).with_name("stand_in.py")))
AXES = {"lr": "0.0001..0.5", "kind": "a|b"}


def make_search(
    project: Path,
    *,
    axes: dict[str, str] | None = None,
    count: int = 6,
    repeats: tuple[Repeat, ...] = (Repeat(),),
    then: tuple[tuple[str, ...], ...] = (),
) -> SweepFolder:
    folder = make_sweep(project, "hunt")
    train = (*TRAIN, str(project))
    write_plan(
        folder,
        SearchPlan(
            axes=axes or AXES, count=count, train=train, place=str(project), repeats=repeats, then=then
        ),
    )
    return folder


def submit_search(queue: Queue, folder: SweepFolder, count: int, **more: object) -> list[int]:
    """Put its jobs into a queue, as `workbench launch` does."""
    names = [name_trial(folder.name, number, count) for number in range(1, count + 1)]
    commands = [
        (sys.executable, "-m", "workbench.sweeps.trial", str(folder.path), str(n + 1)) for n in range(count)
    ]
    with queue.changing():
        numbers = [
            queue.submit(Job(command=command, place="/", name=f"trial {name}", group=folder.name, **more))  # type: ignore[arg-type]
            for name, command in zip(names, commands, strict=True)
        ]
        trials = tuple(
            SweepTrial(number=place, run=name, jobs=(job,))
            for place, (name, job) in enumerate(zip(names, numbers, strict=True), 1)
        )
        write_sweep(folder, Sweep(name=folder.name, kind="search", trials=trials, home=str(queue.home)))
    return numbers
