"""`workbench prelabel`: labels begun without any model, from colours and edges, for a person to finish in Labelme."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.output import count_words, print_json, print_line, safe, say
from workbench.errors import FAILED, OK, USAGE, InputMissing

if TYPE_CHECKING:
    from workbench.commands.prelabelling import Drafted, Plan
    from workbench.project import Project

HELP = "Begin labels without any model, from colours and edges: drafts for a person to finish in Labelme."
EXAMPLE = "workbench prelabel party --method all --preview"
METHODS = ("threshold", "watershed", "region-growing", "grabcut", "random-walker")
HINTED = ("region-growing", "random-walker", "grabcut")
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
        "--hints",
        action="store_true",
        help="outline what you pointed at: points in objects, or boxes around them",
    )
    parser.add_argument(
        "--queue", type=Path, metavar="FILE", help="only these: one a line, JSON, or a selection.json"
    )
    parser.add_argument(
        "--preview", action="store_true", help="write no drafts, but a sheet of pictures to choose by"
    )
    parser.add_argument("--open", action="store_true", help="open the drafts in Labelme")
    parser.add_argument("--accept", action="store_true", help="merge what you finished into the annotations")
    parser.add_argument(
        "--all", action="store_true", help="with --accept: drafts that you did not touch, too"
    )
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
    """Look, or lay out, open and bring back."""
    complaint = _find_contradiction(args)
    if complaint:
        say(f"workbench prelabel: {complaint}")
        return USAGE
    from workbench.commands.prelabelling import make_plan

    chosen = {name.replace("-", "_"): getattr(args, name.replace("-", "_")) for name in SETTINGS}
    chosen |= {"channel": args.channel, "polarity": args.polarity}
    plan = make_plan(args, {key: value for key, value in chosen.items() if value is not None})
    if args.preview:
        return _preview(args, plan)
    documents, desk = [], plan.drafts / args.method
    if args.open or not args.accept:
        documents.append(_draft(args, plan, desk))
    if args.open and plan.project:
        _open(plan.project, desk)
    code = OK
    if args.accept and plan.project:
        code, document = _accept(args, plan.project, desk)
        documents.append(document)
    if args.json:
        print_json({key: value for document in documents for key, value in document.items()})
    return FAILED if any(document["refused"] for document in documents) else code


def _find_contradiction(args: argparse.Namespace) -> str:
    if args.method == "all" and not args.preview:
        return "--method all goes with --preview; choose one of the methods to write drafts"
    if args.preview and (args.open or args.accept):
        return "--preview writes no drafts to open or to bring back; leave one of them out"
    if args.hints and (args.preview or args.method not in HINTED):
        return f"--hints goes with {', '.join(HINTED)}, and without --preview"
    if args.all and not args.accept:
        return "--all goes with --accept"
    if args.error < 0:
        return f"--error must be 0 or more, but got {args.error:g}"
    return ""


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


def _draft(args: argparse.Namespace, plan: "Plan", desk: Path) -> dict[str, Any]:
    """Find objects, and lay out what was found; images in which nothing was found are only counted."""
    from workbench.commands.prelabelling import draft

    done = draft(plan, args.method, desk, args.error)
    document = done.to_json()
    if not args.json:
        _tell(args, done)
    return document


def _tell(args: argparse.Namespace, done: "Drafted") -> None:
    for image, problem in done.refused.items():
        say(safe(f"{image}: {problem}" if image not in problem else problem))
    for image, other in done.elsewhere.items():
        say(safe(f"{image}: you have begun it in {other}; bring that back first"))
    if not done.images:
        print_line(f"{args.source}: every image has a Labelme file; name others with --images or --queue")
        return
    print_line(
        safe(
            f"{done.desk}: {count_words(done.objects, 'object')} drafted in {count_words(len(done.ready), 'image')}"
        )
    )
    if done.nothing:
        print_line(safe(f"nothing was found in {len(done.nothing)}: {', '.join(done.nothing[:5])}"))
    if done.left:
        print_line(f"left as you have them: {len(done.left)}")
    if done.ready and not args.open:
        again = f"workbench prelabel {args.source} --method {args.method}"
        print_line()
        print_line(safe(f"Next: {again} --open, then {again} --accept"))


def _open(project: "Project", desk: Path) -> None:
    """Come back when the window is closed."""
    from workbench.drafting.slots import read_slots
    from workbench.labelling.labelme import open_labelme

    if not read_slots(desk):
        say(safe(f"{desk}: nothing to open"))
        return
    closed = open_labelme(desk, project)
    if not closed.well:
        say(safe(f"Labelme ended with {closed.code}: {closed.words}"))


def _accept(args: argparse.Namespace, project: "Project", desk: Path) -> tuple[int, dict[str, Any]]:
    """Merge what a person finished into the annotations."""
    from workbench.commands.accepting import accept_drafts, print_accepted
    from workbench.drafting.slots import read_slots

    again = f"workbench prelabel {args.source} --method {args.method}"
    if not read_slots(desk):
        raise InputMissing(f"{desk}: must hold drafts, but does not; {again} makes them")
    done = accept_drafts(desk, project, everything=args.all)
    if not args.json:
        print_accepted(done, project, f"{again} --accept")
    return done.code, done.to_json()
