"""What was launched together is written down: the sweep of each project, and its folds."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import say

if TYPE_CHECKING:
    from workbench.prepare.folds import FoldPlan
    from workbench.sweeps.record import Sweep, SweepFolder, SweepTrial
    from workbench.sweeps.trials import Trial

Begun = Sequence[tuple["SweepFolder", "Sweep"]]


def begin_sweeps(trials: "Sequence[Trial]", args: argparse.Namespace) -> Begun:
    """Make the folder of each project's sweep and freeze its folds; nothing for a training that stands alone."""
    name = trials[0].jobs[0].group
    if not name:
        return ()
    from workbench.sweeps.record import make_sweep

    begun = []
    for project in dict.fromkeys(trial.project for trial in trials):
        mine = [one for one in trials if one.project == project]
        folder = make_sweep(project, name)
        if args.folds:
            _freeze(folder, args.folds)
        if args.search:
            from workbench.commands.launching.searching import begin_search

            begun.append((folder, begin_search(folder, mine, args)))
        else:
            begun.append((folder, _describe(name, mine, args)))
    return begun


def record_sweeps(begun: Begun, trials: "Sequence[Trial]", home: Path | None, numbers: Sequence[int]) -> None:
    """Write what was launched, with the numbers of its jobs where a queue keeps them."""
    if not begun:
        return
    from workbench.sweeps.record import write_sweep

    shares = iter(numbers)
    mine = [tuple(next(shares) for _ in trial.jobs) for trial in trials] if home else []
    jobs = {run: given for trial, given in zip(trials, mine, strict=False) for run in trial.runs}
    for folder, sweep in begun:
        known = tuple(replace(trial, jobs=jobs.get(folder.run(trial).folder, ())) for trial in sweep.trials)
        write_sweep(folder, replace(sweep, trials=known, home=str(home or "")))


def _freeze(folder: "SweepFolder", count: int) -> None:
    from workbench.conversion.folds import freeze_folds
    from workbench.project import read_project

    plan = freeze_folds(read_project(folder.project), count, folder.folds)
    for line in tell_folds(plan):
        say(f"{folder.project.name}: {line}")


def tell_folds(plan: "FoldPlan") -> Iterator[str]:
    """How large the folds are, and what no sharing out can mend."""
    aside, *sizes = plan.sizes
    told = ", ".join(map(str, sizes))
    yield f"{plan.count} folds of {told} images{f'; the {aside} of test stay out of all' if aside else ''}"
    yield from plan.notes


def _describe(name: str, trials: "Sequence[Trial]", args: argparse.Namespace) -> "Sweep":
    from datetime import UTC, datetime

    from workbench.sweeps.record import Sweep

    made = tuple(_to_record(number, trial) for number, trial in enumerate(trials, 1))
    keys = made[0].values
    return Sweep(
        name=name,
        axes={key: tuple(dict.fromkeys(one.values[key] for one in made)) for key in keys},
        seeds=tuple(dict.fromkeys(one.seed for one in made if one.seed is not None)),
        folds=args.folds,
        trials=made,
        words=tuple(args.rest),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _to_record(number: int, trial: "Trial") -> "SweepTrial":
    """Take out of the values what says nothing about the model: seed and fold."""
    from workbench.sweeps.names import FOLD, SEED
    from workbench.sweeps.record import SweepTrial

    values = dict(trial.values)
    fold = values.pop(FOLD, "").rpartition("/")[2]
    seed = values.pop(SEED) if values.get(SEED, "").isdecimal() else None
    return SweepTrial(
        number=number,
        run=trial.name,
        values=values,
        seed=None if seed is None else int(seed),
        fold=int(fold) if fold.isdecimal() else None,
    )
