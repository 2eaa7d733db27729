"""`workbench demo`: the whole flow on the drawn samples, each step shown as a person would type it."""

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

from workbench.commands import check, convert
from workbench.commands.output import print_json, print_line, say
from workbench.errors import OK, ProjectError, WorkbenchError
from workbench.project import find_project

HELP = "Run the whole flow on a drawn sample: check, convert, and an overlay sheet to look at."
EXAMPLE = "workbench demo balloons"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `demo` takes."""
    parser.add_argument("project", nargs="?", default="balloons", help="balloons, chipsets or faces")
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(args: argparse.Namespace) -> int:
    """Check, convert, and draw what a model would be taught."""
    from workbench.report.overlay import draw_dataset

    folder = find_project(args.project)
    if folder is None:
        message = "must be a project here, but is not; go to the folder that holds projects/ and annotations/"
        raise ProjectError(f"{args.project}: {message}")
    show = say if args.json else print_line
    show(f"$ workbench check {args.project}")
    with redirect_stdout(sys.stderr if args.json else sys.stdout):
        _require_sound(args.project)
    show(f"\n$ workbench convert {args.project}")
    result = convert.convert_source(_parse(convert, args.project))
    show(convert.describe(result))
    sheet = Path(result.out).with_suffix(".png")
    draw_dataset(Path(result.out), sheet, title=f"{folder.name}: what a model is taught")
    if args.json:
        print_json({"project": str(folder), "dataset": result.out, "sheet": str(sheet)})
    else:
        print_line(f"\nLook at what a model would be taught:\n  {sheet}")
    return OK


def _parse(module: ModuleType, project: str) -> argparse.Namespace:
    """Take the defaults that the command line would take."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args([project])


def _require_sound(project: str) -> None:
    if check.run(_parse(check, project)) != OK:
        raise WorkbenchError(
            f"workbench check {project}: must find no error, but did; mend it and run the demo again"
        )
