"""What a person pointed at: points in objects and boxes around them become outlines, each with its own label."""

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.data.annotation import RESERVED_LABELS, Annotation, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.segmenting.segment import Region
    from workbench.segmenting.settings import Settings

POINTS, BOXES = ("region-growing", "random-walker"), ("grabcut",)
KINDS = {**dict.fromkeys(POINTS, "point"), **dict.fromkeys(BOXES, "rectangle")}


def find_hints(annotation: Annotation, method: str) -> list[int]:
    """Places of the shapes that a method can go by."""
    return [
        place
        for place, shape in enumerate(annotation.shapes)
        if isinstance(shape, Shape) and shape.kind == KINDS[method] and shape.label not in RESERVED_LABELS
    ]


def follow(settings: "Settings", annotation: Annotation, hints: "Sequence[int]") -> "Settings":
    """Point the method at them."""
    shapes = [one for place in hints if isinstance(one := annotation.shapes[place], Shape)]
    seeds = tuple(shape.points[0] for shape in shapes if shape.kind == "point")
    boxes = tuple(_frame(shape) for shape in shapes if shape.kind == "rectangle")
    return replace(settings, seeds=seeds, boxes=boxes)


def _frame(shape: Shape) -> tuple[float, float, float, float]:
    across, down = zip(*shape.points, strict=True)
    return min(across), min(down), max(across), max(down)


def tell_hint(annotation: Annotation, hints: "Sequence[int]", region: "Region") -> tuple[str, int | None]:
    """The label of what an object came from, and the shape that it may replace: a box, but no point."""
    place = hints[region.number - 1]
    shape = annotation.shapes[place]
    return shape.label, place if isinstance(shape, Shape) and shape.kind == "rectangle" else None
