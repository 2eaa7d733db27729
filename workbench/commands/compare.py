"""`workbench compare`: is a run better than another, or is it luck; where, on which images, and what differs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import print_json, print_line, say
from workbench.errors import OK, USAGE

if TYPE_CHECKING:
    from workbench.commands.comparing.compared import Compared

HELP = "Compare runs that were judged on the same images: what is better, and whether it is more than noise."
EXAMPLE = "workbench compare projects/balloons/runs/*"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `compare` takes."""
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help="a run: its folder or name, or a project: its last run"
    )
    parser.add_argument("--split", default="val", metavar="PART", help="val (the default), test or train")
    parser.add_argument("--truth", type=Path, metavar="GT.json", help="a COCO dataset, in place of runs")
    parser.add_argument(
        "--predictions", type=Path, nargs="+", metavar="DT.json", help="COCO results on it, two or more"
    )
    parser.add_argument("--common", action="store_true", help="where sets differ: what all runs have alike")
    parser.add_argument(
        "--force", action="store_true", help="where sets differ: all the same, which proves nothing"
    )
    parser.add_argument("--growth", action="store_true", help="what more labelled data would bring")
    parser.add_argument(
        "--gain",
        type=_gain,
        default=0.03,
        metavar="G",
        help="how much better it is to become (0.03: 3 points)",
    )
    parser.add_argument("--images", type=_count, default=5, metavar="N", help="how many images to name (5)")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON document")


def _gain(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and below 1, but got {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, but got {text}")
    return value


def run(args: argparse.Namespace) -> int:
    """Read, compare, print."""
    complaint = _find_contradiction(args)
    if complaint:
        say(f"workbench compare: {complaint}")
        return USAGE
    from workbench.commands.comparing.comparison import Choice, compare_files, compare_runs
    from workbench.commands.run_choice import choose_run

    choice = Choice(part=args.split, common=args.common, force=args.force, growth=args.growth)
    if args.truth:
        found = compare_files(args.truth, args.predictions, choice)
    else:
        found = compare_runs([choose_run(name) for name in args.runs], choice)
    _tell(args, found)
    return OK


def _tell(args: argparse.Namespace, found: "Compared") -> None:
    if args.json:
        from workbench.commands.comparing.compare_json import comparison_to_json

        print_json(comparison_to_json(found, gain=args.gain))
        return
    from workbench.commands.comparing.compare_text import format_comparison

    print_line(format_comparison(found, gain=args.gain, images=args.images))


def _find_contradiction(args: argparse.Namespace) -> str:
    if (args.truth is None) != (args.predictions is None):
        return "--truth and --predictions go together"
    if bool(args.runs) == (args.truth is not None):
        return "takes runs, or --truth and --predictions"
    if len(args.runs or args.predictions) < 2:
        return "takes two or more; the others are compared with the first"
    if args.common and args.force:
        return "--common and --force exclude each other"
    if args.growth and args.truth:
        return "--growth takes runs, for it asks what they were trained on"
    return ""
