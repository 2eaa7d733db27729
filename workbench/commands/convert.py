"""`workbench convert`: Labelme files to a dataset that can be trusted."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.conversion_lines import describe, result_to_json
from workbench.commands.label_lines import warn_of_later_classes
from workbench.commands.launching.shards import add_shard_arguments, require_consistent
from workbench.commands.output import print_json, print_line
from workbench.commands.source_choice import find_folder, find_source
from workbench.errors import OK, USAGE, JobError

if TYPE_CHECKING:
    from workbench.conversion.result import Result

HELP = "Turn a project into its dataset folder, or a bare Labelme folder into one COCO file."
EXAMPLE = "workbench convert balloons"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `convert` takes."""
    parser.add_argument(
        "source",
        nargs="?",
        help="a project (its folder, or its name under projects/), or a Labelme folder",
    )
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="one class a line, in the order of their ids"
    )
    parser.add_argument("--out", type=Path, metavar="FILE_OR_DIR", help="where to write")
    parser.add_argument(
        "--strict", action="store_true", help="exit 1, writing nothing, when any shape was skipped"
    )
    parser.add_argument("--rle", action="store_true", help="write every mask as run lengths")
    parser.add_argument("--to", choices=("coco", "yolo", "voc"), default="coco", help="the format to write")
    parser.add_argument("--json", action="store_true", help="print the sums as JSON")
    add_shard_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Convert, here or in shards, then say what came out and what did not."""
    from workbench.conversion.result import Skipped

    require_consistent(args)
    if not (args.source or args.plan):
        raise JobError(
            "workbench convert: must be given a project or a folder, but got none; name one", USAGE
        )
    try:
        if args.plan or args.shards:
            from workbench.commands.converting import begin_shards, follow_plan

            return follow_plan(args) if args.plan else begin_shards(args)
        result = convert_source(args)
    except Skipped as stop:
        if args.json:
            print_json(result_to_json(stop.result) | {"out": None})
        raise
    if args.json:
        print_json(result_to_json(result))
    else:
        print_line(describe(result))
    return OK


def convert_source(args: argparse.Namespace) -> "Result":
    """Convert a project or a folder into what was asked for."""
    from workbench.conversion.dataset import convert_project, freeze_split
    from workbench.conversion.export import export_folder
    from workbench.conversion.folder import convert_folder

    project = find_source(args)
    if project and args.to == "coco":
        result = convert_project(project, args.out, as_rle=args.rle, strict=args.strict)
        warn_of_later_classes(project)
        return result
    folder, labels, out = find_folder(project, args)
    if args.to != "coco":
        parts = freeze_split(project) if project else None
        return export_folder(folder, out, labels, to=args.to, strict=args.strict, parts=parts)
    return convert_folder(folder, out, labels, as_rle=args.rle, strict=args.strict)
