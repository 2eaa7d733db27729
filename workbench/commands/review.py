"""`workbench review`: what a run gets wrong, to be looked at object by object."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import format_table, print_json, print_line, say
from workbench.commands.showing import add_app_arguments, require_app, show
from workbench.errors import OK

if TYPE_CHECKING:
    from workbench.evaluation.run_part import RunPart
    from workbench.review.project import Reviewed

HELP = "Show what a run gets wrong: truth, predictions and mistakes, with a view for each kind."
EXAMPLE = "workbench review balloons --static balloons-mistakes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `review` takes."""
    parser.add_argument("run", help="a run folder, or a project: its last run")
    parser.add_argument("--split", default="val", metavar="PART", help="val (the default), test or train")
    add_app_arguments(parser)
    parser.add_argument(
        "--static", type=Path, metavar="DIR", help="without FiftyOne: the views as folders of pictures"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(args: argparse.Namespace) -> int:
    """Judge where nobody has yet, then show."""
    from workbench.commands.report import require_judged
    from workbench.commands.run_choice import choose_run
    from workbench.evaluation.run_part import find_part

    part = find_part(choose_run(args.run), args.split)
    if args.static:
        require_judged(part.run, part.part)
        return _write_static(part, args.static, as_json=args.json)
    require_app(args)
    if not part.predicted:
        from workbench.commands.judging import predict

        predict(part)
    return _open(part, args)


def _open(part: "RunPart", args: argparse.Namespace) -> int:
    """Fill the database, print the counts, open the App."""
    from workbench.review.project import review_run
    from workbench.review.session import open_database

    with open_database() as database:
        found = review_run(database, part)
        document = found.to_json()
        if args.json:
            print_json(document)
        else:
            print_line(_format(part, found, document))
        if found.moved:
            say(f"{found.moved} tags of objects that are no more are now on their images")
        show(args, database, found.dataset)
    return OK


def _format(part: "RunPart", found: "Reviewed", document: dict[str, Any]) -> str:
    average = f", AP {document['AP']:.3f}" if document["AP"] is not None else ""
    sums = f"{found.images:,} images, {found.truths:,} objects, {found.found:,} predictions"
    counts = "pixels have a class each: there are no objects to be matched"
    if found.judged:
        told = f"{document['tp']:,} right, {document['fp']:,} wrong, {document['fn']:,} not found"
        counts = f"at IoU 0.5: {told}{average}"
    rows: list[tuple[str, ...]] = [
        ("view", "rows"),
        *((name, f"{count:,}") for name, count in document["views"].items()),
    ]
    head = f"{part.run.name}, {part.part}: {sums}\n{counts}"
    return f"{head}\n\n{format_table(rows, right='rows')}\n\ndataset {document['dataset']} in FiftyOne"


def _write_static(part: "RunPart", out: Path, *, as_json: bool) -> int:
    from workbench.review.static import write_static

    counts = write_static(part, out)
    if as_json:
        print_json({"static": str(out), "views": counts})
        return OK
    print_line(str(out / "index.html"))
    rows: list[tuple[str, ...]] = [
        ("view", "rows"),
        *((name, f"{count:,}") for name, count in counts.items()),
    ]
    print_line(f"\n{format_table(rows, right='rows')}")
    return OK
