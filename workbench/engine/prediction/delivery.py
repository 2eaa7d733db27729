"""`workbench predict` without its words: which files will be written, then image after image into them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.engine.prediction.images import Seen, predict_images, require_tileable
from workbench.engine.prediction.outputs.coco_files import open_joint
from workbench.engine.prediction.outputs.coco_output import CocoOutput
from workbench.engine.prediction.outputs.joint import Joint
from workbench.engine.prediction.outputs.labelme_output import LabelmeOutput
from workbench.engine.prediction.outputs.names import Named, name_files
from workbench.engine.prediction.outputs.output import Output
from workbench.engine.prediction.outputs.overlay_output import OverlayOutput
from workbench.engine.prediction.outputs.own_files import OwnFiles
from workbench.engine.prediction.outputs.picture_output import PanopticOutput, SemanticOutput
from workbench.engine.prediction.outputs.touched import is_touched
from workbench.engine.prediction.predictor import Predictor
from workbench.engine.prediction.sources import name_images, path_to_text
from workbench.progress import track

FORMATS = ("coco", "labelme", "overlay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted."""

    run: str
    out: Path
    formats: tuple[str, ...] = FORMATS
    min_score: float = 0.0
    tile: int = 0
    ids: Mapping[str, int] = field(default_factory=dict)  # of a COCO file, by its file names


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of it."""

    images: int
    objects: int
    classes: Mapping[str, int]
    skipped: tuple[tuple[str, str], ...]
    files: tuple[str, ...]


def deliver(
    model: Predictor, paths: Sequence[Path], order: Order, tell: Callable[[Path, str], object]
) -> Delivery:
    """Predict every image and write what is wanted; a bad image is told of, and costs the others nothing."""
    require_tileable(model, order.tile)
    keys = name_images(paths)
    named = name_files(list(keys.values()))
    ids = match_ids(list(keys.values()), order.ids)
    outputs = choose_outputs(model, order, ids, lambda kind: open_joint(kind, order.out, model.categories))
    own = OwnFiles(order.out, is_touched)
    own.plan(list_names(outputs, named.values()))
    skipped: dict[Path, str] = {}

    def note(path: Path, reason: str) -> None:
        skipped[path] = reason
        tell(path, reason)

    stream = predict_images(
        model, track(paths, len(paths), "predicting"), min_score=order.min_score, tile=order.tile, tell=note
    )
    written: list[str] = []
    images, counts = write_outputs(stream, outputs, lambda path: named[keys[path]], written.append)
    own.finish(describe_order(order, images), written)
    return Delivery(
        images=images,
        objects=sum(counts.values()),
        classes={category.name: counts[category.name] for category in model.categories},
        skipped=tuple((path_to_text(path), reason) for path, reason in skipped.items()),
        files=tuple(sorted(written)),
    )


def write_outputs(
    stream: Iterable[Seen],
    outputs: Sequence[Output],
    find_named: Callable[[Path], Named],
    note: Callable[[str], object],
) -> tuple[int, Counter[str]]:
    """Write everything of every image; return how many there were, and how often each class was found."""
    images, counts = 0, Counter[str]()
    try:
        for seen in stream:
            images += 1
            for output in outputs:
                for name in output.add(seen, find_named(seen.path)):
                    note(name)
            counts.update(_name_found(seen))
        for output in outputs:
            for name in output.close():
                note(name)
    finally:
        for output in outputs:
            output.drop()
    return images, counts


def list_names(outputs: Iterable[Output], images: Collection[Named]) -> Iterator[str]:
    """Name all files that may be written."""
    return (name for output in outputs for name in output.name(images))


def describe_order(order: Order, images: int) -> dict[str, object]:
    """What is noted beside what was written."""
    return {"run": order.run, "min_score": order.min_score, "tile": order.tile, "images": images}


def _name_found(seen: Seen) -> list[str]:
    """The class of each segment or object; where there are only pixels, of each class once."""
    names = seen.names
    if seen.segment_ids is not None:
        return [names[segment["category_id"]] for segment in seen.segments]
    if seen.semantic is not None and not seen.found:
        return [
            category.name for place, category in enumerate(seen.categories) if (seen.semantic == place).any()
        ]
    return [names[one.category_id] for one in seen.found]


def choose_outputs(
    model: Predictor, order: Order, ids: Mapping[str, int], open_one: Callable[[str], Joint]
) -> list[Output]:
    """Name the kinds of files that this model's answers can be written as; `open_one` opens those of all images."""
    outputs: list[Output] = []
    if "coco" in order.formats:
        kind = model.cfg.MODEL.META_ARCHITECTURE
        if kind in ("GeneralizedRCNN", "PanopticFPN"):
            outputs.append(CocoOutput(open_one("coco"), ids))
        if model.task == "panoptic":
            outputs.append(PanopticOutput(order.out, open_one("panoptic"), ids))
        if model.task == "semantic":
            outputs.append(SemanticOutput(order.out))
    if "labelme" in order.formats:
        outputs.append(LabelmeOutput(order.out, order.run))
    if "overlay" in order.formats:
        outputs.append(OverlayOutput(order.out))
    return outputs


def match_ids(keys: Sequence[str], known: Mapping[str, int]) -> dict[str, int]:
    """Number images as a COCO file does, by name or by the end of it; others come after its largest number."""
    by_base: dict[str, list[int]] = {}
    for name, number in known.items():
        by_base.setdefault(name.rpartition("/")[2], []).append(number)
    found = {key: known[key] for key in keys if key in known}
    taken, after = set(found.values()), max(known.values(), default=0)
    for place, key in enumerate(keys, 1):
        same = by_base.get(key.rpartition("/")[2], [])
        if key not in found:
            found[key] = same[0] if len(same) == 1 and same[0] not in taken else after + place
            taken.add(found[key])
    return found
