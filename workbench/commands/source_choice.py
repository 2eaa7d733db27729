"""What `convert` is asked to convert: a project, or a folder of annotations; and where the result goes."""

import argparse
from collections.abc import Sequence
from os.path import isdir  # Path.is_dir raises at names that no disk takes
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputMissing, ProjectError
from workbench.project import read_labels, read_project
from workbench.project_folder import find_project

if TYPE_CHECKING:
    from workbench.project import Project


def find_source(args: argparse.Namespace) -> "Project | None":
    """Return the project that is meant; none where it is a bare folder."""
    project = find_project(args.source)
    if project and args.labels:
        raise ProjectError(
            f"{project}: --labels must not be given for a project, whose classes are in project.toml; drop it"
        )
    return read_project(project) if project else None


def find_folder(
    project: "Project | None", args: argparse.Namespace
) -> tuple[Path, Sequence[str] | None, Path]:
    """Return the folder of annotations, its classes where somebody listed them, and what is to be written."""
    folder = project.annotations if project else Path(args.source)
    labels = read_labels(args.labels) if args.labels else None
    if project:
        labels = [category.name for category in project.categories]
    if not folder.is_dir():
        raise InputMissing(
            f"{folder}: must be a project or a folder of Labelme files, but is not there; check the name"
        )
    name = folder.resolve().name
    if args.to != "coco":
        return folder, labels, args.out or Path(f"{name}.{args.to}")
    out = args.out or Path(f"{name}.coco.json")
    return folder, labels, out / f"{name}.coco.json" if isdir(out) else out  # noqa: PTH112
