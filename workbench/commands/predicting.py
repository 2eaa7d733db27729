"""`workbench predict` in shards: planned here, worked on wherever jobs run, gathered by the last of them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.launching.shards import read_limits, start_shards
from workbench.commands.launching.standing import Errand, find_open_jobs, show_standing
from workbench.commands.output import print_json, print_line, safe, say
from workbench.errors import OK

if TYPE_CHECKING:
    from workbench.engine.prediction.delivery import Order
    from workbench.run import Run
    from workbench.sharding.plan import Plan


def begin_shards(run: "Run", paths: Sequence[Path], order: "Order", args: argparse.Namespace) -> int:
    """Write the plan down, or find the same one begun, and launch what is left of it."""
    from workbench.engine.prediction.sharded import name_plan, plan_prediction
    from workbench.sharding.plan import has_plan, read_plan

    folder = name_plan(order.out)
    busy = has_plan(folder) and bool(find_open_jobs(_describe(read_plan(folder))))
    plan = plan_prediction(run, paths, order, shards=args.shards, device=args.device, busy=busy)
    return start_shards(_describe(plan), args)


def follow_plan(args: argparse.Namespace) -> int:
    """Do a shard, gather, go on, or say how it stands."""
    from workbench.sharding.plan import read_plan

    plan = read_plan(args.plan.absolute())
    if args.shard:
        return _do_shard(plan, args)
    if args.gather:
        return _gather(plan, args)
    errand = _describe(plan)
    return start_shards(errand, args) if args.resume else show_standing(errand, as_json=args.json)


def _describe(plan: "Plan") -> Errand:
    from workbench.engine.prediction.gathering import name_image
    from workbench.engine.prediction.places import read_asked

    return Errand(verb="predict", plan=plan, out=Path(read_asked(plan).out), name=name_image)


def _do_shard(plan: "Plan", args: argparse.Namespace) -> int:
    from workbench.engine.prediction.gathering import name_image
    from workbench.sharding.progress import work_on
    from workbench.sharding.worker import ChunkWork

    def open_work() -> ChunkWork:
        from workbench.engine.prediction.sharded import open_prediction

        return open_prediction(plan, complain)

    work_on(
        plan,
        args.shard,
        open_work,
        limits=read_limits(args),
        tell=lambda line: say(safe(line)),
        name=name_image,
    )
    return OK


def _gather(plan: "Plan", args: argparse.Namespace) -> int:
    from workbench.engine.prediction.gathering import gather_prediction

    found = gather_prediction(plan)
    if args.json:
        print_json(found)
        return OK
    classes = ", ".join(f"{count:,} {safe(name)}" for name, count in found["classes"].items() if count)
    print_line(f"{found['images']:,} images: {classes or 'nothing found'}")
    print_line(f"  {found['out']}")
    for word, what in (
        ("skipped", "could not be read"),
        ("set_aside", "ended the process and were set aside"),
    ):
        for one in found[word]:
            print_line(f"{safe(one['path'])}: {safe(one['reason'])}")
        if found[word]:
            print_line(f"{len(found[word])} {what}")
    return OK


def complain(path: Path, reason: str) -> None:
    """Tell of an image that cannot be read."""
    say(f"{safe(str(path))}: passed over: {safe(reason)}")
