"""One image on which labels and findings are held against each other, as pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.data import mask as masks
from workbench.data.annotation import Annotation
from workbench.data.dataset import Category, Image
from workbench.data.geometry import Box
from workbench.data.mask import Mask
from workbench.prepare.collect import collect_instances

COVERED = 0.7  # of a finding lies in a label of its class: it is a piece of what is labelled already


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a model found; `number` is its row in the run's results, or its place among what was just found."""

    number: int
    label: str
    score: float | None
    mask: Mask
    box: Box | None = None  # of a model that knows no masks


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An object as it is labelled now; `shapes` are the places of its shapes."""

    label: str
    mask: Mask
    shapes: tuple[int, ...]


def collect_known(
    annotation: Annotation | None, categories: Mapping[str, Category], size: tuple[int, int]
) -> tuple[Known, ...]:
    """See the labels as a dataset would."""
    if annotation is None:
        return ()
    image = Image(path="", width=size[0], height=size[1], annotation="")
    names = {category.id: category.name for category in categories.values()}
    return tuple(
        Known(label=names[one.category_id], mask=one.mask, shapes=one.shapes)
        for one in collect_instances(annotation, image, categories).instances
    )


def find_best(mask: Mask, known: Sequence[Known], least: float) -> tuple[Known | None, float]:
    """Return the label that overlaps most (IoU), if it does enough."""
    rated = [(masks.iou(mask, one.mask), place) for place, one in enumerate(known)]
    best, place = max(rated, key=lambda pair: (pair[0], -pair[1]), default=(0.0, -1))
    return (known[place], best) if place >= 0 and best >= least else (None, best)


def is_covered(found: Found, known: Sequence[Known]) -> bool:
    """Say whether most of a finding lies in labels of its class."""
    alike = [one.mask for one in known if one.label == found.label]
    size = masks.area(found.mask)
    if not alike or not size:
        return not size
    rest = masks.area(masks.subtract(found.mask, alike))
    return (size - rest) / size >= COVERED
