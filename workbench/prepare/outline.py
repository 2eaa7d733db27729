"""The area that a shape encloses, for every kind that Labelme and its dialects draw."""

from dataclasses import dataclass

from workbench.data.annotation import (
    CLOSED_KINDS,
    OPEN_KINDS,
    POINT_COUNTS,
    Annotation,
    BrokenShape,
    Point,
    Shape,
    counts_to_words,
)
from workbench.data.curves import circle_to_ring, ellipse_to_ring
from workbench.data.geometry import Ring, points_to_ring
from workbench.errors import nearest


class NoOutline(ValueError):
    """A shape that encloses nothing; `rule` is the reason in the ledger and the finding."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


@dataclass(frozen=True, slots=True)
class Stamp:
    """A picture laid on the image with its top left pixel at (x, y): the area of a mask shape."""

    x: int
    y: int
    png: str


Area = Ring | Stamp | NoOutline


def outline_shapes(annotation: Annotation) -> tuple[Area, ...]:
    """Return the area of each shape, or the reason why it has none: worked out once, for checking and collecting."""
    return tuple(map(_outline, annotation.shapes))


def _outline(shape: Shape | BrokenShape) -> Area:
    if isinstance(shape, BrokenShape):
        return NoOutline(shape.rule, shape.message)
    try:
        return shape_to_outline(shape)
    except NoOutline as reason:
        return reason


def shape_to_outline(shape: Shape) -> Ring | Stamp:
    """Return the ring or the stamp of a shape, or raise NoOutline with the reason."""
    require_points(shape)
    match shape.kind:
        case "mask":
            return _stamp(shape)
        case "rectangle" if len(shape.points) == 2:
            return _rectangle(*shape.points)
        case "circle":
            return circle_to_ring(*shape.points)
        case "ellipse":
            return ellipse_to_ring(shape.points)
    return points_to_ring(shape.points)


def require_points(shape: Shape) -> None:
    """Refuse kinds that enclose nothing, and counts of points that their kind cannot have."""
    if shape.kind in OPEN_KINDS:
        raise NoOutline(
            "not-an-area", f"a {shape.kind} encloses no area; it is kept in the file and not learned from"
        )
    if shape.kind not in CLOSED_KINDS:
        raise NoOutline(
            "unknown-kind", f'the kind "{shape.kind}" is not known{nearest(shape.kind, CLOSED_KINDS)}'
        )
    if len(shape.points) not in POINT_COUNTS[shape.kind]:
        needs, got = counts_to_words(POINT_COUNTS[shape.kind]), len(shape.points)
        raise NoOutline(
            "wrong-point-count", f"a {shape.kind} needs {needs} points, but got {got}; redraw it in Labelme"
        )


def _stamp(shape: Shape) -> Stamp:
    if not shape.mask:
        raise NoOutline("bad-mask", "a mask needs its picture, but has none; redraw it in Labelme")
    (x, y), _ = shape.points
    return Stamp(int(x), int(y), shape.mask)


def _rectangle(corner: Point, opposite: Point) -> Ring:
    (x0, y0), (x1, y1) = corner, opposite
    return (x0, y0, x1, y0, x1, y1, x0, y1)
