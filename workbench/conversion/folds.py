"""A project's folds, drawn once and frozen, and the project as one of them sees it."""

from dataclasses import replace
from pathlib import Path

from workbench.conversion.dataset import plan_dataset
from workbench.errors import ProjectError
from workbench.formats.frozen_folds import read_frozen_folds, write_frozen_folds
from workbench.formats.frozen_split import write_frozen_split
from workbench.prepare.folds import FoldPlan, assign_folds, give_parts
from workbench.project import Fold, Project


def draw_folds(project: Project, count: int) -> FoldPlan:
    """Look at every image, and share out what is not test, as `convert` would draw it; nothing is written."""
    return _draw(project, count)[0]


def freeze_folds(project: Project, count: int, path: Path) -> FoldPlan:
    """Draw folds and write them down; the split is frozen with them, so that test stays what it is."""
    folds, parts = _draw(project, count)
    write_frozen_split(project.frozen_split, parts)
    write_frozen_folds(path, count, folds.folds)
    return folds


def _draw(project: Project, count: int) -> tuple[FoldPlan, dict[str, str]]:
    plan = plan_dataset(project, None, as_rle=False)
    usable = [look.survey for look in plan.looks if not look.refused]
    return assign_folds(usable, plan.split, count), dict(plan.split.parts)


def take_fold(project: Project, path: Path, number: int) -> Project:
    """Return the project with this fold as its val part, and the others to learn from."""
    count, folds = read_frozen_folds(path)
    if not 1 <= number <= count:
        raise ProjectError(
            f"{path}: the fold must be from 1 to {count}, but got {number}; choose one of them"
        )
    return replace(project, fold=Fold(file=path, parts=give_parts(folds, number)))
