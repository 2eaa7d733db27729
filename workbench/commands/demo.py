"""`workbench demo`: the whole flow on the drawn samples, each step shown as a person would type it."""

import argparse
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

from workbench.commands import check, convert, report, train
from workbench.commands.conversion_lines import describe
from workbench.commands.output import print_json, print_line, say
from workbench.errors import OK, ProjectError, WorkbenchError
from workbench.project import read_project
from workbench.project_folder import find_project
from workbench.run import list_runs

HELP = "Run the whole flow on a drawn sample: check, convert, train a small model, and a report to look at."
EXAMPLE = "workbench demo balloons"
MODELS = {"instance": "mask_rcnn_nano", "panoptic": "panoptic_nano", "semantic": "semantic_nano"}
STEPS = 960  # less than four minutes on two cores, and a model that has understood


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `demo` takes."""
    parser.add_argument("project", nargs="?", default="balloons", help="balloons, chipsets or faces")
    parser.add_argument(
        "--steps", type=int, default=STEPS, metavar="N", help="how long to train; 0 leaves training out"
    )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")


def run(args: argparse.Namespace) -> int:
    """Check, convert, draw what a model would be taught, teach it, and report how good it became."""
    from workbench.report.drawing.overlay import draw_dataset

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
    show(describe(result))
    sheet = Path(result.out).with_suffix(".png")
    draw_dataset(Path(result.out), sheet, title=f"{folder.name}: what a model is taught")
    show(f"\nLook at what a model would be taught:\n  {sheet}")
    made: dict[str, object] = {"project": str(folder), "dataset": result.out, "sheet": str(sheet)}
    if args.steps:
        made |= _teach(folder, args, show)
    if args.json:
        print_json(made)
    return OK


def _teach(folder: Path, args: argparse.Namespace, show: Callable[[str], None]) -> dict[str, object]:
    """Train the small model that needs no download; train tells the scores, and here is where to look."""
    import orjson

    project = read_project(folder)
    once = ("train.evaluate_every", str(args.steps))  # judging takes as long as twenty steps
    words = [args.project, *once, "--model", MODELS[project.task], "--steps", str(args.steps)]
    show(f"\n$ workbench train {' '.join(words)}")
    with redirect_stdout(sys.stderr if args.json else sys.stdout):
        train.run(_parse(train, *words))
    run = list_runs(project.runs)[-1]
    newest = sorted(run.pictures.iterdir())[-1]
    show(f"\nLook at what it finds in photographs that it was not taught:\n  {newest}")
    show(f"\n$ workbench report {args.project}")
    page = report.write_page(run, report.collect(run, "val"))
    show(f"\nOpen this in a browser: how good it is, what it gets wrong, what to label next:\n  {page}")
    scores = orjson.loads(run.scores("val").read_bytes())
    return {"run": str(run.folder), "scores": scores, "pictures": str(run.pictures), "report": str(page)}


def _parse(module: ModuleType, *words: str) -> argparse.Namespace:
    """Take the defaults that the command line would take."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(words)


def _require_sound(project: str) -> None:
    if check.run(_parse(check, project)) != OK:
        raise WorkbenchError(
            f"workbench check {project}: must find no error, but did; mend it and run the demo again"
        )
