"""What `workbench prelabel` works on: which images, which class, where drafts go; and the work on one image."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from workbench.errors import InputMissing, ProjectError, WorkbenchError, nearest
from workbench.parallel import map_in_order
from workbench.progress import track
from workbench.project import Project, find_project, read_labels, read_project

if TYPE_CHECKING:
    from workbench.data.annotation import Shape
    from workbench.labelling.labelled import Stock
    from workbench.segmenting.segment import Region
    from workbench.segmenting.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do; `root` is where the images are."""

    root: Path
    project: Project | None
    drafts: Path
    label: str
    images: tuple[str, ...]
    annotated: Mapping[str, str]  # image -> its Labelme file
    settings: "Settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What was found in one image, or why it could not be looked at."""

    image: str
    objects: "tuple[tuple[Shape, ...], ...]" = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The same as pixels, with the processor time that it took."""

    regions: "tuple[Region, ...]"
    seconds: float


def make_plan(args: argparse.Namespace, chosen: Mapping[str, Any]) -> Plan:
    """Settle everything before any work is done."""
    from workbench.labelling.labelled import take_stock
    from workbench.segmenting.settings import make_settings

    home = find_project(args.source)
    project = read_project(home) if home else None
    root = project.annotations if project else Path(args.source)
    if args.open and project is None:
        raise ProjectError(
            f"{root}: --open needs a project, whose classes Labelme is told; make one with workbench new"
        )
    if not root.is_dir():
        raise InputMissing(f"{root}: must be a project or a folder of images, but is neither; check the name")
    settings = make_settings(chosen)
    stock = take_stock(root)
    drafts = args.out or (
        project.folder / "drafts" if project else root.parent / f"{root.resolve().name}.drafts"
    )
    return Plan(
        root=root,
        project=project,
        drafts=drafts,
        label=_choose_label(args.label, root, project, needed=not args.preview),
        images=_choose_images(args, root, stock),
        annotated={one.image: one.annotation for one in stock.labelled},
        settings=settings,
    )


def _choose_label(named: str | None, root: Path, project: Project | None, *, needed: bool) -> str:
    """The class that was named, if it is one; else the only one that there is."""
    labels = root / "labels.txt"
    known = (
        [one.name for one in project.categories]
        if project
        else read_labels(labels)
        if labels.is_file()
        else []
    )
    if named is not None:
        if known and named not in known:
            raise ProjectError(f"--label: must be a class, but got {named!r}{nearest(named, known)}")
        return named
    if len(known) != 1 and needed:
        have = f"there are {', '.join(known)}" if known else f"{labels} names none"
        raise ProjectError(
            f"{root}: --label must name the class of what is found, but {have}; add --label NAME"
        )
    return known[0] if known else ""


def _choose_images(args: argparse.Namespace, root: Path, stock: "Stock") -> tuple[str, ...]:
    """What was named; else what nobody has labelled. A preview falls back on labelled images."""
    from workbench.labelling.queue import read_queue

    if args.queue:
        queue = read_queue(args.queue, root, stock)
        if queue.unknown:
            raise InputMissing(queue.unknown[0])
        return tuple(image for image, _ in queue.images)
    if args.images:
        found = tuple(name for name in stock.images if fnmatch(name, args.images))
        if not found:
            raise InputMissing(
                f"{root}: --images must match an image, but {args.images!r} matches none; correct it"
            )
        return found
    return stock.unlabelled


def propose_all(plan: Plan, method: str, error: float) -> Iterator[Proposed]:
    """Find objects in every image, on all cores, in order."""
    work = partial(propose, plan, method, error)
    yield from track(map_in_order(work, plan.images, chunk=4, small=8), len(plan.images), method)


def propose(plan: Plan, method: str, error: float, image: str) -> Proposed:
    """Find the objects of one image, as shapes that a person can edit."""
    from workbench.drafting.draft import mark_proposal
    from workbench.drafting.outlines import mask_to_shapes

    try:
        seen = look(plan, method, image)
    except WorkbenchError as problem:
        return Proposed(image=image, problem=str(problem))
    objects = [
        mark_proposal(
            mask_to_shapes(region.pixels, plan.label, error=error, left=region.left, top=region.top),
            run=method,
            name=str(number),
        )
        for number, region in enumerate(seen.regions, 1)
    ]
    return Proposed(image=image, objects=tuple(objects))


def look(plan: Plan, method: str, image: str) -> Seen:
    """Find the objects of one image, as pixels."""
    from workbench.segmenting.pictures import read_frame
    from workbench.segmenting.segment import segment_frame

    start = process_time()
    frame = read_frame(plan.root / image, plan.settings)
    regions = segment_frame(frame, method, plan.settings)
    return Seen(regions=tuple(regions), seconds=process_time() - start)
