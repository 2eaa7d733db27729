"""`workbench check`: every mistake in annotations and images, in one pass; nothing is ever written."""

import argparse
from pathlib import Path

from workbench.commands.output import print_json, say
from workbench.commands.verdict import print_verdict
from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.errors import FAILED, OK, InputMissing
from workbench.formats.labelme import parse_json, read_bytes
from workbench.inspection.checked import Checked
from workbench.inspection.coco import check_coco_file
from workbench.inspection.folder import Scope, check_folder, check_one
from workbench.project import Project, read_labels, read_project
from workbench.project_folder import find_project

HELP = "Find every mistake in annotations and images: a project, a Labelme folder, or a COCO file."
EXAMPLE = "workbench check annotations/balloons --labels annotations/balloons/labels.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `check` takes."""
    parser.add_argument("source", help="a project, a folder of Labelme files, or a COCO json file")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="the classes, one a line; others are errors"
    )
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="where images are that do not lie beside their json"
    )
    parser.add_argument(
        "--no-pixels",
        action="store_true",
        help="read headers only: fast, but finds no torn image and no copy",
    )
    parser.add_argument("--json", action="store_true", help="print everything as one JSON document")


def run(args: argparse.Namespace) -> int:
    """Check, print, and return 1 when there is an error."""
    checked = _check(args)
    checked.findings = sorted(set(checked.findings))
    if args.json:
        print_json(checked.to_json())
    else:
        print_verdict(checked)
    return FAILED if checked.errors else OK


def _check(args: argparse.Namespace) -> Checked:
    if args.images and not args.images.is_dir():
        raise InputMissing(f"{args.images}: --images must be a folder, but is not; check the name")
    labels = read_labels(args.labels) if args.labels else None
    home, path = find_project(args.source), Path(args.source)
    if home:
        project = read_project(home)
        classes = labels or [category.name for category in project.categories]
        checked = check_folder(project.annotations, _scope(args, classes), project)
        checked.findings += _find_later_classes(project)
        return checked
    if path.is_file():
        return _check_file(path, args, labels)
    if not path.is_dir():
        raise InputMissing(
            f"{path}: must be a project, a folder or a COCO file, but is not there; check the name"
        )
    if labels is None and (path / "labels.txt").is_file():
        say(f"Labels are not checked; add --labels {path / 'labels.txt'} to do so.")
    return check_folder(path, _scope(args, labels))


def _find_later_classes(project: Project) -> list[Finding]:
    """One finding for each class that came after images were finished."""
    from workbench.labelling.classes import find_news

    news = find_news(project)
    return [
        find(
            "labels.txt",
            f'class "{name}"',
            "class-added-later",
            f"every labelled image must have been looked at for it, but {len(images)} were labelled before it was a"
            f" class (such as {images[0]}); workbench label {project.folder} tells which",
        )
        for name, images in news.look_again.items()
    ]


def _check_file(path: Path, args: argparse.Namespace, labels: list[str] | None) -> Checked:
    """One json file is a single annotation, or a whole COCO data set."""
    raw = parse_json(read_bytes(path), path)
    if isinstance(raw, dict) and "shapes" in raw:
        return check_one(path, _scope(args, labels))
    return check_coco_file(path, raw, images=args.images, pixels=not args.no_pixels, say=say)


def _scope(args: argparse.Namespace, labels: list[str] | None) -> Scope:
    return Scope(labels=labels, images=args.images, pixels=not args.no_pixels)
