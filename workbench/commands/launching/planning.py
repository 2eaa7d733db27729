"""From what was typed to the trainings that it means."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import USAGE, InputMissing, JobError
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.sweeps.trials import Trial

MANY = 1000  # seeds or folds


def plan(args: argparse.Namespace, name: str) -> "list[Trial]":
    """Return the trainings under a name, and what follows each."""
    from workbench.commands.launching.pattern import read_pattern, require_numbers
    from workbench.sweeps.axes import read_sweeps
    from workbench.sweeps.names import FOLD, SEED
    from workbench.sweeps.trials import plan_trials

    pattern = read_pattern(args)
    sweeps = read_sweeps(args.sweep)
    require_numbers(args, "seeds", high=MANY)
    require_numbers(args, "folds", low=-MANY, high=MANY)  # a negative one is told below
    _require_once(args, sweeps)
    if args.seeds:
        sweeps[SEED] = tuple(map(str, range(args.seeds)))
    if args.folds:
        from workbench.sweeps.folds import name_folds

        sweeps[FOLD] = name_folds(name, args.folds)
    projects = list(dict.fromkeys(map(_find, args.projects)))
    pattern = replace(pattern, nodes=_require_nodes(args))
    wide = {"--gpus": args.gpus, "--nodes": args.nodes}
    rest = [*args.rest, *(word for name, count in wide.items() if count > 1 for word in (name, str(count)))]
    then = [verb for verb in args.then.split(",") if verb not in ("", "none")]
    if args.search:
        from workbench.commands.launching.searching import plan_searches

        return plan_searches(args, projects, sweeps, (rest, then), replace(pattern, group=name))
    return plan_trials(projects, sweeps, rest, pattern, stamp=name, then=then)


def _require_once(args: argparse.Namespace, sweeps: Mapping[str, object]) -> None:
    """Refuse a key of which two options say what it is."""
    from workbench.sweeps.names import FOLD, SEED

    searched = [text.partition("=")[0] for text in args.search]
    for option, key in (("seeds", SEED), ("folds", FOLD)):
        if getattr(args, option) and (key in sweeps or key in searched):
            other = "--sweep" if key in sweeps else "--search"
            raise JobError(
                f"{other} {key}: must not stand with --{option}, but does; leave one of them out", USAGE
            )


def _require_nodes(args: argparse.Namespace) -> int:
    from workbench.commands.launching.pattern import require_numbers

    require_numbers(args, "nodes", low=1)
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
