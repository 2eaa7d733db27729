"""What `workbench prelabel` works on: which images, which class, where drafts go; and the work on one image."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from workbench.errors import InputMissing, ProjectError, WorkbenchError, nearest
from workbench.parallel import map_in_order
from workbench.progress import track
from workbench.project import Project, read_labels, read_project
from workbench.project_folder import find_project

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
    hints: bool = False  # go by points and boxes that are drawn already


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What was found in one image, or why it could not be looked at."""

    image: str
    objects: "tuple[tuple[Shape, ...], ...]" = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """What lies on the desk now, and why the rest does not."""

    method: str
    desk: Path
    images: int
    objects: int
    ready: tuple[str, ...]
    left: tuple[str, ...]
    nothing: tuple[str, ...]
    refused: Mapping[str, str]
    elsewhere: Mapping[str, Path]

    def to_json(self) -> dict[str, Any]:
        """Return the document of `--json`."""
        return {
            "method": self.method,
            "drafts": str(self.desk),
            "images": self.images,
            "objects": self.objects,
            "ready": list(self.ready),
            "left": list(self.left),
            "nothing": list(self.nothing),
            "refused": dict(self.refused),
            "elsewhere": {image: str(desk) for image, desk in self.elsewhere.items()},
        }


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
    if (args.open or args.accept) and project is None:
        raise ProjectError(
            f"{root}: --open and --accept need a project, whose classes Labelme is told; make one with workbench new"
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
        label=_choose_label(args.label, root, project, needed=_needs_label(args)),
        images=_choose_images(args, root, stock),
        annotated={one.image: one.annotation for one in stock.labelled},
        settings=settings,
        hints=args.hints,
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


def _needs_label(args: argparse.Namespace) -> bool:
    """A preview names nothing, what is brought back has its labels, and so have points and boxes."""
    return not args.preview and not args.hints and (args.open or not args.accept)


def _choose_images(args: argparse.Namespace, root: Path, stock: "Stock") -> tuple[str, ...]:
    """What was named; else what nobody has labelled. A preview falls back on labelled images."""
    from workbench.labelling.queue import read_queue

    if args.queue:
        queue = read_queue(args.queue, root, stock)
        if queue.unknown:
            raise InputMissing(queue.unknown[0])
        return _hold(tuple(image for image, _ in queue.images), args, stock)
    if args.images:
        found = tuple(name for name in stock.images if fnmatch(name, args.images))
        if not found:
            raise InputMissing(
                f"{root}: --images must match an image, but {args.images!r} matches none; correct it"
            )
        return _hold(found, args, stock)
    return tuple(one.image for one in stock.labelled) if args.hints else stock.unlabelled


def draft(plan: Plan, method: str, desk: Path, error: float) -> Drafted:
    """Find objects in every image that nobody has begun on another desk, and lay out what was found."""
    from workbench.drafting.desk import lay_out
    from workbench.drafting.desks import find_begun, find_desks, withdraw
    from workbench.drafting.draft import Draft

    others = find_desks(plan.project) if plan.project else []
    others = [one for one in others if one.resolve() != desk.resolve()]
    elsewhere = find_begun(others, plan.images)
    names = [name for name in plan.images if name not in elsewhere]
    work = map_in_order(partial(propose, plan, method, error), names, chunk=4, small=8)
    found = list(track(work, len(names), method))
    drafts = [
        Draft(
            image=one.image,
            proposals=tuple(shape for shapes in one.objects for shape in shapes),
            annotation=plan.annotated.get(one.image, ""),
        )
        for one in found
        if one.objects
    ]
    laid = lay_out(desk, drafts, annotations=plan.root, source=method)
    withdraw(others, set(laid.ready))
    return Drafted(
        method=method,
        desk=desk,
        images=len(plan.images),
        objects=sum(len(one.objects) for one in found if one.image in set(laid.ready)),
        ready=laid.ready,
        left=laid.left,
        nothing=tuple(one.image for one in found if not one.objects and not one.problem),
        refused={one.image: one.problem for one in found if one.problem} | dict(laid.refused),
        elsewhere=elsewhere,
    )


def _hold(images: tuple[str, ...], args: argparse.Namespace, stock: "Stock") -> tuple[str, ...]:
    """Hints are in Labelme files: what has none is left out."""
    known = {one.image for one in stock.labelled}
    return tuple(one for one in images if one in known) if args.hints else images


def propose(plan: Plan, method: str, error: float, image: str) -> Proposed:
    """Find the objects of one image, as shapes that a person can edit."""
    from workbench.commands.prelabel_hints import find_hints, follow, tell_hint
    from workbench.drafting.draft import mark_proposal
    from workbench.drafting.outlines import mask_to_shapes
    from workbench.formats.labelme import read_annotation

    settings, hints = plan.settings, list[int]()
    try:
        if plan.hints:
            annotation = read_annotation(plan.root / plan.annotated[image])
            hints = find_hints(annotation, method)
            settings = follow(settings, annotation, hints)
            if not hints:
                return Proposed(image=image)
        seen = look(plan.root / image, method, settings)
    except (WorkbenchError, OSError) as problem:
        return Proposed(image=image, problem=str(problem))
    objects = []
    for number, region in enumerate(seen.regions, 1):
        label, instead = tell_hint(annotation, hints, region) if hints else (plan.label, None)
        shapes = mask_to_shapes(region.pixels, label, error=error, left=region.left, top=region.top)
        objects.append(mark_proposal(shapes, run=method, name=str(number), instead=instead))
    return Proposed(image=image, objects=tuple(objects))


def look(path: Path, method: str, settings: "Settings") -> Seen:
    """Find the objects of one image, as pixels."""
    from workbench.segmenting.pictures import read_frame
    from workbench.segmenting.segment import segment_frame

    start = process_time()
    frame = read_frame(path, settings)
    regions = segment_frame(frame, method, settings)
    return Seen(regions=tuple(regions), seconds=process_time() - start)
