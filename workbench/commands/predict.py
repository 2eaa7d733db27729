"""`workbench predict`: what a run finds in any images, as files for other tools, for Labelme and for the eye."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.commands.launching.shards import add_shard_arguments, require_consistent
from workbench.commands.output import print_json, print_line, safe, say
from workbench.errors import FAILED, OK, USAGE, InputMissing, JobError, WorkbenchError, nearest

if TYPE_CHECKING:
    from workbench.engine.prediction.delivery import Delivery, Order
    from workbench.run import Run

HELP = "Find objects in images, folders and patterns with the best weights of a run."
EXAMPLE = "workbench predict balloons photographs/ 'more/*.jpg' --format coco,overlay"
FORMATS = ("coco", "labelme", "overlay")
MIDDLE = 0.5  # where nobody knows better


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `predict` takes."""
    parser.add_argument("run", nargs="?", help="a run: its folder or name, or a project for its last one")
    parser.add_argument(
        "source", nargs="*", metavar="SOURCE", help="an image, a folder, or a pattern in quotes"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write; predicted/ of the run")
    parser.add_argument(
        "--format",
        type=_formats,
        default=FORMATS,
        metavar="coco,labelme,overlay",
        help="what to write; all of it",
    )
    parser.add_argument(
        "--min-score",
        type=_fraction,
        metavar="S",
        help="leave out what is less sure; unless given the score at which precision and recall were best",
    )
    parser.add_argument(
        "--tile", type=_pixels, default=0, metavar="N", help="look at large images in tiles of N px, too"
    )
    parser.add_argument(
        "--ids",
        type=Path,
        metavar="GT.json",
        help="number the images as this COCO file does, to be evaluated",
    )
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="where to compute")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    add_shard_arguments(parser)


def _formats(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in words:
        if word not in FORMATS:
            raise argparse.ArgumentTypeError(f"{word!r} must be a format, but is not{nearest(word, FORMATS)}")
    if not words:
        raise argparse.ArgumentTypeError("must name a format, but names none")
    return words


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1, but got {text}")
    return value


def _pixels(text: str) -> int:
    value = int(text)
    if value and value < 32:
        raise argparse.ArgumentTypeError(f"must be 32 px or more (0: no tiles), but got {text}")
    return value


def run(args: argparse.Namespace) -> int:
    """Predict, write, and say what was found; 1 when an image could not be read."""
    require_consistent(args)
    if args.plan:
        from workbench.commands.predicting import follow_plan

        return follow_plan(args)
    if not args.source:
        raise JobError("workbench predict: must be given a run and images, but got less; name both", USAGE)
    return _predict(args)


def _predict(args: argparse.Namespace) -> int:
    from workbench.commands.run_choice import choose_run
    from workbench.engine.prediction.delivery import Order
    from workbench.engine.prediction.sources import find_images

    chosen = choose_run(args.run)
    out = args.out or chosen.predicted
    paths = find_images(args.source, out)
    ids = read_ids(args.ids) if args.ids else {}
    min_score, why = (args.min_score, "as asked for") if args.min_score is not None else find_score(chosen)
    say(f"{len(paths)} images; objects with a score of {min_score:.2f} or more ({why})")
    order = Order(
        run=chosen.name,
        out=out,
        formats=args.format,
        min_score=min_score,
        tile=args.tile,
        ids=ids,
    )
    if args.shards:
        from workbench.commands.predicting import begin_shards

        return begin_shards(chosen, paths, order, args)
    return _deliver(chosen, paths, order, args)


def _deliver(chosen: "Run", paths: "Sequence[Path]", order: "Order", args: argparse.Namespace) -> int:
    from workbench.commands.predicting import complain
    from workbench.engine.prediction.delivery import deliver
    from workbench.engine.prediction.images import ready

    done = deliver(ready(chosen, args.device), paths, order, complain)
    if args.json:
        print_json(_to_json(done, order, chosen))
    else:
        _tell(done, order)
    return FAILED if done.skipped else OK


def find_score(run: "Run") -> tuple[float, str]:
    """Return the score at which the run did best on its validation images, and where that is from."""
    import orjson

    try:
        scores = orjson.loads(run.scores("val").read_bytes())
        score = scores["score"]
    except (OSError, ValueError, KeyError, TypeError):
        return MIDDLE, "the middle; workbench evaluate finds the run's own"
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        return MIDDLE, "the middle; workbench evaluate finds the run's own"
    return float(score), "where the run did best on its validation images"


def read_ids(path: Path) -> Mapping[str, int]:
    """Read the file names and ids of a COCO file's images."""
    import orjson

    try:
        images = orjson.loads(path.read_bytes())["images"]
        found = {str(image["file_name"]): int(image["id"]) for image in images}
    except FileNotFoundError:
        raise InputMissing(f"{path}: must be a COCO file, but is not there; check --ids") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkbenchError(
            f"{path}: images: must be a COCO file's list with id and file_name, but is not ({error!r}); check --ids"
        ) from error
    return found


def _to_json(done: "Delivery", order: "Order", run: "Run") -> dict[str, Any]:
    return {
        "run": str(run.folder),
        "out": str(order.out),
        "min_score": order.min_score,
        "images": done.images,
        "objects": done.objects,
        "classes": dict(done.classes),
        "skipped": [{"path": path, "reason": reason} for path, reason in done.skipped],
        "files": list(done.files),
    }


def _tell(done: "Delivery", order: "Order") -> None:
    found = ", ".join(f"{count:,} {safe(name)}" for name, count in done.classes.items() if count)
    print_line(f"{done.images:,} images: {found or 'nothing found'}")
    tops = sorted({name.split("/")[0] for name in done.files})
    for top in tops:
        place = order.out / top
        print_line(f"  {place}{'/' if place.is_dir() else ''}")
    if done.skipped:
        print_line(f"{len(done.skipped)} could not be read: see above")
