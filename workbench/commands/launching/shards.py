"""One long list as jobs, for every verb that shares one out: a job a shard, and one that puts everything together."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.launching.pattern import add_job_arguments, read_pattern, read_time
from workbench.commands.launching.standing import JOBS, Errand, find_open_jobs, show_standing
from workbench.commands.output import count_words, print_line, say
from workbench.errors import OK, USAGE, JobError

if TYPE_CHECKING:
    from workbench.jobs.job import Job
    from workbench.sharding.progress import Limits


def add_shard_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is the same for every verb that can work in shards."""
    parser.add_argument(
        "--shards", type=int, default=0, metavar="N", help="as N jobs that share the list; again: go on"
    )
    parser.add_argument("--plan", type=Path, metavar="DIR", help="sharded work that was begun: how it stands")
    parser.add_argument("--resume", action="store_true", help="with --plan: go on with what is left")
    parser.add_argument("--shard", type=int, default=0, metavar="K", help="with --plan: do one shard, here")
    parser.add_argument("--gather", action="store_true", help="with --plan: put all parts together, here")
    parser.add_argument(
        "--item-limit", default="10m", metavar="TIME", help="in shards: what one file may take"
    )
    parser.add_argument(
        "--item-memory",
        type=float,
        default=0.0,
        metavar="GB",
        help="in shards: what a process may take with one file",
    )
    add_job_arguments(parser, on="")


def require_consistent(args: argparse.Namespace) -> None:
    """Refuse words that have no meaning without others."""
    if args.shards < 0:
        raise JobError(f"--shards: must be 1 or more, but got {args.shards}; correct it", USAGE)
    if not args.plan and (args.shard or args.gather or args.resume):
        raise JobError(
            "--shard, --gather, --resume: must go with --plan DIR, but it is missing; add it", USAGE
        )
    if not (args.plan or args.shards) and (args.on or args.slurm or args.ray or args.after):
        raise JobError(
            "--on, --slurm, --ray, --after: must go with --shards N, but it is missing; add it", USAGE
        )


def read_limits(args: argparse.Namespace) -> "Limits":
    """What one item may take before it is set aside."""
    from workbench.sharding.progress import Limits

    return Limits(seconds=read_time(args.item_limit), memory=int(args.item_memory * 1e9))


def start_shards(errand: Errand, args: argparse.Namespace) -> int:
    """Launch what is left of a work, unless somebody is at it already."""
    from workbench.sharding.gather import read_gathered

    if read_gathered(errand.plan) is not None:
        return show_standing(errand, as_json=args.json)
    busy = find_open_jobs(errand)
    if busy:
        numbers = ", ".join(str(entry.number) for entry in busy[:10]) + (" …" if len(busy) > 10 else "")
        say(f"already under way, as job {numbers}")
        return show_standing(errand, as_json=args.json)
    jobs, needs = plan_jobs(errand, args)
    if args.on == "inline":
        return _work_here(errand, jobs, needs, as_json=args.json)
    _submit(errand, jobs, needs, args)
    if args.json:
        return show_standing(errand, as_json=True)
    shards = sum("--shard" in job.command for job in jobs) - (errand.plan.shards if errand.sequel else 0)
    print_line(
        f"{count_words(errand.plan.count, errand.items)} in {count_words(errand.plan.shards, 'shard')}, "
        f"{shards} of them open, and a job that gathers"
    )
    say(f"workbench jobs lists them; workbench {errand.verb} --plan {errand.plan.folder} says how it stands")
    return OK


def plan_jobs(errand: Errand, args: argparse.Namespace) -> "tuple[list[Job], list[list[int]]]":
    """Return a job for each shard that has something left, the one that gathers, and who needs whom."""
    from workbench.sharding.standing import read_shares

    plan = errand.plan
    pattern = read_pattern(argparse.Namespace(**{**vars(args), "on": args.on or "local"}))
    pattern = replace(pattern, environment={"OMP_NUM_THREADS": str(pattern.cores), **pattern.environment})
    left = [share.shard for share in read_shares(plan) if share.done < share.count]
    jobs = _list_jobs(errand, plan.folder, left, pattern, args)
    needs = [*([] for _ in left), list(range(len(left)))]
    if errand.sequel:
        first, every = len(jobs), range(1, plan.shards + 1)
        jobs += _list_jobs(errand, errand.sequel, every, pattern, args)
        needs += [*([first - 1] for _ in every), list(range(first, first + len(every)))]
    return jobs, needs


def _list_jobs(
    errand: Errand, folder: Path, shards: Sequence[int], pattern: "Job", args: argparse.Namespace
) -> "list[Job]":
    """A job for each of these shards, and at last the one that gathers."""
    from workbench.jobs.words import PROGRAM

    words = (*PROGRAM, errand.verb, "--plan", str(folder))
    limits = ("--item-limit", args.item_limit, "--item-memory", f"{args.item_memory:g}")
    name = f"{errand.verb} {errand.out.name}{f' {folder.name}' if errand.sequel else ''}"
    pattern = replace(pattern, group=f"{errand.verb} {folder}")
    jobs = [
        replace(
            pattern,
            command=(*words, "--shard", str(shard), *limits),
            name=f"{name} {shard}/{errand.plan.shards}",
        )
        for shard in shards
    ]
    gather = replace(pattern, command=(*words, "--gather"), name=f"{name} gather", gpus=0, group="")
    return [*jobs, gather]


def _submit(
    errand: Errand, jobs: "Sequence[Job]", needs: Sequence[Sequence[int]], args: argparse.Namespace
) -> None:
    from workbench.commands.launching.submitting import submit_jobs
    from workbench.files import write_atomically
    from workbench.jobs.home import find_home

    numbers = submit_jobs(jobs, needs, after=args.after)
    content = json.dumps({"home": str(find_home().absolute()), "numbers": numbers})
    write_atomically(errand.plan.folder / JOBS, content.encode())


def _work_here(
    errand: Errand, jobs: "Sequence[Job]", needs: Sequence[Sequence[int]], *, as_json: bool
) -> int:
    from workbench.commands.launching.submitting import judge, work_here

    code = judge(work_here(jobs, needs, as_json=as_json))
    if code and not as_json:
        return code
    return show_standing(errand, as_json=as_json) or code
