"""`workbench convert`: Labelme files to a dataset that can be trusted."""

import argparse
from collections import Counter
from os.path import isdir  # Path.is_dir raises at names that no disk takes
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.label_lines import warn_of_later_classes
from workbench.commands.output import format_table, print_json, print_line, safe
from workbench.errors import OK, InputMissing, ProjectError
from workbench.project import read_labels, read_project
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.conversion.result import Result

HELP = "Turn a project into its dataset folder, or a bare Labelme folder into one COCO file."
EXAMPLE = "workbench convert balloons"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `convert` takes."""
    parser.add_argument(
        "source", help="a project (its folder, or its name under projects/), or a Labelme folder"
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


def run(args: argparse.Namespace) -> int:
    """Convert, then say what came out and what did not."""
    from workbench.conversion.result import Skipped

    try:
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

    project = find_project(args.source)
    folder = Path(args.source)
    if project and args.labels:
        raise ProjectError(
            f"{project}: --labels must not be given for a project, whose classes are in project.toml; drop it"
        )
    if project and args.to == "coco":
        known = read_project(project)
        result = convert_project(known, args.out, as_rle=args.rle, strict=args.strict)
        warn_of_later_classes(known)
        return result
    labels = read_labels(args.labels) if args.labels else None
    if project:
        settings = read_project(project)
        folder, labels = settings.annotations, [category.name for category in settings.categories]
    if not folder.is_dir():
        raise InputMissing(
            f"{folder}: must be a project or a folder of Labelme files, but is not there; check the name"
        )
    if args.to != "coco":
        out = args.out or Path(f"{folder.resolve().name}.{args.to}")
        parts = freeze_split(settings) if project else None
        return export_folder(folder, out, labels, to=args.to, strict=args.strict, parts=parts)
    out = args.out or Path(f"{folder.resolve().name}.coco.json")
    out = out / f"{folder.resolve().name}.coco.json" if isdir(out) else out  # noqa: PTH112
    return convert_folder(folder, out, labels, as_rle=args.rle, strict=args.strict)


def result_to_json(result: "Result") -> dict[str, Any]:
    """Return the contract of `--json`."""
    rules = Counter(finding.rule for finding in result.findings)
    return {
        **result.counts,
        "findings": dict(sorted(rules.items())),
        "out": result.out,
        "reused": result.reused,
    }


def describe(result: "Result") -> str:
    """Say in a few lines what a person wants to know."""
    counts, ledger = result.counts, result.counts["ledger"]
    lines = [
        f"{result.out}{' (unchanged)' if result.reused else ''}",
        f"  {_number(counts['images'], 'image')}, {_number(counts['annotations'], 'instance')}, "
        f"{_number(counts['categories'], 'class')}",
        f"  {_number(ledger['shapes'], 'shape')}: {ledger['instances']} in instances"
        f"{_list(ledger['skipped'], 'skipped')}",
    ]
    if counts["files"]["refused"]:
        lines.append(f"  {counts['files']['read']} files{_list(counts['files']['refused'], 'refused')}")
    table = format_table(
        [tuple(map(safe, row)) for row in result.shares], right="id instances train val test"
    )
    lines += ["", *("  " + row for row in table.splitlines())]
    return "\n".join(lines + _describe_findings(result))


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{'es' if noun.endswith('s') else 's'}"


def _list(reasons: dict[str, int], what: str) -> str:
    listed = ", ".join(f"{reason} {number}" for reason, number in reasons.items())
    return f", {sum(reasons.values())} {what} ({listed})" if reasons else ""


def _describe_findings(result: "Result") -> list[str]:
    errors = [finding for finding in result.findings if finding.level == "error"]
    warnings = len(result.findings) - len(errors)
    if not result.findings:
        return []
    lines = [
        "",
        f"  {_number(len(errors), 'error')} and {_number(warnings, 'warning')}; workbench check shows them all",
    ]
    return lines + [f"  {safe(str(finding))}" for finding in errors[:5]]
