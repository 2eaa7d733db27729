"""A search from what was typed: trials whose values are not known yet, and the file that tells each what to do."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.launching.pattern import require_numbers
from workbench.commands.output import format_table, print_line, say
from workbench.errors import USAGE, JobError
from workbench.jobs.words import PROGRAM
from workbench.sweeps.names import FOLD, SEED, name_trial
from workbench.sweeps.plan import Repeat, SearchPlan, plan_repeats, write_plan
from workbench.sweeps.record import Sweep, SweepFolder, SweepTrial, sweep_folder
from workbench.sweeps.space import describe_axis, read_search
from workbench.sweeps.trials import Trial, require_followers

if TYPE_CHECKING:
    from workbench.jobs.job import Job

Words = tuple[Sequence[str], Sequence[str]]  # what every training is told, and the verbs that follow it


def plan_searches(
    args: argparse.Namespace,
    projects: Sequence[Path],
    sweeps: Mapping[str, Sequence[str]],
    words: Words,
    pattern: "Job",
) -> list[Trial]:
    """Return the trials of a search in each project; `sweeps` holds the seeds and folds of each trial."""
    _require_sense(args)
    space, (rest, then) = read_search(args.search), words
    require_followers(then)
    trials = []
    for project in projects:
        plan = SearchPlan(
            axes={text.partition("=")[0]: text.partition("=")[2] for text in args.search},
            count=args.trials,
            train=(*PROGRAM, "train", str(project), *rest),
            place=pattern.place,
            repeats=plan_repeats(sweeps.get(SEED, ()), sweeps.get(FOLD, ())),
            then=tuple((*PROGRAM, verb) for verb in then),
        )
        told = {key: describe_axis(axis) for key, axis in space.items()}
        trials += [_plan_trial(project, number, plan, told, pattern) for number in range(1, plan.count + 1)]
    return trials


def _plan_trial(
    project: Path, number: int, plan: SearchPlan, told: Mapping[str, str], pattern: "Job"
) -> Trial:
    name = name_trial(pattern.group, number, plan.count)
    folder = sweep_folder(project, pattern.group)
    command = (PROGRAM[0], "-m", "workbench.sweeps.trial", str(folder.path), str(number))
    job = replace(pattern, command=command, name=f"trial {name}")
    return Trial(project=project, name=name, values=told, jobs=(job,), search=plan)


def _require_sense(args: argparse.Namespace) -> None:
    """Refuse what no search can do, before anything is made."""
    if args.sweep:
        raise JobError("--search and --sweep: must not stand together, but do; search KEY=A|B instead", USAGE)
    require_numbers(args, "trials", low=1)
    if find_spec("optuna") is None:
        from workbench.extras import require

        require("optuna", extra="scale")


def begin_search(folder: SweepFolder, trials: Sequence[Trial], args: argparse.Namespace) -> Sweep:
    """Write down what each trial needs to know; return what is launched."""
    plan = trials[0].search
    if plan is None:
        raise JobError(f"{folder.name}: must be a search, but is none; report this")
    write_plan(folder, plan)
    made = tuple(
        _to_record(number, trial, repeat) for number, trial in enumerate(trials, 1) for repeat in plan.repeats
    )
    return Sweep(
        name=folder.name,
        kind="search",
        axes={key: (text,) for key, text in plan.axes.items()},
        seeds=tuple(range(args.seeds)),
        folds=args.folds,
        trials=made,
        words=tuple(args.rest),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _to_record(number: int, trial: Trial, repeat: Repeat) -> SweepTrial:
    words = dict(zip(repeat.words[::2], repeat.words[1::2], strict=True))
    seed, fold = words.get(SEED, ""), words.get(FOLD, "").rpartition("/")[2]
    return SweepTrial(
        number=number,
        run=f"{trial.name}{repeat.suffix}",
        seed=int(seed) if seed else None,
        fold=int(fold) if fold else None,
    )


def tell_search(trials: Sequence[Trial], numbers: Sequence[int]) -> None:
    """Say what is searched, and which jobs do it."""
    rows: list[tuple[str, ...]] = [("searched", "in")]
    print_line(format_table([*rows, *trials[0].values.items()]))
    shares = iter(numbers)
    for project in dict.fromkeys(trial.project for trial in trials):
        mine = [next(shares) for trial in trials if trial.project == project]
        folder = sweep_folder(project, trials[0].jobs[0].group).path
        print_line(f"\njobs {mine[0]} to {mine[-1]}: {len(mine)} trials of {folder}")
    say("\nworkbench jobs lists them; workbench sweeps shows what came of them so far")
