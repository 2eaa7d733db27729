"""From what was typed to the trainings that it means."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import USAGE, InputMissing, JobError
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.sweeps.trials import Trial


def plan(args: argparse.Namespace, name: str) -> "list[Trial]":
    """Return the trainings under a name, and what follows each."""
    from workbench.commands.launching.pattern import read_pattern
    from workbench.sweeps.axes import read_sweeps
    from workbench.sweeps.names import FOLD, SEED
    from workbench.sweeps.trials import plan_trials

    pattern = read_pattern(args)
    sweeps = read_sweeps(args.sweep)
    if args.seeds:
        sweeps[SEED] = tuple(map(str, range(args.seeds)))
    if args.folds:
        from workbench.sweeps.folds import name_folds

        sweeps[FOLD] = name_folds(name, args.folds)
    projects = [_find(project) for project in args.projects]
    pattern = replace(pattern, nodes=_require_nodes(args))
    wide = {"--gpus": args.gpus, "--nodes": args.nodes}
    rest = [*args.rest, *(word for name, count in wide.items() if count > 1 for word in (name, str(count)))]
    then = [verb for verb in args.then.split(",") if verb not in ("", "none")]
    if args.search:
        from workbench.commands.launching.searching import plan_searches

        return plan_searches(args, projects, sweeps, (rest, then), replace(pattern, group=name))
    return plan_trials(projects, sweeps, rest, pattern, stamp=name, then=then)


def _require_nodes(args: argparse.Namespace) -> int:
    if args.nodes < 1:
        raise JobError(f"--nodes: must be 1 or more, but got {args.nodes}; correct it", USAGE)
    if args.nodes > 1 and args.on != "slurm":
        raise JobError(
            f"--nodes {args.nodes}: must go with --on slurm, but is on {args.on}; leave it out", USAGE
        )
    return int(args.nodes)


def _find(name: str) -> Path:
    folder = find_project(name)
    if folder is None:
        raise InputMissing(f"{name}: must be a project, but is not there; check the name")
    return folder.resolve()
