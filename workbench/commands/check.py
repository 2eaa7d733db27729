"""`workbench check`: every mistake in annotations and images, in one pass; nothing is ever written."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from workbench.commands.output import print_json, say
from workbench.commands.verdict import print_verdict
from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.data.survey import Survey
from workbench.errors import FAILED, OK, InputMissing, ProjectError
from workbench.formats.class_names import read_lines
from workbench.formats.folder import look_at_image, survey
from workbench.formats.frozen_split import read_frozen_split
from workbench.formats.labelme import parse_json, read_bytes
from workbench.formats.listing import Listing, list_folder
from workbench.formats.places import find_file
from workbench.parallel import map_in_order
from workbench.prepare.check import check_annotation
from workbench.prepare.check_coco import check_coco
from workbench.prepare.check_coco_images import check_coco_images, count_coco, list_image_names
from workbench.prepare.check_set import check_set, count_labels
from workbench.prepare.grouping import image_key
from workbench.prepare.split import assign_parts
from workbench.progress import track
from workbench.project import Project, find_project, read_project

HELP = "Find every mistake in annotations and images: a project, a Labelme folder, or a COCO file."
EXAMPLE = "workbench check annotations/balloons --labels annotations/balloons/labels.txt"


@dataclass(slots=True, kw_only=True)
class Checked:
    """What was looked at and what was found; `rows` are the classes: name, shapes, images."""

    root: str
    kind: str
    files: int = 0
    shapes: int = 0
    images: int = 0
    facts: dict[str, int] = field(default_factory=dict)
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


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
        "--no-pixels", action="store_true", help="read image headers only: fast, finds no torn image or copy"
    )
    parser.add_argument("--json", action="store_true", help="print everything as one JSON document")


def run(args: argparse.Namespace) -> int:
    """Check, print, and return 1 when there is an error."""
    checked = _check(args)
    checked.findings = sorted(set(checked.findings))
    if args.json:
        print_json(to_json(checked))
    else:
        print_verdict(checked)
    return FAILED if any(finding.level == "error" for finding in checked.findings) else OK


def _check(args: argparse.Namespace) -> Checked:
    if args.images and not args.images.is_dir():
        raise InputMissing(f"{args.images}: --images must be a folder, but is not; check the name")
    folder = find_project(args.source)
    if folder:
        project = read_project(folder)
        known = read_lines(args.labels) if args.labels else tuple(one.name for one in project.categories)
        return check_folder(project.annotations, known, args, project)
    path = Path(args.source)
    labels = read_lines(args.labels) if args.labels else None
    if path.is_file():
        return _check_file(path, labels, args)
    if not path.is_dir():
        raise InputMissing(
            f"{path}: must be a project, a folder or a COCO file, but is not there; check the name"
        )
    if labels is None and (path / "labels.txt").is_file():
        say(f"Labels are not checked; add --labels {path / 'labels.txt'} to do so.")
    return check_folder(path, labels, args)


def _check_file(path: Path, labels: tuple[str, ...] | None, args: argparse.Namespace) -> Checked:
    """One json file is a single annotation, or a whole COCO data set."""
    raw = parse_json(read_bytes(path), path)
    if isinstance(raw, dict) and "shapes" in raw:
        one = Listing(annotations=(path.name,), images=(), findings=())
        return check_folder(path.parent, labels, args, listing=one)
    return _check_coco(path, raw, args)


def _check_coco(path: Path, raw: Any, args: argparse.Namespace) -> Checked:
    """Check a COCO file, and its images where they can be found."""
    images, annotations = (
        raw.get(key) if isinstance(raw, dict) else None for key in ("images", "annotations")
    )
    checked = Checked(root=str(path), kind="COCO", files=1, findings=check_coco(raw, path.name))
    checked.images = len(images) if isinstance(images, list) else 0
    checked.shapes = len(annotations) if isinstance(annotations, list) else 0
    checked.rows = count_coco(raw)
    checked.findings += _check_coco_images(path, raw, args)
    return checked


def _check_coco_images(path: Path, raw: Any, args: argparse.Namespace) -> list[Finding]:
    names = list_image_names(raw)
    root = args.images or path.parent
    found = {name: find_file(root, "", name) for name in names}
    if not args.images and not any(place.file for place in found.values()):
        if names:
            say(f"Images are not checked: none lies in {root}; add --images DIR to do so.")
        return []
    work = partial(look_at_image, pixels=not args.no_pixels)
    looks = track(map_in_order(work, list(found.values())), len(found), "images")
    return check_coco_images(raw, path.name, dict(zip(found, looks, strict=True)))


def check_folder(
    root: Path,
    labels: Sequence[str] | None,
    args: argparse.Namespace,
    project: Project | None = None,
    listing: Listing | None = None,
) -> Checked:
    """Look at each annotation with its image, then at all of them together."""
    whole = listing is None
    listing = listing or list_folder(root)
    judge = partial(check_annotation, known_labels=labels)
    work = partial(survey, root=root, judge=judge, images=args.images, pixels=not args.no_pixels)
    names = listing.annotations
    surveys = list(track(map_in_order(work, names), len(names), "check"))
    ours = [one for one in surveys if not any(finding.rule == "not-labelme" for finding in one.findings)]
    checked = Checked(root=str(root), kind="Labelme", files=len(ours), findings=list(listing.findings))
    checked.findings += [finding for one in surveys for finding in one.findings]
    if not ours:
        message = "the folder must hold Labelme files (.json), but has none; check its name, or label the first image"
        checked.findings.append(find(".", "", "no-annotations", message))
    parts: dict[str, str] = {}
    if project and ours:
        parts = _plan_split(project, ours, checked)
    if whole:
        settings = project.split if project else None
        checked.findings += check_set(
            ours, known_labels=labels, images=listing.images, parts=parts, settings=settings
        )
    _sum_up(checked, ours, labels, parts)
    return checked


def _plan_split(project: Project, surveys: Sequence[Survey], checked: Checked) -> dict[str, str]:
    """Split as `convert` would, from what can be used, to see what leaks and what a part lacks."""
    usable = [one for one in surveys if one.facts]
    if not usable:
        return {}
    lists = {part: _read_list(project.folder / name) for part, name in project.split.lists.items()}
    plan = assign_parts(usable, project.split, read_frozen_split(project.frozen_split), lists)
    checked.findings += plan.findings
    return dict(plan.parts)


def _read_list(path: Path) -> list[str]:
    try:
        return read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{path}: must be UTF-8, but byte {error.start} is not; save it as UTF-8"
        ) from error


def _sum_up(
    checked: Checked, surveys: Sequence[Survey], labels: Sequence[str] | None, parts: dict[str, str]
) -> None:
    counts = count_labels(surveys)
    on: Counter[str] = Counter()
    for one in surveys:
        on.update(name for name, _ in one.labels)
    names = dict.fromkeys([*(labels or ()), *sorted(counts)])
    checked.rows = [(name, counts[name], on[name]) for name in names]
    checked.shapes = sum(one.shapes for one in surveys)
    checked.images = len({image_key(one) for one in surveys if one.image or one.embedded})
    checked.facts = {
        "negatives": sum(1 for one in surveys if one.facts and not one.shapes),
        "embedded_only": sum(1 for one in surveys if one.embedded and not one.image),
        **{f"images_{part}": count for part, count in sorted(Counter(parts.values()).items())},
    }


def to_json(checked: Checked) -> dict[str, Any]:
    """Return the document of `--json`."""
    levels = Counter(finding.level for finding in checked.findings)
    return {
        "root": checked.root,
        "kind": checked.kind,
        "files": checked.files,
        "images": checked.images,
        "shapes": checked.shapes,
        **checked.facts,
        "errors": levels["error"],
        "warnings": levels["warning"],
        "rules": dict(sorted(Counter(finding.rule for finding in checked.findings).items())),
        "classes": [
            {"name": name, "shapes": shapes, "images": images} for name, shapes, images in checked.rows
        ],
        "findings": [
            {
                "path": one.path,
                "where": one.where,
                "rule": one.rule,
                "level": one.level,
                "message": one.message,
            }
            for one in checked.findings
        ],
    }
