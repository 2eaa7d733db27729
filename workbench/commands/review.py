"""`workbench review`: what a run gets wrong, to be looked at object by object."""

import argparse
from pathlib import Path

from workbench.commands.output import format_table, print_json, print_line
from workbench.errors import OK

HELP = "Show what a run gets wrong: truth, predictions and mistakes, with a view for each kind."
EXAMPLE = "workbench review balloons --static balloons-mistakes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `review` takes."""
    parser.add_argument("run", help="a run folder, or a project: its last run")
    parser.add_argument("--split", default="val", metavar="PART", help="val (the default), test or train")
    parser.add_argument(
        "--static", type=Path, required=True, metavar="DIR", help="write the views as folders of pictures"
    )
    parser.add_argument("--json", action="store_true", help="print how many rows each view has as JSON")


def run(args: argparse.Namespace) -> int:
    """Judge where nobody has yet, then show."""
    from workbench.commands.report import require_judged
    from workbench.commands.run_choice import choose_run
    from workbench.evaluation.run_part import find_part
    from workbench.review.static import write_static

    part = find_part(choose_run(args.run), args.split)
    require_judged(part.run, part.part)
    counts = write_static(part, args.static)
    if args.json:
        print_json({"static": str(args.static), "views": counts})
        return OK
    print_line(str(args.static / "index.html"))
    rows: list[tuple[str, ...]] = [
        ("view", "rows"),
        *((name, f"{count:,}") for name, count in counts.items()),
    ]
    print_line(f"\n{format_table(rows, right='rows')}")
    return OK
