"""`workbench preflight`: everything that a training would need, tried in a minute."""

import argparse
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from workbench.commands.output import format_table, print_json, print_line, say
from workbench.commands.training_arguments import add_training_arguments, count_processes, read_typed
from workbench.errors import FAILED, OK, InputMissing
from workbench.project import read_project
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.engine.config.anchors import AnchorMatch
    from workbench.engine.config.preflight import Preflight

HELP = "Try a training before it is started: real steps, memory, time to finish, and the config with its reasons."
EXAMPLE = "workbench preflight balloons --model mask_rcnn_nano"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `preflight` takes: what `train` takes."""
    add_training_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(args: argparse.Namespace) -> int:
    """Convert, plan, make a few steps, and tell; exit 1 when a training would fail."""
    from workbench.conversion.dataset import convert_project
    from workbench.engine.config.preflight import examine_course
    from workbench.engine.models.row import ModelError
    from workbench.engine.training.start import plan_course
    from workbench.sweeps.folds import choose_fold

    folder = find_project(args.project)
    if folder is None:
        raise InputMissing(f"{args.project}: must be a project, but is not there; check the name")
    typed = read_typed(args)
    project = choose_fold(read_project(folder), typed)
    dataset = Path(convert_project(project, None, as_rle=False, strict=False).out)
    try:
        course = plan_course(project, dataset, typed, world=count_processes(args))
    except ModelError as error:  # the words make sense, but what they ask for cannot work
        return _refuse(str(error), as_json=args.json)
    found = examine_course(course)
    if args.json:
        print_json(found.to_json())
    else:
        print_line(describe(found))
    for problem in found.problems:
        say(f"workbench: {problem}")
    return FAILED if found.problems else OK


def _refuse(problems: str, *, as_json: bool) -> int:
    """What was typed contradicts the data: nothing is tried."""
    if as_json:
        print_json({"ok": False, "problems": problems.splitlines()})
    for problem in problems.splitlines():
        say(f"workbench: {problem}")
    return FAILED


def describe(found: "Preflight") -> str:
    """The config that differs, then what the steps took."""
    from workbench.engine.config.changes import format_changes

    wide = min(max(get_terminal_size((100, 24)).columns, 60), 100)
    lines = [f"{found.model} on {found.dataset}", "", format_changes(found.changes, width=wide), ""]
    rows = [("steps", f"{found.steps:,} of {found.batch} images on {found.device}")]
    rows.append(("weights", found.weights or "none: from scratch"))
    if found.pace:
        pace = found.pace
        rows += [
            ("pace", f"{pace.images_per_second:.2f} images/s, {pace.seconds:.2f} s a step, {pace.precision}"),
            ("time", f"{describe_hours(found.hours or 0)} for all steps, scoring left out"),
            ("memory", f"{pace.memory_gb:.1f} GB at the peak"),
            ("loss", f"{pace.loss:.3f}"),
            *(("", f"{value:.3f} {name}") for name, value in pace.losses.items() if len(pace.losses) > 1),
        ]
    rows.append(("disk", f"{found.disk_gb:.0f} GB free, a run takes about {found.needs_gb:.1f}"))
    width = max(len(name) for name, _ in rows)
    lines += [f"{name.ljust(width)}  {value}" for name, value in rows]
    if found.anchors:
        lines += ["", *_describe_anchors(found.anchors)]
    lines += ["", *(f"warning: {warning}" for warning in found.warnings)] if found.warnings else []
    return "\n".join([*lines, "", "a training would fail" if found.problems else "ready to train"])


def describe_hours(hours: float) -> str:
    """`40 s`, `12 min`, `3.5 h`, `2.1 days`."""
    if hours < 1 / 30:
        return f"{hours * 3600:.0f} s"
    if hours < 2:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _describe_anchors(match: "AnchorMatch") -> list[str]:
    """Where the truths are met, level by level."""
    rows: list[tuple[str, ...]] = [("level", "stride", "anchors", "truths", "IoU>=0.5", "sure")]
    for level in match.levels:
        sizes = ", ".join(f"{size:g}" for size in level.sizes)
        shares = (f"{share:.0%}" if level.best else "-" for share in (level.half, level.well))
        rows.append((level.name, str(level.stride), f"{sizes} px", f"{level.best:.0%}", *shares))
    total = (f"{match.half:.0%}", f"{match.well:.0%}")
    rows.append(("all", "", "", str(match.boxes), *total))
    table = format_table(rows, right="stride anchors truths IoU>=0.5 sure")
    under = f"smaller than the smallest anchor ({match.smallest:.0f} px): {match.under:.0%} of the truths"
    return [*table.splitlines(), "", under]
