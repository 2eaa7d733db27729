"""A folder of Labelme files, alone or as a project's: every file with its image, then all of them together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.conversion.dataset import read_lists
from workbench.data.finding import Finding
from workbench.data.rules import find
from workbench.data.survey import Survey
from workbench.formats.folder import survey
from workbench.formats.frozen_split import read_frozen_split
from workbench.formats.listing import Listing, list_folder
from workbench.inspection.checked import Checked
from workbench.parallel import map_in_order
from workbench.prepare.check import check_annotation
from workbench.prepare.check_set import check_set, count_labels
from workbench.prepare.grouping import image_key
from workbench.prepare.split import assign_parts
from workbench.progress import track
from workbench.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to check by: the classes (None: any), another folder of images, whether pixels are opened."""

    labels: Sequence[str] | None = None
    images: Path | None = None
    pixels: bool = True


def check_folder(root: Path, scope: Scope, project: Project | None = None) -> Checked:
    """Look at each annotation with its image, then at all of them together."""
    listing = list_folder(root)
    checked, ours = _look_at_all(root, listing, scope)
    if not ours:
        message = "the folder must hold Labelme files (.json), but has none; check its name, or label the first image"
        checked.findings.append(find(".", "", "no-annotations", message))
    parts = _plan_split(project, ours, checked.findings) if project else {}
    checked.findings += check_set(
        ours,
        known_labels=_list_drawn(scope.labels, project),
        images=listing.images,
        parts=parts,
        settings=project.split if project else None,
    )
    checked.more["parts"] = dict(sorted(Counter(parts.values()).items()))
    return checked


def check_one(path: Path, scope: Scope) -> Checked:
    """Check a single annotation by the rules that need no other."""
    return _look_at_all(path.parent, Listing(annotations=(path.name,), images=(), findings=()), scope)[0]


def check_some(root: Path, names: Sequence[str], scope: Scope) -> Checked:
    """Check these annotations of a folder by the rules that need no other."""
    return _look_at_all(root, Listing(annotations=tuple(names), images=(), findings=()), scope)[0]


def _look_at_all(root: Path, listing: Listing, scope: Scope) -> tuple[Checked, list[Survey]]:
    judge = partial(check_annotation, known_labels=None if scope.labels is None else frozenset(scope.labels))
    work = partial(survey, root=root, judge=judge, images=scope.images, pixels=scope.pixels)
    names = listing.annotations
    surveys = list(track(map_in_order(work, names, chunk=8 if scope.pixels else 32), len(names), "check"))
    ours = [one for one in surveys if not any(finding.rule == "not-labelme" for finding in one.findings)]
    found = [*listing.findings, *(finding for one in surveys for finding in one.findings)]
    return _sum_up(root, ours, scope.labels, found), ours


def _sum_up(
    root: Path, surveys: Sequence[Survey], labels: Sequence[str] | None, findings: list[Finding]
) -> Checked:
    counts, on = count_labels(surveys), Counter(name for one in surveys for name, _ in one.labels)
    return Checked(
        root=str(root),
        kind="Labelme",
        files=len(surveys),
        shapes=sum(one.shapes for one in surveys),
        images=len({image_key(one) for one in surveys if one.image or one.embedded}),
        more={
            "negatives": sum(1 for one in surveys if one.facts and not one.shapes),
            "embedded_only": sum(1 for one in surveys if one.embedded and not one.image),
        },
        rows=[(name, counts[name], on[name]) for name in dict.fromkeys([*(labels or ()), *sorted(counts)])],
        findings=findings,
    )


def _plan_split(project: Project, surveys: Iterable[Survey], findings: list[Finding]) -> dict[str, str]:
    """Split as `convert` would, from what can be used, to see what leaks and what a part lacks."""
    usable = [one for one in surveys if one.facts]
    frozen = read_frozen_split(project.frozen_split)
    if not usable:
        return {}
    plan = assign_parts(usable, project.split, frozen, read_lists(project))
    classes = {f'class "{category.name}"' for category in project.categories}
    findings += [one for one in plan.findings if one.rule != "split-class-missing" or one.where in classes]
    return dict(plan.parts)


def _list_drawn(labels: Sequence[str] | None, project: Project | None) -> list[str] | None:
    """What the unlabelled pixels become is a class that nobody draws."""
    return None if labels is None else [name for name in labels if not project or name != project.unlabelled]
