"""`workbench launch`: trainings as jobs; one, or one for each combination of values."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.launching.manifesting import add_manifest_arguments
from workbench.commands.launching.pattern import add_job_arguments
from workbench.errors import OK

if TYPE_CHECKING:
    from workbench.sweeps.trials import Trial

HELP = "Launch trainings as jobs; what stands behind -- goes to workbench train as it is."
EXAMPLE = "workbench launch balloons --sweep SOLVER.BASE_LR=0.01,0.02 -- --model mask_rcnn_nano --steps 300"
REST = True  # takes words behind --


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `launch` takes."""
    parser.add_argument(
        "projects", nargs="+", metavar="PROJECT", help="projects: folders, or names under projects/"
    )
    parser.add_argument(
        "--sweep",
        action="append",
        default=[],
        metavar="KEY=V1,V2",
        help="a training for each value; may be repeated",
    )
    parser.add_argument(
        "--search",
        action="append",
        default=[],
        metavar="KEY=LOW..HIGH",
        help="look for a good value, learning from those tried; also KEY=A|B; may be repeated",
    )
    parser.add_argument(
        "--trials", type=int, default=20, metavar="N", help="how many a search tries; 20 unless it is said"
    )
    parser.add_argument(
        "--seeds", type=int, default=0, metavar="N", help="each of them with the seeds 0 to N - 1"
    )
    parser.add_argument(
        "--folds", type=int, default=0, metavar="K", help="each of them K times, judged on another fold each"
    )
    parser.add_argument("--name", default="", help="of the sweep, and the beginning of its runs' names")
    parser.add_argument(
        "--then", default="evaluate", metavar="VERBS", help="what follows a training: evaluate,report or none"
    )
    add_job_arguments(parser)
    parser.add_argument(
        "--nodes", type=int, default=1, metavar="N", help="machines that a training takes, each with so many"
    )
    add_manifest_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="print what would be run, and start nothing")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Plan, put into the queue, and see that somebody works on it."""
    from workbench.commands.launching.naming import planned

    with planned(args) as (trials, made):
        if args.dry_run:
            from workbench.commands.launching.rehearsal import rehearse
            from workbench.commands.launching.submitting import require_startable

            if not args.manifest:
                require_startable([job for trial in trials for job in trial.jobs], args.after)
            return rehearse(trials, folds=args.folds, as_json=args.json)
        if args.manifest or args.set or args.out:
            from workbench.commands.launching.manifesting import write_manifest

            return write_manifest(trials, args)
        return _launch(trials, made, args)


def _launch(trials: "list[Trial]", made: list[Path], args: argparse.Namespace) -> int:
    from workbench.commands.launching.recording import begin_sweeps, record_sweeps
    from workbench.commands.launching.submitting import (
        chain,
        judge,
        require_startable,
        submit_jobs,
        work_here,
    )
    from workbench.commands.launching.telling import tell, tell_ends

    jobs = [job for trial in trials for job in trial.jobs]
    needs = list(chain([len(trial.jobs) for trial in trials]))
    require_startable(jobs, args.after)
    begun = begin_sweeps(trials, args)

    def keep(home: Path | None, numbers: Sequence[int]) -> None:
        record_sweeps(begun, trials, home, numbers)
        made.clear()

    if args.on == "inline":
        keep(None, ())
        ends = work_here(jobs, needs, as_json=args.json)
        if args.json:
            tell_ends(trials, ends)
        return judge(ends)
    tell(trials, submit_jobs(jobs, needs, after=args.after, keep=keep), as_json=args.json)
    return OK
