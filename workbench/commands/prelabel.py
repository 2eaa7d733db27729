"""`workbench prelabel`: labels begun without any model, from colours and edges, for a person to finish in Labelme."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import print_json, print_line, safe, say
from workbench.errors import FAILED, OK, USAGE

if TYPE_CHECKING:
    from workbench.commands.prelabelling import Plan, Proposed
    from workbench.drafting.desk import LaidOut
    from workbench.project import Project

HELP = "Begin labels without any model, from colours and edges: drafts for a person to finish in Labelme."
EXAMPLE = "workbench prelabel party --method all --preview"
METHODS = ("threshold", "watershed", "region-growing", "grabcut", "random-walker")
CHANNELS = ("color", "light", "saturation", "red", "green", "blue")
# option -> what it takes and means; those that are not typed are left to the methods
SETTINGS: dict[str, tuple[type, str, str]] = {
    "levels": (int, "N", "threshold: classes of brightness, 2 to 5; 2 is Otsu's threshold"),
    "local": (
        float,
        "SHARE",
        "threshold, watershed: compare with this share of the image around, for uneven light",
    ),
    "min-area": (float, "SHARE", "smallest object, as a share of the image (0.001)"),
    "max-area": (float, "SHARE", "largest object, as a share of the image (0.6)"),
    "smooth": (float, "PX", "blur before looking, in pixels of the reduced image (1)"),
    "split": (float, "SHARE", "how deep a waist must be for two that touch to be parted; 0: never (0.25)"),
    "tolerance": (float, "DE", "region-growing: how far the colour may be from the seed's (14)"),
    "holes": (float, "SHARE", "holes up to this share of their object are filled (0.05)"),
    "size": (int, "PX", "pixels of the longer side that are looked at (640)"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `prelabel` takes."""
    parser.add_argument("source", help="a project, or a folder of images")
    parser.add_argument(
        "--method",
        required=True,
        choices=(*METHODS, "all"),
        help="how objects are found; all: with --preview only",
    )
    parser.add_argument(
        "--label", metavar="NAME", help="what the objects are called; a project's only class is known"
    )
    parser.add_argument(
        "--images", metavar="GLOB", help="only these images, labelled or not: '2026-05/*.jpg'"
    )
    parser.add_argument(
        "--queue", type=Path, metavar="FILE", help="only these: one a line, JSON, or a selection.json"
    )
    parser.add_argument(
        "--preview", action="store_true", help="write no drafts, but a sheet of pictures to choose by"
    )
    parser.add_argument("--open", action="store_true", help="open the drafts in Labelme")
    parser.add_argument(
        "--error", type=float, default=1.0, metavar="PX", help="how far a polygon may be off (1)"
    )
    parser.add_argument("--channel", choices=CHANNELS, help="what tells an object from the background")
    parser.add_argument(
        "--polarity", choices=("auto", "light", "dark"), help="whether objects are lighter or darker"
    )
    for name, (kind, shown, meaning) in SETTINGS.items():
        parser.add_argument(f"--{name}", type=kind, metavar=shown, help=meaning)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where drafts and the sheet go, for a plain folder"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON document")


def run(args: argparse.Namespace) -> int:
    """Look, or lay out, or bring back."""
    if args.method == "all" and not args.preview:
        say("workbench prelabel: --method all goes with --preview; choose one of the methods to write drafts")
        return USAGE
    if args.open and args.preview:
        say("workbench prelabel: --open opens drafts, and --preview writes none; leave one of them out")
        return USAGE
    if args.error < 0:
        say(f"workbench prelabel: --error must be 0 or more, but got {args.error:g}")
        return USAGE
    from workbench.commands.prelabelling import make_plan

    chosen = {name.replace("-", "_"): getattr(args, name.replace("-", "_")) for name in SETTINGS}
    chosen |= {"channel": args.channel, "polarity": args.polarity}
    plan = make_plan(args, {key: value for key, value in chosen.items() if value is not None})
    return _preview(args, plan) if args.preview else _draft(args, plan)


def _preview(args: argparse.Namespace, plan: "Plan") -> int:
    """Draw a sheet; nothing is written for Labelme."""
    from workbench.commands.prelabel_preview import draw, format_rows

    methods = METHODS if args.method == "all" else (args.method,)
    document = draw(plan, methods, typed=bool(args.images or args.queue))
    if args.json:
        print_json(document)
    else:
        print_line(f"{format_rows(document['methods'])}\n\n{document['preview']}")
    return OK


def _draft(args: argparse.Namespace, plan: "Plan") -> int:
    """Find objects, and lay out what was found; images in which nothing was found are only counted."""
    from workbench.commands.prelabelling import propose_all
    from workbench.drafting.desk import Draft, lay_out

    desk, found = plan.drafts / args.method, list(propose_all(plan, args.method, args.error))
    drafts = [
        Draft(
            image=one.image,
            proposals=tuple(shape for shapes in one.objects for shape in shapes),
            annotation=plan.annotated.get(one.image, ""),
        )
        for one in found
        if one.objects
    ]
    laid = lay_out(desk, drafts, annotations=plan.root, source=args.method)
    document = _sum_up(args.method, desk, found, laid)
    print_json(document) if args.json else _tell(args, document)
    if args.open and document["ready"] and plan.project:
        _open(plan.project, desk)
    return FAILED if document["refused"] else OK


def _open(project: "Project", desk: Path) -> None:
    """Come back when the window is closed."""
    from workbench.labelling.labelme import open_labelme

    closed = open_labelme(desk, project)
    if not closed.well:
        say(safe(f"Labelme ended with {closed.code}: {closed.words}"))


def _sum_up(method: str, desk: Path, found: "list[Proposed]", laid: "LaidOut") -> dict[str, Any]:
    refused = {one.image: one.problem for one in found if one.problem} | dict(laid.refused)
    return {
        "method": method,
        "drafts": str(desk),
        "images": len(found),
        "objects": sum(len(one.objects) for one in found if one.image in set(laid.ready)),
        "ready": list(laid.ready),
        "left": list(laid.left),
        "nothing": [one.image for one in found if not one.objects and not one.problem],
        "refused": refused,
    }


def _tell(args: argparse.Namespace, document: dict[str, Any]) -> None:
    for image, problem in document["refused"].items():
        say(safe(f"{image}: {problem}" if image not in problem else problem))
    if not document["images"]:
        print_line(f"{args.source}: every image has a Labelme file; name others with --images or --queue")
        return
    print_line(
        f"{document['drafts']}: {document['objects']} objects drafted in {len(document['ready'])} images"
    )
    if document["nothing"]:
        print_line(f"nothing was found in {len(document['nothing'])}: {', '.join(document['nothing'][:5])}")
    if document["left"]:
        print_line(f"left as a person has them: {len(document['left'])}")
