"""`workbench launch`: trainings as jobs; one, or one for each combination of values."""

import argparse
import os
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, print_json, print_line, say
from workbench.errors import FAILED, OK, USAGE, InputMissing, JobError
from workbench.project import find_project

if TYPE_CHECKING:
    from workbench.jobs.queue import Queue
    from workbench.jobs.trials import Trial

HELP = "Launch trainings as jobs; what stands behind -- goes to workbench train as it is."
EXAMPLE = "workbench launch balloons --sweep SOLVER.BASE_LR=0.01,0.02 -- --model mask_rcnn_nano --steps 300"
REST = True  # takes words behind --
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `launch` takes."""
    parser.add_argument(
        "projects", nargs="+", metavar="PROJECT", help="projects: folders, or names under projects/"
    )
    parser.add_argument(
        "--on", default="local", metavar="ENGINE", help="inline, local (the default) or slurm"
    )
    parser.add_argument(
        "--sweep",
        action="append",
        default=[],
        metavar="KEY=V1,V2",
        help="a training for each value; may be repeated",
    )
    parser.add_argument(
        "--seeds", type=int, default=0, metavar="N", help="each of them with the seeds 0 to N - 1"
    )
    parser.add_argument(
        "--then", default="evaluate", metavar="VERBS", help="what follows a training: evaluate,report or none"
    )
    parser.add_argument("--after", type=int, nargs="+", default=[], metavar="JOB", help="wait for these jobs")
    parser.add_argument("--priority", type=int, default=0, metavar="N", help="the higher, the sooner")
    parser.add_argument("--retries", type=int, default=1, metavar="N", help="try again what fails by itself")
    parser.add_argument("--limit", default="", metavar="TIME", help="what one try may take: 90m, 2h, 1d")
    parser.add_argument("--cores", type=int, default=1, metavar="N", help="processor cores that a job takes")
    parser.add_argument(
        "--gpus", type=int, default=0, metavar="N", help="GPUs that a training takes, and uses"
    )
    parser.add_argument(
        "--slurm", action="append", default=[], metavar="KEY=VALUE", help="what sbatch is told: partition=gpu"
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be run, and start nothing")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Plan, put into the queue, and see that somebody works on it."""
    from workbench.jobs.home import find_home
    from workbench.jobs.queue import Queue

    trials = _plan(args)
    if args.dry_run:
        return _rehearse(trials, args)
    if args.on == "inline":
        return _work_here(trials)
    from workbench.jobs.waking import wake

    queue = Queue(find_home())
    _require_room(queue, trials, args.on)
    numbers = _submit(queue, trials, args.after)
    wake(queue.home)
    _tell(trials, numbers, as_json=args.json)
    return OK


def _plan(args: argparse.Namespace) -> "list[Trial]":
    from workbench.jobs.engines.table import require_engine
    from workbench.jobs.job import Job
    from workbench.jobs.trials import choose_environment, plan_trials, read_sweeps

    require_engine(args.on)
    sweeps = read_sweeps(args.sweep)
    if args.seeds:
        sweeps["train.seed"] = tuple(map(str, range(args.seeds)))
    rest = [*args.rest, *(["--gpus", str(args.gpus)] if args.gpus > 1 else [])]
    pattern = Job(
        command=(),
        place=str(Path.cwd()),
        environment=choose_environment(os.environ),
        priority=args.priority,
        retries=args.retries,
        limit=read_time(args.limit),
        cores=args.cores,
        gpus=args.gpus,
        engine=args.on,
        options=_read_options(args.slurm),
    )
    then = [verb for verb in args.then.split(",") if verb not in ("", "none")]
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return plan_trials([_find(name) for name in args.projects], sweeps, rest, pattern, stamp=stamp, then=then)


def _read_options(texts: list[str]) -> dict[str, str]:
    from workbench.jobs.engines.slurm import require_options

    wrong = [text for text in texts if not re.fullmatch(r"\w+=.+", text)]
    if wrong:
        raise JobError(f"--slurm {wrong[0]}: must be KEY=VALUE, but is not; correct it", USAGE)
    options = dict(text.split("=", 1) for text in texts)
    require_options(options)
    return options


def _find(name: str) -> Path:
    folder = find_project(name)
    if folder is None:
        raise InputMissing(f"{name}: must be a project, but is not there; check the name")
    return folder.resolve()


def read_time(text: str) -> float:
    """Understand 90, 90s, 15m, 2h and 1.5d as seconds; nothing is no limit."""
    if not text:
        return 0.0
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if found is None or not float(found[1]):
        raise JobError(f"--limit {text}: must be a time such as 90m or 2h, but is not; correct it", USAGE)
    return float(found[1]) * _UNITS[found[2]]


def _require_room(queue: "Queue", trials: "list[Trial]", engine: str) -> None:
    """Refuse at once what could never start."""
    from workbench.jobs.engines.table import find_engine

    room = find_engine(engine, queue.home).room()
    for trial in trials:
        for job in trial.jobs:
            if not room.holds(job):
                raise JobError(
                    f"{job.name}: must fit on this machine, but wants {job.cores} cores and {job.gpus} GPUs "
                    f"where there are {room.cores} and {len(room.gpus)}; ask for less"
                )


def _submit(queue: "Queue", trials: "list[Trial]", after: list[int]) -> list[list[int]]:
    """Put all trials into the queue, or none."""
    from dataclasses import replace

    numbers: list[list[int]] = []
    with queue.changing():
        for trial in trials:
            mine: list[int] = []
            for job in trial.jobs:
                needed = mine[-1:] or after
                mine.append(queue.submit(replace(job, after=tuple(needed))))
            numbers.append(mine)
    return numbers


def _work_here(trials: "list[Trial]") -> int:
    """Run everything in this terminal, one after the other; the queue is one for this time only."""
    from tempfile import TemporaryDirectory

    from workbench.jobs.daemon import Daemon
    from workbench.jobs.job import FINISHED
    from workbench.jobs.queue import Queue

    with TemporaryDirectory(prefix="workbench-jobs-") as home:
        queue = Queue(Path(home))
        _submit(queue, trials, [])
        daemon = Daemon(queue=queue)
        while queue.has_open():
            daemon.turn()
        ends = queue.entries()
        queue.close()
    for entry in ends:
        say(f"{entry.state.ljust(8)}  {entry.job.name}  {entry.reason}".rstrip())
    return OK if all(entry.state == FINISHED for entry in ends) else FAILED


def _tell(trials: "list[Trial]", numbers: list[list[int]], *, as_json: bool) -> None:
    if as_json:
        print_json({"jobs": [_to_json(trial, mine) for trial, mine in zip(trials, numbers, strict=True)]})
        return
    keys = list(trials[0].values)
    head = ("jobs", "run", *keys)
    rows: list[tuple[str, ...]] = [head]
    for trial, mine in zip(trials, numbers, strict=True):
        rows.append((", ".join(map(str, mine)), str(trial.run), *(trial.values[key] for key in keys)))
    print_line(format_table(rows))
    say("\nworkbench jobs lists them; workbench jobs logs JOB -f follows one")


def _to_json(trial: "Trial", numbers: list[int]) -> dict[str, Any]:
    commands = [list(job.command) for job in trial.jobs]
    return {"run": str(trial.run), "values": dict(trial.values), "numbers": numbers, "commands": commands}


def _rehearse(trials: "list[Trial]", args: argparse.Namespace) -> int:
    """Print what would be run, and what preflight says of the first of each project."""
    from workbench.jobs.trials import show_command

    estimates = {trial.project: _estimate(trial) for trial in reversed(trials)}
    if args.json:
        found = [_to_json(trial, []) for trial in trials]
        print_json({"jobs": found, "estimates": {str(key): value for key, value in estimates.items()}})
        return OK
    for trial in trials:
        for job in trial.jobs:
            print_line(show_command(job))
    for project, estimate in estimates.items():
        count = sum(trial.project == project for trial in trials)
        say(f"\n{project.name}: {describe(estimate, count)}")
    return OK


def _estimate(trial: "Trial") -> dict[str, Any]:
    """Ask preflight about a training, as it would be run."""
    import json

    job = trial.jobs[0]
    words = [*job.command[:3], "preflight", *job.command[4:-2], "--json"]
    done = subprocess.run(words, cwd=job.place, capture_output=True, text=True, check=False)
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        return {"ok": False, "problems": done.stderr.strip().splitlines()[-1:]}


def describe(found: dict[str, Any], count: int) -> str:
    """Say in one line what preflight found."""
    problems, pace = found.get("problems") or [], found.get("pace") or {}
    if problems:
        return f"would fail: {problems[0]}"
    each = "each training" if count > 1 else "the training"
    memory = f"{pace.get('memory_gb', 0):.1f} GB"
    return f"{each} takes {format_hours(found.get('hours') or 0.0)} and {memory}, by a few steps made here"


def format_hours(hours: float) -> str:
    """Say a time as roughly as it is known."""
    if hours < 1 / 60:
        return "less than a minute"
    return f"about {hours * 60:.0f} minutes" if hours < 2 else f"about {hours:.1f} hours"
