"""`workbench convert` in shards: planned here, worked on wherever jobs run, joined by the last of them."""

import argparse
from typing import TYPE_CHECKING

from workbench.commands.conversion_lines import describe, result_to_json
from workbench.commands.label_lines import warn_of_later_classes
from workbench.commands.launching.shards import read_limits, start_shards
from workbench.commands.launching.standing import Errand, show_standing
from workbench.commands.output import count_words, print_json, print_line, safe, say
from workbench.commands.source_choice import find_folder, find_source
from workbench.errors import OK, USAGE, JobError

if TYPE_CHECKING:
    from workbench.sharding.plan import Plan


def begin_shards(args: argparse.Namespace) -> int:
    """Write the list of annotations down, or find the same one begun, and launch what is left of it."""
    from workbench.conversion.sharded.bare import plan_folder
    from workbench.conversion.sharded.project import plan_project

    if args.to != "coco":
        raise JobError(f"--to {args.to}: must be coco to be made in shards, but is not; drop --shards", USAGE)
    project = find_source(args)
    if project:
        warn_of_later_classes(project)
        plan = plan_project(project, args.out, as_rle=args.rle, strict=args.strict, shards=args.shards)
    else:
        folder, labels, out = find_folder(None, args)
        plan = plan_folder(folder, out, labels, as_rle=args.rle, strict=args.strict, shards=args.shards)
    return start_shards(_describe(plan), args)


def follow_plan(args: argparse.Namespace) -> int:
    """Do a shard, join, go on, or say how it stands."""
    from workbench.conversion.sharded.steps import find_latest, find_plan

    plan = find_plan(args.plan.absolute())
    if args.shard:
        return _do_shard(plan, args)
    if args.gather:
        return _gather(plan, as_json=args.json)
    if args.resume:
        return start_shards(_describe(plan), args)
    return show_standing(_describe(find_latest(plan)), as_json=args.json)


def _describe(plan: "Plan") -> Errand:
    from workbench.conversion.sharded.steps import find_sequel, name_item, name_out

    prologue, sequel = find_sequel(plan)
    return Errand(
        verb="convert",
        plan=plan,
        out=name_out(plan),
        items="annotation",
        name=lambda item: name_item(plan, item),
        sequel=sequel,
        prologue=prologue,
    )


def _do_shard(plan: "Plan", args: argparse.Namespace) -> int:
    from workbench.conversion.sharded.steps import name_item, open_shard
    from workbench.sharding.gather import read_gathered
    from workbench.sharding.progress import work_on

    if read_gathered(plan) is not None:
        say("all is joined already: nothing is left to be done")
        return OK
    if args.shard > plan.shards and not plan.count:
        say("the dataset is there already: nothing is to be made")
        return OK
    work_on(
        plan,
        args.shard,
        open_shard(plan),
        limits=read_limits(args),
        tell=lambda line: say(safe(line)),
        name=lambda item: name_item(plan, item),
    )
    return OK


def _gather(plan: "Plan", *, as_json: bool) -> int:
    from workbench.files import taking_turns

    with taking_turns(plan.folder) as wait:  # of two that gather one waits, and finds it done
        wait()
        return _gather_alone(plan, as_json=as_json)


def _gather_alone(plan: "Plan", *, as_json: bool) -> int:
    from workbench.conversion.sharded.steps import end, gather, read_end

    about = read_end(plan)
    if about is not None:  # this was done before, and whoever did it was killed before it could say so
        print_json(about) if as_json else print_line(str(about["out"]))
        return OK
    result = gather(plan)
    if result is None:
        print_line(f"{count_words(plan.count, 'annotation')} looked at and split; now they are made")
        return OK
    aside = [finding for finding in result.findings if finding.rule == "set-aside"]
    about = result_to_json(result) | {
        "set_aside": [{"path": one.path, "reason": one.message} for one in aside],
    }
    end(plan, about)
    print_json(about) if as_json else print_line(describe(result))
    return OK
