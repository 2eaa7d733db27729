"""`workbench report`: one page of a run for people, with numbers, curves and pictures of its mistakes."""

import argparse
import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.commands.output import print_json, print_line, say
from workbench.errors import OK, WorkbenchError

if TYPE_CHECKING:
    from workbench.evaluation.run_part import RunPart
    from workbench.report.material import Material
    from workbench.run import Run

HELP = "Write report.html into a run: one file that works offline, with numbers, curves and pictures of mistakes."
EXAMPLE = "workbench report balloons --open"
STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `report` takes."""
    parser.add_argument("run", help="a run folder, or a project: its last run")
    parser.add_argument("--split", default="val", metavar="PART", help="val (the default), test or train")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument(
        "--markdown",
        metavar="FILE",
        help="write a short form for pull requests; - is stdout, and no page then",
    )
    parser.add_argument("--csv", type=Path, metavar="DIR", help="write every table as a csv file")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(args: argparse.Namespace) -> int:
    """Judge where nobody has yet, then write what is asked for."""
    from workbench.commands.run_choice import choose_run
    from workbench.report.markdown import write_markdown

    run = choose_run(args.run)
    material = collect(run, args.split)
    if args.markdown == STDOUT:
        print_line(write_markdown(material).rstrip("\n"))
        return OK
    written = write_page(run, material)
    made: dict[str, object] = {"report": str(written)}
    if args.markdown:
        _write(Path(args.markdown), write_markdown(material))
        made["markdown"] = args.markdown
    if args.csv:
        from workbench.report.sheets import write_sheets

        made["csv"] = [str(path) for path in write_sheets(material, args.csv)]
    if args.json:
        print_json(made)
    else:
        print_line(str(written))
    if args.open:
        _open(written)
    return OK


def collect(run: "Run", part: str) -> "Material":
    """Read everything, after judging what nobody has judged since it was predicted."""
    from workbench.report.gather import gather

    found, lack = _find_part(run, part)
    if found is not None:
        require_judged(run, part)
    return gather(run, part, found, lack)


def require_judged(run: "Run", part: str) -> None:
    """Judge what nobody has judged since it was predicted."""
    if not is_judged(run, part):
        _judge(run, part)
        _refuse_busy(run, part)


def write_page(run: "Run", material: "Material") -> Path:
    """Draw, and write report.html."""
    from workbench.report.compose import render_page

    _write(run.report, render_page(material))
    return run.report


def _find_part(run: "Run", part: str) -> "tuple[RunPart | None, str]":
    """None and the reason where the dataset is gone, but the scores are there."""
    from workbench.evaluation.run_part import find_part

    try:
        return find_part(run, part), ""
    except WorkbenchError as error:
        if not run.scores(part).is_file():
            raise
        say(f"no pictures: {error}")
        return None, f"no pictures: {error}"


def is_judged(run: "Run", part: str) -> bool:
    """Whether scores and mistakes are there, whole, and not older than the predictions."""
    import orjson

    scores = run.scores(part)
    try:
        document = orjson.loads(scores.read_bytes())
    except (OSError, ValueError):
        return False
    if "intervals" not in document:  # as train leaves it
        return False
    predictions = run.predictions(part)
    needed = [scores, *([run.mistakes(part)] if predictions.is_file() else [])]
    places = [path for top in predictions.parent.glob(f"*{part}*") for path in (top, *top.rglob("*"))]
    newest = max((path.stat().st_mtime_ns for path in places), default=0)
    return all(path.is_file() and path.stat().st_mtime_ns >= newest for path in needed)


def _judge(run: "Run", part: str) -> None:
    """As `workbench evaluate` does; what it would print is on the page."""
    from workbench.commands import evaluate

    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    with redirect_stdout(io.StringIO()):
        evaluate.run(parser.parse_args([str(run.folder), "--split", part]))


def _refuse_busy(run: "Run", part: str) -> None:
    """While somebody trains in a run, nothing is written into it: there is nothing to report on yet."""
    from workbench.run import RunBusy, is_held

    if is_held(run) and not is_judged(run, part):
        raise RunBusy(
            f"{run.folder}: must be free to be judged for a report, but is being trained; wait for it"
        )


def _write(path: Path, text: str) -> None:
    from workbench.files import write_atomically

    write_atomically(path, text.encode())


def _open(path: Path) -> None:
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        say(f"no browser could be started; open {path} yourself")
