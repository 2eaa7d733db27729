"""What is asked for of every job, whichever verb makes it: where it runs, and what it may take."""

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import USAGE, JobError

if TYPE_CHECKING:
    from workbench.jobs.job import Job

MOST = 10**6  # of what is counted: more of it is a slip of the finger
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def add_job_arguments(parser: argparse.ArgumentParser, *, on: str = "local") -> None:
    """Declare what is the same for all jobs."""
    told = f" (the default: {on})" if on else ""
    parser.add_argument("--on", default=on, metavar="ENGINE", help=f"inline, local, slurm or ray{told}")
    parser.add_argument("--after", type=int, nargs="+", default=[], metavar="JOB", help="wait for these jobs")
    parser.add_argument("--priority", type=int, default=0, metavar="N", help="the higher, the sooner")
    parser.add_argument("--retries", type=int, default=1, metavar="N", help="try again what fails by itself")
    parser.add_argument("--limit", default="", metavar="TIME", help="what one try may take: 90m, 2h, 1d")
    parser.add_argument("--cores", type=int, default=1, metavar="N", help="processor cores that a job takes")
    parser.add_argument("--gpus", type=int, default=0, metavar="N", help="GPUs that a job takes, and uses")
    parser.add_argument(
        "--slurm", action="append", default=[], metavar="KEY=VALUE", help="what sbatch is told: partition=gpu"
    )
    parser.add_argument(
        "--ray", action="append", default=[], metavar="KEY=VALUE", help="which cluster: address=head:6379"
    )


def read_pattern(args: argparse.Namespace) -> "Job":
    """Return the job that all of them are like, without a command."""
    from workbench.jobs.engines.table import require_engine
    from workbench.jobs.environment import choose_environment
    from workbench.jobs.job import Job

    require_engine(args.on)
    require_numbers(args, "cores", low=1)
    require_numbers(args, "gpus", "retries")
    require_numbers(args, "priority", low=-MOST)
    require_numbers(args, "after", low=1, high=2**63 - 1)
    if args.after and args.on == "inline":
        raise JobError("--after: must go with a queue, but --on is inline; leave one of them out", USAGE)
    return Job(
        command=(),
        place=str(Path.cwd()),
        environment=choose_environment(os.environ),
        priority=args.priority,
        retries=args.retries,
        limit=read_time(args.limit),
        cores=args.cores,
        gpus=args.gpus,
        engine=args.on,
        options=_read_options(args),
    )


def require_numbers(args: argparse.Namespace, *names: str, low: int = 0, high: int = MOST) -> None:
    """Refuse numbers that are out of the question, before anything is reckoned with them."""
    for name in names:
        given = getattr(args, name)
        wrong = [one for one in (given if isinstance(given, list) else [given]) if not low <= one <= high]
        if wrong:
            bounds = f"{low} or more" if wrong[0] < low else f"{high} or less"
            raise JobError(f"--{name}: must be {bounds}, but got {wrong[0]}; correct it", USAGE)


def read_time(text: str) -> float:
    """Understand 90, 90s, 15m, 2h and 1.5d as seconds; nothing is no limit."""
    if not text:
        return 0.0
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if found is None or not 0 < float(found[1]) <= MOST:
        raise JobError(f"--limit {text}: must be a time such as 90m or 2h, but is not; correct it", USAGE)
    return float(found[1]) * _UNITS[found[2]]


def _read_options(args: argparse.Namespace) -> dict[str, str]:
    """Return what only the engine understands that was chosen."""
    for engine, texts in (("slurm", args.slurm), ("ray", args.ray)):
        wrong = [text for text in texts if not re.fullmatch(r"\w+=.+", text)]
        if wrong:
            raise JobError(f"--{engine} {wrong[0]}: must be KEY=VALUE, but is not; correct it", USAGE)
    if args.ray and args.on != "ray":
        raise JobError(f"--ray: must go with --on ray, but --on is {args.on}; correct it", USAGE)
    slurm, ray = (dict(text.split("=", 1) for text in texts) for texts in (args.slurm, args.ray))
    if slurm:
        from workbench.jobs.engines.slurm_batch import require_options

        require_options(slurm)
    if args.on == "ray":
        from workbench.jobs.engines.ray_options import complete_options

        return complete_options(ray, os.environ)
    return slurm
