"""`workbench explore`: the labels of a project in FiftyOne."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import format_table, print_json, print_line, say
from workbench.commands.showing import add_app_arguments, require_app, show
from workbench.errors import OK, InputMissing
from workbench.project import read_project
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.review.explore import Explored

HELP = "Show the labels of a project in FiftyOne: every part, what is not labelled, what looks alike."
EXAMPLE = "workbench explore balloons"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `explore` takes."""
    parser.add_argument("project", help="a project: its folder, or its name")
    add_app_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(args: argparse.Namespace) -> int:
    """Convert, fill the database, print the counts, open the App."""
    from workbench.conversion.dataset import convert_project
    from workbench.review.explore import explore
    from workbench.review.session import open_database

    folder = find_project(args.project)
    if folder is None:
        raise InputMissing(f"{args.project}: must be a project, but is not; workbench new makes one")
    project = read_project(folder)
    require_app(args)
    with open_database() as database:
        dataset = Path(convert_project(project, None, as_rle=False, strict=False).out)
        found = explore(database, folder, dataset, project.annotations)
        if args.json:
            print_json(found.to_json())
        else:
            print_line(_format(project.name, found))
        if found.moved:
            say(f"{found.moved} tags of objects that are no more are now on their images")
        show(args, database, found.dataset)
    return OK


def _format(name: str, found: "Explored") -> str:
    parts: list[tuple[str, ...]] = [
        ("part", "images", "objects"),
        *((part, f"{one.images:,}", f"{one.truths:,}") for part, one in found.parts.items()),
    ]
    if found.unlabelled:
        parts.append(("not labelled", f"{found.unlabelled:,}", ""))
    views: list[tuple[str, ...]] = [
        ("view", "images"),
        *((view, f"{count:,}") for view, count in found.views.items()),
    ]
    tables = f"{format_table(parts, right='images objects')}\n\n{format_table(views, right='images')}"
    return f"{name}\n\n{tables}\n\ndataset {found.dataset.name} in FiftyOne"
