"""From what was typed to the trainings that it means."""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputMissing
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.sweeps.trials import Trial


def plan(args: argparse.Namespace) -> "list[Trial]":
    """Return the trainings, and what follows each."""
    from workbench.commands.launching.pattern import read_pattern
    from workbench.sweeps.axes import read_sweeps
    from workbench.sweeps.folds import name_folds
    from workbench.sweeps.record import FOLD, SEED, require_name
    from workbench.sweeps.trials import plan_trials

    pattern = read_pattern(args)
    sweeps = read_sweeps(args.sweep)
    if args.seeds:
        sweeps[SEED] = tuple(map(str, range(args.seeds)))
    name = require_name(args.name or time.strftime("%Y%m%d-%H%M%S"))
    if args.folds:
        sweeps[FOLD] = name_folds(name, args.folds)
    projects = [_find(project) for project in args.projects]
    rest = [*args.rest, *(["--gpus", str(args.gpus)] if args.gpus > 1 else [])]
    then = [verb for verb in args.then.split(",") if verb not in ("", "none")]
    if args.search:
        from workbench.commands.launching.searching import plan_searches

        return plan_searches(args, projects, sweeps, (rest, then), replace(pattern, group=name))
    return plan_trials(projects, sweeps, rest, pattern, stamp=name, then=then)


def _find(name: str) -> Path:
    folder = find_project(name)
    if folder is None:
        raise InputMissing(f"{name}: must be a project, but is not there; check the name")
    return folder.resolve()
